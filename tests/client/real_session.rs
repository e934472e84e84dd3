//! `cloud-python client session` with the real server: somebody at a terminal, and programs at pipes.

use std::io::{Read, Write};
use std::process::{Child, Output, Stdio};

use cloud_python::sandbox::Settings;
use rustix::process::{Pid, Signal, kill_process};

use super::keyboard::{Seen, type_at};
use super::real::Desk;
use crate::world::{Town, children_of, config, program, said, settings, sha256, until};

/// Somebody who is logged in to a server without spare processes, so that every process of it is somebody's.
async fn desk() -> Desk {
    let town = Town::with_sandbox(config(), Settings { spares: 0, ..settings() }).await;
    Desk::logged_in_to(town).await.0
}

impl Desk {
    /// Sits down at a terminal, with this script.
    fn talk(&self, script: &str, steps: &[(&str, &str)], arguments: &[&str]) -> Seen {
        self.home.put("script.py", script);
        type_at(&self.home, steps, &[&["client", "session"], arguments, &["script.py"]].concat())
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = program(&[&["client", "session"], arguments].concat());
        let command = self.home.place(&mut command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs a script with this on standard input.
    fn feed(&self, script: &str, input: &[u8], arguments: &[&str]) -> Output {
        self.home.put("script.py", script);
        let mut child = self.spawn(arguments);
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input));
            child.wait_with_output().unwrap()
        })
    }

    /// Waits until no process runs a script: one that was not killed would run for a minute.
    async fn all_is_quiet(&self) {
        let status = self.town.admin("GET", "/status").await.json();
        let launcher = u32::try_from(status["launcher_pid"].as_u64().unwrap()).unwrap();
        until("the script's process is dead", || children_of(launcher).is_empty()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialogue_at_a_terminal() {
    let desk = desk().await;
    let script = "import sys\nname = input('name? ')\nprint('hello', name)\nprint('bye', file=sys.stderr)\nsys.exit(7)";
    let seen = desk.talk(script, &[("name? ", "Adx\u{7f}a\r")], &[]);
    assert_eq!((seen.code, seen.screen.as_str()), (7, "name? Ada\nhello Ada\nbye\n"));
    assert!(seen.same && seen.echo);
    // The end of input is Python's own exception.
    let seen = desk.talk(script, &[("name? ", "\u{4}")], &[]);
    assert!(seen.code == 1 && seen.screen.contains("EOFError"), "{:?}", seen.screen);
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interpreter_remembers_and_lines_come_back() {
    let desk = desk().await;
    let steps = [
        (">>> ", "x = 6\r"),
        (">>> ", "x * 7\r"),
        ("42\r\n>>> ", "\u{1b}[A8\r"),
        ("468\r\n>>> ", "for i in 'ab':\r"),
        ("... ", "    print(i)\r"),
        ("... ", "\r"),
        ("a\r\nb\r\n>>> ", "raise SystemExit(5)\r"),
    ];
    let seen = type_at(&desk.home, &steps, &["client", "session"]);
    assert_eq!(seen.code, 5, "{:?}", seen.screen);
    assert!(seen.same);
    let seen = type_at(&desk.home, &[(">>> ", "\u{4}")], &["client", "session"]);
    assert!(seen.code == 0 && seen.same, "{:?}", seen.screen);
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_takes_the_script_along() {
    let desk = desk().await;
    let waits = "print('on', end=' ', flush=True)\ninput()";
    let burns = "print('on', end=' ', flush=True)\nwhile True: pass";
    for (script, typed, code) in
        [(waits, "half\u{3}", 130), (burns, "\u{3}", 130), (burns, "close", 129), (burns, "signal 15", 143)]
    {
        let seen = desk.talk(script, &[("on ", typed)], &[]);
        assert_eq!(seen.code, code, "{typed}: {:?}", seen.screen);
        assert!(seen.same || typed == "close", "{typed}");
        desk.all_is_quiet().await;
    }
    desk.town.close().await;
}

/// Input that nobody takes does not hide from the server that the client has gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_does_not_read_ends_with_its_client_too() {
    let desk = desk().await;
    desk.home.put("script.py", "print('on', flush=True)\nwhile True: pass");
    let mut child = desk.spawn(&["script.py"]);
    let (mut stdin, mut on) = (child.stdin.take().unwrap(), [0; 3]);
    child.stdout.as_mut().unwrap().read_exact(&mut on).unwrap();
    // Until the pipe is full, whatever has been filled beyond it.
    rustix::io::ioctl_fionbio(&stdin, true).unwrap();
    let mut fed = 0;
    until("nobody takes any more", || match stdin.write(&[b'x'; 1 << 16]) {
        Ok(count) => {
            fed += count;
            false
        }
        Err(_) => fed > 1 << 20,
    })
    .await;
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    desk.all_is_quiet().await;
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pipes_carry_every_byte_both_ways() {
    let desk = desk().await;
    let script = "import sys, shutil\nshutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)\nsys.exit(3)";
    let bytes: Vec<u8> = (0..10_u32 << 20).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let output = desk.feed(script, &bytes, &["script.py"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(sha256(&output.stdout), sha256(&bytes));
    // The interpreter too, and a script that came in by standard input itself.
    let output = desk.feed("", b"print(6 * 7)\n", &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("42\n"), "{output:?}");
    let output = desk.feed("", b"import sys\nprint(sys.argv[1:], sys.stdin.read() == '')", &["-", "a b"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "['a b'] True\n", "{}", said(&output));
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_there_and_come_back() {
    let desk = desk().await;
    desk.home.put("numbers", "1 2 3");
    let script = "text = open('data').read() + input()\nimport os\nos.mkdir('out')\nopen('out/sum', 'w').write(text)";
    let arguments = ["--file", "data=numbers", "--output", "out=results", "script.py"];
    let output = desk.feed(script, b" 4\n", &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(desk.home.path("results/sum")).unwrap(), "1 2 3 4");
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_refusals_are_told_as_what_they_are() {
    let desk = desk().await;
    let seen = desk.talk("print('on', end='')\ninput()", &[("on", "half")], &["--timeout", "0.5"]);
    assert_eq!(seen.code, 124, "{:?}", seen.screen);
    assert!(seen.screen.contains("\ncloud-python: timed out") && seen.same, "{:?}", seen.screen);
    let output = desk.feed("print('kept', flush=True)\nwhile True: pass", b"", &["--timeout", "0.5", "script.py"]);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(124), &b"kept\n"[..]), "{}", said(&output));
    let output = desk.feed("", b"", &["--timeout", "61", "script.py"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("the server refused: `timeout` must be from"), "{}", said(&output));
    let revoked = desk.town.admin("POST", "/users/ada@example.org/revoke-tokens").await;
    assert_eq!(revoked.status, 200, "{}", revoked.text());
    let output = desk.feed("", b"", &["script.py"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("the session has ended: log in again"), "{}", said(&output));
    desk.town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_script_writes_is_not_obeyed() {
    let desk = desk().await;
    let seen = desk.talk("print('\\x1b[2J\\x1b]0;x\\x07 \\u202e ok')", &[], &[]);
    assert_eq!((seen.code, seen.screen.as_str()), (0, "\\x1b[2J\\x1b]0;x\\x07 \\u{202e} ok\n"));
    desk.town.close().await;
}
