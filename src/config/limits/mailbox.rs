//! The numbers of mailboxes.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{KIB, MIB};

/// Characters of a mailbox's name at least, as deployed clients have it.
pub const MAILBOX_NAME_CHARS_MIN: usize = 3;
/// Characters of a mailbox's name at most.
pub const MAILBOX_NAME_CHARS: usize = 32;
/// Characters of a key, of what a client keeps, and of a message, as deployed clients have it.
pub const MAILBOX_TEXT_CHARS: usize = 4096;
/// Bytes of a body that asks for a mailbox: three texts, each character an escaped pair of surrogates, and room for the rest.
pub const MAILBOX_BODY_BYTES: usize = 160 * KIB;
/// Messages in one answer, as deployed clients have it.
pub const MESSAGES_PAGE: usize = 100;
/// Messages that wait in one mailbox: some days of a chat whose owner is away.
pub const MESSAGES: u64 = 1000;
/// The most that an operator may set. Deleting looks at all messages of one mailbox, one after the other, while nobody else writes.
pub const MESSAGES_MAX: u64 = 100_000;
/// Bytes of the messages that wait in one mailbox: so many of the longest ones in ASCII.
pub const MAILBOX_BYTES: u64 = 4 * MIB as u64;
/// The most that an operator may set.
pub const MAILBOX_BYTES_MAX: u64 = 1 << 30;
/// Messages a minute from one mailbox: more than a person types, and each is a commit.
pub const SENDS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// Other changes a minute to one mailbox: deployed clients delete once a second what they have fetched.
pub const CHANGES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(240).unwrap();
/// Mailboxes an hour from one network: a class behind one address. Each costs a hash.
pub const MAILBOXES_PER_HOUR: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// Passwords of mailboxes a minute from one network that have to be hashed: about a fifth of one processor's time. A class that polls is
/// back within minutes of a restart. Log-ins of accounts have a rate of their own, for a client with an old password asks for ever.
pub const MAILBOX_LOGINS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// Mailboxes of one account: whoever has lost one's password has others left.
pub const MAILBOXES_PER_ACCOUNT: usize = 4;
/// Mailboxes of strangers, all together, where they are let in: full ones take 4 GiB of disk.
pub const STRANGERS: u64 = 1000;
/// When a stranger for whom there is no room is told to come back: not before an operator could have made some.
pub const STRANGERS_WAIT: Duration = Duration::from_secs(3600);
/// The most that an operator may set.
pub const STRANGERS_MAX: u64 = 1_000_000;
/// How long a mailbox's password that was right need not be hashed again. Clients ask every second; 200 of them cost a hash in some
/// seconds with this.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(900);
/// Passwords that are remembered. Each takes about 100 bytes.
pub const REMEMBERED: usize = 100_000;
/// How far the machine's clock may be set back without messages being dated back: what a correction by NTP takes back, not what an
/// operator mends.
pub const CLOCK_BACK: u64 = 60;

// The client's end, which takes the server for an enemy.

/// Bytes of an answer with messages: a hundred of 4096 characters, each escaped.
pub const MAILBOX_ANSWER_BYTES: usize = 4 * MIB;
/// Messages that are fetched at a time. Their contents take some tens of MiB.
pub const FETCHED_MESSAGES: usize = 10_000;
/// Senders of whom nothing was known whose keys are remembered in one reading. Each is a call and a commit to the disk.
pub const NEW_FRIENDS: usize = 100;
/// Bytes of the list of known keys: some tens of thousands of friends.
pub const KNOWN_KEYS_BYTES: u64 = 8 * MIB as u64;
