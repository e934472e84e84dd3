//! The ideas of the house, pure: no input or output, no clock, nothing asynchronous, no room imported.
//!
//! Owns: who runs ([`AccountId`]), what is run ([`JobSpec`]), what it may use ([`Budget`]) and how it ended ([`JobOutcome`]).
//! Not here: how any of it is done. A value of these types is valid by construction: parsing is the only door.

mod account;
mod budget;
mod job;
mod outcome;

pub use account::AccountId;
pub use budget::{Budget, BudgetError};
pub use job::{Argument, InputFile, JobError, JobSpec, JobSpecBuilder, ProgramName, Script};
pub use outcome::{JobOutcome, JobResult, Spent, Usage};
