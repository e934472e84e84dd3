//! A corridor without a door: what a user of the sealed channel reaches once their key has been looked at.

use std::path::PathBuf;

use cloud_python::app::{App, Command, Rooms, SealedUser, Settings, Versions};
use cloud_python::auth::{Auth, Cost, Permits, Rates};
use cloud_python::clock::Clock;
use cloud_python::config::Config;
use cloud_python::domain::{
    Action, AdminAction, Credential, Email, Error, FilePath, KeyAction, Network, Outcome, SealedEntry, UserName,
};
use cloud_python::keys::PrivateKey;
use cloud_python::mail::{Outbox, Transport};
use cloud_python::objects::Objects;
use cloud_python::sandbox::Sandbox;
use cloud_python::store::Store;
use cloud_python::vault::Vault;
use cloud_python::workspace::{Quota, Workspaces};
use tempfile::TempDir;

use super::{config, sandbox};

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
        let (rates, permits, strangers) = (Rates::default(), Permits::new(&[9; 32]), config.mailbox.registration);
        let auth = Auth::new(store.clone(), vault.clone(), clock.clone(), cost, rates, strangers, permits);
        let (auth, objects) = (auth.expect("a door-keeper"), Objects::memory("office"));
        let quota = Quota::of_bytes(config.workspace_bytes);
        let workspaces = Workspaces::open(data.path().join("workspaces"), quota).await.expect("workspaces");
        let sandboxed = sandbox.clone();
        let rooms = Rooms { store: store.clone(), vault, auth, outbox, objects, sandbox: sandboxed, workspaces, clock };
        let versions = Versions { server: "0", python: String::new(), wasmtime: "0", image: String::new() };
        let (url, administrator) = ("https://localhost".to_owned(), None);
        let Config { runs, sessions, mailbox, parcels, host_commands, .. } = config;
        let settings = Settings { url, administrator, runs, sessions, mailbox, parcels, host_commands, versions };
        let app = App::new(rooms, settings);
        let ada = register(&app, "ada", false).await;
        Self { app, ada, store, sandbox, data }
    }

    /// Registers another user.
    pub(crate) async fn user(&self, name: &str) -> SealedUser {
        register(&self.app, name, false).await
    }

    /// Registers ada anew, with a key that allows commands of the machine itself.
    pub(crate) async fn allow_host_commands(&mut self) {
        self.remove(&self.ada).await;
        self.ada = register(&self.app, "ada", true).await;
    }

    /// Has the operator remove a user.
    pub(crate) async fn remove(&self, user: &SealedUser) {
        administer(&self.app, KeyAction::Remove(user.name.clone())).await;
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

async fn register(app: &App, name: &str, host_commands: bool) -> SealedUser {
    let (user, key) = (UserName::parse(name).expect("a name"), PrivateKey::make().expect("a key").public().key());
    let entries = administer(app, KeyAction::Add { user, key, host_commands }).await;
    app.sealed_user(Network::Here, &entries[0].session()).await.expect("registered")
}

async fn administer(app: &App, action: KeyAction) -> Vec<SealedEntry> {
    let done = app.handle(Network::Here, Credential::Operator, Action::Administer(AdminAction::Keys(action))).await;
    let Ok(Outcome::Keys(entries)) = done else { panic!("{done:?}") };
    entries
}

/// All the rest of a command's output, and its exit code.
pub(crate) async fn end(mut command: Command) -> Ran {
    let mut output = vec![];
    while let Some(bytes) = command.next().await {
        output.extend(bytes.expect("the command goes on"));
    }
    Ran { output: String::from_utf8_lossy(&output).into_owned(), code: command.exit_code() }
}
