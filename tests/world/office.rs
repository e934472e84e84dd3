//! A corridor without a door: what a user of the sealed channel reaches once their key has been looked at.

use std::path::PathBuf;

use cloud_python::app::{App, Command, Rooms, Settings, Versions};
use cloud_python::auth::{Auth, Cost, Rates};
use cloud_python::clock::Clock;
use cloud_python::config::Config;
use cloud_python::domain::{AccountId, Email, Error, FilePath, SealedUser, UserName};
use cloud_python::mail::{Outbox, Transport};
use cloud_python::sandbox::Sandbox;
use cloud_python::store::Store;
use cloud_python::vault::Vault;
use cloud_python::workspace::{Quota, Workspaces};
use tempfile::TempDir;

use super::{ALICE, config, sandbox};

/// The corridor, a user called ada, and the rooms behind.
pub(crate) struct Office {
    pub(crate) app: App,
    pub(crate) ada: SealedUser,
    pub(crate) store: Store,
    sandbox: Sandbox,
    data: TempDir,
}

/// A command that is over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) output: String,
    pub(crate) code: Option<u8>,
}

pub(crate) fn user(name: &str, account: AccountId, host_commands: bool) -> SealedUser {
    SealedUser { name: UserName::parse(name).expect("a name"), account, host_commands }
}

impl Office {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { host_commands: true, ..config() };
        change(&mut config);
        let (data, sandbox, clock) = (tempfile::tempdir().expect("a directory"), sandbox().await, Clock::system());
        let (store, vault) = (Store::in_memory().expect("a database"), Vault::in_memory().expect("a key"));
        let from = Email::parse("server@example.org").expect("an address");
        let outbox =
            Outbox::new(store.clone(), vault.clone(), clock.clone(), Transport::Memory(Default::default()), from);
        let cost = Cost { memory_kib: 64, passes: 1 };
        let auth =
            Auth::new(store.clone(), vault.clone(), clock.clone(), cost, Rates::default()).expect("a door-keeper");
        let quota = Quota::of_bytes(config.workspace_bytes);
        let workspaces = Workspaces::open(data.path().join("workspaces"), quota).await.expect("workspaces");
        let rooms = Rooms { store: store.clone(), vault, auth, outbox, sandbox: sandbox.clone(), workspaces, clock };
        let versions = Versions { server: "0", python: String::new(), wasmtime: "0", image: String::new() };
        let (url, administrator) = ("https://localhost".to_owned(), None);
        let Config { runs, sessions, host_commands, .. } = config;
        let settings = Settings { url, administrator, runs, sessions, host_commands, versions };
        Self { app: App::new(rooms, settings), ada: user("ada", ALICE, false), store, sandbox, data }
    }

    /// Where a file of ada's is on this machine.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data.path().join("workspaces/ada/files").join(name)
    }

    pub(crate) async fn start(&self, line: &str) -> Command {
        self.app.command(&self.ada, line.as_bytes()).await.expect("a command")
    }

    /// Runs a command to its end, without input.
    pub(crate) async fn run(&self, line: &str) -> Ran {
        self.feed(line, b"").await
    }

    /// Runs a command to its end with this input.
    pub(crate) async fn feed(&self, line: &str, input: &[u8]) -> Ran {
        let mut command = self.start(line).await;
        let stdin = command.input().expect("an input");
        let input = input.to_vec();
        tokio::spawn(async move { input.is_empty() || stdin.send(input).await });
        end(command).await
    }

    pub(crate) async fn put(&self, name: &str, content: &[u8]) {
        let put = async {
            let mut upload = self.app.put(&self.ada, FilePath::parse(name).expect("a name")).await?;
            for piece in content.chunks(1 << 20) {
                upload.write(piece.to_vec()).await?;
            }
            Ok::<_, Error>(upload.commit().await?)
        };
        put.await.expect("room for it");
    }

    pub(crate) async fn get(&self, name: &str) -> Option<String> {
        let mut download = match self.app.get(&self.ada, FilePath::parse(name).expect("a name")).await {
            Ok(download) => download,
            Err(Error::NotFound) => return None,
            Err(error) => panic!("{name}: {error:?}"),
        };
        let mut content = vec![];
        while let Some(piece) = download.next().await.expect("a disk") {
            content.extend(piece);
        }
        Some(String::from_utf8_lossy(&content).into_owned())
    }

    pub(crate) async fn close(self) {
        self.sandbox.shutdown().await;
    }
}

/// All the rest of a command's output, and its exit code.
pub(crate) async fn end(mut command: Command) -> Ran {
    let mut output = vec![];
    while let Some(bytes) = command.next().await {
        output.extend(bytes.expect("the command goes on"));
    }
    Ran { output: String::from_utf8_lossy(&output).into_owned(), code: command.exit_code() }
}
