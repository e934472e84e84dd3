//! Script text in to whole outcome out, for `print('hello')`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cloud_python::domain::{AccountId, JobOutcome};
use cloud_python::sandbox::{Meter, Sandbox};

use crate::processes::children_of;
use crate::table::{Samples, header, ms, row};
use crate::{hello, memory, native, sandbox};

const ROUNDS: u64 = 1000;

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

/// What a run costs the kernel: pages that it touches and that nobody touched ahead.
async fn print_faults(sandbox: &Sandbox) {
    let launcher = sandbox.launcher_pid().await.expect("a launcher");
    let mut medians = vec![];
    for number in 0..2 {
        let mut samples = vec![];
        for round in 0..50 {
            let account = AccountId::new(u64::MAX - if number == 0 { round } else { 1000 });
            // Long enough for spares to be ready, and for a child to have cleaned up.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let before: BTreeMap<u32, u64> =
                children_of(launcher).into_iter().map(|pid| (pid, memory::minor_faults(pid))).collect();
            time_one(sandbox, account).await;
            samples.extend(before.iter().map(|(pid, faults)| memory::minor_faults(*pid) - faults).max());
        }
        samples.sort_unstable();
        medians.push(samples[samples.len() / 2]);
    }
    println!("\npage faults: first run {}, further run {} (with what it does afterwards)", medians[0], medians[1]);
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn time_one(sandbox: &Sandbox, account: AccountId) -> Duration {
    let spec = hello();
    let begun = Instant::now();
    let result = sandbox.run(account, &spec).await.expect("the sandbox does its part");
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
