//! The interactive interpreter, spoken to as somebody at a keyboard does: what is shown, and when.

use cloud_python::domain::{JobOutcome, JobSpec};
use cloud_python::sandbox::{Event, LiveRun, Sandbox, Stdin};

use crate::world::{self, ALICE};

struct Console {
    live: LiveRun,
    stdin: Option<Stdin>,
    shown: String,
}

impl Console {
    async fn open(sandbox: &Sandbox) -> Self {
        let job = JobSpec::interactive().unbuffered().build().unwrap();
        let mut live = sandbox.open(ALICE, job).await.unwrap();
        let stdin = live.stdin();
        let mut console = Self { live, stdin, shown: String::new() };
        console.until(">>> ").await;
        console
    }

    /// Reads on until what has been shown ends like this, and returns it. Both streams together: people have one screen.
    async fn until(&mut self, end: &str) -> String {
        while !self.shown.ends_with(end) {
            match self.live.next().await {
                Some(Ok(Event::Output(_, bytes))) => self.shown.push_str(std::str::from_utf8(&bytes).unwrap()),
                other => panic!("{other:?} after {:?}", self.shown),
            }
        }
        std::mem::take(&mut self.shown)
    }

    async fn say(&mut self, text: &str) {
        assert!(self.stdin.as_ref().unwrap().send(text.into()).await);
    }

    /// Types a line and returns what is shown until the next prompt.
    async fn type_line(&mut self, line: &str, prompt: &str) -> String {
        self.say(&format!("{line}\n")).await;
        let shown = self.until(prompt).await;
        shown.strip_suffix(prompt).unwrap().to_owned()
    }

    async fn end(mut self) -> (String, JobOutcome) {
        drop(self.stdin.take());
        loop {
            match self.live.next().await {
                Some(Ok(Event::Output(_, bytes))) => self.shown.push_str(std::str::from_utf8(&bytes).unwrap()),
                Some(Ok(Event::Ended(result))) => return (self.shown, result.outcome),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_dialogue_is_as_with_python_itself() {
    let sandbox = world::sandbox().await;
    let mut console = Console::open(&sandbox).await;
    for (line, prompt, shown) in [
        ("6 * 7", ">>> ", "42\n"),
        ("_ + 1", ">>> ", "43\n"),
        ("None", ">>> ", ""),
        ("def double(x):", "... ", ""),
        ("    return 2 * x", "... ", ""),
        ("", ">>> ", ""),
        ("double('ab')", ">>> ", "'abab'\n"),
        ("for i in range(2): print(i)", "... ", ""),
        ("", ">>> ", "0\n1\n"),
        (
            "import sys; sys.argv, __name__, '__file__' in globals(), sys.path[0]",
            ">>> ",
            "([''], '__main__', False, '')\n",
        ),
        ("print('half', end=' ')", ">>> ", "half "),
        ("name = input('name? ')", "name? ", ""),
        ("\u{e9}\u{1f40d}", ">>> ", ""),
        ("name", ">>> ", "'\u{e9}\u{1f40d}'\n"),
        ("class Broken(Exception): pass", "... ", ""),
        ("", ">>> ", ""),
    ] {
        assert_eq!(console.type_line(line, prompt).await, shown, "{line}");
    }
    let shown = console.type_line("double(1, 2)", ">>> ").await;
    assert!(
        shown.starts_with("Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\n"),
        "{shown}"
    );
    assert!(shown.ends_with("TypeError: double() takes 1 positional argument but 2 were given\n"), "{shown}");
    let shown = console.type_line("1 +", ">>> ").await;
    assert!(shown.contains("SyntaxError: invalid syntax"), "{shown}");
    assert_eq!(console.type_line("double(4)", ">>> ").await, "8\n", "neither ended it");
    console.say("exit(3)\n").await;
    assert_eq!(console.end().await, (String::new(), JobOutcome::Exited(3)));
    sandbox.shutdown().await;
}

/// CPython's own interactive loop reads through C's buffer and `input()` through Python's: of what has been typed ahead, `input()`
/// would find nothing, and the loop would run the answer as code.
#[tokio::test]
async fn what_is_typed_ahead_goes_to_whoever_reads_next() {
    let sandbox = world::sandbox().await;
    let mut console = Console::open(&sandbox).await;
    console.say("answer = input()\nprint('not code'\nanswer[::-1]\nimport sys\nsys.stdin.readline()\nline\n_\n").await;
    let shown = console.until("'line\\n'\n>>> 'line\\n'\n>>> ").await;
    assert!(shown.contains("\"'edoc ton'(tnirp\"\n"), "{shown}");
    let (_, outcome) = console.end().await;
    assert_eq!(outcome, JobOutcome::Exited(0));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_end_of_input_ends_it_and_a_script_can_end_it_too() {
    let sandbox = world::sandbox().await;
    let console = Console::open(&sandbox).await;
    assert_eq!(console.end().await, ("\n".to_owned(), JobOutcome::Exited(0)));
    for (last, outcome) in [
        ("import os; os._exit(5)", JobOutcome::Exited(5)),
        ("raise SystemExit('bye')", JobOutcome::Exited(1)),
        ("import os; os.abort()", JobOutcome::Aborted),
    ] {
        let mut console = Console::open(&sandbox).await;
        console.say(&format!("{last}\n")).await;
        assert_eq!(console.end().await.1, outcome, "{last}");
    }
    sandbox.shutdown().await;
}

/// The dots of a progress bar come while the script computes: nothing waits for a whole line, a block, or the script to wait.
#[tokio::test]
async fn an_unbuffered_script_shows_half_lines_while_it_computes() {
    let sandbox = world::sandbox().await;
    let text = "import sys\nprint('.', end='')\nwhile True: pass";
    let job = JobSpec::of(cloud_python::domain::Script::parse(text).unwrap()).unbuffered().build().unwrap();
    let mut live = sandbox.open(ALICE, job).await.unwrap();
    assert!(matches!(live.next().await, Some(Ok(Event::Output(_, bytes))) if bytes == b"."));
    drop(live);
    sandbox.shutdown().await;
}

/// A write to a pipe is never short, so io.TextIOWrapper does not look how much of its text an unbuffered file has taken. Ours took as
/// much as goes through the host in one call, and the rest of every long text was lost.
#[tokio::test]
async fn an_unbuffered_script_loses_nothing_of_a_long_text() {
    let sandbox = world::sandbox().await;
    let text = "import os, sys\nprint('x' * 300_000, end='')\nsys.stdout.buffer.write(b'y' * 300_000)\nos.write(1, b'z' * 300_000)";
    let job = JobSpec::of(cloud_python::domain::Script::parse(text).unwrap()).unbuffered().build().unwrap();
    let result = sandbox.run(ALICE, &job).await.unwrap();
    let count = |byte| result.stdout.iter().filter(|found| **found == byte).count();
    assert_eq!([count(b'x'), count(b'y'), count(b'z')], [300_000; 3]);
    sandbox.shutdown().await;
}

/// A reader that was slower than the script lost at a time-out what was on its way: the frame in hand, and what the child had sent.
#[tokio::test]
async fn nothing_written_before_the_time_was_up_is_lost_on_a_slow_reader() {
    let settings = cloud_python::sandbox::Settings { spares: 0, ..world::settings() };
    let sandbox = world::sandbox_with(settings).await;
    // One more than wait for a reader, and then some in the stream: every write has returned.
    const PIECES: usize = 18;
    let text = format!("import os, time\nfor i in range({PIECES}): os.write(1, b'x' * 60_000)\ntime.sleep(60)");
    let budget = cloud_python::domain::Budget::default().with_output(1 << 30).unwrap();
    let job = world::script_with(&text, budget.with_wall(std::time::Duration::from_secs(1)).unwrap());
    let launcher = sandbox.launcher_pid().await.unwrap();
    let mut live = sandbox.open(ALICE, job).await.unwrap();
    world::until("it has a process", || !world::children_of(launcher).is_empty()).await;
    world::until("its process is dead", || world::children_of(launcher).is_empty()).await;
    let (mut count, mut outcome) = (0, None);
    while let Some(event) = live.next().await {
        match event.unwrap() {
            Event::Output(_, bytes) => count += bytes.len(),
            Event::Ended(result) => outcome = Some(result.outcome),
        }
    }
    assert_eq!((count, outcome), (PIECES * 60_000, Some(JobOutcome::TimedOut(cloud_python::domain::Spent::Wall))));
    sandbox.shutdown().await;
}
