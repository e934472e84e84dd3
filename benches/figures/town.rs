//! A server in a process of its own, and people who are let in, for figures that are taken from outside.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cloud_python::clock::since_1970;
use cloud_python::domain::UnixTime;
use serde_json::json;
use tempfile::TempDir;

use crate::https::Connection;
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
        let answer = connection
            .post("/register", None, &json!({"email": email, "password": PASSWORD}))
            .await
            .expect("an answer");
        assert_eq!(answer.status, 201, "{}", answer.text());
        let link = wait_for_link(&self.data().join("outbox"), email).await;
        let answer = connection.post(&format!("/verify/{link}"), None, &json!({})).await.expect("an answer");
        let secret = secret(answer.json()["secret"].as_str().expect("a secret"));
        let approved = socket::ask(&self.data().join("admin.sock"), "POST", &format!("/users/{email}/approve")).await;
        assert_eq!(approved.status, 200);
        let code = secret.code_at(UnixTime(since_1970().as_secs()));
        let login = json!({"email": email, "password": PASSWORD, "totop": code});
        let answer = connection.post("/login", None, &login).await.expect("an answer");
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
