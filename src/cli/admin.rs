//! `cloud-python admin ...`: the operator's questions to the server that runs on this machine.
//!
//! Owns: what can be typed and how answers are printed. Not here: the socket and what comes over it ([`crate::client::Admin`]).

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use tokio::runtime;

use super::dates::rfc3339;
use super::{FAILED, complain};
use crate::client::{Admin, ClientError, Entries, Entry, OneUser, Status, Told, User, Users, terminal};
use crate::domain::{AdminAction, AuditVerifier, ChainError, Decision, Email, UnixTime};

/// What can be typed after `cloud-python admin`.
#[derive(Debug, Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Arguments {
    /// The server's data folder
    #[arg(long, global = true, value_name = "DIR", default_value = "cloud-python-data")]
    data: PathBuf,
    /// Print JSON, for programs: one object, or one for each line of the audit trail
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Accounts, and decisions about them
    #[command(subcommand)]
    Users(UsersCommand),
    /// Bearer tokens
    #[command(subcommand)]
    Tokens(TokensCommand),
    /// The audit trail
    Audit {
        /// Check the chain of hashes instead of printing the entries
        #[arg(long)]
        verify: bool,
    },
    /// How the server is
    Status,
    /// Figures for a monitoring system (always in the text format of OpenMetrics)
    Metrics,
}

#[derive(Debug, Subcommand)]
enum UsersCommand {
    /// All accounts
    List,
    /// One account
    Show(Who),
    /// Let a waiting or denied account in
    Approve(Who),
    /// Say no to a waiting account
    Deny(Who),
    /// Shut an approved account out, at once
    Suspend(Who),
    /// Let a suspended account in again
    Restore(Who),
    /// Give an account a new TOTP secret; a link to it goes to its owner by mail
    ResetTotp(Who),
}

#[derive(Debug, Subcommand)]
enum TokensCommand {
    /// End all tokens of an account, and its runs
    Revoke(Who),
}

#[derive(Debug, Args)]
struct Who {
    /// The account's e-mail address
    #[arg(value_name = "EMAIL", value_parser = Email::parse)]
    email: Email,
}

#[derive(Debug, thiserror::Error)]
enum AdminError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the audit trail does not hold: {0}")]
    Chain(#[from] ChainError),
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
}

/// Asks what was typed.
pub fn main(arguments: &Arguments) -> ExitCode {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(AdminError::Write);
    match runtime.and_then(|runtime| runtime.block_on(arguments.run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(FAILED)
        }
    }
}

impl Arguments {
    async fn run(&self) -> Result<(), AdminError> {
        let admin = Admin::of(&self.data);
        let action = match &self.command {
            Command::Audit { verify: true } => return self.verify(&admin).await,
            Command::Audit { verify: false } => return self.print_trail(&admin).await,
            Command::Users(command) => command.action(),
            Command::Tokens(TokensCommand::Revoke(who)) => AdminAction::RevokeTokens(who.email.clone()),
            Command::Status => AdminAction::Status,
            Command::Metrics => AdminAction::Metrics,
        };
        let told = admin.ask(&action).await?;
        let text = match (&action, self.json) {
            (AdminAction::Metrics, _) | (_, true) => String::from_utf8_lossy(told.bytes()).into_owned(),
            (_, false) => describe(&action, &told)?,
        };
        Ok(say(text.trim_end())?)
    }

    async fn print_trail(&self, admin: &Admin) -> Result<(), AdminError> {
        let mut next = 1;
        while let Some(entries) = page(admin, &mut next).await? {
            let lines = entries.iter().map(|entry| if self.json { json(entry) } else { Ok(line(entry)) });
            say(&lines.collect::<Result<Vec<_>, _>>()?.join("\n"))?;
        }
        Ok(())
    }

    /// Fetches all of the trail, for one entry alone proves nothing.
    async fn verify(&self, admin: &Admin) -> Result<(), AdminError> {
        let (mut verifier, mut last, mut next) = (AuditVerifier::default(), String::new(), 1);
        while let Some(entries) = page(admin, &mut next).await? {
            for entry in entries {
                verifier.check(&entry.parse()?)?;
                last = entry.hash;
            }
        }
        let entries = verifier.entries();
        Ok(match self.json {
            true => say(&serde_json::json!({"error": "ok", "entries": entries, "last": last}).to_string()),
            false if entries == 0 => say("The trail is empty."),
            false => say(&format!("The trail holds: {entries} entries, the last with hash {last}")),
        }?)
    }
}

/// The entries from `next` on, which moves behind them. Nothing after the last.
async fn page(admin: &Admin, next: &mut u64) -> Result<Option<Vec<Entry>>, ClientError> {
    let told = admin.ask(&AdminAction::Audit { from: *next }).await?;
    let Entries { entries } = told.read()?;
    let Some(last) = entries.last() else { return Ok(None) };
    // A server that says the same again and again would keep us for ever.
    match last.number < *next {
        true => Err(ClientError::Unexpected("entries of the audit trail out of order".to_owned())),
        false => {
            *next = last.number.saturating_add(1);
            Ok(Some(entries))
        }
    }
}

impl UsersCommand {
    fn action(&self) -> AdminAction {
        let decide = |who: &Who, decision| AdminAction::Decide(who.email.clone(), decision);
        match self {
            Self::List => AdminAction::Users,
            Self::Show(who) => AdminAction::User(who.email.clone()),
            Self::Approve(who) => decide(who, Decision::Approve),
            Self::Deny(who) => decide(who, Decision::Deny),
            Self::Suspend(who) => decide(who, Decision::Suspend),
            Self::Restore(who) => decide(who, Decision::Restore),
            Self::ResetTotp(who) => AdminAction::ResetTotp(who.email.clone()),
        }
    }
}

/// An answer, for people.
fn describe(action: &AdminAction, told: &Told) -> Result<String, ClientError> {
    Ok(match action {
        AdminAction::Users => users(&told.read::<Users>()?.users),
        AdminAction::Status => status(&told.read()?),
        _ => user(&told.read::<OneUser>()?.user),
    })
}

fn users(users: &[User]) -> String {
    let head = ["E-MAIL", "STANDING", "SINCE", "APP", "TOKENS"].map(str::to_owned);
    let rows = users.iter().map(|user| {
        let app = if user.enrolled { "yes" } else { "no" };
        [shown(&user.email), shown(&user.standing), date(user.since), app.to_owned(), user.tokens.to_string()]
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn user(user: &User) -> String {
    table(&[
        ["e-mail".to_owned(), shown(&user.email)],
        ["standing".to_owned(), shown(&user.standing)],
        ["since".to_owned(), date(user.since)],
        ["app set up".to_owned(), if user.enrolled { "yes" } else { "no" }.to_owned()],
        ["tokens".to_owned(), user.tokens.to_string()],
    ])
}

fn status(status: &Status) -> String {
    let accounts = status.accounts.iter().map(|(standing, count)| format!("{count} {}", shown(standing)));
    let launcher = status.launcher_pid.map_or_else(|| "not running".to_owned(), |pid| format!("process {pid}"));
    let landlock = if status.landlock == 0 { "none".to_owned() } else { format!("version {}", status.landlock) };
    table(&[
        ["version".to_owned(), shown(&status.version)],
        ["up for".to_owned(), format!("{} s", status.uptime_seconds)],
        ["accounts".to_owned(), accounts.collect::<Vec<_>>().join(", ")],
        ["runs".to_owned(), format!("{} in progress, {} waiting", status.runs, status.runs_waiting)],
        ["sessions".to_owned(), status.sessions.to_string()],
        ["mails waiting".to_owned(), status.mails_waiting.to_string()],
        ["launcher".to_owned(), launcher],
        ["landlock".to_owned(), landlock],
    ])
}

fn line(entry: &Entry) -> String {
    let about = entry.about.as_deref().map(shown).unwrap_or_default();
    let (time, who, what) = (date(entry.time), shown(&entry.who), shown(&entry.what));
    format!("{:>6}  {time}  {who:<12}  {what:<13}  {about}", entry.number).trim_end().to_owned()
}

fn json(entry: &Entry) -> Result<String, AdminError> {
    Ok(serde_json::to_string(entry).map_err(std::io::Error::from)?)
}

/// Columns as wide as their widest cell, two spaces between them.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        widths.iter_mut().zip(row).for_each(|(width, cell)| *width = cell.chars().count().max(*width));
    }
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A stranger chose the address, so it is shown as strangers' words are.
fn shown(text: &str) -> String {
    terminal::sentence(text)
}

fn date(seconds: u64) -> String {
    rfc3339(UnixTime(seconds))
}

/// A line, or several, on standard output.
fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        terminal::write(&mut out, text.as_bytes())?
    } else {
        out.write_all(text.as_bytes())?
    }
    out.write_all(b"\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_straight_columns() {
        let user = |email: &str, tokens| User {
            email: email.to_owned(),
            standing: "approved".to_owned(),
            since: 0,
            enrolled: tokens > 0,
            tokens,
        };
        assert_eq!(
            users(&[user("ada@example.org", 12), user("b@example.org\u{1b}", 0)]),
            "E-MAIL             STANDING  SINCE                 APP  TOKENS\n\
             ada@example.org    approved  1970-01-01T00:00:00Z  yes  12\n\
             b@example.org\\x1b  approved  1970-01-01T00:00:00Z  no   0"
        );
        assert_eq!(users(&[]), "E-MAIL  STANDING  SINCE  APP  TOKENS");
    }
}
