//! What can go wrong on a sealed channel, as sentences that say what to mend.
//!
//! Whatever the server said itself has been through [`terminal::sentence`](crate::client::terminal::sentence) before it gets here. What
//! anybody on the line could have said is told as that.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::SealedUrl;
use crate::client::ClientError;
use crate::config::limits;
use crate::domain::UserName;
use crate::vault::VaultError;

/// Why something came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// The address is not one.
    #[error("{0:?} is not a sealed channel's address: http://NAME:PORT is wanted, and nothing after it")]
    Url(String),
    /// There is no way to the server.
    #[error("cannot reach {0}: {1}")]
    Unreachable(SealedUrl, #[source] io::Error),
    /// The machine is there, the server is not.
    #[error("nothing listens at {0}: is the server running with --sealed, and is this its address?")]
    NothingListens(SealedUrl),
    /// No connection within the time for it.
    #[error("no connection within {} s", .0.as_secs_f64())]
    NoConnection(Duration),
    /// It took longer than we wait.
    #[error("nothing more came for {} s", .0.as_secs_f64())]
    TooSlow(Duration),
    /// The connection ended too early.
    #[error("the connection ended before the answer was complete")]
    Lost,
    /// Not an answer that a server of ours gives.
    #[error("unexpected answer: {0} (is this a sealed channel?)")]
    Unexpected(String),
    /// A larger answer than is taken.
    #[error("unexpected answer: more than {0} bytes")]
    TooLarge(usize),

    /// The handshake was refused.
    #[error(
        "the server lets nobody in as {user} with this key: whoever runs it registers the key's public half with `cloud-python key add {user} FILE.pem`",
        user = .0.as_str()
    )]
    NotLetIn(UserName),
    /// The handshake was answered by somebody who does not have the server's key.
    #[error(
        "{0} does not have the key that you know this server by: get its sealed.pem anew from whoever runs it and name it with --server-key (if yours is the right one, somebody is in between)"
    )]
    WrongServer(SealedUrl),
    /// The session is somebody else's: they have signed our share as theirs.
    #[error(
        "the session is not {user}'s but that of {1}: somebody in between has taken your place, and nothing was sent",
        user = .0.as_str()
    )]
    OtherUser(UserName, String),
    /// The server has not said whose the session is.
    #[error(
        "the server does not say whose session this is, as versions before this one did not: somebody in between could have taken your place, so nothing was sent"
    )]
    NoUser,
    /// An answer in a session that is not sealed.
    #[error(
        "the answer is not from the server ({0}, not sealed), and nothing of it is believed: whether this was done is not known"
    )]
    NotSealed(String),
    /// A token that is not one of this session, or one of ours.
    #[error(
        "the answer is not the server's: something in it is no token of this session; what follows is not believed"
    )]
    BadToken,
    /// A token that was there before.
    #[error(
        "the answer is not the one to this request: what is in it was said before (somebody in between repeats it)"
    )]
    Repeated,
    /// A token that was made too early or too late.
    #[error(
        "the answer was made {0} s {1} by this machine's clock: the two clocks must agree within {most} s (if they do, somebody holds answers back)",
        most = limits::SEALED_SKEW.as_secs()
    )]
    Clocks(u64, &'static str),
    /// A file that is not as long as it is there.
    #[error(
        "{0} bytes have come or gone where the server has {1}: the file has changed meanwhile, or somebody in between has cut it"
    )]
    Cut(u64, u64),
    /// No word of what a name is, and anybody can say nothing.
    #[error(
        "the server says nothing of {0}: it is an empty directory, or somebody in between has cut the answer; whether this was done is not known"
    )]
    Silent(String),
    /// The new file is there, and the old one too.
    #[error(
        "the new file is there, but did not take the old one's place: somebody in between holds that back, and can let it go within a minute"
    )]
    NotReplaced,
    /// More tokens in a minute than are remembered.
    #[error("the answer comes in more pieces than can be remembered")]
    TooManyTokens,
    /// The session is over, or somebody says so.
    #[error(
        "the server does not take this session's word any more: it has ended (after ten minutes without a word, with the key's removal, or with many other log-ins), or somebody in between says so; whether this was done is not known"
    )]
    Ended,

    /// The server found our request wrong, and says why.
    #[error("the server refused: {1}")]
    Refused(u16, String),
    /// The server wants us to wait.
    #[error("the server says: slow down{}", wait(.0))]
    SlowDown(Option<Duration>),
    /// The server has too much to do.
    #[error("the server is overloaded{}", wait(.0))]
    Overloaded(Option<Duration>),
    /// The server failed by its own fault.
    #[error("the server failed (status {0}): its log says why")]
    ServerFault(u16),

    /// What is to be sent cannot be read.
    #[error("cannot read what is to be sent: {0}")]
    Source(#[source] io::Error),
    /// More standard input than a command can have.
    #[error("a command takes at most {0} bytes of standard input: put them into a file first")]
    TooMuchInput(usize),
    /// The cryptography failed.
    #[error(transparent)]
    Vault(#[from] VaultError),

    /// The file of known servers cannot be used.
    #[error("cannot use {0}: {1}")]
    KnownFile(PathBuf, #[source] io::Error),
    /// Somebody else could have written it.
    #[error("{0} {1}, and says which server is the right one: look at it, and then remove it")]
    KnownExposed(PathBuf, &'static str),
    /// It is broken.
    #[error("{0} is damaged: remove it, and name --user, --key and --server-key once more")]
    KnownDamaged(PathBuf),
    /// There is no folder for it.
    #[error(transparent)]
    Client(#[from] ClientError),
}

fn wait(time: &Option<Duration>) -> String {
    time.map_or_else(|| ": try again later".to_owned(), |time| format!(": try again in {} s", time.as_secs()))
}
