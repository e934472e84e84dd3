//! The operator's calls, over the socket in the server's data folder.
//!
//! Owns: [`Admin`] and the shapes of what it is told. Not here: how they are printed, and who may ask: the server looks at who
//! connects, and this end looks at whose socket it is, so that nobody else can pose as the server.

use std::io::{Error, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, HOST};
use hyper::{Method, Request, StatusCode};
use serde::de::IntoDeserializer;
use serde::de::value::{Error as Unknown, StrDeserializer};
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;

use super::calls::{bounded, parse};
use super::exchange::{Answer, exchange};
use super::{ClientError, terminal};
use crate::config::limits;
use crate::domain::{AdminAction, AuditEntry, Email, KeyAction};

/// Calls the server whose data folder this is.
#[derive(Clone, Debug)]
pub struct Admin {
    socket: PathBuf,
}

/// What the server told, as it was told.
#[derive(Debug)]
pub struct Told(Vec<u8>);

impl Admin {
    /// Of the server with this data folder.
    pub fn of(data: &Path) -> Self {
        Self { socket: data.join("admin.sock") }
    }

    /// Asks, and takes the answer if it was done.
    pub async fn ask(&self, action: &AdminAction) -> Result<Told, ClientError> {
        let answer = bounded(limits::CALL, self.exchange(action)).await.ok_or(ClientError::TooSlow(limits::CALL))??;
        match action {
            AdminAction::Metrics => answer.text().map(Told),
            _ => answer.json(StatusCode::OK).map(Told),
        }
    }

    async fn exchange(&self, action: &AdminAction) -> Result<Answer, ClientError> {
        let (method, path) = route(action);
        let request = Request::builder().method(method).uri(path).header(HOST, "localhost");
        let request = request.header(CONNECTION, "close").body(Full::<Bytes>::default());
        let request = request.map_err(|error| ClientError::Unexpected(error.to_string()))?;
        exchange(self.connect().await?, request, limits::ADMIN_ANSWER_BYTES).await
    }

    async fn connect(&self) -> Result<UnixStream, ClientError> {
        let us = rustix::process::geteuid().as_raw();
        let facts = std::fs::symlink_metadata(&self.socket).map_err(|error| self.cannot(error))?;
        if !facts.file_type().is_socket() || facts.uid() != us {
            return Err(ClientError::NotOurs(self.socket.clone()));
        }
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| self.cannot(error))?;
        // The file may have been replaced since. Who listens is the kernel's word.
        match stream.peer_cred().map_err(|error| self.cannot(error))?.uid() == us {
            true => Ok(stream),
            false => Err(ClientError::NotOurs(self.socket.clone())),
        }
    }

    fn cannot(&self, error: Error) -> ClientError {
        let socket = self.socket.clone();
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::ConnectionRefused => {
                ClientError::NotRunning(socket)
            }
            ErrorKind::PermissionDenied => ClientError::NotOurs(socket),
            _ => ClientError::Socket(socket, error),
        }
    }
}

impl Told {
    /// As it was told.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What it says.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ClientError> {
        parse(&self.0)
    }
}

fn route(action: &AdminAction) -> (Method, String) {
    let user = |email: &Email| format!("/users/{}", segment(email));
    match action {
        AdminAction::Users => (Method::GET, "/users".to_owned()),
        AdminAction::User(email) => (Method::GET, user(email)),
        AdminAction::Decide(email, decision) => (Method::POST, format!("{}/{}", user(email), decision.name())),
        AdminAction::ResetTotp(email) => (Method::POST, user(email) + "/reset-totp"),
        AdminAction::RevokeTokens(email) => (Method::POST, user(email) + "/revoke-tokens"),
        AdminAction::Keys(KeyAction::List) => (Method::GET, "/keys".to_owned()),
        AdminAction::Keys(KeyAction::Add { user, key, host_commands }) => {
            let (key, host) = (URL_SAFE_NO_PAD.encode(key.bytes()), if *host_commands { "&host-commands" } else { "" });
            (Method::POST, format!("/keys/{}/add?key={key}{host}", user.as_str()))
        }
        AdminAction::Keys(KeyAction::Remove(user)) => (Method::POST, format!("/keys/{}/remove", user.as_str())),
        AdminAction::Audit { from } => (Method::GET, format!("/audit?from={from}")),
        AdminAction::Status => (Method::GET, "/status".to_owned()),
        AdminAction::Metrics => (Method::GET, "/metrics".to_owned()),
    }
}

/// An address as one segment of a path (RFC 3986, section 2.1): it may have `/`, `?`, `#` and `%` in it.
fn segment(email: &Email) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    let escaped = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    email.as_str().bytes().map(escaped).collect()
}

/// All accounts.
#[derive(Debug, Deserialize)]
pub struct Users {
    /// In the order the server has them.
    pub users: Vec<User>,
}

/// One account, as it is told alone.
#[derive(Debug, Deserialize)]
pub struct OneUser {
    /// The account.
    pub user: User,
}

/// One account.
#[derive(Debug, Deserialize)]
pub struct User {
    /// Whose it is.
    pub email: String,
    /// What they may do.
    pub standing: String,
    /// When the address was verified, in seconds since 1970.
    pub since: u64,
    /// Whether a code has ever been taken.
    pub enrolled: bool,
    /// Bearer tokens that live.
    pub tokens: u64,
}

/// Entries of the audit trail. None after the last one.
#[derive(Debug, Deserialize)]
pub struct Entries {
    /// In order.
    pub entries: Vec<Entry>,
}

/// One entry of the audit trail, as it is told.
#[derive(Debug, Deserialize, Serialize)]
pub struct Entry {
    /// Its place, from 1.
    pub number: u64,
    /// In seconds since 1970.
    pub time: u64,
    /// Who decided.
    pub who: String,
    /// What was decided.
    pub what: String,
    /// Whose account it was about, if about one.
    pub about: Option<String>,
    /// SHA-256 over the entry before and this one, in hex.
    pub hash: String,
}

impl Entry {
    /// The entry as the chain of hashes knows it.
    pub fn parse(&self) -> Result<AuditEntry, ClientError> {
        let unknown = |what: &str, name: &str| {
            let name = terminal::sentence(name);
            ClientError::Unexpected(format!(
                "entry {} of the audit trail has {what} {name:?}, which this version does not know: verify it with the server's own",
                self.number
            ))
        };
        Ok(AuditEntry {
            number: self.number,
            time: self.time,
            who: named(&self.who).ok_or_else(|| unknown("the actor", &self.who))?,
            what: named(&self.what).ok_or_else(|| unknown("the event", &self.what))?,
            about: self.about.clone(),
            hash: hash(&self.hash).ok_or_else(|| unknown("the hash", &self.hash))?,
        })
    }
}

/// The variant of this name.
fn named<'a, T: Deserialize<'a>>(name: &'a str) -> Option<T> {
    let name: StrDeserializer<'a, Unknown> = name.into_deserializer();
    T::deserialize(name).ok()
}

/// 64 hexadecimal digits.
fn hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != hash.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(pairs) {
        // A sign would pass for a digit.
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|c| c.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(hash)
}

/// Users of the sealed channel.
#[derive(Debug, Deserialize)]
pub struct Keys {
    /// In the order of their names.
    pub keys: Vec<Key>,
}

/// A user of the sealed channel.
#[derive(Debug, Deserialize)]
pub struct Key {
    /// Their name.
    pub user: String,
    /// The bytes of their public key, in base64url.
    pub key: String,
    /// Whether they may run commands of the machine itself, if the configuration allows that to anybody.
    pub host_commands: bool,
    /// When they were registered, in seconds since 1970.
    pub since: u64,
}

/// How the server is.
#[derive(Debug, Deserialize)]
pub struct Status {
    /// The server's version.
    pub version: String,
    /// Seconds since it started.
    pub uptime_seconds: u64,
    /// How many accounts have each standing.
    pub accounts: Vec<(String, u64)>,
    /// Runs in progress.
    pub runs: u64,
    /// Runs that wait for a place.
    pub runs_waiting: u64,
    /// Live sessions in progress.
    pub sessions: u64,
    /// Mails that have not been sent yet.
    pub mails_waiting: u64,
    /// The launcher's process id.
    pub launcher_pid: Option<u32>,
    /// The version of Landlock's interface; 0 means none.
    pub landlock: u8,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Actor, Decision, Event, UnixTime};

    #[test]
    fn every_question_has_its_route() {
        let email = Email::parse("a/b?c#d%e+f@example.org").unwrap();
        let shown = |action| {
            let (method, path) = route(&action);
            format!("{method} {path}")
        };
        assert_eq!(shown(AdminAction::User(email.clone())), "GET /users/a%2Fb%3Fc%23d%25e%2Bf@example.org");
        let ada = Email::parse("ada@example.org").unwrap();
        assert_eq!(shown(AdminAction::Decide(ada.clone(), Decision::Approve)), "POST /users/ada@example.org/approve");
        assert_eq!(shown(AdminAction::RevokeTokens(ada)), "POST /users/ada@example.org/revoke-tokens");
        assert_eq!(shown(AdminAction::Audit { from: 7 }), "GET /audit?from=7");
    }

    #[test]
    fn an_entry_is_what_it_was_before_it_was_told() {
        let about = Some("ada@example.org".to_owned());
        let entry = AuditEntry::after(None, UnixTime(7), Actor::ApprovalLink, Event::TokensRevoked, about);
        let hash: String = entry.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let told = |who: &str, what: &str, hash: &str| Entry {
            number: entry.number,
            time: entry.time,
            who: who.to_owned(),
            what: what.to_owned(),
            about: entry.about.clone(),
            hash: hash.to_owned(),
        };
        assert_eq!(told("ApprovalLink", "TokensRevoked", &hash).parse().unwrap(), entry);
        for (who, what, hash) in [
            ("Nobody", "TokensRevoked", &hash[..]),
            ("ApprovalLink", "Exploded", &hash),
            ("ApprovalLink", "TokensRevoked", &hash[1..]),
            ("ApprovalLink", "TokensRevoked", &format!("+f{}", &hash[2..])),
            ("ApprovalLink", "TokensRevoked", ""),
        ] {
            assert!(told(who, what, hash).parse().is_err(), "{who} {what} {hash}");
        }
    }
}
