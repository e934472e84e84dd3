//! `cloud-python client exec`: a script there, its output here.

use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use super::{CommandError, waited};
use crate::cli::carried::Carried;
use crate::cli::files::{FilesError, read_script};
use crate::cli::{FAILED, TIMED_OUT, complain};
use crate::client::{Ended, terminal};
use crate::config::limits;
use crate::domain::{Argument, Budget, JobSpec, Script};

/// What can be typed after `cloud-python client exec`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Wall-clock time in seconds (default: the server's)
    #[arg(long, value_name = "S", value_parser = crate::cli::run::seconds)]
    timeout: Option<Duration>,
    /// Send standard input along: all of it, before the script starts
    #[arg(long)]
    stdin: bool,
    /// Pass the script's output to the terminal as it is, control sequences and all
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    carried: Carried,
    /// The script, or - for standard input
    #[arg(value_name = "FILE")]
    script: PathBuf,
    /// What the script gets as its own arguments
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Arguments {
    /// Runs the script and passes on what came of it.
    pub(super) async fn run(&self, client: &super::Arguments) -> Result<u8, CommandError> {
        self.check()?;
        let (client, token) = client.logged_in()?;
        let job = self.job()?;
        match waited(client.execute(&token, &job, self.timeout)).await? {
            Ended::Exited { stdout, stderr, code, files } => {
                self.pass(std::io::stdout().lock(), &stdout).map_err(CommandError::Write)?;
                self.pass(std::io::stderr().lock(), &stderr).map_err(CommandError::Write)?;
                self.carried.put(files)?;
                Ok(code)
            }
            Ended::TimedOut => {
                complain("timed out (--timeout asks for more time, up to the server's limit)");
                Ok(TIMED_OUT)
            }
            Ended::OutputTooLarge => {
                complain("output too large: more than the server passes on, so it passed on none");
                Ok(FAILED)
            }
        }
    }

    fn check(&self) -> Result<(), CommandError> {
        if let Some(timeout) = self.timeout {
            Budget::default().with_wall(timeout)?;
        }
        match self.stdin && self.script.as_os_str() == "-" {
            true => Err(CommandError::Usage("script and input cannot both come from standard input")),
            false => Ok(()),
        }
    }

    /// Reads everything that is to be sent.
    fn job(&self) -> Result<JobSpec, CommandError> {
        let refused = |error| CommandError::Job(self.script.display().to_string(), error);
        let script = Script::parse(read_script(&self.script)?).map_err(refused)?;
        let arguments = self.arguments.iter().map(|argument| Argument::parse(argument.as_bytes()));
        let arguments = arguments.collect::<Result<_, _>>().map_err(refused)?;
        let job = self.carried.add_to::<CommandError>(JobSpec::of(script).arguments(arguments))?;
        job.stdin(self.input()?).build().map_err(refused)
    }

    /// Standard input, and no more of an endless one than shows that it is too much; the job's own limit says so.
    fn input(&self) -> Result<Vec<u8>, FilesError> {
        let mut input = vec![];
        if self.stdin {
            let read = std::io::stdin().take(limits::STDIN_BYTES as u64 + 1).read_to_end(&mut input);
            read.map_err(|error| FilesError::Read("standard input".into(), error))?;
        }
        Ok(input)
    }

    /// To a pipe or a file everything as it is; to a terminal nothing that it would obey.
    fn pass(&self, to: impl Write + IsTerminal, bytes: &[u8]) -> std::io::Result<()> {
        let escaped = to.is_terminal() && !self.raw;
        let mut to = BufWriter::new(to);
        if escaped {
            terminal::write(&mut to, bytes)?
        } else {
            to.write_all(bytes)?
        }
        to.flush()
    }
}
