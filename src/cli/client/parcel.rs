//! `cloud-python client parcel ...`: data that is kept for whoever holds a key.
//!
//! Owns: what can be typed, and where a download goes: to a file that is there whole or not at all. Not here: the calls.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::mailbox::place;
use super::{CommandError, interruptible, progress, waited};
use crate::client::{Client, ClientError, ParcelKey};
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
        /// Where it goes, - for standard output
        #[arg(value_name = "FILE")]
        file: PathBuf,
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
                let bar = progress::Bar::new(std::fs::metadata(file).map_or(0, |facts| facts.len()));
                let call = client.upload_parcel(&key, file, metadata.as_deref(), bar.progress());
                let id = interruptible(bar.shown(call)).await?;
                println!("{id}");
            }
            Self::Download { key, id, file } => download(&client(arguments)?, &ParcelKey::read(key)?, id, file).await?,
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

/// Into a file beside the one that is wanted, which takes its place when it is whole.
async fn download(client: &Client, key: &ParcelKey, id: &ParcelId, file: &Path) -> Result<(), CommandError> {
    let bar = progress::Bar::new(0);
    if file.as_os_str() == "-" {
        let mut stdout = std::io::stdout();
        let call = client.download_parcel(key, id, &mut stdout, bar.progress());
        interruptible(bar.shown(call)).await?;
        return Ok(());
    }
    let failed = |error| ClientError::ParcelFile(file.to_owned(), error);
    let part = Part(file.with_added_extension("part"));
    let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part.0);
    let mut to = std::io::BufWriter::new(made.map_err(failed)?);
    interruptible(bar.shown(client.download_parcel(key, id, &mut to, bar.progress()))).await?;
    let whole = to.flush().and_then(|()| to.get_ref().sync_all());
    whole.and_then(|()| std::fs::rename(&part.0, file)).map_err(failed)?;
    Ok(())
}

/// A file that is not whole. Dropped, it goes, if it is still there.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
