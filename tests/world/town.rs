//! A server of the test's own, and the people around it.
//!
//! Everything is real: the listener on port 0, the database in a temporary directory, mails in its outbox, scripts in the
//! sandbox. Only time is moved by hand, and a password costs little to hash.

use std::path::PathBuf;
use std::time::Duration;

use cloud_python::clock::{Clock, since_1970};
use cloud_python::config::Config;
use cloud_python::domain::{TotpSecret, UnixTime};
use cloud_python::server::{Server, Start};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::https::{Answer, Connection};
use super::letters::{link, mails, secret};
use super::{settings, until};

/// A password nobody else has.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const ADMINISTRATOR: &str = "admin@example.org";

/// A server and what is around it.
pub(crate) struct Town {
    pub(crate) server: Server,
    pub(crate) clock: Clock,
    pub(crate) ca: Vec<u8>,
    data: TempDir,
}

/// Somebody with an account, and what they know.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) link: String,
    pub(crate) secret: Option<TotpSecret>,
    pub(crate) token: Option<String>,
}

/// The configuration that tests have: cheap passwords, and rates that a test does not reach by accident.
pub(crate) fn config() -> Config {
    let many = std::num::NonZeroU32::new(1_000_000).expect("not zero");
    let mut config = Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        administrator: Some(cloud_python::domain::Email::parse(ADMINISTRATOR).expect("an address")),
        argon2_memory_kib: 64,
        argon2_passes: 1,
        registrations_per_hour: many,
        logins_per_minute: many,
        ..Config::default()
    };
    config.runs.per_minute = many;
    config.sessions.per_minute = many;
    config
}

impl Town {
    pub(crate) async fn new() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::with_sandbox(config, settings()).await
    }

    pub(crate) async fn with_sandbox(config: Config, sandbox: cloud_python::sandbox::Settings) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        // Near the real time, by which the test's own TLS judges certificates, and at the beginning of a TOTP step.
        let clock = Clock::manual(UnixTime(since_1970().as_secs() / 30 * 30));
        let start = Start { data: data.path().join("data"), config, clock: clock.clone(), sandbox };
        let server = Server::start(start, |line| eprintln!("{line}")).await.expect("the server starts");
        let ca = std::fs::read(data.path().join("data/ca.pem")).expect("an authority");
        Self { server, clock, ca, data }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data.path().join("data").join(name)
    }

    pub(crate) async fn connection(&self) -> Connection {
        Connection::open(self.server.address(), &self.ca).await
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.connection().await.send(method, path, headers, body).await
    }

    /// One JSON request.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.connection().await.post(path, None, body).await.expect("an answer")
    }

    /// One JSON request with a bearer token.
    pub(crate) async fn post_as(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.connection().await.post(path, Some(token), body).await.expect("an answer")
    }

    /// Asks the administrator's socket.
    pub(crate) async fn admin(&self, method: &str, path: &str) -> Answer {
        super::socket::ask(&self.path("admin.sock"), method, path).await
    }

    /// All mails sent so far, decoded, the oldest first.
    pub(crate) fn mails(&self) -> Vec<String> {
        mails(&self.path("outbox"))
    }

    /// The token behind `/{kind}/` in the latest mail to somebody, once it has been sent.
    pub(crate) async fn link(&self, to: &str, kind: &str) -> String {
        self.link_about(to, kind, "").await
    }

    /// The same of the latest mail that has this in it.
    pub(crate) async fn link_about(&self, to: &str, kind: &str, about: &str) -> String {
        let find = || link(&self.path("outbox"), to, kind, about);
        until(&format!("{to} has a mail with a link to /{kind}/"), || find().is_some()).await;
        find().expect("just seen")
    }

    pub(crate) async fn register(&self, email: &str) -> Person {
        // The link is that of a mail which is not there yet.
        let mails_before = self.mails().len();
        let answer = self.post("/register", &json!({"email": email, "password": PASSWORD})).await;
        assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"error":"ok"}"#));
        until("there is a new mail", || self.mails().len() > mails_before).await;
        Person { email: email.to_owned(), link: self.link(email, "verify").await, secret: None, token: None }
    }

    pub(crate) async fn verified(&self, email: &str) -> Person {
        let mut person = self.register(email).await;
        let answer = self.post(&format!("/verify/{}", person.link), &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        person.secret = Some(secret(answer.json()["secret"].as_str().expect("a secret")));
        person
    }

    /// Somebody who has been let in by the administrator's link and has a token.
    pub(crate) async fn approved(&self, email: &str) -> Person {
        let mut person = self.verified(email).await;
        let link = self.link_about(ADMINISTRATOR, "approve", email).await;
        let answer = self.post(&format!("/approve/{link}"), &json!({"decision": "approve"})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        person.token = Some(self.login(&person).await);
        person
    }

    pub(crate) async fn suspended(&self, email: &str) -> Person {
        let person = self.approved(email).await;
        let answer = self.admin("POST", &format!("/users/{email}/suspend")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        person
    }

    pub(crate) async fn login(&self, person: &Person) -> String {
        let answer = self.post("/login", &self.credentials(person)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    /// E-mail, password and a code that has not been used: the clock moves on first.
    pub(crate) fn credentials(&self, person: &Person) -> Value {
        self.clock.advance(Duration::from_secs(30));
        let code =
            person.secret.as_ref().map_or_else(|| "123456".to_owned(), |secret| secret.code_at(self.clock.now()));
        json!({"email": person.email, "password": PASSWORD, "totop": code})
    }

    /// Everything that the operator can see: accounts and the audit trail.
    pub(crate) async fn state(&self) -> (String, String) {
        (self.admin("GET", "/users").await.text(), self.admin("GET", "/audit?from=1").await.text())
    }

    pub(crate) async fn close(self) {
        self.server.shutdown(Duration::from_secs(5)).await.expect("the server ends in good order");
    }
}
