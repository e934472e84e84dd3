//! `--file` and `--output`: the files that go to a run and come back from it, for every command that runs a script.
//!
//! Owns: what can be typed, and the job that it makes. Not here: reading files (`files`), and putting them in place (`outputs`).

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::files::{FileArgument, FilesError};
use super::outputs::{self, OutputArgument, OutputError};
use crate::domain::{JobFile, JobSpecBuilder};

/// The files of a run, as they are typed.
#[derive(Debug, Args)]
pub(super) struct Carried {
    /// Puts a file, or all files of a directory, into the script's working directory (may be repeated)
    #[arg(long = "file", value_name = "NAME=PATH", value_parser = OsStringValueParser::new().try_map(|text| FileArgument::parse(&text)))]
    files: Vec<FileArgument>,
    /// Fetches a file, or all files of a directory, when the script has ended; what is there under PATH is replaced (may be repeated)
    #[arg(long = "output", value_name = "NAME=PATH", value_parser = OsStringValueParser::new().try_map(|text| OutputArgument::parse(&text)))]
    outputs: Vec<OutputArgument>,
}

impl Carried {
    /// The job with what is to be sent, and asking for what is to come back. Says so first if something could not be put in place.
    pub(super) fn add_to<E>(&self, job: JobSpecBuilder) -> Result<JobSpecBuilder, E>
    where
        E: From<FilesError> + From<OutputError>,
    {
        let wanted = outputs::wanted(&self.outputs)?;
        let files = self.files.iter().map(FileArgument::read).collect::<Result<Vec<_>, _>>()?.concat();
        let job = job.files(files);
        Ok(if wanted.is_empty() { job } else { job.outputs(wanted) })
    }

    /// Whether anything is to come back.
    pub(super) fn wants_files(&self) -> bool {
        !self.outputs.is_empty()
    }

    /// Puts in place what has come back.
    pub(super) fn put(&self, files: Vec<JobFile>) -> Result<(), OutputError> {
        outputs::put(&self.outputs, files)
    }
}
