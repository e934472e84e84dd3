//! Mailboxes: where messages wait that the server cannot read.
//!
//! Owns: names, the bounds on what lies in a mailbox, and everything that can be asked of one and answered. Keys and contents are
//! text from a client to a client: nobody here looks into them. Not here: whether a password is right (`auth`), and when what is
//! done is done (`app`).

use super::{AccountId, Error, Network, Password, PasswordHash, UnixTime};
use crate::config::limits;

/// A mailbox's number, from 1. It is never given to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxId(pub u64);

/// What a mailbox is called: 3 to 32 of `a-z A-Z 0-9 _ -`. Case counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxName(String);

/// Text that only clients understand, at most [`limits::MAILBOX_TEXT_CHARS`] characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailText(String);

/// Something that cannot be in a mailbox, or its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// Not a name.
    #[error(
        "a mailbox's name has {} to {} letters (a-z, A-Z), digits, '_' and '-'",
        limits::MAILBOX_NAME_CHARS_MIN,
        limits::MAILBOX_NAME_CHARS
    )]
    Name,
    /// Too much text.
    #[error("more than {} characters", limits::MAILBOX_TEXT_CHARS)]
    TooLong,
    /// A password that nobody could show afterwards.
    #[error(
        "a mailbox's password goes into a header field: it has 1 to {} bytes, no control characters, and no space at its ends",
        limits::PASSWORD_BYTES
    )]
    Password,
    /// A time that is none.
    #[error("must be a whole number of seconds since 1970")]
    Time,
    /// More messages than may wait, or more bytes of them.
    #[error(
        "the recipient's mailbox is full: it holds at most {0} messages and {1} bytes; nothing in it was lost, and there is room when its \
         owner has deleted some"
    )]
    Full(u64, u64),
}

impl MailboxName {
    /// Takes a name as it is written.
    pub fn parse(text: &str) -> Result<Self, MailboxError> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        match plain && (limits::MAILBOX_NAME_CHARS_MIN..=limits::MAILBOX_NAME_CHARS).contains(&text.len()) {
            true => Ok(Self(text.to_owned())),
            false => Err(MailboxError::Name),
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for MailboxName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl MailText {
    /// Takes text that is not too long. It may be empty.
    pub fn parse(text: impl Into<String>) -> Result<Self, MailboxError> {
        let text = text.into();
        match text.chars().nth(limits::MAILBOX_TEXT_CHARS) {
            None => Ok(Self(text)),
            Some(_) => Err(MailboxError::TooLong),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A mailbox, but what its owner keeps in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its number.
    pub id: MailboxId,
    /// What it is called, for ever.
    pub name: MailboxName,
    /// Whose account holds it. A stranger's has none.
    pub owner: Option<AccountId>,
    /// What is stored of its password.
    pub password: PasswordHash,
    /// When it was opened.
    pub since: UnixTime,
    /// Networks its password has been shown from, the latest last, at most [`limits::OWN_NETWORKS`].
    pub networks: Vec<Network>,
}

/// What the owner of a mailbox keeps in it for themselves and for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailboxKeys {
    /// For everybody who has a mailbox.
    pub public_key: MailText,
    /// For the owner, who has encrypted it.
    pub private_key: MailText,
    /// For the owner: whatever their client keeps.
    pub info: MailText,
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number, from 1, over all mailboxes: a later message has a higher one, and none is given again.
    pub id: u64,
    /// Who sent it.
    pub from: MailboxName,
    /// What only the recipient can read.
    pub contents: MailText,
    /// When it was stored, in whole seconds.
    pub sent_at: UnixTime,
}

/// How much waits in a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Messages.
    pub messages: u64,
    /// Bytes of their contents.
    pub bytes: u64,
}

impl Load {
    /// What it is with one message more, if there is room for it among `most`.
    pub fn with(self, contents: &MailText, most: Self) -> Result<Self, MailboxError> {
        let messages = self.messages.saturating_add(1);
        let bytes = self.bytes.saturating_add(contents.0.len() as u64);
        match messages <= most.messages && bytes <= most.bytes {
            true => Ok(Self { messages, bytes }),
            false => Err(MailboxError::Full(most.messages, most.bytes)),
        }
    }

    /// What it is without one of its messages.
    #[must_use]
    pub fn without(self, contents: &MailText) -> Self {
        let bytes = self.bytes.saturating_sub(contents.0.len() as u64);
        Self { messages: self.messages.saturating_sub(1), bytes }
    }
}

/// What the owner of a mailbox shows with every request.
#[derive(Clone, Debug)]
pub struct MailboxCredential {
    /// Whose mailbox.
    pub name: MailboxName,
    /// Its password.
    pub password: Password,
}

/// A mailbox that somebody asks for.
#[derive(Clone, Debug)]
pub struct NewMailbox {
    /// What it is to be called.
    pub name: MailboxName,
    /// The password of their choice; see [`mailbox_password`].
    pub password: Password,
    /// What is to be in it.
    pub keys: MailboxKeys,
}

/// Takes the password for a new mailbox: anything that a header field can carry. Deployed clients send a hash of what a person
/// typed, so it is not judged.
pub fn mailbox_password(text: String) -> Result<Password, MailboxError> {
    let carried = !text.is_empty() && text.trim_matches([' ', '\t']) == text && !text.chars().any(char::is_control);
    match Password::typed(text) {
        Ok(password) if carried => Ok(password),
        _ => Err(MailboxError::Password),
    }
}

/// Reads the time up to which messages are to be deleted. Whatever lies before 1970 is 1970, and there is no end too far away.
pub fn until(text: &str) -> Result<UnixTime, MailboxError> {
    let (digits, negative) = text.strip_prefix('-').map_or((text, false), |digits| (digits, true));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MailboxError::Time);
    }
    Ok(UnixTime(if negative { 0 } else { digits.parse().unwrap_or(u64::MAX) }))
}

/// Everything that can be asked of mailboxes.
#[derive(Clone, Debug)]
pub enum MailboxAction {
    /// Asks for a mailbox. An approved account; anybody, where the operator lets strangers in.
    Open(Box<NewMailbox>),
    /// Looks at one's own. Its owner.
    Own,
    /// Replaces what one's client keeps. Its owner.
    SetInfo(MailText),
    /// Looks up somebody's public key. Whoever has a mailbox.
    Find(MailboxName),
    /// Reads what waits, the newest first: what is below a message's number, if there is one, and otherwise what has waited longest.
    /// The owner.
    Read {
        /// All that is wanted has lower numbers.
        before: Option<u64>,
    },
    /// Leaves a message for somebody. Whoever has a mailbox, as often as the rate allows.
    Send {
        /// For whom.
        to: MailboxName,
        /// What only they can read.
        contents: MailText,
    },
    /// Deletes what was stored before a second. The owner.
    Delete {
        /// The first second whose messages stay.
        until: UnixTime,
    },
    /// Asks in a way that makes no sense, or for somebody whom there is not. Whoever may ask at all is told what is wrong;
    /// everybody else, as always, that they may not.
    Unclear(Error),
}

impl MailboxAction {
    /// What is asked, in one word, for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "mailbox_open",
            Self::Own => "mailbox_own",
            Self::SetInfo(_) => "mailbox_info",
            Self::Find(_) => "mailbox_find",
            Self::Read { .. } => "mailbox_read",
            Self::Send { .. } => "mailbox_send",
            Self::Delete { .. } => "mailbox_delete",
            Self::Unclear(_) => "mailbox_unclear",
        }
    }
}

/// What was done to a mailbox, or found in it.
#[derive(Clone, Debug)]
pub enum MailboxOutcome {
    /// It is there from now on.
    Opened(MailboxId, MailboxName, MailboxKeys),
    /// One's own.
    Own(MailboxId, MailboxName, MailboxKeys),
    /// Somebody's, as others see it.
    Friend(MailboxId, MailboxName, MailText),
    /// What waits, the newest first.
    Messages {
        /// Whose they are.
        to: MailboxName,
        /// What may be given to [`MailboxAction::Delete`]: nothing that was not there when this was read is older.
        query_time: UnixTime,
        /// At most [`limits::MESSAGES_PAGE`].
        messages: Vec<Message>,
    },
    /// It waits.
    Sent(MailboxName, Message),
    /// So many are gone.
    Deleted(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_the_deployed_clients_send() {
        for name in ["abc", "roysom", "inspector_gadget", "A-b_9", &"x".repeat(32)] {
            assert_eq!(MailboxName::parse(name).unwrap().as_str(), name);
        }
        for wrong in ["", "ab", &"x".repeat(33), "roysom!@?$", "a b c", "abc\n", "\u{e4}bc", "abc\0", "../abc", "a.b"] {
            assert_eq!(MailboxName::parse(wrong), Err(MailboxError::Name), "{wrong:?}");
        }
    }

    #[test]
    fn text_is_counted_in_characters_and_not_looked_at() {
        for text in ["", "\0\n", &"\u{1f40d}".repeat(limits::MAILBOX_TEXT_CHARS)] {
            assert_eq!(MailText::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(MailText::parse("x".repeat(limits::MAILBOX_TEXT_CHARS + 1)), Err(MailboxError::TooLong));
    }

    #[test]
    fn a_password_can_be_shown_again() {
        let taken = |text: &str| mailbox_password(text.to_owned()).is_ok();
        assert!(taken("a") && taken("two words") && taken("\u{e9}\u{4e2d}") && taken(&"x".repeat(1024)));
        for wrong in ["", " a", "a\t", "a\nb", "a\0", "a\u{7f}", &"x".repeat(1025)] {
            assert!(!taken(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_time_is_a_whole_number() {
        for (text, expected) in [("0", 0), ("-5", 0), ("1800000000", 1_800_000_000), (&"9".repeat(40), u64::MAX)] {
            assert_eq!(until(text), Ok(UnixTime(expected)));
        }
        for wrong in ["", "-", "soon", "1.5", "1e3", "0x10", " 1", "1 ", "+1", "--1", "\u{661}", "NaN"] {
            assert_eq!(until(wrong), Err(MailboxError::Time), "{wrong:?}");
        }
    }

    #[test]
    fn a_full_mailbox_takes_nothing_more() {
        let (most, four) = (Load { messages: 2, bytes: 10 }, MailText::parse("four").unwrap());
        let one = Load::default().with(&four, most).unwrap();
        let two = one.with(&four, most).unwrap();
        assert_eq!(two, Load { messages: 2, bytes: 8 });
        assert_eq!(two.with(&MailText::default(), most), Err(MailboxError::Full(2, 10)));
        assert_eq!(one.with(&MailText::parse("sevenxx").unwrap(), most), Err(MailboxError::Full(2, 10)));
        assert_eq!(two.without(&four), one);
    }
}
