//! `cloud-python certs`: a new certificate for the server on this machine.
//!
//! Not here: how certificates are made, and what lies where ([`crate::certs`]). A running server sees the new files by itself.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::dates::rfc3339;
use super::{FAILED, USAGE, complain};
use crate::certs::{Authority, CertError};
use crate::clock::Clock;

/// What can be typed after `cloud-python certs`.
#[derive(Debug, Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Arguments {
    /// The server's data folder
    #[arg(long, value_name = "DIR", default_value = "cloud-python-data")]
    data: PathBuf,
    /// A further name or address by which clients reach the server (may be repeated). The names of the certificate that is there
    /// are kept, and localhost, 127.0.0.1 and ::1 are always among them
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
}

/// Makes the certificate, and the CA if there is none yet, and says until when it is good.
pub fn main(arguments: &Arguments) -> ExitCode {
    let first = !arguments.data.join("ca.pem").exists();
    let made = match Authority::renew(&arguments.data, &arguments.names, Clock::system().now()) {
        Ok(made) => made,
        Err(error) => {
            complain(&error);
            return ExitCode::from(if let CertError::Name(_) = error { USAGE } else { FAILED });
        }
    };
    let ca = if first { "new: every client needs a copy" } else { "as before: clients need nothing new" };
    println!("CA           {}  ({ca})", made.ca.display());
    println!("certificate  {}  (good until {})", made.certificate.display(), rfc3339(made.expires));
    println!("key          {}  (for nobody else's eyes)", made.key.display());
    println!("names        {}", made.names.join(", "));
    ExitCode::SUCCESS
}
