//! What is promised about speed and memory, measured beside native CPython in the same run, printed as a table.
//!
//! `cargo bench` measures everything; `cargo bench -- latency cpu` only what is named. These are whole processes on a
//! machine that others use too, so nothing here passes or fails: ratios and medians are for a reader. That is also why
//! there is no statistics library: what it would refine is smaller than the noise.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark that cannot measure has nothing to say"
)]

mod cold;
mod cpu;
mod enumeration;
mod kill;
mod latency;
mod load;
mod memory;
mod native;
mod sessions;
mod table;
mod throughput;
mod town;

// What the tests have for speaking to a server from outside.
#[path = "../../tests/world/https.rs"]
#[expect(dead_code, reason = "tests ask for more")]
mod https;
#[path = "../../tests/world/letters.rs"]
mod letters;
#[path = "../../tests/world/processes.rs"]
mod processes;
#[path = "../../tests/world/serving.rs"]
#[expect(dead_code, reason = "tests ask for more")]
mod serving;
#[path = "../../tests/world/socket.rs"]
mod socket;

use cloud_python::domain::{Budget, JobSpec, Script};
use cloud_python::sandbox::{Meter, Sandbox, Settings, Source, cache_folder};

/// The program that is measured.
const PROGRAM: &str = env!("CARGO_BIN_EXE_cloud-python");

const SECTIONS: [&str; 9] =
    ["latency", "throughput", "cpu", "memory", "cold", "kill", "load", "sessions", "enumeration"];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = asked.iter().find(|name| !SECTIONS.contains(&name.as_str())) {
        eprintln!("there is no {unknown}: say some of {}", SECTIONS.join(", "));
        std::process::exit(2);
    }
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|section| section == name);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for section in SECTIONS.into_iter().filter(|name| wanted(name)) {
        eprintln!("measuring {section} ...");
        match section {
            "latency" => runtime.block_on(latency::measure()),
            "throughput" => runtime.block_on(throughput::measure()),
            "cpu" => runtime.block_on(cpu::measure()),
            "memory" => runtime.block_on(memory::measure()),
            "cold" => cold::measure(),
            "load" => runtime.block_on(load::measure()),
            "sessions" => runtime.block_on(sessions::measure()),
            "enumeration" => runtime.block_on(enumeration::measure()),
            _ => runtime.block_on(kill::measure()),
        }
    }
}

/// A sandbox as the server has it.
async fn sandbox(meter: Meter) -> Sandbox {
    let cache = cache_folder().expect("a cache folder");
    let source = Source::find(&cache).expect("run ./fetch-runtime.sh first");
    let image = source.prepare(meter, |line| eprintln!("{line}")).expect("the image can be compiled");
    let settings = Settings { launcher: PROGRAM.into(), meter, ..Settings::default() };
    Sandbox::start(settings, image).await.expect("the sandbox starts")
}

fn job(text: &str, budget: Budget) -> JobSpec {
    let script = Script::parse(text).expect("a script within the limits");
    JobSpec::of(script).budget(budget).build().expect("a job within the limits")
}

fn hello() -> JobSpec {
    job("print('hello')", Budget::default())
}
