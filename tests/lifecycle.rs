//! Processes: they come, they are killed, they are replaced, and none is left.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use cloud_python::domain::{AccountId, Budget, JobOutcome};
use cloud_python::sandbox::{Event, Sandbox, SandboxError, Settings};

use crate::world::{self, ALICE};

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

async fn alone() -> Sandbox {
    world::sandbox_with(Settings { spares: 0, ..world::settings() }).await
}

/// A launcher closes its control socket before it says why it cannot work, and was killed as soon as the socket was closed:
/// now and then, on a busy machine, the reason was empty and the launcher was started twice more for nothing.
#[tokio::test]
async fn a_launcher_that_cannot_start_is_heard_out() {
    let slow = "exec 0<&-; sleep 0.3; echo 'no such kernel' >&2; exit 1";
    let launcher_arguments = vec!["-c".into(), slow.into()];
    let settings = Settings { launcher: "/bin/sh".into(), launcher_arguments, ..world::settings() };
    let refused = Sandbox::start(settings, world::image()).await.expect_err("it never says that it is ready");
    assert_eq!(refused.to_string(), "the launcher does not start: no such kernel");
}

/// Starts a run that is under way when this returns.
async fn slow_run(sandbox: &Sandbox) -> tokio::task::JoinHandle<Result<cloud_python::domain::JobResult, SandboxError>> {
    let launcher = sandbox.launcher_pid().await.unwrap();
    let runner = sandbox.clone();
    let spec = world::script("import time\ntime.sleep(0.5)\nprint('whole')");
    let run = tokio::spawn(async move { runner.run(ALICE, &spec).await });
    world::until("a child runs", || !world::children_of(launcher).is_empty()).await;
    run
}

#[tokio::test]
async fn a_dead_launcher_is_replaced_and_its_run_is_run_again() {
    let sandbox = alone().await;
    let run = slow_run(&sandbox).await;
    let dead = sandbox.launcher_pid().await.unwrap();
    kill(dead);
    let result = run.await.unwrap().expect("the run was run again");
    assert_eq!((result.outcome, result.stdout.as_slice()), (JobOutcome::Exited(0), b"whole\n".as_slice()));
    assert_ne!(sandbox.launcher_pid().await.unwrap(), dead);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_run_whose_child_is_killed_is_run_again_once() {
    let sandbox = alone().await;
    let launcher = sandbox.launcher_pid().await.unwrap();
    let run = slow_run(&sandbox).await;
    let first = world::children_of(launcher);
    kill(first[0]);
    world::until("a second child runs", || world::children_of(launcher).iter().any(|pid| !first.contains(pid))).await;
    kill(*world::children_of(launcher).iter().find(|pid| !first.contains(pid)).unwrap());
    assert!(matches!(run.await.unwrap(), Err(SandboxError::Lost)), "twice is enough");
    assert_eq!(world::stdout(&world::run(&sandbox, "print('next')").await), "next\n");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn what_was_shown_is_not_run_again() {
    let sandbox = alone().await;
    let launcher = sandbox.launcher_pid().await.unwrap();
    let text = "print('shown', flush=True)\nimport time\ntime.sleep(5)";
    let mut live = sandbox.open(ALICE, world::script(text)).await.unwrap();
    assert!(matches!(live.next().await, Some(Ok(Event::Output(..)))));
    kill(world::children_of(launcher)[0]);
    assert!(matches!(live.next().await, Some(Err(SandboxError::Lost))));
    assert!(live.next().await.is_none());
    sandbox.shutdown().await;
}

#[tokio::test]
async fn dropping_a_run_kills_it() {
    let sandbox = alone().await;
    let launcher = sandbox.launcher_pid().await.unwrap();
    let text = "print('shown', flush=True)\nwhile True: pass";
    let mut live = sandbox.open(ALICE, world::script(text)).await.unwrap();
    assert!(matches!(live.next().await, Some(Ok(Event::Output(..)))));
    drop(live);
    world::until("its process is gone", || world::children_of(launcher).is_empty()).await;
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_timed_out_run_is_dead_when_it_is_told() {
    let sandbox = alone().await;
    let launcher = sandbox.launcher_pid().await.unwrap();
    let budget = Budget::default().with_wall(Duration::from_millis(100)).unwrap();
    for text in [
        "while True: pass",
        "import time\ntime.sleep(9)",
        "x, y = memoryview(bytearray(50 << 20)), memoryview(bytearray(50 << 20))\nwhile True: x[:] = y",
    ] {
        let result = sandbox.run(ALICE, &world::script_with(text, budget)).await.unwrap();
        assert!(matches!(result.outcome, JobOutcome::TimedOut(_)));
        assert!(world::children_of(launcher).is_empty(), "{text}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn children_are_replaced_after_so_many_runs_and_end_when_idle() {
    let settings = Settings { spares: 0, child_runs: 3, child_idle: Duration::from_millis(500), ..world::settings() };
    let sandbox = world::sandbox_with(settings).await;
    let launcher = sandbox.launcher_pid().await.unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..6 {
        world::run(&sandbox, "pass").await;
        seen.extend(world::children_of(launcher));
    }
    assert_eq!(seen.len(), 2, "six runs, three for each child");
    world::run(&sandbox, "pass").await;
    world::until("the idle child ends", || world::children_of(launcher).is_empty()).await;
    sandbox.shutdown().await;
}

#[tokio::test]
async fn no_more_children_live_than_are_allowed() {
    let settings = Settings { spares: 0, children: 3, ..world::settings() };
    let sandbox = world::sandbox_with(settings).await;
    let launcher = sandbox.launcher_pid().await.unwrap();
    for account in 0..10 {
        sandbox.run(AccountId::new(account), &world::script("pass")).await.unwrap();
    }
    world::until("the longest idle have ended", || world::children_of(launcher).len() <= 3).await;
    sandbox.shutdown().await;
}

#[tokio::test]
async fn nothing_is_left_after_a_shutdown() {
    let sandbox = world::sandbox().await;
    let launcher = sandbox.launcher_pid().await.unwrap();
    let mut live = sandbox.open(ALICE, world::script("print(1, flush=True)\nwhile True: pass")).await.unwrap();
    assert!(matches!(live.next().await, Some(Ok(Event::Output(..)))));
    let children = world::children_of(launcher);
    assert!(!children.is_empty());
    sandbox.shutdown().await;
    assert!(!world::exists(launcher));
    assert!(children.iter().all(|pid| !world::exists(*pid)));
}

/// A server that dies cannot clean up: the kernel has to.
#[tokio::test]
async fn nothing_outlives_a_killed_server() {
    let mut command = world::program(&["run", "--timeout", "60", "-"]);
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut server.stdin.take().unwrap(), b"print(1, flush=True)\nwhile True: pass").unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "1\n");
    let launcher = *world::descendants_of(server.id()).first().expect("a launcher");
    let all = world::descendants_of(server.id());
    assert!(all.len() >= 2, "a launcher and a child: {all:?}");
    kill(server.id());
    server.wait().unwrap();
    world::until("the launcher is gone", || !world::exists(launcher)).await;
    world::until("its children are gone", || all.iter().all(|pid| !world::exists(*pid))).await;
}
