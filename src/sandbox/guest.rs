//! One run inside WebAssembly: a store and an instance, from the job's first byte to its outcome.
//!
//! Owns: [`Template`] (what every run starts from) and [`Guest`] (one run). Not here: what the guest may call (`host`),
//! processes (`child`), how bytes reach the server (`inbox`).

use std::io::Write;
use std::os::unix::net::UnixStream;

use wasmtime::{Engine, InstancePre, Memory, Module, Store, Trap, TypedFunc};

use super::engine::Meter;
use super::footprint::Footprint;
use super::host::{self, Host, Live, low_byte};
use super::inbox::{Inbox, Stop};
use super::wire::{Terms, job_frame};
use super::{SandboxError, child};
use crate::clock;
use crate::domain::{JobOutcome, JobSpec, Script, Spent};

/// What every run starts from: the image, linked with the host calls.
pub(super) struct Template {
    engine: Engine,
    meter: Meter,
    pre: InstancePre<Host>,
    /// What every run touches of its memory, and of the code. Empty until [`Template::rehearse`].
    memory: Footprint,
    code: Footprint,
}

impl Template {
    pub(super) fn new(meter: Meter, module: &Module) -> Result<Self, SandboxError> {
        let engine = module.engine().clone();
        let pre = host::linker(&engine)?.instantiate_pre(module).map_err(SandboxError::image)?;
        Ok(Self { engine, meter, pre, memory: Footprint::default(), code: Footprint::default() })
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

    /// Maps the code that a run needs into a process that is new: a fork copies no map of a file's pages.
    pub(super) fn touch_code(&self) {
        let (code, len) = self.code_range();
        self.code.touch_read(code, len);
    }

    /// A fresh instance, with nothing of any earlier run in it.
    pub(super) fn instantiate(&self) -> Result<Guest, SandboxError> {
        let mut store = store(&self.engine);
        let instance = self.pre.instantiate(&mut store).map_err(SandboxError::image)?;
        let memory = instance.get_memory(&mut store, "memory").ok_or(SandboxError::Export("memory"))?;
        store.data_mut().memory = Some(memory);
        let buffer = instance.get_typed_func(&mut store, "job_buffer").map_err(SandboxError::image)?;
        let run = instance.get_typed_func(&mut store, "job_run").map_err(SandboxError::image)?;
        Ok(Guest { store, meter: self.meter, memory, buffer, run })
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

/// One instance, for one run.
pub(super) struct Guest {
    store: Store<Host>,
    meter: Meter,
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
        template.memory.touch_written(self.memory.data_ptr(&self.store), self.memory.data_size(&self.store));
    }

    /// Takes a job of `len` bytes from the stream and runs it to its end.
    ///
    /// An error means that the stream is of no more use: the server has gone or does not keep to the protocol.
    pub(super) fn run(mut self, mut inbox: Inbox, terms: Terms, len: usize) -> Result<Ended, Stop> {
        let begun = clock::monotonic();
        let deadline = begun + terms.wall;
        let _ = self.store.set_fuel(terms.fuel);
        self.store.set_epoch_deadline(1);
        self.store.epoch_deadline_callback(host::tick);
        self.store.data_mut().memory_cap = usize::try_from(terms.memory).unwrap_or(usize::MAX);
        let placed = self.place(&mut inbox, len)?;
        let ticks = self.meter.has_epoch();
        self.store.data_mut().live =
            Some(Live { inbox, begun, deadline, output_left: terms.output, files_left: terms.files, ticks });
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
