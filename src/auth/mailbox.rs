//! Who holds a mailbox: its name and password, with every request.
//!
//! Owns: looking at them as `by_password` looks at an account's, under the same limits, at the same cost for a name that nobody has.
//! Not here: what is remembered of a password that was right (`remembered`).

use super::{Auth, AuthError, Costly};
use crate::config::MailboxRegistration;
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
        // One that is closed takes as long whatever password is shown.
        let known = |found: &Found| found.is_open && inner.remembered.knows(&proof, &found.mailbox.password);
        if let Some(found) = self.found(&shown.name)?.filter(known) {
            return found.user();
        }
        let _turn = inner.remembered.turn(&proof).await;
        let found = self.found(&shown.name)?;
        if let Some(found) = found.clone().filter(known) {
            return found.user();
        }
        let home = found.as_ref().is_some_and(|found| found.mailbox.networks.contains(&from));
        // The ladder first: a client with an old password, which goes on asking, is no reason to keep its neighbours out.
        let attempt = inner.throttle.attempt_at_mailbox(&shown.name, from, home)?;
        inner.throttle.request(Costly::MailboxLogin, from).inspect_err(|_| attempt.withdraw())?;
        let hash = found.as_ref().map_or(&inner.nobody.password, |found| &found.mailbox.password);
        let right = inner.passwords.verify(&shown.password, hash).await;
        if matches!(right, Err(Error::Overloaded(_))) {
            attempt.withdraw();
        }
        let (true, Some(found)) = (right?, found) else { return Err(Error::Unauthorized) };
        let user = found.user()?;
        let hash = self.shown(found.mailbox, shown, from).await?;
        inner.remembered.remember(proof, &hash);
        attempt.succeeded();
        Ok(user)
    }

    fn found(&self, name: &MailboxName) -> Result<Option<Found>, Error> {
        let strangers = self.0.strangers;
        let found = self.0.store.read(|view| {
            let Some(mailbox) = view.mailbox_of(name)? else { return Ok(None) };
            Ok(Some(Found { is_open: is_open(view, &mailbox, strangers)?, mailbox }))
        });
        Ok(found.map_err(AuthError::from)?)
    }

    /// Brings the hash of a password that was right to what hashes cost now, and remembers where it was shown. Says what the hash is;
    /// nothing is written of one that is another by now.
    async fn shown(&self, checked: Mailbox, shown: &MailboxCredential, from: Network) -> Result<PasswordHash, Error> {
        let is_up_to_date = self.0.passwords.is_up_to_date(&checked.password);
        if is_up_to_date && checked.networks.contains(&from) {
            return Ok(checked.password);
        }
        let password = match is_up_to_date {
            true => checked.password.clone(),
            false => self.0.passwords.hash(&shown.password).await?,
        };
        let hash = password.clone();
        let written = self.0.store.write(move |change| {
            let found = change.mailbox(checked.id)?;
            if let Some(mut mailbox) = found.filter(|mailbox| mailbox.password == checked.password) {
                mailbox.password = password;
                from.join(&mut mailbox.networks);
                change.put_mailbox(&mailbox)?;
            }
            Ok::<_, AuthError>(())
        });
        written.await?;
        Ok(hash)
    }
}

/// Whether anybody can use a mailbox, or write to it: one that an account holds is as open as that, and a stranger's as long as strangers
/// are let in.
pub fn is_open(view: &View<'_>, mailbox: &Mailbox, strangers: MailboxRegistration) -> Result<bool, StoreError> {
    match mailbox.owner {
        None => Ok(strangers == MailboxRegistration::Open),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Cost, Permits, Rates};
    use crate::clock::Clock;
    use crate::config::limits;
    use crate::domain::{Credential, Password, UnixTime};
    use crate::store::Store;
    use crate::vault::Vault;

    const HERE: Network = Network::V4([192, 0, 2, 1]);
    const THERE: Network = Network::V4([192, 0, 2, 2]);
    const ELSEWHERE: Network = Network::V4([192, 0, 2, 3]);

    /// A door-keeper who has just begun.
    fn auth(store: &Store, strangers: MailboxRegistration) -> Auth {
        let (clock, cost) = (Clock::manual(UnixTime(1_800_000_000)), Cost { memory_kib: 64, passes: 1 });
        Auth::new(
            store.clone(),
            Vault::in_memory().unwrap(),
            clock,
            cost,
            Rates::default(),
            strangers,
            Permits::new(&[9; 32]),
        )
        .unwrap()
    }

    /// A stranger's mailbox that was opened from [`HERE`], with the password "right".
    async fn store() -> Store {
        let store = Store::in_memory().unwrap();
        let password = Password::typed("right".to_owned()).unwrap();
        let password = auth(&store, MailboxRegistration::Open).passwords().hash(&password).await.unwrap();
        let name = MailboxName::parse("ada").unwrap();
        let (id, since, networks) = (MailboxId(1), UnixTime(0), vec![HERE]);
        let ada = Mailbox { id, name, owner: None, password, since, networks };
        store.write(move |change| change.put_mailbox(&ada)).await.unwrap();
        store
    }

    async fn ask(auth: &Auth, from: Network, password: &str) -> Result<(), Error> {
        let (name, password) = (MailboxName::parse("ada").unwrap(), Password::typed(password.to_owned()).unwrap());
        auth.admit(from, &Credential::Mailbox(MailboxCredential { name, password })).await.map(drop)
    }

    /// Where an owner is at home was kept in memory alone, so after a restart a hundred guesses from all over kept them out, too.
    #[tokio::test]
    async fn guesses_from_everywhere_do_not_keep_the_owner_out_after_a_restart() {
        let store = store().await;
        ask(&auth(&store, MailboxRegistration::Open), THERE, "right").await.unwrap();
        let auth = auth(&store, MailboxRegistration::Open);
        for number in 0..limits::FOREIGN_FAILURES {
            let [.., high, low] = number.to_be_bytes();
            let guess = ask(&auth, Network::V4([198, 51, high, low]), "wrong").await;
            assert!(matches!(guess, Err(Error::Unauthorized)), "{guess:?}");
        }
        assert!(matches!(ask(&auth, ELSEWHERE, "right").await, Err(Error::SlowDown(_))));
        ask(&auth, HERE, "right").await.unwrap();
        ask(&auth, THERE, "right").await.unwrap();
        let ada = store.read(|view| view.mailbox(MailboxId(1))).unwrap().unwrap();
        assert_eq!(ada.networks, [HERE, THERE]);
    }

    /// A password that was remembered was refused at once where the mailbox was closed, so its guessers knew that it was right.
    #[tokio::test]
    async fn a_closed_mailbox_looks_at_every_password_alike() {
        let store = store().await;
        let open = auth(&store, MailboxRegistration::Open);
        ask(&open, HERE, "right").await.unwrap();
        let ada = store.read(|view| view.mailbox(MailboxId(1))).unwrap().unwrap();
        let closed = auth(&store, MailboxRegistration::Closed);
        let proof = |auth: &Auth| {
            let (name, password) = (ada.name.clone(), Password::typed("right".to_owned()).unwrap());
            auth.0.remembered.proof(&MailboxCredential { name, password })
        };
        closed.0.remembered.remember(proof(&closed), &ada.password);
        // It is hashed each time, which a guesser may have done so often.
        for _ in 0..=limits::FREE_FAILURES {
            assert!(matches!(ask(&closed, HERE, "right").await, Err(Error::Unauthorized)));
        }
        assert!(matches!(ask(&closed, HERE, "right").await, Err(Error::SlowDown(_))));
    }
}
