//! Registration, verification, approval, log-in, log-out.
//!
//! Registering an address that is known does what registering a new one does, write for write: a link that has expired
//! already, and a letter that is never sent. Neither the answer nor its time tells them apart.

use super::letters::Letters;
use super::{App, AppError};
use crate::auth::{Costly, Member, open_totp, seal_totp};
use crate::config::limits;
use crate::domain::{
    Account, AccountId, Actor, Decision, Email, Enrolment, Error, Event, Link, LinkPurpose, LinkToken, Network,
    Outcome, Password, Registration, Standing, TokenHash, TotpSecret, UnixTime, UserView,
};
use crate::store::Change;
use crate::vault::{Vault, random};

impl App {
    pub(super) async fn register(&self, from: Network, email: Email, password: Password) -> Result<Outcome, Error> {
        let rooms = &self.0.rooms;
        rooms.auth.throttle().request(Costly::Registration, from)?;
        let waiting = rooms.store.read(|view| view.registrations()).map_err(AppError::from)?;
        if waiting >= limits::REGISTRATIONS as u64 {
            return Err(Error::Overloaded(limits::LINK_LIFE));
        }
        let password = rooms.auth.passwords().hash(&password).await?;
        let token = LinkToken::new(random().map_err(AppError::from)?);
        let (letters, now) = (self.letters(), rooms.clock.now());
        let stored = rooms.store.write(move |change| {
            let known = change.account_of(&email)?.is_some()
                || change.registration(&email)?.is_some_and(|waiting| waiting.expires > now);
            let expires = now.plus(limits::LINK_LIFE);
            if !known {
                change.put_registration(&Registration { email: email.clone(), password, expires })?;
            }
            let expires = if known { now } else { expires };
            change.put_link(&token.hash(), &Link { purpose: LinkPurpose::Register(email.clone()), expires })?;
            letters.verification(change, email, &token, known, now)
        });
        stored.await?;
        rooms.outbox.wake();
        Ok(Outcome::Registered)
    }

    /// Makes the account, or shows its secret again until the first code has been taken.
    pub(super) async fn verify(&self, link: TokenHash) -> Result<Outcome, Error> {
        let rooms = &self.0.rooms;
        let (letters, vault, now) = (self.letters(), rooms.vault.clone(), rooms.clock.now());
        let enrolment = rooms.store.write(move |change| {
            let living = change.link(&link)?.filter(|link| link.expires > now).ok_or(Error::NotFound)?;
            let account = match living.purpose {
                LinkPurpose::Register(email) => {
                    let account = open_account(change, &vault, &email, now)?;
                    let purpose = LinkPurpose::Enrol(account.id);
                    change.put_link(&link, &Link { purpose, expires: living.expires })?;
                    letters.approval(change, &account, now)?;
                    account
                }
                LinkPurpose::Enrol(id) => {
                    change.account(id)?.filter(|account| account.last_step.is_none()).ok_or(Error::NotFound)?
                }
                LinkPurpose::Approve(_) => return Err(Error::NotFound.into()),
            };
            enrolment(&vault, account)
        });
        let enrolment = enrolment.await?;
        rooms.outbox.wake();
        Ok(Outcome::Enrolment(enrolment))
    }

    pub(super) fn view_approval(&self, account: AccountId) -> Result<Outcome, Error> {
        let account = self.0.rooms.store.read(|view| view.account(account)).map_err(AppError::from)?;
        let waiting = account.filter(|account| account.standing == Standing::Verified).ok_or(Error::NotFound)?;
        Ok(Outcome::Approval(view(&waiting, 0)))
    }

    /// Decides once about an account that waits. The link is good for nothing else, and for nothing afterwards.
    pub(super) async fn decide_by_link(
        &self,
        link: TokenHash,
        account: AccountId,
        decision: Decision,
    ) -> Result<Outcome, Error> {
        if !matches!(decision, Decision::Approve | Decision::Deny) {
            return Err(Error::Malformed("the decision must be \"approve\" or \"deny\"".to_owned()));
        }
        let rooms = &self.0.rooms;
        let (letters, now) = (self.letters(), rooms.clock.now());
        let decided = rooms.store.write(move |change| {
            change.link(&link)?.filter(|link| link.expires > now).ok_or(Error::NotFound)?;
            let waiting = change.account(account)?.filter(|account| account.standing == Standing::Verified);
            let decided =
                decide(change, &letters, waiting.ok_or(Error::NotFound)?, decision, Actor::ApprovalLink, now)?;
            change.remove_link(&link)?;
            Ok::<_, AppError>(decided)
        });
        let decided = decided.await?;
        rooms.outbox.wake();
        Ok(Outcome::Decided(decided))
    }

    pub(super) async fn login(&self, member: &Member) -> Result<Outcome, Error> {
        // A token does not make another: stolen, it would live for ever.
        if member.token.is_some() {
            return Err(Error::Unauthorized);
        }
        let token = self.0.rooms.auth.issue_token(member).await?;
        Ok(Outcome::LoggedIn(token, limits::TOKEN_LIFE))
    }

    pub(super) async fn logout(&self, member: &Member) -> Result<Outcome, Error> {
        let token = member.token.ok_or(Error::Unauthorized)?;
        self.0.rooms.auth.end_token(member, token).await?;
        Ok(Outcome::LoggedOut)
    }

    pub(super) fn letters(&self) -> Letters {
        Letters::new(self.0.rooms.outbox.clone(), &self.0.settings)
    }
}

/// Makes an account of a registration that is still good.
fn open_account(change: &mut Change<'_>, vault: &Vault, email: &Email, now: UnixTime) -> Result<Account, AppError> {
    let registration = change.registration(email)?.filter(|registration| registration.expires > now);
    let registration = registration.ok_or(Error::NotFound)?;
    let id = change.new_account_id()?;
    let account = Account {
        id,
        email: registration.email,
        password: registration.password,
        totp: seal_totp(vault, id, &TotpSecret::new(random()?))?,
        last_step: None,
        standing: Standing::Verified,
        since: now,
        networks: vec![],
    };
    change.put_account(&account)?;
    change.remove_registration(email)?;
    change.append_audit(now, Actor::Owner, Event::Verified, Some(email))?;
    Ok(account)
}

fn enrolment(vault: &Vault, account: Account) -> Result<Enrolment, AppError> {
    let secret = open_totp(vault, &account)?;
    Ok(Enrolment { uri: secret.uri(&account.email), secret: secret.base32(), email: account.email })
}

/// Takes a decision: the new standing, the line in the trail, and the mail to whom it concerns. One that changes nothing
/// leaves nothing behind.
pub(super) fn decide(
    change: &mut Change<'_>,
    letters: &Letters,
    mut account: Account,
    decision: Decision,
    who: Actor,
    now: UnixTime,
) -> Result<UserView, AppError> {
    let after = account.standing.after(decision).map_err(|error| Error::Conflict(error.to_string()))?;
    if after != account.standing {
        account.standing = after;
        change.put_account(&account)?;
        let event = match decision {
            Decision::Approve => Event::Approved,
            Decision::Deny => Event::Denied,
            Decision::Suspend => Event::Suspended,
            Decision::Restore => Event::Restored,
        };
        change.append_audit(now, who, event, Some(&account.email))?;
        if decision == Decision::Suspend {
            change.remove_tokens_of(account.id)?;
        }
        if decision == Decision::Approve {
            letters.approved(change, &account, now)?;
        }
    }
    let tokens = change.tokens_of(account.id)?.len();
    Ok(view(&account, tokens))
}

/// An account as an administrator sees it.
pub(super) fn view(account: &Account, tokens: usize) -> UserView {
    UserView {
        email: account.email.clone(),
        standing: account.standing,
        since: account.since,
        enrolled: account.last_step.is_some(),
        tokens,
    }
}
