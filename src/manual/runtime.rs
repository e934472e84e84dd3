//! The runtime image: how CPython gets into it, and how it differs from a native one.
//!
//! `./fetch-runtime.sh` does all of this, step by step, each kept in a cache under the hash of what goes into it:
//!
//! 1. The sources of CPython, zlib, bzip2, xz and SQLite (Debian's source packages), the compiler (`ziglang`) and the time
//!    zones (`tzdata`), each checked against the SHA-256 in `python-wasm/build/pins.txt`.
//! 2. A native CPython of the same source. It compiles the standard library, and benchmarks compare with it.
//! 3. The libraries and CPython itself as wasm32-wasi, with link-time optimisation.
//! 4. The standard library, compiled and frozen into the module: an import needs no file.
//! 5. The guest's own C code (`python-wasm/guest`): the driver, the filesystem in the guest's memory, and the shim that ends
//!    WASI inside the module. What is left to import stands in `python-wasm/imports.txt`.
//! 6. The snapshot ([`crate::sandbox::snapshot`]): the interpreter is started once, common modules are imported, caches are
//!    filled, and what memory then holds becomes the module's initial memory.
//! 7. The precompiled form ([`Source::prepare`](crate::sandbox::Source::prepare)), once for each machine.
//!
//! # What a script finds
//!
//! The working directory is `/home/user`, with the script in it under its own name, and the files that came with it; `/tmp`
//! is empty. All of it is memory of the run's own budget, and gone with the run. `os.environ` is empty. The clocks step in
//! units of 100 microseconds.
//!
//! # What is not there
//!
//! Threads, processes, sockets, `ctypes`, `ssl`, terminals and signals from outside: each fails with the exception that
//! CPython has for a platform without it. Modules that are not part of the standard library cannot be installed. A user's own
//! module does not hide one of the standard library's of the same name.
//!
//! # What every run draws anew
//!
//! All runs come from one snapshot, so whatever drew entropy or the time when it was taken must draw again: `random`,
//! `tempfile`, `uuid`, `logging`'s start time. `os.urandom` and `secrets` ask the kernel at each call. `tests/entropy.rs` runs
//! ten thousand times and compares. String hashing is the exception; see [`threats`](super::threats).
