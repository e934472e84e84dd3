//! Whose child is whose, as the kernel tells it.

/// The processes whose parent this is, whichever of its threads has made them.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    known_children(pid).expect("the process lives")
}

/// The same. Nothing if there is no such process, or no more.
pub(crate) fn known_children(pid: u32) -> Option<Vec<u32>> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    Some(
        lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect(),
    )
}
