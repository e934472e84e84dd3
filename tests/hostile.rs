//! The corpus in `tests/hostile/`: what attackers send, and what must come of it.
//!
//! One file, one idea. Its head says what it tries (`#: what:`), how it must end (`#: expect:`), with which budget, and what
//! must or must never be seen. After each the same account's next run is normal; after all, no process and no descriptor
//! is left.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cloud_python::domain::{AccountId, Budget, JobOutcome, JobResult, JobSpec, ProgramName, Script};
use cloud_python::sandbox::{Event, Sandbox, Settings, Stream};

use crate::world;

/// What the head of a hostile script says.
#[derive(Debug, Default)]
struct Case {
    path: PathBuf,
    expect: Vec<String>,
    budget: Budget,
    stdin_open: bool,
    stdout: Vec<String>,
    stderr: Vec<String>,
    never: Vec<String>,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = std::fs::read(path).expect("the script");
        let text = String::from_utf8_lossy(&text);
        let mut budget = Budget::default().with_wall(Duration::from_secs(5)).expect("in bounds");
        budget = budget.with_memory(128 << 20).expect("in bounds");
        let mut case = Self { path: path.to_owned(), ..Self::default() };
        for line in text.lines().filter_map(|line| line.strip_prefix("#: ")) {
            let (key, value) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", path.display()));
            let seconds = || value.parse::<f64>().unwrap_or_else(|_| panic!("{}: {line}", path.display()));
            let number = || value.parse::<u64>().unwrap_or_else(|_| panic!("{}: {line}", path.display()));
            match key {
                "what" => {}
                "expect" => case.expect = value.split(" or ").map(str::to_owned).collect(),
                "timeout" => budget = budget.with_wall(Duration::from_secs_f64(seconds())).expect("in bounds"),
                "memory" => {
                    budget = budget.with_memory(usize::try_from(number()).expect("small") << 20).expect("in bounds")
                }
                "output" => budget = budget.with_output(number()).expect("in bounds"),
                "fuel" => budget = budget.with_fuel(number()).expect("in bounds"),
                "stdin" => case.stdin_open = value == "open",
                "stdout" => case.stdout.push(value.to_owned()),
                "stderr" => case.stderr.push(value.to_owned()),
                "never" => case.never.push(value.to_owned()),
                other => panic!("{}: what is {other}?", path.display()),
            }
        }
        assert!(!case.expect.is_empty(), "{} does not say how it must end", path.display());
        if !case.expect.contains(&"timed out".to_owned()) {
            // It ends by itself, however busy the machine is with other tests.
            budget = budget.with_wall(Duration::from_secs(120)).expect("in bounds");
        }
        Self { budget, ..case }
    }

    fn spec(&self) -> JobSpec {
        let name = self.path.file_name().expect("a file").to_str().expect("a plain name");
        let script = Script::parse(std::fs::read(&self.path).expect("the script")).expect("within the limits");
        let program = ProgramName::parse(name).expect("a plain name");
        JobSpec::of(script).program(program).budget(self.budget).build().expect("within the limits")
    }

    async fn run(&self, sandbox: &Sandbox, account: AccountId) -> Result<JobResult, String> {
        if !self.stdin_open {
            return sandbox.run(account, &self.spec()).await.map_err(|error| error.to_string());
        }
        let mut live = sandbox.open(account, self.spec()).await.map_err(|error| error.to_string())?;
        let _held_open = live.stdin();
        let (mut stdout, mut stderr) = (vec![], vec![]);
        loop {
            match live.next().await {
                Some(Ok(Event::Output(Stream::Out, bytes))) => stdout.extend(bytes),
                Some(Ok(Event::Output(Stream::Err, bytes))) => stderr.extend(bytes),
                Some(Ok(Event::Ended(result))) => return Ok(JobResult { stdout, stderr, ..*result }),
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("no end".into()),
            }
        }
    }

    /// What is wrong with how it ended, if anything is.
    fn complaints(&self, result: &JobResult) -> Vec<String> {
        let mut complaints = vec![];
        let ended = name(result.outcome);
        let (stdout, stderr) = (world::stdout(result), world::stderr(result));
        if !self.expect.contains(&ended) {
            let tail: String = stderr.chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
            complaints.push(format!("{ended}, not {:?}: {tail}", self.expect));
        }
        if result.outcome.exit_code().is_some() {
            complaints.extend(
                self.stdout.iter().filter(|text| !stdout.contains(*text)).map(|text| format!("no {text:?} on stdout")),
            );
            complaints.extend(
                self.stderr.iter().filter(|text| !stderr.contains(*text)).map(|text| format!("no {text:?} on stderr")),
            );
        }
        let seen = |text: &&String| stdout.contains(*text) || stderr.contains(*text);
        complaints.extend(self.never.iter().filter(seen).map(|text| format!("{text:?} was seen")));
        complaints
    }
}

fn name(outcome: JobOutcome) -> String {
    match outcome {
        JobOutcome::Exited(code) => format!("exited {code}"),
        JobOutcome::Aborted => "aborted".into(),
        JobOutcome::TimedOut(_) => "timed out".into(),
        JobOutcome::OutputTooLarge => "output too large".into(),
    }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![];
    for class in std::fs::read_dir(world::repository("tests/hostile")).expect("the corpus").flatten() {
        let scripts = std::fs::read_dir(class.path()).into_iter().flatten().flatten().map(|entry| entry.path());
        cases.extend(
            scripts.filter(|path| path.extension().is_some_and(|ext| ext == "py")).map(|path| Case::read(&path)),
        );
    }
    cases.sort_by(|a, b| a.path.cmp(&b.path));
    cases
}

/// What a run by the same account must still be able to do, and what it must not find of the run before.
const NEXT: &str = "import os, sys, builtins\n\
    assert not hasattr(builtins, 'canary') and 'canary' not in sys.modules\n\
    assert os.listdir('.') == ['next.py'] and os.listdir('/tmp') == []\n\
    print('still here')";

async fn run_and_look_after(sandbox: &Sandbox, case: &Case, account: AccountId) -> Vec<String> {
    let mut complaints = match case.run(sandbox, account).await {
        Ok(result) => case.complaints(&result),
        Err(error) => vec![format!("the sandbox failed: {error}")],
    };
    let next = JobSpec::of(Script::parse(NEXT).expect("short")).program(ProgramName::parse("next.py").expect("plain"));
    match sandbox.run(account, &next.build().expect("small")).await {
        Ok(result) if result.stdout == b"still here\n" => {}
        Ok(result) => complaints.push(format!("the next run: {}", world::stderr(&result))),
        Err(error) => complaints.push(format!("the next run: {error}")),
    }
    complaints
}

/// Scripts at the same time: more than there are processors, as on a bad day.
const ATTACKERS: usize = 4;

/// Every so-manieth script of the corpus, each under an account of its own. Returns what is wrong.
async fn attack(sandbox: Sandbox, cases: Arc<Vec<Case>>, attacker: usize) -> Vec<String> {
    let mut wrong = vec![];
    for (number, case) in cases.iter().enumerate().filter(|(number, _)| number % ATTACKERS == attacker) {
        for complaint in run_and_look_after(&sandbox, case, AccountId::new(number as u64)).await {
            wrong.push(format!("{}: {complaint}", case.path.display()));
        }
    }
    wrong
}

#[tokio::test]
async fn hostile_scripts_end_as_they_must_and_leave_nothing() {
    let cases = cases();
    assert!(cases.len() >= 60, "only {} hostile scripts", cases.len());
    let settings = Settings { spares: 1, children: 4, ..world::settings() };
    let sandbox = world::sandbox_with(settings).await;
    let launcher = sandbox.launcher_pid().await.expect("a launcher");
    let descriptors = world::open_descriptors(launcher);
    let cases = Arc::new(cases);
    let mut attackers = tokio::task::JoinSet::new();
    for attacker in 0..ATTACKERS {
        attackers.spawn(attack(sandbox.clone(), Arc::clone(&cases), attacker));
    }
    let wrong = attackers.join_all().await.concat();
    assert!(wrong.is_empty(), "{} of {} scripts:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(sandbox.launcher_pid().await.expect("a launcher"), launcher, "the launcher died on the way");
    // A fork in progress holds the new child's stream for a moment.
    world::until("the launcher has let go of every stream", || world::open_descriptors(launcher) <= descriptors).await;
    // One is a spare and four may wait for their account's next run; those that were killed are being reaped.
    world::until("no more than five children live", || world::children_of(launcher).len() <= 5).await;
    let children = world::children_of(launcher);
    sandbox.shutdown().await;
    assert!(!world::exists(launcher) && children.iter().all(|pid| !world::exists(*pid)), "processes are left");
}
