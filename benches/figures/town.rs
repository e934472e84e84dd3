//! A server in a process of its own, and people who are let in, for figures that are taken from outside.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cloud_python::clock::since_1970;
use cloud_python::domain::UnixTime;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::https::{Answer, Connection};
use crate::letters::{link, secret};
use crate::serving::Serving;
use crate::socket;

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A server over a directory of its own.
pub(crate) struct Town {
    pub(crate) serving: Serving,
    folder: TempDir,
}

impl Town {
    pub(crate) fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let serving = Serving::start(&folder.path().join("data"), config);
        Self { serving, folder }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) async fn connection(&self) -> Connection {
        Connection::open(self.serving.address, &self.serving.ca).await
    }

    /// Registers somebody, lets them in, and logs them in.
    pub(crate) async fn token(&self, email: &str) -> String {
        let mut connection = self.connection().await;
        let answer = post(&mut connection, "/register", None, &json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let link = wait_for_link(&self.data().join("outbox"), email).await;
        let answer = post(&mut connection, &format!("/verify/{link}"), None, &json!({})).await;
        let secret = secret(answer.json()["secret"].as_str().expect("a secret"));
        let approved = socket::ask(&self.data().join("admin.sock"), "POST", &format!("/users/{email}/approve")).await;
        assert_eq!(approved.status, 200);
        let code = secret.code_at(UnixTime(since_1970().as_secs()));
        let login = json!({"email": email, "password": PASSWORD, "totop": code});
        let answer = post(&mut connection, "/login", None, &login).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    /// Memory of the server's process that nobody else has, in KiB.
    pub(crate) fn memory_kib(&self) -> u64 {
        crate::memory::private_dirty_kib(self.serving.pid()).unwrap_or_default()
    }
}

async fn wait_for_link(outbox: &Path, email: &str) -> String {
    loop {
        match link(outbox, email, "verify", "") {
            Some(link) => return link,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

pub(crate) async fn post(connection: &mut Connection, path: &str, token: Option<&str>, body: &Value) -> Answer {
    try_post(connection, path, token, body).await.expect("an answer")
}

pub(crate) async fn try_post(
    connection: &mut Connection,
    path: &str,
    token: Option<&str>,
    body: &Value,
) -> Option<Answer> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json"), ("accept", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    connection.try_send("POST", path, &headers, body.to_string().as_bytes()).await
}
