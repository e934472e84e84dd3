//! `cloud-python admin ...`, against sockets that tests answer at.

use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use cloud_python::domain::{Actor, AuditEntry, Event, UnixTime};
use tokio::sync::oneshot;

use super::liar::{Say, answer};
use crate::world::{hex, output, program, said};

/// A server's data folder with somebody at its socket.
struct Desk {
    folder: tempfile::TempDir,
    heard: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Desk {
    fn saying(say: impl Fn(&str) -> Say + Send + Sync + 'static) -> Self {
        let (folder, heard) = (tempfile::tempdir().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let listener = std::os::unix::net::UnixListener::bind(folder.path().join("admin.sock")).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, stopped) = oneshot::channel();
        let hears = Arc::clone(&heard);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (listener, say) = (tokio::net::UnixListener::from_std(listener).unwrap(), Arc::new(say));
                let serve = async {
                    while let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(answer(stream, Arc::clone(&say), Arc::clone(&hears)));
                    }
                };
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
            });
        });
        Self { folder, heard, stop: Some(stop), thread: Some(thread) }
    }

    fn admin(&self, arguments: &[&str]) -> Output {
        admin(self.folder.path(), arguments)
    }

    fn asked(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|request| request.lines().next().unwrap().to_owned()).collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn admin(folder: &Path, arguments: &[&str]) -> Output {
    output(&mut program(&[&["admin", "--data"], &[folder.to_str().unwrap()][..], arguments].concat()))
}

fn shown(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

const ADA: &str = r#"{"email":"ada@example.org","standing":"approved","since":1790000000,"enrolled":true,"tokens":2}"#;

#[test]
fn accounts_are_listed_shown_and_decided_about() {
    let desk = Desk::saying(|line| match line.contains("/users ") {
        true => Say::json(200, &format!(r#"{{"error":"ok","users":[{ADA}]}}"#)),
        false => Say::json(200, &format!(r#"{{"error":"ok","user":{ADA}}}"#)),
    });
    assert_eq!(
        shown(&desk.admin(&["users", "list"])),
        "E-MAIL           STANDING  SINCE                 APP  TOKENS\n\
         ada@example.org  approved  2026-09-21T14:13:20Z  yes  2\n"
    );
    for action in ["show", "approve", "deny", "suspend", "restore", "reset-totp"] {
        let card = shown(&desk.admin(&["users", action, "ada@example.org"]));
        assert!(card.starts_with("e-mail      ada@example.org\nstanding    approved\n"), "{card}");
    }
    shown(&desk.admin(&["tokens", "revoke", "ada+x@example.org"]));
    let json = shown(&desk.admin(&["users", "show", "ada@example.org", "--json"]));
    assert_eq!(json, format!("{{\"error\":\"ok\",\"user\":{ADA}}}\n"));
    assert_eq!(
        desk.asked(),
        [
            "GET /users HTTP/1.1",
            "GET /users/ada@example.org HTTP/1.1",
            "POST /users/ada@example.org/approve HTTP/1.1",
            "POST /users/ada@example.org/deny HTTP/1.1",
            "POST /users/ada@example.org/suspend HTTP/1.1",
            "POST /users/ada@example.org/restore HTTP/1.1",
            "POST /users/ada@example.org/reset-totp HTTP/1.1",
            "POST /users/ada%2Bx@example.org/revoke-tokens HTTP/1.1",
            "GET /users/ada@example.org HTTP/1.1",
        ]
    );
}

#[test]
fn status_and_metrics_are_passed_on() {
    let desk = Desk::saying(|line| match line.contains("/status") {
        true => Say::json(
            200,
            r#"{"error":"ok","version":"0.1.0","uptime_seconds":7,"accounts":[["waiting",1],["approved",2]],
                "runs":3,"runs_waiting":4,"sessions":8,"mails_waiting":5,"launcher_pid":null,"landlock":6}"#,
        ),
        false => Say::headed("200 OK\r\nContent-Type: text/plain", "# EOF\n"),
    });
    let status = shown(&desk.admin(&["status"]));
    for line in
        ["accounts       1 waiting, 2 approved\n", "runs           3 in progress, 4 waiting\n", "sessions       8\n"]
    {
        assert!(status.contains(line), "{status}");
    }
    assert_eq!(shown(&desk.admin(&["metrics"])), "# EOF\n");
}

fn entry(entry: &AuditEntry) -> String {
    let AuditEntry { number, time, who, what, about, hash } = entry;
    let about = serde_json::json!(about);
    let hash = hex(hash);
    format!(r#"{{"number":{number},"time":{time},"who":"{who:?}","what":"{what:?}","about":{about},"hash":"{hash}"}}"#)
}

/// A trail of this many entries, told in pages of three, after some change.
fn trail(length: usize, change: impl FnOnce(&mut Vec<AuditEntry>)) -> Desk {
    let mut trail: Vec<AuditEntry> = vec![];
    for time in 0..length as u64 {
        let about = (time > 0).then(|| "ada@example.org".to_owned());
        let what = if time == 0 { Event::Started } else { Event::LoggedIn };
        trail.push(AuditEntry::after(trail.last(), UnixTime(time), Actor::Owner, what, about));
    }
    change(&mut trail);
    Desk::saying(move |line| {
        let from = line.split(['=', ' ']).nth(2).unwrap().parse::<u64>().unwrap();
        let page = trail.iter().filter(|entry| entry.number >= from).take(3).map(entry);
        Say::json(200, &format!(r#"{{"error":"ok","entries":[{}]}}"#, page.collect::<Vec<_>>().join(",")))
    })
}

#[test]
fn the_audit_trail_is_printed_and_verified_page_by_page() {
    let desk = trail(7, |_| {});
    let lines = shown(&desk.admin(&["audit"]));
    assert_eq!(lines.lines().count(), 7);
    assert!(lines.starts_with("     1  1970-01-01T00:00:00Z  Owner         Started\n"), "{lines}");
    assert!(lines.ends_with("     7  1970-01-01T00:00:06Z  Owner         LoggedIn       ada@example.org\n"), "{lines}");
    let last = shown(&desk.admin(&["audit", "--json"])).lines().last().unwrap().to_owned();
    let last: serde_json::Value = serde_json::from_str(&last).unwrap();
    let hash = last["hash"].as_str().unwrap();
    let verified = shown(&desk.admin(&["audit", "--verify"]));
    assert_eq!(verified, format!("The trail holds: 7 entries, the last with hash {hash}\n"));
    let verified = shown(&desk.admin(&["audit", "--verify", "--json"]));
    assert_eq!(verified, format!("{{\"entries\":7,\"error\":\"ok\",\"last\":\"{hash}\"}}\n"));
    assert_eq!(shown(&trail(0, |_| {}).admin(&["audit", "--verify"])), "The trail is empty.\n");
}

#[test]
fn a_trail_that_was_changed_does_not_pass() {
    for (desk, sentence) in [
        (trail(7, |trail| trail[4].what = Event::LoggedOut), "entry 5 is not what was written"),
        (trail(7, |trail| drop(trail.remove(3))), "entry 4 is missing or out of place"),
        (trail(7, |trail| drop(trail.remove(0))), "entry 1 is missing or out of place"),
    ] {
        let output = desk.admin(&["audit", "--verify"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(sentence), "{}", said(&output));
    }
    // The same page again and again.
    let entries = |what: &str| {
        let entry = format!(
            r#"{{"number":1,"time":0,"who":"Owner","what":"{what}","about":null,"hash":"{}"}}"#,
            "0".repeat(64)
        );
        Say::json(200, &format!(r#"{{"error":"ok","entries":[{entry}]}}"#))
    };
    let output = Desk::saying(move |_| entries("Started")).admin(&["audit"]);
    assert!(said(&output).contains("out of order"), "{}", said(&output));
    let newer = Desk::saying(move |line| {
        if line.contains("=1 ") { entries("Cloned") } else { Say::json(200, r#"{"error":"ok","entries":[]}"#) }
    });
    let output = newer.admin(&["audit", "--verify"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("the event \"Cloned\", which this version does not know"), "{}", said(&output));
}

#[test]
fn refusals_are_sentences() {
    for (status, body, sentence) in [
        (404, r#"{"error":"no such thing"}"#, "the server knows no such thing: no such thing"),
        (409, r#"{"error":"the account is waiting, so it cannot be suspended"}"#, "refused: the account is waiting"),
        (500, "{}", "the server failed (status 500)"),
        (200, r#"{"error":"ok","user":{}}"#, "unexpected answer: missing field"),
    ] {
        let desk = Desk::saying(move |_| Say::json(status, body));
        let output = desk.admin(&["users", "suspend", "ada@example.org"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(sentence), "{}", said(&output));
    }
}

#[test]
fn where_no_server_runs_it_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |sentence: &str| {
        let output = admin(folder.path(), &["status"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(sentence), "{}", said(&output));
    };
    fails("no server is running with this data folder");
    let socket = folder.path().join("admin.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    fails("no server is running with this data folder");
    // Only root can give a file away.
    if std::os::unix::fs::chown(&socket, Some(12345), None).is_ok() {
        fails("is not yours: run this as the user that the server runs as");
    }
    std::fs::remove_file(&socket).unwrap();
    std::fs::write(&socket, "").unwrap();
    fails("is not yours");
    // A link to a socket somewhere else is not followed.
    std::fs::remove_file(&socket).unwrap();
    let desk = Desk::saying(|_| Say::json(200, "{}"));
    std::os::unix::fs::symlink(desk.folder.path().join("admin.sock"), &socket).unwrap();
    fails("is not yours");
    assert!(desk.asked().is_empty());
}
