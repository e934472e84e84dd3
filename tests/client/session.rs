//! `cloud-python client session`, typed at a shell and at a terminal, with a server that does what each test wants.

use std::io::{Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::commands::{Home, server};
use super::keyboard::{Seen, type_at, type_to};
use super::liar::{Liar, Say};
use super::peer::{CLOSE, Peer, frame};
use crate::world::{PROGRAM, program, said, sha256};

const OK: &str = r#"{"error":"ok","exit_code":"AA=="}"#;

/// A server whose script this is, and a home that is logged in to it.
fn script<F>(play: impl Fn(Peer) -> F + Send + Sync + 'static) -> (Liar, Home)
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let liar = server(Say::play(play));
    let home = Home::logged_in_to(&liar);
    (liar, home)
}

/// A script that asks for names until there are no more, and ends with their number.
fn asks() -> (Liar, Home) {
    script(|mut peer| async move {
        peer.begin().await?;
        let mut count = 0_u8;
        loop {
            peer.stdout(&format!("name {count}? ")).await?;
            let line = peer.line().await?;
            if line.is_empty() {
                let code = ["AA==", "AQ==", "Ag==", "Aw=="][usize::from(count)];
                return peer.end(&json!({"error": "ok", "exit_code": code}).to_string()).await;
            }
            peer.stdout(&format!("hello {line:?}\n")).await?;
            count += 1;
        }
    })
}

/// A script that asks and waits, and tells when its client has gone.
fn waits() -> (Liar, Home, Receiver<()>) {
    let (gone, is_gone) = channel();
    let (liar, home) = script(move |mut peer| {
        let gone = gone.clone();
        async move {
            peer.begin().await?;
            peer.stdout("name? ").await?;
            peer.until_gone().await?;
            gone.send(()).unwrap();
            Ok(())
        }
    });
    (liar, home, is_gone)
}

fn sit(home: &Home, steps: &[(&str, &str)], arguments: &[&str]) -> Seen {
    type_at(home, steps, &[&["client", "session"], arguments].concat())
}

fn spawn(home: &Home, arguments: &[&str]) -> Child {
    let mut command = program(&[&["client", "session"], arguments].concat());
    let command = home.place(&mut command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Runs it with this on standard input.
fn fed(home: &Home, input: &[u8], arguments: &[&str]) -> Output {
    let mut child = spawn(home, arguments);
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // Whoever does not read all of it is not to be waited for.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}

#[test]
fn a_line_is_typed_corrected_and_sent() {
    let (_liar, home) = asks();
    let steps = [
        ("name 0? ", "Adx\u{7f}a\r"),
        ("name 1? ", "\u{4e2d}\u{6587}\u{e9}\u{1b}[D\u{1b}[D\u{7f}\r"),
        ("name 2? ", "\u{4}"),
    ];
    let seen = sit(&home, &steps, &["script.py"]);
    assert_eq!(seen.code, 2, "{:?}", seen.screen);
    assert!(seen.screen.contains("name 0? Ada\nhello \"Ada\\n\"\nname 1? "), "{:?}", seen.screen);
    assert!(seen.screen.ends_with("hello \"\u{6587}\u{e9}\\n\"\nname 2? "), "{:?}", seen.screen);
    assert!(seen.same && seen.echo);
}

#[test]
fn lines_that_were_sent_come_back_and_ctrl_d_deletes_or_ends() {
    let (_liar, home) = asks();
    let steps = [
        ("name 0? ", "one\r"),
        ("name 1? ", "\u{1b}[A\u{1b}[D!\r"),
        ("name 2? ", "xy\u{1}\u{4}\r"),
        ("name 3? ", "\u{15}\u{4}ignored\r"),
    ];
    let seen = sit(&home, &steps, &["script.py"]);
    assert_eq!(seen.code, 3, "{:?}", seen.screen);
    for said in ["hello \"one\\n\"\n", "hello \"on!e\\n\"\n", "hello \"y\\n\"\n"] {
        assert!(seen.screen.contains(said), "{said}: {:?}", seen.screen);
    }
    assert!(!seen.screen.contains("ignored") && seen.same, "{:?}", seen.screen);
}

#[test]
fn what_is_pasted_is_sent_line_by_line() {
    let (_liar, home) = asks();
    let seen = sit(&home, &[("name 0? ", "one\rtwo\rthree\r\u{4}")], &["script.py"]);
    assert_eq!(seen.code, 3, "{:?}", seen.screen);
    for said in ["hello \"one\\n\"\n", "hello \"two\\n\"\n", "hello \"three\\n\"\n"] {
        assert!(seen.screen.contains(said), "{said}: {:?}", seen.screen);
    }
}

#[test]
fn output_is_put_before_what_is_being_typed() {
    let (_liar, home) = asks();
    let seen = sit(&home, &[("name 0? ", "x\rab"), ("name 1? ab", "c\r"), ("name 2? ", "\u{4}")], &["script.py"]);
    assert_eq!(seen.code, 2, "{:?}", seen.screen);
    let expected =
        "name 0? x\nab\u{1b}[2D\u{1b}[Khello \"x\\n\"\nab\u{1b}[2D\u{1b}[Kname 1? abc\nhello \"abc\\n\"\nname 2? ";
    assert_eq!(seen.screen, expected);
}

#[test]
fn a_script_that_ends_while_a_line_is_typed_leaves_a_fresh_row() {
    let (_liar, home) = script(|mut peer| async move {
        peer.begin().await?;
        peer.stdout("name? ").await?;
        peer.line().await?;
        peer.end(OK).await
    });
    let seen = sit(&home, &[("name? ", "x\rab")], &["script.py"]);
    assert_eq!((seen.code, seen.screen.as_str(), seen.same), (0, "name? x\nab\n", true));
}

#[test]
fn whoever_ends_a_session_ends_the_script_and_has_their_terminal_back() {
    for (typed, code) in [("half\u{3}", 130), ("signal 15", 143), ("signal 1", 129), ("signal 2", 130)] {
        let (_liar, home, is_gone) = waits();
        let seen = sit(&home, &[("name? ", typed)], &["script.py"]);
        assert_eq!(seen.code, code, "{typed}: {:?}", seen.screen);
        assert!(seen.same && seen.echo, "{typed}");
        assert!(seen.screen.ends_with('\n'), "{typed}: {:?}", seen.screen);
        is_gone.recv().unwrap();
    }
}

#[test]
fn a_window_that_is_closed_ends_the_session() {
    let (_liar, home, is_gone) = waits();
    assert_eq!(sit(&home, &[("name? ", "close")], &["script.py"]).code, 129);
    is_gone.recv().unwrap();
}

#[test]
fn neither_ctrl_z_nor_ctrl_backslash_does_anything() {
    let (_liar, home) = asks();
    let seen = sit(&home, &[("name 0? ", "a\u{1a}\u{1c}b\r"), ("name 1? ", "\u{4}")], &["script.py"]);
    assert!(seen.code == 1 && seen.screen.contains("hello \"ab\\n\""), "{:?}", seen.screen);
}

const EVIL: &[u8] = b"\x1b]0;title\x07\x1b[2J\x1b[31mred\rover\x9b31m \xe2\x80\xae \xe4\xb8\xad\n";

/// A script that writes this to both streams in two pieces, wherever they may be cut.
fn writes(bytes: &'static [u8]) -> (Liar, Home) {
    script(move |mut peer| async move {
        peer.begin().await?;
        for cut in 0..=bytes.len() {
            let (left, right) = bytes.split_at(cut);
            for (channel, bytes) in [(1, left), (1, right), (2, left), (2, right)] {
                peer.send(channel, bytes).await?;
            }
        }
        peer.end(OK).await
    })
}

#[test]
fn control_sequences_of_a_script_are_shown_and_not_obeyed() {
    let (_liar, home) = writes(EVIL);
    let harmless = "\\x1b]0;title\\x07\\x1b[2J\\x1b[31mred\\x0dover\\x9b31m \\u{202e} \u{4e2d}\n";
    let seen = sit(&home, &[], &["script.py"]);
    assert_eq!(seen.screen, harmless.repeat(2 * EVIL.len() + 2));
    assert!(seen.same);
    // Also where only the output goes to a terminal.
    let quiet = "exec \"$0\" client session script.py </dev/null";
    assert_eq!(type_to(&home, &[], &["/bin/sh", "-c", quiet, PROGRAM]).screen, harmless.repeat(2 * EVIL.len() + 2));
}

#[test]
fn raw_is_raw_and_a_pipe_gets_every_byte() {
    let (_liar, home) = writes(EVIL);
    let seen = sit(&home, &[], &["--raw", "script.py"]);
    let raw = "\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[31mred\rover\\x9b31m \u{202e} \u{4e2d}\n";
    assert_eq!(seen.screen, raw.repeat(2 * EVIL.len() + 2));
    let output = fed(&home, b"", &["script.py"]);
    assert_eq!(output.status.code(), Some(0));
    let all = EVIL.repeat(EVIL.len() + 1);
    assert!(output.stdout == all && output.stderr == all);
}

/// What the script has begun and never finished is shown too.
#[test]
fn half_a_character_at_the_end_is_not_lost() {
    let (_liar, home) = script(|mut peer| async move {
        peer.begin().await?;
        peer.send(1, b"a\xe4\xb8").await?;
        peer.send(2, b"b\xf0").await?;
        peer.end(OK).await
    });
    assert_eq!(sit(&home, &[], &["script.py"]).screen, "ab\\xe4\\xb8\\xf0");
}

/// Where the output goes elsewhere, the kernel's own line editing goes on.
#[test]
fn a_terminal_for_the_input_alone_is_left_as_it_is() {
    let (_liar, home) = asks();
    let piped = "\"$0\" client session script.py | cat";
    let steps = [("name 0? ", "Adx\u{7f}a\n"), ("name 1? ", "\u{4}")];
    let seen = type_to(&home, &steps, &["/bin/sh", "-c", piped, PROGRAM]);
    assert!(seen.screen.contains("hello \"Ada\\n\"\n"), "{:?}", seen.screen);
    assert!(seen.echo && seen.same);
}

#[test]
fn whatever_ends_a_session_the_terminal_is_as_it_was() {
    for (end, code, sentence) in [
        (r#"{"error":"request timed out"}"#, 124, "\ncloud-python: timed out (--timeout asks for more time"),
        (r#"{"error":"output too large"}"#, 1, "\ncloud-python: output too large"),
        (r#"{"error":"internal error"}"#, 1, "\ncloud-python: the server failed"),
        ("nonsense", 1, "\ncloud-python: unexpected answer: "),
        ("", 1, "\ncloud-python: the connection was lost before the script ended\n"),
    ] {
        let (_liar, home) = script(move |mut peer| async move {
            peer.begin().await?;
            peer.stdout("name? ").await?;
            peer.line().await?;
            match end.is_empty() {
                true => peer.say(&frame(CLOSE, &1000_u16.to_be_bytes())).await,
                false => peer.end(end).await,
            }
        });
        let seen = sit(&home, &[("name? ", "x\rhalf a line")], &["script.py"]);
        assert_eq!(seen.code, code, "{end}: {:?}", seen.screen);
        assert!(seen.screen.contains(sentence) && seen.same, "{end}: {:?}", seen.screen);
    }
}

#[test]
fn ten_mebibytes_go_there_and_back() {
    let (_liar, home) = script(|mut peer| async move {
        peer.begin().await?;
        loop {
            let input = peer.input().await?;
            if input.is_empty() {
                return peer.end(OK).await;
            }
            peer.send(1, &input).await?;
            peer.send(2, &input[..1]).await?;
        }
    });
    let bytes: Vec<u8> = (0..10_u32 << 20).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let output = fed(&home, &bytes, &["script.py"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(sha256(&output.stdout), sha256(&bytes));
    assert!(!output.stderr.is_empty());
}

#[test]
fn a_script_that_does_not_read_its_input_ends_all_the_same() {
    let (_liar, home) = script(|mut peer| async move {
        peer.begin().await?;
        // The first of it has come: there is more than anybody takes.
        peer.input().await?;
        peer.send(3, OK.as_bytes()).await?;
        peer.say(&frame(CLOSE, &1000_u16.to_be_bytes())).await?;
        std::future::pending().await
    });
    let output = fed(&home, &vec![b'x'; 50 << 20], &["script.py"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn script_interpreter_and_standard_input_are_what_was_asked_for() {
    let (_liar, home) = script(|mut peer| async move {
        let first = peer.begin().await?;
        peer.stdout(&first.to_string()).await?;
        let input = peer.line().await?;
        peer.stdout(&format!(" {input:?}")).await?;
        peer.end(OK).await
    });
    home.put("data", "x");
    let told = |input: &str, arguments: &[&str]| {
        let output = fed(&home, input.as_bytes(), arguments);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(told("1 + 1", &[]), r#"{"data":null} "1 + 1""#);
    assert_eq!(told("", &["--timeout", "2.5"]), r#"{"data":null,"timeout":2.5} """#);
    assert_eq!(told("pass", &["-", "-v"]), r#"{"args":["-v"],"data":"pass"} """#);
    let file = ["--file", "d/f=data", "script.py", "-v", "--raw"];
    let first = r#"{"args":["-v","--raw"],"data":"print('hello')\n","files":{"d/f":"eA=="}}"#;
    assert_eq!(told("in", &file), format!("{first} \"in\""));
}

#[test]
fn signals_end_a_session_in_the_background_too() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (_liar, home, is_gone) = waits();
        let mut child = spawn(&home, &["script.py"]);
        let mut prompt = [0; 6];
        child.stdout.as_mut().unwrap().read_exact(&mut prompt).unwrap();
        assert_eq!(&prompt, b"name? ");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(said(&output), "");
        is_gone.recv().unwrap();
    }
}

#[test]
fn wrong_usage_is_told_from_failure() {
    let (liar, home) = asks();
    for (arguments, code, sentence) in [
        (&["--timeout", "0", "script.py"][..], 2, "the time-out must be between"),
        (&["--timeout", "soon"], 2, "not a number of seconds"),
        (&["nothing.py"], 1, "cannot read nothing.py"),
        (&["."], 1, ". is a directory"),
        (&["--file", "x="], 2, "NAME=PATH is wanted"),
    ] {
        let output = fed(&home, b"", arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(sentence), "{arguments:?}: {}", said(&output));
    }
    assert_eq!(liar.heard().len(), 1, "the log-in and nothing else");
    std::fs::remove_file(home.session()).unwrap();
    assert!(said(&fed(&home, b"", &["script.py"])).contains("not logged in"));
}

#[test]
fn a_no_is_told_before_anything_else_happens() {
    let liar = server(Say::json(401, r#"{"error":"no"}"#));
    let seen = sit(&Home::logged_in_to(&liar), &[], &["script.py"]);
    assert!(seen.code == 1 && seen.same, "{:?}", seen.screen);
    assert!(seen.screen.ends_with("log in again with `cloud-python client login EMAIL`\n"), "{:?}", seen.screen);
}

/// Output without end is passed on without end, in little memory, also where somebody reads it slowly.
#[test]
fn output_without_end_does_not_fill_the_memory() {
    let (_liar, home) = script(|mut peer| async move {
        peer.begin().await?;
        let message = frame(0x82, &[&[1][..], &vec![b'x'; 1 << 20]].concat());
        loop {
            peer.say(&message).await?;
        }
    });
    // In KiB. A program of this size maps about 100 MiB before its first line.
    let limited = "ulimit -v 450000; \"$0\" client session script.py </dev/null | head -c 700000000 | wc -c";
    let mut command = Command::new("sh");
    let output = crate::world::output(home.place(command.args(["-c", limited, PROGRAM])));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "700000000", "{}", said(&output));
}
