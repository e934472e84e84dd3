//! Sessions: who has agreed on a key with us, and what has been said under it.
//!
//! Owns: how many there are, how long they last, the cookie that names one, and taking each token once. Not here: what is asked in
//! one (`request`).
//!
//! A cookie is 256 random bits. It travels in the open, so it says only whose key a token is to be tried with.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::{COOKIE, HeaderMap};

use super::fernet::Fernet;
use super::seen::{NotTaken, Seen};
use super::talk::Talk;
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::{Error, Network, SealedSession, Secret, UnixTime};
use crate::vault::{VaultError, random};

/// The cookie's name.
const COOKIE_NAME: &str = "SESSION_ID";
const ID_BYTES: usize = 32;
/// When whoever was sent away may try again.
const SOON: Duration = Duration::from_secs(1);

type Id = [u8; ID_BYTES];

/// All sessions. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Sessions(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    idle: Duration,
    seen: Arc<AtomicUsize>,
    all: Mutex<HashMap<Id, Arc<Session>>>,
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    id: Id,
    /// Whose it is.
    pub(super) stands: SealedSession,
    /// The command that is left running, if there is one. Whoever holds it answers a request.
    pub(super) talk: tokio::sync::Mutex<Option<Talk>>,
    network: Network,
    fernet: Fernet,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    seen: Seen,
    /// When something good was last said in it.
    used: Duration,
    /// Whether anything good was ever said in it. Whoever has seen a hello can send it again, and says nothing after it.
    confirmed: bool,
    /// Requests that are being answered.
    busy: usize,
}

/// A request that is being answered. While there is one, a session is not idle.
#[derive(Debug)]
pub(super) struct Busy {
    session: Arc<Session>,
    counts: bool,
}

/// A token that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadToken {
    /// It is not of this session, not of this time, or has been taken before.
    Invalid,
    /// More come than are remembered.
    TooMany,
}

impl Sessions {
    /// None yet. One ends when nothing has been said in it for as long as `idle`.
    pub(super) fn new(clock: Clock, idle: Duration) -> Self {
        Self(Arc::new(Inner { clock, idle, seen: Arc::default(), all: Mutex::default() }))
    }

    /// Begins one with this key.
    pub(super) fn begin(
        &self,
        network: Network,
        stands: SealedSession,
        key: &Secret<[u8; 32]>,
    ) -> Result<Arc<Session>, Error> {
        let ours = |error: VaultError| Error::Ours(error.to_string());
        let (id, fernet) = (random().map_err(ours)?, Fernet::new(key).map_err(ours)?);
        let used = self.0.clock.elapsed();
        let state = Mutex::new(State { seen: Seen::new(Arc::clone(&self.0.seen)), used, confirmed: false, busy: 0 });
        let (talk, clock) = (tokio::sync::Mutex::default(), self.0.clock.clone());
        let session = Arc::new(Session { id, stands, talk, network, fernet, clock, state });
        self.sweep();
        let mut all = self.all();
        let own = all.values().filter(|other| other.stands.user == session.stands.user);
        let oldest = own.clone().min_by_key(|other| other.state().worth()).map(|other| other.id);
        if own.count() >= limits::SEALED_SESSIONS_PER_USER {
            oldest.and_then(|oldest| all.remove(&oldest));
        }
        if all.len() >= limits::SEALED_SESSIONS {
            return Err(Error::Overloaded(SOON));
        }
        if all.values().filter(|other| other.network == network).count() >= limits::SEALED_SESSIONS_PER_NETWORK {
            return Err(Error::SlowDown(SOON));
        }
        all.insert(id, Arc::clone(&session));
        Ok(session)
    }

    /// The session that a request names, if it lives.
    pub(super) fn of(&self, fields: &HeaderMap) -> Option<Arc<Session>> {
        self.sweep();
        let all = self.all();
        cookies(fields).find_map(|id| all.get(&id).cloned())
    }

    /// Ends one, with the command that runs in it.
    pub(super) fn end(&self, session: &Session) {
        self.all().remove(&session.id);
    }

    /// Ends those in which nothing has been said for too long.
    pub(super) fn sweep(&self) {
        let now = self.0.clock.elapsed();
        self.all().retain(|_, session| {
            let state = session.state();
            state.busy > 0 || now.saturating_sub(state.used) < self.0.idle
        });
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Id, Arc<Session>>> {
        self.0.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// What the client is told to show with its next request. The existing client takes no notice of the attributes, browsers do.
    pub(super) fn cookie(&self) -> String {
        format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict", URL_SAFE_NO_PAD.encode(self.id))
    }

    /// From now on it is not idle. When this is over it has been used, if that `counts`: anybody who has seen the cookie can ask.
    pub(super) fn busy(self: &Arc<Self>, counts: bool) -> Busy {
        let mut state = self.state();
        state.busy = state.busy.saturating_add(1);
        drop(state);
        Busy { session: Arc::clone(self), counts }
    }

    /// Opens a token that was made no earlier than `since`, and takes it: it is not taken again.
    pub(super) fn take(&self, token: &[u8], since: UnixTime) -> Result<(UnixTime, Vec<u8>), BadToken> {
        let opened = self.fernet.open(token).map_err(|_| BadToken::Invalid)?;
        if opened.time < since {
            return Err(BadToken::Invalid);
        }
        let mut state = self.state();
        state.seen.take(self.clock.now(), opened.time, opened.id).map_err(|why| match why {
            NotTaken::Before => BadToken::Invalid,
            NotTaken::Full => BadToken::TooMany,
        })?;
        state.used = self.clock.elapsed();
        state.confirmed = true;
        Ok((opened.time, opened.content))
    }

    /// A line of an answer.
    pub(super) fn seal(&self, content: &[u8]) -> Result<String, Error> {
        let token = self.fernet.seal(self.clock.now(), content);
        token.map(|token| token + "\r\n").map_err(|error| Error::Ours(error.to_string()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What makes room for another of its user's comes first.
    const fn worth(&self) -> (bool, Duration) {
        (self.confirmed, self.used)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.session.state();
        state.busy = state.busy.saturating_sub(1);
        if self.counts {
            state.used = self.session.clock.elapsed();
        }
    }
}

/// The sessions that a head names (RFC 6265, section 5.4).
fn cookies(fields: &HeaderMap) -> impl Iterator<Item = Id> {
    let pairs =
        fields.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE_NAME).then(|| URL_SAFE_NO_PAD.decode(value).ok()?.try_into().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccountId, SealedKey, UserName};

    const HERE: Network = Network::V4([192, 0, 2, 1]);

    fn stands(user: &str) -> SealedSession {
        let user = UserName::parse(user).unwrap();
        SealedSession { user, account: AccountId::new(1), key: SealedKey::new([0; 57]) }
    }

    fn begin(sessions: &Sessions, network: Network, user: &str) -> Result<Arc<Session>, Error> {
        sessions.begin(network, stands(user), &Secret::new([7; 32]))
    }

    fn shown(session: &Session) -> HeaderMap {
        let mut fields = HeaderMap::new();
        fields.insert(COOKIE, format!("a=b; {}", session.cookie()).parse().unwrap());
        fields
    }

    fn sessions() -> (Sessions, Clock) {
        let clock = Clock::manual(UnixTime(1_000_000));
        (Sessions::new(clock.clone(), Duration::from_secs(600)), clock)
    }

    #[test]
    fn a_session_ends_when_nothing_is_said_in_it_for_too_long() {
        let (sessions, clock) = sessions();
        let session = begin(&sessions, HERE, "ada").unwrap();
        let other = Fernet::new(&Secret::new([7; 32])).unwrap();
        clock.advance(Duration::from_secs(599));
        assert!(sessions.of(&shown(&session)).is_some());
        session.take(other.seal(clock.now(), b"x").unwrap().as_bytes(), UnixTime(0)).unwrap();
        clock.advance(Duration::from_secs(599));
        assert!(sessions.of(&shown(&session)).is_some(), "a token counts");
        let busy = session.busy(true);
        clock.advance(Duration::from_secs(6000));
        assert!(sessions.of(&shown(&session)).is_some(), "so does a request that goes on");
        drop(busy);
        clock.advance(Duration::from_secs(600));
        assert!(sessions.of(&shown(&session)).is_none());
    }

    #[test]
    fn a_cookie_that_is_wrong_does_not_keep_a_session_alive() {
        let (sessions, clock) = sessions();
        let session = begin(&sessions, HERE, "ada").unwrap();
        for _ in 0..3 {
            assert!(sessions.of(&shown(&session)).is_some());
            let _busy = session.busy(false);
            assert_eq!(session.take(b"nonsense", UnixTime(0)), Err(BadToken::Invalid));
            clock.advance(Duration::from_secs(200));
        }
        assert!(sessions.of(&shown(&session)).is_none());
        for wrong in ["SESSION_ID", "SESSION_ID=", "SESSION_ID=AAAA", "session_id=x", ""] {
            let mut fields = HeaderMap::new();
            fields.insert(COOKIE, wrong.parse().unwrap());
            assert!(sessions.of(&fields).is_none(), "{wrong}");
        }
    }

    #[test]
    fn sessions_are_bounded_for_each_user_and_each_network() {
        let (sessions, clock) = sessions();
        let first = begin(&sessions, HERE, "ada").unwrap();
        for _ in 0..limits::SEALED_SESSIONS_PER_USER {
            assert!(sessions.of(&shown(&first)).is_some());
            clock.advance(Duration::from_secs(1));
            begin(&sessions, HERE, "ada").unwrap();
        }
        assert!(sessions.of(&shown(&first)).is_none(), "the oldest has ended");
        let used = begin(&sessions, HERE, "ada").unwrap();
        let client = Fernet::new(&Secret::new([7; 32])).unwrap();
        used.take(client.seal(clock.now(), b"x").unwrap().as_bytes(), UnixTime(0)).unwrap();
        for _ in 0..2 * limits::SEALED_SESSIONS_PER_USER {
            clock.advance(Duration::from_secs(1));
            begin(&sessions, HERE, "ada").unwrap();
        }
        assert!(
            sessions.of(&shown(&used)).is_some(),
            "a hello that is sent again and again ends no session that is used"
        );
        let mut begun = limits::SEALED_SESSIONS_PER_USER;
        while begun < limits::SEALED_SESSIONS_PER_NETWORK {
            begin(&sessions, HERE, &format!("user{}", begun / 10)).unwrap();
            begun += 1;
        }
        assert!(matches!(begin(&sessions, HERE, "one-more"), Err(Error::SlowDown(_))));
        assert!(begin(&sessions, Network::V4([192, 0, 2, 2]), "one-more").is_ok());
    }

    #[test]
    fn a_token_is_of_one_session_and_a_body_does_not_go_back_in_time() {
        let (sessions, clock) = sessions();
        let session = begin(&sessions, HERE, "ada").unwrap();
        let client = Fernet::new(&Secret::new([7; 32])).unwrap();
        let other = sessions.begin(HERE, stands("bob"), &Secret::new([8; 32])).unwrap();
        let token = client.seal(clock.now(), b"x").unwrap();
        assert_eq!(other.take(token.as_bytes(), UnixTime(0)), Err(BadToken::Invalid));
        assert_eq!(session.take(token.as_bytes(), clock.now().plus(Duration::from_secs(1))), Err(BadToken::Invalid));
        assert_eq!(session.take(token.as_bytes(), clock.now()), Ok((clock.now(), b"x".to_vec())));
        assert_eq!(session.take(token.as_bytes(), clock.now()), Err(BadToken::Invalid));
        let ours = session.seal(b"y").unwrap();
        assert_eq!(session.take(ours.trim().as_bytes(), UnixTime(0)), Err(BadToken::Invalid));
    }
}
