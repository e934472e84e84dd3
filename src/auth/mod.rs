//! Who somebody is: a [`Credential`] goes in, a [`Principal`] comes out.
//!
//! Owns: passwords and their hashing (`password`), bearer tokens and links (`tokens`), mailboxes' passwords (`mailbox`,
//! `remembered`), signed permissions for parcels (`permits`), limits on guessing (`throttle`), and [`Principal`], which nobody
//! outside this room can make. Not here: what a principal may do (`app`).
//!
//! Every refusal is the same [`Error::Unauthorized`] after the same work: an unknown address costs the hash that a wrong
//! password costs.

mod mailbox;
mod password;
mod permits;
mod remembered;
mod sealed;
mod throttle;
mod tokens;

use std::sync::Arc;

use subtle::ConstantTimeEq;

use crate::clock::Clock;
use crate::config::MailboxRegistration;
use crate::domain::{
    Account, AccountId, BearerToken, Credential, Email, Error, LinkPurpose, LinkToken, Network, PasswordCredential,
    PasswordHash, Permission, SealedKey, Standing, TokenHash, TotpSecret, TotpStep, UnixTime,
};
use crate::keys::PrivateKey;
use crate::store::{Store, StoreError};
use crate::vault::{Vault, VaultError, random};

pub use mailbox::{MailboxUser, is_open};
pub use password::{Cost, Passwords};
pub use permits::{Permits, key_of, read_any_permit};
use remembered::Remembered;
pub use sealed::SealedUser;
pub(crate) use throttle::RateOf;
pub use throttle::{Costly, Rates, Throttle};

/// The room's own failures. All are ours: a stranger's mistakes are [`Error::Unauthorized`].
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be made or opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The password could not be hashed.
    #[error("hashing a password failed: {0}")]
    Hash(String),
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        Self::Ours(error.to_string())
    }
}

/// Somebody whose credential was good, and what for. Made by [`Auth::admit`] alone.
#[derive(Clone, Debug)]
pub struct Principal(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Nobody,
    Member(Member),
    Verification(TokenHash),
    Approval(TokenHash, AccountId),
    Mailbox(MailboxUser),
    Holder(Permission),
    Sealed(SealedUser),
    Operator,
}

/// The owner of an approved account.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account.
    pub id: AccountId,
    /// Its address.
    pub email: Email,
    /// The token that was shown, if it was one.
    pub token: Option<TokenHash>,
    /// The step whose code was used up just now, if it was a code.
    step: Option<TotpStep>,
}

impl Principal {
    /// The owner of an approved account, or nobody who may do this.
    pub fn member(&self) -> Result<&Member, Error> {
        match &self.0 {
            Kind::Member(member) => Ok(member),
            _ => Err(Error::Unauthorized),
        }
    }

    /// The link of a verification mail. It is looked at again in the transaction that uses it.
    pub fn verification(&self) -> Result<TokenHash, Error> {
        match &self.0 {
            Kind::Verification(link) => Ok(*link),
            _ => Err(Error::NotFound),
        }
    }

    /// The link of an approval mail and the account it is about.
    pub fn approval(&self) -> Result<(TokenHash, AccountId), Error> {
        match &self.0 {
            Kind::Approval(link, account) => Ok((*link, *account)),
            _ => Err(Error::NotFound),
        }
    }

    /// The owner of a mailbox.
    pub fn mailbox(&self) -> Result<&MailboxUser, Error> {
        match &self.0 {
            Kind::Mailbox(user) => Ok(user),
            _ => Err(Error::Unauthorized),
        }
    }

    /// Whoever may do one thing with parcels. That the permission has not been used is looked at in the transaction that uses it.
    pub fn holder(&self) -> Result<&Permission, Error> {
        match &self.0 {
            Kind::Holder(permission) => Ok(permission),
            _ => Err(Error::Unauthorized),
        }
    }

    /// A user of the sealed channel, or nobody who may do this.
    pub fn sealed(&self) -> Result<&SealedUser, Error> {
        match &self.0 {
            Kind::Sealed(user) => Ok(user),
            _ => Err(Error::Unauthorized),
        }
    }

    /// The operator.
    pub fn operator(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::Operator => Ok(()),
            _ => Err(Error::Unauthorized),
        }
    }

    /// Somebody who showed nothing.
    pub fn nobody(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::Nobody => Ok(()),
            _ => Err(Error::Unauthorized),
        }
    }
}

/// The door-keeper. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Auth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    vault: Vault,
    clock: Clock,
    passwords: Passwords,
    throttle: Throttle,
    /// Whether mailboxes are open that belong to no account.
    strangers: MailboxRegistration,
    remembered: Remembered,
    permits: Permits,
    /// What an unknown address is compared with, so that it costs what a known one costs.
    nobody: Account,
    /// What an unknown user of the sealed channel would have to have signed with. Nobody has its private half.
    stranger: SealedKey,
}

impl Auth {
    /// A door-keeper over this store.
    pub fn new(
        store: Store,
        vault: Vault,
        clock: Clock,
        cost: Cost,
        rates: Rates,
        strangers: MailboxRegistration,
        permits: Permits,
    ) -> Result<Self, AuthError> {
        let passwords = Passwords::new(cost);
        let nobody = Account {
            id: AccountId::LOCAL,
            email: Email::parse("nobody@localhost").map_err(|error| AuthError::Hash(error.to_string()))?,
            password: passwords.unmatched()?,
            totp: seal_totp(&vault, AccountId::LOCAL, &TotpSecret::new(random()?))?,
            last_step: None,
            standing: Standing::Denied,
            since: UnixTime(0),
            networks: vec![],
        };
        let throttle = Throttle::new(clock.clone(), rates);
        let remembered = Remembered::new(clock.clone())?;
        let stranger = PrivateKey::make()?.public().key();
        let inner =
            Inner { store, vault, clock, passwords, throttle, strangers, remembered, permits, stranger, nobody };
        Ok(Self(Arc::new(inner)))
    }

    /// What gives out permissions.
    pub fn permits(&self) -> &Permits {
        &self.0.permits
    }

    /// The passwords' room, for registration.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// The throttle, for registration.
    pub fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    /// Makes a principal of a credential, or says no.
    pub async fn admit(&self, from: Network, credential: &Credential) -> Result<Principal, Error> {
        let kind = match credential {
            Credential::Nobody => Kind::Nobody,
            Credential::Operator => Kind::Operator,
            Credential::Permit(shown) => {
                Kind::Holder(self.0.permits.verify(shown, self.0.clock.now()).ok_or(Error::Unauthorized)?)
            }
            Credential::Bearer(token) => Kind::Member(self.by_token(token)?),
            Credential::Password(credential) => Kind::Member(self.by_password(from, credential).await?),
            Credential::Mailbox(credential) => Kind::Mailbox(self.by_mailbox(from, credential).await?),
            Credential::Signed(proof) => Kind::Sealed(self.by_signature(from, proof)?),
            Credential::Sealed(session) => Kind::Sealed(self.by_session(session)?),
            Credential::Verification(token) => match self.link(token)? {
                LinkPurpose::Register(_) | LinkPurpose::Enrol(_) => Kind::Verification(token.hash()),
                LinkPurpose::Approve(_) => return Err(Error::NotFound),
            },
            Credential::Approval(token) => match self.link(token)? {
                LinkPurpose::Approve(account) => Kind::Approval(token.hash(), account),
                LinkPurpose::Register(_) | LinkPurpose::Enrol(_) => return Err(Error::NotFound),
            },
        };
        Ok(Principal(kind))
    }

    /// What a link is good for, if it is good for anything now.
    fn link(&self, token: &LinkToken) -> Result<LinkPurpose, Error> {
        let found = self.0.store.read(|view| {
            let Some(link) = view.link(&token.hash())? else { return Ok(None) };
            let used_up = match link.purpose {
                // The first code shows that the secret has arrived.
                LinkPurpose::Enrol(id) => view.account(id)?.is_none_or(|account| account.last_step.is_some()),
                LinkPurpose::Register(_) | LinkPurpose::Approve(_) => false,
            };
            Ok((!used_up).then_some(link))
        });
        let living = found.map_err(AuthError::from)?.filter(|link| link.expires > self.0.clock.now());
        living.map(|link| link.purpose).ok_or(Error::NotFound)
    }

    fn by_token(&self, token: &BearerToken) -> Result<Member, Error> {
        let hash = token.hash();
        let found = self.0.store.read(|view| {
            let record = view.token(&hash)?;
            let account = record.map(|record| view.account(record.account)).transpose()?.flatten();
            Ok(record.zip(account))
        });
        match found.map_err(AuthError::from)? {
            Some((record, account))
                if record.expires > self.0.clock.now() && account.standing == Standing::Approved =>
            {
                Ok(Member { id: account.id, email: account.email, token: Some(hash), step: None })
            }
            _ => Err(Error::Unauthorized),
        }
    }

    /// Looks at everything, whatever is wrong, and only then says no.
    async fn by_password(&self, from: Network, shown: &PasswordCredential) -> Result<Member, Error> {
        let inner = &self.0;
        inner.throttle.request(Costly::Login, from)?;
        let found = inner.store.read(|view| view.account_of(&shown.email)).map_err(AuthError::from)?;
        let account = found.as_ref().unwrap_or(&inner.nobody);
        let attempt = inner.throttle.attempt(&shown.email, from, account.networks.contains(&from))?;
        let right = inner.passwords.verify(&shown.password, &account.password).await;
        if matches!(right, Err(Error::Overloaded(_))) {
            attempt.withdraw();
        }
        let right = right?;
        let secret = open_totp(&inner.vault, account)?;
        let step = secret.step_of(&shown.code, inner.clock.now(), account.last_step);
        let approved = account.standing == Standing::Approved;
        let (Some(account), true, true, Some(step)) = (&found, right, approved, step) else {
            return Err(Error::Unauthorized);
        };
        let rehashed = match inner.passwords.is_up_to_date(&account.password) {
            true => None,
            false => Some(inner.passwords.hash(&shown.password).await?),
        };
        let member = self.take_step(account.clone(), step, from, rehashed).await?;
        attempt.succeeded();
        Ok(member)
    }

    /// Uses a code up. Of two requests with one code, one finds the step taken: it is compared in the transaction that sets
    /// it (RFC 6238, section 5.2). What was checked must still be so then: hashing takes long enough for the account to have got
    /// another secret meanwhile.
    async fn take_step(
        &self,
        checked: Account,
        step: TotpStep,
        from: Network,
        rehashed: Option<PasswordHash>,
    ) -> Result<Member, Error> {
        let taken = self.0.store.write(move |change| {
            let Some(mut account) = change.account(checked.id)? else { return Ok::<_, AuthError>(None) };
            let same = account.totp == checked.totp && account.password == checked.password;
            let fresh = account.last_step.is_none_or(|last| step > last);
            if !same || !fresh || account.standing != Standing::Approved {
                return Ok(None);
            }
            account.last_step = Some(step);
            account.password = rehashed.unwrap_or(account.password);
            from.join(&mut account.networks);
            change.put_account(&account)?;
            Ok(Some(Member { id: account.id, email: account.email, token: None, step: Some(step) }))
        });
        taken.await?.ok_or(Error::Unauthorized)
    }
}

/// Seals a TOTP secret for one account: in another's record it is nothing.
pub fn seal_totp(vault: &Vault, account: AccountId, secret: &TotpSecret) -> Result<Vec<u8>, VaultError> {
    vault.seal(&totp_purpose(account), secret.bytes())
}

/// Opens an account's TOTP secret.
pub fn open_totp(vault: &Vault, account: &Account) -> Result<TotpSecret, AuthError> {
    let opened = vault.unseal(&totp_purpose(account.id), &account.totp)?;
    let bytes = opened.expose().as_slice().try_into().map_err(|_| VaultError::Sealed)?;
    Ok(TotpSecret::new(bytes))
}

fn totp_purpose(account: AccountId) -> String {
    format!("totp of account {}", account.number())
}

/// Whether two hashes are the same, in a time that does not say where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Password, TotpCode};

    const HERE: Network = Network::V4([192, 0, 2, 1]);

    struct Gate {
        auth: Auth,
        account: Account,
        secret: TotpSecret,
    }

    /// A door-keeper over a store with Ada's approved account in it.
    async fn gate(store: &Store, vault: &Vault, cost: Cost) -> Gate {
        let clock = Clock::manual(UnixTime(1_800_000_000));
        let auth = Auth::new(
            store.clone(),
            vault.clone(),
            clock,
            cost,
            Rates::default(),
            MailboxRegistration::Open,
            Permits::new(&[9; 32]),
        )
        .unwrap();
        let password = auth.passwords().hash(&typed("correct horse")).await.unwrap();
        let (id, secret) = (AccountId::new(1), TotpSecret::new([7; 20]));
        let account = Account {
            id,
            email: Email::parse("ada@example.org").unwrap(),
            password,
            totp: seal_totp(vault, id, &secret).unwrap(),
            last_step: None,
            standing: Standing::Approved,
            since: UnixTime(0),
            networks: vec![],
        };
        Gate { auth, account, secret }
    }

    async fn put(store: &Store, account: &Account) {
        let account = account.clone();
        store.write(move |change| change.put_account(&account)).await.unwrap();
    }

    fn typed(text: &str) -> Password {
        Password::typed(text.to_owned()).unwrap()
    }

    fn shown(gate: &Gate) -> Credential {
        let code = TotpCode::parse(&gate.secret.code_at(UnixTime(1_800_000_000))).unwrap();
        let (email, password) = (gate.account.email.clone(), typed("correct horse"));
        Credential::Password(PasswordCredential { email, password, code })
    }

    /// Somebody who had lost their phone got a new secret while whoever had found it was waiting for their password to be hashed. The
    /// log-in went on with the old secret, and the owner's link to the new one counted as used.
    #[tokio::test]
    async fn what_was_checked_must_still_be_so_when_the_code_is_used_up() {
        let (store, vault) = (Store::in_memory().unwrap(), Vault::in_memory().unwrap());
        let gate = gate(&store, &vault, Cost { memory_kib: 64, passes: 1 }).await;
        let mut reset = gate.account.clone();
        reset.totp = seal_totp(&vault, reset.id, &TotpSecret::new([8; 20])).unwrap();
        put(&store, &reset).await;
        let taken = gate.auth.take_step(gate.account.clone(), TotpStep(60_000_000), HERE, None).await;
        assert!(matches!(taken, Err(Error::Unauthorized)));
        assert_eq!(store.read(|view| view.account(reset.id)).unwrap(), Some(reset));

        put(&store, &gate.account).await;
        let member = gate.auth.admit(HERE, &shown(&gate)).await.unwrap().member().unwrap().clone();
        put(&store, &gate.account).await;
        assert!(matches!(gate.auth.issue_token(&member).await, Err(Error::Unauthorized)));
    }

    #[tokio::test]
    async fn a_log_in_brings_the_hash_to_what_hashes_cost_now() {
        let (store, vault) = (Store::in_memory().unwrap(), Vault::in_memory().unwrap());
        let old = gate(&store, &vault, Cost { memory_kib: 64, passes: 1 }).await;
        put(&store, &old.account).await;
        let new = gate(&store, &vault, Cost { memory_kib: 128, passes: 2 }).await;
        new.auth.admit(HERE, &shown(&old)).await.unwrap().member().unwrap();
        let account = store.read(|view| view.account(old.account.id)).unwrap().unwrap();
        assert_eq!((account.password.memory_kib, account.password.passes), (128, 2));
        assert!(new.auth.passwords().verify(&typed("correct horse"), &account.password).await.unwrap());
    }
}
