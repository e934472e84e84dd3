//! `cloud-python run`, typed at a shell.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};

use crate::world::{hex, output, program, said};

/// A folder with a script in it.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.put(name, content);
        desk
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        output(program(&[&["run"], arguments].concat()).current_dir(self.0.path()))
    }
}

#[test]
fn output_and_exit_code_are_passed_on() {
    let desk = Desk::with("job.py", "import sys\nprint(sys.argv)\nprint('oops', file=sys.stderr)\nsys.exit(42)");
    let output = desk.run(&["job.py", "-x", "a b", "--timeout", "9"]);
    assert_eq!(output.status.code(), Some(42));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "['job.py', '-x', 'a b', '--timeout', '9']\n");
    assert_eq!(said(&output), "oops\n");
}

#[test]
fn an_exception_names_the_users_file_and_line() {
    let desk = Desk::with("job.py", "def f():\n    return 1 / 0\nf()\n");
    let output = desk.run(&["job.py"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("job.py\", line 2, in f\n    return 1 / 0"), "{}", said(&output));
}

#[test]
fn a_timeout_is_124_and_says_so() {
    let desk = Desk::with("job.py", "print('begun', flush=True)\nwhile True: pass");
    let output = desk.run(&["--timeout", "0.3", "job.py"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(124), b"begun\n".as_slice()));
    assert_eq!(said(&output), "cloud-python: timed out after 0.3 s (see --timeout)\n");
    let output = desk.run(&["--fuel", "1000000", "job.py"]);
    assert_eq!(output.status.code(), Some(124));
    assert!(said(&output).contains("out of fuel"), "{}", said(&output));
}

#[test]
fn too_much_output_is_1_and_says_what_to_do() {
    let desk = Desk::with("job.py", "while True: print('x' * 100)");
    let output = desk.run(&["--output-limit", "1000", "job.py"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 1000));
    assert!(said(&output).contains("--output-limit"), "{}", said(&output));
}

/// A script that is being talked to.
struct Talk {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Talk {
    fn start(script: &str) -> (Self, Desk) {
        let desk = Desk::with("job.py", script);
        let mut command = program(&["run", "--timeout", "60", "job.py"]);
        command.current_dir(desk.0.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        (Self { child, stdout }, desk)
    }

    fn hear(&mut self, wanted: &str) {
        let mut bytes = vec![0; wanted.len()];
        self.stdout.read_exact(&mut bytes).unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), wanted);
    }

    fn say(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }
}

#[test]
fn a_prompt_without_a_newline_appears_before_its_answer() {
    let (mut talk, _desk) = Talk::start(
        "name = input('name? ')\nprint('hello', name)\nimport sys\nprint('more? ', end='')\nprint(sys.stdin.readline().strip(), sys.stdin.read())",
    );
    talk.hear("name? ");
    talk.say("Ada\n");
    talk.hear("hello Ada\nmore? ");
    talk.say("yes\nand the ");
    talk.say("rest");
    drop(talk.child.stdin.take());
    talk.hear("yes and the rest\n");
    assert!(talk.child.wait().unwrap().success());
}

#[test]
fn output_comes_while_the_script_goes_on() {
    let (mut talk, _desk) =
        Talk::start("import time\nprint('tick', flush=True)\nprint('tock', end='')\ntime.sleep(50)");
    talk.hear("tick\ntock");
    talk.child.kill().unwrap();
    talk.child.wait().unwrap();
}

#[test]
fn ctrl_c_ends_the_script() {
    let (mut talk, _desk) = Talk::start("print('begun', flush=True)\nwhile True: pass");
    talk.hear("begun\n");
    let pid = rustix::process::Pid::from_child(&talk.child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(talk.child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_script_may_come_from_standard_input() {
    let mut command = program(&["run", "-", "one"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"import sys\nprint(sys.argv[1:], repr(sys.stdin.read()))").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "['one'] ''\n");
}

#[test]
fn files_are_there_when_the_script_starts() {
    let desk = Desk::with(
        "job.py",
        "import os, helper\nprint(helper.answer, open('data/in.txt').read(), sorted(os.listdir('.')))",
    );
    desk.put("helper.py", "answer = 42");
    std::fs::create_dir(desk.path("folder")).unwrap();
    desk.put("folder/in.txt", "text");
    let output = desk.run(&["--file", "helper.py", "--file", "data=folder", "job.py"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "42 text ['data', 'helper.py', 'job.py']\n",
        "{}",
        said(&output)
    );
    let output = desk.run(&["--file", "../up.txt=helper.py", "job.py"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("relative path"), "{}", said(&output));
}

#[test]
fn bad_input_gets_one_clear_sentence() {
    let desk = Desk::with("huge.py", vec![b'#'; (1 << 20) + 1]);
    desk.put("job.py", "pass");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["absent.py"], 1, "cannot read absent.py: No such file"),
        (&["."], 1, ". is a directory"),
        (&["huge.py"], 1, "huge.py: the script is larger than 1048576 bytes"),
        (&["/dev/zero"], 1, "/dev/zero: the script is larger than 1048576 bytes"),
        (&["--timeout", "0", "job.py"], 2, "the time-out must be between 0.01 s and 3600 s"),
        (&["--timeout", "inf", "job.py"], 2, "not a time that can be waited"),
        (&["--timeout", "soon", "job.py"], 2, "not a number of seconds"),
        (&["--memory", "1", "job.py"], 2, "the memory must be between"),
        (&["--memory", "99999999999999999", "job.py"], 2, "the memory must be between"),
        (&["--fuel", "0", "job.py"], 2, "the fuel must be at least 1"),
        (&["--file", "x=absent", "job.py"], 1, "cannot read absent"),
        (&["--no-such-option"], 2, "unexpected argument"),
    ];
    for (arguments, code, sentence) in cases {
        let output = desk.run(arguments);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(sentence), "{arguments:?}: {}", said(&output));
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
}

#[test]
fn an_unreadable_script_is_said() {
    let desk = Desk::with("secret.py", "pass");
    std::fs::set_permissions(desk.path("secret.py"), std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read(desk.path("secret.py")).is_ok() {
        return eprintln!("skipped: root can read everything");
    }
    let output = desk.run(&["secret.py"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("Permission denied"), "{}", said(&output));
}

/// A filter that makes the kernel answer as one without Landlock does.
fn without_landlock() -> seccompiler::BpfProgram {
    let rules = std::collections::BTreeMap::from([(libc::SYS_landlock_create_ruleset, vec![])]);
    let missing = seccompiler::SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into().unwrap();
    let filter = seccompiler::SeccompFilter::new(rules, seccompiler::SeccompAction::Allow, missing, architecture);
    filter.unwrap().try_into().unwrap()
}

#[test]
fn a_kernel_without_landlock_is_refused_unless_allowed() {
    let desk = Desk::with("job.py", "print('ran')");
    let filter = without_landlock();
    let run = |arguments: &[&str]| {
        let mut command = program(arguments);
        let filter = filter.clone();
        // SAFETY: between fork and exec, only system calls are made.
        unsafe { command.pre_exec(move || seccompiler::apply_filter(&filter).map_err(std::io::Error::other)) };
        output(command.current_dir(desk.0.path()))
    };
    let refused = run(&["run", "job.py"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("no Landlock") && said(&refused).contains("--allow-weak-jail"),
        "{}",
        said(&refused)
    );
    let allowed = run(&["run", "--allow-weak-jail", "job.py"]);
    assert_eq!(
        (allowed.status.code(), allowed.stdout.as_slice()),
        (Some(0), b"ran\n".as_slice()),
        "{}",
        said(&allowed)
    );
}

#[test]
fn the_launcher_is_not_for_people() {
    let output = output(&mut program(&["launcher"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("for the program's own use"), "{}", said(&output));
}

#[test]
fn a_large_input_arrives_whole_and_is_not_stored() {
    let (mut talk, _desk) = Talk::start(
        "import sys, hashlib\nh = hashlib.sha256()\nwhile b := sys.stdin.buffer.read(65536): h.update(b)\nprint(h.hexdigest())",
    );
    let mut sum = <sha2::Sha256 as sha2::Digest>::new();
    for number in 0..512u32 {
        let block: Vec<u8> = (0..65536u32).map(|n| (n ^ (number * 31)).to_le_bytes()[0]).collect();
        sha2::Digest::update(&mut sum, &block);
        talk.child.stdin.as_mut().unwrap().write_all(&block).unwrap();
    }
    drop(talk.child.stdin.take());
    let sum = hex(&sha2::Digest::finalize(sum));
    let mut line = String::new();
    talk.stdout.read_line(&mut line).unwrap();
    assert_eq!(line.trim(), sum);
    assert!(talk.child.wait().unwrap().success());
}

/// The jail hides its processes, and a hidden process of anybody but root could not open its own page map, which wasmtime
/// needs after a fork: every run of an unprivileged user was lost. Where tests run as root, only this one would notice.
#[test]
fn an_unprivileged_user_needs_nothing_more() {
    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        return; // then every other test shows it
    }
    drop(crate::world::image());
    let desk = Desk::with("job.py", "print('ran')");
    let (from, to) = (cloud_python::sandbox::cache_folder().unwrap(), desk.path("cache"));
    let give = |path: &std::path::Path| std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    std::fs::create_dir(&to).unwrap();
    for part in ["runtime", "prepared"] {
        std::fs::create_dir(to.join(part)).unwrap();
        for entry in std::fs::read_dir(from.join(part)).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            let copy = to.join(part).join(entry.file_name());
            std::fs::copy(entry.path(), &copy).unwrap();
            give(&copy);
        }
        give(&to.join(part));
    }
    let binary = desk.path("cloud-python");
    std::fs::copy(crate::world::PROGRAM, &binary).unwrap();
    give(desk.0.path());
    let mut command = std::process::Command::new(binary);
    command.args(["run", "job.py"]).current_dir(desk.0.path()).env("CLOUD_PYTHON_CACHE", &to).uid(NOBODY).gid(NOBODY);
    let output = output(&mut command);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"ran\n".as_slice()), "{}", said(&output));
}
