//! `cloud-python client mailbox ...`: messages that only two people can read.
//!
//! The password is the mailbox's own. It never leaves this machine: what the server is shown is worked out of it, and so is what the
//! private key is sealed with. Two servers are shown the same for the same name and password.

use std::collections::HashMap;
use std::io::{BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::{Arguments as At, CommandError, ask, waited};
use crate::cli::dates::rfc3339;
use crate::cli::files::FilesError;
use crate::cli::{FAILED, complain};
use crate::client::{
    Acquaintance, Client, ClientError, Endpoint, Inbox, KnownKeys, Mailbox, Opened, PublicKey, SealError, TEXT_BYTES,
    Waiting, terminal,
};
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::{BearerToken, MailboxName, Password};

/// Exit code when somebody's key is not the one that it was.
pub(super) const KEY_CHANGED: u8 = 3;

/// What can be typed after `cloud-python client mailbox`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The mailbox's password never leaves this machine, but what is made of it is the same on every server: give no two \
        servers the same name and password, for whoever runs one could then fetch and delete what waits on the other (not read it).\n\n\
        Exit codes: 0 done, 1 failed, or not everything could be read, 2 wrong usage, 3 somebody's key is not the one that it was, \
        130 interrupted"
)]
pub(super) struct Arguments {
    /// Read the mailbox's password from a file, - for standard input (for programs; it is asked for otherwise)
    #[arg(long, global = true, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open a mailbox, with a new pair of keys; needs a session unless the server lets strangers in
    Register {
        /// What it is to be called: 3 to 32 letters, digits, _ and -
        #[arg(value_name = "MAILBOX", value_parser = MailboxName::parse)]
        mailbox: MailboxName,
    },
    /// Write to somebody
    Send {
        /// Your mailbox
        #[arg(value_name = "MAILBOX", value_parser = MailboxName::parse)]
        mailbox: MailboxName,
        /// Whose mailbox gets it
        #[arg(value_name = "FRIEND", value_parser = MailboxName::parse)]
        friend: MailboxName,
        /// What to write, or - for standard input
        #[arg(value_name = "FILE", default_value = "-")]
        file: PathBuf,
    },
    /// Read what waits, the oldest first
    Read {
        /// Your mailbox
        #[arg(value_name = "MAILBOX", value_parser = MailboxName::parse)]
        mailbox: MailboxName,
        /// Delete it on the server afterwards, with what nobody can ever read, unless some of it may be read another time
        #[arg(long)]
        delete: bool,
        /// One JSON object a line, for programs
        #[arg(long)]
        json: bool,
    },
    /// Show the fingerprint of your own key, for friends to compare with what they see
    Fingerprint {
        /// Your mailbox
        #[arg(value_name = "MAILBOX", value_parser = MailboxName::parse)]
        mailbox: MailboxName,
    },
    /// Accept the key that somebody has now, if it is the one whose fingerprint they have told you
    Trust {
        /// Your mailbox
        #[arg(value_name = "MAILBOX", value_parser = MailboxName::parse)]
        mailbox: MailboxName,
        /// Whose key
        #[arg(value_name = "FRIEND", value_parser = MailboxName::parse)]
        friend: MailboxName,
        /// Its fingerprint, told by its owner and not by the server: 32 hexadecimal digits, spaces as you like
        #[arg(value_name = "FINGERPRINT", required = true, num_args = 1..)]
        fingerprint: Vec<String>,
    },
}

impl Arguments {
    pub(super) async fn run(&self, at: &At) -> Result<u8, CommandError> {
        let (endpoint, token) = place(at)?;
        let client = at.client(&endpoint)?;
        match &self.command {
            Command::Register { mailbox } => self.register(&client, token.as_ref(), mailbox).await,
            Command::Send { mailbox, friend, file } => {
                if [self.password_file.as_deref(), Some(file)] == [Some(Path::new("-")); 2] {
                    return Err(CommandError::Usage("password and message cannot both come from standard input"));
                }
                let desk = self.desk(&client, &endpoint, mailbox)?;
                desk.send(friend, file).await
            }
            Command::Read { mailbox, delete, json } => {
                let desk = self.desk(&client, &endpoint, mailbox)?;
                desk.read(*delete, *json).await
            }
            Command::Fingerprint { mailbox } => {
                let desk = self.desk(&client, &endpoint, mailbox)?;
                let identity = waited(desk.mailbox.identity()).await?;
                println!("{}", identity.public().fingerprint());
                Ok(0)
            }
            Command::Trust { mailbox, friend, fingerprint } => {
                let fingerprint = digits(&fingerprint.concat()).to_ascii_lowercase();
                if fingerprint.len() != 32 || !fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(CommandError::Usage("a fingerprint has 32 hexadecimal digits"));
                }
                let desk = self.desk(&client, &endpoint, mailbox)?;
                desk.trust(friend, &fingerprint).await
            }
        }
    }

    async fn register(
        &self,
        client: &Client,
        token: Option<&BearerToken>,
        name: &MailboxName,
    ) -> Result<u8, CommandError> {
        let password = Password::chosen(ask::new_password(self.password_file.as_deref())?)?;
        let mailbox = Mailbox::new(client, name.clone(), &password)?;
        let identity = waited(mailbox.register(token)).await?;
        println!("The mailbox {name} is open. The fingerprint of its key: {}", identity.public().fingerprint());
        Ok(0)
    }

    fn desk<'a>(
        &self,
        client: &'a Client,
        endpoint: &Endpoint,
        mailbox: &MailboxName,
    ) -> Result<Desk<'a>, CommandError> {
        let password = Password::typed(ask::password(self.password_file.as_deref())?)?;
        let known = KnownKeys::of_user(&endpoint.url, mailbox)?;
        Ok(Desk { mailbox: Mailbox::new(client, mailbox.clone(), &password)?, name: mailbox.clone(), known })
    }
}

/// The server that is logged in to, or else the one that is named; and a token, as long as it is good.
pub(super) fn place(at: &At) -> Result<(Endpoint, Option<BearerToken>), ClientError> {
    match at.session() {
        Ok((_, session)) => {
            let token = (!session.is_over(Clock::system().now())).then_some(session.token);
            Ok((session.endpoint, token))
        }
        Err(ClientError::NotLoggedIn | ClientError::OtherServer(..) | ClientError::OtherCa) => {
            Ok((at.endpoint()?, None))
        }
        Err(error) => Err(error),
    }
}

/// A fingerprint without its spaces.
fn digits(fingerprint: &str) -> String {
    fingerprint.split_whitespace().collect()
}

/// Somebody who sent a message.
enum Sender {
    /// They have this key.
    Known(PublicKey),
    /// Their key cannot be used, and they will not get another: what they sent is for nobody.
    Unusable,
    /// Their key may be had another time, or trusted; what is said in the exit code till then.
    Unsure(u8),
}

/// Somebody at their mailbox.
struct Desk<'a> {
    mailbox: Mailbox<'a>,
    name: MailboxName,
    known: KnownKeys,
}

impl Desk<'_> {
    async fn send(&self, friend: &MailboxName, file: &Path) -> Result<u8, CommandError> {
        let text = message(file)?;
        let identity = waited(self.mailbox.identity()).await?;
        let key = self.key_of(friend).await?;
        let message = Opened { written: Clock::system().now(), text };
        waited(self.mailbox.send(&identity, friend, &key, &message)).await?;
        println!("Sent to {friend}.");
        Ok(0)
    }

    async fn read(&self, delete: bool, json: bool) -> Result<u8, CommandError> {
        let identity = waited(self.mailbox.identity()).await?;
        let Inbox { query_time, messages, is_all } = waited(self.mailbox.inbox()).await?;
        let (mut senders, mut new, mut code) = (HashMap::new(), 0, 0);
        // Messages that can never be read, and whether there are others that may be read another time.
        let (mut junk, mut held) = (0_usize, !is_all);
        for message in &messages {
            let Waiting { id, from, contents, .. } = message;
            // Once for each friend, whatever comes of it.
            if !senders.contains_key(from) {
                senders.insert(from.clone(), self.sender(from, &mut new).await?);
            }
            let opened = match senders.get(from) {
                Some(Sender::Known(key)) => identity.read(from, &self.name, key, contents),
                Some(Sender::Unusable) => Err(SealError::Form),
                Some(Sender::Unsure(why)) => {
                    complain(format_args!("message {id} from {from} was not read"));
                    (code, held) = (code.max(*why), true);
                    continue;
                }
                None => continue,
            };
            match opened {
                Ok(opened) => show(message, &opened, json).map_err(CommandError::Write)?,
                Err(error) => {
                    complain(format_args!("message {id} from {from} cannot be read: {error}"));
                    code = code.max(FAILED);
                    match error {
                        SealError::Form | SealError::Broken => junk += 1,
                        _ => held = true,
                    }
                }
            }
        }
        if !is_all {
            complain("there are older messages, which were not fetched");
            code = code.max(FAILED);
        }
        match (delete, held) {
            (true, false) => {
                let deleted = waited(self.mailbox.delete(query_time)).await?;
                let total = messages.len();
                complain(format_args!("{deleted} of {total} messages deleted on the server{}", unreadable(junk)));
            }
            (true, true) => complain("nothing was deleted, for some of it may be read another time"),
            _ => {}
        }
        Ok(code)
    }

    async fn trust(&self, friend: &MailboxName, fingerprint: &str) -> Result<u8, CommandError> {
        let key = waited(self.mailbox.key_of(friend)).await?;
        let now = key.fingerprint();
        if digits(&now) != fingerprint {
            return Err(ClientError::OtherFingerprint { friend: friend.clone(), is: now }.into());
        }
        match self.known.trust(friend, &key)? {
            Acquaintance::Known => println!("The key of {friend} is the one that it was: {now}"),
            Acquaintance::New => println!("The key of {friend} is remembered: {now}"),
            Acquaintance::Changed(before) => {
                println!("The key of {friend} was {}. From now on it is {now}", before.fingerprint());
            }
        }
        Ok(0)
    }

    /// Somebody whose message waits. What is the matter with their key is said; with anything else there is no point in going on.
    async fn sender(&self, friend: &MailboxName, new: &mut usize) -> Result<Sender, CommandError> {
        let is_new = self.known.key_of(friend)?.is_none();
        if is_new && *new >= limits::NEW_FRIENDS {
            complain(format_args!("{friend} is new here, and so are {new} others: read again to get to know more"));
            return Ok(Sender::Unsure(FAILED));
        }
        match self.key_of(friend).await {
            Ok(key) => {
                *new += usize::from(is_new);
                Ok(Sender::Known(key))
            }
            Err(CommandError::Client(error @ ClientError::FriendsKey(..))) => {
                complain(error);
                Ok(Sender::Unusable)
            }
            Err(error @ CommandError::Client(ClientError::KeyChanged { .. } | ClientError::NoFriend(_))) => {
                complain(&error);
                Ok(Sender::Unsure(error.exit_code()))
            }
            Err(error) => Err(error),
        }
    }

    /// Somebody's key, if it is the one that it always was. One that is remembered is good without the server, too.
    async fn key_of(&self, friend: &MailboxName) -> Result<PublicKey, CommandError> {
        let key = match waited(self.mailbox.key_of(friend)).await {
            Err(CommandError::Client(error @ (ClientError::NoFriend(_) | ClientError::FriendsKey(..)))) => {
                return self.known.key_of(friend)?.ok_or_else(|| error.into());
            }
            key => key?,
        };
        match self.known.meet(friend, &key)? {
            Acquaintance::Known => Ok(key),
            Acquaintance::New => {
                complain(format_args!("{friend} is new here; the fingerprint of their key: {}", key.fingerprint()));
                Ok(key)
            }
            Acquaintance::Changed(before) => {
                let (was, is) = (before.fingerprint(), key.fingerprint());
                Err(ClientError::KeyChanged { friend: friend.clone(), was, is }.into())
            }
        }
    }
}

fn unreadable(messages: usize) -> String {
    match messages {
        0 => String::new(),
        _ => format!(", {messages} of them unreadable"),
    }
}

/// What is to be sent, and no more of something endless than shows that it is too much.
fn message(file: &Path) -> Result<String, CommandError> {
    let unreadable = |error| FilesError::Read(file.to_owned(), error);
    let source: Box<dyn Read> = match file.as_os_str() == "-" {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(file).map_err(unreadable)?),
    };
    let mut bytes = vec![];
    source.take(TEXT_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > TEXT_BYTES {
        return Err(ClientError::Seal(SealError::TooLong).into());
    }
    String::from_utf8(bytes).map_err(|_| ClientError::NotText("the message".to_owned()).into())
}

/// To a terminal nothing that it would obey.
fn show(message: &Waiting, opened: &Opened, json: bool) -> std::io::Result<()> {
    let stdout = std::io::stdout().lock();
    let escaped = stdout.is_terminal();
    let mut to = BufWriter::new(stdout);
    if json {
        let (from, text) = (message.from.as_str(), &opened.text);
        let (written, sent) = (opened.written.0, message.sent_at.0);
        let line = json!({"id": message.id, "from": from, "written": written, "sent_at": sent, "text": text});
        writeln!(to, "{}", plain(&line.to_string()))?;
        return to.flush();
    }
    writeln!(to, "[{}] {}, {}", message.id, message.from, rfc3339(opened.written))?;
    // What begins at the edge is ours: no text can look like the head of another message.
    for line in opened.text.lines() {
        to.write_all(INDENT)?;
        match escaped {
            true => terminal::write(&mut to, line.as_bytes())?,
            false => to.write_all(line.as_bytes())?,
        }
        writeln!(to)?;
    }
    to.flush()
}

/// What stands before each line of a message's text.
const INDENT: &[u8] = b"  ";

/// The same JSON, without a character that a terminal would obey: those that JSON has not escaped already are in strings.
fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        match terminal::instead(c) {
            None => plain.push(c),
            Some(_) => plain.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `read --json` printed what a sender wrote as it was, and to some terminals U+009B is the beginning of an order.
    #[test]
    fn json_has_nothing_that_a_terminal_obeys() {
        let text = "a\u{9b}31m\u{7f}\u{202e}\u{e9}\u{1f40d}\n";
        let line = plain(&json!({ "text": text }).to_string());
        assert_eq!(line, "{\"text\":\"a\\u009b31m\\u007f\\u202e\u{e9}\u{1f40d}\\n\"}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["text"], text);
    }
}
