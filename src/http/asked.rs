//! A request that has been taken in, and what its parts mean.
//!
//! Owns: what a caller shows, wherever it stands, and the body in the form that a route takes. Not here: the routes.

use std::time::Duration;

use super::body::{DecisionRequest, NothingRequest};
use super::field::{Code, Field, Text};
use super::intake::Taken;
use super::json;
use super::route::{Means, Takes};
use crate::config::limits;
use crate::domain::{
    BearerToken, Budget, Credential, Decision, Email, Error, LinkToken, MailboxCredential, Password, PasswordCredential,
};

/// A request that has been taken in.
#[derive(Debug)]
pub(super) struct Asked {
    /// What stands where the route's path has braces.
    pub(super) parameter: String,
    /// What follows the question mark.
    pub(super) query: String,
    pub(super) bearer: Bearer,
    /// What it shows for a mailbox, on the routes that ask for one.
    pub(super) mailbox: Option<MailboxCredential>,
    /// Whether the body is a browser's form.
    pub(super) is_form: bool,
    /// What a run may use unless it is asked otherwise.
    pub(super) budget: Budget,
    /// The longest wall-clock time that can be asked for.
    pub(super) wall: Duration,
    pub(super) body: Taken,
}

/// What `Authorization` says (RFC 6750, section 2.1), or the field `token` of whoever cannot set it.
#[derive(Clone, Debug)]
pub(super) enum Bearer {
    None,
    Token(BearerToken),
    /// Nothing that was ever given out.
    Unknown,
}

impl Asked {
    /// What it means. A large body is parsed where it keeps nobody else waiting.
    pub(super) async fn understood<T: Send + 'static>(self, takes: Takes, ask: Means<T>) -> Result<T, Error> {
        if takes == Takes::Nothing && !self.body.bytes().is_empty() {
            let _: NothingRequest = self.json()?;
        }
        if self.body.bytes().len() <= limits::PARSE_ASIDE_BYTES {
            return ask(self);
        }
        let understood = tokio::task::spawn_blocking(move || ask(self)).await;
        understood.unwrap_or_else(|error| Err(Error::Ours(format!("a body was not parsed: {error}"))))
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        json::parse(self.body.bytes())
    }

    /// Whether there is no token in its head.
    pub(super) fn shows_nothing(&self) -> bool {
        matches!(self.bearer, Bearer::None)
    }

    /// The token of a link. One that cannot be ours is like one that is not.
    pub(super) fn link(&self) -> Result<LinkToken, Error> {
        LinkToken::parse(&self.parameter).ok_or(Error::NotFound)
    }

    /// From JSON, or from the form of the page: `decision=approve` and nothing else.
    pub(super) fn decision(&self) -> Result<Decision, Error> {
        if !self.is_form {
            return self.json().map(|DecisionRequest { decision: Field(decision) }| decision);
        }
        let text = std::str::from_utf8(self.body.bytes()).unwrap_or_default();
        let decision = text.strip_prefix("decision=").and_then(|value| Decision::of(value).ok());
        decision.ok_or_else(|| Error::Malformed(format!("`decision` must be {}", Decision::EXPECTED)))
    }

    /// What the caller shows: all of the three, or a token, or nothing.
    pub(super) fn credential(
        self,
        email: Option<Field<Email>>,
        password: Option<Field<Password>>,
        code: Option<Code>,
    ) -> Result<Credential, Error> {
        let malformed = |sentence: &str| Err(Error::Malformed(sentence.to_owned()));
        match (self.bearer, email, password, code) {
            (Bearer::None, Some(Field(email)), Some(Field(password)), Some(Code(code))) => {
                Ok(Credential::Password(PasswordCredential { email, password, code }))
            }
            (Bearer::None, None, None, None) => Ok(Credential::Nobody),
            (Bearer::Token(token), None, None, None) => Ok(Credential::Bearer(token)),
            (Bearer::Unknown, None, None, None) => Err(Error::Unauthorized),
            (Bearer::None, None, ..) => malformed("missing field `email`: it goes with `password` and `totop`"),
            (Bearer::None, _, None, _) => malformed("missing field `password`: it goes with `email` and `totop`"),
            (Bearer::None, ..) => malformed("missing field `totop`: it goes with `email` and `password`"),
            _ => malformed("show a bearer token, or `email`, `password` and `totop`, not both"),
        }
    }
}
