//! The server's own key, in its data folder.
//!
//! Owns: `sealed_key.pem`, which is for nobody else's eyes, and `sealed.pem`, which every client is given. Not here: what is signed.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{KeyError, PrivateKey, PrivateKeyFile};
use crate::config::limits;
use crate::disk;
use crate::domain::Secret;

/// The key's file and the public half's.
const FILES: [&str; 2] = ["sealed_key.pem", "sealed.pem"];

/// The server's own key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OwnKeyError {
    /// A file cannot be read or written.
    #[error("cannot use {0}: {1}")]
    File(PathBuf, #[source] std::io::Error),
    /// A file does not hold a key.
    #[error("cannot use the key in {0}: {1}")]
    Key(PathBuf, #[source] KeyError),
    /// Others of the machine can read it.
    #[error(
        "others can read the server's key in {0}: chmod 600 it, or if they may have read it, remove it and give clients the new sealed.pem"
    )]
    Open(PathBuf),
}

impl PrivateKey {
    /// Reads the server's key, or makes one (mode 0600) if there is none, and sees to it that the public half lies beside it. One that
    /// cannot be read is not replaced: clients know its public half.
    pub fn open_or_make(folder: &Path) -> Result<Self, OwnKeyError> {
        let [private, public] = FILES.map(|name| folder.join(name));
        let key = match read_private(&private) {
            Ok((_, mode)) if mode & 0o077 != 0 => return Err(OwnKeyError::Open(private)),
            Ok((text, _)) => PrivateKeyFile::read(text.expose()).and_then(PrivateKeyFile::plain),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let made = Self::make().map_err(|error| OwnKeyError::Key(private.clone(), error.into()))?;
                let text = made.to_pem(None).map_err(|error| OwnKeyError::Key(private.clone(), error))?;
                let put = disk::put(&private, text.expose().as_bytes(), 0o600);
                put.map_err(|error| OwnKeyError::File(private.clone(), error))?;
                Ok(made)
            }
            Err(error) => return Err(OwnKeyError::File(private, error)),
        };
        let key = key.map_err(|error| OwnKeyError::Key(private, error))?;
        let text = key.public().to_pem().map_err(|error| OwnKeyError::Key(public.clone(), error))?;
        if std::fs::read_to_string(&public).ok().as_ref() != Some(&text) {
            disk::put(&public, text.as_bytes(), 0o644).map_err(|error| OwnKeyError::File(public, error))?;
        }
        Ok(key)
    }
}

/// The text of a private key's file, and its mode.
fn read_private(path: &Path) -> io::Result<(Secret<String>, u32)> {
    let file = File::open(path)?;
    let mode = file.metadata()?.mode();
    // With room from the beginning, so that no copy is left behind where it grew.
    let mut text = Vec::with_capacity(usize::try_from(limits::PEM_BYTES).unwrap_or_default());
    file.take(limits::PEM_BYTES).read_to_end(&mut text)?;
    let text = String::from_utf8(text).map_err(|error| {
        drop(Secret::new(error.into_bytes()));
        io::Error::new(ErrorKind::InvalidData, "it is not text")
    })?;
    Ok((Secret::new(text), mode))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::keys::PublicKey;

    #[test]
    fn the_servers_key_is_made_once_and_a_broken_one_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let [private, public] = FILES.map(|name| folder.path().join(name));
        let made = PrivateKey::open_or_make(folder.path()).unwrap().public();
        assert_eq!(std::fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&public, "something else").unwrap();
        assert_eq!(PrivateKey::open_or_make(folder.path()).unwrap().public(), made);
        assert_eq!(PublicKey::from_pem(&std::fs::read_to_string(&public).unwrap()).unwrap(), made);
        std::fs::set_permissions(&private, PermissionsExt::from_mode(0o640)).unwrap();
        let refused = PrivateKey::open_or_make(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("chmod 600 it"), "{refused}");
        std::fs::set_permissions(&private, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&private, "broken").unwrap();
        assert!(matches!(PrivateKey::open_or_make(folder.path()), Err(OwnKeyError::Key(..))));
        let locked = PrivateKey::make().unwrap().to_pem(Some(b"secret")).unwrap();
        std::fs::write(&private, locked.expose()).unwrap();
        assert!(matches!(PrivateKey::open_or_make(folder.path()), Err(OwnKeyError::Key(_, KeyError::Encrypted))));
    }
}
