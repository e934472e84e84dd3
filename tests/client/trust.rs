//! Whom the client talks to at all: who holds a certificate of the one CA, for this name, at this time, over TLS 1.3.

use std::sync::Arc;
use std::time::Duration;

use cloud_python::client::{CaFile, Client, ClientError, Endpoint, ServerUrl};
use cloud_python::domain::{Email, Password};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, SanType, date_time_ymd};
use rustls::{ServerConfig, version};

use super::liar::{Authority, Identity, Liar};
use crate::world::{output, program, said};

async fn register(endpoint: &Endpoint) -> Result<(), ClientError> {
    let client = Client::new(endpoint).unwrap().patient_for(Duration::from_secs(20));
    let (email, password) = (Email::parse("ada@example.org"), Password::chosen("correct horse".to_owned()));
    client.register(&email.unwrap(), &password.unwrap()).await
}

async fn meet(config: Arc<ServerConfig>, ca: &Authority) -> ClientError {
    let liar = Liar::with(config, ca.pem());
    let error = register(&liar.endpoint()).await.unwrap_err();
    assert!(liar.heard().is_empty(), "it was told something: {:?}", liar.heard());
    error
}

async fn meet_with(ca: &Authority, change: impl FnOnce(&mut CertificateParams)) -> ClientError {
    meet(ca.issue(change).config(&[&version::TLS13]), ca).await
}

#[tokio::test]
async fn a_server_of_the_ca_is_talked_to() {
    let ca = Authority::new();
    let liar = Liar::with(ca.issue(|_| {}).config(&[&version::TLS13]), ca.pem());
    register(&liar.endpoint()).await.unwrap();
    assert_eq!(
        liar.heard(),
        [format!(
            "POST /register HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: 54\r\n\r\n{{\"email\":\"ada@example.org\",\"password\":\"correct horse\"}}",
            liar.url().strip_prefix("https://").unwrap()
        )]
    );
}

#[tokio::test]
async fn nobody_else_is() {
    let ca = Authority::new();
    // Of another CA, which goes by the same name.
    let other = Authority::new().issue(|_| {}).config(&[&version::TLS13]);
    assert!(matches!(meet(other, &ca).await, ClientError::UnknownCa(_)));
    let expired = meet_with(&ca, |params| params.not_after = date_time_ymd(2020, 1, 1)).await;
    assert!(matches!(expired, ClientError::Expired(_)), "{expired}");
    let early = meet_with(&ca, |params| params.not_before = date_time_ymd(4000, 1, 1)).await;
    assert!(matches!(early, ClientError::NotYetValid(_)), "{early}");
    let named = |name: &str| vec![SanType::DnsName(name.try_into().unwrap())];
    for names in [named("example.org"), named("127.0.0.1"), vec![SanType::IpAddress("127.0.0.2".parse().unwrap())]] {
        let wrong = meet_with(&ca, |params| params.subject_alt_names = names).await;
        assert!(matches!(wrong, ClientError::WrongName(_)), "{wrong}");
    }
    let purpose = meet_with(&ca, |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]).await;
    assert!(matches!(purpose, ClientError::Certificate(..)), "{purpose}");
}

#[tokio::test]
async fn nothing_older_than_tls_1_3_is_spoken() {
    let ca = Authority::new();
    let old = ca.issue(|_| {}).config(&[&version::TLS12]);
    assert!(matches!(meet(old, &ca).await, ClientError::OldTls(_)));
    let plain = Liar::plain();
    let error = register(&plain.endpoint()).await.unwrap_err();
    assert!(matches!(error, ClientError::NoTls(_)), "{error}");
}

#[tokio::test]
async fn where_nobody_answers_it_does_not_wait_for_ever() {
    let deaf = Liar::deaf();
    let client = Client::new(&deaf.endpoint()).unwrap().patient_for(Duration::from_millis(100));
    let (email, password) = (Email::parse("ada@example.org"), Password::chosen("correct horse".to_owned()));
    let error = client.register(&email.unwrap(), &password.unwrap()).await.unwrap_err();
    assert!(matches!(error, ClientError::NoConnection(_) | ClientError::TooSlow(_)), "{error}");

    let gone = Liar::plain();
    let endpoint = gone.endpoint();
    drop(gone);
    let error = register(&endpoint).await.unwrap_err();
    assert!(matches!(error, ClientError::NothingListens(_)), "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_said_to_be_out_of_reach() {
    let ca = CaFile::parse(Authority::new().pem().into_bytes()).unwrap();
    let url = ServerUrl::parse("https://name.invalid:1").unwrap();
    let error = register(&Endpoint { url, ca }).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(..)), "{error}");
}

#[tokio::test]
async fn what_certs_makes_is_trusted_and_a_renewal_changes_nothing_for_clients() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let certs = |names: &[&str]| {
        let names = names.iter().flat_map(|name| ["--name", name]).collect::<Vec<_>>();
        output(&mut program(&[&["certs", "--data", data.to_str().unwrap()], &names[..]].concat()))
    };
    let made = certs(&["example.org"]);
    assert!(made.status.success(), "{}", said(&made));
    let text = String::from_utf8(made.stdout).unwrap();
    assert!(text.contains("ca.pem  (new: every client needs a copy)") && text.contains("Z)\n"), "{text}");
    assert!(text.contains("names        example.org, localhost, 127.0.0.1, ::1\n"), "{text}");
    let ca = std::fs::read_to_string(data.join("ca.pem")).unwrap();
    for _ in 0..2 {
        let liar = Liar::with(Identity::read(&data).config(&[&version::TLS13]), ca.clone());
        register(&liar.endpoint()).await.unwrap();
        let renewed = certs(&[]);
        let text = String::from_utf8(renewed.stdout).unwrap();
        assert!(text.contains("as before") && text.contains("example.org"), "{text}");
    }
    assert_eq!(std::fs::read_to_string(data.join("ca.pem")).unwrap(), ca);
    let refused = certs(&["*.example.org"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    std::fs::write(data.join("ca-key.pem"), "nonsense").unwrap();
    let refused = certs(&[]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
}
