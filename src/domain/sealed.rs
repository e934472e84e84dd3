//! Who may use the sealed channel, and what they show for it.
//!
//! Owns: [`SealedEntry`], what is kept of a user, and the two credentials. Not here: the curves (`keys`), and what a user's name may
//! be ([`UserName`]).

use super::{AccountId, UnixTime, UserName};

/// Bytes of an Ed448 signature (RFC 8032, section 5.2.6).
pub const SIGNATURE_BYTES: usize = 114;

/// The bytes of an Ed448 public key (RFC 8032, section 5.2.5). Whether they are a good one, `keys` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedKey([u8; Self::BYTES]);

impl SealedKey {
    /// How many there are.
    pub const BYTES: usize = 57;

    /// These bytes.
    pub const fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

/// A user of the sealed channel, as the operator has registered them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEntry {
    /// Their name.
    pub user: UserName,
    /// As whom their scripts run. It is given to nobody else, not even to a later user of the same name.
    pub account: AccountId,
    /// The key they sign with.
    pub key: SealedKey,
    /// Whether they may run commands of the machine itself, if the configuration allows that to anybody.
    pub host_commands: bool,
    /// When they were registered.
    pub since: UnixTime,
}

/// What somebody shows who wants a session: a signature over their name and their share.
#[derive(Clone, Debug)]
pub struct SealedProof {
    /// The name, as it was sent. It may be nobody's.
    pub user: String,
    /// Their X448 share.
    pub share: [u8; 56],
    /// The signature. Nothing if it has not the length of one.
    pub signature: Option<Box<[u8; SIGNATURE_BYTES]>>,
}

/// What a session stands for: somebody who has shown this key of this user. It is good for as long as the entry is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSession {
    /// Their name.
    pub user: UserName,
    /// Their number, which another user of the name would not have.
    pub account: AccountId,
    /// The key they have signed with.
    pub key: SealedKey,
}

impl SealedProof {
    /// What the signature is over.
    pub fn message(&self) -> Vec<u8> {
        [self.user.as_bytes(), &self.share].concat()
    }
}

impl SealedEntry {
    /// What a session of this user stands for.
    pub fn session(&self) -> SealedSession {
        SealedSession { user: self.user.clone(), account: self.account, key: self.key }
    }
}
