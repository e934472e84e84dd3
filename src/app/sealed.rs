//! Who may use the sealed channel: registering and removing users, and the beginning and end of their sessions.
//!
//! Not here: the sessions themselves, which are the door's.

use tokio::sync::watch;

use super::{App, AppError};
use crate::auth::{Principal, SealedUser};
use crate::clock::Clock;
use crate::domain::{
    Actor, Credential, Error, Event, KeyAction, Network, Outcome, SealedEntry, SealedSession, UnixTime,
};
use crate::keys::PublicKey;
use crate::store::{Change, Store};

impl App {
    /// Who a session of the sealed channel stands for, if they are still registered with the key that began it.
    pub async fn sealed_user(&self, from: Network, session: &SealedSession) -> Result<SealedUser, Error> {
        let principal = self.0.rooms.auth.admit(from, &Credential::Sealed(session.clone())).await?;
        principal.sealed().cloned()
    }

    /// Tells whenever a user has been removed.
    pub fn removals(&self) -> watch::Receiver<()> {
        self.0.removals.subscribe()
    }

    /// A session begins, for whom is not shown yet: a signature can be sent by whoever has seen it.
    pub(super) fn enter(&self, principal: &Principal, shown: &Credential) -> Result<Outcome, Error> {
        let (user, Credential::Signed(_)) = (principal.sealed()?, shown) else {
            return Err(Error::Unauthorized);
        };
        let entry = self.0.rooms.store.read(|view| view.sealed_entry(&user.name)).map_err(AppError::from)?;
        let entry = entry.filter(|entry| entry.account == user.account).ok_or(Error::Unauthorized)?;
        Ok(Outcome::Entered(entry.session()))
    }

    /// A session has shown that its user is there: a line in the audit trail, if they have not been removed meanwhile.
    pub(super) async fn confirm(&self, user: &SealedUser) -> Result<Outcome, Error> {
        let (now, user) = (self.0.rooms.clock.now(), user.clone());
        let confirmed = self.0.rooms.store.write(move |change| {
            let entry = change.sealed_entry(&user.name)?.filter(|entry| entry.account == user.account);
            let entry = entry.ok_or(Error::Unauthorized)?;
            append(change, now, Actor::Owner, Event::LoggedIn, &entry)?;
            Ok::<_, AppError>(entry.session())
        });
        Ok(Outcome::Entered(confirmed.await?))
    }

    /// A session ends as its user wishes.
    pub(super) async fn leave(&self, user: &SealedUser) -> Result<Outcome, Error> {
        let (now, about) = (self.0.rooms.clock.now(), user.name.as_str().to_owned());
        let left = self.0.rooms.store.write(move |change| {
            Ok::<_, AppError>(change.append_audit_about(now, Actor::Owner, Event::LoggedOut, Some(about))?)
        });
        left.await?;
        Ok(Outcome::LoggedOut)
    }

    /// What the operator wants done, and the end of what a removed user runs.
    pub(super) async fn change_keys(&self, action: KeyAction) -> Result<Outcome, Error> {
        let removes = matches!(action, KeyAction::Remove(_));
        let outcome = keys(&self.0.rooms.store, &self.0.rooms.clock, action).await?;
        if let (true, Outcome::Keys(entries)) = (removes, &outcome) {
            entries.iter().for_each(|entry| self.end_runs(entry.account));
            self.0.removals.send_replace(());
        }
        Ok(outcome)
    }
}

/// Looks at or changes who may use the sealed channel; also where no server runs.
pub async fn keys(store: &Store, clock: &Clock, action: KeyAction) -> Result<Outcome, Error> {
    let now = clock.now();
    let entries = match action {
        KeyAction::List => store.read(|view| view.sealed_entries()).map_err(AppError::from)?,
        KeyAction::Add { user, key, host_commands } => {
            if PublicKey::of(&key).is_none() {
                return Err(Error::Malformed("this is not a public key of Ed448, or one of low order".to_owned()));
            }
            let added = store.write(move |change| {
                if change.sealed_entry(&user)?.is_some() {
                    let taken = format!("{} has a key already: remove it first", user.as_str());
                    return Err(AppError::from(Error::Conflict(taken)));
                }
                let account = change.new_account_id()?;
                let entry = SealedEntry { user, account, key, host_commands, since: now };
                change.put_sealed_entry(&entry)?;
                let event = if host_commands { Event::HostKeyAdded } else { Event::KeyAdded };
                append(change, now, Actor::Operator, event, &entry)?;
                Ok(entry)
            });
            vec![added.await?]
        }
        KeyAction::Remove(user) => {
            let removed = store.write(move |change| {
                let entry = change.remove_sealed_entry(&user)?.ok_or(Error::NotFound)?;
                append(change, now, Actor::Operator, Event::KeyRemoved, &entry)?;
                Ok::<_, AppError>(entry)
            });
            vec![removed.await?]
        }
    };
    Ok(Outcome::Keys(entries))
}

fn append(
    change: &mut Change<'_>,
    now: UnixTime,
    who: Actor,
    what: Event,
    entry: &SealedEntry,
) -> Result<(), AppError> {
    Ok(change.append_audit_about(now, who, what, Some(entry.user.as_str().to_owned()))?)
}
