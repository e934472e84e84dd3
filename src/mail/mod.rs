//! Mail: stored with what it belongs to, sent afterwards, never waited for.
//!
//! Owns: the way of a letter from a transaction to a mail server; the only room that names lettre. Not here: what the letters say
//! (`auth`), and the table they wait in (`store`).
//!
//! | file | what it knows |
//! |---|---|
//! | `letter` | what is stored of a letter, and its form as a message |
//! | `outbox` | what is sent when, how often, and when it is given up |
//! | `transport` | where a message goes |
//! | `smtp` | how a mail server is reached, and by what it is recognised |
//! | `dialogue` | what is said to it |
//!
//! # At least once
//!
//! A letter is stored in the transaction that it belongs to, so it is there if and only if its link is. It is removed when the
//! mail server has taken it. If the machine stops between the two, or the connection breaks just before the server's last word,
//! the letter is sent a second time. Both have the same `Message-ID`, so mail programs can tell.
//!
//! # What a mail server can do to us
//!
//! Nothing but not take a letter. Its answers are bounded in bytes and time, they are not logged (they tend to quote the
//! address), and one letter's trouble delays no other for longer than [`SMTP_SESSION`](crate::config::limits::SMTP_SESSION). Nothing
//! is said to it in the clear unless it is on this machine.

mod dialogue;
mod letter;
mod outbox;
mod smtp;
mod transport;

pub use letter::{Letter, Sent};
pub use outbox::Outbox;
pub use smtp::{Smtp, SmtpSettings};
pub use transport::{Memory, Transport};

use crate::store::StoreError;
use crate::vault::VaultError;

/// Mail that cannot be stored or set up. What goes wrong when it is sent is logged, and the letter tried again.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// So much waits already that nothing more is taken: the mail server has been down for long, or somebody floods us.
    #[error("too many letters wait to be sent")]
    Full,
    /// The letter is longer than any of ours.
    #[error("the letter is too long")]
    TooLong,
    /// A subject of more than one line, or a text with a NUL.
    #[error("the letter holds characters that no letter of ours has")]
    Unwritable,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The letter cannot be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A setting that cannot be used, and what to write instead.
    #[error("{0}")]
    Setting(String),
}

#[cfg(test)]
mod tests;
