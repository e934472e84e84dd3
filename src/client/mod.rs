//! The client: the other end of the wire, for people at a shell.
//!
//! Owns: where the server is and the one CA that vouches for it ([`Endpoint`]), the calls ([`Client`], [`Admin`]) and the key that
//! signs some of them ([`ParcelKey`]), live sessions ([`LiveInput`], [`LiveOutput`]), the sealed channel ([`Channel`]), what is
//! remembered between two commands ([`SessionFile`], [`KnownServers`]), and how a stranger's bytes are shown ([`terminal`]).
//! Not here: what is typed and printed (`cli`), and the server's side of the same wire (`http`, `sealed`).
//!
//! The server is taken for an enemy until its certificate is checked, and for a liar after that: it can make the client wait or
//! take memory up to the limits of [`crate::config::limits`], and no more. Redirects are not followed, compressed answers are not
//! unpacked, nothing it says reaches a terminal unescaped, and nothing it says names a file but one that was asked for, or one
//! below a directory that was.

mod admin;
mod calls;
mod endpoint;
mod error;
mod exchange;
mod live;
mod mailbox;
mod parcel_key;
mod parcels;
mod sealed;
mod session;
pub mod terminal;
mod tls;
mod wire;

pub use admin::{Admin, Entries, Entry, Key, Keys, OneUser, Status, Told, User, Users};
pub use calls::{Client, Ended};
pub use endpoint::{CaFile, Endpoint, ServerUrl};
pub use error::ClientError;
pub use live::{Heard, LiveInput, LiveOutput};
pub use mailbox::{
    Acquaintance, Identity, Inbox, KnownKeys, Mailbox, Opened, PublicKey, SealError, TEXT_BYTES, Waiting,
};
pub use parcel_key::ParcelKey;
pub use parcels::{Inspected, Progress};
pub use sealed::{Channel, KnownServer, KnownServers, SealedError, SealedOutput, SealedUrl, Source, command_line};
pub use session::{Session, SessionFile};
