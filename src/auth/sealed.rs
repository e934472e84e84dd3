//! Users of the sealed channel: let in by a signature, and looked at again with every request of their session.

use super::{Auth, AuthError, Costly};
use crate::domain::{AccountId, Error, Network, SIGNATURE_BYTES, SealedEntry, SealedProof, SealedSession, UserName};
use crate::keys::{PublicKey, is_low_order};

/// Somebody who has shown that they hold a user's key. Made in this room alone, as a [`Principal`](super::Principal) is: who has one has
/// asked. It says what was true then; [`Auth::again`] says what is.
#[derive(Clone, Debug)]
#[expect(clippy::manual_non_exhaustive, reason = "no other room of this crate is to make one either")]
pub struct SealedUser {
    /// Whose workspace it is.
    pub name: UserName,
    /// As whom their scripts run: no two users have the same, and none that of an account.
    pub account: AccountId,
    /// Whether their key's entry allows commands of the machine itself.
    pub host_commands: bool,
    _shown: (),
}

impl Auth {
    /// Does the same work whatever is wrong, and only then says no: an unknown user's signature is compared with a key that nobody
    /// has, and a share of low order is refused last.
    pub(super) fn by_signature(&self, from: Network, proof: &SealedProof) -> Result<SealedUser, Error> {
        self.0.throttle.request(Costly::Login, from)?;
        let found = match UserName::parse(&proof.user) {
            Ok(user) => self.0.store.read(|view| view.sealed_entry(&user)).map_err(AuthError::from)?,
            Err(_) => None,
        };
        let key = PublicKey::of(found.as_ref().map_or(&self.0.stranger, |entry| &entry.key));
        let key = key.ok_or_else(|| Error::Ours("a stored public key cannot be used".to_owned()))?;
        let signature = proof.signature.as_deref().unwrap_or(&[0; SIGNATURE_BYTES]);
        let signed = key.has_signed(&proof.message(), signature);
        let secret = !is_low_order(&proof.share);
        found.filter(|_| signed && secret).map(admitted).ok_or(Error::Unauthorized)
    }

    /// A session is good for as long as its user has the key that began it.
    pub(super) fn by_session(&self, session: &SealedSession) -> Result<SealedUser, Error> {
        let found = self.0.store.read(|view| view.sealed_entry(&session.user)).map_err(AuthError::from)?;
        found.filter(|entry| entry.session() == *session).map(admitted).ok_or(Error::Unauthorized)
    }

    /// The user as the operator has them registered now, if they are the same. Much may have changed while they sent what they ask for.
    pub fn again(&self, user: &SealedUser) -> Result<SealedUser, Error> {
        let found = self.0.store.read(|view| view.sealed_entry(&user.name)).map_err(AuthError::from)?;
        found.filter(|entry| entry.account == user.account).map(admitted).ok_or(Error::Unauthorized)
    }
}

fn admitted(entry: SealedEntry) -> SealedUser {
    SealedUser { name: entry.user, account: entry.account, host_commands: entry.host_commands, _shown: () }
}
