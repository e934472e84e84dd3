//! `python3` in a workspace: the files go into the sandbox's memory, and what the script has made of them comes back when it ends.
//!
//! Owns: which arguments `python3` takes, and that nothing is kept of a script that did not end by itself. Not here: how changes
//! find their way into the workspace (`workspace`).

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::builtins::{FAILED, HOME, TOOK_TOO_LONG, WRONG_USAGE, place};
use super::command::Running;
use crate::config::limits;
use crate::domain::{
    AccountId, Argument, Budget, Error, FilePath, JobError, JobOutcome, JobResult, JobSpec, ProgramName, Script,
};
use crate::sandbox::{Event, LiveRun, SandboxError};
use crate::workspace::{Basis, Snapshot, WorkspaceError};

/// What runs a module as `python3 -m` does. Its name is the first argument, and no name of ours is left in the module.
const RUN_MODULE: &[u8] = b"__import__('runpy')._run_module_as_main(__import__('sys').argv.pop(1))\n";

/// What `python3` is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Program {
    File(FilePath),
    Code(Vec<u8>),
    Module(Vec<u8>),
    Interactive,
}

/// `python3` with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Python {
    program: Program,
    unbuffered: bool,
    arguments: Vec<Vec<u8>>,
}

impl Python {
    /// Understands the arguments, or says what is wrong with them.
    pub(super) fn read(arguments: &[Vec<u8>]) -> Result<Self, String> {
        let (mut rest, mut unbuffered) = (arguments, false);
        while let [first, after @ ..] = rest
            && first == b"-u"
        {
            (rest, unbuffered) = (after, true);
        }
        let needs = |what: &str| format!("python3: {what} is missing");
        let (program, arguments) = match rest {
            [] => (Program::Interactive, rest),
            [option, rest @ ..] if option == b"-c" => {
                let (code, rest) = rest.split_first().ok_or_else(|| needs("the code after -c"))?;
                (Program::Code([code.as_slice(), b"\n"].concat()), rest)
            }
            [option, rest @ ..] if option == b"-m" => {
                let (module, rest) = rest.split_first().ok_or_else(|| needs("the name of a module after -m"))?;
                (Program::Module(module.clone()), rest)
            }
            [option, rest @ ..] if option == b"-" => (Program::Interactive, rest),
            [option, ..] if option.starts_with(b"-") => {
                let option = option.escape_ascii();
                return Err(format!("python3: {option} is not understood: there are FILE, -c CODE, -m MODULE and -u"));
            }
            [name, rest @ ..] => {
                let shown = String::from_utf8_lossy(name);
                let path =
                    place(name).map_err(|complaint| format!("python3: can't open file '{shown}': {complaint}"))?;
                let path = path.ok_or_else(|| format!("python3: can't open file '{shown}': Is a directory"))?;
                (Program::File(path), rest)
            }
        };
        Ok(Self { program, unbuffered, arguments: arguments.to_vec() })
    }

    /// The job. The script is taken out of the files: the sandbox puts it into its place.
    fn job(self, snapshot: &mut Snapshot, budget: Budget) -> Result<JobSpec, String> {
        let said = |error: JobError| format!("python3: {error}");
        let script = |text: Vec<u8>| Script::parse(text).map_err(said);
        let name = |name: &[u8]| ProgramName::parse(name).map_err(said);
        let mut arguments = self.arguments;
        let job = match self.program {
            Program::File(path) => {
                let found = snapshot.files.iter().position(|file| file.path == path);
                let found = found.ok_or_else(|| {
                    let shown = String::from_utf8_lossy(path.as_bytes()).into_owned();
                    format!("python3: can't open file '{HOME}/{shown}': [Errno 2] No such file or directory")
                })?;
                JobSpec::of(script(snapshot.files.swap_remove(found).content)?).program(name(path.as_bytes())?)
            }
            Program::Code(code) => JobSpec::of(script(code)?).program(name(b"-c")?).aside(),
            Program::Module(module) => {
                arguments.insert(0, module);
                JobSpec::of(script(RUN_MODULE.to_vec())?).program(name(b"-m")?).aside()
            }
            Program::Interactive => JobSpec::interactive(),
        };
        let job = if self.unbuffered { job.unbuffered() } else { job };
        let arguments: Result<Vec<_>, _> = arguments.into_iter().map(Argument::parse).collect();
        let (files, directories) = (std::mem::take(&mut snapshot.files), std::mem::take(&mut snapshot.directories));
        let job = job.arguments(arguments.map_err(said)?).files(files).directories(directories);
        job.whole_directory().budget(budget).build().map_err(said)
    }
}

/// How much room the files of a script take in our memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RoomForFiles {
    /// Bytes of the files with their names.
    bytes: usize,
    /// MiB of all their copies.
    copies: u32,
}

impl RoomForFiles {
    /// For files of so many bytes, with names of usual lengths.
    fn of(bytes: u64) -> Self {
        let most = limits::WORKSPACE_JOB_BYTES;
        let mib = (usize::try_from(bytes).unwrap_or(most).min(most) >> 20) + 1;
        let copies = u32::try_from(mib.saturating_mul(limits::SNAPSHOT_COPIES)).unwrap_or(u32::MAX);
        Self { bytes: (mib << 20).min(most), copies }
    }

    /// For as many as a script gets.
    fn most() -> Self {
        Self::of(limits::WORKSPACE_JOB_BYTES as u64)
    }
}

impl Running {
    /// Runs it to its end and keeps what it has changed.
    pub(super) async fn python(&mut self, python: Python, account: AccountId) -> Result<u8, Error> {
        let mut room = RoomForFiles::of(self.workspace.bytes());
        let mut snapshot = loop {
            let Some(places) = self.places(room.copies).await else {
                return self.complain("python3: the server has no room for your files now: try again", FAILED).await;
            };
            match self.workspace.snapshot(room.bytes, places).await {
                Ok(snapshot) => break snapshot,
                // There is more by now, or the names are long.
                Err(WorkspaceError::TooLarge(_)) if room != RoomForFiles::most() => room = RoomForFiles::most(),
                Err(WorkspaceError::Io(error)) => return Err(Error::Ours(error.to_string())),
                Err(error) => return self.complain(&format!("python3: {error}"), FAILED).await,
            }
        };
        let job = match python.job(&mut snapshot, self.budget()?) {
            Ok(job) => job,
            Err(complaint) => return self.complain(&complaint, WRONG_USAGE).await,
        };
        let script = (job.program().as_bytes().to_vec(), job.script().cloned().filter(|_| !job.aside()));
        let mut run = self.app.0.rooms.sandbox.open(account, job).await.map_err(ours)?;
        let result = self.pass(&mut run).await?;
        self.app.0.metrics.ran(&result);
        self.keep(snapshot.basis, script, result, (run, snapshot.room)).await
    }

    /// The budget of a run of `/execute` that asks for the most.
    fn budget(&self) -> Result<Budget, Error> {
        let runs = &self.app.0.settings.runs;
        let budget = Budget::default().with_wall(runs.timeout).and_then(|budget| budget.with_memory(runs.memory));
        let budget = budget.and_then(|budget| budget.with_output(limits::COMMAND_OUTPUT_BYTES));
        budget.map_err(|error| Error::Ours(error.to_string()))
    }

    /// So many MiB of our memory for the copies of all files that go to the sandbox, until they are dropped: the user's, and the house's.
    /// What comes back has another room ([`LiveRun`]).
    async fn places(&self, copies: u32) -> Option<Vec<OwnedSemaphorePermit>> {
        // The user's first: whoever waits for their own scripts keeps nobody else waiting.
        let rooms = async {
            let own = self.workspace.copies().acquire_many_owned(copies).await.ok()?;
            Some(vec![own, Arc::clone(&self.app.0.snapshots).acquire_many_owned(copies).await.ok()?])
        };
        timeout(self.app.0.settings.runs.wait, rooms).await.ok()?
    }

    /// Passes input and output until the end.
    async fn pass(&mut self, run: &mut LiveRun) -> Result<JobResult, Error> {
        let (stdin, input, output) = (run.stdin(), &mut self.input, &self.output);
        let feed = async move {
            if let Some(stdin) = stdin {
                while let Some(bytes) = input.recv().await {
                    if !stdin.send(bytes).await {
                        break;
                    }
                }
            }
            std::future::pending::<()>().await;
        };
        let show = async {
            loop {
                match run.next().await {
                    Some(Ok(Event::Output(_, bytes))) => output.write(bytes).await,
                    Some(Ok(Event::Ended(result))) => return Ok(*result),
                    Some(Err(error)) => return Err(ours(error)),
                    None => return Err(ours(SandboxError::Lost)),
                }
            }
        };
        tokio::select! {
            ended = show => ended,
            () = feed => Err(ours(SandboxError::Lost)),
        }
    }

    /// Makes the workspace what the script has made of it, if it has ended by itself. The room is kept until the files are out of our
    /// memory, also where nobody waits for that any more.
    async fn keep(
        &mut self,
        basis: Basis,
        script: (Vec<u8>, Option<Script>),
        result: JobResult,
        room: impl Send + 'static,
    ) -> Result<u8, Error> {
        let code = match result.outcome {
            JobOutcome::Exited(code) => code,
            JobOutcome::Aborted => {
                let code = result.outcome.exit_code().unwrap_or(FAILED);
                return self.complain("python3: ended by a fault; nothing of what it changed was kept", code).await;
            }
            JobOutcome::TimedOut(_) => {
                let seconds = self.app.0.settings.runs.timeout.as_secs_f64();
                let line = format!(
                    "python3: ended: it took longer than {seconds} seconds; nothing of what it changed was kept"
                );
                return self.complain(&line, TOOK_TOO_LONG).await;
            }
            JobOutcome::OutputTooLarge => {
                let line = "python3: ended: too much output, or too many or too large files; nothing of what it changed was kept";
                return self.complain(line, FAILED).await;
            }
        };
        let Some(mut tree) = result.tree else {
            let line = "python3: its files could not be told, for want of memory; nothing of what it changed was kept";
            return self.complain(line, FAILED).await;
        };
        let (mut written, mut kept) = (result.files, vec![]);
        if let (name, Some(text)) = &script {
            // The sandbox takes the script for a new file, which it is not.
            written.retain(|file| {
                let same = file.path.as_bytes() == name && file.content == text.as_bytes();
                if same {
                    kept.push(file.path.clone());
                }
                !same
            });
        }
        tree.kept.extend(kept);
        match self.workspace.write_back(basis, written, tree, room).await {
            Ok(()) => Ok(code),
            Err(WorkspaceError::Io(error)) => Err(Error::Ours(error.to_string())),
            Err(error) => {
                self.complain(&format!("python3: nothing of what it changed was kept: {error}"), FAILED).await
            }
        }
    }

    async fn complain(&self, line: &str, code: u8) -> Result<u8, Error> {
        self.output.write(format!("{line}\n")).await;
        Ok(code)
    }
}

fn ours(error: SandboxError) -> Error {
    Error::Ours(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Python, String> {
        Python::read(&line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    /// The room was taken for what was there before the wait for it, and the copies were of what was there afterwards.
    #[test]
    fn files_are_copied_as_far_as_there_is_room_for_them() {
        for bytes in [0, 1, 1 << 20, 5_000_000, 126 << 20, 1 << 30, u64::MAX] {
            let room = RoomForFiles::of(bytes);
            assert!(room.bytes * limits::SNAPSHOT_COPIES <= (room.copies as usize) << 20, "{bytes}: {room:?}");
            assert!(room.bytes as u64 > bytes || room == RoomForFiles::most(), "{bytes}: {room:?}");
        }
        assert_eq!(RoomForFiles::most().bytes, limits::WORKSPACE_JOB_BYTES);
        assert!(RoomForFiles::most().copies as usize <= limits::SNAPSHOTS_USER_MIB);
    }

    #[test]
    fn the_arguments_of_python_are_its_own() {
        let path = |text: &str| FilePath::parse(text).unwrap();
        for (line, program, arguments) in [
            ("", Program::Interactive, vec![]),
            ("- a", Program::Interactive, vec!["a"]),
            ("./d/a.py -x -c", Program::File(path("d/a.py")), vec!["-x", "-c"]),
            ("-u -c pass 1 -u", Program::Code(b"pass\n".to_vec()), vec!["1", "-u"]),
            ("-m json.tool a", Program::Module(b"json.tool".to_vec()), vec!["a"]),
        ] {
            let read = read(line).unwrap();
            let arguments: Vec<Vec<u8>> = arguments.into_iter().map(|word| word.as_bytes().to_vec()).collect();
            assert_eq!((read.program, read.arguments, read.unbuffered), (program, arguments, line.starts_with("-u")));
        }
        for (line, complaint) in [
            ("-c", "the code after -c is missing"),
            ("-m", "the name of a module after -m is missing"),
            ("-i a.py", "-i is not understood"),
            ("../a.py", "can't open file '../a.py': leads out of the workspace"),
            (".", "Is a directory"),
        ] {
            assert!(read(line).unwrap_err().contains(complaint), "{line}");
        }
    }
}
