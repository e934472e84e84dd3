//! Files that a run returns: which ones, and how a script may try to return something else.

use std::time::Duration;

use cloud_python::config::limits;
use cloud_python::domain::{AccountId, Budget, FilePath, JobOutcome, JobResult, JobSpec, Script, Spent};
use cloud_python::sandbox::{Event, LiveRun, Sandbox};

use crate::world::{self, ALICE, BOB};

async fn run(sandbox: &Sandbox, text: &str, outputs: &[&str]) -> JobResult {
    let outputs = outputs.iter().map(|name| FilePath::parse(*name).unwrap()).collect();
    let job = JobSpec::of(Script::parse(text).unwrap()).outputs(outputs).build().unwrap();
    sandbox.run(ALICE, &job).await.unwrap()
}

/// The files' names with the beginning of their contents, sorted.
fn returned(result: &JobResult) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.get(..9).unwrap_or(bytes)).into_owned();
    let line = |file: &cloud_python::domain::JobFile| format!("{}={}", text(file.path.as_bytes()), text(&file.content));
    let mut files: Vec<String> = result.files.iter().map(line).collect();
    files.sort();
    files
}

#[tokio::test]
async fn what_is_there_at_the_end_is_returned() {
    let sandbox = world::sandbox().await;
    let tree = "import os\nos.makedirs('d/e')\nfor n in 'a', 'd/b', 'd/e/c', 'd/.h': open(n, 'w').write(n)\n";
    for (text, asked, files) in [
        ("", vec!["a"], vec![]),
        (tree, vec!["a"], vec!["a=a"]),
        (tree, vec!["a", "absent", "d/e/c"], vec!["a=a", "d/e/c=d/e/c"]),
        (tree, vec!["d"], vec!["d/.h=d/.h", "d/b=d/b", "d/e/c=d/e/c"]),
        (tree, vec!["d/e", "d", "d", "d/b"], vec!["d/.h=d/.h", "d/b=d/b", "d/e/c=d/e/c"]),
        ("open('a', 'w')", vec!["a"], vec!["a="]),
        ("open('a', 'w').write('1'); import os; os.remove('a')", vec!["a"], vec![]),
        ("open('a', 'w').write('1'); import os; os.rename('a', 'b')", vec!["a", "b"], vec!["b=1"]),
        ("f = open('a', 'w'); f.write('unclosed')", vec!["a"], vec!["a=unclosed"]),
        ("import atexit; atexit.register(lambda: open('a', 'w').write('late'))", vec!["a"], vec!["a=late"]),
        ("import os; os.mkdir('a')", vec!["a"], vec![]),
        ("", vec!["main.py"], vec!["main.py="]),
    ] {
        let result = run(&sandbox, text, &asked).await;
        assert_eq!(result.outcome, JobOutcome::Exited(0), "{text}: {}", world::stderr(&result));
        assert_eq!(returned(&result), files, "{text} {asked:?}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn however_the_script_ends_by_itself_its_files_are_returned() {
    let sandbox = world::sandbox().await;
    for (end, code) in [
        ("import os; os._exit(3)", 3),
        ("import sys; sys.exit(4)", 4),
        ("1 / 0", 1),
        ("x = 'x' * (1 << 40)", 1),
        ("import sys\ndef hook(*a): sys.exit(6)\nsys.excepthook = hook\n1 / 0", 6),
    ] {
        let result = run(&sandbox, &format!("open('a', 'w').write('1')\n{end}"), &["a"]).await;
        assert_eq!((result.outcome, returned(&result)), (JobOutcome::Exited(code), vec!["a=1".to_owned()]), "{end}");
    }
    for end in ["import os; os.abort()", "print('x' * (2 << 20))", "while True: pass"] {
        let result = run(&sandbox, &format!("open('a', 'w').write('1')\n{end}"), &["a"]).await;
        assert!(!matches!(result.outcome, JobOutcome::Exited(_)) && result.files.is_empty(), "{end}: {result:?}");
    }
    sandbox.shutdown().await;
}

#[tokio::test]
async fn links_lead_to_no_circle_and_to_nothing_of_the_machine() {
    let sandbox = world::sandbox().await;
    for (text, asked, files) in [
        ("os.mkdir('d'); os.symlink('..', 'd/up'); os.symlink('.', 'd/same'); open('d/a', 'w')", "d", vec!["d/a="]),
        ("open('/tmp/x', 'w').write('1'); os.symlink('/tmp/x', 'a')", "a", vec!["a=1"]),
        ("os.symlink('a', 'a')", "a", vec![]),
        ("os.symlink('/etc/passwd', 'a')", "a", vec![]),
        ("os.symlink('/dev/zero', 'a')", "a", vec![]),
        ("os.symlink('/dev/stdin', 'a')", "a", vec![]),
    ] {
        let result = run(&sandbox, &format!("import os; {text}"), &[asked]).await;
        assert_eq!((result.outcome, returned(&result)), (JobOutcome::Exited(0), as_text(&files)), "{text}");
    }
    sandbox.shutdown().await;
}

fn as_text(files: &[&str]) -> Vec<String> {
    files.iter().map(|file| (*file).to_owned()).collect()
}

#[tokio::test]
async fn large_files_come_whole_and_too_large_ones_not_at_all() {
    let sandbox = world::sandbox().await;
    // Its name counts six times.
    let most = limits::OUTPUT_FILES_BYTES - 6;
    let text = format!("import random\nopen('a', 'wb').write(random.Random(1).randbytes({most}))");
    let result = run(&sandbox, &text, &["a"]).await;
    let whole = "import random, hashlib\nprint(hashlib.sha256(random.Random(1).randbytes(%)).hexdigest(), end='')";
    let expected = world::run(&sandbox, &whole.replace('%', &most.to_string())).await;
    assert_eq!(world::sha256(&result.files[0].content), world::stdout(&expected));
    for text in [
        format!("open('a', 'wb').truncate({})", most + 1),
        "open('a', 'wb').truncate(1 << 27)".to_owned(),
        "import os\nos.mkdir('a')\nfor i in range(20): open(f'a/{i}', 'wb').truncate(1 << 20)".to_owned(),
        format!("import os\nos.mkdir('a')\nfor i in range({}): open(f'a/{{i}}', 'wb')", limits::FILES + 1),
    ] {
        let result = run(&sandbox, &text, &["a"]).await;
        let ended = (result.outcome, result.files.len(), result.stdout.len());
        assert_eq!(ended, (JobOutcome::OutputTooLarge, 0, 0), "{text}");
    }
    let holes = run(&sandbox, "f = open('a', 'wb'); f.seek(1 << 20); f.write(b'x')", &["a"]).await;
    assert!(holes.files[0].content.iter().rev().skip(1).all(|byte| *byte == 0));
    assert_eq!(holes.files[0].content.len(), (1 << 20) + 1);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn deep_trees_and_names_of_any_bytes_come_back_as_they_are() {
    let sandbox = world::sandbox().await;
    let deep = "import os\nfor i in range(2000):\n    os.mkdir('d'); os.chdir('d')\nopen('f', 'w').write('deep')";
    let result = run(&sandbox, deep, &["d"]).await;
    assert_eq!((result.outcome, result.files.len()), (JobOutcome::Exited(0), 1), "{}", world::stderr(&result));
    assert!(result.files[0].path.as_bytes().ends_with(b"/d/f") && result.files[0].content == b"deep");
    let names =
        "import os\nos.mkdir('d')\nfor i in range(1, 256):\n    if i not in (46, 47): open(b'd/' + bytes([i, i]), 'w')";
    let result = run(&sandbox, names, &["d"]).await;
    assert_eq!((result.outcome, result.files.len()), (JobOutcome::Exited(0), 253), "{}", world::stderr(&result));
    sandbox.shutdown().await;
}

/// What a run that returns its whole directory has come to; the run is still held.
async fn whole_directory(sandbox: &Sandbox, account: AccountId, wall: Duration) -> (LiveRun, JobResult) {
    let job = JobSpec::of(Script::parse("open('made', 'w').write('1')").unwrap()).aside().whole_directory();
    let job = job.budget(Budget::default().with_wall(wall).unwrap()).build().unwrap();
    let mut run = sandbox.open(account, job).await.unwrap();
    loop {
        if let Event::Ended(result) = run.next().await.unwrap().unwrap() {
            return (run, *result);
        }
    }
}

/// Whole directories, of 128 MiB each, came back from as many runs as there were, into memory that nobody had counted.
#[tokio::test]
async fn few_whole_directories_come_back_at_once_and_one_to_each_account() {
    let sandbox = world::sandbox().await;
    let long = Duration::from_secs(30);
    let mut held = vec![];
    for number in 1..=limits::DIRECTORIES_RETURNED as u64 {
        let (run, result) = whole_directory(&sandbox, AccountId::new(number), long).await;
        assert_eq!((result.outcome, result.files.len()), (JobOutcome::Exited(0), 1));
        held.push(run);
    }
    // The next one's time goes by while it waits.
    let (_, late) = whole_directory(&sandbox, AccountId::new(100), Duration::from_millis(300)).await;
    assert_eq!(late.outcome, JobOutcome::TimedOut(Spent::Wall));
    drop(held.pop());
    let (again, result) = whole_directory(&sandbox, AccountId::new(100), long).await;
    assert_eq!(result.outcome, JobOutcome::Exited(0));
    drop((held, again));
    let (_held, _) = whole_directory(&sandbox, ALICE, long).await;
    let (_, late) = whole_directory(&sandbox, ALICE, Duration::from_millis(300)).await;
    assert_eq!(late.outcome, JobOutcome::TimedOut(Spent::Wall));
    assert_eq!(whole_directory(&sandbox, BOB, long).await.1.outcome, JobOutcome::Exited(0));
    sandbox.shutdown().await;
}
