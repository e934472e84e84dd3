//! How much may run at once: limits of each account, and one bounded queue for all. Runs have one of these, live sessions another.
//!
//! Owns: who gets a place to run, and ending an account's runs when it is suspended. Not here: the run itself (`sandbox`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use crate::auth::RateOf;
use crate::clock::Clock;
use crate::config::RunLimits;
use crate::domain::{AccountId, Error};

/// Who runs and who waits. Clones count the same.
#[derive(Clone, Debug)]
pub(super) struct Runs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: RunLimits,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    rate: RateOf<AccountId>,
    accounts: Mutex<HashMap<AccountId, Busy>>,
}

/// An account with at least one run.
#[derive(Debug)]
struct Busy {
    runs: usize,
    end: watch::Sender<()>,
}

impl Runs {
    pub(super) fn new(limits: RunLimits, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            places: Arc::new(Semaphore::new(limits.concurrent)),
            waiting: AtomicUsize::new(0),
            rate: RateOf::per_minute(limits.per_minute, clock),
            accounts: Mutex::default(),
            limits,
        }))
    }

    /// Whether one more may wait at all.
    pub(super) fn has_room(&self) -> Result<(), Error> {
        let Inner { places, waiting, limits, .. } = &*self.0;
        match places.available_permits() > 0 || waiting.load(Ordering::Relaxed) < limits.waiting {
            true => Ok(()),
            false => Err(Error::Overloaded(limits.wait)),
        }
    }

    /// Runs in progress, and runs that wait.
    pub(super) fn count(&self) -> (usize, usize) {
        let running = self.0.limits.concurrent.saturating_sub(self.0.places.available_permits());
        (running, self.0.waiting.load(Ordering::Relaxed))
    }

    /// A place for one run of this account, once there is one.
    pub(super) async fn enter(&self, account: AccountId) -> Result<Run, Error> {
        let member = self.count_in(account)?;
        self.0.rate.check(&account)?;
        let permit = match Arc::clone(&self.0.places).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.wait().await?,
        };
        Ok(Run { member, _permit: permit })
    }

    async fn wait(&self) -> Result<OwnedSemaphorePermit, Error> {
        let _waiting = Waiting::begin(&self.0)?;
        match timeout(self.0.limits.wait, Arc::clone(&self.0.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Error::Overloaded(self.0.limits.wait)),
        }
    }

    /// Ends all runs of an account, and those that wait.
    pub(super) fn end(&self, account: AccountId) {
        if let Some(busy) = self.0.accounts().get(&account) {
            busy.end.send_replace(());
        }
    }

    fn count_in(&self, account: AccountId) -> Result<Counted, Error> {
        let mut accounts = self.0.accounts();
        let busy = accounts.entry(account).or_insert_with(|| Busy { runs: 0, end: watch::channel(()).0 });
        if busy.runs >= self.0.limits.concurrent_per_account {
            return Err(Error::SlowDown(Duration::from_secs(1)));
        }
        busy.runs += 1;
        Ok(Counted { runs: self.clone(), account, end: AccountEnd(busy.end.subscribe()) })
    }
}

impl Inner {
    fn accounts(&self) -> MutexGuard<'_, HashMap<AccountId, Busy>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place to run. Dropping it gives it to the next.
#[derive(Debug)]
pub(super) struct Run {
    member: Counted,
    _permit: OwnedSemaphorePermit,
}

impl Run {
    /// Returns when the account is to be ended.
    pub(super) async fn ended(&mut self) {
        self.member.end.come().await;
    }

    /// The same for somebody else to wait for.
    pub(super) fn end(&self) -> AccountEnd {
        self.member.end.clone()
    }
}

/// That an account's runs are to be ended, for whoever must know although they wait for something else.
#[derive(Clone, Debug)]
pub(crate) struct AccountEnd(watch::Receiver<()>);

impl AccountEnd {
    /// Returns when it is so. Never, if the run is over before.
    pub(crate) async fn come(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[derive(Debug)]
struct Counted {
    runs: Runs,
    account: AccountId,
    end: AccountEnd,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut accounts = self.runs.0.accounts();
        if let Some(busy) = accounts.get_mut(&self.account) {
            busy.runs -= 1;
            if busy.runs == 0 {
                accounts.remove(&self.account);
            }
        }
    }
}

struct Waiting<'a>(&'a Inner);

impl<'a> Waiting<'a> {
    fn begin(runs: &'a Inner) -> Result<Self, Error> {
        let waiting = Self(runs);
        match runs.waiting.fetch_add(1, Ordering::Relaxed) < runs.limits.waiting {
            true => Ok(waiting),
            false => Err(Error::Overloaded(runs.limits.wait)),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
