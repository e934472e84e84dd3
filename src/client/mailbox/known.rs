//! Whose key is whose: what was seen first is remembered, and another one is noticed.
//!
//! The server hands out public keys, and could hand out its own. So the first key of a friend is written down here, and whatever the
//! server says later is compared with it.
//!
//! Owns: the file, which only its owner can read and write. Not here: what to do about another key; people decide that.

use std::fs::{File, Permissions};
use std::io::{Error, ErrorKind, Read, Result as IoResult};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

use super::seal::PublicKey;
use crate::client::{ClientError, ServerUrl, SessionFile, wire};
use crate::config::limits;
use crate::disk;
use crate::domain::MailboxName;

/// The form of the file.
const VERSION: u32 = 1;

/// The keys that one mailbox's owner knows, on one server.
#[derive(Debug)]
pub struct KnownKeys {
    path: PathBuf,
    server: String,
    mailbox: MailboxName,
}

/// What is known about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquaintance {
    /// It is the one that it always was.
    Known,
    /// It was seen for the first time, and is remembered now.
    New,
    /// It was another one before.
    Changed(PublicKey),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    keys: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    server: String,
    mailbox: String,
    friend: String,
    key: String,
}

impl KnownKeys {
    /// `cloud-python/mailbox-keys.json` in the user's folder for settings.
    pub fn of_user(server: &ServerUrl, mailbox: &MailboxName) -> Result<Self, ClientError> {
        let path = SessionFile::of_user()?.path().with_file_name("mailbox-keys.json");
        Ok(Self::at(path, server, mailbox))
    }

    /// The file of this name.
    pub fn at(path: PathBuf, server: &ServerUrl, mailbox: &MailboxName) -> Self {
        Self { path, server: server.to_string(), mailbox: mailbox.clone() }
    }

    /// The key that is remembered of a friend.
    pub fn key_of(&self, friend: &MailboxName) -> Result<Option<PublicKey>, ClientError> {
        self.changing(|stored| {
            let entry = stored.keys.iter().find(|entry| self.is_about(entry, friend));
            let key = entry.map(|entry| PublicKey::parse(&entry.key).map_err(|_| damaged())).transpose()?;
            Ok((key, false))
        })
    }

    /// Compares a friend's key with what is known, and remembers the first one.
    pub fn meet(&self, friend: &MailboxName, key: &PublicKey) -> Result<Acquaintance, ClientError> {
        self.changing(|stored| match stored.keys.iter().find(|entry| self.is_about(entry, friend)) {
            Some(entry) => match PublicKey::parse(&entry.key).map_err(|_| damaged())? {
                known if known == *key => Ok((Acquaintance::Known, false)),
                known => Ok((Acquaintance::Changed(known), false)),
            },
            None => {
                stored.keys.push(self.entry(friend, key));
                Ok((Acquaintance::New, true))
            }
        })
    }

    /// Remembers this key, whatever was known before. What was, if it was another.
    pub fn trust(&self, friend: &MailboxName, key: &PublicKey) -> Result<Acquaintance, ClientError> {
        self.changing(|stored| {
            let before = stored.keys.iter().find(|entry| self.is_about(entry, friend));
            let before = before.map(|entry| PublicKey::parse(&entry.key).map_err(|_| damaged())).transpose()?;
            stored.keys.retain(|entry| !self.is_about(entry, friend));
            stored.keys.push(self.entry(friend, key));
            Ok(match before {
                None => (Acquaintance::New, true),
                Some(before) if before == *key => (Acquaintance::Known, false),
                Some(before) => (Acquaintance::Changed(before), true),
            })
        })
    }

    fn is_about(&self, entry: &Entry, friend: &MailboxName) -> bool {
        entry.server == self.server && entry.mailbox == self.mailbox.as_str() && entry.friend == friend.as_str()
    }

    fn entry(&self, friend: &MailboxName, key: &PublicKey) -> Entry {
        let owned = |name: &MailboxName| name.as_str().to_owned();
        Entry { server: self.server.clone(), mailbox: owned(&self.mailbox), friend: owned(friend), key: key.text() }
    }

    /// Reads, and writes if there is something new, while no other command of ours does.
    fn changing<T>(&self, change: impl FnOnce(&mut Stored) -> IoResult<(T, bool)>) -> Result<T, ClientError> {
        let changed = || {
            let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
            disk::make_folder(folder)?;
            std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
            let turn = File::open(folder)?;
            turn.lock()?;
            let mut stored = self.read()?;
            let (found, is_new) = change(&mut stored)?;
            if is_new {
                let bytes = serde_json::to_vec_pretty(&stored)?;
                // What could not be read again would have to be thrown away, with all keys in it.
                if bytes.len() as u64 > limits::KNOWN_KEYS_BYTES {
                    return Err(Error::new(ErrorKind::FileTooLarge, "it is full: take those out who are no friends"));
                }
                disk::put(&self.path, &bytes, 0o600)?;
            }
            Ok(found)
        };
        changed().map_err(|error: Error| ClientError::KnownKeys(self.path.clone(), error))
    }

    fn read(&self) -> IoResult<Stored> {
        // No link is followed, and a named pipe does not hold us up.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::open(&self.path, flags, Mode::empty()) {
            Ok(descriptor) => File::from(descriptor),
            Err(rustix::io::Errno::NOENT) => return Ok(Stored { version: VERSION, keys: vec![] }),
            Err(error) => return Err(error.into()),
        };
        let facts = file.metadata()?;
        let ours = facts.is_file() && facts.uid() == rustix::process::geteuid().as_raw() && facts.mode() & 0o022 == 0;
        if !ours {
            return Err(Error::new(ErrorKind::PermissionDenied, "others could have written it"));
        }
        let mut bytes = vec![];
        file.take(limits::KNOWN_KEYS_BYTES).read_to_end(&mut bytes)?;
        let stored: Stored = wire::object(&bytes).map_err(|_| damaged())?;
        if stored.version == VERSION { Ok(stored) } else { Err(damaged()) }
    }
}

fn damaged() -> Error {
    Error::new(ErrorKind::InvalidData, "it is damaged, or a newer version has written it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::mailbox::seal::Identity;

    #[test]
    fn the_first_key_is_remembered_and_another_is_noticed_until_it_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/mailbox-keys.json");
        let server = ServerUrl::parse("https://127.0.0.1:1").unwrap();
        let name = |text| MailboxName::parse(text).unwrap();
        let key = || Identity::generate().unwrap().public();
        let (ada, bob, first, second) = (name("ada"), name("bob"), key(), key());
        let known = || KnownKeys::at(path.clone(), &server, &ada);
        assert_eq!(known().key_of(&bob).unwrap(), None);
        assert_eq!(known().meet(&bob, &first).unwrap(), Acquaintance::New);
        assert_eq!(known().key_of(&bob).unwrap(), Some(first));
        assert_eq!(known().meet(&bob, &first).unwrap(), Acquaintance::Known);
        assert_eq!(known().meet(&bob, &second).unwrap(), Acquaintance::Changed(first));
        assert_eq!(known().meet(&bob, &second).unwrap(), Acquaintance::Changed(first));
        // Others' friends are others'.
        let elsewhere = ServerUrl::parse("https://127.0.0.1:2").unwrap();
        assert_eq!(KnownKeys::at(path.clone(), &elsewhere, &ada).meet(&bob, &second).unwrap(), Acquaintance::New);
        assert_eq!(KnownKeys::at(path.clone(), &server, &bob).meet(&bob, &second).unwrap(), Acquaintance::New);
        assert_eq!(known().trust(&bob, &second).unwrap(), Acquaintance::Changed(first));
        assert_eq!(known().meet(&bob, &second).unwrap(), Acquaintance::Known);
        assert_eq!(known().trust(&bob, &second).unwrap(), Acquaintance::Known);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode(&path), mode(path.parent().unwrap())], [0o600, 0o700]);
    }

    #[test]
    fn a_list_that_others_could_have_written_or_that_is_none_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailbox-keys.json");
        let server = ServerUrl::parse("https://127.0.0.1:1").unwrap();
        let ada = MailboxName::parse("ada").unwrap();
        let key = Identity::generate().unwrap().public();
        let meet = || KnownKeys::at(path.clone(), &server, &ada).meet(&ada, &key).map(drop).map_err(|e| e.to_string());
        let entry = r#"{"server":"https://127.0.0.1:1","mailbox":"ada","friend":"ada","key":"x"}"#;
        for text in ["", "[]", "{}", r#"{"version":2,"keys":[]}"#, &format!(r#"{{"version":1,"keys":[{entry}]}}"#)] {
            std::fs::write(&path, text).unwrap();
            assert!(meet().unwrap_err().contains("it is damaged"), "{text}");
        }
        std::fs::write(&path, r#"{"version":1,"keys":[]}"#).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o620)).unwrap();
        assert!(meet().unwrap_err().contains("others could have written it"));
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(meet(), Ok(()));
    }

    /// A server with more senders than there is room for made the list so long that it could not be read again, and the only way out was to
    /// remove it, with all keys that were known.
    #[test]
    fn a_list_that_is_full_takes_nobody_in_and_can_still_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailbox-keys.json");
        let server = ServerUrl::parse("https://127.0.0.1:1").unwrap();
        let name = |text| MailboxName::parse(text).unwrap();
        let known = KnownKeys::at(path.clone(), &server, &name("ada"));
        let key = Identity::generate().unwrap().public();
        known.meet(&name("bob"), &key).unwrap();
        let entry = known.entry(&name("bob"), &key);
        let mut stored: Stored = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        // More than one takes in the list, where it is indented.
        let each = 2 * serde_json::to_vec_pretty(&entry).unwrap().len() as u64;
        stored.keys.extend((0..limits::KNOWN_KEYS_BYTES / each).map(|_| known.entry(&name("eve"), &key)));
        let room = limits::KNOWN_KEYS_BYTES - serde_json::to_vec_pretty(&stored).unwrap().len() as u64;
        if let Some(first) = stored.keys.first_mut() {
            first.friend = "b".repeat(usize::try_from(room).unwrap());
        }
        std::fs::write(&path, serde_json::to_vec_pretty(&stored).unwrap()).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let full = known.meet(&name("carol"), &key).unwrap_err().to_string();
        assert!(full.contains("it is full"), "{full}");
        assert_eq!(known.meet(&name("eve"), &key).unwrap(), Acquaintance::Known);
    }
}
