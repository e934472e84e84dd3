//! How many uploads and downloads are under way, how often tokens are used up, and which objects are being written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::auth::RateOf;
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::{Error, Network, UnixTime};

/// When whoever was sent away may try again.
const SOON: Duration = Duration::from_secs(1);

/// What is under way.
#[derive(Debug)]
pub(in crate::app) struct Streams {
    clock: Clock,
    uses: RateOf<Network>,
    under_way: Arc<Mutex<UnderWay>>,
}

#[derive(Debug, Default)]
struct UnderWay {
    /// When each began, by a number of its own.
    begun: BTreeMap<u64, UnixTime>,
    next: u64,
    networks: HashMap<Network, usize>,
    objects: HashSet<String>,
}

/// An upload or download. Dropped, it is over.
#[derive(Debug)]
pub(super) struct Stream {
    under_way: Arc<Mutex<UnderWay>>,
    number: u64,
    network: Network,
    object: Option<String>,
}

impl Streams {
    pub(in crate::app) fn new(uses_per_minute: NonZeroU32, clock: Clock) -> Self {
        Self { clock: clock.clone(), uses: RateOf::per_minute(uses_per_minute, clock), under_way: Arc::default() }
    }

    /// Counts one token that is about to be used up.
    pub(super) fn count(&self, from: Network) -> Result<(), Error> {
        self.uses.check(&from)
    }

    /// A place for one more.
    pub(super) fn begin(&self, from: Network) -> Result<Stream, Error> {
        let mut under_way = lock(&self.under_way);
        if under_way.begun.len() >= limits::PARCEL_STREAMS {
            return Err(Error::Overloaded(SOON));
        }
        let own = under_way.networks.entry(from).or_default();
        if *own >= limits::PARCEL_STREAMS_PER_NETWORK {
            return Err(Error::SlowDown(SOON));
        }
        *own += 1;
        let number = under_way.next;
        under_way.next = number.wrapping_add(1);
        under_way.begun.insert(number, self.clock.now());
        Ok(Stream { under_way: Arc::clone(&self.under_way), number, network: from, object: None })
    }

    /// What had ended by then is shown by nobody any more: neither by who comes now, nor by who came before and is still at it.
    pub(in crate::app) fn permits_over(&self) -> UnixTime {
        let now = self.clock.now();
        let oldest = lock(&self.under_way).begun.values().min().map_or(now, |begun| now.min(*begun));
        UnixTime(oldest.0.saturating_sub(limits::PERMIT_GRACE.as_secs()))
    }

    /// Whether somebody is about to write a record of this object.
    pub(super) fn is_writing(&self, object: &str) -> bool {
        lock(&self.under_way).objects.contains(object)
    }
}

impl Stream {
    /// The object that is being written: without a record it is nobody's yet, and not left over.
    pub(super) fn writes(&mut self, object: &str) {
        self.object = Some(object.to_owned());
        lock(&self.under_way).objects.insert(object.to_owned());
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut under_way = lock(&self.under_way);
        under_way.begun.remove(&self.number);
        if let Some(own) = under_way.networks.get_mut(&self.network) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                under_way.networks.remove(&self.network);
            }
        }
        if let Some(object) = &self.object {
            under_way.objects.remove(object);
        }
    }
}

fn lock(under_way: &Mutex<UnderWay>) -> MutexGuard<'_, UnderWay> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_under_way_and_all_together_so_many() {
        let streams = Streams::new(NonZeroU32::new(2).unwrap(), Clock::manual(UnixTime(0)));
        let network = |number: usize| Network::V4([192, 0, 2, u8::try_from(number).unwrap()]);
        let mut ours: Vec<_> =
            (0..limits::PARCEL_STREAMS_PER_NETWORK).map(|_| streams.begin(network(1)).unwrap()).collect();
        assert!(matches!(streams.begin(network(1)), Err(Error::SlowDown(_))));
        let others = limits::PARCEL_STREAMS - limits::PARCEL_STREAMS_PER_NETWORK;
        let theirs: Vec<_> = (0..others).map(|number| streams.begin(network(2 + number)).unwrap()).collect();
        assert!(matches!(streams.begin(network(200)), Err(Error::Overloaded(_))));
        ours[0].writes("x/1");
        assert!(streams.is_writing("x/1") && !streams.is_writing("x/2"));
        drop((ours, theirs));
        assert!(!streams.is_writing("x/1"));
        assert!(lock(&streams.under_way).networks.is_empty(), "a network without any is forgotten");
        streams.begin(network(1)).unwrap();
    }

    /// A token was forgotten when it had ended, and two uploads that had begun with it in time were both kept.
    #[test]
    fn permits_are_remembered_as_long_as_somebody_may_still_use_them() {
        let clock = Clock::manual(UnixTime(1000));
        let streams = Streams::new(NonZeroU32::new(2).unwrap(), clock.clone());
        let here = Network::V4([192, 0, 2, 1]);
        let grace = limits::PERMIT_GRACE.as_secs();
        assert_eq!(streams.permits_over(), UnixTime(1000 - grace));
        let first = streams.begin(here).unwrap();
        clock.advance(Duration::from_secs(3600));
        let second = streams.begin(here).unwrap();
        clock.advance(Duration::from_secs(3600));
        assert_eq!(streams.permits_over(), UnixTime(1000 - grace));
        drop(first);
        assert_eq!(streams.permits_over(), UnixTime(4600 - grace));
        drop(second);
        assert_eq!(streams.permits_over(), UnixTime(8200 - grace));
    }

    #[test]
    fn uses_have_a_rate() {
        let clock = Clock::manual(UnixTime(0));
        let streams = Streams::new(NonZeroU32::new(2).unwrap(), clock.clone());
        let here = Network::V4([192, 0, 2, 1]);
        streams.count(here).unwrap();
        streams.count(here).unwrap();
        assert!(matches!(streams.count(here), Err(Error::SlowDown(_))));
        clock.advance(Duration::from_secs(60));
        streams.count(here).unwrap();
    }
}
