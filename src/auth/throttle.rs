//! Limits on asking and on guessing, decided before anything costly is done.
//!
//! Owns: rates for each network, and the lock-out ladders ([`Ladder`]) of e-mail addresses and mailboxes. All of it is in memory and
//! bounded; a restart forgets it, which a stranger cannot cause. Whether an address has an account plays no part.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;
use crate::config::limits;
use crate::domain::{Email, Error, Ladder, MailboxName, Network};

/// How often one network may ask for what costs us.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Registrations an hour.
    pub registrations_per_hour: NonZeroU32,
    /// Log-ins and runs with a password a minute.
    pub logins_per_minute: NonZeroU32,
    /// Mailboxes opened an hour.
    pub mailboxes_per_hour: NonZeroU32,
    /// Passwords of mailboxes a minute that are not remembered.
    pub mailbox_logins_per_minute: NonZeroU32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            registrations_per_hour: limits::REGISTRATIONS_PER_HOUR,
            logins_per_minute: limits::LOGINS_PER_MINUTE,
            mailboxes_per_hour: limits::MAILBOXES_PER_HOUR,
            mailbox_logins_per_minute: limits::MAILBOX_LOGINS_PER_MINUTE,
        }
    }
}

/// What is costly.
#[derive(Clone, Copy, Debug)]
pub enum Costly {
    /// A registration: a hash, a commit and a mail.
    Registration,
    /// Showing a password: a hash.
    Login,
    /// Opening a mailbox: a hash and a commit.
    Mailbox,
    /// Showing a mailbox's password: a hash.
    MailboxLogin,
}

/// A rate for each of many callers, by our own clock.
#[derive(Debug)]
pub(crate) struct RateOf<K: std::hash::Hash + Eq + Clone>(
    RateLimiter<K, HashMapStateStore<K>, Ticks, NoOpMiddleware<Duration>>,
);

#[derive(Clone, Debug)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl<K: std::hash::Hash + Eq + Clone> RateOf<K> {
    /// So many a minute, all at once or one after the other.
    pub(crate) fn per_minute(times: NonZeroU32, clock: Clock) -> Self {
        Self::new(Quota::per_minute(times), clock)
    }

    fn new(quota: Quota, clock: Clock) -> Self {
        Self(RateLimiter::new(quota, HashMapStateStore::default(), Ticks(clock)))
    }

    /// Counts one request, or says how long to wait.
    pub(crate) fn check(&self, caller: &K) -> Result<(), Error> {
        if self.0.len() > limits::RATES {
            self.0.retain_recent();
        }
        self.0.check_key(caller).map_err(|until| Error::SlowDown(until.wait_time_from(self.0.clock().now())))
    }
}

/// Everything that slows callers down.
#[derive(Debug)]
pub struct Throttle {
    clock: Clock,
    registrations: RateOf<Network>,
    logins: RateOf<Network>,
    mailboxes: RateOf<Network>,
    mailbox_logins: RateOf<Network>,
    guesses: Mutex<Guesses>,
    /// Addresses are counted under a keyed hash: the memory holds no list of who was guessed at.
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Guesses {
    ladders: HashMap<(u64, Network), Ladder>,
    foreign: HashMap<u64, Foreign>,
}

/// Wrong guesses at one address from networks that are not its own, in the hour that began at `since`.
#[derive(Debug)]
struct Foreign {
    since: Duration,
    failures: u32,
}

const HOUR: Duration = Duration::from_secs(3600);

impl Throttle {
    pub(super) fn new(clock: Clock, rates: Rates) -> Self {
        Self {
            registrations: RateOf::new(Quota::per_hour(rates.registrations_per_hour), clock.clone()),
            logins: RateOf::new(Quota::per_minute(rates.logins_per_minute), clock.clone()),
            mailboxes: RateOf::new(Quota::per_hour(rates.mailboxes_per_hour), clock.clone()),
            mailbox_logins: RateOf::new(Quota::per_minute(rates.mailbox_logins_per_minute), clock.clone()),
            clock,
            guesses: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// Counts a costly request of a network.
    pub fn request(&self, what: Costly, from: Network) -> Result<(), Error> {
        match what {
            Costly::Registration => self.registrations.check(&from),
            Costly::Login => self.logins.check(&from),
            Costly::Mailbox => self.mailboxes.check(&from),
            Costly::MailboxLogin => self.mailbox_logins.check(&from),
        }
    }

    /// Begins a guess at an address. It counts as wrong until it has succeeded, so that guesses made at the same time are all
    /// counted.
    pub(super) fn attempt(&self, email: &Email, from: Network, own: bool) -> Result<Attempt<'_>, Error> {
        self.attempt_at(email.key(), from, own)
    }

    /// The same at a mailbox.
    pub(super) fn attempt_at_mailbox(
        &self,
        name: &MailboxName,
        from: Network,
        own: bool,
    ) -> Result<Attempt<'_>, Error> {
        self.attempt_at(("mailbox", name), from, own)
    }

    fn attempt_at(&self, whose: impl Hash, from: Network, own: bool) -> Result<Attempt<'_>, Error> {
        let (key, now) = (self.hasher.hash_one(whose), self.clock.elapsed());
        let mut guesses = self.guesses();
        guesses.make_room(now);
        let before =
            guesses.ladders.get(&(key, from)).filter(|ladder| !ladder.is_over(now)).copied().unwrap_or_default();
        if let Some(wait) = before.wait(now) {
            return Err(Error::SlowDown(wait));
        }
        if !own {
            guesses.count_foreign(key, now)?;
        }
        let mut ladder = before;
        ladder.fail(now);
        guesses.ladders.insert((key, from), ladder);
        Ok(Attempt { throttle: self, key, from, own, before })
    }

    fn guesses(&self) -> MutexGuard<'_, Guesses> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guesses {
    /// Forgets what says nothing any more, and if that is not enough, the ladder that is nearest to being forgotten.
    fn make_room(&mut self, now: Duration) {
        if self.ladders.len() >= limits::LADDERS {
            self.ladders.retain(|_, ladder| !ladder.is_over(now));
            if self.ladders.len() >= limits::LADDERS {
                let oldest = self.ladders.iter().min_by_key(|(_, ladder)| ladder.wait(now)).map(|(key, _)| *key);
                oldest.and_then(|key| self.ladders.remove(&key));
            }
        }
        if self.foreign.len() >= limits::LADDERS {
            self.foreign.retain(|_, foreign| now.saturating_sub(foreign.since) < HOUR);
            if self.foreign.len() >= limits::LADDERS {
                let oldest = self.foreign.iter().min_by_key(|(_, foreign)| foreign.since).map(|(key, _)| *key);
                oldest.and_then(|key| self.foreign.remove(&key));
            }
        }
    }

    fn count_foreign(&mut self, key: u64, now: Duration) -> Result<(), Error> {
        let foreign = self.foreign.entry(key).or_insert(Foreign { since: now, failures: 0 });
        if now.saturating_sub(foreign.since) >= HOUR {
            *foreign = Foreign { since: now, failures: 0 };
        }
        if foreign.failures >= limits::FOREIGN_FAILURES {
            return Err(Error::SlowDown((foreign.since + HOUR).saturating_sub(now)));
        }
        foreign.failures += 1;
        Ok(())
    }
}

/// A guess that has been counted as wrong.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    throttle: &'a Throttle,
    key: u64,
    from: Network,
    own: bool,
    before: Ladder,
}

impl Attempt<'_> {
    /// It was right: the ladder of this network is forgotten.
    pub(super) fn succeeded(self) {
        let mut guesses = self.throttle.guesses();
        guesses.ladders.remove(&(self.key, self.from));
        self.uncount_foreign(&mut guesses);
    }

    /// It was not looked at.
    pub(super) fn withdraw(&self) {
        let mut guesses = self.throttle.guesses();
        guesses.ladders.insert((self.key, self.from), self.before);
        self.uncount_foreign(&mut guesses);
    }

    fn uncount_foreign(&self, guesses: &mut Guesses) {
        if let Some(foreign) = guesses.foreign.get_mut(&self.key).filter(|_| !self.own) {
            foreign.failures = foreign.failures.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UnixTime;

    const HERE: Network = Network::V4([192, 0, 2, 1]);
    const THERE: Network = Network::V4([192, 0, 2, 2]);

    fn throttle() -> (Throttle, Clock, Email) {
        let clock = Clock::manual(UnixTime(1_000_000));
        (Throttle::new(clock.clone(), Rates::default()), clock, Email::parse("ada@example.org").unwrap())
    }

    #[test]
    fn a_network_that_guesses_wrong_waits_and_no_other_does() {
        let (throttle, clock, ada) = throttle();
        for _ in 0..=limits::FREE_FAILURES {
            throttle.attempt(&ada, HERE, false).unwrap();
        }
        assert!(matches!(throttle.attempt(&ada, HERE, false), Err(Error::SlowDown(_))));
        assert!(throttle.attempt(&ada, THERE, false).is_ok());
        assert!(throttle.attempt(&Email::parse("bob@example.org").unwrap(), HERE, false).is_ok());
        clock.advance(Duration::from_secs(1));
        throttle.attempt(&ada, HERE, false).unwrap().succeeded();
        // A success begins a new ladder.
        for _ in 0..=limits::FREE_FAILURES {
            throttle.attempt(&ada, HERE, false).unwrap();
        }
    }

    /// A ladder with fewer failures than cost a wait had no date, so on a server that had run for an hour it was taken for an old one
    /// at every guess: nobody ever waited.
    #[test]
    fn guesses_are_counted_on_a_server_that_has_run_for_long() {
        let (throttle, clock, ada) = throttle();
        clock.advance(2 * limits::LOCKOUT_MEMORY);
        for _ in 0..=limits::FREE_FAILURES {
            throttle.attempt(&ada, HERE, false).unwrap();
        }
        assert!(matches!(throttle.attempt(&ada, HERE, false), Err(Error::SlowDown(_))));
        clock.advance(2 * limits::LOCKOUT_MEMORY);
        for _ in 0..limits::FREE_FAILURES {
            throttle.attempt(&ada, HERE, false).unwrap();
        }
        assert!(throttle.attempt(&ada, HERE, false).is_ok());
    }

    #[test]
    fn guesses_from_everywhere_do_not_lock_the_owner_out() {
        let (throttle, clock, ada) = throttle();
        for number in 0..limits::FOREIGN_FAILURES {
            let [.., high, low] = number.to_be_bytes();
            throttle.attempt(&ada, Network::V4([198, 51, high, low]), false).unwrap();
        }
        assert!(matches!(throttle.attempt(&ada, THERE, false), Err(Error::SlowDown(_))));
        assert!(throttle.attempt(&ada, HERE, true).is_ok());
        clock.advance(HOUR);
        assert!(throttle.attempt(&ada, THERE, false).is_ok());
    }

    #[test]
    fn a_guess_that_was_not_looked_at_does_not_count() {
        let (throttle, _, ada) = throttle();
        for _ in 0..100 {
            throttle.attempt(&ada, HERE, false).unwrap().withdraw();
        }
        assert!(throttle.attempt(&ada, HERE, false).is_ok());
    }

    #[test]
    fn rates_are_of_each_network() {
        let (throttle, clock, _) = throttle();
        for _ in 0..limits::LOGINS_PER_MINUTE.get() {
            throttle.request(Costly::Login, HERE).unwrap();
        }
        assert!(
            matches!(throttle.request(Costly::Login, HERE), Err(Error::SlowDown(wait)) if wait <= Duration::from_secs(1))
        );
        assert!(throttle.request(Costly::Login, THERE).is_ok());
        clock.advance(Duration::from_secs(1));
        assert!(throttle.request(Costly::Login, HERE).is_ok());
    }
}
