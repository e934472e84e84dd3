//! What the tests share: a sandbox like the server's, people who use it, and looks at the machine from outside.

mod https;
mod letters;
pub(crate) mod office;
mod parcel_key;
mod processes;
mod sealed;
mod serving;
pub(crate) mod socket;
mod town;
mod websocket;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cloud_python::domain::{AccountId, Budget, JobResult, JobSpec, Script};
use cloud_python::sandbox::{Meter, Prepared, Sandbox, Settings, Source, cache_folder};

pub(crate) use https::{Answer, Connection, connect, tls};
pub(crate) use letters::{link, secret};
pub(crate) use office::{Office, Ran};
pub(crate) use parcel_key::ParcelKey;
pub(crate) use processes::children_of;
pub(crate) use sealed::{Caller, Framing, hello, parse as parse_answer, register};
pub(crate) use serving::Serving;
pub(crate) use town::{ADMINISTRATOR, PASSWORD, Person, Town, config};
pub(crate) use websocket::{Session, Told, Whole};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_cloud-python");

/// Two people who have never met.
pub(crate) const ALICE: AccountId = AccountId::new(1);
pub(crate) const BOB: AccountId = AccountId::new(2);

/// The image that `./fetch-runtime.sh` made, compiled for the default meter.
pub(crate) fn image() -> Prepared {
    let cache = cache_folder().expect("a cache folder");
    let source = Source::find(&cache).expect("run ./fetch-runtime.sh first");
    source.prepare(Meter::default(), |line| eprintln!("{line}")).expect("the image can be compiled")
}

/// The server's settings, with this program as launcher.
pub(crate) fn settings() -> Settings {
    Settings { launcher: PROGRAM.into(), ..Settings::default() }
}

/// A sandbox of the test's own.
pub(crate) async fn sandbox() -> Sandbox {
    sandbox_with(settings()).await
}

pub(crate) async fn sandbox_with(settings: Settings) -> Sandbox {
    Sandbox::start(settings, image()).await.expect("the sandbox starts")
}

pub(crate) fn script(text: &str) -> JobSpec {
    script_with(text, Budget::default())
}

pub(crate) fn script_with(text: &str, budget: Budget) -> JobSpec {
    let script = Script::parse(text).expect("a script within the limits");
    JobSpec::of(script).budget(budget).build().expect("a job within the limits")
}

/// Runs a script for Alice and returns its result.
pub(crate) async fn run(sandbox: &Sandbox, text: &str) -> JobResult {
    sandbox.run(ALICE, &script(text)).await.expect("the sandbox does its part")
}

/// Standard output as text.
pub(crate) fn stdout(result: &JobResult) -> String {
    String::from_utf8_lossy(&result.stdout).into_owned()
}

/// Standard error as text.
pub(crate) fn stderr(result: &JobResult) -> String {
    String::from_utf8_lossy(&result.stderr).into_owned()
}

/// The program, typed at a shell.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    command
}

/// Runs a command to its end without input.
pub(crate) fn output(command: &mut Command) -> Output {
    command.stdin(std::process::Stdio::null()).output().expect("the program starts")
}

/// What a program said on its standard error.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&<sha2::Sha256 as sha2::Digest>::digest(bytes))
}

/// A file or folder of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The processes with this one among their ancestors, parents before children.
pub(crate) fn descendants_of(pid: u32) -> Vec<u32> {
    // A child may end while we look.
    let children = processes::known_children(pid).unwrap_or_default().into_iter();
    children.flat_map(|child| std::iter::once(child).chain(descendants_of(child))).collect()
}

/// Whether a process of this number exists (a zombie does).
pub(crate) fn exists(pid: u32) -> bool {
    std::fs::exists(format!("/proc/{pid}")).expect("/proc")
}

/// Whether these bytes are anywhere in a process's memory. Nothing if we may not look.
pub(crate) fn memory_contains(pid: u32, wanted: &[u8]) -> Option<bool> {
    use std::os::unix::fs::FileExt;
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).ok()?;
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split_once(' ')?.0.split_once('-')?;
        let (start, end) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
        let mut bytes = vec![0; usize::try_from((end - start).min(256 << 20)).ok()?];
        let Ok(count) = memory.read_at(&mut bytes, start) else { continue };
        if bytes[..count].windows(wanted.len()).any(|window| window == wanted) {
            return Some(true);
        }
    }
    Some(false)
}

/// Waits until something that another process does has come about, looking again and again for at most ten seconds.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("waited in vain until {what}");
}

/// How many descriptors a process has open; nothing if we may not look.
pub(crate) fn open_descriptors(pid: u32) -> Option<usize> {
    Some(std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())
}
