//! The shapes of JSON bodies, as callers send and read them.
//!
//! Owns: one type for each shape. What comes in is made of what the domain parses, so that a body that has been read is valid
//! field by field; what goes out is made of what the domain answers. The comments are what the OpenAPI document says. Not here:
//! how a field is written (`field`), which route takes which body (`request`), and with which status one goes out (`reply`).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

use super::asked::Bearer;
use super::field::{Arguments, Base64, Code, Field, Files, Names, NewPassword, Seconds};
use crate::app::Versions;
use crate::domain::{AuditEntry, Decision, Email, Enrolment, JobFile, JobResult, Password, Secret, Status, UserView};

/// What `error` says when nothing is wrong.
pub(super) const OK: &str = "ok";

/// Asks for an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterRequest {
    /// Where the link is sent that verifies the address.
    #[schema(value_type = String, format = Email, max_length = 254, example = "user@domain.tld")]
    pub(super) email: Field<Email>,
    /// The password, in bytes of UTF-8 from 8 to 1024, and none of the most common ones. It is used exactly as it is sent.
    // A schema counts characters, which have four bytes at most.
    #[schema(value_type = String, format = Password, min_length = 2, max_length = 1024)]
    pub(super) password: Field<NewPassword>,
}

/// Asks for a bearer token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    /// Whose account.
    #[schema(value_type = String, format = Email, max_length = 254, example = "user@domain.tld")]
    pub(super) email: Field<Email>,
    /// The account's password.
    #[schema(value_type = String, format = Password, max_length = 1024)]
    pub(super) password: Field<Password>,
    /// The code of the moment: six digits, or a number, which has lost its leading zeros. `totp` is another name for it.
    #[serde(alias = "totp")]
    #[schema(schema_with = code, required = true)]
    pub(super) totop: Code,
}

/// A script to run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExecuteRequest {
    /// Whose account. Together with `password` and `totop`, or not at all: a bearer token replaces the three.
    #[schema(value_type = Option<String>, format = Email, max_length = 254, example = "user@domain.tld")]
    pub(super) email: Option<Field<Email>>,
    /// The account's password.
    #[schema(value_type = Option<String>, format = Password, max_length = 1024)]
    pub(super) password: Option<Field<Password>>,
    /// The code of the moment: six digits, or a number, which has lost its leading zeros. `totp` is another name for it. A code
    /// is accepted once.
    #[serde(alias = "totp")]
    #[schema(schema_with = code_or_null, required = false)]
    pub(super) totop: Option<Code>,
    /// The script, at most 1 MiB.
    #[schema(value_type = String, max_length = 1_048_576, example = "print('Hello World')")]
    pub(super) data: Field<Vec<u8>>,
    /// What the script finds in `sys.argv[1:]`: at most 1024 strings and 128 KiB, without NUL.
    #[schema(value_type = Option<Vec<String>>, max_items = 1024)]
    pub(super) args: Option<Arguments>,
    /// What the script reads from its standard input, in standard base64 with padding, at most 16 MiB.
    #[schema(value_type = Option<String>, content_encoding = "base64")]
    pub(super) stdin: Option<Field<Base64>>,
    /// Files in the working directory, which holds nothing else: relative paths, and contents in standard base64 with padding.
    /// A parcel that the account's parcel key owns or was let in to stands as `{"parcel": id}`.
    #[schema(schema_with = super::parcel_body::files, required = false)]
    pub(super) files: Option<Files>,
    /// Names of files in the working directory that are returned when the script has ended, at most 1000. Of a directory,
    /// every regular file below it is. Names and contents together have at most 16 MiB.
    #[schema(value_type = Option<Vec<String>>, max_items = 1000)]
    pub(super) outputs: Option<Names>,
    /// Seconds after which the run is ended, not above the server's limit.
    #[schema(value_type = Option<f64>, minimum = 0.01)]
    pub(super) timeout: Option<Seconds>,
}

/// The first message of a live session.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionRequest {
    pub(super) email: Option<Field<Email>>,
    pub(super) password: Option<Field<Password>>,
    #[serde(alias = "totp")]
    pub(super) totop: Option<Code>,
    /// A bearer token: a page cannot set `Authorization` on a WebSocket.
    pub(super) token: Option<Field<Bearer>>,
    /// Nothing for the interactive interpreter; it must be said, so that nobody gets one by mistake.
    #[serde(deserialize_with = "said")]
    pub(super) data: Option<Field<Vec<u8>>>,
    pub(super) args: Option<Arguments>,
    pub(super) files: Option<Files>,
    pub(super) outputs: Option<Names>,
    pub(super) timeout: Option<Seconds>,
}

/// The last control message of a live session.
#[derive(Debug, Serialize)]
pub(super) struct SessionEnd {
    pub(super) error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) files: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after: Option<u64>,
}

/// Decides about an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionRequest {
    /// The decision.
    #[schema(value_type = String, pattern = "^(approve|deny)$", example = "approve")]
    pub(super) decision: Field<Decision>,
}

/// A call without anything to say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NothingRequest {}

/// `ok`, or a sentence that says what is wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct Message {
    /// `ok`, or a sentence that says what is wrong.
    pub(super) error: String,
}

/// What somebody needs to set up their app.
#[derive(Serialize, ToSchema)]
pub(super) struct EnrolmentReply {
    /// `ok`.
    #[schema(pattern = "^ok$")]
    error: &'static str,
    /// The secret as apps take it from a QR code: `otpauth://totp/...`.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    otpauth_uri: Secret<String>,
    /// The secret in base32.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    secret: Secret<String>,
}

/// A bearer token.
#[derive(Serialize, ToSchema)]
pub(super) struct LoginReply {
    /// `ok`.
    #[schema(pattern = "^ok$")]
    error: &'static str,
    /// Goes into `Authorization: Bearer ...`.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    token: Secret<String>,
    /// Seconds until it ends by itself.
    expires_in: u64,
}

/// A run that ended by itself. One that did not is answered with `error` alone: `request timed out` or `output too large`.
#[derive(Serialize, ToSchema)]
pub(super) struct ExecuteReply {
    /// `ok`.
    #[schema(pattern = "^ok$")]
    error: &'static str,
    /// What the script wrote to its standard output, in base64.
    #[schema(content_encoding = "base64")]
    stdout: String,
    /// What the script wrote to its standard error, in base64.
    #[schema(content_encoding = "base64")]
    stderr: String,
    /// The exit code: one byte, in base64.
    #[schema(content_encoding = "base64", example = "AA==")]
    exit_code: String,
    /// The files that were asked for with `outputs` and are there: their names, and their contents in base64. Files whose names are
    /// not UTF-8 are left out. The field itself is there exactly if `outputs` was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    files: Option<BTreeMap<String, String>>,
}

/// What the server is made of.
#[derive(Serialize, ToSchema)]
pub(super) struct VersionReply {
    /// `ok`.
    #[schema(pattern = "^ok$")]
    error: &'static str,
    /// The server's version.
    server: String,
    /// The version of CPython.
    python: String,
    /// The version of wasmtime.
    wasmtime: String,
    /// The hash of the runtime image, in hex.
    image: String,
}

/// An account, as an administrator sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct User {
    /// Whose account.
    email: String,
    /// `waiting`, `approved`, `denied` or `suspended`.
    standing: &'static str,
    /// When the address was verified, in seconds since 1970.
    since: u64,
    /// Whether a code has ever been accepted.
    enrolled: bool,
    /// Bearer tokens that live.
    tokens: usize,
}

/// One account.
#[derive(Serialize, ToSchema)]
pub(super) struct UserReply {
    /// `ok`.
    #[schema(pattern = "^ok$")]
    error: &'static str,
    /// The account.
    user: User,
}

/// All accounts.
#[derive(Serialize)]
pub(super) struct UsersReply {
    error: &'static str,
    users: Vec<User>,
}

/// Entries of the audit trail.
#[derive(Serialize)]
pub(super) struct AuditReply {
    error: &'static str,
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    number: u64,
    time: u64,
    who: String,
    what: String,
    about: Option<String>,
    hash: String,
}

/// How the server is.
#[derive(Serialize)]
pub(super) struct StatusReply {
    error: &'static str,
    #[serde(flatten)]
    status: Status,
}

impl Message {
    pub(super) fn new(error: &str) -> Self {
        Self { error: error.to_owned() }
    }

    /// Nothing is wrong.
    pub(super) fn ok() -> Self {
        Self::new(OK)
    }
}

impl From<Enrolment> for EnrolmentReply {
    fn from(enrolment: Enrolment) -> Self {
        Self { error: OK, otpauth_uri: enrolment.uri, secret: enrolment.secret }
    }
}

impl SessionEnd {
    /// The run was stopped, or there was none, and this is why.
    pub(super) fn new(error: impl Into<String>) -> Self {
        Self { error: error.into(), exit_code: None, files: None, retry_after: None }
    }

    pub(super) fn ended(result: JobResult, exit_code: u8, with_files: bool) -> Self {
        let files = with_files.then(|| by_name(result.files));
        Self { exit_code: Some(STANDARD.encode([exit_code])), files, ..Self::new(OK) }
    }
}

impl LoginReply {
    pub(super) const fn new(token: Secret<String>, life: std::time::Duration) -> Self {
        Self { error: OK, token, expires_in: life.as_secs() }
    }
}

impl ExecuteReply {
    pub(super) fn new(result: JobResult, exit_code: u8, with_files: bool) -> Self {
        Self {
            error: OK,
            stdout: STANDARD.encode(&result.stdout),
            stderr: STANDARD.encode(&result.stderr),
            exit_code: STANDARD.encode([exit_code]),
            files: with_files.then(|| by_name(result.files)),
        }
    }
}

/// Files as they are written on the wire: names and contents in base64. JSON has no way to write a name that is not UTF-8, so such a
/// file is left out.
pub(super) fn by_name(files: Vec<JobFile>) -> BTreeMap<String, String> {
    let named = |JobFile { path, content }| {
        let name = std::str::from_utf8(path.as_bytes()).ok()?.to_owned();
        Some((name, STANDARD.encode(content)))
    };
    files.into_iter().filter_map(named).collect()
}

impl From<&Versions> for VersionReply {
    fn from(versions: &Versions) -> Self {
        let Versions { server, python, wasmtime, image } = versions;
        let owned = |text: &str| text.to_owned();
        Self { error: OK, server: owned(server), python: owned(python), wasmtime: owned(wasmtime), image: owned(image) }
    }
}

impl From<UserView> for User {
    fn from(user: UserView) -> Self {
        let UserView { email, standing, since, enrolled, tokens } = user;
        Self { email: email.as_str().to_owned(), standing: standing.name(), since: since.0, enrolled, tokens }
    }
}

impl From<UserView> for UserReply {
    fn from(user: UserView) -> Self {
        Self { error: OK, user: user.into() }
    }
}

impl From<Vec<UserView>> for UsersReply {
    fn from(users: Vec<UserView>) -> Self {
        Self { error: OK, users: users.into_iter().map(User::from).collect() }
    }
}

impl From<Vec<AuditEntry>> for AuditReply {
    fn from(entries: Vec<AuditEntry>) -> Self {
        Self { error: OK, entries: entries.into_iter().map(Entry::from).collect() }
    }
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { number, time, who, what, about, hash } = entry;
        let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { number, time, who: format!("{who:?}"), what: format!("{what:?}"), about, hash }
    }
}

impl From<Status> for StatusReply {
    fn from(status: Status) -> Self {
        Self { error: OK, status }
    }
}

/// Six digits, as a number or as a string.
fn code() -> Schema {
    codes().build().into()
}

/// What may be left out may be null, too.
fn code_or_null() -> Schema {
    codes().item(ObjectBuilder::new().schema_type(Type::Null)).build().into()
}

fn codes() -> OneOfBuilder {
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(999_999));
    let digits = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{6}$"));
    OneOfBuilder::new().item(number).item(digits)
}

/// What may be null, but not left out.
fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// The one place where a secret goes out: to its owner.
fn expose<S: serde::Serializer>(secret: &Secret<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose())
}
