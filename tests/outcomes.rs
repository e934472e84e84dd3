//! Every way a run can end, as the wire contract's table for `/execute` lists them.

use std::time::Duration;

use cloud_python::domain::{AccountId, Budget, JobOutcome, JobResult, JobSpec, Script, Spent};
use cloud_python::sandbox::Sandbox;

use crate::world::{self, ALICE};

async fn ends(sandbox: &Sandbox, text: &str, budget: Budget) -> JobResult {
    sandbox.run(ALICE, &world::script_with(text, budget)).await.expect("the sandbox does its part")
}

#[tokio::test]
async fn a_script_that_ends_gives_its_output_and_exit_code() {
    let sandbox = world::sandbox().await;
    let result = world::run(&sandbox, "import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.exit(7)").await;
    assert_eq!(result.outcome, JobOutcome::Exited(7));
    assert_eq!((world::stdout(&result), world::stderr(&result)), ("out\n".into(), "err\n".into()));
    let result = world::run(&sandbox, "print('half')\n1/0").await;
    assert_eq!(result.outcome, JobOutcome::Exited(1));
    assert!(world::stderr(&result).ends_with("ZeroDivisionError: division by zero\n"));
    let result = world::run(&sandbox, "def f(:").await;
    assert_eq!(result.outcome, JobOutcome::Exited(1));
    assert!(world::stderr(&result).contains("SyntaxError"), "{}", world::stderr(&result));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_used_up_time_budget_returns_nothing_but_the_fact() {
    let sandbox = world::sandbox().await;
    let short = Budget::default().with_wall(Duration::from_millis(200)).unwrap();
    for text in
        ["print('partial', flush=True)\nwhile True: pass", "print('partial', flush=True)\nimport time\ntime.sleep(9)"]
    {
        let result = ends(&sandbox, text, short).await;
        assert_eq!(result.outcome, JobOutcome::TimedOut(Spent::Wall));
        assert_eq!((result.stdout.len(), result.stderr.len()), (0, 0));
    }
    let little = Budget::default().with_fuel(10_000_000).unwrap();
    let result = ends(&sandbox, "print('partial', flush=True)\nwhile True: pass", little).await;
    assert_eq!((result.outcome, result.stdout.len()), (JobOutcome::TimedOut(Spent::Fuel), 0));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn fuel_is_the_same_whatever_the_machine_does_besides() {
    let sandbox = world::sandbox().await;
    let text = "print(sum(i * i for i in range(10000)))";
    let mut burnt = vec![];
    for account in 0..4 {
        let result = sandbox.run(AccountId::new(account % 2), &world::script(text)).await.unwrap();
        burnt.push(result.usage.fuel);
    }
    // But for a branch more or less where fresh entropy seeds `random`.
    assert!(burnt[0] > 10_000 && burnt.iter().all(|fuel| fuel.abs_diff(burnt[0]) < burnt[0] / 10_000), "{burnt:?}");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn output_is_bounded_while_it_is_produced_at_the_descriptors() {
    let sandbox = world::sandbox().await;
    let small = Budget::default().with_output(1000).expect("in bounds");
    let result = ends(&sandbox, "import os\nos.write(1, b'x' * 600)\nos.write(2, b'y' * 400)", small).await;
    assert_eq!((result.outcome, result.stdout.len(), result.stderr.len()), (JobOutcome::Exited(0), 600, 400));
    let result = ends(&sandbox, "import os\nos.write(1, b'x' * 600)\nos.write(2, b'y' * 401)", small).await;
    assert_eq!((result.outcome, result.stdout.len(), result.stderr.len()), (JobOutcome::OutputTooLarge, 0, 0));
    let result = ends(&sandbox, "while True: print('x' * 1000)", small).await;
    assert_eq!(result.outcome, JobOutcome::OutputTooLarge);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn memory_ends_as_python_ends_it() {
    let sandbox = world::sandbox().await;
    let result = world::run(&sandbox, "x = [0] * (1 << 28)").await;
    assert_eq!(result.outcome, JobOutcome::Exited(1));
    assert!(world::stderr(&result).ends_with("MemoryError\n"), "{}", world::stderr(&result));
    // What one budget forbids another allows: it is the budget that counts, not the image.
    let text = "x = bytearray(400 << 20)\nprint(len(x))";
    let large = Budget::default().with_memory(600 << 20).unwrap();
    assert_eq!(ends(&sandbox, text, large).await.outcome, JobOutcome::Exited(0));
    assert_eq!(world::run(&sandbox, text).await.outcome, JobOutcome::Exited(1));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_interpreter_that_cannot_go_on_says_so() {
    let sandbox = world::sandbox().await;
    let result = world::run(&sandbox, "print('before', flush=True)\nimport os\nos.abort()").await;
    assert_eq!((result.outcome, result.outcome.exit_code()), (JobOutcome::Aborted, Some(134)));
    assert_eq!(world::stdout(&result), "before\n");
    assert!(world::stderr(&result).contains("the interpreter could not go on"), "{}", world::stderr(&result));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn scripts_that_are_not_text_are_a_syntax_error() {
    let sandbox = world::sandbox().await;
    for text in [&b"print('\xff')"[..], b"print(1)\0print(2)"] {
        let spec = JobSpec::of(Script::parse(text).unwrap()).build().unwrap();
        let result = sandbox.run(ALICE, &spec).await.unwrap();
        assert_eq!(result.outcome, JobOutcome::Exited(1), "{text:?}");
        assert!(world::stderr(&result).contains("SyntaxError"), "{}", world::stderr(&result));
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn whole_standard_input_arrives_whole() {
    let sandbox = world::sandbox().await;
    const COUNT: &str =
        "import sys, hashlib\ndata = sys.stdin.buffer.read()\nprint(len(data), hashlib.sha256(data).hexdigest())";
    let input: Vec<u8> = (0..3_000_001u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    let with_input = |text: &str| {
        let job = JobSpec::of(Script::parse(text).unwrap()).stdin(input.clone());
        job.build().unwrap()
    };
    let result = sandbox.run(ALICE, &with_input(COUNT)).await.unwrap();
    assert_eq!(world::stdout(&result), format!("3000001 {}\n", world::sha256(&input)));
    // Input that nobody reads does not leak into the next run.
    let result = sandbox.run(ALICE, &with_input("print('ignored it')")).await.unwrap();
    assert_eq!(world::stdout(&result), "ignored it\n");
    let result = sandbox.run(ALICE, &world::script("import sys\nprint(repr(sys.stdin.read()))")).await.unwrap();
    assert_eq!(world::stdout(&result), "''\n");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn costs_are_the_kernels() {
    let sandbox = world::sandbox().await;
    world::run(&sandbox, "pass").await;
    let result =
        world::run(&sandbox, "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass")
            .await;
    assert!(result.usage.cpu >= Duration::from_millis(190), "{:?}", result.usage);
    assert!(result.usage.wall >= result.usage.cpu / 2 && result.usage.memory > 1 << 20, "{:?}", result.usage);
    sandbox.shutdown().await;
}
