//! What is sent when, how often, and when it is given up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::task::{Id, JoinError, JoinSet};

use super::MailError;
use super::letter::{Letter, Stored};
use super::transport::{Failure, Transport};
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::{Email, UnixTime};
use crate::store::{Change, MailId, Store, StoredMail};
use crate::telemetry::warn_sparingly;
use crate::vault::Vault;

/// The letters that wait, and who sends them. Clones share it.
#[derive(Clone)]
pub struct Outbox(Arc<Parts>);

struct Parts {
    store: Store,
    vault: Vault,
    clock: Clock,
    transport: Transport,
    from: Email,
    bell: Notify,
    /// Whoever holds it sends: two at a time would send everything twice.
    turn: Mutex<()>,
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outbox({:?})", self.0.transport)
    }
}

impl Outbox {
    /// Nothing is sent before [`run`](Self::run) or [`deliver_due`](Self::deliver_due). `from` is who all letters come from.
    pub fn new(store: Store, vault: Vault, clock: Clock, transport: Transport, from: Email) -> Self {
        let (bell, turn) = (Notify::new(), Mutex::new(()));
        Self(Arc::new(Parts { store, vault, clock, transport, from, bell, turn }))
    }

    /// Stores a letter in the transaction of what it is about. [`MailError::Full`] if too many wait. Call [`wake`](Self::wake) after
    /// the commit.
    pub fn put(&self, change: &mut Change<'_>, letter: &Letter) -> Result<(), MailError> {
        if change.mail_count()? >= limits::LETTERS {
            return Err(MailError::Full);
        }
        let (now, sealed) = (self.0.clock.now(), letter.seal(&self.0.vault)?);
        change.put_mail(&StoredMail { sealed, created: now, next_try: now, attempts: 0, expires: letter.expires })?;
        Ok(())
    }

    /// Tells [`run`](Self::run) that there is a new letter.
    pub fn wake(&self) {
        self.0.bell.notify_one();
    }

    /// Sends letters as they come, and again when they fail. It ends when it is dropped: a letter that is on its way then may be
    /// sent again.
    pub async fn run(self) {
        loop {
            let pause = match self.deliver_due().await {
                Ok(next) => next.map(|then| self.0.clock.now().until(then)),
                Err(error) => {
                    warn_sparingly!("waiting mail cannot be read or changed: {error}");
                    Some(limits::MAIL_RETRY_FIRST)
                }
            };
            tokio::select! {
                () = self.0.bell.notified() => {}
                () = tokio::time::sleep(pause.unwrap_or(Duration::MAX)) => {}
            }
        }
    }

    /// Sends all that is due, the longest due first, a few at a time, and what becomes due meanwhile. Returns when the next letter is
    /// due, nothing if none waits. Errors are the database's; a letter that cannot be sent is none.
    pub async fn deliver_due(&self) -> Result<Option<UnixTime>, MailError> {
        let _turn = self.0.turn.lock().await;
        let mut round = Round::default();
        loop {
            let next = self.begin(&mut round)?;
            if round.under_way.is_empty() {
                return Ok(next);
            }
            tokio::select! {
                Some(ended) = round.tasks.join_next_with_id() => self.settle(&mut round, ended).await?,
                () = self.0.bell.notified() => {}
            }
        }
    }

    /// Begins with as many due letters as there is room for. Returns when the first of the others is due.
    fn begin(&self, round: &mut Round) -> Result<Option<UnixTime>, MailError> {
        let waiting = self.0.store.read(|view| view.mails(2 * limits::SMTP_SESSIONS))?;
        let now = self.0.clock.now();
        for (id, mail) in waiting {
            if round.under_way.values().any(|(other, _)| *other == id) {
                continue;
            }
            if mail.next_try > now || round.under_way.len() >= limits::SMTP_SESSIONS {
                return Ok(Some(mail.next_try));
            }
            let task = round.tasks.spawn(Arc::clone(&self.0).attempt(id, mail.clone()));
            round.under_way.insert(task.id(), (id, mail));
        }
        Ok(None)
    }

    /// Removes a letter that is done with, or puts it off.
    async fn settle(&self, round: &mut Round, ended: Ended) -> Result<(), MailError> {
        let (task, result) = match ended {
            Ok((task, result)) => (task, result),
            Err(error) => (error.id(), Err(Failure::Lost)),
        };
        let Some((id, mail)) = round.under_way.remove(&task) else { return Ok(()) };
        let later = result.err().and_then(|failure| self.after(id, mail, &failure));
        self.0
            .store
            .write(move |change| match later {
                None => change.remove_mail(id),
                Some(mail) => change.set_mail(id, &mail),
            })
            .await?;
        Ok(())
    }

    /// What becomes of a letter that could not be sent; nothing if it is given up.
    fn after(&self, id: MailId, mail: StoredMail, failure: &Failure) -> Option<StoredMail> {
        if failure.is_final() {
            warn_sparingly!("letter {} is given up: {failure}", id.0);
            return None;
        }
        let attempts = mail.attempts.saturating_add(1);
        warn_sparingly!("letter {} waits after attempt {attempts}: {failure}", id.0);
        let now = self.0.clock.now();
        let next_try = now.plus(pause(mail.attempts, now.until(mail.expires))).min(mail.expires);
        Some(StoredMail { next_try, attempts, ..mail })
    }
}

type Ended = Result<(Id, Result<(), Failure>), JoinError>;

/// Letters that are on their way.
#[derive(Default)]
struct Round {
    tasks: JoinSet<Result<(), Failure>>,
    under_way: HashMap<Id, (MailId, StoredMail)>,
}

impl Parts {
    async fn attempt(self: Arc<Self>, id: MailId, mail: StoredMail) -> Result<(), Failure> {
        if self.clock.now() >= mail.expires {
            return Err(Failure::Expired);
        }
        let letter = Stored::unseal(&self.vault, &mail.sealed)?;
        let is_decoy = letter.is_decoy();
        let parcel = letter.compose(id, &self.from, mail.created).ok_or(Failure::Unwritable)?;
        if is_decoy { Ok(()) } else { self.transport.send(parcel).await }
    }
}

/// How long a letter waits after it has failed: twice as long each time, and never longer than a quarter of the time it has left, so
/// that a link that lives ten minutes gets some tries after its mail server has come back.
fn pause(attempts: u32, left: Duration) -> Duration {
    let doubled = limits::MAIL_RETRY_FIRST.saturating_mul(2_u32.saturating_pow(attempts));
    doubled.min(limits::MAIL_RETRY_LAST).min(left / 4).max(limits::MAIL_RETRY_FIRST)
}
