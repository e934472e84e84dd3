//! What can go wrong between here and the server, as sentences that say what to mend.
//!
//! Whatever the server said itself has been through [`terminal::sentence`](super::terminal::sentence) before it gets here.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::ServerUrl;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is not one.
    #[error("{0:?} is not a server's address: https://NAME:PORT is wanted, and nothing after it")]
    Url(String),
    /// The CA file cannot be read.
    #[error("cannot read the CA file {0}: {1} (the server makes it as DIR/ca.pem; copy it here and name it with --ca)")]
    CaRead(PathBuf, io::Error),
    /// The CA file is something else.
    #[error("{0} is not a CA file: {1}")]
    CaFile(PathBuf, &'static str),
    /// A certificate of the CA file cannot be used.
    #[error("a certificate of the CA file cannot be used: {0}")]
    CaCertificate(String),

    /// There is no way to the server.
    #[error("cannot reach {0}: {1}")]
    Unreachable(ServerUrl, io::Error),
    /// The machine is there, the server is not.
    #[error("nothing listens at {0}: is the server running, and is this its address?")]
    NothingListens(ServerUrl),
    /// The other side does not speak TLS.
    #[error("{0} does not answer with TLS: is this the server's https address?")]
    NoTls(ServerUrl),
    /// The other side speaks an old version of TLS.
    #[error("{0} does not speak TLS 1.3, and nothing older is used")]
    OldTls(ServerUrl),
    /// The certificate was issued by somebody else.
    #[error(
        "the certificate of {0} was not issued by the CA of the CA file: get the ca.pem of this server, from whoever runs it (if you have the right one, somebody is in between)"
    )]
    UnknownCa(ServerUrl),
    /// The certificate is too old.
    #[error(
        "the certificate of {0} has expired: whoever runs the server can renew it with `cloud-python certs` (or this machine's clock is wrong)"
    )]
    Expired(ServerUrl),
    /// The certificate is too new.
    #[error("the certificate of {0} is not valid yet: is this machine's clock right?")]
    NotYetValid(ServerUrl),
    /// The certificate is for other names.
    #[error(
        "the certificate is not for {}: use the server's right name, or let whoever runs it add this one with `cloud-python certs --name {}`",
        .0.host(), .0.host()
    )]
    WrongName(ServerUrl),
    /// The certificate is wrong in another way.
    #[error("the certificate of {0} cannot be trusted: {1}")]
    Certificate(ServerUrl, String),
    /// TLS failed in another way.
    #[error("no secure connection to {0}: {1}")]
    Tls(ServerUrl, String),
    /// It took longer than we wait.
    #[error("no complete answer within {} s", .0.as_secs_f64())]
    TooSlow(Duration),
    /// No connection within the time for it.
    #[error("no connection within {} s", .0.as_secs_f64())]
    NoConnection(Duration),
    /// The connection ended too early.
    #[error("the connection ended before the answer was complete")]
    Lost,

    /// A live session ended too early.
    #[error("the connection was lost before the script ended")]
    ScriptLost,
    /// The server ends, and the script with it.
    #[error("the server is shutting down, and the script has ended with it")]
    ShuttingDown,

    /// Not an answer that a server of ours gives.
    #[error("unexpected answer: {0}")]
    Unexpected(String),
    /// A larger answer than is taken.
    #[error("unexpected answer: more than {0} bytes")]
    TooLarge(usize),
    /// The server wants us to go elsewhere.
    #[error("unexpected answer: a redirect, which is never followed")]
    Redirect,
    /// The server found our request wrong, and says why.
    #[error("the server refused: {0}")]
    Refused(String),
    /// There is no such thing.
    #[error("the server knows no such thing: {0}")]
    NotFound(String),
    /// E-mail address, password or code is wrong, or there is no approval yet.
    #[error(
        "not registered, not approved yet, or wrong address, password or code (each code works once: if the others are right, wait for the next one)"
    )]
    WrongCredentials,
    /// The token has ended.
    #[error("the session has ended: log in again with `cloud-python client login EMAIL`")]
    SessionEnded,
    /// The server wants us to wait.
    #[error("the server says: slow down{}", wait(.0))]
    SlowDown(Option<Duration>),
    /// The server has too much to do.
    #[error("the server is overloaded{}", wait(.0))]
    Overloaded(Option<Duration>),
    /// The server failed by its own fault.
    #[error("the server failed (status {0}): its log says why")]
    ServerFault(u16),

    /// More than one message of a session can be.
    #[error("script, arguments and files are too large together: more than {0} bytes in base64")]
    TooMuchToSend(usize),
    /// What is to be sent cannot be written as JSON.
    #[error("{0} is not UTF-8, and nothing else can be sent")]
    NotText(String),

    /// Nobody has logged in here.
    #[error("not logged in: use `cloud-python client login EMAIL`")]
    NotLoggedIn,
    /// The token's time is over.
    #[error("the session is over (a log-in lasts some minutes): log in again with `cloud-python client login EMAIL`")]
    SessionOver,
    /// There is no folder to keep the session in.
    #[error("no folder for the session file: set HOME or XDG_CONFIG_HOME")]
    NoHome,
    /// The session file cannot be used.
    #[error("cannot use the session file {0}: {1}")]
    SessionFile(PathBuf, io::Error),
    /// Somebody else could have read or written the session file.
    #[error("the session file {0} {1}: remove it and log in again")]
    SessionExposed(PathBuf, &'static str),
    /// The session file is broken.
    #[error("the session file {0} is damaged: remove it and log in again")]
    SessionDamaged(PathBuf),
    /// The token would go to a server that did not give it.
    #[error("logged in to {0}, not to {1}: log in there first, or leave the address out")]
    OtherServer(ServerUrl, ServerUrl),
    /// The session was made with another CA.
    #[error("logged in with another CA file: log in again with this one, or leave --ca out")]
    OtherCa,

    /// No server runs with this data folder.
    #[error(
        "no server is running with this data folder ({0} does not answer): start it, or name its folder with --data"
    )]
    NotRunning(PathBuf),
    /// The administrator's socket belongs to somebody else.
    #[error("{0} is not yours: run this as the user that the server runs as")]
    NotOurs(PathBuf),
    /// The administrator's socket cannot be used.
    #[error("cannot use {0}: {1}")]
    Socket(PathBuf, io::Error),
}

fn wait(time: &Option<Duration>) -> String {
    time.map_or_else(|| ": try again later".to_owned(), |time| format!(": try again in {} s", time.as_secs()))
}
