//! Runs a second with two callers at a time, and that nothing grows.

use std::time::Instant;

use cloud_python::domain::AccountId;
use cloud_python::sandbox::{Meter, Sandbox};

use crate::memory;
use crate::processes::children_of;
use crate::table::{header, row};
use crate::{hello, native, sandbox};

const RUNS: u64 = 5000;

pub(crate) async fn measure() {
    header(&["5000 runs, 2 callers", "runs/s", "processes", "descriptors", "server memory", "launcher memory"]);
    row(&["python3 -I -S -c pass, 2 at a time", &format!("{:.0}", native_rate()), "", "", "", ""]);
    for (name, accounts) in [("an account each", RUNS), ("one account", 1)] {
        let sandbox = sandbox(Meter::default()).await;
        run_all(&sandbox, 500, accounts).await;
        let before = Held::now(&sandbox).await;
        let rate = run_all(&sandbox, RUNS, accounts).await;
        let after = Held::now(&sandbox).await;
        row(&[
            name,
            &format!("{rate:.0}"),
            &format!("{} -> {}", before.processes, after.processes),
            &format!("{} -> {}", before.descriptors, after.descriptors),
            &format!("{} -> {} KiB", before.server_kib, after.server_kib),
            &format!("{} -> {} KiB", before.launcher_kib, after.launcher_kib),
        ]);
        sandbox.shutdown().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn native_rate() -> f64 {
    const EACH: usize = 150;
    let begun = Instant::now();
    let caller = || {
        for _ in 0..EACH {
            native::start_and_end();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(caller);
        caller();
    });
    2.0 * EACH as f64 / begun.elapsed().as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn run_all(sandbox: &Sandbox, runs: u64, accounts: u64) -> f64 {
    let begun = Instant::now();
    let caller = async |first: u64| {
        for number in (first..runs).step_by(2) {
            let account = AccountId::new(number % accounts);
            sandbox.run(account, &hello()).await.expect("the sandbox does its part");
        }
    };
    tokio::join!(caller(0), caller(1));
    runs as f64 / begun.elapsed().as_secs_f64()
}

/// What server and launcher hold at one moment.
struct Held {
    processes: usize,
    descriptors: usize,
    server_kib: u64,
    launcher_kib: u64,
}

impl Held {
    async fn now(sandbox: &Sandbox) -> Self {
        let launcher = sandbox.launcher_pid().await.expect("a launcher");
        Self {
            processes: children_of(launcher).len(),
            descriptors: std::fs::read_dir("/proc/self/fd").expect("/proc").count(),
            server_kib: memory::private_dirty_kib(std::process::id()).unwrap_or_default(),
            launcher_kib: memory::private_dirty_kib(launcher).unwrap_or_default(),
        }
    }
}
