//! A mailbox, from its owner's end: the server keeps what it cannot read, and is believed in nothing else.
//!
//! Owns: the calls of the wire contract, section 4, and what is believed of their answers. Not here: the cryptography (`seal`), whose
//! key is whose (`known`), and what is printed (`cli`).

mod known;
mod seal;

use std::borrow::Cow;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};
use serde::{Deserialize, Serialize};

use super::calls::parse;
use super::exchange::Answer;
use super::{Client, ClientError};
use crate::config::limits;
use crate::domain::{BearerToken, MailboxName, Password, Secret, UnixTime};

pub use known::{Acquaintance, KnownKeys};
pub use seal::{Identity, Opened, PublicKey, SealError, TEXT_BYTES};

/// Calls one server as the owner of one mailbox.
#[derive(Debug)]
pub struct Mailbox<'a> {
    client: &'a Client,
    name: MailboxName,
    derived: seal::Derived,
}

/// A message as it waits.
#[derive(Debug)]
pub struct Waiting {
    /// Its number.
    pub id: u64,
    /// Who sent it, the server says.
    pub from: MailboxName,
    /// When it was stored, by the server's clock.
    pub sent_at: UnixTime,
    /// What has to be opened.
    pub contents: String,
}

/// Everything that waits.
#[derive(Debug)]
pub struct Inbox {
    /// Up to when everything that is older may be deleted, if `is_all`.
    pub query_time: UnixTime,
    /// The oldest first.
    pub messages: Vec<Waiting>,
    /// Whether nothing else waited.
    pub is_all: bool,
}

impl<'a> Mailbox<'a> {
    /// The mailbox of this name. Works for a tenth of a second; does not connect yet.
    pub fn new(client: &'a Client, name: MailboxName, password: &Password) -> Result<Self, ClientError> {
        let derived = seal::Derived::of(&name, password).map_err(ClientError::Seal)?;
        Ok(Self { client, name, derived })
    }

    /// Opens the mailbox, with a new pair of keys in it.
    pub async fn register(&self, token: Option<&BearerToken>) -> Result<Identity, ClientError> {
        let identity = Identity::generate().map_err(ClientError::Seal)?;
        let private_key = identity.seal(&self.derived, &self.name).map_err(ClientError::Seal)?;
        let (password, public_key) = (self.derived.token().map_err(ClientError::Seal)?, identity.public().text());
        let body = Registration {
            username: self.name.as_str(),
            password: password.expose(),
            private_key: &private_key,
            public_key: &public_key,
        };
        let request = self.client.head(Method::POST, "/users", token)?.header(CONTENT_TYPE, "application/json");
        let body = Secret::new(json(&body)?);
        let request = request.body(Full::from(body.expose().clone())).map_err(no_http)?;
        let answer = self.client.send(request, limits::SMALL_ANSWER_BYTES, limits::CALL).await?;
        let body = answer.json(StatusCode::CREATED).map_err(not_allowed)?;
        let kept: Own<'_> = parse(&body)?;
        match kept.public_key == public_key && kept.private_key == private_key {
            true => Ok(identity),
            false => Err(ClientError::Unexpected("the server keeps other keys than it was sent".to_owned())),
        }
    }

    /// One's own keys. They are whatever was sealed with the password, or nothing.
    pub async fn identity(&self) -> Result<Identity, ClientError> {
        let body = self.get("/users/me", limits::SMALL_ANSWER_BYTES).await?.json(StatusCode::OK).map_err(not_ours)?;
        let own: Own<'_> = parse(&body)?;
        let identity = Identity::open(&own.private_key, &self.derived, &self.name).map_err(ClientError::Seal)?;
        // Others would write to whoever has the other half of this one.
        match own.public_key == identity.public().text() {
            true => Ok(identity),
            false => Err(ClientError::OwnKeyChanged),
        }
    }

    /// What the server says is somebody's public key.
    pub async fn key_of(&self, friend: &MailboxName) -> Result<PublicKey, ClientError> {
        let path = format!("/users/friends?username={friend}");
        let answer = self.get(&path, limits::SMALL_ANSWER_BYTES).await?;
        let body = answer.json(StatusCode::OK).map_err(|error| nobody(error, friend))?;
        let found: Friend<'_> = parse(&body)?;
        if found.username != friend.as_str() {
            return Err(ClientError::Unexpected("somebody else's key".to_owned()));
        }
        PublicKey::parse(&found.public_key).map_err(|error| ClientError::FriendsKey(friend.clone(), error))
    }

    /// Writes to somebody whose key this is.
    pub async fn send(
        &self,
        identity: &Identity,
        to: &MailboxName,
        key: &PublicKey,
        message: &Opened,
    ) -> Result<(), ClientError> {
        let contents = identity.write(&self.name, to, key, message).map_err(ClientError::Seal)?;
        let body = json(&Letter { recipient: to.as_str(), contents: &contents })?;
        let request = self.request(Method::POST, "/messages", body)?;
        let answer = self.client.send(request, limits::SMALL_ANSWER_BYTES, limits::CALL).await?;
        answer.json(StatusCode::CREATED).map(drop).map_err(|error| nobody(error, to))
    }

    /// Everything that waits, page by page, up to [`limits::FETCHED_MESSAGES`].
    pub async fn inbox(&self) -> Result<Inbox, ClientError> {
        let (mut messages, mut query_time) = (vec![], None);
        let is_all = loop {
            // Without a number there are no pages: only what has waited longest is shown.
            let before = messages.last().map_or(u64::MAX, |Waiting { id, .. }| *id);
            let path = format!("/messages?before={before}");
            let body = self.get(&path, limits::MAILBOX_ANSWER_BYTES).await?.json(StatusCode::OK).map_err(not_ours)?;
            let page: Page<'_> = parse(&body)?;
            // What comes while we go through the pages is newer than the first answer.
            query_time.get_or_insert(UnixTime(page.query_time));
            let is_last = page.messages.len() < limits::MESSAGES_PAGE;
            for message in page.messages {
                let message = message.read()?;
                if messages.last().is_some_and(|before: &Waiting| before.id <= message.id) {
                    return Err(ClientError::Unexpected("messages that are not in order".to_owned()));
                }
                messages.push(message);
            }
            if is_last || messages.len() >= limits::FETCHED_MESSAGES {
                break is_last;
            }
        };
        messages.reverse();
        Ok(Inbox { query_time: query_time.unwrap_or_default(), messages, is_all })
    }

    /// Deletes what was stored before a second. Says how many messages.
    pub async fn delete(&self, until: UnixTime) -> Result<u64, ClientError> {
        let request = self.request(Method::DELETE, &format!("/messages?until={}", until.0), vec![])?;
        let answer = self.client.send(request, limits::SMALL_ANSWER_BYTES, limits::CALL).await?;
        let body = answer.json(StatusCode::OK).map_err(not_ours)?;
        Ok(parse::<Deleted>(&body)?.deleted)
    }

    async fn get(&self, path: &str, most: usize) -> Result<Answer, ClientError> {
        let request = self.request(Method::GET, path, vec![])?;
        self.client.send(request, most, limits::CALL).await
    }

    fn request(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Request<Full<Bytes>>, ClientError> {
        let token = self.derived.token().map_err(ClientError::Seal)?;
        let mut shown = HeaderValue::from_str(token.expose()).map_err(no_http)?;
        shown.set_sensitive(true);
        let mut request = self.client.head(method, path, None)?;
        request = request.header("x-user-name", self.name.as_str()).header("x-user-token", shown);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(Full::from(body)).map_err(no_http)
    }
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, ClientError> {
    serde_json::to_vec(body).map_err(no_http)
}

fn no_http<E>(_: E) -> ClientError {
    ClientError::Unexpected("a request that is no HTTP".to_owned())
}

/// With a mailbox, no account's password was wrong.
fn not_ours(error: ClientError) -> ClientError {
    if let ClientError::WrongCredentials = error { ClientError::NoMailbox } else { error }
}

fn not_allowed(error: ClientError) -> ClientError {
    if let ClientError::WrongCredentials = error { ClientError::MailboxesClosed } else { error }
}

fn nobody(error: ClientError, whom: &MailboxName) -> ClientError {
    match error {
        ClientError::NotFound(_) => ClientError::NoFriend(whom.clone()),
        error => not_ours(error),
    }
}

#[derive(Serialize)]
struct Registration<'a> {
    username: &'a str,
    password: &'a str,
    private_key: &'a str,
    public_key: &'a str,
}

#[derive(Serialize)]
struct Letter<'a> {
    recipient: &'a str,
    contents: &'a str,
}

#[derive(Deserialize)]
struct Own<'a> {
    #[serde(borrow)]
    public_key: Cow<'a, str>,
    #[serde(borrow)]
    private_key: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Friend<'a> {
    #[serde(borrow)]
    username: Cow<'a, str>,
    #[serde(borrow)]
    public_key: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Page<'a> {
    query_time: u64,
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    id: u64,
    #[serde(borrow)]
    from_user: Cow<'a, str>,
    #[serde(borrow)]
    contents: Cow<'a, str>,
    sent_at: u64,
}

impl Message<'_> {
    fn read(self) -> Result<Waiting, ClientError> {
        let from = MailboxName::parse(&self.from_user);
        let from = from.map_err(|_| ClientError::Unexpected("a message from somebody without a name".to_owned()))?;
        Ok(Waiting { id: self.id, from, sent_at: UnixTime(self.sent_at), contents: self.contents.into_owned() })
    }
}

#[derive(Deserialize)]
struct Deleted {
    deleted: u64,
}
