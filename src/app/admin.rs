//! What the operator asks on the administrator's socket.

use super::accounts::{decide, view};
use super::metrics::InProgress;
use super::{App, AppError};
use crate::auth::seal_totp;
use crate::config::limits;
use crate::domain::{
    Account, Actor, AdminAction, Decision, Email, Error, Event, Link, LinkPurpose, LinkToken, Outcome, Standing,
    Status, TotpSecret,
};
use crate::store::Change;
use crate::vault::random;

impl App {
    pub(super) async fn administer(&self, action: AdminAction) -> Result<Outcome, Error> {
        match action {
            AdminAction::Users => self.users(),
            AdminAction::User(email) => self.user(&email),
            AdminAction::Decide(email, decision) => self.decide(email, decision).await,
            AdminAction::ResetTotp(email) => self.reset_totp(email).await,
            AdminAction::RevokeTokens(email) => self.revoke_tokens(email).await,
            AdminAction::Keys(action) => self.change_keys(action).await,
            AdminAction::Audit { from } => {
                let entries = self.0.rooms.store.read(|view| view.audit(from.max(1), limits::AUDIT_PAGE));
                Ok(Outcome::Audit(entries.map_err(AppError::from)?))
            }
            AdminAction::Status => self.status().await,
            AdminAction::Metrics => {
                let (running, waiting) = self.0.runs.count();
                let (sessions, _) = self.0.sessions.count();
                let counted = self.0.rooms.store.read(|view| Ok((view.mailboxes()?, view.messages_waiting()?)));
                let (mailboxes, messages) = counted.map_err(AppError::from)?;
                let now = InProgress { running, waiting, sessions, mailboxes, messages };
                Ok(Outcome::Metrics(self.0.metrics.text(&now)))
            }
        }
    }

    fn users(&self) -> Result<Outcome, Error> {
        let users = self.0.rooms.store.read(|all| {
            let accounts = all.accounts()?;
            accounts.iter().map(|account| Ok(view(account, all.tokens_of(account.id)?.len()))).collect()
        });
        Ok(Outcome::Users(users.map_err(AppError::from)?))
    }

    fn user(&self, email: &Email) -> Result<Outcome, Error> {
        let user = self.0.rooms.store.read(|all| {
            let Some(account) = all.account_of(email)? else { return Ok(None) };
            Ok(Some(view(&account, all.tokens_of(account.id)?.len())))
        });
        user.map_err(AppError::from)?.map(Outcome::User).ok_or(Error::NotFound)
    }

    async fn decide(&self, email: Email, decision: Decision) -> Result<Outcome, Error> {
        let rooms = &self.0.rooms;
        let (letters, now) = (self.letters(), rooms.clock.now());
        let decided = rooms.store.write(move |change| {
            let account = account_of(change, &email)?;
            Ok::<_, AppError>((account.id, decide(change, &letters, account, decision, Actor::Operator, now)?))
        });
        let (id, decided) = decided.await?;
        if decided.standing == Standing::Suspended {
            self.end_runs(id);
        }
        rooms.outbox.wake();
        Ok(Outcome::Decided(decided))
    }

    /// A new secret, which only a link to the owner's address shows. Whoever holds the old one has nothing.
    async fn reset_totp(&self, email: Email) -> Result<Outcome, Error> {
        let rooms = &self.0.rooms;
        let (letters, vault, now) = (self.letters(), rooms.vault.clone(), rooms.clock.now());
        let token = LinkToken::new(random().map_err(AppError::from)?);
        let reset = rooms.store.write(move |change| {
            let mut account = account_of(change, &email)?;
            account.totp = seal_totp(&vault, account.id, &TotpSecret::new(random()?))?;
            account.last_step = None;
            change.put_account(&account)?;
            change.remove_tokens_of(account.id)?;
            // An older link would show the new secret.
            change.remove_enrolment_links_of(account.id)?;
            let purpose = LinkPurpose::Enrol(account.id);
            change.put_link(&token.hash(), &Link { purpose, expires: now.plus(limits::LINK_LIFE) })?;
            change.append_audit(now, Actor::Operator, Event::TotpReset, Some(&email))?;
            letters.new_secret(change, &account, &token, now)?;
            Ok::<_, AppError>((account.id, view(&account, 0)))
        });
        let (id, user) = reset.await?;
        self.end_runs(id);
        rooms.outbox.wake();
        Ok(Outcome::User(user))
    }

    async fn revoke_tokens(&self, email: Email) -> Result<Outcome, Error> {
        let rooms = &self.0.rooms;
        let now = rooms.clock.now();
        let revoked = rooms.store.write(move |change| {
            let account = account_of(change, &email)?;
            if change.remove_tokens_of(account.id)? > 0 {
                change.append_audit(now, Actor::Operator, Event::TokensRevoked, Some(&email))?;
            }
            Ok::<_, AppError>((account.id, view(&account, 0)))
        });
        let (id, user) = revoked.await?;
        self.end_runs(id);
        Ok(Outcome::User(user))
    }

    async fn status(&self) -> Result<Outcome, Error> {
        let rooms = &self.0.rooms;
        let (accounts, mails) =
            rooms.store.read(|all| Ok((all.accounts()?, all.mail_count()?))).map_err(AppError::from)?;
        let count = |standing| accounts.iter().filter(|account| account.standing == standing).count();
        let (runs, runs_waiting) = self.0.runs.count();
        Ok(Outcome::Status(Status {
            version: env!("CARGO_PKG_VERSION"),
            uptime_seconds: rooms.clock.elapsed().as_secs(),
            accounts: Standing::ALL.into_iter().map(|standing| (standing.name(), count(standing))).collect(),
            runs,
            runs_waiting,
            sessions: self.0.sessions.count().0,
            mails_waiting: mails,
            launcher_pid: rooms.sandbox.launcher_pid().await.ok(),
            landlock: rooms.sandbox.landlock_abi().await.unwrap_or(0),
        }))
    }
}

fn account_of(change: &Change<'_>, email: &Email) -> Result<Account, AppError> {
    Ok(change.account_of(email)?.ok_or(Error::NotFound)?)
}
