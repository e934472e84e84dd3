//! Each wall tested alone.
//!
//! The jail without WebAssembly: a child that has "escaped" runs native code and tries what an attacker would try next
//! (`attempts`). Each attempt must fail in the jail; to show that the test can fail, most are made outside it too, where
//! they must succeed. Then a child that lies to the server (`lies`). Then WebAssembly without the jail.
//!
//! This program is also the launcher of those children, which is why it brings its own `main`.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod attempts;
mod lies;

use std::io::{Read, Seek, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use cloud_python::domain::{AccountId, Budget, JobOutcome, JobResult, JobSpec, Script, Spent};
use cloud_python::sandbox::launcher::{self, Hooks};
use cloud_python::sandbox::{Meter, Sandbox, SandboxError, Settings, Source, cache_folder};

const JAILED: &str = "launcher-of-escaped";
const FREE: &str = "launcher-of-escaped-without-jail";
const WASM_ONLY: &str = "launcher-without-jail";

fn main() {
    let hooks = match std::env::args().nth(1).as_deref() {
        Some(JAILED) => Hooks { instead_of_guest: Some(escaped), ..Hooks::default() },
        Some(FREE) => Hooks { instead_of_guest: Some(escaped), without_jail: true },
        Some(WASM_ONLY) => Hooks { without_jail: true, ..Hooks::default() },
        // `cargo test` passes its own arguments on.
        _ => return test_all(),
    };
    if let Err(error) = launcher::main(hooks) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn test_all() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut report = Report::default();
    runtime.block_on(async {
        nothing_works_in_the_jail(&mut report).await;
        lies_do_no_harm(&mut report).await;
        wasm_holds_alone(&mut report).await;
    });
    println!("walls: {} passed, {} failed", report.passed, report.failed);
    std::process::exit(i32::from(report.failed > 0));
}

#[derive(Default)]
struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    fn check(&mut self, name: &str, fine: bool, found: impl std::fmt::Debug) {
        match fine {
            true => self.passed += 1,
            false => {
                self.failed += 1;
                println!("FAILED {name}: {found:?}");
            }
        }
    }
}

async fn sandbox(launcher: &str) -> Sandbox {
    let cache = cache_folder().expect("a cache folder");
    let source = Source::find(&cache).expect("run ./fetch-runtime.sh first");
    let image = source.prepare(Meter::default(), |line| eprintln!("{line}")).expect("the image can be compiled");
    let this = std::env::current_exe().expect("this program has a path");
    let settings =
        Settings { launcher: this, launcher_arguments: vec![launcher.into()], spares: 1, ..Settings::default() };
    Sandbox::start(settings, image).await.expect("the sandbox starts")
}

async fn run(sandbox: &Sandbox, text: &str, budget: Budget) -> Result<JobResult, SandboxError> {
    let script = Script::parse(text).expect("short");
    let spec = JobSpec::of(script).budget(budget).build().expect("small");
    sandbox.run(AccountId::new(1), &spec).await
}

/// What a child does that has escaped: it reads which attempt is asked of it, makes it, and says what came of it.
fn escaped(mut stream: UnixStream) {
    let mut job = vec![0; 4096];
    let count = stream.read(&mut job).expect("a job");
    let job = String::from_utf8_lossy(&job[..count]).into_owned();
    if let Some((_, name)) = job.split_once("lie:") {
        return lies::tell(first_word(name), &mut stream);
    }
    let Some((_, name)) = job.split_once("attempt:") else { return };
    let attempt = attempts::ALL.iter().find(|attempt| attempt.name == first_word(name)).expect("a known attempt");
    let answer = match (attempt.make)() {
        Ok(()) => "it worked".to_owned(),
        Err(errno) => format!("errno {errno}"),
    };
    stream.write_all(&lies::frame(lies::STDOUT, answer.as_bytes())).expect("the server reads");
    stream.write_all(&lies::frame(lies::END, &[0; 18])).expect("the server reads");
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

async fn nothing_works_in_the_jail(report: &mut Report) {
    assert!(attempts::ALL.len() >= 40);
    // What the server was started with and did not close must not reach anybody.
    let mut leaked = tempfile::tempfile().expect("a file");
    leaked.write_all(attempts::LEAKED).and_then(|()| leaked.rewind()).expect("a file can be written");
    let _inheritable = rustix::io::dup(&leaked).expect("a descriptor without close-on-exec");
    let jailed = sandbox(JAILED).await;
    let free = sandbox(FREE).await;
    for attempt in attempts::ALL {
        let text = format!("attempt:{} ", attempt.name);
        // A call that is not on the list kills the child, so the run is lost.
        let found = run(&jailed, &text, Budget::default()).await.map(|result| said(&result));
        let killed = matches!(&found, Err(SandboxError::Lost));
        let refused = matches!(&found, Ok(said) if said.starts_with("errno"));
        let failed = killed || (refused && attempts::REFUSED_BY_ERRNO.contains(&attempt.name));
        report.check(&format!("{} fails in the jail", attempt.name), failed, &found);
        if attempt.works_outside {
            let found = run(&free, &text, Budget::default()).await.map(|result| said(&result));
            let worked = matches!(&found, Ok(said) if said == "it worked");
            report.check(&format!("{} works outside the jail", attempt.name), worked, &found);
        }
    }
    // The way in which all of the above is told works in the jail.
    let found = run(&jailed, "attempt:nothing ", Budget::default()).await.map(|result| said(&result));
    report.check("a child can speak", matches!(&found, Ok(said) if said == "errno 0"), &found);
    jailed.shutdown().await;
    free.shutdown().await;
}

fn said(result: &JobResult) -> String {
    String::from_utf8_lossy(&result.stdout).into_owned()
}

async fn lies_do_no_harm(report: &mut Report) {
    let sandbox = sandbox(JAILED).await;
    let budget = Budget::default()
        .with_wall(Duration::from_millis(300))
        .expect("in bounds")
        .with_output(100_000)
        .expect("in bounds");
    for lie in lies::ALL {
        let found = run(&sandbox, &format!("lie:{} ", lie.name), budget).await;
        let fine = match (lie.must_be, &found) {
            (lies::MustBe::Lost, Err(SandboxError::Lost)) => true,
            (lies::MustBe::TimedOut, Ok(result)) => result.outcome == JobOutcome::TimedOut(Spent::Wall),
            (lies::MustBe::OutputTooLarge, Ok(result)) => result.outcome == JobOutcome::OutputTooLarge,
            _ => false,
        };
        report.check(&format!("lie {}", lie.name), fine, &found);
    }
    sandbox.shutdown().await;
}

async fn wasm_holds_alone(report: &mut Report) {
    let sandbox = sandbox(WASM_ONLY).await;
    let budget = Budget::default().with_wall(Duration::from_millis(500)).expect("in bounds");
    let exited = |code| JobOutcome::Exited(code);
    let cases: &[(&str, JobOutcome)] = &[
        ("print('fine')", exited(0)),
        ("open('/etc/passwd')", exited(1)),
        ("import os\nos.listdir('/proc')", exited(1)),
        ("import socket\nsocket.socket()", exited(1)),
        ("import os\nos.write(5, b'x')", exited(1)),
        ("import os\nassert not os.environ", exited(0)),
        ("x = [0] * (1 << 28)", exited(1)),
        ("x = bytearray(1 << 31)", exited(1)),
        ("while True: pass", JobOutcome::TimedOut(Spent::Wall)),
        ("import time\ntime.sleep(1e6)", JobOutcome::TimedOut(Spent::Wall)),
        ("while True: print('x' * 1000)", JobOutcome::OutputTooLarge),
        ("import os\nwhile True: os.write(2, b'x' * 100000)", JobOutcome::OutputTooLarge),
        ("import os\nos.abort()", JobOutcome::Aborted),
    ];
    for (text, outcome) in cases {
        let found = run(&sandbox, text, budget).await;
        report.check(text, matches!(&found, Ok(result) if result.outcome == *outcome), &found);
    }
    let fuel = budget.with_fuel(1_000_000).expect("in bounds");
    let found = run(&sandbox, "while True: pass", fuel).await;
    let fine = matches!(&found, Ok(result) if result.outcome == JobOutcome::TimedOut(Spent::Fuel));
    report.check("fuel ends an endless loop", fine, &found);
    sandbox.shutdown().await;
}
