//! What a waiting spare costs, and a child that has run hello world: memory that no other process shares.

use std::time::Duration;

use cloud_python::domain::AccountId;
use cloud_python::sandbox::Meter;

use crate::processes::children_of;
use crate::table::{header, row};
use crate::{hello, sandbox};

pub(crate) async fn measure() {
    let sandbox = sandbox(Meter::default()).await;
    // Spares are forked in the background.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let launcher = sandbox.launcher_pid().await.expect("a launcher");
    let spares = children_of(launcher);
    let spare = median(&spares);
    sandbox.run(AccountId::new(1), &hello()).await.expect("the sandbox does its part");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let used: Vec<u32> = children_of(launcher).into_iter().filter(|pid| spares.contains(pid)).collect();
    let used = used.iter().filter_map(|pid| private_dirty_kib(*pid)).max();
    header(&["private dirty memory", "KiB"]);
    let say = |kib: Option<u64>| match kib {
        Some(kib) => kib.to_string(),
        None => "not readable (only root may look at our children)".to_owned(),
    };
    row(&["a waiting spare", &say(spare)]);
    row(&["a child after hello world, ready for the next run", &say(used)]);
    sandbox.shutdown().await;
}

fn median(pids: &[u32]) -> Option<u64> {
    let mut sizes: Vec<u64> = pids.iter().filter_map(|pid| private_dirty_kib(*pid)).collect();
    sizes.sort_unstable();
    sizes.get(sizes.len() / 2).copied()
}

pub(crate) fn private_dirty_kib(pid: u32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Page faults of a process so far that needed no disk.
pub(crate) fn minor_faults(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().nth(7).and_then(|count| count.parse().ok()).unwrap_or_default()
}
