//! "What CPython does, it does": each script of `tests/python/` writes byte for byte what native CPython wrote for it.
//!
//! What a case may say of itself stands in `tests/python/README.md`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cloud_python::domain::{AccountId, Argument, Budget, JobResult, JobSpec, ProgramName, Script};

use crate::world;

struct Case {
    path: PathBuf,
    exit: u8,
    stdin: Vec<u8>,
    arguments: Vec<Argument>,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = std::fs::read(path).expect("the script");
        let mut case = Self { path: path.to_owned(), exit: 0, stdin: vec![], arguments: vec![] };
        for line in String::from_utf8_lossy(&text).lines().take(6) {
            match line.strip_prefix("#: ").and_then(|line| line.split_once(": ")) {
                Some(("exit", code)) => case.exit = code.parse().expect("an exit code"),
                Some(("stdin", text)) => case.stdin = unescape(text),
                Some(("args", words)) => {
                    case.arguments =
                        split(words).into_iter().map(|word| Argument::parse(word).expect("no NUL")).collect();
                }
                Some(("sandbox-only", _)) | None => {}
                Some((other, _)) => panic!("{}: what is {other}?", path.display()),
            }
        }
        case
    }

    fn spec(&self) -> JobSpec {
        let name = self.path.file_name().expect("a file").to_str().expect("a plain name");
        let script = Script::parse(std::fs::read(&self.path).expect("the script")).expect("within the limits");
        let budget = Budget::default().with_wall(Duration::from_secs(30)).expect("in bounds");
        let job = JobSpec::of(script).program(ProgramName::parse(name).expect("a plain name")).budget(budget);
        job.arguments(self.arguments.clone()).stdin(self.stdin.clone()).build().expect("within the limits")
    }

    fn complaints(&self, result: &JobResult) -> Vec<String> {
        let recorded = |extension| std::fs::read(self.path.with_extension(extension)).unwrap_or_default();
        let mut complaints = vec![];
        if result.outcome.exit_code() != Some(self.exit) {
            complaints.push(format!("{:?}, not exit code {}", result.outcome, self.exit));
        }
        for (name, found, wanted) in
            [("stdout", &result.stdout, recorded("expected")), ("stderr", &result.stderr, recorded("stderr"))]
        {
            if *found != wanted {
                complaints.push(format!(
                    "{name}:\n{}\nnot:\n{}",
                    String::from_utf8_lossy(found),
                    String::from_utf8_lossy(&wanted)
                ));
            }
        }
        complaints
    }
}

#[tokio::test]
async fn scripts_write_what_native_cpython_writes() {
    let entries = std::fs::read_dir(world::repository("tests/python")).expect("the cases");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    paths.sort();
    assert!(paths.len() >= 40, "only {} cases", paths.len());
    let sandbox = world::sandbox().await;
    let mut wrong = vec![];
    for (number, path) in paths.iter().enumerate() {
        let case = Case::read(path);
        let result = sandbox.run(AccountId::new(number as u64 % 7), &case.spec()).await.expect("a run");
        wrong.extend(case.complaints(&result).into_iter().map(|complaint| format!("{}: {complaint}", path.display())));
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
    sandbox.shutdown().await;
}

/// `\n \t \r \0 \\ \xNN` as in the cases' README.
fn unescape(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (vec![], text.chars());
    while let Some(letter) = rest.next() {
        match (letter, letter == '\\') {
            (_, true) => match rest.next() {
                Some('n') => bytes.push(b'\n'),
                Some('t') => bytes.push(b'\t'),
                Some('r') => bytes.push(b'\r'),
                Some('0') => bytes.push(0),
                Some('x') => {
                    let digits: String = rest.by_ref().take(2).collect();
                    bytes.push(u8::from_str_radix(&digits, 16).expect("two hex digits"));
                }
                other => bytes.extend(other.map(|letter| letter as u8)),
            },
            (letter, false) => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Words between spaces; double quotes keep a word together.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (vec![], None::<String>, false);
    for letter in text.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_are_split_as_the_readme_says() {
    assert_eq!(split(r#"one "two words" "" x"y z""#), ["one", "two words", "", "xy z"]);
    assert_eq!(unescape(r"a\n\x00\\"), b"a\n\0\\");
}
