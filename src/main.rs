//! A match on the command line, an exit code, nothing else.

use std::process::ExitCode;

use clap::Parser;
use cloud_python::cli::{Cli, Command, admin, certs, client, image, key, launcher, run, serve};

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(arguments) => run::main(&arguments),
        Command::Serve(arguments) => serve::main(&arguments),
        Command::Client(arguments) => client::main(&arguments),
        Command::Admin(arguments) => admin::main(&arguments),
        Command::Certs(arguments) => certs::main(&arguments),
        Command::Key(arguments) => key::main(&arguments),
        Command::Image(command) => image::main(&command),
        Command::Launcher => launcher::main(),
    }
}
