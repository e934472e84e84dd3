//! What is answered: [`Outcome`] where the house did as it was asked, [`Error`] where it did not, by whose fault.
//!
//! Not here: status codes and bodies, which are the door's.

use std::time::Duration;

use serde::Serialize;

use super::{
    AuditEntry, Email, JobResult, MailboxOutcome, Metadata, ParcelId, ParcelUser, SealedEntry, SealedSession, Secret,
    Standing, UnixTime,
};

/// It was done.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The registration was heard. Says nothing about whether the address was known.
    Registered,
    /// The verification link is good.
    Verification,
    /// The address is verified.
    Enrolment(Enrolment),
    /// The approval link is good, and this is who asks.
    Approval(UserView),
    /// A decision was taken, and this is how the account is now.
    Decided(UserView),
    /// A bearer token, and how long it lives.
    LoggedIn(Secret<String>, Duration),
    /// The token has ended.
    LoggedOut,
    /// Somebody may have a session of the sealed channel, and what it stands for.
    Entered(SealedSession),
    /// Users of the sealed channel: all, or the one that was added or removed.
    Keys(Vec<SealedEntry>),
    /// The run is over.
    Ran {
        /// What came of it.
        result: Box<JobResult>,
        /// Whether files were asked for. Then the answer has a place for them, be there any or none.
        with_files: bool,
    },
    /// What was done to a mailbox.
    Mailbox(Box<MailboxOutcome>),
    /// All accounts.
    Users(Vec<UserView>),
    /// One account.
    User(UserView),
    /// Entries of the audit trail, in order; not all if there are more than fit into one answer.
    Audit(Vec<AuditEntry>),
    /// How the server is.
    Status(Status),
    /// Metrics in the text format of OpenMetrics.
    Metrics(String),
    /// What has come of a call about parcels.
    Parcel(ParcelOutcome),
}

/// What has come of a call about parcels that answers at once. A download's answer streams, and is no [`Outcome`].
#[derive(Clone, Debug)]
pub enum ParcelOutcome {
    /// A token, to be signed by the key that it is for.
    Permitted(String),
    /// The parcel is kept, under this name.
    Uploaded(ParcelId),
    /// What its owner says about it.
    Metadata(Metadata),
    /// Whose it is.
    Owner(ParcelUser),
    /// It is gone.
    Removed,
    /// This user may download it now.
    Granted(ParcelId, ParcelUser),
    /// This user may not download it any more.
    Revoked,
    /// The account has this key for parcels now.
    KeyRegistered(ParcelUser),
}

/// What somebody needs to set up their app.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// Whose account.
    pub email: Email,
    /// `otpauth://totp/...`, what the QR code says.
    pub uri: Secret<String>,
    /// The same secret in base32, for typing.
    pub secret: Secret<String>,
}

/// An account as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserView {
    /// Whose account.
    pub email: Email,
    /// What they may do.
    pub standing: Standing,
    /// When the address was verified.
    pub since: UnixTime,
    /// Whether a code has ever been taken.
    pub enrolled: bool,
    /// Bearer tokens that live.
    pub tokens: usize,
}

/// How the server is, for `admin status`.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The server's version.
    pub version: &'static str,
    /// Seconds since it started.
    pub uptime_seconds: u64,
    /// Accounts, by [`Standing::name`].
    pub accounts: Vec<(&'static str, usize)>,
    /// Runs in progress.
    pub runs: usize,
    /// Runs that wait for a place.
    pub runs_waiting: usize,
    /// Live sessions in progress.
    pub sessions: usize,
    /// Mails that have not been sent yet.
    pub mails_waiting: u64,
    /// The launcher's process id.
    pub launcher_pid: Option<u32>,
    /// The version of Landlock's interface that holds the children; 0 means none.
    pub landlock: u8,
}

/// It was not done, by whose fault and what the caller is told.
#[derive(Clone, Debug, thiserror::Error)]
#[expect(clippy::error_impl_error, reason = "the one that every door answers")]
pub enum Error {
    /// The request makes no sense as it is; the text says what to mend.
    #[error("{0}")]
    Malformed(String),
    /// Whoever asks may not, or is not who they say. One answer for all reasons.
    #[error("not registered, not approved, or wrong credentials")]
    Unauthorized,
    /// There is no such thing, or it is not theirs.
    #[error("no such thing")]
    NotFound,
    /// It is there, and not for whoever asks; the text says so.
    #[error("{0}")]
    Forbidden(&'static str),
    /// It is somebody else's, who alone may do this to it. A status of its own, as deployed.
    #[error("not allowed to remove this parcel: it is its owner's")]
    NotTheirs,
    /// It is not there any more, or never was. A status of its own, as deployed.
    #[error("there is no such parcel")]
    Gone,
    /// It does not fit the state of things; the text says why.
    #[error("{0}")]
    Conflict(String),
    /// More than is taken; the text says what the limit is.
    #[error("{0}")]
    TooLarge(String),
    /// This caller asks too often.
    #[error("slow down")]
    SlowDown(Duration),
    /// All callers together ask too much.
    #[error("overloaded")]
    Overloaded(Duration),
    /// Our fault. The text is for the log, never for the caller.
    #[error("internal error")]
    Ours(String),
}
