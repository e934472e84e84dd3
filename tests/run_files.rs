//! `cloud-python run` with files that go in and come back, and the interactive interpreter.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::run_command::Desk;
use crate::world::{PROGRAM, output, program, repository, said};

const COPY: &str = "
import os, sys
os.makedirs('out/deep')
open('out/deep/sum.txt', 'w').write(str(sum(map(int, open('in/numbers').read().split()))))
open('out/list', 'w').write(' '.join(sorted(os.listdir('in'))))
open('report.bin', 'wb').write(bytes(range(256)))
print('done')
sys.exit(int(sys.argv[1]))
";

impl Desk {
    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn names(&self) -> String {
        let entries = std::fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names.join(" ")
    }
}

#[test]
fn files_and_directories_go_in_and_come_back() {
    let desk = Desk::with("job.py", COPY);
    std::fs::create_dir(desk.path("data")).unwrap();
    desk.put("data/numbers", "1 2 3");
    desk.put("data/other", "");
    let arguments = ["--file", "in=data", "--output", "out=results", "--output", "report.bin", "job.py", "0"];
    let ran = desk.run(&arguments);
    assert_eq!((ran.status.code(), &ran.stdout[..], said(&ran).as_str()), (Some(0), &b"done\n"[..], ""));
    assert_eq!((desk.read("results/deep/sum.txt"), desk.read("results/list")), (b"6".into(), b"numbers other".into()));
    assert_eq!(desk.read("report.bin"), (0..=255).collect::<Vec<u8>>());
    assert_eq!(desk.names(), "data job.py report.bin results");
    // Once more, over what is there; whatever the script's exit code is.
    desk.put("data/numbers", "40 2");
    desk.put("results/kept", "kept");
    let ran = desk.run(&[&arguments[..7], &["3"]].concat());
    assert_eq!((ran.status.code(), said(&ran).as_str()), (Some(3), ""));
    assert_eq!((desk.read("results/deep/sum.txt"), desk.read("results/kept")), (b"42".into(), b"kept".into()));
}

#[test]
fn an_output_that_is_not_there_is_said_and_is_no_failure() {
    let desk = Desk::with("job.py", "open('there', 'w').write('x')\nprint('done')\n1 / 0");
    desk.put("absent", "of an earlier run");
    let ran = desk.run(&["--output", "absent", "--output", "there", "--output", "none=elsewhere", "job.py"]);
    assert_eq!((ran.status.code(), &ran.stdout[..]), (Some(1), &b"done\n"[..]));
    let said = said(&ran);
    for name in ["absent", "none"] {
        assert!(said.contains(&format!("cloud-python: no output {name}: the script left no such file\n")), "{said}");
    }
    assert!(said.contains("ZeroDivisionError") && !said.contains("no output there"), "{said}");
    assert_eq!(desk.names(), "absent job.py there");
    assert_eq!((desk.read("there"), desk.read("absent")), (b"x".into(), b"of an earlier run".into()));
}

#[test]
fn a_run_that_was_stopped_leaves_nothing() {
    let desk = Desk::with("job.py", "open('a', 'w').write('x')\nwhile True: pass");
    let ran = desk.run(&["--timeout", "0.3", "--output", "a", "job.py"]);
    assert_eq!((ran.status.code(), said(&ran).lines().count()), (Some(124), 1), "{}", said(&ran));
    desk.put("large.py", "open('a', 'wb').write(bytes(17 << 20))");
    let ran = desk.run(&["--output", "a", "large.py"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(said(&ran).contains("or more than 10000 files or 16777216 bytes of them"), "{}", said(&ran));
    assert_eq!(desk.names(), "job.py large.py");
}

#[test]
fn nothing_is_written_through_a_link() {
    let write =
        "import os\nos.mkdir('out')\nopen('out/a', 'w').write('new')\nopen('out/b', 'w').write('new')\nprint('ran')";
    let desk = Desk::with("job.py", write);
    desk.put("precious", "untouched");
    symlink("precious", desk.path("link")).unwrap();
    let ran = desk.run(&["--output", "out/a=link", "job.py"]);
    assert_eq!((ran.status.code(), &ran.stdout[..]), (Some(1), &b""[..]), "found before the run");
    assert!(said(&ran).contains("link: this is a symbolic link"), "{}", said(&ran));
    std::fs::create_dir(desk.path("tree")).unwrap();
    symlink("../precious", desk.path("tree/a")).unwrap();
    let ran = desk.run(&["--output", "out=tree", "job.py"]);
    assert_eq!((ran.status.code(), &ran.stdout[..]), (Some(1), &b"ran\n"[..]));
    assert_eq!(said(&ran), "cloud-python: tree/a: this is a symbolic link, and no output is written through one\n");
    assert_eq!((desk.read("precious"), desk.read("tree/b")), (b"untouched".into(), b"new".into()));
}

#[test]
fn wrong_outputs_are_told_before_anything_runs() {
    let desk = Desk::with("job.py", "print('ran')");
    let many: Vec<String> = (0..1001).flat_map(|number| ["--output".to_owned(), number.to_string()]).collect();
    let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
    many.push("job.py");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--output", "../a", "job.py"], 2, "relative path"),
        (&["--output", "/etc/passwd", "job.py"], 2, "relative path"),
        (&["--output", "a=", "job.py"], 2, "NAME=PATH is wanted, or NAME alone"),
        (&["--output", "a=none/b", "job.py"], 1, "none/b: there is no directory for this output"),
        (&["--output", "a=/dev/null", "job.py"], 1, "/dev/null: this is no ordinary file"),
        (&many, 1, "job.py: more than 1000 names of files to return"),
        (&["-i", "job.py"], 2, "cannot be used with"),
        (&["-i", "-"], 2, "cannot be used with"),
    ];
    for (arguments, code, sentence) in cases {
        let ran = desk.run(arguments);
        assert_eq!((ran.status.code(), &ran.stdout[..]), (Some(*code), &b""[..]), "{sentence}: {}", said(&ran));
        assert!(said(&ran).contains(sentence), "{sentence}: {}", said(&ran));
    }
    assert_eq!(desk.names(), "job.py");
}

#[test]
fn the_interactive_interpreter_answers_line_by_line() {
    let desk = Desk::with("in.txt", "seven");
    let mut command = program(&["run", "-i", "--file", "in.txt", "--output", "out.txt"]);
    command.current_dir(desk.path("")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let typed = "x = 6\nx * 7\nopen('in.txt').read()\n1 / 0\nopen('out.txt', 'w').write('left')\n";
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let ran = child.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    assert_eq!(String::from_utf8_lossy(&ran.stdout), ">>> >>> 42\n>>> 'seven'\n>>> >>> 4\n>>> ");
    assert!(said(&ran).contains("Python 3.13") && said(&ran).contains("ZeroDivisionError"), "{}", said(&ran));
    assert_eq!(desk.read("out.txt"), b"left");
}

/// Types at `cloud-python run` at a terminal. Each step is a text to wait for and what is typed then.
fn type_at(desk: &Desk, steps: &[(&str, &str)], arguments: &[&str]) -> (String, i64) {
    let mut command = Command::new("python3");
    command.arg(repository("tests/world/terminal.py")).arg(json!(steps).to_string()).arg(PROGRAM).arg("run");
    let output = output(command.args(arguments).current_dir(desk.path("")));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    assert_eq!(seen["left"], json!([]), "{seen}");
    (seen["screen"].as_str().unwrap().to_owned(), seen["code"].as_i64().unwrap())
}

#[test]
fn at_a_terminal_a_dot_shows_while_the_script_is_busy() {
    let desk = Desk::with("job.py", "print('dot', end='')\nwhile True: pass");
    // Otherwise the half line would stay where it is until the script waits.
    let (screen, code) = type_at(&desk, &[("dot", "\u{3}")], &["--timeout", "60", "--fuel", "1000000000000", "job.py"]);
    assert_eq!(code, 130, "{screen}");
}

#[test]
fn the_interactive_interpreter_is_talked_to_at_a_terminal() {
    let desk = Desk::with("unused", "");
    let steps = [(">>> ", "6 * 7\n"), ("42\r\n>>> ", "import sys; sys.exit(5)\n")];
    let (screen, code) = type_at(&desk, &steps, &["-i"]);
    assert_eq!(code, 5, "{screen}");
}
