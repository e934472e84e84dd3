//! The program as an operator starts it: what it logs, what it tells at a terminal, and what becomes of its files.

use std::path::Path;
use std::process::{Command, Output};

use cloud_python::clock::Clock;
use cloud_python::domain::TotpSecret;
use redb::{Database, ReadableTable, TableDefinition};
use serde_json::Value;

use super::commands::Home;
use super::keyboard::type_at;
use super::real::{ADA, done, fails};
use crate::world::{Answer, Connection, PASSWORD, Serving, link, output, program, secret, until};

/// The program as an operator starts it, and somebody's home.
struct Shop {
    home: Home,
    server: Option<Serving>,
}

impl Shop {
    fn open() -> Self {
        let home = Home::empty();
        home.put("password", PASSWORD);
        let mut shop = Self { home, server: None };
        shop.start();
        shop
    }

    fn start(&mut self) {
        let log = std::fs::File::options().append(true).create(true).open(self.home.path("log")).unwrap();
        self.server = Some(Serving::start_logging(&self.home.path("data"), "", log.into()));
    }

    fn stop(&mut self) {
        assert_eq!(self.server.take().unwrap().terminate().0, Some(0));
    }

    fn client(&self, arguments: &[&str]) -> Output {
        let url = format!("https://{}", self.server.as_ref().unwrap().address);
        self.home.client(&[&["--url", &url, "--ca", "data/ca.pem"], arguments].concat())
    }

    fn admin(&self, arguments: &[&str]) -> Output {
        output(self.home.place(&mut program(&[&["admin", "--data", "data"], arguments].concat())))
    }

    async fn post(&self, path: &str, body: &str) -> Answer {
        let server = self.server.as_ref().unwrap();
        let headers = [("content-type", "application/json"), ("accept", "application/json")];
        Connection::open(server.address, &server.ca).await.send("POST", path, &headers, body.as_bytes()).await
    }

    /// Registers, follows the link and is let in. Link and secret.
    async fn let_in(&self, email: &str) -> (String, TotpSecret) {
        done(&self.client(&["register", email, "--password-file", "password"]));
        let outbox = self.home.path("data/outbox");
        until("there is a mail", || link(&outbox, email, "verify", "").is_some()).await;
        let link = link(&outbox, email, "verify", "").unwrap();
        let answer = self.post(&format!("/verify/{link}"), "{}").await;
        done(&self.admin(&["users", "approve", email]));
        (link, secret(answer.json()["secret"].as_str().unwrap()))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.home.path("log")).unwrap()
    }
}

/// Makes it about Eda, with the database's own library, so that the file is in order.
fn change_second_entry(database: &Path) {
    let table = TableDefinition::<u64, &[u8]>::new("audit.1");
    let database = Database::open(database).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(table).unwrap();
        let mut entry = table.get(2).unwrap().unwrap().value().to_vec();
        let at = entry.windows(ADA.len()).position(|window| window == ADA.as_bytes()).unwrap();
        entry[at] = b'e';
        table.insert(2, entry.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
}

/// Somebody changes the database itself while no server runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_was_changed_in_the_database_does_not_pass() {
    let mut shop = Shop::open();
    shop.let_in(ADA).await;
    done(&shop.admin(&["audit", "--verify"]));
    shop.stop();
    let database = shop.home.path("data/store.redb");
    change_second_entry(&database);
    shop.start();
    assert!(done(&shop.admin(&["audit"])).contains("eda@example.org"));
    fails(&shop.admin(&["audit", "--verify"]), "the audit trail does not hold: entry 2 is not what was written");
    shop.stop();
}

/// A life in which as much goes wrong as can.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged() {
    let mut shop = Shop::open();
    let (link, secret) = shop.let_in(ADA).await;
    let code = secret.code_at(Clock::system().now());
    shop.home.put("code", &code);
    let login = ["login", ADA, "--password-file", "password", "--code-file", "code"];
    done(&shop.client(&login));
    fails(&shop.client(&login), "not registered");
    let session: Value = serde_json::from_slice(&std::fs::read(shop.home.session()).unwrap()).unwrap();
    let token = session["token"].as_str().unwrap().to_owned();
    shop.home.put("script.py", "import sys; print('of the script'); sys.exit('of the script')");
    assert_eq!(shop.client(&["exec", "script.py", "of the script"]).status.code(), Some(1));
    for body in [
        format!(r#"{{"email":"{ADA}","password":"{PASSWORD}","totop":"{code}","more":1}}"#),
        format!(r#"{{"email":"{PASSWORD}","password":"{PASSWORD}""#),
    ] {
        for path in [
            "/register",
            "/login",
            "/execute",
            &format!("/verify/{link}"),
            &format!("/{PASSWORD}/{token}").replace(' ', ""),
        ] {
            assert!(shop.post(path, &body).await.status >= 400);
        }
    }
    // Mails that cannot be put down, which is worth a line.
    let outbox = shop.home.path("data/outbox");
    std::fs::rename(&outbox, shop.home.path("away")).unwrap();
    std::fs::write(&outbox, "").unwrap();
    done(&shop.client(&["register", "bob@example.org", "--password-file", "password"]));
    done(&shop.admin(&["users", "reset-totp", ADA]));
    until("there is a line about it", || shop.log().contains("waits after attempt 1")).await;
    shop.stop();
    let log = shop.log();
    let base32 = secret.base32();
    for secret in [PASSWORD, &code, &token, &token[4..], &link, base32.expose(), "of the script"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    // Nor does it gossip.
    assert!(!log.contains("example.org"), "{log}");
}

/// In a folder that a shell would stumble over.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_steps_can_be_pasted() {
    let home = Home::empty();
    let data = "it's $HOME; a folder";
    let seen = type_at(&home, &[("https https://", "\u{3}")], &["serve", "--https", "127.0.0.1:0", "--data", data]);
    assert_eq!(seen.code, 0, "{}", seen.screen);
    let steps: Vec<&str> = seen.screen.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let [register, open, approve, login, run] = steps[..] else { panic!("{}", seen.screen) };
    let server = Serving::start(&home.path(data), "");
    let now = format!("https://{}", server.address);
    let then = register.split_whitespace().find(|word| word.starts_with("https:")).unwrap();
    home.put("password", PASSWORD);
    let paste = |line: &str, more: &str| {
        let line = format!("{} {more}", line.replace(then, &now));
        done(&output(home.place(Command::new("sh").args(["-c", &line]))))
    };
    paste(register, "--password-file password");
    let outbox = home.path(data).join("outbox");
    until("there is a mail", || link(&outbox, "you@example.org", "verify", "").is_some()).await;
    let opened = paste(open, "");
    let path = opened.trim().strip_prefix(&now).unwrap_or_else(|| panic!("{opened}"));
    let mut connection = Connection::open(server.address, &server.ca).await;
    let headers = [("content-type", "application/json"), ("accept", "application/json")];
    let secret = secret(connection.send("POST", path, &headers, b"{}").await.json()["secret"].as_str().unwrap());
    paste(approve, "");
    home.put("code", &secret.code_at(Clock::system().now()));
    paste(login, "--password-file password --code-file code");
    assert_eq!(paste(run, ""), "hello\n");
}

#[test]
fn a_name_that_certs_has_added_outlives_starts_and_renewals() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let certs = |more: &[&str]| done(&output(program(&["certs", "--data"]).arg(&data).args(more)));
    certs(&["--name", "python.example.org"]);
    let made = std::fs::read(data.join("server.pem")).unwrap();
    assert_eq!(Serving::start(&data, "").terminate().0, Some(0));
    assert_eq!(std::fs::read(data.join("server.pem")).unwrap(), made, "it is good for every name that is wanted");
    let more = "[https]\nnames = [\"more.example.org\"]";
    assert_eq!(Serving::start(&data, more).terminate().0, Some(0));
    assert_eq!(Serving::start(&data, "").terminate().0, Some(0));
    let names = "names        localhost, more.example.org, python.example.org, 127.0.0.1, ::1\n";
    assert!(certs(&[]).ends_with(names));
}

#[test]
fn every_help_tells_the_exit_codes() {
    for (command, codes) in [
        ("serve", "0 done, 1 failed, 2 wrong usage"),
        ("admin", "0 done, 1 failed, 2 wrong usage"),
        ("certs", "0 done, 1 failed, 2 wrong usage"),
        (
            "client",
            "0 done, 1 failed, 2 wrong usage, 130 interrupted; exec, session: the script's own, 124 on a time-out; cmd: 0 when it has ended, however it did",
        ),
        (
            "run",
            "the script's own; 1 failed, 2 wrong usage, 124 time-out, 125 the sandbox itself failed, 130 interrupted",
        ),
    ] {
        let help = done(&output(&mut program(&[command, "--help"])));
        assert!(help.ends_with(&format!("\nExit codes: {codes}\n")), "{help}");
    }
}
