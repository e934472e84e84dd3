//! Who has how much of the house: connections, and bodies and answers in memory, by network and all together.
//!
//! Owns: the counts and their bounds. A place that was given is given back when what holds it is dropped. Not here: who waits
//! for a place (nobody; a caller is sent away).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Settings;
use crate::config::limits;
use crate::domain::{Error, Network};

/// When whoever was sent away may try again.
const SOON: Duration = Duration::from_secs(1);

/// The counts. Clones count the same.
#[derive(Clone, Debug)]
pub(crate) struct Networks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connections_each: usize,
    bytes_each: usize,
    bytes_all: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    /// Those that hold something, and no others.
    networks: HashMap<Network, Share>,
}

#[derive(Debug, Default)]
struct Share {
    connections: usize,
    bytes: usize,
}

/// A connection of a network.
#[derive(Debug)]
pub(crate) struct Connected {
    networks: Networks,
    network: Network,
}

/// Memory for a body, or for an answer.
#[derive(Debug)]
pub(crate) struct Room {
    networks: Networks,
    network: Network,
    bytes: usize,
}

impl Networks {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self(Arc::new(Inner {
            connections_each: settings.connections_per_network,
            bytes_each: settings.bodies_per_network,
            bytes_all: settings.bodies,
            held: Mutex::default(),
        }))
    }

    /// The counts for answers that have not been fetched yet.
    pub(crate) fn of_answers() -> Self {
        Self::new(&Settings {
            bodies: limits::ANSWERS_BYTES,
            bodies_per_network: limits::ANSWERS_NETWORK_BYTES,
            ..Settings::default()
        })
    }

    /// A place for one more connection, unless the network has as many as it may.
    pub(crate) fn connect(&self, network: Network) -> Option<Connected> {
        let mut held = self.held();
        let share = held.networks.entry(network).or_default();
        if share.connections >= self.0.connections_each {
            return None;
        }
        share.connections += 1;
        Some(Connected { networks: self.clone(), network })
    }

    /// No memory yet, for a body that is about to come.
    pub(crate) fn room(&self, network: Network) -> Room {
        Room { networks: self.clone(), network, bytes: 0 }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// Makes room for this many bytes altogether.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Error> {
        let more = bytes.saturating_sub(self.bytes);
        let mut held = self.networks.held();
        let all = held.bytes.saturating_add(more);
        let kept = if bytes > limits::BODY_BYTES { limits::SMALL_BODIES_BYTES } else { 0 };
        if all > self.networks.0.bytes_all.saturating_sub(kept) {
            return Err(Error::Overloaded(SOON));
        }
        let share = held.networks.entry(self.network).or_default();
        let own = share.bytes.saturating_add(more);
        if own > self.networks.0.bytes_each {
            held.forget_idle(self.network);
            return Err(Error::SlowDown(SOON));
        }
        share.bytes = own;
        held.bytes = all;
        drop(held);
        self.bytes = self.bytes.saturating_add(more);
        Ok(())
    }
}

impl Held {
    fn forget_idle(&mut self, network: Network) {
        if self.networks.get(&network).is_some_and(|share| share.connections == 0 && share.bytes == 0) {
            self.networks.remove(&network);
        }
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        let mut held = self.networks.held();
        if let Some(share) = held.networks.get_mut(&self.network) {
            share.connections = share.connections.saturating_sub(1);
        }
        held.forget_idle(self.network);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut held = self.networks.held();
        held.bytes = held.bytes.saturating_sub(self.bytes);
        if let Some(share) = held.networks.get_mut(&self.network) {
            share.bytes = share.bytes.saturating_sub(self.bytes);
        }
        held.forget_idle(self.network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Network = Network::V4([192, 0, 2, 1]);
    const THERE: Network = Network::V4([192, 0, 2, 2]);

    fn networks() -> Networks {
        Networks::new(&Settings {
            connections_per_network: 2,
            bodies: 100,
            bodies_per_network: 60,
            ..Settings::default()
        })
    }

    #[test]
    fn a_network_has_so_many_connections_and_gets_them_back() {
        let networks = networks();
        let first = networks.connect(HERE);
        let second = networks.connect(HERE);
        assert!(first.is_some() && second.is_some() && networks.connect(HERE).is_none());
        assert!(networks.connect(THERE).is_some());
        drop(first);
        assert!(networks.connect(HERE).is_some());
        drop(second);
        assert!(networks.held().networks.is_empty(), "a network that holds nothing is forgotten");
    }

    #[test]
    fn bodies_are_bounded_for_each_and_for_all() {
        let networks = networks();
        let (mut ours, mut more, mut theirs) = (networks.room(HERE), networks.room(HERE), networks.room(THERE));
        ours.grow_to(50).unwrap();
        ours.grow_to(40).unwrap();
        assert!(matches!(more.grow_to(11), Err(Error::SlowDown(_))));
        assert!(matches!(theirs.grow_to(51), Err(Error::Overloaded(_))));
        theirs.grow_to(50).unwrap();
        drop(ours);
        more.grow_to(50).unwrap();
        drop((more, theirs));
        assert!(networks.held().networks.is_empty() && networks.held().bytes == 0);
    }
}
