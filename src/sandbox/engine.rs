//! How wasmtime is set up: the one place that decides what the engine may do.
//!
//! Owns: the settings that an image is compiled with and those that it is run with, and the table of what fuel costs.
//! Not here: where images come from (`image`), what the guest may call (`guest`).

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolingAllocationConfig,
    VariableOperatorCost,
};

use super::SandboxError;
use crate::config::limits;

/// What is counted while a guest runs. Whatever is chosen, the server's own timer kills the process at the deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Meter {
    /// Fuel and the epoch: a run ends at the same point every time, and also at its deadline. The default.
    #[default]
    Both,
    /// The epoch alone: faster, the deadline is the only budget of time.
    Epoch,
    /// Fuel alone. For measurements.
    Fuel,
    /// Nothing. For measurements.
    Neither,
}

impl Meter {
    /// Every meter, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Both, Self::Epoch, Self::Fuel, Self::Neither];

    /// The name that command line and file names use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Epoch => "epoch",
            Self::Fuel => "fuel",
            Self::Neither => "neither",
        }
    }

    /// Whether fuel is counted.
    pub fn has_fuel(self) -> bool {
        matches!(self, Self::Both | Self::Fuel)
    }

    /// Whether the epoch is looked at.
    pub fn has_epoch(self) -> bool {
        matches!(self, Self::Both | Self::Epoch)
    }

    pub(super) fn number(self) -> u8 {
        self as u8
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|meter| meter.number() == number)
    }
}

/// An engine that can compile images and run the initialisation that goes into a snapshot.
pub(super) fn compiling(meter: Meter) -> Result<Engine, SandboxError> {
    Engine::new(&common(meter)).map_err(SandboxError::engine)
}

/// An engine that runs a compiled image, one instance at a time, its memory mapped copy-on-write.
pub(super) fn running(meter: Meter) -> Result<Engine, SandboxError> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(1).total_memories(1).total_tables(1);
    pool.max_core_instance_size(8 << 20);
    pool.max_memory_size(limits::MEMORY_MAX);
    pool.table_elements(limits::TABLE_ELEMENTS);
    // Both scan for dirty pages and copy those back: without the scan every page of the image is copied after a run.
    pool.linear_memory_keep_resident(limits::KEEP_RESIDENT).table_keep_resident(limits::TABLE_ELEMENTS * 8);
    pool.pagemap_scan(Enabled::Auto);
    let mut config = common(meter);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config).map_err(SandboxError::engine)
}

fn common(meter: Meter) -> Config {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::Speed);
    config.consume_fuel(meter.has_fuel()).epoch_interruption(meter.has_epoch());
    if meter.has_fuel() {
        config.operator_cost(branches_calls_and_bytes());
    }
    // The second is for stacks that we never make, but may not be smaller.
    config.max_wasm_stack(limits::WASM_STACK).async_stack_size(limits::WASM_STACK);
    config.memory_reservation(4 << 30).memory_init_cow(true);
    config.memory_guaranteed_dense_image_size(limits::DENSE_IMAGE_BYTES);
    // A trap is reported by its kind alone; addresses and unwind tables would only make the image larger.
    config.generate_address_map(false).wasm_backtrace_max_frames(None).native_unwind_info(false);
    config
}

/// What fuel is charged for: each branch, each call, and each byte of a bulk operation.
///
/// Whatever runs for ever takes branches or makes calls for ever, so this bounds a run just as charging for every operator
/// would, for less. The operator `loop` is no substitute: it is charged when a loop is entered, not at its turns, and
/// `while True: pass` would be free.
fn branches_calls_and_bytes() -> OperatorCost {
    macro_rules! nothing_but_the_bytes {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*) )*) => {
            OperatorCost { $($op: 0,)* variable: VariableOperatorCost::default() }
        };
    }
    OperatorCost {
        Br: 1,
        BrIf: 1,
        BrTable: 1,
        Call: 1,
        CallIndirect: 1,
        ..wasmparser::for_each_operator!(nothing_but_the_bytes)
    }
}
