//! The command line: what can be typed ([`Cli`]), and one file for each command.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage; a script that is run passes its own exit code on.
//! Not here: anything a command does that another door of the house would do as well.

pub mod admin;
mod carried;
pub mod certs;
pub mod client;
mod dates;
mod files;
pub mod image;
pub mod key;
pub mod launcher;
mod outputs;
pub mod run;
pub mod serve;
mod steps;

use clap::{Parser, Subcommand};

/// Runs other people's Python safely.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Everything the program can be asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a script in the sandbox, here, without a server
    Run(run::Arguments),
    /// Serve the HTTPS API, and the sealed channel
    Serve(serve::Arguments),
    /// Ask a server for an account, log in, run scripts there, exchange messages, keep data
    Client(Box<client::Arguments>),
    /// Look after the server that runs on this machine
    Admin(admin::Arguments),
    /// Make or renew the certificate of the server on this machine, and the CA that vouches for it
    Certs(certs::Arguments),
    /// Make keys for the sealed channel, and say who may use it
    Key(key::Arguments),
    /// Make the runtime image (used by fetch-runtime.sh)
    #[command(subcommand, hide = true)]
    Image(image::Command),
    /// The process that forks children (started by the program itself)
    #[command(hide = true)]
    Launcher,
}

/// Said at the end of a command's help.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage";
/// Exit code for a failure of ours.
const FAILED: u8 = 1;
/// Exit code for a command that was used wrongly.
const USAGE: u8 = 2;

/// Exit code for a script that ran out of time, as `timeout(1)` has it.
const TIMED_OUT: u8 = 124;
/// Exit code after Ctrl-C: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;
/// Exit code after the terminal was closed: 128 and the number of SIGHUP.
const HUNG_UP: u8 = 129;
/// Exit code after SIGTERM.
const TERMINATED: u8 = 143;

/// Says on standard error what went wrong.
fn complain(what: impl std::fmt::Display) {
    eprintln!("cloud-python: {what}");
}
