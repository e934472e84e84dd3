//! The snapshot: runs the interpreter's initialisation once and writes what memory then holds into the module.
//!
//! Owns: driving Wizer with our own host calls. Not here: what the initialisation does (`python-wasm/guest/driver.c`).

use std::task::{Context, Poll, Waker};

use wasmtime::{Instance, Module, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, Wizer};

use super::engine::{self, Meter};
use super::guest;
use super::host::{self, Host};
use super::image::ImageError;
use crate::config::limits;

/// The export that starts the interpreter. It is gone from the result: nobody can call it a second time.
const INITIALIZE: &str = "initialize";

/// Returns the module as it is after its initialisation.
pub fn snapshot(wasm: &[u8]) -> Result<Vec<u8>, ImageError> {
    let mut wizer = Wizer::new();
    wizer.init_func(INITIALIZE).keep_init_func(false);
    let (context, instrumented) = wizer.instrument(wasm).map_err(unusable)?;
    let engine = engine::compiling(Meter::Neither).map_err(unusable)?;
    let module = Module::new(&engine, &instrumented).map_err(unusable)?;
    let mut state = Initialised::run(&engine, &module)?;
    let result = now(wizer.snapshot(&context, &mut state)).ok_or_else(|| unusable("the snapshot was put off"))?;
    result.map_err(unusable)
}

/// An instance that has run its initialisation.
struct Initialised {
    store: Store<Host>,
    instance: Instance,
}

impl Initialised {
    fn run(engine: &wasmtime::Engine, module: &Module) -> Result<Self, ImageError> {
        let mut store = guest::store(engine);
        let instance = host::linker(engine).map_err(unusable)?.instantiate(&mut store, module).map_err(unusable)?;
        let memory = instance.get_memory(&mut store, "memory").ok_or_else(|| unusable("no memory"))?;
        store.data_mut().for_snapshot(memory, limits::MEMORY);
        // The C library's own start, then ours.
        for name in ["_initialize", INITIALIZE] {
            if let Ok(start) = instance.get_typed_func::<(), ()>(&mut store, name) {
                start.call(&mut store, ()).map_err(|e| unusable(format!("{name}: {e:#}")))?;
            }
        }
        Ok(Self { store, instance })
    }
}

impl InstanceState for Initialised {
    #[expect(clippy::panic, reason = "the trait's contract; the module is our own and this runs when it is built")]
    async fn global_get(&mut self, name: &str, _: wasmparser::ValType) -> SnapshotVal {
        match self.instance.get_global(&mut self.store, name).map(|global| global.get(&mut self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(bits)) => SnapshotVal::F32(bits),
            Some(Val::F64(bits)) => SnapshotVal::F64(bits),
            _ => panic!("{name} is not a global of a number type"),
        }
    }

    #[expect(clippy::panic, reason = "the trait's contract; the module is our own and this runs when it is built")]
    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        match self.instance.get_memory(&mut self.store, name) {
            Some(memory) => contents(memory.data(&self.store)),
            None => panic!("{name} is not a memory"),
        }
    }
}

/// The result of a future that never waits, as Wizer's does not when the instance answers at once.
fn now<F: Future>(future: F) -> Option<F::Output> {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn unusable(why: impl ToString) -> ImageError {
    ImageError::Module(why.to_string())
}
