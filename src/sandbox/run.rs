//! One run, from the server's side: the job goes out, input and output pass, the end or the deadline comes.
//!
//! Owns: [`Running`] (a child that is busy), [`LiveRun`], and the deadline that holds whatever the child does. Not here:
//! which child it is (`pool`), the run itself (`guest`).
//!
//! What a child says is not believed further than it must be: its frames are bounded (`wire`), its output is counted
//! again here, and it is killed when it is late, whatever its own engine was told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{ReadHalf, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::SandboxError;
use super::control::Gone;
use super::pool::{Child, Sandbox};
use super::returned::{NotTaken, Returned};
use super::room::Room;
use super::wire::{End, FilePart, HEAD, Kind, job_frame, put_frame, whole_frame};
use crate::clock;
use crate::config::limits;
use crate::domain::{AccountId, JobOutcome, JobResult, JobSpec, Spent, Usage};
use crate::telemetry::warn_sparingly;

/// Which of a script's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// What a live run tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The script wrote this.
    Output(Stream, Vec<u8>),
    /// The run is over. Nothing follows.
    Ended(Box<JobResult>),
}

/// A run whose input and output pass while it goes on. Dropping it kills the run. One that returns a whole directory is to be held
/// until that is out of our memory: few are at once ([`limits::DIRECTORIES_RETURNED`]).
#[derive(Debug)]
pub struct LiveRun {
    events: mpsc::Receiver<Result<Event, SandboxError>>,
    stdin: Option<Stdin>,
    task: JoinHandle<()>,
}

/// Standard input of a live run. Dropping it is the end of input.
#[derive(Debug)]
pub struct Stdin(mpsc::Sender<Vec<u8>>);

impl Stdin {
    /// Hands over bytes. Waits while the script does not read; returns false once the run is over.
    pub async fn send(&self, bytes: Vec<u8>) -> bool {
        self.0.send(bytes).await.is_ok()
    }
}

impl LiveRun {
    pub(super) fn start(sandbox: Sandbox, account: AccountId, spec: JobSpec, running: Running) -> Self {
        let (sender, events) = mpsc::channel(limits::LIVE_EVENTS);
        let (stdin, chunks) = mpsc::channel(1);
        let task = tokio::spawn(run_live(sandbox, account, spec, running, chunks, sender));
        Self { events, stdin: Some(Stdin(stdin)), task }
    }

    /// The door for standard input. There is one; a second call returns nothing.
    pub fn stdin(&mut self) -> Option<Stdin> {
        self.stdin.take()
    }

    /// What happens next. Nothing after the end.
    pub async fn next(&mut self) -> Option<Result<Event, SandboxError>> {
        self.events.recv().await
    }
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run_live(
    sandbox: Sandbox,
    account: AccountId,
    spec: JobSpec,
    running: Running,
    chunks: mpsc::Receiver<Vec<u8>>,
    events: mpsc::Sender<Result<Event, SandboxError>>,
) {
    let mut input = Input::Live { chunks, taken: false };
    let room = if spec.whole_directory() { sandbox.room(account) } else { Room::default() };
    let mut sink = Sink::Live { events: events.clone(), shown: false, room };
    let mut ended = running.drive(&spec, &mut input, &mut sink).await;
    let untouched = matches!((&input, &sink), (Input::Live { taken: false, .. }, Sink::Live { shown: false, .. }));
    if matches!(ended, Err(SandboxError::Lost)) && untouched {
        ended = match sandbox.running(account).await {
            Ok(running) => running.drive(&spec, &mut input, &mut sink).await,
            Err(error) => Err(error),
        };
    }
    let _ = events.send(ended.map(|result| Event::Ended(Box::new(result)))).await;
    if matches!(&sink, Sink::Live { room, .. } if room.has_place()) {
        // Whoever holds the run has its files in hand still.
        events.closed().await;
    }
}

/// Where standard input comes from.
enum Input<'a> {
    Whole(&'a [u8]),
    Live { chunks: mpsc::Receiver<Vec<u8>>, taken: bool },
}

/// Where output goes.
enum Sink {
    Collect { stdout: Vec<u8>, stderr: Vec<u8> },
    Live { events: mpsc::Sender<Result<Event, SandboxError>>, shown: bool, room: Room },
}

impl Sink {
    async fn take(&mut self, stream: Stream, bytes: &[u8]) {
        match (self, stream) {
            (Self::Collect { stdout, .. }, Stream::Out) => stdout.extend_from_slice(bytes),
            (Self::Collect { stderr, .. }, Stream::Err) => stderr.extend_from_slice(bytes),
            (Self::Live { events, shown, .. }, stream) => {
                *shown = true;
                // A reader that has gone has dropped the run too; there is nobody to tell.
                let _ = events.send(Ok(Event::Output(stream, bytes.to_vec()))).await;
            }
        }
    }

    /// Waits until a whole directory may come. The child waits meanwhile, and its time goes on.
    async fn make_room(&mut self) {
        if let Self::Live { room, .. } = self {
            room.enter().await;
        }
    }
}

/// A child that is busy with one run. Unless the run ends well, dropping it kills the child.
pub(super) struct Running {
    sandbox: Sandbox,
    account: AccountId,
    child: Option<Child>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.take());
        self.sandbox.top_up();
    }
}

impl Running {
    pub(super) fn new(sandbox: Sandbox, account: AccountId, child: Child, permit: OwnedSemaphorePermit) -> Self {
        Self { sandbox, account, child: Some(child), _permit: permit }
    }

    /// Runs a job and keeps its output until it is known how it ended.
    pub(super) async fn collect(self, spec: &JobSpec) -> Result<JobResult, SandboxError> {
        let mut sink = Sink::Collect { stdout: vec![], stderr: vec![] };
        let result = self.drive(spec, &mut Input::Whole(spec.stdin()), &mut sink).await?;
        match (result.outcome.exit_code(), sink) {
            (Some(_), Sink::Collect { stdout, stderr }) => Ok(JobResult { stdout, stderr, ..result }),
            _ => Ok(result),
        }
    }

    /// Runs a job. Returns when it is over; if it did not end by itself, when its process is dead. Its output is in the sink.
    async fn drive(
        mut self,
        spec: &JobSpec,
        input: &mut Input<'_>,
        sink: &mut Sink,
    ) -> Result<JobResult, SandboxError> {
        let child = self.child.as_mut().ok_or(SandboxError::Lost)?;
        let begun = clock::monotonic();
        let late = Instant::from_std(begun + spec.budget().wall() + limits::KILL_GRACE);
        let cpu_before = child.status.cpu();
        let whole_frames = AtomicBool::new(true);
        let mut files = Returned::new(spec);
        let mut reading = Reading::new(spec.budget().output());
        let passed = {
            let (reader, writer) = child.stream.split();
            tokio::select! {
                biased;
                ended = reading.read(reader, sink, &mut files) => ended.unwrap_or(Passed::Lost),
                () = write_input(writer, spec, input, &whole_frames) => Passed::Lost,
                () = sleep_until(late) => Passed::Late,
            }
        };
        let mut usage = Usage { wall: begun.elapsed(), ..Usage::default() };
        if let Passed::Ended(end) = &passed {
            usage.fuel = end.fuel;
            usage.memory = usize::try_from(end.memory).unwrap_or(usize::MAX).min(spec.budget().memory());
        }
        match passed.outcome() {
            Some(outcome @ JobOutcome::Exited(_)) => {
                usage.cpu = child.status.cpu().saturating_sub(cpu_before);
                if whole_frames.load(Ordering::Relaxed) {
                    self.give_back();
                }
                let (files, tree) = files.into_files();
                Ok(JobResult { outcome, stdout: vec![], stderr: vec![], files, tree, usage })
            }
            outcome => {
                let (gone, child) = self.kill().await;
                if let (Passed::Late, Sink::Live { room, .. }, Some(mut child)) = (&passed, &mut *sink, child) {
                    // Its files are not kept, and wait for no room.
                    *room = Room::default();
                    // What it had written before is on its way still. After it, the stream ends with the process.
                    let (reader, _) = child.stream.split();
                    let _ = reading.read(reader, sink, &mut files).await;
                }
                usage.cpu = gone.cpu.saturating_sub(cpu_before);
                usage.wall = begun.elapsed();
                let outcome = outcome.ok_or(SandboxError::Lost)?;
                Ok(JobResult { outcome, stdout: vec![], stderr: vec![], files: vec![], tree: None, usage })
            }
        }
    }

    fn give_back(&mut self) {
        if let Some(child) = self.child.take() {
            self.sandbox.put_back(self.account, child);
        }
    }

    /// Kills the child and waits until it is dead and reaped. What it has written can still be read.
    async fn kill(&mut self) -> (Gone, Option<Child>) {
        let Some(child) = self.child.take() else { return (Gone { status: -1, cpu: Duration::ZERO }, None) };
        child.launcher.kill(child.id);
        let gone = match timeout(limits::KILL_WAIT, child.status.gone()).await {
            Ok(gone) => gone,
            Err(_) => {
                // A launcher that does not kill is no launcher. The kernel ends the child with it.
                child.launcher.abandon();
                child.status.gone().await
            }
        };
        if gone.signal() == Some(libc::SIGSYS) {
            warn_sparingly!(
                child = child.id.0,
                "a child was killed by its system call filter: an attempted escape or a bug"
            );
        }
        (gone, Some(child))
    }
}

/// What came of passing input and output.
enum Passed {
    Ended(End),
    OutputTooLarge,
    Late,
    Lost,
}

impl Passed {
    fn outcome(&self) -> Option<JobOutcome> {
        match self {
            Self::Ended(end) => Some(end.outcome),
            Self::OutputTooLarge => Some(JobOutcome::OutputTooLarge),
            Self::Late => Some(JobOutcome::TimedOut(Spent::Wall)),
            Self::Lost => None,
        }
    }
}

/// What a child has sent, as far as it has been read. Whoever stops reading can go on later.
struct Reading {
    /// Bytes of output that may still come.
    left: u64,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Reading {
    fn new(output_budget: u64) -> Self {
        Self { left: output_budget, buffer: vec![0; HEAD + limits::FRAME_BYTES], start: 0, end: 0 }
    }

    /// Passes output on until the end is told. Nothing if the stream breaks or makes no sense.
    async fn read(&mut self, mut reader: ReadHalf<'_>, sink: &mut Sink, files: &mut Returned<'_>) -> Option<Passed> {
        loop {
            while let Some((head, payload)) = whole_frame(self.buffer.get(self.start..self.end)?).ok()? {
                match head.kind {
                    Kind::Stdout | Kind::Stderr => {
                        let stream = if head.kind == Kind::Stdout { Stream::Out } else { Stream::Err };
                        let Some(left) = self.left.checked_sub(payload.len() as u64) else {
                            return Some(Passed::OutputTooLarge);
                        };
                        sink.take(stream, payload).await;
                        self.left = left;
                    }
                    Kind::File => {
                        sink.make_room().await;
                        match files.take(FilePart::parse(payload).ok()?) {
                            Ok(()) => {}
                            Err(NotTaken::TooLarge | NotTaken::Uncalled) => return Some(Passed::OutputTooLarge),
                        }
                    }
                    // Whoever goes on talking after the end is not what it seems, and serves nobody again.
                    Kind::End if self.start + HEAD + head.len < self.end => return None,
                    Kind::End => return End::parse(payload).ok().map(Passed::Ended),
                    _ => return None,
                }
                self.start += HEAD + head.len;
            }
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            match reader.read(self.buffer.get_mut(self.end..)?).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.end += count,
            }
        }
    }
}

/// Sends the job and standard input, then waits for ever: the end of a run comes from the reader, and so does the news
/// that the child is gone, which is why a failed write is nothing to report.
async fn write_input(writer: WriteHalf<'_>, spec: &JobSpec, input: &mut Input<'_>, whole_frames: &AtomicBool) {
    let mut frames = FrameWriter { writer, whole_frames, bytes: job_frame(spec) };
    if let Input::Whole([]) = input {
        // The common case in one system call.
        put_frame(&mut frames.bytes, Kind::StdinEnd, &[]);
    }
    frames.flush().await;
    match input {
        Input::Whole([]) => {}
        Input::Whole(all) => {
            frames.stdin(all).await;
            frames.send(Kind::StdinEnd, &[]).await;
        }
        Input::Live { chunks, taken } => {
            while let Some(bytes) = chunks.recv().await {
                *taken = true;
                frames.stdin(&bytes).await;
            }
            frames.send(Kind::StdinEnd, &[]).await;
        }
    }
    std::future::pending().await
}

/// Writes frames, and knows whether the last one went out whole: if not, the stream cannot carry another run.
struct FrameWriter<'a> {
    writer: WriteHalf<'a>,
    whole_frames: &'a AtomicBool,
    bytes: Vec<u8>,
}

impl FrameWriter<'_> {
    async fn stdin(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(limits::FRAME_BYTES) {
            self.send(Kind::Stdin, part).await;
        }
    }

    async fn send(&mut self, kind: Kind, payload: &[u8]) {
        put_frame(&mut self.bytes, kind, payload);
        self.flush().await;
    }

    async fn flush(&mut self) {
        self.whole_frames.store(false, Ordering::Relaxed);
        let sent = self.writer.write_all(&self.bytes).await;
        self.whole_frames.store(sent.is_ok(), Ordering::Relaxed);
        self.bytes.clear();
        // The job may have had many files, and the run may last long.
        self.bytes.shrink_to(HEAD + limits::FRAME_BYTES);
    }
}
