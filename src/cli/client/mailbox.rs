//! `cloud-python client mailbox ...`: messages that only two people can read.
//!
//! The password is the mailbox's own. It never leaves this machine: what the server is shown is worked out of it, and so is what the
//! private key is sealed with.

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
use crate::domain::{BearerToken, MailboxName, Password};

/// Exit code when somebody's key is not the one that it was.
pub(super) const KEY_CHANGED: u8 = 3;

/// What can be typed after `cloud-python client mailbox`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 somebody's key is not the one that it was, 130 interrupted"
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
        /// Delete it on the server afterwards, unless some of it could not be read
        #[arg(long)]
        delete: bool,
        /// One JSON object a line, for programs
        #[arg(long)]
        json: bool,
    },
    /// Accept the key that somebody has now
    Trust {
        /// Your mailbox
        #[arg(value_name = "MAILBOX", value_parser = MailboxName::parse)]
        mailbox: MailboxName,
        /// Whose key
        #[arg(value_name = "FRIEND", value_parser = MailboxName::parse)]
        friend: MailboxName,
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
            Command::Trust { mailbox, friend } => {
                let desk = self.desk(&client, &endpoint, mailbox)?;
                desk.trust(friend).await
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
        let (mut code, mut keys) = (0, std::collections::HashMap::new());
        for message in &messages {
            // Once for each friend, whatever comes of it.
            if !keys.contains_key(&message.from) {
                let key = self.key_of(&message.from).await.inspect_err(|error| {
                    complain(error);
                    code = code.max(error.exit_code());
                });
                keys.insert(message.from.clone(), key.ok());
            }
            let Some(Some(key)) = keys.get(&message.from) else {
                complain(format_args!("message {} from {} was not read", message.id, message.from));
                continue;
            };
            match identity.read(&message.from, &self.name, key, &message.contents) {
                Ok(opened) => show(message, &opened, json).map_err(CommandError::Write)?,
                Err(error) => {
                    complain(format_args!("message {} from {} cannot be read: {error}", message.id, message.from));
                    code = code.max(FAILED);
                }
            }
        }
        if !is_all {
            complain("there are older messages, which were not fetched");
            code = code.max(FAILED);
        }
        match (delete, code) {
            (true, 0) => {
                let deleted = waited(self.mailbox.delete(query_time)).await?;
                complain(format_args!("{deleted} of {} messages deleted on the server", messages.len()));
            }
            (true, _) => complain("nothing was deleted, for not everything could be read"),
            _ => {}
        }
        Ok(code)
    }

    async fn trust(&self, friend: &MailboxName) -> Result<u8, CommandError> {
        let key = waited(self.mailbox.key_of(friend)).await?;
        let now = key.fingerprint();
        match self.known.trust(friend, &key)? {
            Acquaintance::Known => println!("The key of {friend} is the one that it was: {now}"),
            Acquaintance::New => println!("The key of {friend} is remembered: {now}"),
            Acquaintance::Changed(before) => {
                println!("The key of {friend} was {}. From now on it is {now}", before.fingerprint());
            }
        }
        Ok(0)
    }

    /// Somebody's key, if it is the one that it always was.
    async fn key_of(&self, friend: &MailboxName) -> Result<PublicKey, CommandError> {
        let key = waited(self.mailbox.key_of(friend)).await?;
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

/// To a program everything as it is; to a terminal nothing that it would obey.
fn show(message: &Waiting, opened: &Opened, json: bool) -> std::io::Result<()> {
    let stdout = std::io::stdout().lock();
    let escaped = stdout.is_terminal();
    let mut to = BufWriter::new(stdout);
    if json {
        let (from, text) = (message.from.as_str(), &opened.text);
        let (written, sent) = (opened.written.0, message.sent_at.0);
        writeln!(to, "{}", json!({"id": message.id, "from": from, "written": written, "sent_at": sent, "text": text}))?;
        return to.flush();
    }
    writeln!(to, "[{}] {}, {}", message.id, message.from, rfc3339(opened.written))?;
    match escaped {
        true => terminal::write(&mut to, opened.text.as_bytes())?,
        false => to.write_all(opened.text.as_bytes())?,
    }
    if !opened.text.ends_with('\n') {
        writeln!(to)?;
    }
    to.flush()
}
