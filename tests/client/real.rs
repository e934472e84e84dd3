//! The client and the operator's commands with the real server: the way of the README, typed at a shell.

use std::io::Write;
use std::process::{Output, Stdio};

use cloud_python::domain::TotpSecret;
use serde_json::{Value, json};

use super::commands::{Home, mode};
use super::keyboard::{Seen, type_at};
use super::liar::Authority;
use crate::world::{PASSWORD, Person, Town, output, program, said, secret, until};

pub(crate) const ADA: &str = "ada@example.org";

/// A server, and somebody's home on the same machine.
pub(crate) struct Desk {
    pub(crate) town: Town,
    pub(crate) home: Home,
    url: String,
}

impl Desk {
    async fn new() -> Self {
        Self::at(Town::new().await)
    }

    fn at(town: Town) -> Self {
        let home = Home::empty();
        home.put("ca.pem", std::str::from_utf8(&town.ca).unwrap());
        home.put("password", PASSWORD);
        let url = format!("https://{}", town.server.address());
        Self { town, home, url }
    }

    /// With somebody who has been let in and has logged in.
    async fn logged_in() -> (Self, Person) {
        Self::logged_in_to(Town::new().await).await
    }

    pub(crate) async fn logged_in_to(town: Town) -> (Self, Person) {
        let desk = Self::at(town);
        let ada = desk.town.approved(ADA).await;
        done(&desk.log_in(&ada));
        (desk, ada)
    }

    fn client(&self, arguments: &[&str]) -> Output {
        self.home.client(arguments)
    }

    fn client_at_url(&self, arguments: &[&str]) -> Output {
        self.client(&[&["--url", &self.url, "--ca", "ca.pem"], arguments].concat())
    }

    /// With a code that has not been used.
    fn log_in(&self, person: &Person) -> Output {
        self.home.put("code", self.town.credentials(person)["totop"].as_str().unwrap());
        self.client_at_url(&["login", &person.email, "--password-file", "password", "--code-file", "code"])
    }

    fn exec(&self, script: &str, arguments: &[&str]) -> Output {
        self.home.put("script.py", script);
        self.client(&[&["exec"], arguments, &["script.py"]].concat())
    }

    fn admin(&self, arguments: &[&str]) -> Output {
        let data = self.town.path("");
        output(&mut program(&[&["admin", "--data", data.to_str().unwrap()], arguments].concat()))
    }

    fn sit(&self, steps: &[(&str, &str)], arguments: &[&str]) -> Seen {
        let at = ["client", "--url", &self.url, "--ca", "ca.pem"];
        type_at(&self.home, steps, &[&at[..], arguments].concat())
    }

    /// Opens the latest link to enrol.
    async fn enrol(&self, email: &str) -> TotpSecret {
        let answer = self.town.post(&format!("/verify/{}", self.town.link(email, "verify").await), &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        secret(answer.json()["secret"].as_str().unwrap())
    }
}

/// What a command said that must not fail.
pub(crate) fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Checks that a command failed in one line that has this in it.
pub(crate) fn fails(output: &Output, sentence: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty() && said.lines().count() == 1 && said.contains(sentence), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_of_the_readme() {
    let desk = Desk::new().await;
    let told = done(&desk.client_at_url(&["register", ADA, "--password-file", "password"]));
    assert!(told.contains("a mail with a link is on its way"), "{told}");
    let secret = desk.enrol(ADA).await;
    let person = Person { email: ADA.to_owned(), link: String::new(), secret: Some(secret), token: None };
    let list = done(&desk.admin(&["users", "list"]));
    assert!(list.contains("ada@example.org  waiting   ") && list.ends_with("  no   0\n"), "{list}");
    fails(&desk.log_in(&person), "not approved yet");
    let card = done(&desk.admin(&["users", "approve", ADA]));
    assert!(card.contains("\nstanding    approved\n"), "{card}");
    let told = done(&desk.log_in(&person));
    assert!(told.starts_with(&format!("Logged in to {} as {ADA} until ", desk.url)), "{told}");
    assert_eq!([mode(desk.home.session()), mode(desk.home.path(".config/cloud-python"))], [0o600, 0o700]);
    assert_eq!(done(&desk.exec("print('hello')", &[])), "hello\n");
    let card: Value = serde_json::from_str(&done(&desk.admin(&["users", "show", ADA, "--json"]))).unwrap();
    assert_eq!((&card["user"]["enrolled"], &card["user"]["tokens"]), (&json!(true), &json!(1)));
    let stored = std::fs::read_to_string(desk.home.session()).unwrap();
    let told = done(&desk.client(&["logout"]));
    assert_eq!(told, format!("Logged out of {}.\n", desk.url));
    fails(&desk.exec("", &[]), "not logged in: use `cloud-python client login EMAIL`");
    // A copy of the session is worth nothing any more.
    std::fs::write(desk.home.session(), stored).unwrap();
    let kept: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(desk.home.session(), kept).unwrap();
    fails(&desk.exec("", &[]), "the session has ended: log in again with `cloud-python client login EMAIL`");
    // Which is no reason not to log out.
    done(&desk.client(&["logout"]));
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_has_its_arguments_input_and_files_and_its_exit_code_comes_back() {
    let (desk, _) = Desk::logged_in().await;
    desk.home.put(
        "script.py",
        "import sys, os\nprint(sys.argv[1:], sys.stdin.read(), open('data').read(), open('d/e').read())\nprint('problem', file=sys.stderr)\nsys.exit(3)",
    );
    desk.home.put("numbers", "1 2 3");
    std::fs::create_dir(desk.home.path("folder")).unwrap();
    desk.home.put("folder/e", "deep");
    let arguments =
        ["client", "exec", "--stdin", "--file", "data=numbers", "--file", "d=folder", "script.py", "a b", "--timeout"];
    let mut command = program(&arguments);
    let command = desk.home.place(&mut command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"input").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(said(&output), "problem\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "['a b', '--timeout'] input 1 2 3 deep\n");
    assert_eq!(output.status.code(), Some(3));
    // An exception is the script's own matter.
    let output = desk.exec("1 / 0", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).ends_with("ZeroDivisionError: division by zero\n"), "{}", said(&output));
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_directories_come_back() {
    let (desk, _) = Desk::logged_in().await;
    let script = "
import os, sys
os.makedirs('out/deep')
open('out/deep/b', 'wb').write(bytes(range(256)) * 40960)
open(b'out/\\xff', 'w').write('no JSON can say this')
open('out/a', 'w').write(open('in').read().upper())
os.symlink('/etc/passwd', 'out/link')
sys.exit(4)
";
    desk.home.put("here", "text");
    let outputs = [
        "--file",
        "in=here",
        "--output",
        "out=results",
        "--output",
        "in",
        "--output",
        "out/a=copy",
        "--output",
        "none",
    ];
    let output = desk.exec(script, &outputs);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert_eq!(said(&output), "cloud-python: no output none: the script left no such file\n");
    let read = |name: &str| std::fs::read(desk.home.path(name)).unwrap();
    assert!(read("results/deep/b") == (0..=255).collect::<Vec<u8>>().repeat(40960), "10 MiB come back");
    assert_eq!((read("results/a"), read("in"), read("copy")), (b"TEXT".into(), b"text".into(), b"TEXT".into()));
    assert_eq!(std::fs::read_dir(desk.home.path("results")).unwrap().count(), 2);
    // The time is up, or it is too much: nothing changes here.
    let output = desk.exec("open('in', 'w').write('new')\nwhile True: pass", &["--timeout", "0.5", "--output", "in"]);
    assert_eq!(output.status.code(), Some(124), "{}", said(&output));
    fails(&desk.exec("open('in', 'wb').write(bytes(17 << 20))", &["--output", "in"]), "output too large");
    assert_eq!(read("in"), b"text");
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_told_as_what_they_are() {
    let (desk, _) = Desk::logged_in().await;
    let output = desk.exec("print('lost', flush=True)\nwhile True: pass", &["--timeout", "0.5"]);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(124), &b""[..]), "{}", said(&output));
    assert!(said(&output).contains("timed out"), "{}", said(&output));
    fails(&desk.exec("while True: print('x' * 1000)", &[]), "output too large");
    // A wish beyond the server's limit.
    let output = desk.exec("", &["--timeout", "61"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("the server refused: `timeout` must be from"), "{}", said(&output));
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_through_a_pipe_and_nothing_to_obey_at_a_terminal() {
    let (desk, _) = Desk::logged_in().await;
    let every =
        "import sys\nsys.stdout.buffer.write(bytes(range(256)))\nsys.stderr.buffer.write(bytes(range(255, -1, -1)))";
    let output = desk.exec(every, &[]);
    let bytes: Vec<u8> = (0..=255).collect();
    assert!(output.stdout == bytes && output.stderr.iter().rev().eq(&bytes), "{output:?}");
    desk.home.put("script.py", "print('\\x1b[2J\\x1b]0;x\\x07 \\u202e ok')");
    let seen = desk.sit(&[], &["exec", "script.py"]);
    assert_eq!(seen.screen, "\\x1b[2J\\x1b]0;x\\x07 \\u{202e} ok\n");
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_and_codes_are_typed_at_a_terminal() {
    let desk = Desk::new().await;
    let typed = format!("secretly {PASSWORD}\n");
    let seen = desk.sit(&[("Password: ", &typed), ("again: ", &typed)], &["register", ADA]);
    assert_eq!(seen.code, 0, "{}", seen.screen);
    assert!(seen.echo && !seen.screen.contains(PASSWORD), "{}", seen.screen);
    let secret = desk.enrol(ADA).await;
    done(&desk.admin(&["users", "approve", ADA]));
    let code = secret.code_at(desk.town.clock.now());
    let (left, right) = code.split_at(3);
    let code = format!("secretly {left} {right}\n");
    let seen = desk.sit(&[("Password: ", &typed), ("Code: ", &code)], &["login", ADA]);
    assert_eq!(seen.code, 0, "{}", seen.screen);
    assert!(seen.echo && !seen.screen.contains(PASSWORD) && !seen.screen.contains(left), "{}", seen.screen);
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_decides_holds_at_once() {
    let (desk, mut ada) = Desk::logged_in().await;
    for (end, sentence) in [
        (&["users", "suspend", ADA][..], "standing    suspended"),
        (&["tokens", "revoke", ADA], "tokens      0"),
        (&["users", "reset-totp", ADA], "app set up  no"),
    ] {
        done(&desk.exec("", &[]));
        let mails = desk.town.mails().len();
        let card = done(&desk.admin(end));
        assert!(card.contains(sentence), "{card}");
        fails(&desk.exec("", &[]), "the session has ended: log in again");
        match end[1] {
            "suspend" => {
                fails(&desk.log_in(&ada), "not registered, not approved yet, or wrong address, password or code");
                done(&desk.admin(&["users", "restore", ADA]));
            }
            "reset-totp" => {
                until("the mail with the new link is there", || desk.town.mails().len() > mails).await;
                ada.secret = Some(desk.enrol(ADA).await);
            }
            _ => {}
        }
        done(&desk.log_in(&ada));
    }
    fails(&desk.admin(&["users", "deny", ADA]), "refused: the account is approved, so it cannot be denied");
    fails(&desk.admin(&["users", "approve", "nobody@example.org"]), "no such");
    desk.town.verified("bob@example.org").await;
    assert!(done(&desk.admin(&["users", "deny", "bob@example.org"])).contains("denied"));
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_the_status_and_the_metrics_are_the_servers() {
    let (desk, _) = Desk::logged_in().await;
    done(&desk.exec("", &[]));
    done(&desk.admin(&["users", "suspend", ADA]));
    let trail = done(&desk.admin(&["audit"]));
    let events: Vec<Vec<&str>> = trail.lines().map(|line| line.split_whitespace().skip(2).collect()).collect();
    assert_eq!(
        events,
        [
            &["Server", "Started"][..],
            &["Owner", "Verified", ADA],
            &["ApprovalLink", "Approved", ADA],
            &["Owner", "LoggedIn", ADA],
            &["Owner", "LoggedIn", ADA],
            &["Operator", "Suspended", ADA],
        ]
    );
    let last = done(&desk.admin(&["audit", "--json"])).lines().last().unwrap().to_owned();
    let last: Value = serde_json::from_str(&last).unwrap();
    let hash = last["hash"].as_str().unwrap();
    let verified = done(&desk.admin(&["audit", "--verify"]));
    assert_eq!(verified, format!("The trail holds: 6 entries, the last with hash {hash}\n"));
    let status = done(&desk.admin(&["status"]));
    for line in [
        "accounts       0 waiting, 0 approved, 0 denied, 1 suspended\n",
        "runs           0 in progress, 0 waiting\n",
        "launcher       process ",
    ] {
        assert!(status.contains(line), "{status}");
    }
    let status: Value = serde_json::from_str(&done(&desk.admin(&["status", "--json"]))).unwrap();
    assert_eq!(status["error"], "ok");
    let metrics = done(&desk.admin(&["metrics"]));
    assert!(metrics.starts_with("# HELP") && metrics.ends_with("# EOF\n"), "{metrics}");
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_the_server_gets_no_password_and_no_token() {
    let (desk, ada) = Desk::logged_in().await;
    let stored = std::fs::read_to_string(desk.home.session()).unwrap();
    desk.home.put("ca.pem", &Authority::new().pem());
    fails(&desk.log_in(&ada), "was not issued by the CA of the CA file");
    assert_eq!(std::fs::read_to_string(desk.home.session()).unwrap(), stored, "the session in use is left alone");
    desk.home.put("ca.pem", std::str::from_utf8(&desk.town.ca).unwrap());
    let other = desk.url.replace("127.0.0.1", "localhost");
    fails(&desk.client(&["--url", &other, "exec", "ca.pem"]), "logged in to https://127.0.0.1");
    let address = desk.town.server.address();
    desk.town.close().await;
    let said = format!("nothing listens at https://{address}: is the server running");
    fails(&desk.home.client(&["exec", "ca.pem"]), &said);
}
