//! How the terminal is set while lines are edited here, and that it is set back.
//!
//! Owns: [`RawMode`]. Setting a terminal is a call of the kernel that no safe function of our libraries makes (rustix has it behind
//! a feature that is not in use), so `stty(1)` makes it. Where there is none, the kernel's own line editing goes on.
//!
//! The kernel goes on to turn Ctrl-C into a signal, which arrives however much input waits, and newlines into CR LF. Ctrl-Z and
//! Ctrl-\ do nothing: a session that stands still would run out of time.

use std::process::{Command, Stdio};

/// How often `stty` is tried: Ctrl-C at the wrong moment ends it too.
const TRIES: usize = 3;
/// No line editing and no echo by the kernel; keys one by one; CR LF on output.
const RAW: &str = "-icanon -echo -iexten isig icrnl -inlcr -igncr opost onlcr min 1 time 0 quit undef susp undef";

/// The terminal that is standard input, set for editing lines here until this is dropped.
#[derive(Debug)]
pub(in crate::cli::client) struct RawMode {
    before: String,
}

impl RawMode {
    /// Sets it, if it can be set back.
    pub(in crate::cli::client) fn enter() -> Option<Self> {
        let mode = Self { before: stty(&["-g"]).filter(|settings| !settings.is_empty())? };
        // What was set before an error is set back by dropping.
        stty(&RAW.split(' ').collect::<Vec<_>>()).map(|_| mode)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        stty(&[&self.before]);
    }
}

/// Columns of the terminal that is standard input, if it says.
pub(in crate::cli::client) fn columns() -> usize {
    let size = stty(&["size"]).unwrap_or_default();
    size.split_whitespace().nth(1).and_then(|columns| columns.parse().ok()).unwrap_or(0)
}

/// What it said, if it did what it should.
fn stty(arguments: &[&str]) -> Option<String> {
    (0..TRIES).find_map(|_| {
        let output =
            Command::new("stty").args(arguments).stdin(Stdio::inherit()).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    })
}
