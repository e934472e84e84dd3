//! Room in the server's memory for whole working directories that come back.
//!
//! Owns: how many come at once, of all accounts and of one. A run has its place from the first piece of its directory until whoever
//! opened it has put that where it belongs. Not here: what comes (`returned`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::limits;
use crate::domain::AccountId;

/// All places.
#[derive(Debug)]
pub(super) struct Rooms {
    all: Arc<Semaphore>,
    own: Mutex<HashMap<AccountId, Weak<Semaphore>>>,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(limits::DIRECTORIES_RETURNED)), own: Mutex::default() }
    }
}

impl Rooms {
    /// Room for a run of this account that will return its directory.
    pub(super) fn room(&self, account: AccountId) -> Room {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|_, places| places.strong_count() > 0);
        let places = own.get(&account).and_then(Weak::upgrade).unwrap_or_else(|| Arc::new(Semaphore::new(1)));
        own.insert(account, Arc::downgrade(&places));
        // Its own first: whoever waits for themselves takes nobody else's place.
        Room { wanted: vec![places, Arc::clone(&self.all)], places: vec![] }
    }
}

/// Room for one run. The default is that of a run that needs none.
#[derive(Debug, Default)]
pub(super) struct Room {
    wanted: Vec<Arc<Semaphore>>,
    places: Vec<OwnedSemaphorePermit>,
}

impl Room {
    /// Waits until there is a place.
    pub(super) async fn enter(&mut self) {
        for places in std::mem::take(&mut self.wanted) {
            self.places.extend(places.acquire_owned().await);
        }
    }

    /// Whether it has one.
    pub(super) fn has_place(&self) -> bool {
        !self.places.is_empty()
    }
}
