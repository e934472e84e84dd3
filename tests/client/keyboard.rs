//! The client at a terminal: nothing secret is shown there, and nothing of a stranger's is obeyed there.

use std::process::Command;

use serde_json::{Value, json};

use super::commands::{Home, ran, server};
use super::liar::{Liar, Say};
use crate::world::{PROGRAM, output, repository, said};

/// What was seen.
pub(crate) struct Seen {
    pub(crate) screen: String,
    pub(crate) code: i64,
    pub(crate) echo: bool,
    pub(crate) same: bool,
}

/// Sits down at a terminal. Each step is a text to wait for and what is typed then.
fn sit(home: &Home, steps: &[(&str, &str)], arguments: &[&str]) -> Seen {
    type_at(home, steps, &[&["client"], arguments].concat())
}

/// The same with any command of the program.
pub(crate) fn type_at(home: &Home, steps: &[(&str, &str)], arguments: &[&str]) -> Seen {
    type_to(home, steps, &[&[PROGRAM], arguments].concat())
}

/// The same with any program.
pub(crate) fn type_to(home: &Home, steps: &[(&str, &str)], arguments: &[&str]) -> Seen {
    let mut command = Command::new("python3");
    command.arg(repository("tests/world/terminal.py")).arg(json!(steps).to_string());
    let output = output(home.place(command.args(arguments)));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    assert_eq!(seen["left"], json!([]), "{seen}");
    Seen {
        screen: seen["screen"].as_str().unwrap().replace("\r\n", "\n"),
        code: seen["code"].as_i64().unwrap(),
        echo: seen["echo"].as_bool().unwrap(),
        same: seen["same"].as_bool().unwrap(),
    }
}

fn place(liar: &Liar) -> [String; 4] {
    ["--url".to_owned(), liar.url(), "--ca".to_owned(), "ca.pem".to_owned()]
}

fn at<'a>(place: &'a [String; 4], rest: &[&'a str]) -> Vec<&'a str> {
    place.iter().map(String::as_str).chain(rest.iter().copied()).collect()
}

#[test]
fn passwords_and_codes_are_not_echoed() {
    let liar = server(ran(b"", b"", 0));
    let (home, place) = (Home::trusting(&liar), place(&liar));
    let steps = [("Password: ", "secretly hunter2 hunter2\n"), ("again: ", "secretly hunter2 hunter2\n")];
    let seen = sit(&home, &steps, &at(&place, &["register", "ada@example.org"]));
    assert_eq!(seen.code, 0, "{}", seen.screen);
    assert!(!seen.screen.contains("hunter2") && seen.echo, "{}", seen.screen);

    let steps = [("Password: ", "secretly hunter2 hunter2\n"), ("Code: ", "secretly 123 456\n")];
    let seen = sit(&home, &steps, &at(&place, &["login", "ada@example.org"]));
    assert_eq!(seen.code, 0, "{}", seen.screen);
    assert!(!seen.screen.contains("hunter2") && !seen.screen.contains("123 456") && seen.echo, "{}", seen.screen);
    let heard = liar.heard();
    assert!(heard[1].contains(r#""password":"hunter2 hunter2","totop":"123456""#), "{}", heard[1]);
}

#[test]
fn a_slip_of_the_finger_is_found_before_it_is_sent() {
    let liar = server(ran(b"", b"", 0));
    let steps = [("Password: ", "secretly hunter2 hunter2\n"), ("again: ", "secretly hunter2 hunter3\n")];
    let seen = sit(&Home::trusting(&liar), &steps, &at(&place(&liar), &["register", "ada@example.org"]));
    assert_eq!(seen.code, 1);
    assert!(seen.screen.contains("not the same"), "{}", seen.screen);
    assert!(liar.heard().is_empty());
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was() {
    let liar = server(Say::Nothing);
    let seen = sit(
        &Home::trusting(&liar),
        &[("Password: ", "secretly half a pass\u{3}")],
        &at(&place(&liar), &["login", "ada@example.org"]),
    );
    assert_eq!(seen.code, 130, "{}", seen.screen);
    assert!(seen.echo && !seen.screen.contains("half"), "{}", seen.screen);
    assert!(liar.heard().is_empty());
}

const EVIL: &[u8] = b"\x1b]0;title\x07\x1b[2J\x1b[31mred\rover\x9b31m \xe2\x80\xae \xe4\xb8\xad\n";
const HARMLESS: &str = "\\x1b]0;title\\x07\\x1b[2J\\x1b[31mred\\x0dover\\x9b31m \\u{202e} \u{4e2d}\n";

#[test]
fn control_sequences_of_a_script_are_shown_and_not_obeyed() {
    let liar = server(ran(EVIL, EVIL, 0));
    let home = Home::logged_in_to(&liar);
    let seen = sit(&home, &[], &["exec", "script.py"]);
    assert_eq!(seen.screen, [HARMLESS, HARMLESS].concat());
}

#[test]
fn raw_is_raw() {
    let liar = server(ran(EVIL, b"", 0));
    let home = Home::logged_in_to(&liar);
    let seen = sit(&home, &[], &["exec", "--raw", "script.py"]);
    assert!(
        seen.screen.contains("\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[31mred\rover\\x9b31m \u{202e}"),
        "{:?}",
        seen.screen
    );
}

#[test]
fn a_long_wait_shows_that_it_goes_on_and_leaves_nothing_behind() {
    let liar = server(Say::Nothing);
    let home = Home::logged_in_to(&liar);
    let seen = sit(&home, &[], &["--patience", "2.5", "exec", "script.py"]);
    assert_eq!(seen.code, 1);
    assert!(seen.screen.contains("| waiting for the server"), "{:?}", seen.screen);
    assert!(seen.screen.ends_with("\r\u{1b}[Kcloud-python: no complete answer within 2.5 s\n"), "{:?}", seen.screen);
}
