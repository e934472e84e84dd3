//! `client parcel ...` with the real server, and a parcel that is larger than anybody's memory should be.

use std::io::{BufWriter, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::commands::{Home, mode};
use super::keyboard::type_at;
use super::liar::{Liar, Say};
use crate::world::{Serving, output, program, said, sha256};

struct Keeper {
    server: Serving,
    home: Home,
    url: String,
    _data: tempfile::TempDir,
}

impl Keeper {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let (server, home) = (Serving::start(&data.path().join("data"), ""), Home::empty());
        home.put("ca.pem", std::str::from_utf8(&server.ca).unwrap());
        let url = format!("https://{}", server.address);
        Self { server, home, url, _data: data }
    }

    /// What a command prints, if it succeeds; or else what it says.
    fn parcel(&self, arguments: &[&str]) -> Result<String, String> {
        parcel(&self.home, &self.url, arguments)
    }
}

fn parcel(home: &Home, url: &str, arguments: &[&str]) -> Result<String, String> {
    let at = ["client", "--url", url, "--ca", "ca.pem", "parcel"];
    let output = output(home.place(&mut program(&[&at[..], arguments].concat())));
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap().trim_end().to_owned()),
        false => Err(said(&output)),
    }
}

#[test]
fn a_parcel_is_kept_shared_and_removed_by_hand() {
    let keeper = Keeper::new();
    let ada = keeper.parcel(&["new-key", "ada.pem"]).unwrap();
    let eve = keeper.parcel(&["new-key", "eve.pem"]).unwrap();
    assert_eq!((ada.len(), mode(keeper.home.path("ada.pem"))), (40, 0o600));
    assert!(keeper.parcel(&["new-key", "ada.pem"]).unwrap_err().contains("ada.pem"), "a key is not written over");

    keeper.home.put("data.csv", "a,b\n1,2\n");
    let id = keeper
        .parcel(&["upload", "--key", "ada.pem", "--metadata", r#"{"kind": "csv \u001b[31m"}"#, "data.csv"])
        .unwrap();
    let seen = keeper.parcel(&["inspect", &id]).unwrap();
    assert!(seen.contains(&ada) && seen.contains("csv") && !seen.contains('\u{1b}'), "{seen}");
    keeper.parcel(&["download", "--key", "ada.pem", &id, "back.csv"]).unwrap();
    assert_eq!(std::fs::read(keeper.home.path("back.csv")).unwrap(), b"a,b\n1,2\n");
    assert_eq!(keeper.parcel(&["download", "--key", "ada.pem", &id, "-"]).unwrap(), "a,b\n1,2");

    let refused = keeper.parcel(&["download", "--key", "eve.pem", &id, "stolen.csv"]).unwrap_err();
    assert!(refused.contains("not allowed to download"), "{refused}");
    let left: Vec<_> =
        std::fs::read_dir(keeper.home.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let half = |name: &std::ffi::OsString| name == "stolen.csv" || name.to_string_lossy().starts_with(".cloud-python");
    assert!(!left.iter().any(half), "{left:?}");
    assert!(keeper.parcel(&["remove", "--key", "eve.pem", &id]).unwrap_err().contains("owner"));
    keeper.parcel(&["grant", "--key", "ada.pem", &id, &eve]).unwrap();
    keeper.parcel(&["download", "--key", "eve.pem", &id, "given.csv"]).unwrap();
    keeper.parcel(&["grant", "--revoke", "--key", "ada.pem", &id, &eve]).unwrap();
    keeper.parcel(&["download", "--key", "eve.pem", &id, "stolen.csv"]).unwrap_err();

    keeper.parcel(&["remove", "--key", "ada.pem", &id]).unwrap();
    assert!(keeper.parcel(&["inspect", &id]).unwrap_err().contains("no such thing"));
    for (wrong, sentence) in [
        (&["upload", "--key", "data.csv", "data.csv"][..], "does not hold a key"),
        (&["upload", "--key", "ada.pem", "absent.csv"], "absent.csv"),
        (&["upload", "--key", "ada.pem", "--metadata", "[]", "data.csv"], "JSON object"),
        (&["inspect", "12"], "72 hexadecimal digits"),
    ] {
        let said = keeper.parcel(wrong).unwrap_err();
        assert!(said.contains(sentence), "{said}");
    }
}

/// A parcel is somebody else's bytes: on a terminal they could clear the screen, or type.
#[test]
fn a_terminal_obeys_no_parcel_unless_told_to() {
    let keeper = Keeper::new();
    keeper.parcel(&["new-key", "key.pem"]).unwrap();
    keeper.home.put("data", "one\u{1b}]0;title\u{7}two\n");
    let id = keeper.parcel(&["upload", "--key", "key.pem", "data"]).unwrap();
    let at = ["client", "--url", &keeper.url, "--ca", "ca.pem", "parcel", "download", "--key", "key.pem", &id, "-"];
    let seen = type_at(&keeper.home, &[], &at);
    assert!(seen.code == 0 && seen.screen.contains("one\\x1b]0;title\\x07two\n"), "{}", seen.screen);
    let seen = type_at(&keeper.home, &[], &[&at[..], &["--raw"]].concat());
    assert!(seen.code == 0 && seen.screen.contains("one\u{1b}]0;title\u{7}two\n"), "{}", seen.screen);
}

/// A token, as a server would make it for a user and an operation.
fn token(user: &str, operation: &Value) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({"typ": "JWT", "alg": "HS256"}));
    let claims = json!({"iss": "amo-storage-service", "user": user, "operation": operation, "jti": "x", "exp": 1});
    format!("{head}.{}.{}", part(claims), "A".repeat(43))
}

/// A signature counts at every service: what another one has asked for must not be signed because this one passes it on.
#[test]
fn nothing_is_signed_but_what_was_asked_for() {
    let home = Home::empty();
    let user = parcel(&home, "https://127.0.0.1:1", &["new-key", "key.pem"]).unwrap();
    let id = format!("{:072X}", 7);
    let asked = json!({"name": "remove", "id": id});
    for (user, operation, signed) in [
        (user.as_str(), asked.clone(), true),
        (user.as_str(), json!({"name": "remove", "id": format!("{:072X}", 8)}), false),
        (user.as_str(), json!({"name": "download", "id": id}), false),
        (user.as_str(), json!("remove"), false),
        (&"0".repeat(40), asked, false),
    ] {
        let said = json!({"token": token(user, &operation)}).to_string();
        let liar = Liar::saying(move |line| match line.starts_with("POST /api/v1/auth ") {
            true => Say::json(200, &said),
            false => Say::headed("204 x", ""),
        });
        liar.put_ca(&home.path("."));
        let done = parcel(&home, &liar.url(), &["remove", "--key", "key.pem", &id]);
        assert_eq!(done.is_ok(), signed, "{operation}: {done:?}");
        assert_eq!(liar.heard().iter().any(|request| request.starts_with("DELETE ")), signed, "{operation}");
    }
}

/// A download was written for as long as bytes came: a server could fill a disk.
#[test]
fn a_download_without_a_length_is_not_begun() {
    let home = Home::empty();
    let user = parcel(&home, "https://127.0.0.1:1", &["new-key", "key.pem"]).unwrap();
    let id = format!("{:072X}", 7);
    let permit = json!({"token": token(&user, &json!({"name": "download", "id": id}))}).to_string();
    let liar = Liar::saying(move |line| {
        if line.starts_with("POST ") {
            Say::json(200, &permit)
        } else if line.contains("key=metadata") {
            Say::json(200, &json!({"metadata": {"owner": user}}).to_string())
        } else if line.contains("key=owner") {
            Say::json(200, &json!({"owner": user}).to_string())
        } else {
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
            Say::forever(head, "4\r\ndata\r\n")
        }
    });
    liar.put_ca(&home.path("."));
    let refused = parcel(&home, &liar.url(), &["download", "--key", "key.pem", &id, "back"]).unwrap_err();
    assert!(refused.contains("does not say its length"), "{refused}");
    assert!(!home.path("back").exists());
}

/// Bytes of memory that a process has had at most.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

fn write_pattern(path: &Path, mib: usize) {
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    let block: Vec<u8> = (0..=250).cycle().take((1 << 20) + 7).collect();
    for _ in 0..mib {
        file.write_all(&block[..1 << 20]).unwrap();
    }
    file.write_all(b"\r\n--the end").unwrap();
}

/// `CLOUD_PYTHON_PARCEL_MIB=1024` is the whole proof.
#[test]
fn a_large_parcel_passes_through_little_memory() {
    let mib: usize = std::env::var("CLOUD_PYTHON_PARCEL_MIB").map_or(192, |text| text.parse().expect("a number"));
    let keeper = Keeper::new();
    keeper.parcel(&["new-key", "key.pem"]).unwrap();
    write_pattern(&keeper.home.path("large"), mib);
    // From now on: the start has had more, for a moment, to check the runtime image (proc_pid_clear_refs(5)).
    std::fs::write(format!("/proc/{}/clear_refs", keeper.server.pid()), "5").unwrap();
    let before = peak(keeper.server.pid());
    let id = keeper.parcel(&["upload", "--key", "key.pem", "large"]).unwrap();
    let up = peak(keeper.server.pid()) - before;
    keeper.parcel(&["download", "--key", "key.pem", &id, "back"]).unwrap();
    let down = peak(keeper.server.pid()) - before;
    println!("{mib} MiB: the server grew by {} KiB on the way up, {} KiB in all", up >> 10, down >> 10);
    assert!(down < 32 << 20, "{} KiB", down >> 10);
    let same = |name: &str| sha256(&std::fs::read(keeper.home.path(name)).unwrap());
    assert_eq!(same("back"), same("large"));
}
