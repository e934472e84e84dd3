//! The ideas of the house, pure: no input or output, no clock, nothing asynchronous, no room imported.
//!
//! Owns: who asks ([`Credential`], [`Account`]), what can be asked ([`Action`]) and answered ([`Outcome`], [`Error`]); what is run
//! ([`JobSpec`]), what it may use ([`Budget`]) and how it ended ([`JobOutcome`]); the rules of passwords, codes and lock-outs.
//! Not here: how any of it is done. A value of these types is valid by construction: parsing is the only door.

mod account;
mod action;
mod answer;
mod audit;
mod budget;
mod canonical;
mod email;
mod file;
mod hex;
mod job;
mod lockout;
mod mailbox;
mod network;
mod outcome;
mod parcel;
mod password;
mod sealed;
mod secret;
mod time;
mod totp;
mod user;
mod words;

pub use account::{Account, AccountId, Decision, Link, LinkPurpose, NotPossible, Registration, Standing, TokenRecord};
pub use action::{
    Action, AdminAction, Credential, KeyAction, ParcelAction, PasswordCredential, PermitCredential, Signed,
};
pub use answer::{Enrolment, Error, Outcome, ParcelOutcome, Status, UserView};
pub use audit::{Actor, AuditEntry, AuditVerifier, ChainError, Event};
pub use budget::{Budget, BudgetError};
pub use canonical::Json;
pub use email::{Email, EmailError};
pub use file::{FilePath, JobFile, JobParcel};
pub use hex::{decode_hex, decode_hex_array, encode_hex, encode_hex_bytes};
pub use job::{Argument, JobError, JobSpec, JobSpecBuilder, ProgramName, Script};
pub use lockout::Ladder;
pub use mailbox::{
    Load, MailText, Mailbox, MailboxAction, MailboxCredential, MailboxError, MailboxId, MailboxKeys, MailboxName,
    MailboxOutcome, Message, NewMailbox, mailbox_password, until,
};
pub use network::Network;
pub use outcome::{JobOutcome, JobResult, Spent, Tree, Usage};
pub use parcel::{
    Metadata, MetadataError, Only, Operation, OperationKind, Parcel, ParcelHasher, ParcelId, ParcelUser, Permission,
    ServiceId,
};
pub use password::{Password, PasswordError, PasswordHash};
pub use sealed::{SIGNATURE_BYTES, SealedEntry, SealedKey, SealedProof, SealedSession};
pub use secret::{BearerToken, LinkToken, Secret, TOKEN_BYTES, TokenHash};
pub use time::UnixTime;
pub use totp::{TOTP_SECRET_BYTES, TotpCode, TotpSecret, TotpStep};
pub use user::{UserName, UserNameError};
pub use words::{WordsError, words};
