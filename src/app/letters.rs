//! What is written to people, word for word.

use super::{AppError, Settings};
use crate::config::limits;
use crate::domain::{Account, Email, Link, LinkPurpose, LinkToken, UnixTime};
use crate::mail::{Letter, Outbox};
use crate::store::Change;
use crate::vault::random;

/// Writes letters and puts them into the outbox, inside somebody's transaction.
pub(super) struct Letters {
    outbox: Outbox,
    url: String,
    administrator: Option<Email>,
}

impl Letters {
    pub(super) fn new(outbox: Outbox, settings: &Settings) -> Self {
        Self { outbox, url: settings.url.clone(), administrator: settings.administrator.clone() }
    }

    /// The link that verifies an address. A decoy is stored and never sent.
    pub(super) fn verification(
        &self,
        change: &mut Change<'_>,
        to: Email,
        token: &LinkToken,
        decoy: bool,
        now: UnixTime,
    ) -> Result<(), AppError> {
        let text = format!(
            "Somebody, probably you, has asked for an account of Cloud Python at {url}\nwith this address.\n\n\
             If it was you, open this link within {minutes} minutes:\n\n{url}/verify/{token}\n\n\
             If it was not you, do nothing: without the link nothing happens.\n",
            url = self.url,
            minutes = limits::LINK_LIFE.as_secs() / 60,
            token = token.text().expose(),
        );
        let expires = now.plus(limits::LINK_LIFE);
        self.put(change, Letter { to, subject: "Confirm your address".to_owned(), text, expires, decoy })
    }

    /// Asks the administrator about an account that waits. Gives no command to paste: an address may hold what a shell would run.
    pub(super) fn approval(&self, change: &mut Change<'_>, account: &Account, now: UnixTime) -> Result<(), AppError> {
        let Some(administrator) = self.administrator.clone() else { return Ok(()) };
        let token = LinkToken::new(random()?);
        let expires = now.plus(limits::APPROVAL_LIFE);
        change.put_link(&token.hash(), &Link { purpose: LinkPurpose::Approve(account.id), expires })?;
        let text = format!(
            "{email} has verified their address and asks for an account of\nCloud Python at {url}.\n\n\
             Approve or deny it here within {days} days:\n\n{url}/approve/{token}\n\n\
             If you do nothing, the account goes on waiting.\n",
            email = account.email,
            url = self.url,
            days = limits::APPROVAL_LIFE.as_secs() / (24 * 3600),
            token = token.text().expose(),
        );
        let subject = format!("{} asks for an account", account.email);
        self.put(change, Letter { to: administrator, subject, text, expires, decoy: false })
    }

    /// Tells somebody that they may come in.
    pub(super) fn approved(&self, change: &mut Change<'_>, account: &Account, now: UnixTime) -> Result<(), AppError> {
        let text = format!("Your account of Cloud Python at {} has been approved.\nYou can log in now.\n", self.url);
        let (to, expires) = (account.email.clone(), now.plus(limits::APPROVAL_LIFE));
        self.put(
            change,
            Letter { to, subject: "Your account has been approved".to_owned(), text, expires, decoy: false },
        )
    }

    /// The link to a new TOTP secret.
    pub(super) fn new_secret(
        &self,
        change: &mut Change<'_>,
        account: &Account,
        token: &LinkToken,
        now: UnixTime,
    ) -> Result<(), AppError> {
        let text = format!(
            "The administrator of Cloud Python at {url}\nhas given your account a new secret for your authenticator app. The old one\n\
             has ended, and so have all sessions.\n\nOpen this link within {minutes} minutes to set up your app:\n\n\
             {url}/verify/{token}\n",
            url = self.url,
            minutes = limits::LINK_LIFE.as_secs() / 60,
            token = token.text().expose(),
        );
        let (to, expires) = (account.email.clone(), now.plus(limits::LINK_LIFE));
        self.put(
            change,
            Letter { to, subject: "Set up your authenticator app anew".to_owned(), text, expires, decoy: false },
        )
    }

    fn put(&self, change: &mut Change<'_>, letter: Letter) -> Result<(), AppError> {
        Ok(self.outbox.put(change, &letter)?)
    }
}
