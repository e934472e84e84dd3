//! What an operator may set about mailboxes: the table `[mailbox]`.

use std::num::NonZeroU32;

use serde::Deserialize;

use super::{ConfigError, limits, within, wrong};

/// Who may have a mailbox, and how much may be in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxConfig {
    /// Who may open one.
    pub registration: MailboxRegistration,
    /// Messages that wait in one.
    pub messages: u64,
    /// Bytes of their contents.
    pub bytes: u64,
    /// Messages a minute from one.
    pub sends_per_minute: NonZeroU32,
    /// Mailboxes an hour from one network.
    pub registrations_per_hour: NonZeroU32,
    /// Passwords a minute from one network that are not remembered.
    pub logins_per_minute: NonZeroU32,
    /// Mailboxes that belong to no account, where strangers may open some.
    pub strangers: u64,
}

/// Who may open a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailboxRegistration {
    /// Approved accounts.
    #[default]
    Closed,
    /// Anybody.
    Open,
}

/// The table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Mailbox {
    registration: MailboxRegistration,
    messages: Option<u64>,
    kib: Option<u64>,
    sends_per_minute: Option<NonZeroU32>,
    registrations_per_hour: Option<NonZeroU32>,
    logins_per_minute: Option<NonZeroU32>,
    strangers: Option<u64>,
}

impl Mailbox {
    pub(super) fn config(&self) -> Result<MailboxConfig, ConfigError> {
        // One of the longest messages must fit.
        let (least, most) = (limits::MAILBOX_TEXT_CHARS.div_ceil(256) as u64, limits::MAILBOX_BYTES_MAX >> 10);
        let config = MailboxConfig {
            registration: self.registration,
            messages: within("mailbox.messages", self.messages.unwrap_or(limits::MESSAGES), 1, limits::MESSAGES_MAX)?,
            bytes: within("mailbox.kib", self.kib.unwrap_or(limits::MAILBOX_BYTES >> 10), least, most)? << 10,
            sends_per_minute: self.sends_per_minute.unwrap_or(limits::SENDS_PER_MINUTE),
            registrations_per_hour: self.registrations_per_hour.unwrap_or(limits::MAILBOXES_PER_HOUR),
            logins_per_minute: self.logins_per_minute.unwrap_or(limits::MAILBOX_LOGINS_PER_MINUTE),
            strangers: self.strangers.unwrap_or(limits::STRANGERS).min(limits::STRANGERS_MAX),
        };
        match (self.strangers, self.registration) {
            (Some(strangers), _) if strangers > limits::STRANGERS_MAX => {
                Err(wrong("mailbox.strangers", format!("is {strangers}: it must be at most {}", limits::STRANGERS_MAX)))
            }
            (Some(_), MailboxRegistration::Closed) => {
                Err(wrong("mailbox.strangers", "goes with mailbox.registration = \"open\": without it there are none"))
            }
            _ => Ok(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn strangers_are_let_in_by_the_operator_alone() {
        let default = Config::default().mailbox;
        assert_eq!((default.registration, default.messages), (MailboxRegistration::Closed, limits::MESSAGES));
        let text = "[mailbox]\nregistration = \"open\"\nmessages = 5\nkib = 16\nsends_per_minute = 1\nstrangers = 2";
        let set = Config::parse(text).unwrap().mailbox;
        assert_eq!(
            (set.registration, set.messages, set.bytes, set.strangers),
            (MailboxRegistration::Open, 5, 16 << 10, 2)
        );
        for (text, named) in [
            ("registration = \"ajar\"", "expected `closed` or `open`"),
            ("registrations = \"open\"", "registrations"),
            ("messages = 0", "mailbox.messages is 0: it must be between 1 and 100000"),
            ("kib = 15", "mailbox.kib is 15: it must be between 16 and"),
            ("sends_per_minute = 0", "sends_per_minute"),
            ("strangers = 5", "mailbox.registration = \"open\""),
            ("registration = \"open\"\nstrangers = 1000001", "mailbox.strangers is 1000001"),
        ] {
            let error = Config::parse(&format!("[mailbox]\n{text}")).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
