//! Runs strangers' Python behind three walls: WebAssembly, a process of its own for each account, and a jail around that.
//!
//! ```text
//! server process                    launcher process            child processes (one account each)
//! Sandbox -> pool -> run   order->  launcher  --- fork --->     child -> guest (wasmtime) -> CPython
//!               |                                                  ^
//!               +----------- frames: job, input, output, end ------+
//! ```
//!
//! Owns: everything that names wasmtime, and the only `unsafe` of the house. Not here: who may run what (`app`, later), and
//! what a run is in itself ([`crate::domain`]).
//!
//! | file | what it knows |
//! |---|---|
//! | `image`, `snapshot`, `engine` | the runtime image: made, compiled, checked, mapped |
//! | `child`, `guest`, `host`, `inbox`, `timer`, `footprint` | one run, inside a child |
//! | `launcher`, `jail` | processes and their bars |
//! | `pool`, `control`, `run`, `returned`, `room` | the server's side: which child, its orders, one run, the files it returns, and how many of them at once |
//! | `wire`, `orders` | the bytes between them |

mod child;
mod control;
mod engine;
mod footprint;
mod guest;
mod host;
mod image;
mod inbox;
mod jail;
pub mod launcher;
mod orders;
mod pool;
mod returned;
mod room;
mod run;
mod snapshot;
mod timer;
mod wire;

pub use engine::Meter;
pub use image::{ImageError, Prepared, Source, cache_folder};
pub use jail::JailError;
pub use pool::{Sandbox, Settings};
pub use run::{Event, LiveRun, Stdin, Stream};
pub use snapshot::snapshot;
pub use wire::{WireError, decode_any_frame};

/// The version of wasmtime that runs the guests; a test compares it with the lock file.
pub const WASMTIME_VERSION: &str = "48.0.8";

/// The sandbox could not do its part. Nothing here is the script's fault: what a script does is a
/// [`JobOutcome`](crate::domain::JobOutcome).
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// wasmtime refuses our settings.
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Engine(String),
    /// The image lacks something that every image has.
    #[error("the runtime image has no {0}")]
    Export(&'static str),
    /// There is no usable image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The operating system refused something.
    #[error("the sandbox cannot work on this machine: {0}")]
    Io(#[source] std::io::Error),
    /// The jail is not what it must be.
    #[error(transparent)]
    Jail(#[from] JailError),
    /// The process of the run died before the run had ended, twice.
    #[error("the run was lost: its process died")]
    Lost,
    /// The launcher does not start, or dies at once.
    #[error("the launcher does not start: {0}")]
    Launcher(String),
    /// The sandbox has been shut down.
    #[error("the sandbox has been shut down")]
    ShutDown,
    /// `launcher` was called by hand.
    #[error("this command is for the program's own use: it expects a control socket as its standard input")]
    NotALauncher,
    /// One side does not keep to the protocol.
    #[error("the sandbox's own protocol was broken: {0}")]
    Protocol(String),
}

impl SandboxError {
    fn engine(error: wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }

    fn image(error: wasmtime::Error) -> Self {
        Self::Image(ImageError::Module(format!("{error:#}")))
    }
}

impl From<WireError> for SandboxError {
    fn from(error: WireError) -> Self {
        Self::Protocol(error.to_string())
    }
}
