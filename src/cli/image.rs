//! `cloud-python image ...`: the steps of `fetch-runtime.sh` that need wasmtime.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use super::{FAILED, complain};
use crate::disk;
use crate::sandbox::{ImageError, Meter, Source, cache_folder, snapshot};

/// A step in the making of the runtime image.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the interpreter's initialisation once and keep what memory then holds
    Snapshot {
        /// The linked module
        input: PathBuf,
        /// Where to put the result
        output: PathBuf,
    },
    /// Compile the image in the cache folder for this machine
    Prepare {
        /// What is counted while a script runs
        #[arg(long, value_parser = super::run::meter, default_value = "both")]
        meter: Meter,
    },
}

/// Does the step.
pub fn main(command: &Command) -> ExitCode {
    let done = match command {
        Command::Snapshot { input, output } => take_snapshot(input, output),
        Command::Prepare { meter } => prepare(*meter),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(error);
            ExitCode::from(FAILED)
        }
    }
}

fn take_snapshot(input: &Path, output: &Path) -> Result<(), ImageError> {
    let wasm = std::fs::read(input).map_err(|e| ImageError::Io(input.to_owned(), e))?;
    eprintln!("cloud-python: initialising the interpreter ...");
    disk::put(output, &snapshot(&wasm)?, 0o600).map_err(|e| ImageError::Io(output.to_owned(), e))
}

fn prepare(meter: Meter) -> Result<(), ImageError> {
    Source::find(&cache_folder()?)?.prepare(meter, |line| eprintln!("cloud-python: {line}")).map(drop)
}
