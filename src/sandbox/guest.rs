//! One run inside WebAssembly: a store, an instance, and the six functions that the guest may call.
//!
//! Owns: [`Template`] (what every run starts from), [`Guest`] (one run) and the host calls. The guest's side of them is
//! `python-wasm/guest/host.h`. Not here: processes, and how bytes reach the server (`inbox`).
//!
//! Rules for a host call, which a hostile guest makes with any arguments it likes:
//! - it MUST NOT believe a pointer or a length: [`bytes_at`] is the only way into guest memory;
//! - it MUST be charged for, in fuel, and MUST move at most [`limits::HOST_CALL_BYTES`];
//! - it MUST end by the run's deadline;
//! - it MUST NOT allocate on the guest's behalf;
//! - it MUST answer a bad argument with an errno and never with a panic.

use std::io::Write;
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use wasmtime::{Caller, Engine, InstancePre, Linker, Memory, Module, ResourceLimiter, Store, Trap, TypedFunc};

use super::footprint::Footprint;
use super::inbox::{Inbox, Stop};
use super::wire::{Kind, Terms, job_frame};
use super::{SandboxError, child};
use crate::clock;
use crate::config::limits;
use crate::domain::{JobOutcome, JobSpec, Script, Spent};

/// Errno values of WASI preview 1, negated as `host.h` asks.
const EBADF: i32 = -8;
const EFAULT: i32 = -21;
const EINVAL: i32 = -28;
const EIO: i32 = -29;

const REALTIME: i32 = 0;
const MONOTONIC: i32 = 1;
const CPU_TIME: i32 = 2;

/// What every run starts from: the image, linked with the host calls.
pub(super) struct Template {
    engine: Engine,
    pre: InstancePre<Host>,
    /// What every run touches of its memory, and of the code. Empty until [`Template::rehearse`].
    memory: Footprint,
    code: Footprint,
}

impl Template {
    pub(super) fn new(engine: Engine, module: &Module) -> Result<Self, SandboxError> {
        let pre = linker(&engine)?.instantiate_pre(module).map_err(SandboxError::image)?;
        Ok(Self { engine, pre, memory: Footprint::default(), code: Footprint::default() })
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Runs a small script of our own and remembers which pages that touched.
    pub(super) fn rehearse(&mut self) -> Result<(), SandboxError> {
        const SCRIPT: &str = "print('rehearsal')";
        let script = Script::parse(SCRIPT).and_then(|script| JobSpec::of(script).build());
        let spec = script.map_err(|error| SandboxError::Protocol(error.to_string()))?;
        let (mut server, child) = UnixStream::pair().map_err(SandboxError::Io)?;
        server.write_all(&job_frame(&spec)).map_err(SandboxError::Io)?;
        let guest = self.instantiate()?;
        let memory = guest.memory;
        let ended = child::run_one(Inbox::new(child), guest);
        let ended = ended.map_err(|stop| SandboxError::Protocol(stop.to_string()))?;
        self.memory = Footprint::of(memory.data_ptr(&ended.remains), memory.data_size(&ended.remains));
        let (code, len) = self.code_range();
        self.code = Footprint::of(code, len);
        match ended.outcome {
            JobOutcome::Exited(0) => Ok(()),
            other => Err(SandboxError::Protocol(format!("the rehearsal ended with {other:?}"))),
        }
    }

    fn code_range(&self) -> (*const u8, usize) {
        let range = self.pre.module().image_range();
        (range.start, range.end.addr() - range.start.addr())
    }

    /// A fresh instance, with nothing of any earlier run in it.
    pub(super) fn instantiate(&self) -> Result<Guest, SandboxError> {
        let mut store = store(&self.engine);
        let instance = self.pre.instantiate(&mut store).map_err(SandboxError::image)?;
        let memory = instance.get_memory(&mut store, "memory").ok_or(SandboxError::Export("memory"))?;
        store.data_mut().memory = Some(memory);
        let buffer = instance.get_typed_func(&mut store, "job_buffer").map_err(SandboxError::image)?;
        let run = instance.get_typed_func(&mut store, "job_run").map_err(SandboxError::image)?;
        Ok(Guest { store, memory, buffer, run })
    }
}

/// A store with no budget yet: what instantiation itself needs and nothing more.
pub(super) fn store(engine: &Engine) -> Store<Host> {
    let mut store = Store::new(engine, Host::default());
    store.limiter(|host| host);
    // Instantiation runs no guest code; the budget of a run is set when it starts. Not every meter knows both.
    let _ = store.set_fuel(0);
    store.set_epoch_deadline(u64::MAX / 2);
    store
}

/// The host calls, by the names in `python-wasm/imports.txt`.
pub(super) fn linker(engine: &Engine) -> Result<Linker<Host>, SandboxError> {
    const HOST: &str = "cloud_python";
    let mut linker = Linker::new(engine);
    linker.func_wrap(HOST, "clock", clock_call).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "exit", exit).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "random", random).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "read", read).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "wait", wait).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "write", write).map_err(SandboxError::engine)?;
    Ok(linker)
}

/// One instance, for one run.
pub(super) struct Guest {
    store: Store<Host>,
    memory: Memory,
    buffer: TypedFunc<u32, u32>,
    run: TypedFunc<u32, i32>,
}

/// How a run in this process ended.
pub(super) struct Ended {
    pub(super) outcome: JobOutcome,
    pub(super) fuel: u64,
    pub(super) memory: u64,
    /// The stream to the server, for the next run.
    pub(super) inbox: Inbox,
    /// What is left of the run. Dropped after the end has been told, so that nobody waits for memory to be cleaned.
    remains: Store<Host>,
}

impl Ended {
    /// Cleans up after the run and gives the stream back.
    pub(super) fn into_inbox(self) -> Inbox {
        self.inbox
    }
}

impl Guest {
    /// Does ahead what the kernel would do, page by page, when the run begins.
    pub(super) fn touch_ahead(&self, template: &Template) {
        template.memory.touch(self.memory.data_ptr(&self.store), self.memory.data_size(&self.store));
        let (code, len) = template.code_range();
        template.code.touch(code, len);
    }

    /// Takes a job of `len` bytes from the stream and runs it to its end.
    ///
    /// An error means that the stream is of no more use: the server has gone or does not keep to the protocol.
    pub(super) fn run(mut self, mut inbox: Inbox, terms: Terms, len: usize) -> Result<Ended, Stop> {
        let begun = clock::monotonic();
        let deadline = begun + terms.wall;
        let _ = self.store.set_fuel(terms.fuel);
        self.store.set_epoch_deadline(1);
        self.store.data_mut().memory_cap = usize::try_from(terms.memory).unwrap_or(usize::MAX);
        let placed = self.place(&mut inbox, len)?;
        self.store.data_mut().live = Some(Live { inbox, begun, deadline, output_left: terms.output });
        let result = match placed {
            true => self.run.call(&mut self.store, u32::try_from(len).unwrap_or(u32::MAX)),
            false => Err(Trap::AllocationTooLarge.into()),
        };
        self.end(terms, result)
    }

    /// Copies the job from the stream into the guest. False if the guest has no room for it.
    fn place(&mut self, inbox: &mut Inbox, len: usize) -> Result<bool, Stop> {
        let asked = u32::try_from(len).unwrap_or(u32::MAX);
        let at = self.buffer.call(&mut self.store, asked).unwrap_or(0);
        let range = at as usize..(at as usize).saturating_add(len);
        match self.memory.data_mut(&mut self.store).get_mut(range) {
            Some(room) if at != 0 => inbox.read_exact(room).map(|()| true),
            _ => inbox.skip(len).map(|()| false),
        }
    }

    fn end(mut self, terms: Terms, result: wasmtime::Result<i32>) -> Result<Ended, Stop> {
        let fuel = self.store.get_fuel().map_or(0, |left| terms.fuel.saturating_sub(left));
        let memory = self.memory.data_size(&self.store) as u64;
        let Some(mut live) = self.store.data_mut().live.take() else { return Err(Stop::Gone) };
        let outcome = match result {
            Ok(code) => JobOutcome::Exited(low_byte(code)),
            Err(error) => match (error.downcast_ref::<Stop>(), error.downcast_ref::<Trap>()) {
                (Some(Stop::Exit(code)), _) => JobOutcome::Exited(*code),
                (Some(Stop::Wall), _) | (_, Some(Trap::Interrupt)) => JobOutcome::TimedOut(Spent::Wall),
                (Some(Stop::OutputTooLarge), _) => JobOutcome::OutputTooLarge,
                (Some(Stop::Gone | Stop::Wire(_)), _) => return Err(Stop::Gone),
                (_, Some(Trap::OutOfFuel)) => JobOutcome::TimedOut(Spent::Fuel),
                (None, trap) => live.abort(trap.copied())?,
            },
        };
        Ok(Ended { outcome, fuel, memory, inbox: live.inbox, remains: self.store })
    }
}

/// The low eight bits, which is all of an exit code that a parent process sees.
fn low_byte(code: i32) -> u8 {
    let [low, ..] = code.to_le_bytes();
    low
}

/// What the host calls of one run share.
#[derive(Default)]
pub(super) struct Host {
    memory: Option<Memory>,
    /// Bytes that linear memory may grow to. Zero until the run's budget is known: an instance starts as the image is.
    memory_cap: usize,
    /// Absent while a snapshot is made: then there is no input, and output goes to our own standard error.
    live: Option<Live>,
}

impl Host {
    pub(super) fn for_snapshot(&mut self, memory: Memory, memory_cap: usize) {
        (self.memory, self.memory_cap) = (Some(memory), memory_cap);
    }
}

/// A run in progress.
struct Live {
    inbox: Inbox,
    begun: Instant,
    deadline: Instant,
    output_left: u64,
}

impl Live {
    fn write(&mut self, kind: Kind, bytes: &[u8]) -> Result<i32, Stop> {
        let allowed = usize::try_from(self.output_left).unwrap_or(usize::MAX).min(bytes.len());
        let (now, beyond) = bytes.split_at_checked(allowed).unwrap_or((bytes, &[]));
        if !now.is_empty() {
            self.inbox.send(kind, now)?;
        }
        self.output_left -= allowed as u64;
        match beyond.is_empty() {
            true => Ok(i32::try_from(allowed).unwrap_or(i32::MAX)),
            false => Err(Stop::OutputTooLarge),
        }
    }

    /// Says on the script's standard error why the interpreter could not go on.
    fn abort(&mut self, trap: Option<Trap>) -> Result<JobOutcome, Stop> {
        let why = match trap {
            // The C stack lies at the bottom of memory, so that running off its end is an address out of bounds.
            Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => "its stack is used up",
            Some(Trap::AllocationTooLarge) => "the job does not fit into its memory",
            Some(Trap::UnreachableCodeReached) => "it aborted",
            _ => "it broke down",
        };
        let line = format!("Fatal Python error: the interpreter could not go on: {why}\n");
        match self.write(Kind::Stderr, line.as_bytes()) {
            Ok(_) => Ok(JobOutcome::Aborted),
            Err(Stop::OutputTooLarge) => Ok(JobOutcome::OutputTooLarge),
            Err(other) => Err(other),
        }
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        // `current` is zero when the instance is made: the image's own size is ours, not the script's.
        Ok(current == 0 || desired <= self.memory_cap)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(current == 0 && desired <= limits::TABLE_ELEMENTS)
    }
}

fn write(mut caller: Caller<'_, Host>, fd: i32, at: u32, len: u32) -> wasmtime::Result<i32> {
    charge(&mut caller, len)?;
    let kind = match fd {
        1 => Kind::Stdout,
        2 => Kind::Stderr,
        _ => return Ok(EBADF),
    };
    let Some((bytes, live)) = bytes_at(&mut caller, at, len) else { return Ok(EFAULT) };
    match live {
        Some(live) => Ok(live.write(kind, bytes)?),
        None => Ok(while_snapshotting(bytes)),
    }
}

/// What the initialisation has to say: it is our own code, and the person who builds the image should see it.
fn while_snapshotting(bytes: &[u8]) -> i32 {
    use std::io::Write;
    match std::io::stderr().write_all(bytes) {
        Ok(()) => i32::try_from(bytes.len()).unwrap_or(i32::MAX),
        Err(_) => EIO,
    }
}

fn read(mut caller: Caller<'_, Host>, at: u32, len: u32) -> wasmtime::Result<i32> {
    charge(&mut caller, len)?;
    match bytes_at(&mut caller, at, len) {
        None => Ok(EFAULT),
        Some((_, None)) => Ok(0),
        Some((room, Some(live))) => {
            let count = live.inbox.stdin(room, live.deadline)?;
            Ok(i32::try_from(count).unwrap_or(EIO))
        }
    }
}

fn wait(mut caller: Caller<'_, Host>, want_stdin: i32, timeout_ns: i64) -> wasmtime::Result<i32> {
    charge(&mut caller, 0)?;
    let Some(live) = &mut caller.data_mut().live else { return Ok(0) };
    let now = clock::monotonic();
    let until = u64::try_from(timeout_ns).ok().and_then(|ns| now.checked_add(Duration::from_nanos(ns)));
    match want_stdin {
        0 => live.inbox.sleep(until, live.deadline)?,
        _ if live.inbox.stdin_ready(until, live.deadline)? => return Ok(1),
        _ => {}
    }
    Ok(0)
}

fn clock_call(mut caller: Caller<'_, Host>, id: i32) -> wasmtime::Result<i64> {
    charge(&mut caller, 0)?;
    let begun = caller.data().live.as_ref().map(|live| live.begun);
    let time = match id {
        REALTIME => clock::since_1970(),
        MONOTONIC => begun.map_or(Duration::ZERO, |begun| begun.elapsed()),
        // This process's whole life, of which a script only ever compares two readings.
        CPU_TIME => clock::process_cpu(),
        _ => return Ok(-1),
    };
    let resolution = limits::CLOCK_RESOLUTION.as_nanos();
    Ok(i64::try_from(time.as_nanos() / resolution * resolution).unwrap_or(i64::MAX))
}

fn random(mut caller: Caller<'_, Host>, at: u32, len: u32) -> wasmtime::Result<i32> {
    charge(&mut caller, len)?;
    let Some((room, _)) = bytes_at(&mut caller, at, len) else { return Ok(EFAULT) };
    if room.len() < len as usize {
        // Half a buffer of randomness that is taken for a whole one would be a hole in somebody's key.
        return Ok(EINVAL);
    }
    let mut filled = 0;
    while let Some(rest @ [_, ..]) = room.get_mut(filled..) {
        match rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Ok(EIO),
        }
    }
    Ok(0)
}

fn exit(_caller: Caller<'_, Host>, code: i32) -> wasmtime::Result<()> {
    Err(Stop::Exit(low_byte(code)).into())
}

/// Takes the price of a host call that is asked to move `bytes` bytes. A meter without fuel has nothing to take.
fn charge(caller: &mut Caller<'_, Host>, bytes: u32) -> wasmtime::Result<()> {
    let Ok(fuel) = caller.get_fuel() else { return Ok(()) };
    match fuel.checked_sub(limits::HOST_CALL_FUEL + u64::from(bytes)) {
        Some(left) => caller.set_fuel(left),
        None => {
            caller.set_fuel(0)?;
            Err(Trap::OutOfFuel.into())
        }
    }
}

/// The bytes `at..at + len` of guest memory, cut to what one call moves, and the run; nothing if they are not all there.
fn bytes_at<'a>(caller: &'a mut Caller<'_, Host>, at: u32, len: u32) -> Option<(&'a mut [u8], Option<&'a mut Live>)> {
    let memory = caller.data().memory?;
    let (bytes, host) = memory.data_and_store_mut(caller);
    let range = Range { start: at as usize, end: (at as usize).checked_add(len as usize)? };
    let bytes = bytes.get_mut(range)?;
    let cut = bytes.len().min(limits::HOST_CALL_BYTES);
    Some((bytes.get_mut(..cut)?, host.live.as_mut()))
}
