//! `cloud-python run`: a script in the sandbox, here, with standard input and output passed through live.

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncWriteExt, Stderr, Stdout};
use tokio::runtime;

use super::carried::Carried;
use super::files::{FilesError, read_script};
use super::outputs::OutputError;
use super::{FAILED, INTERRUPTED, TIMED_OUT, USAGE, complain};
use crate::config::limits;
use crate::domain::{
    AccountId, Argument, Budget, BudgetError, JobError, JobOutcome, JobResult, JobSpec, JobSpecBuilder, ProgramName,
    Script, Spent,
};
use crate::sandbox::{Event, LiveRun, Meter, Sandbox, SandboxError, Settings, Source, Stdin, Stream, cache_folder};
use crate::telemetry;

/// Exit code for a sandbox that failed, as `timeout(1)` and `env(1)` have it for themselves.
const SANDBOX_FAILED: u8 = 125;

/// What can be typed after `cloud-python run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: the script's own; 1 failed, 2 wrong usage, 124 time-out, 125 the sandbox itself failed, 130 interrupted"
)]
pub struct Arguments {
    /// Wall-clock time in seconds (default: 10, with -i an hour)
    #[arg(long, value_name = "S", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Memory in MiB: interpreter, objects and files
    #[arg(long, value_name = "MIB", default_value_t = limits::MEMORY >> 20)]
    memory: usize,
    /// Bytes of standard output and standard error together
    #[arg(long, value_name = "BYTES", default_value_t = limits::OUTPUT)]
    output_limit: u64,
    /// Units of fuel: branches and calls of the interpreter, and bytes of bulk copies
    #[arg(long, value_name = "N", default_value_t = limits::FUEL)]
    fuel: u64,
    /// What is counted while the script runs
    #[arg(long, value_name = "both|epoch|fuel|neither", value_parser = meter, default_value = "both", hide = true)]
    meter: Meter,
    #[command(flatten)]
    carried: Carried,
    /// The interactive interpreter instead of a script
    #[arg(short, long, conflicts_with_all = ["script", "arguments"])]
    interactive: bool,
    /// Goes on where the kernel has no Landlock
    #[arg(long)]
    allow_weak_jail: bool,
    /// The script, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    script: PathBuf,
    /// What the script gets as its own arguments
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Why the script was not run, or not to its end.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Budget(#[from] BudgetError),
    #[error("{0}: {1}")]
    Job(String, JobError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("cannot write the script's output: {0}")]
    Write(std::io::Error),
}

impl RunError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Budget(_) => USAGE,
            Self::Job(..) | Self::Files(_) | Self::Output(_) | Self::Write(_) => FAILED,
            // What can be mended before the first run.
            Self::Sandbox(SandboxError::Image(_) | SandboxError::Launcher(_)) => FAILED,
            Self::Sandbox(_) => SANDBOX_FAILED,
        }
    }
}

/// Runs the script and ends with its exit code.
pub fn main(arguments: &Arguments) -> ExitCode {
    telemetry::init();
    let code = match job(arguments) {
        Ok(spec) => match runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let ended = runtime.block_on(run(arguments, spec));
                // A thread may still wait for the terminal; the process need not wait for it.
                runtime.shutdown_background();
                ended
            }
            Err(error) => Err(SandboxError::Io(error).into()),
        },
        Err(error) => Err(error),
    };
    ExitCode::from(code.unwrap_or_else(|error| {
        complain(&error);
        error.exit_code()
    }))
}

impl Arguments {
    fn timeout(&self) -> Duration {
        let usual = if self.interactive { limits::WALL_MAX } else { limits::WALL };
        self.timeout.unwrap_or(usual)
    }
}

fn job(arguments: &Arguments) -> Result<JobSpec, RunError> {
    let memory = arguments.memory.checked_mul(1 << 20).ok_or(BudgetError::Memory)?;
    let budget = Budget::default()
        .with_wall(arguments.timeout())?
        .with_memory(memory)?
        .with_fuel(arguments.fuel)?
        .with_output(arguments.output_limit)?;
    let name = match (arguments.interactive, arguments.script.as_os_str() == "-") {
        (true, _) => "interactive".into(),
        (false, true) => "<stdin>".into(),
        (false, false) => arguments.script.clone(),
    };
    let refused = |error| RunError::Job(name.display().to_string(), error);
    let mut job = if arguments.interactive {
        JobSpec::interactive()
    } else {
        let script = Script::parse(read_script(&arguments.script)?).map_err(refused)?;
        named(script, &name, &arguments.arguments).map_err(refused)?
    };
    // Somebody watches, or another program talks to it as somebody would.
    if arguments.interactive || std::io::stdout().is_terminal() || std::io::stderr().is_terminal() {
        job = job.unbuffered();
    }
    arguments.carried.add_to::<RunError>(job)?.budget(budget).build().map_err(refused)
}

fn named(script: Script, name: &Path, arguments: &[OsString]) -> Result<JobSpecBuilder, JobError> {
    let program = ProgramName::parse(name.as_os_str().as_bytes())?;
    let arguments = arguments.iter().map(|argument| Argument::parse(argument.as_bytes()));
    Ok(JobSpec::of(script).program(program).arguments(arguments.collect::<Result<_, _>>()?))
}

async fn run(arguments: &Arguments, spec: JobSpec) -> Result<u8, RunError> {
    let progress = |line: &str| eprintln!("cloud-python: {line}");
    let image = cache_folder().and_then(|cache| Source::find(&cache)?.prepare(arguments.meter, progress));
    let settings = Settings {
        meter: arguments.meter,
        allow_weak_jail: arguments.allow_weak_jail,
        // One run is all there will be.
        spares: 0,
        ..Settings::default()
    };
    let sandbox = Sandbox::start(settings, image.map_err(SandboxError::from)?).await?;
    let mut live = sandbox.open(AccountId::LOCAL, spec).await?;
    if let Some(stdin) = live.stdin() {
        pass_stdin(stdin);
    }
    tokio::select! {
        code = pass_output(&mut live, arguments) => code,
        // Dropping the run kills it.
        _ = tokio::signal::ctrl_c() => Ok(INTERRUPTED),
    }
}

/// Reads standard input on a thread of its own: a read from a terminal cannot be called off.
fn pass_stdin(stdin: Stdin) {
    let runtime = runtime::Handle::current();
    std::thread::spawn(move || {
        let mut buffer = vec![0; limits::FRAME_BYTES];
        while let Ok(count @ 1..) = std::io::stdin().read(&mut buffer) {
            let chunk = buffer.get(..count).unwrap_or_default().to_vec();
            if !runtime.block_on(stdin.send(chunk)) {
                return;
            }
        }
    });
}

async fn pass_output(live: &mut LiveRun, arguments: &Arguments) -> Result<u8, RunError> {
    let (mut out, mut err) = (tokio::io::stdout(), tokio::io::stderr());
    while let Some(event) = live.next().await {
        match event? {
            Event::Output(stream, bytes) => {
                write(stream, &bytes, &mut out, &mut err).await.map_err(RunError::Write)?;
            }
            Event::Ended(result) => return ended(*result, arguments),
        }
    }
    Err(SandboxError::Lost.into())
}

async fn write(stream: Stream, bytes: &[u8], out: &mut Stdout, err: &mut Stderr) -> std::io::Result<()> {
    match stream {
        Stream::Out => {
            out.write_all(bytes).await?;
            out.flush().await
        }
        Stream::Err => {
            err.write_all(bytes).await?;
            err.flush().await
        }
    }
}

fn ended(result: JobResult, arguments: &Arguments) -> Result<u8, RunError> {
    match (result.outcome, result.outcome.exit_code()) {
        (_, Some(code)) => {
            arguments.carried.put(result.files)?;
            return Ok(code);
        }
        (JobOutcome::TimedOut(Spent::Fuel), _) => complain(format!("out of fuel after {} units", arguments.fuel)),
        (JobOutcome::OutputTooLarge, _) => {
            complain(too_large(arguments));
            return Ok(FAILED);
        }
        _ => complain(format!("timed out after {} s (see --timeout)", arguments.timeout().as_secs_f64())),
    }
    Ok(TIMED_OUT)
}

fn too_large(arguments: &Arguments) -> String {
    let printed = format!("output too large: more than {} bytes (see --output-limit)", arguments.output_limit);
    match arguments.carried.wants_files() {
        false => printed,
        true => format!(
            "{printed}, or more than {} files or {} bytes of them to fetch",
            limits::FILES,
            limits::OUTPUT_FILES_BYTES
        ),
    }
}

/// Parses a number of seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a time that can be waited".to_owned())
}

/// Parses the name of a meter.
pub(super) fn meter(text: &str) -> Result<Meter, String> {
    Meter::ALL.into_iter().find(|meter| meter.name() == text).ok_or_else(|| "both, epoch, fuel or neither".to_owned())
}
