//! `--file` and `--output`: the files that go to a run and come back from it, for every command that runs a script; and `--parcel`,
//! for those that run one on a server.
//!
//! Owns: what can be typed, and the job that it makes. Not here: reading files (`files`), and putting them in place (`outputs`).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::files::{FileArgument, FilesError};
use super::outputs::{self, OutputArgument, OutputError};
use crate::domain::{FilePath, JobFile, JobParcel, JobSpecBuilder, ParcelId};

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

/// The parcels of a run on a server, as they are typed.
#[derive(Debug, Args)]
pub(super) struct Given {
    /// Puts a parcel into the script's working directory that the account's registered key may download (may be repeated)
    #[arg(long = "parcel", value_name = "NAME=ID", value_parser = OsStringValueParser::new().try_map(|text| parcel(&text)))]
    parcels: Vec<JobParcel>,
}

impl Given {
    /// The job with the parcels in it.
    pub(super) fn add_to(&self, job: JobSpecBuilder) -> JobSpecBuilder {
        job.parcels(self.parcels.clone())
    }
}

/// An id has no `=` in it, and a name may.
fn parcel(text: &OsStr) -> Result<JobParcel, String> {
    let bytes = text.as_bytes();
    let split = bytes.iter().rposition(|byte| *byte == b'=').and_then(|at| bytes.split_at_checked(at));
    let Some((name, [_, id @ ..])) = split else { return Err("NAME=ID is wanted".to_owned()) };
    let id = std::str::from_utf8(id).ok().and_then(ParcelId::parse).ok_or("an id is 72 hexadecimal digits")?;
    Ok(JobParcel { path: FilePath::parse(name).map_err(|error| error.to_string())?, id })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_has_a_name_and_an_id() {
        let id = "0a".repeat(36);
        let read = |text: String| parcel(OsStr::new(&text)).map(|parcel| (parcel.path, parcel.id.to_string()));
        assert_eq!(read(format!("a=b={id}")), Ok((FilePath::parse("a=b").unwrap(), id.to_uppercase())));
        for wrong in [id.clone(), format!("={id}"), format!("../a={id}"), "a=".to_owned(), format!("a={id}0")] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
