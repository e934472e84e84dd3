//! How long after its deadline a hostile run is dead: its process gone and reaped, not only its caller told.

use std::time::Duration;

use cloud_python::domain::{AccountId, Budget, JobOutcome};
use cloud_python::sandbox::Meter;

use crate::table::{Samples, header, ms, row};
use crate::{job, sandbox};

const ROUNDS: usize = 200;

/// Ways not to end: in bytecode, in C, in bulk copies, in big numbers, asleep, waiting for input that never comes.
const HOSTILE: [&str; 8] = [
    "while True: pass",
    "sum(iter(int, 1))",
    "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')",
    "x, y = memoryview(bytearray(50 << 20)), memoryview(bytearray(50 << 20))\nwhile True: x[:] = y",
    "x = 10 ** 10 ** 8",
    "import time; time.sleep(1e9)",
    "import sys\nwhile True: sys.stdout.write('')",
    "sorted(range(10 ** 7), key=lambda n: sum(range(n)))",
];

pub(crate) async fn measure() {
    let sandbox = sandbox(Meter::default()).await;
    let wall = Duration::from_millis(100);
    let budget = Budget::default().with_wall(wall).expect("in bounds");
    let mut late = vec![];
    for round in 0..ROUNDS {
        let spec = job(HOSTILE[round % HOSTILE.len()], budget);
        let result = sandbox.run(AccountId::new(round as u64), &spec).await.expect("the sandbox does its part");
        assert!(matches!(result.outcome, JobOutcome::TimedOut(_)), "{:?}", result.outcome);
        late.push(result.usage.wall.saturating_sub(wall));
    }
    let late = Samples::new(late);
    header(&["200 hostile runs", "p50", "p99", "max"]);
    row(&["from the deadline to the process gone", &ms(late.median()), &ms(late.percentile(99)), &ms(late.max())]);
    sandbox.shutdown().await;
}
