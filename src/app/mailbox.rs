//! Mailboxes: opening one, looking up friends, leaving messages, fetching and deleting them.
//!
//! The server keeps text that it cannot read, from somebody who has shown their mailbox's password to somebody who will. Opening a
//! mailbox is in the audit trail; messages are not, as runs are not.

use super::stamps::{Stamp, Stamps};
use super::{App, AppError};
use crate::auth::{Costly, MailboxUser, Principal, RateOf, is_open};
use crate::clock::Clock;
use crate::config::{MailboxConfig, MailboxRegistration, limits};
use crate::domain::{
    AccountId, Actor, Error, Event, Load, MailText, Mailbox, MailboxAction, MailboxId, MailboxKeys, MailboxName,
    MailboxOutcome, Message, Network, NewMailbox, Outcome, UnixTime,
};
use crate::store::{StoreError, View};

/// What is kept about mailboxes in memory.
#[derive(Debug)]
pub(super) struct Mailboxes {
    config: MailboxConfig,
    sends: RateOf<MailboxId>,
    changes: RateOf<MailboxId>,
    stamps: Stamps,
}

/// Whoever may open a mailbox.
#[derive(Clone, Debug)]
struct Opener {
    account: Option<AccountId>,
    /// As the audit trail names the mailbox.
    about: String,
}

impl Mailboxes {
    pub(super) fn new(config: MailboxConfig, clock: Clock) -> Self {
        let sends = RateOf::per_minute(config.sends_per_minute, clock.clone());
        let changes = RateOf::per_minute(limits::CHANGES_PER_MINUTE, clock);
        Self { config, sends, changes, stamps: Stamps::default() }
    }

    fn most(&self) -> Load {
        Load { messages: self.config.messages, bytes: self.config.bytes }
    }
}

impl App {
    /// Does what is asked of a mailbox, if whoever asks may.
    pub(super) async fn mailbox(
        &self,
        from: Network,
        principal: &Principal,
        action: MailboxAction,
    ) -> Result<Outcome, Error> {
        let outcome = match action {
            MailboxAction::Open(new) => {
                let opener = self.opener(principal, &new.name)?;
                self.open_mailbox(from, opener, *new).await?
            }
            MailboxAction::Unclear(why) => {
                return Err(match principal.mailbox() {
                    Ok(_) => why,
                    Err(_) => self.may_open(principal).map_or_else(|no| no, |()| why),
                });
            }
            MailboxAction::Own => {
                let user = principal.mailbox()?;
                MailboxOutcome::Own(user.id, user.name.clone(), self.keys(user)?)
            }
            MailboxAction::SetInfo(info) => self.set_info(principal.mailbox()?, info).await?,
            MailboxAction::Find(name) => {
                principal.mailbox()?;
                self.find_friend(&name)?
            }
            MailboxAction::Read { before } => self.read_messages(principal.mailbox()?, before)?,
            MailboxAction::Send { to, contents } => self.send_message(principal.mailbox()?, to, contents).await?,
            MailboxAction::Delete { until } => self.delete_messages(principal.mailbox()?.id, until).await?,
        };
        Ok(Outcome::Mailbox(Box::new(outcome)))
    }

    fn may_open(&self, principal: &Principal) -> Result<(), Error> {
        match (principal.nobody(), self.0.mailboxes.config.registration) {
            (Ok(()), MailboxRegistration::Open) => Ok(()),
            _ => principal.member().map(drop),
        }
    }

    fn opener(&self, principal: &Principal, name: &MailboxName) -> Result<Opener, Error> {
        self.may_open(principal)?;
        let member = principal.member().ok();
        let about = match member {
            Some(member) => format!("mailbox {name} of {}", member.email),
            None => format!("mailbox {name} of a stranger"),
        };
        Ok(Opener { account: member.map(|member| member.id), about })
    }

    async fn open_mailbox(&self, from: Network, opener: Opener, new: NewMailbox) -> Result<MailboxOutcome, Error> {
        let rooms = &self.0.rooms;
        rooms.auth.throttle().request(Costly::Mailbox, from)?;
        let (most, account) = (self.0.mailboxes.config.strangers, opener.account);
        let name = new.name.clone();
        // Looked at before a hash is spent, and again when it counts.
        let has_room = move |view: &View<'_>| has_room(view, &name, account, most);
        rooms.store.read(|view| Ok(has_room(view))).map_err(AppError::from)??;
        let password = rooms.auth.passwords().hash(&new.password).await?;
        let (NewMailbox { name, keys, .. }, since) = (new, rooms.clock.now());
        let opened = rooms.store.write(move |change| {
            has_room(change)?;
            let id = change.new_mailbox_id()?;
            let (owner, networks) = (opener.account, vec![from]);
            change.put_mailbox(&Mailbox { id, name: name.clone(), owner, password, since, networks })?;
            change.put_mailbox_keys(id, &keys)?;
            change.append_audit_about(since, Actor::Owner, Event::MailboxOpened, Some(opener.about))?;
            Ok::<_, AppError>(MailboxOutcome::Opened(id, name, keys))
        });
        Ok(opened.await?)
    }

    fn keys(&self, user: &MailboxUser) -> Result<MailboxKeys, Error> {
        let keys = self.0.rooms.store.read(|view| view.mailbox_keys(user.id)).map_err(AppError::from)?;
        Ok(keys.unwrap_or_default())
    }

    async fn set_info(&self, user: &MailboxUser, info: MailText) -> Result<MailboxOutcome, Error> {
        self.0.mailboxes.changes.check(&user.id)?;
        let MailboxUser { id, name } = user.clone();
        let changed = self.0.rooms.store.write(move |change| {
            let keys = MailboxKeys { info, ..change.mailbox_keys(id)?.unwrap_or_default() };
            change.put_mailbox_keys(id, &keys)?;
            Ok::<_, AppError>(MailboxOutcome::Own(id, name, keys))
        });
        Ok(changed.await?)
    }

    /// Also of a mailbox that is closed: what it sent before can still be read with it.
    fn find_friend(&self, name: &MailboxName) -> Result<MailboxOutcome, Error> {
        let found = self.0.rooms.store.read(|view| {
            let Some(mailbox) = view.mailbox_of(name)? else { return Ok(None) };
            let keys = view.mailbox_keys(mailbox.id)?.unwrap_or_default();
            Ok(Some((mailbox, keys)))
        });
        let (mailbox, keys) = found.map_err(AppError::from)?.ok_or(Error::NotFound)?;
        Ok(MailboxOutcome::Friend(mailbox.id, mailbox.name, keys.public_key))
    }

    fn read_messages(&self, user: &MailboxUser, before: Option<u64>) -> Result<MailboxOutcome, Error> {
        let rooms = &self.0.rooms;
        // Before the snapshot: what is committed in between is no older than this.
        let query_time = self.0.mailboxes.stamps.query_time(rooms.clock.now());
        let read = rooms.store.read(|view| match before {
            None => unread(view, user.id, query_time),
            Some(_) => Ok((query_time, view.messages(user.id, before, limits::MESSAGES_PAGE)?)),
        });
        let (query_time, messages) = read.map_err(AppError::from)?;
        Ok(MailboxOutcome::Messages { to: user.name.clone(), query_time, messages })
    }

    async fn delete_messages(&self, id: MailboxId, until: UnixTime) -> Result<MailboxOutcome, Error> {
        let store = &self.0.rooms.store;
        // Clients ask every second, and mostly there is nothing that is old enough: that is not worth a commit.
        if !store.read(|view| view.has_message_before(id, until)).map_err(AppError::from)? {
            return Ok(MailboxOutcome::Deleted(0));
        }
        self.0.mailboxes.changes.check(&id)?;
        let deleted = store.write(move |change| change.remove_messages(id, until));
        Ok(MailboxOutcome::Deleted(deleted.await.map_err(AppError::from)?))
    }

    async fn send_message(
        &self,
        user: &MailboxUser,
        to: MailboxName,
        contents: MailText,
    ) -> Result<MailboxOutcome, Error> {
        let mailboxes = &self.0.mailboxes;
        if user.name == to {
            return Err(Error::Malformed("`recipient` is yourself: a message goes to somebody else".to_owned()));
        }
        mailboxes.sends.check(&user.id)?;
        let (stamps, most, from) = (mailboxes.stamps.clone(), mailboxes.most(), user.name.clone());
        let (clock, name, strangers) = (self.0.rooms.clock.clone(), to.clone(), mailboxes.config.registration);
        let sent = self.0.rooms.store.write(move |change| {
            let found = change.mailbox_of(&name)?.ok_or(Error::NotFound)?;
            if !is_open(change, &found, strangers)? {
                return Err(Error::NotFound.into());
            }
            let load = change.load(found.id)?.with(&contents, most);
            let load = load.map_err(|full| Error::Conflict(full.to_string()))?;
            // Stamped when no other message can come between, so that numbers and seconds are in one order.
            let stamp = stamps.stamp(clock.now());
            let message = Message { id: change.new_message_id()?, from, contents, sent_at: stamp.time };
            change.put_message(found.id, &message, load)?;
            Ok::<_, AppError>((message, stamp))
        });
        // The stamp is let go only now that the message can be read.
        let (message, stamp): (Message, Stamp) = sent.await?;
        drop(stamp);
        Ok(MailboxOutcome::Sent(to, message))
    }
}

/// What is shown to a client that asks for no page, and the second that it is told. Deployed clients know of no other page, and delete
/// everything older than that second. So if there is more than one page, they are shown what has waited longest, and told the second of
/// the first message that they are not shown. Only if all that they see is of that second, too, they are told the next one: of what they
/// see, something must go, or they would see it for ever.
fn unread(view: &View<'_>, id: MailboxId, query_time: UnixTime) -> Result<(UnixTime, Vec<Message>), StoreError> {
    let mut messages = view.oldest_messages(id, limits::MESSAGES_PAGE + 1)?;
    let withheld = messages.get(limits::MESSAGES_PAGE).map(|message| message.sent_at);
    messages.truncate(limits::MESSAGES_PAGE);
    let first = messages.iter().map(|message| message.sent_at).min().unwrap_or_default();
    let told = withheld.map_or(query_time, |withheld| withheld.max(UnixTime(first.0.saturating_add(1))));
    messages.reverse();
    Ok((told.min(query_time), messages))
}

/// Whether there is room for one mailbox more, of this name.
fn has_room(view: &View<'_>, name: &MailboxName, owner: Option<AccountId>, strangers: u64) -> Result<(), AppError> {
    if view.mailbox_of(name)?.is_some() {
        return Err(Error::Malformed("`username` is already in use".to_owned()).into());
    }
    match owner {
        Some(owner) if view.mailboxes_of(owner)? >= limits::MAILBOXES_PER_ACCOUNT => {
            let most = limits::MAILBOXES_PER_ACCOUNT;
            Err(Error::Conflict(format!("an account holds at most {most} mailboxes")).into())
        }
        None if view.strangers()? >= strangers => Err(Error::Overloaded(limits::STRANGERS_WAIT).into()),
        _ => Ok(()),
    }
}
