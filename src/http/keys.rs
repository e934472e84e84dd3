//! What the operator is told about the users of the sealed channel.
//!
//! Owns: the JSON shape of their entries. Not here: what is done about them (`app`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::body::OK;
use crate::domain::SealedEntry;

/// Users of the sealed channel.
#[derive(Serialize)]
pub(super) struct KeysReply {
    error: &'static str,
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    user: String,
    key: String,
    host_commands: bool,
    since: u64,
}

impl From<Vec<SealedEntry>> for KeysReply {
    fn from(entries: Vec<SealedEntry>) -> Self {
        Self { error: OK, keys: entries.into_iter().map(Key::from).collect() }
    }
}

impl From<SealedEntry> for Key {
    fn from(entry: SealedEntry) -> Self {
        let SealedEntry { user, key, host_commands, since, .. } = entry;
        let key = URL_SAFE_NO_PAD.encode(key.bytes());
        Self { user: user.as_str().to_owned(), key, host_commands, since: since.0 }
    }
}
