//! The threat model: who attacks, what stops them, and what is deliberately not defended.
//!
//! # Who
//!
//! **A stranger with an approved account** sends any bytes as script, name, arguments, files and standard input, and reads
//! whatever comes back. They know this code. They want to read another account's data or the server's, to reach a network,
//! to keep the machine busy or full, or to leave something behind for the next run.
//!
//! Not among them: the operator, who owns the machine, and whoever can write to the operator's cache folder or replace the
//! binary: they have won already.
//!
//! # The three walls
//!
//! Each is built as if it were the last one standing, and tested alone.
//!
//! 1. **WebAssembly.** CPython runs as one module in wasmtime. It can touch its own linear memory and call six functions.
//!    There is no host file, directory, socket, variable or process behind any of them; files are C structures in the guest's
//!    own memory. Memory, table and stack are capped; fuel and the epoch end what does not end. Tested with the jail left out
//!    (`tests/walls/main.rs`, `wasm_holds_alone`) and by `tests/hostile/`.
//! 2. **A process for each account, an instance for each run.** Two accounts never share a process, so a flaw in wasmtime's
//!    isolation of instances shows an attacker only themselves. Launcher and children hold no key, token or database handle.
//!    Tested in `tests/isolation.rs`.
//! 3. **The jail.** Whatever native code runs in a child, the kernel lets it do about twenty system calls: read and write its
//!    stream, map memory that is not executable, read clocks and random bytes, end. No path can be opened, no socket made, no
//!    process forked or signalled, no descriptor gained. Any other call kills the process. Landlock denies files, ports,
//!    abstract sockets and signals once more. Tested by a child that pretends to have escaped and makes over a hundred
//!    attempts (`tests/walls/attempts.rs`), of which those that harm nobody are shown to work outside the jail, and by one that
//!    lies to the server (`tests/walls/lies.rs`). Landlock stands behind the filter: no test sees it alone.
//!
//! Around them the server's clock: a run is killed at its deadline plus 30 ms, whatever it or its engine says, and the
//! answer comes when the kernel has reaped it.
//!
//! # What each budget stops
//!
//! | budget | enforced by | when it is used up |
//! |---|---|---|
//! | wall clock | the engine's epoch, then the server's kill | the run is dead, nothing of it is returned |
//! | fuel | the engine, at every branch and call; host calls pay too | the same |
//! | memory | the engine, at `memory.grow` | Python's `MemoryError`; exit code 134 if the interpreter cannot go on |
//! | output | the child, at descriptor level, then the server's own count | the run is dead, nothing of it is returned |
//! | processes, descriptors, address space, core files | resource limits and the system call filter | the call fails or kills the child |
//!
//! # Known and accepted
//!
//! - **The machine's memory.** Sixty-four runs may be alive at once, each with its own budget. An operator with less memory than
//!   that lowers the number; if memory does run out, the kernel is told to end runs before it ends the server.
//! - **Side channels.** An account's process shares caches and memory bandwidth with others'. The guest's clocks are cut to
//!   100 microseconds and it has no threads to make a finer one with, which makes such attacks slow, not impossible. Do not
//!   run this beside secrets that are worth a laboratory.
//! - **The hash secret is the image's.** `hash("x")` is the same in every run of one image, because hashes are cached in the
//!   snapshot. It differs from image to image. A script that hashes hostile strings into a dict can be slowed down by whoever
//!   knows the image; its budget bounds that.
//! - **Kernel flaws** in the twenty calls that remain, and processor flaws, are the kernel's and the processor's.
//! - **A weak jail is the operator's choice**: `--allow-weak-jail` goes on without Landlock. The system call filter and the
//!   rest still hold.
//! - **A child that is killed by a flaw takes its run with it**; the run is tried once more, then it is an error.
//! - **Memory of ended runs of the same account** is reset by wasmtime between runs in a child that goes on. A flaw there
//!   would show an account its own earlier run, never another account's.
//!
//! # What counts as a vulnerability
//!
//! | | |
//! |---|---|
//! | a script reads or changes anything of another account, the server or the machine | yes |
//! | a script reaches a network, a process, a path, a descriptor or an environment variable of the host | yes |
//! | a run goes on after its time-out was told | yes |
//! | a run makes the server's memory, disk, descriptors or processes grow without bound | yes |
//! | something of one run is seen by the next, also of the same account | yes |
//! | two runs draw the same random bytes | yes |
//! | native code that is already running in a child does anything beyond the list of calls | yes |
//! | a script ends its own run in an odd way: trap, abort, wrong result, a crash of its own interpreter | no: a bug |
//! | a script breaks out of what Python itself forbids (`__builtins__`, audit hooks) | no: Python is not a wall here |
//! | a script finds out which version of the server, CPython or wasmtime runs it | no |
//! | an attack that needs write access to the cache folder, the binary or the operator's account | no |
//!
//! Where the tests are: `cargo test` has one for each of the above but two. Of the side channels only the clock is tested, and
//! that nothing grows is shown by `cargo bench -- throughput`.
