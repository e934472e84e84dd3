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
