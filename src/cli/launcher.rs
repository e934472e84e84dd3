//! `cloud-python launcher`: not for people. See [`crate::sandbox::launcher`].

use std::process::ExitCode;

use super::FAILED;
use crate::sandbox::launcher::{self, Hooks};

/// Runs the launcher. What goes wrong is said on standard error, which the server reads.
pub fn main() -> ExitCode {
    match launcher::main(Hooks::default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(FAILED)
        }
    }
}
