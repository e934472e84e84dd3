//! `cloud-python client --sealed URL put | get | cmd | shell`: files and commands where there is no TLS to trust.
//!
//! Owns: what can be typed, which server is meant and by which key it is known, and the commands but `shell`. Not here: the channel
//! itself ([`crate::client`]).

mod place;
mod settings;
mod shell;

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Subcommand;

use self::place::Place;
use self::settings::Settings;
pub(super) use self::settings::{Flags, KeyFileError};
use super::streams::{Outlets, Signals};
use super::{CommandError, progress, waited};
use crate::cli::files::FilesError;
use crate::client::{Channel, SealedError, SealedOutput, Source, command_line};

/// What can be typed after `cloud-python client --sealed URL`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Put a file into your workspace, or replace one (sealed channel)
    Put {
        /// The file here, - for standard input
        #[arg(value_name = "LOCAL")]
        local: PathBuf,
        /// Its name there (default: the last part of LOCAL)
        #[arg(value_name = "NAME")]
        name: Option<OsString>,
    },
    /// Get a file from your workspace (sealed channel)
    Get {
        /// Pass it to the terminal as it is, control sequences and all
        #[arg(long)]
        raw: bool,
        /// Its name there
        #[arg(value_name = "NAME")]
        name: OsString,
        /// Where it goes here, a directory or a file, - for standard output (default: the last part of NAME)
        #[arg(value_name = "LOCAL")]
        local: Option<PathBuf>,
    },
    /// Run a command in your workspace; ends with 0 when it has ended, however it did: the channel carries no exit code (sealed channel)
    Cmd {
        /// Pass its output to the terminal as it is, control sequences and all
        #[arg(long)]
        raw: bool,
        /// The command: several words as they are; one word is a whole line, taken apart there as a shell would
        #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Run one command after the other, and talk to python3; Ctrl-D or exit leaves (sealed channel)
    Shell {
        /// Pass all output to the terminal as it is, control sequences and all
        #[arg(long)]
        raw: bool,
    },
}

impl Command {
    /// Does it in a session of its own.
    pub(super) async fn run(&self, arguments: &super::Arguments) -> Result<u8, CommandError> {
        self.check(arguments)?;
        let ready = self.ready()?;
        let settings = arguments.sealed.settings(arguments.patience)?;
        let mut signals = Signals::new()?;
        match ready {
            Ready::Shell { raw } => shell::run(&settings, raw, signals).await,
            Ready::One(one) => tokio::select! {
                biased;
                // Whatever goes on is dropped, and the command there with it.
                code = signals.first() => Ok(code),
                done = one.done(&settings) => done.map(|()| 0),
            },
        }
    }

    fn check(&self, arguments: &super::Arguments) -> Result<(), CommandError> {
        if arguments.url.is_some() || arguments.ca.is_some() {
            return Err(CommandError::Usage(
                "the sealed channel has no --url and no --ca, but --sealed and --server-key",
            ));
        }
        let reads = match self {
            Self::Put { local, .. } => local.as_os_str() == "-",
            Self::Get { .. } => false,
            Self::Cmd { .. } | Self::Shell { .. } => true,
        };
        match reads && arguments.sealed.reads_stdin() {
            true => Err(CommandError::Usage("pass phrase and input cannot both come from standard input")),
            false => Ok(()),
        }
    }

    /// Looks at everything that is here before anything is sent.
    fn ready(&self) -> Result<Ready, CommandError> {
        Ok(match self {
            Self::Put { local, name } => {
                let name = match name {
                    Some(name) => name.as_bytes(),
                    None => last_part(local.as_os_str(), "put - needs a NAME, as standard input has none")?,
                };
                Ready::One(One::Put { name: name.to_vec(), file: opened(local)? })
            }
            Self::Get { raw, name, local } => {
                let here = last_part(name, "the last part of NAME is no name for a file: say LOCAL, too");
                let place = Place::of(local.as_deref(), here)?;
                Ready::One(One::Get { name: name.as_bytes().to_vec(), place, raw: *raw })
            }
            Self::Cmd { raw, words } => Ready::One(One::Command { line: line(words), raw: *raw }),
            Self::Shell { raw } => Ready::Shell { raw: *raw },
        })
    }
}

/// What is to be done, of which nothing here can be wrong any more.
enum Ready {
    One(One),
    Shell { raw: bool },
}

/// One thing.
enum One {
    Put { name: Vec<u8>, file: File },
    Get { name: Vec<u8>, place: Place, raw: bool },
    Command { line: Vec<u8>, raw: bool },
}

/// What is to be sent, and how long it is if that is known.
struct File {
    source: Source,
    bytes: u64,
}

impl One {
    async fn done(self, settings: &Settings) -> Result<(), CommandError> {
        let mut channel = waited(settings.enter()).await?;
        match self {
            Self::Put { name, file } => put(&mut channel, &name, file).await?,
            Self::Get { name, place, raw } => get(&mut channel, &name, place, raw).await?,
            Self::Command { line, raw } => {
                let mut input = (!std::io::stdin().is_terminal()).then(|| Source::of(std::io::stdin()));
                let mut outlets = Outlets::new(raw);
                pass(channel.command(&line, input.as_mut()).await?, &mut outlets).await?;
            }
        }
        channel.leave().await;
        Ok(())
    }
}

async fn put(channel: &mut Channel, name: &[u8], mut file: File) -> Result<(), SealedError> {
    let passed = AtomicU64::new(0);
    let text = || format!("sending {}", so_far(passed.load(Ordering::Relaxed), file.bytes));
    progress::shown_as(text, channel.put(name, &mut file.source, &passed)).await
}

async fn get(channel: &mut Channel, name: &[u8], place: Place, raw: bool) -> Result<(), CommandError> {
    if place.is_stdout() {
        return pass(channel.get(name).await?, &mut Outlets::new(raw)).await;
    }
    let passed = AtomicU64::new(0);
    let text = || format!("receiving {}", so_far(passed.load(Ordering::Relaxed), 0));
    let call = async {
        let mut output = channel.get(name).await?;
        let mut coming = place.coming()?;
        while let Some(piece) = output.next().await? {
            coming.write(&piece)?;
            passed.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        coming.place()
    };
    progress::shown_as(text, call).await
}

/// Passes an answer on as it comes.
async fn pass(mut output: SealedOutput<'_>, outlets: &mut Outlets) -> Result<(), CommandError> {
    while let Some(piece) = output.next().await? {
        outlets.out.write(&piece, &mut None).await?;
    }
    outlets.out.finish(&mut None).await
}

/// What the words say as a line.
fn line(words: &[OsString]) -> Vec<u8> {
    command_line(&words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>())
}

/// The last part of a path or a name, if a file can be called so.
fn last_part<'a>(path: &'a OsStr, otherwise: &'static str) -> Result<&'a [u8], CommandError> {
    let part = if path == "-" { None } else { Path::new(path).file_name() };
    part.map(OsStr::as_bytes).ok_or(CommandError::Usage(otherwise))
}

fn opened(local: &Path) -> Result<File, FilesError> {
    if local.as_os_str() == "-" {
        return Ok(File { source: Source::of(std::io::stdin()), bytes: 0 });
    }
    let unreadable = |error| FilesError::Read(local.to_owned(), error);
    let file = std::fs::File::open(local).map_err(unreadable)?;
    let facts = file.metadata().map_err(unreadable)?;
    if facts.is_dir() {
        return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
    }
    Ok(File { source: Source::of(file), bytes: facts.len() })
}

/// How far something has come, of 0 if nobody knows the whole.
fn so_far(passed: u64, whole: u64) -> String {
    let mib = |bytes: u64| format!("{}.{}", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20);
    match whole {
        0 => format!("{} MiB", mib(passed)),
        whole => format!("{} of {} MiB", mib(passed), mib(whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_by_the_last_part_of_its_path() {
        let last = |path: &str| last_part(OsStr::new(path), "").map(<[u8]>::to_vec).ok();
        assert_eq!(last("/tmp/a b"), Some(b"a b".to_vec()));
        assert_eq!(last("folder/"), Some(b"folder".to_vec()));
        assert_eq!([last("-"), last(".."), last("/"), last("")], [None, None, None, None]);
    }

    #[test]
    fn how_far_something_has_come_is_told_in_mib() {
        assert_eq!(so_far(3 << 19, 10 << 20), "1.5 of 10.0 MiB");
        assert_eq!(so_far(u64::MAX, 0), format!("{}.9 MiB", u64::MAX >> 20));
    }
}
