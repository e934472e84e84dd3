//! Servers that are known: by which key, and as whom somebody goes there.
//!
//! Owns: the file in which they are, which nobody else may write: whoever does can say which server is the right one. Private keys and
//! pass phrases are not in it. Not here: whether somebody is still let in; the server knows.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{SealedError, SealedUrl};
use crate::client::{ClientError, SessionFile, wire};
use crate::config::limits;
use crate::domain::UserName;
use crate::keys::PublicKey;

/// The form of the file. A newer form has a higher number, and is refused by older programs.
const VERSION: u32 = 1;

/// A server, and who goes there.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownServer {
    /// Where it is.
    pub url: SealedUrl,
    /// The key that it has shown.
    pub server: PublicKey,
    /// As whom it has let somebody in.
    pub user: UserName,
    /// The file of their private key.
    pub key: PathBuf,
}

/// The file of all of them.
#[derive(Clone, Debug)]
pub struct KnownServers(SessionFile);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    servers: Vec<StoredServer>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredServer {
    url: String,
    server_key: String,
    user: String,
    key: PathBuf,
}

impl KnownServers {
    /// `cloud-python/sealed.json` in the user's folder for settings, where log-ins are remembered too.
    pub fn of_user() -> Result<Self, SealedError> {
        Ok(Self(SessionFile::of_users("sealed.json")?))
    }

    /// Those of this file.
    pub fn at(path: PathBuf) -> Self {
        Self(SessionFile::at(path))
    }

    /// All of them, the one that was remembered first first.
    pub fn all(&self) -> Result<Vec<KnownServer>, SealedError> {
        let bytes = match self.0.read(limits::SEALED_KNOWN_BYTES) {
            Ok(bytes) => bytes,
            Err(ClientError::NotLoggedIn) => return Ok(vec![]),
            Err(error) => return Err(about_the_file(error)),
        };
        let stored = wire::object::<Stored>(bytes.expose()).ok().filter(|stored| stored.version == VERSION);
        let servers = stored.and_then(|stored| stored.servers.into_iter().map(known).collect());
        servers.ok_or_else(|| SealedError::KnownDamaged(self.0.path().to_owned()))
    }

    /// Remembers a server, in place of what was known of the same address.
    pub fn remember(&self, server: KnownServer) -> Result<(), SealedError> {
        let mut all = self.all()?;
        if all.contains(&server) {
            return Ok(());
        }
        all.retain(|known| known.url != server.url);
        all.push(server);
        let more = all.len().saturating_sub(limits::SEALED_KNOWN);
        let servers = all.drain(..).skip(more).map(stored).collect::<Result<_, SealedError>>()?;
        let text = serde_json::to_vec_pretty(&Stored { version: VERSION, servers });
        let text = text.map_err(|error| SealedError::KnownFile(self.0.path().to_owned(), error.into()))?;
        self.0.put(&text).map_err(about_the_file)
    }
}

fn known(stored: StoredServer) -> Option<KnownServer> {
    Some(KnownServer {
        url: SealedUrl::parse(&stored.url).ok()?,
        server: PublicKey::from_pem(&stored.server_key).ok()?,
        user: UserName::parse(&stored.user).ok()?,
        key: stored.key,
    })
}

fn stored(known: KnownServer) -> Result<StoredServer, SealedError> {
    let server_key = known.server.to_pem().map_err(|error| SealedError::Unexpected(error.to_string()))?;
    let user = known.user.as_str().to_owned();
    Ok(StoredServer { url: known.url.to_string(), server_key, user, key: known.key })
}

fn about_the_file(error: ClientError) -> SealedError {
    match error {
        ClientError::SessionFile(path, error) => SealedError::KnownFile(path, error),
        ClientError::SessionExposed(path, why) => SealedError::KnownExposed(path, why),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::keys::PrivateKey;

    fn server(port: usize) -> KnownServer {
        KnownServer {
            url: SealedUrl::parse(&format!("http://127.0.0.1:{port}")).unwrap(),
            server: PrivateKey::make().unwrap().public(),
            user: UserName::parse("ada").unwrap(),
            key: "/home/ada/ada_key.pem".into(),
        }
    }

    #[test]
    fn servers_are_remembered_one_for_each_address_and_not_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownServers::at(folder.path().join("cloud-python/sealed.json"));
        assert_eq!(known.all().unwrap(), []);
        let (one, two, other) = (server(1), server(2), server(1));
        for server in [&one, &two, &one, &other] {
            known.remember(server.clone()).unwrap();
        }
        assert_eq!(known.all().unwrap(), [two, other]);
        let many: Vec<KnownServer> = (0..limits::SEALED_KNOWN).map(|number| server(100 + number)).collect();
        many.iter().for_each(|server| known.remember(server.clone()).unwrap());
        assert_eq!(known.all().unwrap(), many);
    }

    #[test]
    fn a_file_that_others_could_write_or_that_is_damaged_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sealed.json");
        let known = KnownServers::at(path.clone());
        known.remember(server(1)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o620)).unwrap();
        assert!(matches!(known.all(), Err(SealedError::KnownExposed(..))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        for wrong in
            ["", "{}", &good.replace(": 1", ": 2"), &good.replace("http:", "https:"), &good.replace("BEGIN", "END")]
        {
            std::fs::write(&path, wrong).unwrap();
            assert!(matches!(known.all(), Err(SealedError::KnownDamaged(_))), "{wrong}");
            assert!(known.remember(server(2)).is_err(), "and not written over");
        }
    }
}
