//! Commands of a user of the sealed channel, in a workspace on a real disk and with the real sandbox.

mod channel;

use std::time::Duration;

use cloud_python::config::limits;
use cloud_python::domain::{Error, Event as AuditEvent};

use crate::world::office::end;
use crate::world::{self, Office, Ran};

fn ran(output: &str, code: u8) -> Ran {
    Ran { output: output.to_owned(), code: Some(code) }
}

#[tokio::test]
async fn the_small_commands_do_what_they_do_elsewhere() {
    let office = Office::new().await;
    office.put("a.txt", b"one\n").await;
    office.put("d/b.txt", b"two\n").await;
    office.put(".hidden", b"").await;
    for (line, output, code) in [
        ("", "", 0),
        ("pwd", "/home/user\n", 0),
        ("echo a  'b  c' \\$x", "a b  c $x\n", 0),
        ("ls", "a.txt\nd\n", 0),
        ("ls -a d .", "d:\nb.txt\n\n.:\n.hidden\na.txt\nd\n", 0),
        ("ls a.txt /home/user/d", "a.txt\n\n/home/user/d:\nb.txt\n", 0),
        ("ls absent", "ls: absent: No such file or directory\n", 1),
        ("ls -z", "ls: there is no option -z\n", 2),
        ("cat a.txt ./d/../d/b.txt", "one\ntwo\n", 0),
        ("cat d absent a.txt", "cat: d: Is a directory\ncat: absent: No such file or directory\none\n", 1),
        ("mkdir e", "", 0),
        ("mkdir e", "mkdir: e: File exists\n", 1),
        ("mkdir x/y", "mkdir: x/y: No such file or directory\n", 1),
        ("mkdir -p x/y e", "", 0),
        ("mv a.txt e", "", 0),
        ("mv e/a.txt d/b.txt x/y", "", 0),
        ("mv x/y/a.txt x/y/b.txt", "", 0),
        ("cat x/y/b.txt", "one\n", 0),
        ("mv x x/y", "mv: x: a directory cannot be moved into itself, nor a name to itself\n", 1),
        ("mv x", "mv: a name is missing\n", 1),
        ("rm x", "rm: x: Is a directory\n", 1),
        ("rm -f absent", "", 0),
        ("rm -r . x", "rm: .: the workspace itself stays\n", 1),
        ("rm -rf d e .hidden", "", 0),
        ("ls -a", "", 0),
        ("ls ..", "ls: ..: leads out of the workspace\n", 1),
        ("cat /etc/passwd", "cat: /etc/passwd: leads out of the workspace\n", 1),
        ("vi a", "vi: command not found\n", 127),
        ("/bin/ls", "/bin/ls: command not found\n", 127),
        (
            "cat < a",
            "there are no pipes, redirections or lists of commands here: put '<' into quotes if it is meant as it stands\n",
            2,
        ),
        ("rm *", "there are no wildcards here: put '*' into quotes if it is meant as it stands\n", 2),
    ] {
        assert_eq!(office.run(line).await, ran(output, code), "{line}");
    }
    office.put("a", b"12345").await;
    let long = office.run("ls -l").await.output;
    assert!(long.starts_with("-rw-------            5 20") && long.ends_with(" a\n"), "{long}");
    assert_eq!(office.feed("cat - a", b"typed ").await, ran("typed 12345", 0));
    office.close().await;
}

#[tokio::test]
async fn a_script_finds_the_files_and_what_it_makes_of_them_stays() {
    let office = Office::new().await;
    office.put("d/data", b"41").await;
    office.put("gone", b"").await;
    office.put("touched/not", b"same").await;
    assert_eq!(office.run("mkdir -p empty/dir").await.code, Some(0));
    let script = "import os, sys\n\
        print(sorted(os.listdir()), sys.argv, sys.path[0])\n\
        n = int(open('../d/data').read() if os.getcwd() != '/home/user' else open('d/data').read())\n\
        open('d/data', 'w').write(str(n + 1))\n\
        os.makedirs('new/er'); open('new/file', 'w').write('made')\n\
        os.remove('gone'); os.rmdir('empty/dir')\n\
        print('bad', file=sys.stderr); print('good')\n";
    office.put("tools/s.py", script.as_bytes()).await;
    let before = std::fs::metadata(office.path("tools/s.py")).unwrap();
    let untouched = std::fs::metadata(office.path("touched/not")).unwrap();
    let output = "['d', 'empty', 'gone', 'tools', 'touched'] ['tools/s.py', '-x', 'a b'] /home/user/tools\nbad\ngood\n";
    assert_eq!(office.run("python3 ./tools/s.py -x 'a b'").await, ran(output, 0));
    assert_eq!(office.get("d/data").await.as_deref(), Some("42"));
    assert_eq!(office.get("new/file").await.as_deref(), Some("made"));
    assert_eq!(office.get("gone").await, None);
    assert_eq!(
        office.run("ls . empty new").await.output,
        ".:\nd\nempty\nnew\ntools\ntouched\n\nempty:\n\nnew:\ner\nfile\n"
    );
    use std::os::unix::fs::MetadataExt;
    let after = std::fs::metadata(office.path("tools/s.py")).unwrap();
    assert_eq!(
        (before.ino(), before.ctime_nsec()),
        (after.ino(), after.ctime_nsec()),
        "the script itself is not put again"
    );
    assert_eq!(untouched.ino(), std::fs::metadata(office.path("touched/not")).unwrap().ino());
    office.close().await;
}

#[tokio::test]
async fn python_is_asked_for_in_the_ways_that_people_know() {
    let office = Office::new().await;
    office.put("m.py", b"import sys; print(__name__, sys.argv[1:], sorted(k for k in globals() if k[0] != '_'))").await;
    for (line, input, output, code) in [
        ("python3 -c 'import os, sys; print(os.listdir(), sys.argv)' a", "", "['m.py'] ['-c', 'a']\n", 0),
        ("python3 -m m 1 2", "", "__main__ ['1', '2'] ['sys']\n", 0),
        ("python3 m.py", "", "__main__ [] ['sys']\n", 0),
        ("python3 -c 'print(input()[::-1])'", "abc\n", "cba\n", 0),
        ("python3 -c 'import sys; sys.exit(7)'", "", "", 7),
        ("python3 -c 'import m'", "", "m ['x'] ['sys']\n", 0),
        (
            "python3 absent.py",
            "",
            "python3: can't open file '/home/user/absent.py': [Errno 2] No such file or directory\n",
            2,
        ),
        ("python3 -x", "", "python3: -x is not understood: there are FILE, -c CODE, -m MODULE and -u\n", 2),
    ] {
        let line = if line.contains("import m'") { "python3 -c 'import m' x" } else { line };
        assert_eq!(office.feed(line, input.as_bytes()).await, ran(output, code), "{line}");
    }
    let failed = office.run("python3 -m absent").await;
    assert!(failed.code == Some(1) && failed.output.contains("No module named absent"), "{failed:?}");
    let failed = office.run("python3 -c '1 / 0'").await;
    assert!(failed.output.starts_with("Traceback") && failed.output.ends_with("ZeroDivisionError: division by zero\n"));
    let console = office.feed("python3", b"open('made', 'w').write('x')\nexit(3)\n").await;
    assert!(console.code == Some(3) && console.output.contains(">>> 1\n"), "{console:?}");
    assert_eq!(office.run("ls").await.output, "m.py\nmade\n");
    office.close().await;
}

#[tokio::test]
async fn however_a_script_ends_by_itself_its_changes_stay_and_otherwise_none() {
    let office = Office::with(|config| config.runs.timeout = Duration::from_secs(2)).await;
    for (ending, code, kept) in [
        ("1 / 0", 1, true),
        ("import sys; sys.exit(9)", 9, true),
        ("import os; os._exit(8)", 8, true),
        ("import os; os.abort()", 134, false),
        ("while True: pass", 124, false),
        ("import time; time.sleep(60)", 124, false),
        ("while True: print('x' * 10000)", 1, false),
        ("open('huge', 'wb').truncate(200 << 20)", 1, false),
        ("x = bytearray(1 << 30)", 1, true),
    ] {
        office.put("a", b"old").await;
        office.put("b", b"").await;
        office
            .put("s.py", format!("import os\nos.remove('b')\nopen('a', 'w').write('new')\n{ending}").as_bytes())
            .await;
        let ran = office.run("python3 s.py").await;
        let end: String = ran.output.chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
        assert_eq!(ran.code, Some(code), "{ending}: {end}");
        assert_eq!(ran.output.contains("nothing of what it changed was kept"), !kept, "{ending}: {end}");
        let expected =
            if kept { (Some("new".to_owned()), None) } else { (Some("old".to_owned()), Some(String::new())) };
        assert_eq!((office.get("a").await, office.get("b").await), expected, "{ending}");
        assert_eq!(office.get("huge").await, None);
    }
    office.close().await;
}

#[tokio::test]
async fn a_conversation_goes_on_until_it_is_ended() {
    let office = Office::new().await;
    office
        .put("s.py", b"open('made', 'w').write('1')\nname = input('name? ')\nprint('hello', name)\nopen('after', 'w')")
        .await;
    let mut command = office.start("python3 s.py").await;
    let stdin = command.input().unwrap();
    assert_eq!(command.next().await.unwrap().unwrap(), b"name? ");
    assert_eq!((command.exit_code(), office.get("made").await), (None, None), "nothing is kept before the end");
    assert!(stdin.send(b"ada\n".to_vec()).await);
    assert_eq!(end(command).await, ran("hello ada\n", 0));
    assert!(office.get("after").await.is_some());
    // Ended from outside: nothing is kept, and the place is free again.
    for _ in 0..limits::RUNS_PER_ACCOUNT + 1 {
        let mut command = office.start("python3 -c 'open(\"never\", \"w\"); print(1); input()'").await;
        let _stdin = command.input();
        assert_eq!(command.next().await.unwrap().unwrap(), b"1\n");
        drop(command);
    }
    assert_eq!(office.run("cat never").await.code, Some(1));
    // The user is removed.
    let mut command = office.start("cat").await;
    let _stdin = command.input();
    office.app.end_commands(&office.ada);
    assert!(matches!(command.next().await, Some(Err(Error::Unauthorized))));
    office.close().await;
}

/// A user was looked up when the head of a request had come; until the last of a slow body had come they could be removed, and their
/// command began nevertheless, one of the machine too.
#[tokio::test]
async fn somebody_who_was_removed_meanwhile_starts_nothing() {
    let mut office = Office::new().await;
    office.allow_host_commands().await;
    let before = office.ada.clone();
    office.remove(&before).await;
    for line in ["ls", "python3 -c pass", "touch made"] {
        let refused = office.app.command(&before, line.as_bytes()).await;
        assert!(matches!(refused, Err(Error::Unauthorized)), "{line}");
    }
    // Somebody of the same name is somebody else, and their key may allow less.
    let after = office.user("ada").await;
    assert!(matches!(office.app.command(&before, b"ls").await, Err(Error::Unauthorized)));
    assert_eq!(end(office.app.command(&after, b"touch made").await.unwrap()).await.code, Some(127));
    assert_eq!(trail(&office), Vec::<String>::new());
    office.close().await;
}

#[tokio::test]
async fn a_user_has_as_many_commands_at_once_as_an_account_has_runs() {
    let office = Office::new().await;
    let mut commands = vec![];
    for _ in 0..limits::RUNS_PER_ACCOUNT {
        let mut command = office.start("cat").await;
        commands.push((command.input(), command));
    }
    let refused = office.app.command(&office.ada, b"pwd").await;
    assert!(matches!(refused, Err(Error::SlowDown(_))));
    let bob = office.user("bob").await;
    assert_eq!(end(office.app.command(&bob, b"ls").await.unwrap()).await, ran("", 0));
    let (_, last) = commands.pop().unwrap();
    drop(last);
    // It is free once the command has been ended, which is soon.
    let started = async {
        loop {
            match office.app.command(&office.ada, b"pwd").await {
                Err(Error::SlowDown(_)) => tokio::task::yield_now().await,
                started => return started,
            }
        }
    };
    assert_eq!(end(started.await.unwrap()).await, ran("/home/user\n", 0));
    office.close().await;
}

#[tokio::test]
async fn nobody_loses_what_another_command_has_written_meanwhile() {
    let office = Office::new().await;
    office.put("shared", b"0").await;
    let mut first =
        office.start("python3 -c 'input(1); open(\"shared\", \"w\").write(\"first\"); open(\"mine\", \"w\")'").await;
    let stdin = first.input().unwrap();
    assert_eq!(first.next().await.unwrap().unwrap(), b"1");
    assert_eq!(office.run("python3 -c 'open(\"shared\", \"w\").write(\"second\")'").await, ran("", 0));
    office.put("other", b"put").await;
    stdin.send(b"\n".to_vec()).await;
    let line = "python3: nothing of what it changed was kept: shared was changed by somebody else meanwhile\n";
    assert_eq!(end(first).await, ran(line, 1));
    assert_eq!(office.get("shared").await.as_deref(), Some("second"));
    assert_eq!((office.get("mine").await, office.get("other").await.as_deref()), (None, Some("put")));
    office.close().await;
}

#[tokio::test]
async fn a_workspace_that_no_script_can_hold_says_what_to_remove() {
    let office = Office::new().await;
    office.put("large", &vec![0; 130 << 20]).await;
    office.put("s.py", b"print(1)").await;
    let refused = office.run("python3 s.py").await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.output.contains("get and remove some") && refused.output.contains("large (136314880 bytes)"),
        "{refused:?}"
    );
    assert_eq!(office.run("rm large").await.code, Some(0));
    assert_eq!(office.run("python3 s.py").await, ran("1\n", 0));
    // What is nearly as large as a job can be goes in and out.
    office.put("large", &vec![1; 100 << 20]).await;
    let line =
        "python3 -c 'f = open(\"large\", \"r+b\"); f.write(b\"2\"); open(\"new\", \"wb\").write(bytes(1 << 20))'";
    assert_eq!(office.run(line).await, ran("", 0));
    let large = std::fs::read(office.path("large")).unwrap();
    assert!(large.len() == 100 << 20 && large.starts_with(b"2\x01") && large.ends_with(&[1]));
    // Over the quota: the sentence, and nothing has changed.
    let office_small = Office::with(|config| config.workspace_bytes = 1 << 20).await;
    office_small.put("a", b"old").await;
    let refused = office_small.run("python3 -c 'open(\"a\", \"w\"); open(\"b\", \"wb\").write(bytes(2 << 20))'").await;
    assert!(refused.code == Some(1) && refused.output.contains("the workspace may have 1 MiB"), "{refused:?}");
    assert_eq!((office_small.get("a").await.as_deref(), office_small.get("b").await), (Some("old"), None));
    office.close().await;
    office_small.close().await;
}

/// A user with a full workspace and some idle consoles had all the memory that there is for files, and everybody's scripts waited.
#[tokio::test]
async fn a_user_who_fills_their_own_room_keeps_nobody_else_out() {
    let office = Office::with(|config| config.runs.wait = Duration::from_millis(500)).await;
    office.put("large", &vec![0; 120 << 20]).await;
    let mut consoles = vec![];
    for _ in 0..2 {
        let mut console = office.start("python3 -u -c 'print(1); input()'").await;
        let stdin = console.input();
        assert_eq!(console.next().await.unwrap().unwrap(), b"1\n");
        consoles.push((console, stdin));
    }
    let line = "python3: the server has no room for your files now: try again\n";
    assert_eq!(office.run("python3 -c pass").await, ran(line, 1));
    let bob = office.user("bob").await;
    assert_eq!(end(office.app.command(&bob, b"python3 -c pass").await.unwrap()).await, ran("", 0));
    drop(consoles);
    office.close().await;
}

/// Room is taken for what the books say, which do not count names.
#[tokio::test]
async fn files_whose_names_are_longer_than_they_are_have_room_too() {
    let office = Office::new().await;
    let script = "import os\nfor n in range(15): os.mkdir('d' * 200); os.chdir('d' * 200)\n\
        for n in range(500): open(str(n), 'w')\n";
    office.put("s.py", script.as_bytes()).await;
    assert_eq!(office.run("python3 s.py").await, ran("", 0));
    let line = "python3 -c 'import os; print(sum(len(files) for _, _, files in os.walk(\".\")))'";
    assert_eq!(office.run(line).await, ran("501\n", 0));
    office.close().await;
}

#[tokio::test]
async fn links_that_a_script_leaves_are_not_kept_and_names_are_any_bytes() {
    let office = Office::new().await;
    let script = "import os\nos.symlink('/etc/passwd', 'l'); os.symlink('s.py', 'm')\nopen(b'\\xff\\n', 'w').write('odd')\n\
        for n in range(200): os.mkdir('d'); os.chdir('d')\nopen('f', 'w').write('deep')\n";
    office.put("s.py", script.as_bytes()).await;
    assert_eq!(office.run("python3 s.py").await, ran("", 0));
    assert_eq!(office.get(&("d/".repeat(200) + "f")).await.as_deref(), Some("deep"));
    let script = "import os\nprint(os.listdir(b'.'), open(b'\\xff\\n').read())\n";
    office.put("s.py", script.as_bytes()).await;
    assert_eq!(office.run("rm -r d").await.code, Some(0));
    assert_eq!(office.run("python3 s.py").await, ran("[b'\\xff\\n', b's.py'] odd\n", 0));
    office.close().await;
}

#[tokio::test]
async fn commands_of_the_machine_need_the_word_of_both_the_key_and_the_configuration() {
    for (configured, allowed) in [(false, false), (false, true), (true, false)] {
        let mut office = Office::with(|config| config.host_commands = configured).await;
        if allowed {
            office.allow_host_commands().await;
        }
        assert_eq!(office.run("touch made").await, ran("touch: command not found\n", 127));
        assert_eq!(office.run("ls").await, ran("", 0));
        assert_eq!(trail(&office), Vec::<String>::new());
        office.close().await;
    }
    let mut office = Office::new().await;
    office.allow_host_commands().await;
    // Its three streams, the one that is looked through, and what whoever started this test has left open for all.
    let looking = std::process::Command::new("sh").args(["-c", "ls /proc/self/fd | wc -l"]).output().unwrap();
    let descriptors = String::from_utf8(looking.stdout).unwrap();
    for (line, input, output, code) in [
        (
            "env",
            "",
            format!(
                "HOME={0}\nLANG=C.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n",
                office.path("").display().to_string().trim_end_matches('/')
            ),
            0,
        ),
        ("sort", "b\na\n", "a\nb\n".to_owned(), 0),
        ("sh -c 'echo out; echo err >&2; echo out; exit 5'", "", "out\nerr\nout\n".to_owned(), 5),
        ("sh -c 'kill -9 $$'", "", String::new(), 137),
        ("sh -c 'ls /proc/self/fd | wc -l'", "", descriptors, 0),
        ("touch 'a b'", "", String::new(), 0),
        ("absent-command x", "", "absent-command: command not found\n".to_owned(), 127),
        ("/etc/passwd", "", "/etc/passwd: Permission denied (os error 13)\n".to_owned(), 126),
        ("pwd", "", "/home/user\n".to_owned(), 0),
    ] {
        let line = line.replace("'kill -9 $$'", "'kill -9 $PPID$'").replace("$PPID$", "$$");
        let ran_now = office.feed(&line, input.as_bytes()).await;
        let sorted = if line == "env" {
            let mut lines: Vec<&str> = ran_now.output.lines().collect();
            lines.sort_unstable();
            Ran { output: lines.join("\n") + "\n", code: ran_now.code }
        } else {
            ran_now
        };
        assert_eq!(sorted, ran(&output, code), "{line}");
    }
    assert_eq!(office.run("ls").await.output, "a b\n");
    // What was written just before the end was at times not heard: the pipe had it, and the runtime had not been told.
    for _ in 0..50 {
        assert_eq!(office.run("printf word").await, ran("word", 0));
    }
    let trail = trail(&office);
    assert_eq!(trail.len(), 58, "{trail:?}");
    assert_eq!(trail[5], "ada: touch 'a b'");
    office.close().await;
}

/// What the audit trail says of commands of the machine.
fn trail(office: &Office) -> Vec<String> {
    let entries = office.store.read(|view| view.audit(1, 1000)).unwrap();
    entries.into_iter().filter(|entry| entry.what == AuditEvent::HostCommand).filter_map(|entry| entry.about).collect()
}

#[tokio::test]
async fn no_process_of_a_command_is_left() {
    let mut office = Office::with(|config| config.runs.timeout = Duration::from_secs(2)).await;
    office.allow_host_commands().await;
    let start = "sh -c 'sleep 1000 & sleep 1000 & echo $!; ";
    // Ended by itself, with others in the background; by its time; from outside.
    let by_itself = office.run(&format!("{start}exit 3'")).await;
    let by_time = office.run(&format!("{start}wait'")).await;
    let mut command = office.start(&format!("{start}wait'")).await;
    let from_outside = String::from_utf8(command.next().await.unwrap().unwrap()).unwrap();
    drop(command);
    assert_eq!((by_itself.code, by_time.code), (Some(3), Some(124)));
    assert!(by_time.output.ends_with("ended: it took longer than 2 seconds\n"), "{by_time:?}");
    for output in [by_itself.output, by_time.output, from_outside] {
        let pid: u32 = output.lines().next().unwrap().parse().unwrap();
        world::until("the process is gone", || !is_alive(pid)).await;
    }
    let flood = office.run("yes").await;
    assert!(flood.code == Some(1) && flood.output.ends_with("ended: more than 16777216 bytes of output\n"));
    office.close().await;
}

/// A process that has ended and that nobody has waited for is none.
fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
