//! Nobody sees anybody: not the run before, not the account beside, not the server.

use std::time::Duration;

use cloud_python::domain::{AccountId, Budget, JobOutcome};
use cloud_python::sandbox::{Event, Settings};

use crate::world::{self, ALICE, BOB};

/// Leaves something wherever a script can leave something.
const LEAVE: &str = "import builtins, sys, os, gc, random
builtins.canary = sys.canary = 'canary'
sys.modules['canary'] = sys
sys.path.append('canary'); sys.argv.append('canary'); os.environ['CANARY'] = 'canary'
os.getcwd_ = lambda: 'canary'
open('canary', 'w').write('canary'); open('/tmp/canary', 'w').write('canary')
os.chdir('/tmp')
gc.disable(); sys.setrecursionlimit(50); sys.settrace(None)
import json; json.dumps = lambda *a: 'canary'
print('left')";

const LOOK: &str = "import builtins, sys, os, gc, json
assert not hasattr(builtins, 'canary') and not hasattr(sys, 'canary') and 'canary' not in sys.modules
assert 'canary' not in sys.path and sys.argv == ['main.py'] and not os.environ
assert os.listdir('/tmp') == [] and os.listdir('.') == ['main.py'] and os.getcwd() == '/home/user'
assert gc.isenabled() and sys.getrecursionlimit() == 1000 and json.dumps(1) == '1'
print('clean')";

#[tokio::test]
async fn a_second_run_in_a_child_sees_nothing_of_the_first() {
    let settings = Settings { spares: 0, ..world::settings() };
    let sandbox = world::sandbox_with(settings).await;
    for _ in 0..20 {
        assert_eq!(world::stdout(&world::run(&sandbox, LEAVE).await), "left\n");
        let result = world::run(&sandbox, LOOK).await;
        assert_eq!(world::stdout(&result), "clean\n", "{}", world::stderr(&result));
    }
    let children = world::children_of(sandbox.launcher_pid().await.unwrap());
    assert_eq!(children.len(), 1, "all of that ran in one process");
    sandbox.shutdown().await;
}

/// Memory is reset by scanning for dirty pages. A descriptor of the parent's page map would miss the child's, and what the
/// first run wrote would still be there: so the first run writes all over its heap, and the second looks for it.
#[tokio::test]
async fn memory_of_one_run_is_not_found_by_the_next() {
    let settings = Settings { spares: 0, ..world::settings() };
    let sandbox = world::sandbox_with(settings).await;
    let fill = "x = [b'LEFT-BEHIND-%d' % i * 50 for i in range(100000)]\nprint(len(x))";
    let look = "import gc
found = 0
for size in (16, 64, 256, 1000, 4000, 100000, 1 << 20, 8 << 20):
    for _ in range(40):
        found += bytes(bytearray().join([memoryview(bytearray(size))])).count(b'LEFT-BEH' + b'IND')
print(found)";
    for _ in 0..3 {
        assert_eq!(world::stdout(&world::run(&sandbox, fill).await), "100000\n");
        let result = world::run(&sandbox, look).await;
        assert_eq!(world::stdout(&result), "0\n", "{}", world::stderr(&result));
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn two_accounts_never_share_a_process() {
    let settings = Settings { spares: 0, ..world::settings() };
    let sandbox = world::sandbox_with(settings).await;
    let launcher = sandbox.launcher_pid().await.unwrap();
    world::run(&sandbox, "pass").await;
    let alices = world::children_of(launcher);
    assert_eq!(alices.len(), 1);
    sandbox.run(BOB, &world::script("pass")).await.unwrap();
    let both = world::children_of(launcher);
    assert_eq!(both.len(), 2, "Bob has a process of his own");
    for _ in 0..10 {
        world::run(&sandbox, "pass").await;
        sandbox.run(BOB, &world::script("pass")).await.unwrap();
    }
    assert_eq!(world::children_of(launcher), both, "and each keeps theirs");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn launcher_and_children_hold_nothing_of_the_servers() {
    // A string of the server's own environment, which it hands on to nobody.
    let secret = "CARGO_MANIFEST_DIR=";
    let sandbox = world::sandbox().await;
    world::run(&sandbox, "print('hello')").await;
    let launcher = sandbox.launcher_pid().await.unwrap();
    let children = world::children_of(launcher);
    assert!(!children.is_empty());
    for pid in children.into_iter().chain([launcher]) {
        let environment = std::fs::read(format!("/proc/{pid}/environ"));
        assert!(environment.is_err() || environment.is_ok_and(|bytes| bytes.is_empty()), "an environment");
        match world::memory_contains(pid, secret.as_bytes()) {
            Some(found) => assert!(!found, "the server's memory is in process {pid}"),
            None => eprintln!("skipped: only root may read the memory of process {pid}"),
        }
    }
    assert_ne!(
        world::memory_contains(std::process::id(), secret.as_bytes()),
        Some(false),
        "the search finds what is there"
    );
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_abort_in_one_run_is_not_noticed_by_fifty_others() {
    let sandbox = world::sandbox().await;
    // They wait for each other, on a machine that is busy with other tests.
    let patient = Budget::default().with_wall(Duration::from_secs(120)).unwrap();
    let mut others = vec![];
    for number in 0..50 {
        let text = format!("print('begun', flush=True)\nimport sys\nsys.stdin.read()\nprint({number})");
        let mut live = sandbox.open(AccountId::new(100 + number), world::script_with(&text, patient)).await.unwrap();
        assert!(matches!(live.next().await, Some(Ok(Event::Output(_, bytes))) if bytes == b"begun\n"));
        others.push((number, live));
    }
    for text in
        ["import os\nos.abort()", "x = [0] * (1 << 28)", "import sys\nsys.setrecursionlimit(10**8)\ndef f(): f()\nf()"]
    {
        let result = sandbox.run(ALICE, &world::script(text)).await.unwrap();
        assert_ne!(result.outcome, JobOutcome::Exited(0));
    }
    for (number, mut live) in others {
        drop(live.stdin());
        let Some(Ok(Event::Output(_, bytes))) = live.next().await else { panic!("run {number} was disturbed") };
        assert_eq!(bytes, format!("{number}\n").into_bytes());
        let ended = live.next().await;
        assert!(matches!(ended, Some(Ok(Event::Ended(result))) if result.outcome == JobOutcome::Exited(0)));
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_guest_sees_nothing_of_the_machine() {
    let sandbox = world::sandbox().await;
    let cases = [
        ("open('/etc/passwd')", "FileNotFoundError"),
        ("import os\nos.listdir('/etc')", "FileNotFoundError"),
        ("import os\nos.listdir('/proc')", "FileNotFoundError"),
        ("import socket\nsocket.socket()", "OSError"),
        ("import urllib.request\nurllib.request.urlopen('http://127.0.0.1/')", "URLError"),
        ("import subprocess\nsubprocess.run(['ls'])", "OSError"),
        ("import os\nos.fork()", "AttributeError"),
        ("import ctypes", "ModuleNotFoundError"),
        ("import threading\nthreading.Thread(target=print).start()", "RuntimeError: can't start new thread"),
    ];
    for (text, error) in cases {
        let result = world::run(&sandbox, text).await;
        assert_eq!(result.outcome, JobOutcome::Exited(1), "{text}");
        assert!(world::stderr(&result).contains(error), "{text}: {}", world::stderr(&result));
    }
    let result = world::run(&sandbox, "import os\nprint(dict(os.environ), sorted(os.listdir('/')))").await;
    let host: Vec<String> =
        std::fs::read_dir("/").unwrap().flatten().map(|e| e.file_name().into_string().unwrap()).collect();
    let seen = world::stdout(&result);
    assert!(seen.starts_with("{} ["), "{seen}");
    for name in host.iter().filter(|name| !["dev", "home", "tmp", "usr"].contains(&name.as_str())) {
        assert!(!seen.contains(&format!("'{name}'")), "the guest lists {name} of the host: {seen}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn clocks_are_too_coarse_to_time_a_cache() {
    let sandbox = world::sandbox().await;
    let text = "import time
for clock in time.perf_counter_ns, time.monotonic_ns, time.time_ns, time.process_time_ns:
    steps = []
    last = clock()
    while len(steps) < 20:
        now = clock()
        if now != last: steps.append(now - last)
        last = now
    print(min(steps))";
    let budget = Budget::default().with_wall(Duration::from_secs(20)).unwrap();
    let result = sandbox.run(ALICE, &world::script_with(text, budget)).await.unwrap();
    let steps = world::stdout(&result);
    assert_eq!((result.outcome, steps.lines().count()), (JobOutcome::Exited(0), 4), "{}", world::stderr(&result));
    for step in steps.lines() {
        assert!(step.parse::<u64>().unwrap() >= 100_000, "a step of {step} ns");
    }
    sandbox.shutdown().await;
}
