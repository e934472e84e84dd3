//! How a run ended, and what it cost.

use std::time::Duration;

use super::{FilePath, JobFile};

/// The exit code that a shell shows for a process that aborted: 128 and the number of SIGABRT.
const ABORTED: u8 = 134;

/// How a run ended. Every row of the table for `/execute` in the wire contract is one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// The script ended: by its last line, by `sys.exit`, or by an exception (`MemoryError`, `RecursionError` and
    /// `SyntaxError` among them).
    Exited(u8),
    /// The interpreter itself could not go on: no memory for its own needs, its stack used up. A line on standard
    /// error says which.
    Aborted,
    /// A time budget was used up, and the run is dead.
    TimedOut(Spent),
    /// More output than the budget, and the run is dead.
    OutputTooLarge,
}

/// Which time budget was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// The units of fuel.
    Fuel,
    /// The wall clock.
    Wall,
}

impl JobOutcome {
    /// The exit code, for a run that ended by itself.
    pub fn exit_code(self) -> Option<u8> {
        match self {
            Self::Exited(code) => Some(code),
            Self::Aborted => Some(ABORTED),
            Self::TimedOut(_) | Self::OutputTooLarge => None,
        }
    }
}

/// What a run cost. Times are the kernel's and the server's; fuel and memory are the child's word, and 0 if it could not give it
/// because it was killed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// From the script handed over to the end known.
    pub wall: Duration,
    /// CPU time of the run's process, user and system. For a process that was made for this run, its making too.
    pub cpu: Duration,
    /// Units of fuel burnt, 0 where the engine does not count them.
    pub fuel: u64,
    /// Bytes of linear memory at the end; it never shrinks, so this is the peak.
    pub memory: usize,
}

/// A run that is over, with what it left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobResult {
    /// How it ended.
    pub outcome: JobOutcome,
    /// Standard output. Empty for a live run, which has passed it on, and for a run that did not end by itself: partial
    /// output is not for the caller.
    pub stdout: Vec<u8>,
    /// Standard error. Empty as standard output is.
    pub stderr: Vec<u8>,
    /// The files that were asked for and are there, in no particular order. Empty unless the script itself ended.
    pub files: Vec<JobFile>,
    /// What is in the working directory beside those files, if all of it was asked for and could be told.
    pub tree: Option<Tree>,
    /// What it cost.
    pub usage: Usage,
}

/// A working directory after the run, but for the files that were made or changed. This is the child's word: names may be there
/// that the job did not bring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// All directories.
    pub directories: Vec<FilePath>,
    /// The files that are as the job brought them. A file that the job brought, and that is neither here nor returned, was removed.
    pub kept: Vec<FilePath>,
}
