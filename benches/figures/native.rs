//! Native CPython, for comparison.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use cloud_python::sandbox::cache_folder;

/// The machine's own `python3` itself: what is found on the path may be a script that looks for one.
pub(crate) fn installed() -> &'static Path {
    static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
        let output = Command::new("python3").args(["-I", "-c", "import sys; print(sys.executable)"]).output();
        let output = output.expect("python3 is installed");
        PathBuf::from(String::from_utf8(output.stdout).expect("a path").trim())
    });
    &PYTHON
}

/// Starts the machine's own `python3` with nothing to do, and waits for its end.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn start_and_end() -> Duration {
    let begun = Instant::now();
    let mut command = Command::new(installed());
    command.args(["-I", "-S", "-c", "pass"]).stdin(Stdio::null()).stdout(Stdio::null());
    assert!(command.status().expect("python3 is installed").success());
    begun.elapsed()
}

/// The CPython of the image's own version, built natively by `fetch-runtime.sh` from the same source.
pub(crate) fn same_version() -> Option<PathBuf> {
    let native = cache_folder().ok()?.join("native/bin/python3.13");
    native.exists().then_some(native)
}
