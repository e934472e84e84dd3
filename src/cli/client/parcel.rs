//! `cloud-python client parcel ...`: data that is kept for whoever holds a key.
//!
//! Owns: what can be typed, and where a download goes: to a file that is there whole or not at all. Not here: the calls.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::mailbox::place;
use super::{CommandError, interruptible, progress, waited};
use crate::client::{Client, ClientError, ParcelKey, terminal};
use crate::disk::Coming;
use crate::domain::{Email, ParcelId, ParcelUser};

/// What can be typed after `cloud-python client parcel`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key, and print its address: the key's file is all there is to prove that a parcel is yours
    NewKey {
        /// Where it goes; nothing may be there
        #[arg(value_name = "KEYFILE")]
        key: PathBuf,
    },
    /// Make a key the account's own, so that scripts can be given its parcels (log in first)
    RegisterKey {
        /// The key's file
        #[arg(value_name = "KEYFILE")]
        key: PathBuf,
        /// The account's address
        #[arg(value_name = "EMAIL", value_parser = Email::parse)]
        email: Email,
    },
    /// Upload a file, and print the parcel's id
    Upload {
        /// The key's file
        #[arg(long, value_name = "KEYFILE")]
        key: PathBuf,
        /// What to say about it: a JSON object, which anybody who knows the id can read
        #[arg(long, value_name = "JSON")]
        metadata: Option<String>,
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Download a parcel into a file
    Download {
        /// The key's file
        #[arg(long, value_name = "KEYFILE")]
        key: PathBuf,
        /// The parcel
        #[arg(value_name = "ID", value_parser = id)]
        id: ParcelId,
        /// Where it goes, - for standard output: what comes there is known to be the whole only if the exit code is 0
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Write to a terminal whatever comes, also what it would obey
        #[arg(long)]
        raw: bool,
    },
    /// Show whose a parcel is, and what they say about it
    Inspect {
        /// The parcel
        #[arg(value_name = "ID", value_parser = id)]
        id: ParcelId,
    },
    /// Remove a parcel
    Remove {
        /// The key's file
        #[arg(long, value_name = "KEYFILE")]
        key: PathBuf,
        /// The parcel
        #[arg(value_name = "ID", value_parser = id)]
        id: ParcelId,
    },
    /// Let somebody download a parcel
    Grant {
        /// The key's file
        #[arg(long, value_name = "KEYFILE")]
        key: PathBuf,
        /// Take it back instead
        #[arg(long)]
        revoke: bool,
        /// The parcel
        #[arg(value_name = "ID", value_parser = id)]
        id: ParcelId,
        /// The address of their key
        #[arg(value_name = "ADDRESS", value_parser = user)]
        user: ParcelUser,
    },
}

fn id(text: &str) -> Result<ParcelId, &'static str> {
    ParcelId::parse(text).ok_or("a parcel's id has 72 hexadecimal digits")
}

fn user(text: &str) -> Result<ParcelUser, &'static str> {
    ParcelUser::parse(text).ok_or("an address has 40 hexadecimal digits")
}

impl Command {
    pub(super) async fn run(&self, arguments: &super::Arguments) -> Result<u8, CommandError> {
        match self {
            Self::NewKey { key } => println!("{}", ParcelKey::make(key)?.user().as_str()),
            Self::RegisterKey { key, email } => {
                let (_, session) = arguments.session()?;
                let (client, key) = (arguments.client(&session.endpoint)?, ParcelKey::read(key)?);
                waited(client.register_parcel_key(&session.token, email, &key)).await?;
                println!("Scripts of {email} can be given the parcels of {}.", key.user().as_str());
            }
            Self::Upload { key, metadata, file } => {
                let (client, key) = (client(arguments)?, ParcelKey::read(key)?);
                let bar = progress::Bar::new();
                let call = client.upload_parcel(&key, file, metadata.as_deref(), bar.progress());
                let id = interruptible(bar.shown(call)).await?;
                println!("{id}");
            }
            Self::Download { key, id, file, raw } => {
                let (client, key) = (client(arguments)?, ParcelKey::read(key)?);
                match file.as_os_str() == "-" {
                    true => show(&client, &key, id, *raw).await?,
                    false => download(&client, &key, id, file).await?,
                }
            }
            Self::Inspect { id } => {
                let found = waited(client(arguments)?.inspect_parcel(id)).await?;
                println!(
                    "id       {id}\nowner    {}\nmetadata {}",
                    found.owner,
                    crate::client::terminal::sentence(&found.metadata)
                );
            }
            Self::Remove { key, id } => {
                waited(client(arguments)?.remove_parcel(&ParcelKey::read(key)?, id)).await?;
                println!("Removed {id}.");
            }
            Self::Grant { key, revoke, id, user } => {
                waited(client(arguments)?.grant_parcel(&ParcelKey::read(key)?, id, user, *revoke)).await?;
                let may = if *revoke { "may not download it any more" } else { "may download it" };
                println!("{} {may}.", user.as_str());
            }
        }
        Ok(0)
    }
}

fn client(arguments: &super::Arguments) -> Result<Client, CommandError> {
    Ok(arguments.client(&place(arguments)?.0)?)
}

/// To standard output: to a pipe or a file everything as it is; to a terminal nothing that it would obey.
async fn show(client: &Client, key: &ParcelKey, id: &ParcelId, raw: bool) -> Result<(), CommandError> {
    let mut stdout = std::io::stdout();
    let escaped = stdout.is_terminal() && !raw;
    let mut pieces = terminal::Pieces::default();
    let mut take = |bytes: &[u8]| match escaped {
        true => terminal::write(&mut stdout, &pieces.whole(bytes)),
        false => stdout.write_all(bytes),
    };
    let bar = progress::Bar::new();
    interruptible(bar.shown(client.download_parcel(key, id, &mut take, bar.progress()))).await?;
    let rest = terminal::write(&mut stdout, &pieces.rest()).and_then(|()| stdout.flush());
    rest.map_err(CommandError::Write)
}

/// Into a file beside the one that is wanted, which takes its place when it is whole.
async fn download(client: &Client, key: &ParcelKey, id: &ParcelId, file: &Path) -> Result<(), CommandError> {
    let failed = |error| ClientError::ParcelFile(file.to_owned(), error);
    let mut coming = Coming::among_others(file, 0o600).map_err(failed)?;
    let bar = progress::Bar::new();
    let mut take = |bytes: &[u8]| coming.write(bytes);
    interruptible(bar.shown(client.download_parcel(key, id, &mut take, bar.progress()))).await?;
    coming.place().map_err(failed)?;
    Ok(())
}
