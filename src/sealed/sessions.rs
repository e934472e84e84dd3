//! Sessions: who has agreed on a key with us, and what has been said under it.
//!
//! Owns: how many there are, how long they last, the cookie that names one, taking each token once, and telling whoever is at work
//! for a session that it has ended. Not here: what is asked in one (`request`).
//!
//! A cookie is 256 random bits. It travels in the open, so it says only whose key a token is to be tried with.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::header::{COOKIE, HeaderMap, HeaderValue};
use tokio::sync::{OnceCell, watch};

use super::fernet::Fernet;
use super::people::People;
use super::seen::{Counts, NotTaken, Seen};
use super::talk::Talk;
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::{Error, Network, SealedSession, Secret, UnixTime};
use crate::keys::SHARE_BYTES;
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
    /// Tokens that all of them remember.
    seen: Arc<AtomicUsize>,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    sessions: HashMap<Id, Arc<Session>>,
    people: People,
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    id: Id,
    /// Whose it is.
    pub(super) stands: SealedSession,
    /// The command that is left running, if there is one. Whoever holds it answers a request.
    pub(super) talk: tokio::sync::Mutex<Option<Talk>>,
    /// Set once it is in the audit trail that its user is here.
    pub(super) noted: OnceCell<()>,
    ended: watch::Sender<bool>,
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

/// What a session is asked to begin with.
#[derive(Debug)]
pub(super) struct Beginning<'a> {
    /// Where it comes from.
    pub(super) network: Network,
    /// Whose it is.
    pub(super) stands: SealedSession,
    /// The client's share, from which its key follows.
    pub(super) share: &'a [u8; SHARE_BYTES],
    /// Its key.
    pub(super) key: &'a Secret<[u8; 32]>,
    /// The session that it takes the place of, if that is of the same user: anybody can show a cookie that they have seen.
    pub(super) before: Option<Arc<Session>>,
}

/// A request that is being answered. While there is one, a session is not idle.
#[derive(Debug)]
pub(super) struct Busy {
    session: Arc<Session>,
}

/// A body that is one token, and is judged as of when it began. Tokens are remembered for as long.
#[derive(Debug)]
pub(super) struct Held {
    session: Arc<Session>,
    began: UnixTime,
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

    /// Begins one. Only when it is sure to begin does it end another: that which it takes the place of, or the one of its user that is
    /// worth least if they have as many as they may.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] if a session has begun with this share before: somebody sends what they have seen.
    /// [`Error::Overloaded`] and [`Error::SlowDown`] where there are too many.
    pub(super) fn begin(&self, beginning: Beginning<'_>) -> Result<Arc<Session>, Error> {
        let Beginning { network, stands, share, key, before } = beginning;
        let ours = |error: VaultError| Error::Ours(error.to_string());
        let (id, fernet) = (random().map_err(ours)?, Fernet::new(key).map_err(ours)?);
        self.sweep();
        let mut all = self.all();
        let All { sessions, people } = &mut *all;
        let person = people.person(stands.account);
        if person.has_begun_with(share) {
            return Err(Error::Unauthorized);
        }
        let replaced = before.map(|before| before.id).and_then(|id| sessions.get(&id));
        let own = || sessions.values().filter(|other| other.stands.user == stands.user);
        let leaving = replaced.filter(|before| before.stands.user == stands.user).or_else(|| {
            let full = own().count() >= limits::SEALED_SESSIONS_PER_USER;
            own().filter(|_| full).min_by_key(|other| other.state().worth())
        });
        let leaving = leaving.cloned();
        if sessions.len() >= limits::SEALED_SESSIONS + usize::from(leaving.is_some()) {
            return Err(Error::Overloaded(SOON));
        }
        let here = |session: &&Arc<Session>| session.network == network;
        let freed = usize::from(leaving.iter().any(|leaving| here(&leaving)));
        if sessions.values().filter(here).count() >= limits::SEALED_SESSIONS_PER_NETWORK + freed {
            return Err(Error::SlowDown(SOON));
        }
        let seen = Seen::new(Counts { user: Arc::clone(&person.tokens), all: Arc::clone(&self.0.seen) });
        let state = Mutex::new(State { seen, used: self.0.clock.elapsed(), confirmed: false, busy: 0 });
        let (talk, noted, ended) = (tokio::sync::Mutex::default(), OnceCell::new(), watch::Sender::new(false));
        let session = Session { id, stands, talk, noted, ended, network, fernet, clock: self.0.clock.clone(), state };
        let session = Arc::new(session);
        person.begins_with(share);
        sessions.insert(id, Arc::clone(&session));
        drop(all);
        if let Some(leaving) = leaving {
            self.end(&leaving);
        }
        Ok(session)
    }

    /// The session that a request names, if it lives.
    pub(super) fn of(&self, fields: &HeaderMap) -> Option<Arc<Session>> {
        let found = {
            let all = self.all();
            cookies(fields).find_map(|id| all.sessions.get(&id).cloned())
        }?;
        if found.is_idle(self.0.clock.elapsed(), self.0.idle) {
            self.end(&found);
            return None;
        }
        Some(found)
    }

    /// All that live.
    pub(super) fn everyone(&self) -> Vec<Arc<Session>> {
        self.all().sessions.values().cloned().collect()
    }

    /// Ends one, with the command that runs in it and whatever else is being done for it.
    pub(super) fn end(&self, session: &Session) {
        self.all().sessions.remove(&session.id);
        session.end();
    }

    /// Ends those in which nothing has been said for too long, and forgets the tokens that are too old to be taken again.
    pub(super) fn sweep(&self) {
        let (now, elapsed) = (self.0.clock.now(), self.0.clock.elapsed());
        for session in self.everyone() {
            session.state().seen.forget(now);
            if session.is_idle(elapsed, self.0.idle) {
                self.end(&session);
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// What the client is told to show with its next request. The existing client takes no notice of the attributes, browsers do.
    pub(super) fn cookie(&self) -> String {
        format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict", URL_SAFE_NO_PAD.encode(self.id))
    }

    /// From now on it is not idle, and when this is over it has been used. Only for what shows that its user has asked: anybody who has
    /// seen the cookie can ask for the rest, and fetch the answer as slowly as they like.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        let mut state = self.state();
        state.busy = state.busy.saturating_add(1);
        drop(state);
        Busy { session: Arc::clone(self) }
    }

    /// Opens a token that was made no earlier than `since`, and takes it: it is not taken again.
    pub(super) fn take(&self, token: &[u8], since: UnixTime) -> Result<(UnixTime, Vec<u8>), BadToken> {
        self.take_at(self.clock.now(), token, since)
    }

    fn take_at(&self, at: UnixTime, token: &[u8], since: UnixTime) -> Result<(UnixTime, Vec<u8>), BadToken> {
        let opened = self.fernet.open(token).map_err(|_| BadToken::Invalid)?;
        if opened.time < since {
            return Err(BadToken::Invalid);
        }
        let mut state = self.state();
        state.seen.take(self.clock.now(), at, opened.time, opened.id).map_err(|why| match why {
            NotTaken::Before => BadToken::Invalid,
            NotTaken::Full => BadToken::TooMany,
        })?;
        state.used = self.clock.elapsed();
        state.confirmed = true;
        Ok((opened.time, opened.content))
    }

    /// A body begins that is one token.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        let began = self.clock.now();
        self.state().seen.hold(began);
        Held { session: Arc::clone(self), began }
    }

    /// Waits until it has ended.
    pub(super) async fn ended(&self) {
        // It cannot fail: the sender is here.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Tells whoever is at work for it. A command that nobody is at work with ends now, the others when they hear of it.
    fn end(&self) {
        self.ended.send_replace(true);
        if let Ok(mut talk) = self.talk.try_lock() {
            *talk = None;
        }
    }

    fn is_idle(&self, now: Duration, idle: Duration) -> bool {
        let state = self.state();
        state.busy == 0 && now.saturating_sub(state.used) >= idle
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
    const fn worth(&self) -> (bool, bool, Duration) {
        (self.confirmed, self.busy > 0, self.used)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.session.state();
        state.busy = state.busy.saturating_sub(1);
        state.used = self.session.clock.elapsed();
    }
}

impl Held {
    /// Opens and takes the token.
    pub(super) fn take(&self, token: &[u8]) -> Result<Vec<u8>, BadToken> {
        self.session.take_at(self.began, token, UnixTime(0)).map(|(_, content)| content)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.session.state().seen.let_go(self.began);
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

/// For the fuzzer: whatever passes for a session's name is one, written in one way.
pub fn read_any_cookie(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    for id in cookies(&HeaderMap::from_iter([(COOKIE, value)])) {
        let written = URL_SAFE_NO_PAD.encode(id);
        assert!(bytes.windows(written.len()).any(|part| part == written.as_bytes()), "{written}");
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::domain::{AccountId, SealedKey, UserName};

    const HERE: Network = Network::V4([192, 0, 2, 1]);
    const THERE: Network = Network::V4([192, 0, 2, 2]);

    fn stands(user: &str) -> SealedSession {
        let user = UserName::parse(user).unwrap();
        let account = AccountId::new(user.as_str().bytes().map(u64::from).sum());
        SealedSession { user, account, key: SealedKey::new([0; 57]) }
    }

    /// With a fresh share, as every client has one.
    fn begin(sessions: &Sessions, network: Network, user: &str) -> Result<Arc<Session>, Error> {
        begin_with(sessions, network, user, &random().unwrap(), None)
    }

    fn begin_with(
        sessions: &Sessions,
        network: Network,
        user: &str,
        share: &[u8; SHARE_BYTES],
        before: Option<Arc<Session>>,
    ) -> Result<Arc<Session>, Error> {
        sessions.begin(Beginning { network, stands: stands(user), share, key: &Secret::new([7; 32]), before })
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
        let busy = session.busy();
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
        assert!(begin(&sessions, THERE, "one-more").is_ok());
    }

    /// A log-in from a network that had as many sessions as it may was refused, and its user's oldest session had ended for it.
    #[test]
    fn a_session_that_does_not_begin_ends_no_other() {
        let (sessions, clock) = sessions();
        let mut own = vec![];
        for _ in 0..limits::SEALED_SESSIONS_PER_USER {
            own.push(begin(&sessions, THERE, "ada").unwrap());
            clock.advance(Duration::from_secs(1));
        }
        for number in 0..limits::SEALED_SESSIONS_PER_NETWORK {
            begin(&sessions, HERE, &format!("user{}", number / 10)).unwrap();
        }
        let again = begin_with(&sessions, HERE, "ada", &random().unwrap(), own.last().cloned());
        assert!(matches!(again, Err(Error::SlowDown(_))));
        assert!(own.iter().all(|session| sessions.of(&shown(session)).is_some()));
        // Where it takes the place of one, there is a place, and the others stay; of somebody else's it takes none.
        let next = begin_with(&sessions, THERE, "ada", &random().unwrap(), own.pop()).unwrap();
        assert!(own.iter().all(|session| sessions.of(&shown(session)).is_some()));
        begin_with(&sessions, THERE, "eve", &random().unwrap(), Some(Arc::clone(&next))).unwrap();
        assert!(sessions.of(&shown(&next)).is_some());
        // One that is at work goes last.
        let _busy = own[0].busy();
        for session in own.iter().chain([&next]) {
            session.state().confirmed = true;
        }
        begin(&sessions, THERE, "ada").unwrap();
        assert!(sessions.of(&shown(&own[0])).is_some() && sessions.of(&shown(&own[1])).is_none());
    }

    /// Whoever had seen a hello could begin sessions with it for ever.
    #[test]
    fn a_hello_begins_one_session() {
        let (sessions, _) = sessions();
        let share = random().unwrap();
        let first = begin_with(&sessions, HERE, "ada", &share, None).unwrap();
        for before in [None, Some(Arc::clone(&first))] {
            assert!(matches!(begin_with(&sessions, THERE, "ada", &share, before), Err(Error::Unauthorized)));
        }
        sessions.end(&first);
        assert!(matches!(begin_with(&sessions, THERE, "ada", &share, None), Err(Error::Unauthorized)));
        assert!(begin(&sessions, HERE, "ada").is_ok());
    }

    #[test]
    fn whoever_is_at_work_hears_of_the_end() {
        let (sessions, clock) = sessions();
        for end in ["by leaving", "by time", "for another"] {
            let session = begin(&sessions, HERE, "ada").unwrap();
            assert!(session.ended().now_or_never().is_none(), "{end}");
            match end {
                "by leaving" => sessions.end(&session),
                "by time" => {
                    clock.advance(Duration::from_secs(600));
                    sessions.sweep();
                }
                _ => drop(begin_with(&sessions, HERE, "ada", &random().unwrap(), Some(Arc::clone(&session)))),
            }
            assert!(session.ended().now_or_never().is_some(), "{end}");
        }
    }

    #[test]
    fn a_body_of_one_token_is_judged_as_of_when_it_began() {
        let (sessions, clock) = sessions();
        let session = begin(&sessions, HERE, "ada").unwrap();
        let client = Fernet::new(&Secret::new([7; 32])).unwrap();
        let [slow, used] = ["slow", "used"].map(|content| client.seal(clock.now(), content.as_bytes()).unwrap());
        session.take(used.as_bytes(), UnixTime(0)).unwrap();
        let held = session.hold();
        clock.advance(Duration::from_secs(150));
        assert_eq!(session.take(slow.as_bytes(), UnixTime(0)), Err(BadToken::Invalid), "it is not of now");
        assert_eq!(held.take(used.as_bytes()), Err(BadToken::Invalid), "it is remembered");
        assert_eq!(held.take(slow.as_bytes()), Ok(b"slow".to_vec()));
        drop(held);
        sessions.sweep();
        assert_eq!(sessions.0.seen.load(std::sync::atomic::Ordering::Relaxed), 0);
    }

    #[test]
    fn a_token_is_of_one_session_and_a_body_does_not_go_back_in_time() {
        let (sessions, clock) = sessions();
        let session = begin(&sessions, HERE, "ada").unwrap();
        let client = Fernet::new(&Secret::new([7; 32])).unwrap();
        let (share, key) = (random().unwrap(), Secret::new([8; 32]));
        let bob = Beginning { network: HERE, stands: stands("bob"), share: &share, key: &key, before: None };
        let other = sessions.begin(bob).unwrap();
        let token = client.seal(clock.now(), b"x").unwrap();
        assert_eq!(other.take(token.as_bytes(), UnixTime(0)), Err(BadToken::Invalid));
        assert_eq!(session.take(token.as_bytes(), clock.now().plus(Duration::from_secs(1))), Err(BadToken::Invalid));
        assert_eq!(session.take(token.as_bytes(), clock.now()), Ok((clock.now(), b"x".to_vec())));
        assert_eq!(session.take(token.as_bytes(), clock.now()), Err(BadToken::Invalid));
        let ours = session.seal(b"y").unwrap();
        assert_eq!(session.take(ours.trim().as_bytes(), UnixTime(0)), Err(BadToken::Invalid));
    }
}
