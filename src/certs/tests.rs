//! The authority, as operators and clients meet it.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime as TlsTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use super::*;

const NOW: UnixTime = UnixTime(1_800_000_000);
const DAY: Duration = Duration::from_secs(24 * 3600);
const NONE: [&str; 0] = [];

fn days(number: u32) -> UnixTime {
    NOW.plus(DAY * number)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn text(folder: &tempfile::TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

/// What an operator reads.
fn complaint(result: Result<ServerCertificate, CertError>) -> String {
    result.unwrap_err().to_string()
}

#[derive(Debug)]
struct At(UnixTime);

impl TimeProvider for At {
    fn current_time(&self) -> Option<TlsTime> {
        Some(TlsTime::since_unix_epoch(Duration::from_secs(self.0.0)))
    }
}

/// A TLS 1.3 handshake in memory, by a client that trusts one file and lives at another time.
fn handshake(files: &ServerCertificate, ca: &Path, name: &str, now: UnixTime) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_details(Arc::clone(&provider), Arc::new(At(now)));
    let client = client.with_protocol_versions(&[&rustls::version::TLS13])?.with_root_certificates(roots);
    let chain = CertificateDer::pem_file_iter(&files.certificate).unwrap().map(Result::unwrap).collect();
    let server = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
    let server =
        server.with_no_client_auth().with_single_cert(chain, PrivateKeyDer::from_pem_file(&files.key).unwrap())?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client.with_no_client_auth()), name)?;
    let mut server = ServerConnection::new(Arc::new(server))?;
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = vec![];
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut wire = vec![];
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn a_client_that_pins_the_authority_takes_the_server_by_its_names_only() {
    let folder = folder();
    let files = Authority::open_or_make(folder.path(), &["Example.ORG", "192.0.2.7", "2001:db8::7"], NOW).unwrap();
    for name in ["localhost", "127.0.0.1", "::1", "example.org", "192.0.2.7", "2001:db8::7"] {
        handshake(&files, &files.ca, name, NOW).unwrap();
    }
    for name in ["www.example.org", "192.0.2.8", "example.com", "127.0.0.2"] {
        handshake(&files, &files.ca, name, NOW).unwrap_err();
    }
    let other = self::folder();
    let other = Authority::open_or_make(other.path(), &NONE, NOW).unwrap();
    handshake(&files, &other.ca, "localhost", NOW).unwrap_err();
}

#[test]
fn it_is_good_for_397_days_and_for_clients_whose_clock_is_late() {
    let folder = folder();
    let files = Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
    assert_eq!(files.expires, days(397));
    handshake(&files, &files.ca, "localhost", UnixTime(NOW.0 - 3500)).unwrap();
    handshake(&files, &files.ca, "localhost", UnixTime(days(397).0 - 1)).unwrap();
    handshake(&files, &files.ca, "localhost", days(398)).unwrap_err();
}

#[test]
fn the_authority_vouches_for_no_other_authority_and_its_server_is_none() {
    let folder = folder();
    let files = Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
    let pem =
        |path: &Path| x509_parser::pem::Pem::iter_from_buffer(&std::fs::read(path).unwrap()).next().unwrap().unwrap();
    let (ca, server) = (pem(&files.ca), pem(&files.certificate));
    let (ca, server) = (ca.parse_x509().unwrap(), server.parse_x509().unwrap());
    let constraints = ca.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let usage = ca.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign() && !usage.digital_signature());
    assert!(!server.is_ca());
    let usage = server.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth && !usage.any);
    assert_eq!(ca.validity().not_after.timestamp() - ca.validity().not_before.timestamp(), 3650 * 24 * 3600 + 3600);
}

#[test]
fn keys_are_for_their_owner_alone() {
    let folder = folder();
    let inside = folder.path().join("data");
    Authority::open_or_make(&inside, &NONE, NOW).unwrap();
    let mode = |name: &str| std::fs::metadata(inside.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(""), mode(CA_KEY), mode(SERVER_KEY), mode(CA), mode(SERVER)], [0o700, 0o600, 0o600, 0o644, 0o644]);
    assert_eq!(std::fs::read_dir(&inside).unwrap().count(), 4);
}

#[test]
fn nothing_changes_until_thirty_days_before_the_end_and_then_all_but_the_certificate_stays() {
    let folder = folder();
    let open = |now| Authority::open_or_make(folder.path(), &["a.example"], now).unwrap();
    let first = open(NOW);
    let before = [CA, CA_KEY, SERVER_KEY, SERVER].map(|name| text(&folder, name));
    assert_eq!(open(days(366)), first);
    assert_eq!(text(&folder, SERVER), before[3]);
    assert_eq!(open(days(367)).expires, days(367 + 397));
    let after = [CA, CA_KEY, SERVER_KEY, SERVER].map(|name| text(&folder, name));
    assert_eq!(before[..3], after[..3]);
    assert_ne!(before[3], after[3]);
    let files = Authority::renew(folder.path(), &["a.example"], days(368)).unwrap();
    assert_ne!(after[3], text(&folder, SERVER));
    handshake(&files, &files.ca, "a.example", days(368)).unwrap();
}

#[test]
fn a_name_that_is_missing_is_added_and_none_is_lost() {
    let folder = folder();
    let open = |names: &[&str], now| Authority::open_or_make(folder.path(), names, now).unwrap();
    let first = open(&["a.example", "192.0.2.7"], NOW);
    assert_eq!(first.names, ["a.example", "localhost", "127.0.0.1", "192.0.2.7", "::1"]);
    // Fewer names, or the same ones written otherwise, are no reason for another.
    let before = text(&folder, SERVER);
    for fewer in [&["A.example"][..], &["192.0.2.7", "a.example"], &[]] {
        assert_eq!(open(fewer, NOW), first);
    }
    assert_eq!(text(&folder, SERVER), before);
    // One that is missing is, and so is the end, and so is a wish: each keeps the names.
    let all = ["a.example", "c.example", "localhost", "127.0.0.1", "192.0.2.7", "::1"];
    assert_eq!(open(&["c.example"], NOW).names, all);
    assert_eq!(open(&[], days(380)).names, all);
    assert_eq!(open(&[], days(3000)).names, all, "it had ended");
    let files = Authority::renew(folder.path(), &NONE, days(3001)).unwrap();
    assert_eq!(files.names, all);
    for name in all {
        handshake(&files, &files.ca, name, days(3001)).unwrap();
    }
    // A new key, too.
    std::fs::remove_file(folder.path().join(SERVER_KEY)).unwrap();
    assert_eq!(open(&[], days(3002)).names, all);
    // The one way to be rid of a name.
    std::fs::remove_file(folder.path().join(SERVER)).unwrap();
    let files = open(&["c.example"], days(3003));
    assert_eq!(files.names, ["c.example", "localhost", "127.0.0.1", "::1"]);
    handshake(&files, &files.ca, "a.example", days(3003)).unwrap_err();
}

#[test]
fn without_the_authoritys_key_a_certificate_is_kept_as_long_as_it_serves() {
    let folder = folder();
    let first = Authority::open_or_make(folder.path(), &["a.example", "b.example"], NOW).unwrap();
    std::fs::rename(folder.path().join(CA_KEY), folder.path().join("elsewhere")).unwrap();
    let open = |names: &[&str], now| Authority::open_or_make(folder.path(), names, now);
    assert_eq!(open(&["a.example", "b.example"], days(380)).unwrap(), first);
    assert_eq!(open(&["a.example"], NOW).unwrap(), first);
    let said = complaint(open(&["c.example"], NOW));
    assert!(said.starts_with("server.pem is not for c.example, and ") && said.contains("put it back"), "{said}");
    let said = complaint(open(&["a.example"], days(398)));
    assert!(said.starts_with("server.pem has ended on 2028-02-1"), "{said}");
    let said = complaint(Authority::renew(folder.path(), &["a.example"], NOW));
    assert!(said.starts_with("a new certificate was asked for, and "), "{said}");
    std::fs::rename(folder.path().join("elsewhere"), folder.path().join(CA_KEY)).unwrap();
    open(&["c.example"], days(398)).unwrap();
}

#[test]
fn every_moment_of_the_first_start_can_be_continued() {
    let whole = folder();
    Authority::open_or_make(whole.path(), &NONE, NOW).unwrap();
    // In the order in which they are made.
    let files = [CA_KEY, CA, SERVER_KEY, SERVER];
    for made in 0..files.len() {
        let folder = folder();
        for name in &files[..made] {
            std::fs::copy(whole.path().join(name), folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("server.pem.new"), "half a certif").unwrap();
        let opened = Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
        handshake(&opened, &opened.ca, "localhost", NOW).unwrap();
        for name in &files[..made] {
            assert_eq!(text(&folder, name), text(&whole, name));
        }
    }
}

#[test]
fn a_key_that_was_removed_is_made_anew_with_its_certificate() {
    let folder = folder();
    Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
    let old = text(&folder, SERVER_KEY);
    std::fs::remove_file(folder.path().join(SERVER_KEY)).unwrap();
    let files = Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
    assert_ne!(text(&folder, SERVER_KEY), old);
    handshake(&files, &files.ca, "localhost", NOW).unwrap();
    // The machine stopped between the two.
    std::fs::write(folder.path().join(SERVER_KEY), &old).unwrap();
    let files = Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
    assert_eq!(text(&folder, SERVER_KEY), old);
    handshake(&files, &files.ca, "localhost", NOW).unwrap();
}

#[test]
fn an_authority_whose_certificate_was_lost_is_the_same_authority() {
    let folder = folder();
    let files = Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
    let pinned = folder.path().join("pinned.pem");
    std::fs::rename(&files.ca, &pinned).unwrap();
    Authority::open_or_make(folder.path(), &NONE, days(1)).unwrap();
    handshake(&files, &files.ca, "localhost", days(1)).unwrap();
    Authority::renew(folder.path(), &NONE, days(1)).unwrap();
    handshake(&files, &pinned, "localhost", days(1)).unwrap();
}

#[test]
fn damaged_files_are_named_and_left_alone() {
    let other = folder();
    Authority::open_or_make(other.path(), &NONE, NOW).unwrap();
    let foreign = |name: &str| std::fs::read(other.path().join(name)).unwrap();
    let cut = |name: &str| foreign(name)[..200].to_vec();
    let cases: [(&str, Vec<u8>, &str); 13] = [
        (CA, b"nonsense".to_vec(), "ca.pem is not a certificate of an authority: put back a copy"),
        (CA, cut(CA), "ca.pem is not a certificate of an authority"),
        (CA, vec![], "ca.pem is not a certificate of an authority"),
        (CA, foreign(SERVER), "ca.pem is not a certificate of an authority"),
        (CA, foreign(CA), "ca-key.pem is not the key of the ca.pem beside it"),
        (CA_KEY, foreign(CA_KEY), "ca-key.pem is not the key of the ca.pem beside it: put back the one"),
        (CA_KEY, vec![0xff; 100], "ca-key.pem is not the key"),
        (
            SERVER,
            foreign(SERVER),
            "server.pem was not signed by the ca.pem beside it: if it is your own, keep it elsewhere",
        ),
        (SERVER, cut(SERVER), "server.pem is not a certificate: remove it, and a new one is made"),
        (SERVER, foreign(SERVER_KEY), "server.pem is not a certificate"),
        (SERVER_KEY, cut(SERVER_KEY), "server-key.pem is not a private key for ECDSA with P-256: remove it"),
        (SERVER_KEY, foreign(SERVER), "server-key.pem is not a private key"),
        (SERVER_KEY, vec![], "server-key.pem is not a private key"),
    ];
    for (name, bytes, expected) in cases {
        let folder = folder();
        Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
        std::fs::write(folder.path().join(name), &bytes).unwrap();
        for attempt in [Authority::open_or_make, Authority::renew] {
            let said = complaint(attempt(folder.path(), &NONE, NOW));
            assert!(said.contains(expected), "{name}: {said}");
        }
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), bytes);
    }
}

#[test]
fn an_authority_that_is_gone_is_not_replaced_behind_its_clients_backs() {
    let folder = folder();
    Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
    std::fs::remove_file(folder.path().join(CA)).unwrap();
    std::fs::remove_file(folder.path().join(CA_KEY)).unwrap();
    let said = complaint(Authority::open_or_make(folder.path(), &NONE, NOW));
    assert!(said.contains("ca.pem is missing") && said.contains("put back a copy"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn an_authority_that_ends_soon_signs_no_more_and_what_it_has_signed_serves_to_the_end() {
    let folder = folder();
    Authority::open_or_make(folder.path(), &NONE, NOW).unwrap();
    let last = Authority::renew(folder.path(), &NONE, days(3600)).unwrap();
    assert_eq!(last.expires, days(3650));
    assert_eq!(Authority::open_or_make(folder.path(), &NONE, days(3640)).unwrap(), last);
    for now in [days(3640), days(4000)] {
        let said = complaint(Authority::renew(folder.path(), &NONE, now));
        assert!(said.contains("ca.pem ends on 2037-01-1") && said.contains("to every client"), "{said}");
    }
    complaint(Authority::open_or_make(folder.path(), &NONE, days(3650)));
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = folder();
    let path = folder.path().join("file");
    std::fs::write(&path, "").unwrap();
    let said = complaint(Authority::open_or_make(&path, &NONE, NOW));
    assert!(said.starts_with(&format!("cannot use {}: ", path.display())), "{said}");
}
