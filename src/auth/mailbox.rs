//! Who holds a mailbox: its name and password, with every request.
//!
//! Owns: looking at them as `by_password` looks at an account's, under the same limits, at the same cost for a name that nobody has.
//! Not here: what is remembered of a password that was right (`remembered`).

use super::{Auth, AuthError, Costly};
use crate::domain::{Error, Mailbox, MailboxCredential, MailboxId, MailboxName, Network, PasswordHash, Standing};
use crate::store::{StoreError, View};

/// The owner of a mailbox that is open.
#[derive(Clone, Debug)]
pub struct MailboxUser {
    /// The mailbox.
    pub id: MailboxId,
    /// What it is called.
    pub name: MailboxName,
}

impl Auth {
    /// Looks at everything, whatever is wrong, and only then says no; unless the same was right a moment ago.
    pub(super) async fn by_mailbox(&self, from: Network, shown: &MailboxCredential) -> Result<MailboxUser, Error> {
        let inner = &self.0;
        let proof = inner.remembered.proof(shown);
        let known =
            |found: Option<Found>| found.filter(|found| inner.remembered.knows(&proof, &found.mailbox.password));
        if let Some(found) = known(self.found(&shown.name)?) {
            return found.user();
        }
        let _turn = inner.remembered.turn(&proof).await;
        let found = self.found(&shown.name)?;
        if let Some(found) = known(found.clone()) {
            return found.user();
        }
        inner.throttle.request(Costly::Login, from)?;
        let home = found.as_ref().is_some_and(|found| inner.remembered.is_home(found.mailbox.id, from));
        let attempt = inner.throttle.attempt_at_mailbox(&shown.name, from, home)?;
        let hash = found.as_ref().map_or(&inner.nobody.password, |found| &found.mailbox.password);
        let right = inner.passwords.verify(&shown.password, hash).await;
        if matches!(right, Err(Error::Overloaded(_))) {
            attempt.withdraw();
        }
        let (true, Some(found)) = (right?, found) else { return Err(Error::Unauthorized) };
        let user = found.user()?;
        let hash = match inner.passwords.is_up_to_date(&found.mailbox.password) {
            true => found.mailbox.password,
            false => self.rehash(found.mailbox, shown).await?,
        };
        inner.remembered.remember(proof, &hash);
        inner.remembered.is_home_from_now(user.id, from);
        attempt.succeeded();
        Ok(user)
    }

    fn found(&self, name: &MailboxName) -> Result<Option<Found>, Error> {
        let found = self.0.store.read(|view| {
            let Some(mailbox) = view.mailbox_of(name)? else { return Ok(None) };
            Ok(Some(Found { is_open: is_open(view, &mailbox)?, mailbox }))
        });
        Ok(found.map_err(AuthError::from)?)
    }

    /// Brings a hash to what hashes cost now, unless it is another one by now.
    async fn rehash(&self, checked: Mailbox, shown: &MailboxCredential) -> Result<PasswordHash, Error> {
        let password = self.0.passwords.hash(&shown.password).await?;
        let hash = password.clone();
        let written = self.0.store.write(move |change| {
            if change.mailbox(checked.id)?.is_some_and(|mailbox| mailbox == checked) {
                change.put_mailbox(&Mailbox { password, ..checked })?;
            }
            Ok::<_, AuthError>(())
        });
        written.await?;
        Ok(hash)
    }
}

/// Whether anybody can use a mailbox, or write to it: one that an account holds is as open as that.
pub fn is_open(view: &View<'_>, mailbox: &Mailbox) -> Result<bool, StoreError> {
    match mailbox.owner {
        None => Ok(true),
        Some(owner) => Ok(view.account(owner)?.is_some_and(|account| account.standing == Standing::Approved)),
    }
}

#[derive(Clone)]
struct Found {
    mailbox: Mailbox,
    is_open: bool,
}

impl Found {
    fn user(&self) -> Result<MailboxUser, Error> {
        match self.is_open {
            true => Ok(MailboxUser { id: self.mailbox.id, name: self.mailbox.name.clone() }),
            false => Err(Error::Unauthorized),
        }
    }
}
