//! What is run: script, name, arguments, files, and what they may use.

use super::budget::Budget;
use super::{FilePath, JobFile, JobParcel};
use crate::config::limits;

/// A job that may not be run as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// The script is longer than [`limits::SCRIPT_BYTES`].
    #[error("the script is larger than {} bytes", limits::SCRIPT_BYTES)]
    ScriptTooLarge,
    /// The script's name is empty, too long or has a NUL.
    #[error("the script's name must have 1 to {} bytes and no NUL", limits::PROGRAM_BYTES)]
    ProgramName,
    /// An argument has a NUL byte, which no argument of a process can have.
    #[error("an argument has a NUL byte")]
    ArgumentNul,
    /// Too many arguments, or too many bytes of them.
    #[error("more than {} arguments or {} bytes of them", limits::ARGUMENTS, limits::ARGUMENTS_BYTES)]
    TooManyArguments,
    /// A file's path is empty, too long, absolute, has a NUL or leaves the working directory.
    #[error("a file's name must be a relative path of 1 to {} bytes without NUL, '.' or '..'", limits::PATH_BYTES)]
    FilePath,
    /// More names of files to return than [`limits::OUTPUTS`].
    #[error("more than {} names of files to return", limits::OUTPUTS)]
    TooManyOutputs,
    /// More standard input than [`limits::STDIN_BYTES`].
    #[error("the standard input is larger than {} bytes", limits::STDIN_BYTES)]
    StdinTooLarge,
    /// More files than [`limits::FILES`].
    #[error("more than {} files", limits::FILES)]
    TooManyFiles,
    /// Script, arguments and files together are larger than [`limits::JOB_BYTES`].
    #[error("script, arguments and files together are larger than {} bytes", limits::JOB_BYTES)]
    TooLarge,
}

/// The text of a script: any bytes, for Python itself says what is wrong with them.
#[derive(Clone, PartialEq, Eq)]
pub struct Script(Vec<u8>);

impl Script {
    /// Takes up to [`limits::SCRIPT_BYTES`].
    pub fn parse(text: impl Into<Vec<u8>>) -> Result<Self, JobError> {
        let text = text.into();
        match text.len() <= limits::SCRIPT_BYTES {
            true => Ok(Self(text)),
            false => Err(JobError::ScriptTooLarge),
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Script({} bytes)", self.0.len())
    }
}

/// What a script is called: `sys.argv[0]`, `__file__`, and the name in tracebacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramName(Vec<u8>);

impl ProgramName {
    /// Takes 1 to [`limits::PROGRAM_BYTES`] bytes without NUL.
    pub fn parse(name: impl Into<Vec<u8>>) -> Result<Self, JobError> {
        let name = name.into();
        match !name.is_empty() && name.len() <= limits::PROGRAM_BYTES && !name.contains(&0) {
            true => Ok(Self(name)),
            false => Err(JobError::ProgramName),
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Default for ProgramName {
    fn default() -> Self {
        Self(b"main.py".to_vec())
    }
}

/// One of `sys.argv[1:]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument(Vec<u8>);

impl Argument {
    /// Takes any bytes without NUL.
    pub fn parse(argument: impl Into<Vec<u8>>) -> Result<Self, JobError> {
        let argument = argument.into();
        match argument.contains(&0) {
            false => Ok(Self(argument)),
            true => Err(JobError::ArgumentNul),
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A job, ready to be run: what and with which budget. Whether it may be run is somebody else's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSpec {
    program: ProgramName,
    script: Option<Script>,
    arguments: Vec<Argument>,
    aside: bool,
    files: Vec<JobFile>,
    parcels: Vec<JobParcel>,
    directories: Vec<FilePath>,
    outputs: Option<Vec<FilePath>>,
    whole_directory: bool,
    stdin: Vec<u8>,
    unbuffered: bool,
    budget: Budget,
}

impl JobSpec {
    /// A job of this script alone, under the default name and budget.
    pub fn of(script: Script) -> JobSpecBuilder {
        JobSpecBuilder::new(Some(script))
    }

    /// The interactive interpreter, which reads what to do from standard input.
    pub fn interactive() -> JobSpecBuilder {
        JobSpecBuilder::new(None)
    }

    /// What the script is called.
    pub fn program(&self) -> &ProgramName {
        &self.program
    }

    /// The script. None for the interactive interpreter.
    pub fn script(&self) -> Option<&Script> {
        self.script.as_ref()
    }

    /// `sys.argv[1:]`.
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// What is in the working directory at the start.
    pub fn files(&self) -> &[JobFile] {
        &self.files
    }

    /// Files whose content must be fetched before it can be run.
    pub fn parcels(&self) -> &[JobParcel] {
        &self.parcels
    }

    /// The job with the contents of its parcels, in their order, in place of their names. [`JobError::TooLarge`] if that is too much.
    pub fn with_contents(mut self, contents: Vec<Vec<u8>>) -> Result<Self, JobError> {
        let parcels = std::mem::take(&mut self.parcels);
        let fetched = parcels.into_iter().zip(contents);
        self.files.extend(fetched.map(|(parcel, content)| JobFile { path: parcel.path, content }));
        JobSpecBuilder(self).build()
    }

    /// Directories that are in the working directory at the start, beside those that its files need.
    pub fn directories(&self) -> &[FilePath] {
        &self.directories
    }

    /// Whether the script lies outside of the working directory, whatever it is called.
    pub fn aside(&self) -> bool {
        self.aside
    }

    /// Whether the whole working directory is returned when the script has ended.
    pub fn whole_directory(&self) -> bool {
        self.whole_directory
    }

    /// Bytes of the files that may be returned, with their names.
    pub fn returned_bytes(&self) -> usize {
        match self.whole_directory {
            true => limits::JOB_BYTES,
            false => limits::OUTPUT_FILES_BYTES,
        }
    }

    /// Files, and directories with all files below them, that are returned when the script has ended. What is not there
    /// then is not returned.
    pub fn outputs(&self) -> &[FilePath] {
        self.outputs.as_deref().unwrap_or_default()
    }

    /// Whether files were asked for at all, be it an empty list of them.
    pub fn wants_files(&self) -> bool {
        self.outputs.is_some()
    }

    /// All of its standard input, for a run whose input is not live.
    pub fn stdin(&self) -> &[u8] {
        &self.stdin
    }

    /// Whether standard output is written at once, as by `python3 -u`.
    pub fn unbuffered(&self) -> bool {
        self.unbuffered
    }

    /// What it may use.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }
}

/// A job in the making. [`JobSpecBuilder::build`] checks what only the whole can show.
#[derive(Clone, Debug)]
pub struct JobSpecBuilder(JobSpec);

impl JobSpecBuilder {
    fn new(script: Option<Script>) -> Self {
        Self(JobSpec {
            program: ProgramName::default(),
            script,
            arguments: vec![],
            aside: false,
            files: vec![],
            parcels: vec![],
            directories: vec![],
            outputs: None,
            whole_directory: false,
            stdin: vec![],
            unbuffered: false,
            budget: Budget::default(),
        })
    }

    /// Names the script. The interactive interpreter has no name.
    pub fn program(mut self, program: ProgramName) -> Self {
        self.0.program = program;
        self
    }

    /// Sets `sys.argv[1:]`.
    pub fn arguments(mut self, arguments: Vec<Argument>) -> Self {
        self.0.arguments = arguments;
        self
    }

    /// Puts files into the working directory.
    pub fn files(mut self, files: Vec<JobFile>) -> Self {
        self.0.files = files;
        self
    }

    /// Puts parcels into the working directory.
    pub fn parcels(mut self, parcels: Vec<JobParcel>) -> Self {
        self.0.parcels = parcels;
        self
    }

    /// Makes directories, and those above them.
    pub fn directories(mut self, directories: Vec<FilePath>) -> Self {
        self.0.directories = directories;
        self
    }

    /// Keeps the script itself out of the working directory, as the code of `python3 -c` is.
    pub fn aside(mut self) -> Self {
        self.0.aside = true;
        self
    }

    /// Asks for the whole working directory: [`JobResult::tree`](super::JobResult::tree) says what there is at the end, and the files
    /// that were made or changed are returned. They may be as large as a job ([`limits::JOB_BYTES`]).
    pub fn whole_directory(mut self) -> Self {
        self.0.whole_directory = true;
        self
    }

    /// Asks for files to be returned.
    pub fn outputs(mut self, outputs: Vec<FilePath>) -> Self {
        self.0.outputs = Some(outputs);
        self
    }

    /// Sets all of standard input. A run that is opened live takes its input as it goes, and not this.
    pub fn stdin(mut self, stdin: Vec<u8>) -> Self {
        self.0.stdin = stdin;
        self
    }

    /// Has standard output written at once, for somebody who watches. By default whole lines are, and half ones when the script
    /// waits.
    pub fn unbuffered(mut self) -> Self {
        self.0.unbuffered = true;
        self
    }

    /// Sets what the run may use.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.0.budget = budget;
        self
    }

    /// The job, if all of it together is within the limits.
    pub fn build(self) -> Result<JobSpec, JobError> {
        let Self(spec) = self;
        let arguments: usize = spec.arguments.iter().map(|argument| argument.0.len()).sum();
        if spec.arguments.len() > limits::ARGUMENTS || arguments > limits::ARGUMENTS_BYTES {
            return Err(JobError::TooManyArguments);
        }
        if spec.stdin.len() > limits::STDIN_BYTES {
            return Err(JobError::StdinTooLarge);
        }
        if spec.files.len() + spec.parcels.len() + spec.directories.len() > limits::FILES {
            return Err(JobError::TooManyFiles);
        }
        if spec.outputs().len() > limits::OUTPUTS {
            return Err(JobError::TooManyOutputs);
        }
        let script = spec.script.as_ref().map_or(0, |script| script.0.len());
        let files: usize = spec.files.iter().map(|file| file.path.as_bytes().len() + file.content.len()).sum();
        let directories: usize = spec.directories.iter().map(|directory| directory.as_bytes().len()).sum();
        match script + arguments + files + directories <= limits::JOB_BYTES {
            true => Ok(spec),
            false => Err(JobError::TooLarge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_may_be_any_bytes_up_to_the_limit() {
        assert!(Script::parse(vec![0xff; limits::SCRIPT_BYTES]).is_ok());
        assert_eq!(Script::parse(vec![b'#'; limits::SCRIPT_BYTES + 1]), Err(JobError::ScriptTooLarge));
    }

    #[test]
    fn parcels_become_files_and_count_as_such() {
        let path = |text: &str| FilePath::parse(text).unwrap();
        let parcel = |name: &str| JobParcel { path: path(name), id: crate::domain::ParcelId::new([1; 36]) };
        let job = || JobSpec::of(Script::parse("pass").unwrap());
        let spec = job().parcels(vec![parcel("a"), parcel("b")]).build().unwrap();
        let spec = spec.with_contents(vec![b"one".to_vec(), b"two".to_vec()]).unwrap();
        assert!(spec.parcels().is_empty());
        let files: Vec<_> = spec.files().iter().map(|file| (file.path.clone(), file.content.as_slice())).collect();
        assert_eq!(files, [(path("a"), &b"one"[..]), (path("b"), b"two")]);
        let large = job().parcels(vec![parcel("a")]).build().unwrap();
        assert_eq!(large.with_contents(vec![vec![0; limits::JOB_BYTES]]), Err(JobError::TooLarge));
        let many = (0..=limits::FILES).map(|number| parcel(&number.to_string())).collect();
        assert_eq!(job().parcels(many).build(), Err(JobError::TooManyFiles));
    }

    #[test]
    fn a_list_of_no_files_is_a_list() {
        assert!(!JobSpec::interactive().build().unwrap().wants_files());
        assert!(JobSpec::interactive().outputs(vec![]).build().unwrap().wants_files());
    }

    #[test]
    fn what_is_too_much_together_is_refused_when_it_is_put_together() {
        let script = Script::parse("pass").unwrap();
        let many = vec![Argument::parse("x").unwrap(); limits::ARGUMENTS + 1];
        assert_eq!(JobSpec::of(script.clone()).arguments(many).build(), Err(JobError::TooManyArguments));
        assert_eq!(
            JobSpec::of(script.clone()).stdin(vec![0; limits::STDIN_BYTES + 1]).build(),
            Err(JobError::StdinTooLarge)
        );
        let long = vec![Argument::parse(vec![b'x'; limits::ARGUMENTS_BYTES + 1]).unwrap()];
        assert_eq!(JobSpec::of(script).arguments(long).build(), Err(JobError::TooManyArguments));
        let outputs = vec![FilePath::parse("x").unwrap(); limits::OUTPUTS + 1];
        assert_eq!(JobSpec::interactive().outputs(outputs).build(), Err(JobError::TooManyOutputs));
    }
}
