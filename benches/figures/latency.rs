//! Script text in to whole outcome out, for `print('hello')`.

use std::time::{Duration, Instant};

use cloud_python::domain::{AccountId, JobOutcome};
use cloud_python::sandbox::{Meter, Sandbox};

use crate::table::{Samples, header, ms, row};
use crate::{hello, memory, native, sandbox};

const ROUNDS: u64 = 300;

pub(crate) async fn measure() {
    let sandbox = sandbox(Meter::default()).await;
    let (mut python, mut first, mut further) = (vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        // Native python takes long enough for the launcher to have a spare waiting again.
        python.push(native::start_and_end());
        let account = AccountId::new(round);
        first.push(time_one(&sandbox, account).await);
        // The child makes its next instance ready while its account thinks.
        tokio::time::sleep(Duration::from_millis(2)).await;
        further.push(time_one(&sandbox, account).await);
    }
    let python = Samples::new(python);
    header(&["hello world", "median", "p99", "median, as part of native", "p99, as part of native"]);
    print("python3 -I -S -c pass", &python, &python);
    print("(a) first run of an account", &Samples::new(first), &python);
    print("(b) further run of the account", &Samples::new(further), &python);
    print_faults(&sandbox).await;
    sandbox.shutdown().await;
}

/// What a further run costs the kernel: pages that the run touches and the last one did not leave in place.
async fn print_faults(sandbox: &Sandbox) {
    const RUNS: u64 = 200;
    let account = AccountId::new(u64::MAX);
    time_one(sandbox, account).await;
    let launcher = sandbox.launcher_pid().await.expect("a launcher");
    let faults = || memory::children_of(launcher).into_iter().map(memory::minor_faults).max().unwrap_or_default();
    let before = faults();
    for _ in 0..RUNS {
        time_one(sandbox, account).await;
    }
    println!("\npage faults of a further run: {}", (faults() - before) / RUNS);
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn time_one(sandbox: &Sandbox, account: AccountId) -> Duration {
    let spec = hello();
    let begun = Instant::now();
    let result = sandbox.run(account, &spec, b"").await.expect("the sandbox does its part");
    let time = begun.elapsed();
    assert_eq!((result.outcome, result.stdout.as_slice()), (JobOutcome::Exited(0), b"hello\n".as_slice()));
    time
}

fn print(name: &str, samples: &Samples, python: &Samples) {
    let (median, p99) = (samples.median(), samples.percentile(99));
    let part = |time: Duration, of: Duration| format!("1/{:.1}", of.as_secs_f64() / time.as_secs_f64());
    let cells = [name, &ms(median), &ms(p99), &part(median, python.median()), &part(p99, python.percentile(99))];
    row(&cells);
}
