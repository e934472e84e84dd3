//! What `login` remembers for the commands after it: where the server is, its CA, and the token.
//!
//! Owns: the session file, which only its owner can read, and which is there whole or not at all. Not here: whether the token is
//! still good; the server knows.

use std::fs::{File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::{CaFile, ClientError, Endpoint, ServerUrl, wire};
use crate::config::limits;
use crate::disk;
use crate::domain::{BearerToken, Secret, UnixTime};

/// The form of the file. A newer form has a higher number, and is refused by older programs.
const VERSION: u32 = 1;

/// A log-in.
#[derive(Clone, Debug)]
pub struct Session {
    /// The server that gave the token, and no other.
    pub endpoint: Endpoint,
    /// What replaces e-mail address, password and code.
    pub token: BearerToken,
    /// When it stops being good.
    pub expires: UnixTime,
}

impl Session {
    /// Whether its time is over.
    pub fn is_over(&self, now: UnixTime) -> bool {
        now >= self.expires
    }
}

/// Where a log-in is remembered.
#[derive(Clone, Debug)]
pub struct SessionFile {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    url: String,
    ca: String,
    token: String,
    expires: u64,
}

impl SessionFile {
    /// `cloud-python/session.json` in the user's folder for settings: `XDG_CONFIG_HOME`, else `.config` in `HOME`.
    pub fn of_user() -> Result<Self, ClientError> {
        Self::of_users("session.json")
    }

    /// The file of this name in the same folder.
    pub(super) fn of_users(name: &str) -> Result<Self, ClientError> {
        // A relative path is to be ignored (XDG Base Directory Specification, section "Environment variables").
        let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
        Ok(Self::at(folder.ok_or(ClientError::NoHome)?.join("cloud-python").join(name)))
    }

    /// The file of this name, in a folder of its own.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder, so that a log-in that uses a code up does not fail for lack of one.
    pub fn prepare(&self) -> Result<(), ClientError> {
        self.prepared().map(drop).map_err(|error| self.unusable(error))
    }

    /// Reads the session, if the file is what we wrote and nobody else could have read or written it.
    pub fn load(&self) -> Result<Session, ClientError> {
        let bytes = self.read(limits::SESSION_BYTES)?;
        parse(bytes.expose()).ok_or_else(|| ClientError::SessionDamaged(self.path.clone()))
    }

    /// At most so many bytes of the file, which must be nobody else's.
    pub(super) fn read(&self, most: usize) -> Result<Secret<Vec<u8>>, ClientError> {
        // No link is followed, and a named pipe does not hold us up.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::open(&self.path, flags, Mode::empty()) {
            Ok(descriptor) => File::from(descriptor),
            Err(rustix::io::Errno::NOENT) => return Err(ClientError::NotLoggedIn),
            Err(error) => return Err(self.unusable(error.into())),
        };
        self.check(&file)?;
        let mut bytes = vec![];
        // No more than there can be. What is cut off does not parse.
        let read = file.take(most as u64).read_to_end(&mut bytes);
        let bytes = Secret::new(bytes);
        read.map_err(|error| self.unusable(error))?;
        Ok(bytes)
    }

    /// Writes the session in place of the one that was there, mode 0600, in a folder of mode 0700.
    pub fn save(&self, session: &Session) -> Result<(), ClientError> {
        let stored = Stored {
            version: VERSION,
            url: session.endpoint.url.to_string(),
            ca: session.endpoint.ca.pem().to_owned(),
            token: session.token.text().expose().clone(),
            expires: session.expires.0,
        };
        let text = serde_json::to_vec_pretty(&stored).map(Secret::new);
        let text = text.map_err(|error| self.unusable(error.into()))?;
        self.put(text.expose())
    }

    /// Writes these bytes in place of those that were there.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<(), ClientError> {
        self.write(bytes).map_err(|error| self.unusable(error))
    }

    /// Forgets the session. It is no error if there was none.
    pub fn remove(&self) -> Result<(), ClientError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unusable(error)),
            _ => Ok(()),
        }
    }

    fn prepared(&self) -> io::Result<PathBuf> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new(".")).to_owned();
        disk::make_folder(&folder)?;
        // One that was there may be open to others.
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        Ok(folder)
    }

    fn check(&self, file: &File) -> Result<(), ClientError> {
        let exposed = |why| Err(ClientError::SessionExposed(self.path.clone(), why));
        let facts = file.metadata().map_err(|error| self.unusable(error))?;
        if !facts.is_file() {
            return exposed("is no ordinary file");
        }
        if facts.uid() != rustix::process::geteuid().as_raw() {
            return exposed("belongs to somebody else");
        }
        if facts.mode() & 0o077 != 0 { exposed("can be read or written by others") } else { Ok(()) }
    }

    fn write(&self, text: &[u8]) -> io::Result<()> {
        let folder = self.prepared()?;
        // Two log-ins at a time would write one file together.
        let turn = File::open(folder)?;
        turn.lock()?;
        disk::put(&self.path, text, 0o600)
    }

    fn unusable(&self, error: io::Error) -> ClientError {
        ClientError::SessionFile(self.path.clone(), error)
    }
}

fn parse(bytes: &[u8]) -> Option<Session> {
    let stored: Stored = wire::object(bytes).ok()?;
    let ca = CaFile::parse(stored.ca.into_bytes()).ok()?;
    let endpoint = Endpoint { url: ServerUrl::parse(&stored.url).ok()?, ca };
    let token = BearerToken::parse(&stored.token)?;
    (stored.version == VERSION).then_some(Session { endpoint, token, expires: UnixTime(stored.expires) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TOKEN_BYTES;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n";

    fn session() -> Session {
        let ca = CaFile::parse(PEM.as_bytes().to_vec()).unwrap();
        let endpoint = Endpoint { url: ServerUrl::parse("https://127.0.0.1:12344").unwrap(), ca };
        Session { endpoint, token: BearerToken::new([7; TOKEN_BYTES]), expires: UnixTime(1000) }
    }

    fn saved() -> (tempfile::TempDir, SessionFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = SessionFile::at(folder.path().join("a/cloud-python/session.json"));
        file.save(&session()).unwrap();
        (folder, file)
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_session_is_remembered_for_its_owner_alone() {
        let (_folder, file) = saved();
        assert_eq!(mode(file.path()), 0o600);
        assert_eq!(mode(file.path().parent().unwrap()), 0o700);
        let loaded = file.load().unwrap();
        assert_eq!(loaded.endpoint, session().endpoint);
        assert_eq!(loaded.token.hash(), session().token.hash());
        assert_eq!(loaded.expires, UnixTime(1000));
    }

    #[test]
    fn a_later_log_in_takes_its_place_and_makes_the_folder_private() {
        let (_folder, file) = saved();
        set_mode(file.path(), 0o644);
        set_mode(file.path().parent().unwrap(), 0o755);
        let later = Session { expires: UnixTime(2000), ..session() };
        file.save(&later).unwrap();
        assert_eq!(file.load().unwrap().expires, UnixTime(2000));
        assert_eq!((mode(file.path()), mode(file.path().parent().unwrap())), (0o600, 0o700));
        let names = std::fs::read_dir(file.path().parent().unwrap()).unwrap();
        assert_eq!(names.count(), 1);
    }

    #[test]
    fn a_session_that_others_could_reach_is_not_used() {
        for open in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601] {
            let (_folder, file) = saved();
            set_mode(file.path(), open);
            assert!(matches!(file.load(), Err(ClientError::SessionExposed(..))), "{open:o}");
        }
        let (folder, file) = saved();
        let moved = folder.path().join("moved");
        std::fs::rename(file.path(), &moved).unwrap();
        std::os::unix::fs::symlink(&moved, file.path()).unwrap();
        assert!(matches!(file.load(), Err(ClientError::SessionFile(..))));
        std::fs::remove_file(file.path()).unwrap();
        std::fs::create_dir(file.path()).unwrap();
        set_mode(file.path(), 0o700);
        assert!(matches!(file.load(), Err(ClientError::SessionExposed(..))));
    }

    #[test]
    fn a_session_of_somebody_else_is_not_used() {
        // Only root can make one.
        let (_folder, file) = saved();
        if std::os::unix::fs::chown(file.path(), Some(12345), None).is_ok() {
            assert!(matches!(file.load(), Err(ClientError::SessionExposed(..))));
        }
    }

    #[test]
    fn a_damaged_or_newer_file_is_not_used() {
        let (_folder, file) = saved();
        let good = std::fs::read_to_string(file.path()).unwrap();
        let mut bad: Vec<String> = (0..good.len()).step_by(7).map(|cut| good[..cut].to_owned()).collect();
        bad.push(good.replace("\"version\": 1", "\"version\": 2"));
        bad.push(good.replace("https:", "http:"));
        bad.push(good.replace("cpt_", "abc_"));
        bad.push(good.replace("\"version\"", "\"odd\": 1, \"version\""));
        bad.push("[".repeat(2 * limits::SESSION_BYTES));
        for text in bad {
            std::fs::write(file.path(), &text).unwrap();
            assert!(matches!(file.load(), Err(ClientError::SessionDamaged(_))), "{text:.300}");
        }
    }

    #[test]
    fn no_session_is_no_error_to_forget() {
        let (_folder, file) = saved();
        file.remove().unwrap();
        assert!(matches!(file.load(), Err(ClientError::NotLoggedIn)));
        file.remove().unwrap();
    }
}
