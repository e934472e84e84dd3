//! Pure-Python work: each program of `benches/programs` here and in native CPython of the same version.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cloud_python::domain::{AccountId, Budget};
use cloud_python::sandbox::{Meter, Sandbox};

use crate::table::{header, row};
use crate::{job, native, sandbox};

/// Each figure is the best of so many, taken in turn: noise only ever adds.
const ROUNDS: usize = 3;

pub(crate) async fn measure() {
    let Some(python) = native::same_version() else {
        eprintln!("skipped: no native CPython of the image's version; ./fetch-runtime.sh builds one");
        return;
    };
    let programs = programs();
    let mut sandboxes = vec![];
    for meter in [Meter::Neither, Meter::Epoch, Meter::Fuel, Meter::Both] {
        sandboxes.push((meter, sandbox(meter).await));
    }
    let mut best: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (number, program) in programs.iter().enumerate() {
            let (time, check) = in_native(&python, program);
            keep_best(&mut best, (number, 0), time);
            for (column, (_, sandbox)) in sandboxes.iter().enumerate() {
                let (time, found) = in_sandbox(sandbox, program).await;
                assert_eq!(found, check, "{}: another result than native", program.display());
                keep_best(&mut best, (number, column + 1), time);
            }
        }
    }
    print(&programs, &sandboxes, &best);
    for (_, sandbox) in sandboxes {
        sandbox.shutdown().await;
    }
}

fn print(programs: &[PathBuf], sandboxes: &[(Meter, Sandbox)], best: &BTreeMap<(usize, usize), f64>) {
    let mut names = vec!["times native CPython", "native"];
    names.extend(sandboxes.iter().map(|(meter, _)| meter.name()));
    header(&names);
    let ratio = |number: usize, column: usize| best[&(number, column)] / best[&(number, 0)];
    for (number, program) in programs.iter().enumerate() {
        let name = program.file_stem().expect("a name").to_string_lossy().into_owned();
        let mut cells = vec![name, format!("{:.0} ms", best[&(number, 0)] * 1e3)];
        cells.extend((1..=sandboxes.len()).map(|column| format!("{:.2}", ratio(number, column))));
        row(&cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let mean = |column: usize| {
        let logarithms: f64 = (0..programs.len()).map(|number| ratio(number, column).ln()).sum();
        format!("**{:.2}**", (logarithms / programs.len() as f64).exp())
    };
    let mut cells = vec!["**geometric mean**".to_owned(), String::new()];
    cells.extend((1..=sandboxes.len()).map(mean));
    row(&cells.iter().map(String::as_str).collect::<Vec<_>>());
}

fn programs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/programs");
    let entries = std::fs::read_dir(folder).expect("the programs");
    let mut programs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    programs.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    programs.sort();
    programs
}

fn keep_best(best: &mut BTreeMap<(usize, usize), f64>, at: (usize, usize), time: f64) {
    best.entry(at).and_modify(|least| *least = least.min(time)).or_insert(time);
}

fn in_native(python: &Path, program: &Path) -> (f64, String) {
    let output = Command::new(python).arg("-I").arg(program).output().expect("native python starts");
    assert!(output.status.success(), "{}: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    parse(&output.stdout)
}

async fn in_sandbox(sandbox: &Sandbox, program: &Path) -> (f64, String) {
    let budget = Budget::default().with_wall(Duration::from_secs(60)).expect("in bounds");
    let budget = budget.with_fuel(u64::MAX).expect("in bounds");
    let spec = job(&std::fs::read_to_string(program).expect("the program"), budget);
    let result = sandbox.run(AccountId::new(1), &spec).await.expect("the sandbox does its part");
    assert_eq!(
        result.outcome.exit_code(),
        Some(0),
        "{}: {}",
        program.display(),
        String::from_utf8_lossy(&result.stderr)
    );
    parse(&result.stdout)
}

/// The seconds and the result that a program prints as `elapsed_ns <n>` and `check <value>`.
fn parse(stdout: &[u8]) -> (f64, String) {
    let text = String::from_utf8_lossy(stdout);
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(|rest| rest.trim().to_owned());
    let nanoseconds: f64 = value("elapsed_ns").and_then(|number| number.parse().ok()).expect("elapsed_ns");
    (nanoseconds / 1e9, value("check").expect("check"))
}
