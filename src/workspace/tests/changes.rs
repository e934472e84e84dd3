//! What scripts have changed: all or nothing, whatever fails, and nobody else's loss.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use super::*;
use crate::workspace::steps::End;

fn tree(directories: &[&str], kept: &[&str]) -> Tree {
    let paths = |names: &[&str]| names.iter().map(|name| path(*name)).collect();
    Tree { directories: paths(directories), kept: paths(kept) }
}

fn file(name: &str, content: &[u8]) -> JobFile {
    JobFile { path: path(name), content: content.to_vec() }
}

/// A workspace before a script.
async fn filled(place: &Place) -> Workspace {
    let workspace = place.open().await;
    for name in ["changed", "removed", "kept", "old/gone", "file", "directory/in"] {
        put(&workspace, name, name.as_bytes()).await.unwrap();
    }
    workspace
}

/// What a script has made of it: a file changed, one removed, one made, directories made and emptied, and a file and a directory that
/// have taken each other's place.
fn made() -> (Vec<JobFile>, Tree) {
    let written = vec![
        file("changed", b"anew"),
        file("new/made", b"made"),
        file("directory", b"a file now"),
        file("file/in", b"a directory now"),
    ];
    (written, tree(&["new", "new/empty", "file"], &["kept"]))
}

async fn changed(place: &Place) -> (Workspace, Basis, Vec<JobFile>, Tree) {
    let workspace = filled(place).await;
    let basis = workspace.snapshot(1 << 20, vec![]).await.unwrap().basis;
    let (written, tree) = made();
    (workspace, basis, written, tree)
}

async fn clear(workspace: &Workspace) {
    for entry in workspace.list(None).await.unwrap() {
        workspace.remove(entry.path, true).await.unwrap();
    }
}

async fn after(place: &Place) -> (BTreeMap<String, Vec<u8>>, BTreeMap<String, Vec<u8>>) {
    let (workspace, basis, written, tree) = changed(place).await;
    let before = all(&workspace).await;
    workspace.write_back(basis, written, tree, ()).await.unwrap();
    let after = all(&workspace).await;
    clear(&workspace).await;
    (before, after)
}

#[tokio::test]
async fn what_a_script_has_made_comes_back() {
    let place = Place::new();
    let (_, after) = after(&place).await;
    let names: Vec<&str> = after.keys().map(String::as_str).collect();
    assert_eq!(names, ["changed", "directory", "file/", "file/in", "kept", "new/", "new/empty/", "new/made"]);
    assert_eq!(after["changed"], b"anew");
    assert_eq!(place.staged(), 0);
}

#[tokio::test]
async fn a_disk_that_fails_at_any_step_leaves_all_or_nothing() {
    let place = Place::new();
    let (before, after) = after(&place).await;
    let (mut undone, mut done) = (0, 0);
    for steps in 0.. {
        let (workspace, basis, written, tree) = changed(&place).await;
        workspace.0.ground.steps.allow(Some((steps, End::Failure)));
        let result = workspace.write_back(basis, written, tree, ()).await;
        if result.is_ok() {
            assert!(steps > 15 && undone > 5 && done > 5, "{steps} steps, {undone} undone, {done} done");
            break;
        }
        assert!(matches!(result, Err(WorkspaceError::Io(_))));
        // Either the same server goes on with a disk that works again, or another is started.
        let found = match steps % 2 {
            0 => {
                workspace.0.ground.steps.allow(None);
                all(&workspace).await
            }
            _ => all(&place.open().await).await,
        };
        assert!(found == before || found == after, "step {steps}: {found:?}");
        if found == before {
            undone += 1
        } else {
            done += 1
        }
        let workspace = place.open().await;
        assert_eq!((place.staged(), all(&workspace).await), (0, found));
        clear(&workspace).await;
    }
}

/// Whatever put something in the way of a change that was written down and not made, once closed the workspace for ever, and kept the
/// server from starting: each try failed at the same step.
#[tokio::test]
async fn what_has_come_into_the_way_of_a_change_stays_and_the_rest_is_made() {
    let place = Place::new();
    let files = place.home().join("files");
    let obstacles: [(&str, &[&str]); 3] = [
        // In the place of a file, of a directory, and where a file would need one.
        ("rm changed && mkdir changed && touch changed/theirs", &["changed/", "changed/theirs"]),
        ("touch new", &["new"]),
        ("rm file && ln -s /etc file", &[]),
    ];
    for (command, theirs) in obstacles {
        let (workspace, basis, written, tree) = changed(&place).await;
        // Four files are staged in two steps each; four steps later the journal is there, and nothing of it is made.
        let steps = 4 * 2 + 4;
        workspace.0.ground.steps.allow(Some((steps, End::Failure)));
        assert!(workspace.write_back(basis, written, tree, ()).await.is_err());
        assert!(place.home().join("staging/journal").exists() && files.join("removed").exists(), "{command}");
        assert!(Command::new("sh").arg("-c").arg(command).current_dir(&files).status().unwrap().success());
        let workspace = place.open().await;
        let found = all(&workspace).await;
        assert!(theirs.iter().all(|name| found.contains_key(*name)), "{command}: {found:?}");
        assert!(!found.contains_key("removed") && found["directory"] == b"a file now", "{command}: {found:?}");
        assert_eq!(place.staged(), 0, "{command}");
        put(&workspace, "kept", b"it goes on").await.unwrap();
        clear(&workspace).await;
        let _ = std::fs::remove_file(files.join("file"));
    }
}

#[tokio::test]
async fn a_workspace_that_cannot_be_tidied_is_closed_for_its_user_alone() {
    let place = Place::new();
    drop(filled(&place).await);
    std::fs::write(place.home().join("staging/journal"), "no journal").unwrap();
    let workspaces = place.server().await;
    let bob = UserName::parse("bob").unwrap();
    let workspace = workspaces.of(&ada()).await.unwrap();
    let closed = put(&workspace, "a", b"").await.unwrap_err().to_string();
    assert!(closed.contains("the journal of a workspace is not one"), "{closed}");
    // What there is is still its user's.
    assert_eq!(get(&workspace, "kept").await.unwrap(), b"kept");
    workspace.remove(path("kept"), false).await.unwrap();
    put(&workspaces.of(&bob).await.unwrap(), "a", b"").await.unwrap();
    // Once the operator has mended it, it is as before without a new start. What a crash has left has a name that is not given again.
    std::fs::write(place.home().join("staging/0"), "left").unwrap();
    std::fs::remove_file(place.home().join("staging/journal")).unwrap();
    put(&workspace, "a", b"").await.unwrap();
    assert_eq!(all(&workspaces.of(&ada()).await.unwrap()).await.len(), 8);
}

/// On a full disk a change that was written down was tried again by everybody who came, and none of them, who might have removed what
/// filled it, came further.
#[tokio::test]
async fn where_a_change_cannot_be_finished_files_are_still_read_and_removed() {
    let place = Place::new();
    let (workspace, basis, written, tree) = changed(&place).await;
    // As above, and the disk goes on failing.
    workspace.0.ground.steps.allow(Some((4 * 2 + 4, End::Failure)));
    assert!(workspace.write_back(basis, written, tree, ()).await.is_err());
    assert_eq!(get(&workspace, "changed").await.unwrap(), b"changed");
    assert_eq!(workspace.list(None).await.unwrap().len(), 6);
    workspace.remove(path("kept"), false).await.unwrap();
    workspace.remove(path("directory"), true).await.unwrap();
    assert_eq!(workspace.list(None).await.unwrap().len(), 4);
    assert!(matches!(put(&workspace, "new", b"").await, Err(WorkspaceError::Io(_))));
    assert!(workspace.rename(path("file"), Some(path("other"))).await.is_err());
    workspace.0.ground.steps.allow(None);
    let found = all(&workspace).await;
    assert_eq!((found.get("changed"), found.get("kept"), found.len()), (Some(&b"anew".to_vec()), None, 7), "{found:?}");
    assert_eq!((place.staged(), place.open().await.0.books.used()), (0, workspace.0.books.used()));
}

/// A count that failed made an error of what was done: a script's user heard that nothing was kept, and the books were those of before.
#[tokio::test]
async fn what_cannot_be_counted_is_done_all_the_same() {
    let place = Place::new();
    for steps in 0.. {
        let (workspace, basis, mut written, tree) = changed(&place).await;
        written.push(file("large", &[0; 100]));
        workspace.0.ground.steps.allow(Some((steps, End::Failure)));
        if workspace.write_back(basis, written, tree, ()).await.is_err() {
            workspace.0.ground.steps.allow(None);
            clear(&workspace).await;
            continue;
        }
        let counted = || workspace.0.books.used();
        assert!(workspace.0.unsettled.load(Ordering::Relaxed), "no count has failed");
        assert_eq!(counted(), Usage { bytes: 137, files: 9 }, "what has come counts");
        workspace.rename(path("changed"), Some(path("kept"))).await.unwrap_err();
        workspace.remove(path("kept"), false).await.unwrap();
        std::fs::write(place.home().join("files/theirs"), "by a command").unwrap();
        workspace.recount().await;
        workspace.0.ground.steps.allow(None);
        put(&workspace, "new/more", b"more").await.unwrap();
        assert_eq!(counted(), place.open().await.0.books.used());
        // Of these the count is the only step.
        workspace.0.ground.steps.allow(Some((0, End::Failure)));
        workspace.rename(path("theirs"), Some(path("changed"))).await.unwrap();
        workspace.0.ground.steps.allow(None);
        put(&workspace, "more", b"more").await.unwrap();
        assert_eq!(counted(), place.open().await.0.books.used());
        break;
    }
}

/// The files of a script whose user had hung up were still in memory when there was room for the next again.
#[test]
fn what_is_written_for_somebody_who_has_gone_keeps_its_room() {
    on_one_thread(async {
        let place = Place::new();
        let workspace = place.open().await;
        let basis = workspace.snapshot(1 << 20, vec![]).await.unwrap().basis;
        // Nothing gets a thread until this is dropped.
        let (busy, idle) = std::sync::mpsc::channel::<()>();
        let disk = tokio::task::spawn_blocking(move || idle.recv());
        let room = Arc::new(());
        let taken = Arc::downgrade(&room);
        let mut writing = Box::pin(workspace.write_back(basis, vec![file("a", b"made")], Tree::default(), room));
        tokio::select! {
            biased;
            done = &mut writing => panic!("{done:?}"),
            () = async {} => {}
        }
        drop(writing);
        assert_eq!(taken.strong_count(), 1);
        drop(busy);
        assert!(disk.await.unwrap().is_err());
        drop(workspace.0.changing.lock().await);
        assert_eq!((taken.strong_count(), get(&workspace, "a").await.unwrap()), (0, b"made".to_vec()));
    });
}

#[tokio::test]
async fn what_others_have_changed_meanwhile_is_not_lost() {
    let others: [(&str, Option<&[u8]>); 10] = [
        ("changed", Some(b"theirs")),
        ("changed", Some(b"changed")),
        ("changed", None),
        ("removed", Some(b"theirs")),
        ("new", Some(b"theirs")),
        ("new/made", Some(b"theirs")),
        ("directory/theirs", Some(b"theirs")),
        ("directory", None),
        ("file", Some(b"theirs")),
        ("file", None),
    ];
    for (name, content) in others {
        let place = Place::new();
        let (workspace, basis, written, tree) = changed(&place).await;
        match content {
            Some(content) => put(&workspace, name, content).await.unwrap(),
            None => workspace.remove(path(name), true).await.unwrap(),
        }
        let before = all(&workspace).await;
        let result = workspace.write_back(basis, written, tree, ()).await;
        assert!(matches!(result, Err(WorkspaceError::Meanwhile(_))), "{name} {content:?}: {result:?}");
        assert_eq!((all(&workspace).await, place.staged()), (before, 0), "{name}");
    }
    // What the script has not touched is nobody's conflict, and stays.
    for name in ["kept", "theirs", "old/theirs", "new/theirs"] {
        let place = Place::new();
        let (workspace, basis, written, tree) = changed(&place).await;
        put(&workspace, name, b"theirs").await.unwrap();
        workspace.write_back(basis, written, tree, ()).await.unwrap();
        assert_eq!(
            (get(&workspace, name).await.unwrap(), get(&workspace, "changed").await.unwrap()),
            (b"theirs".to_vec(), b"anew".to_vec())
        );
    }
}

#[tokio::test]
async fn a_script_is_held_to_the_quota_and_to_what_can_be() {
    let place = Place::with(Quota { bytes: KIB, files: 5 });
    let workspace = place.open().await;
    put(&workspace, "a", &[1; 600]).await.unwrap();
    let before = all(&workspace).await;
    for (written, tree) in [
        (vec![file("b", &[0; 500])], tree(&[], &["a"])),
        (vec![], tree(&["1", "2", "3", "4", "5"], &["a"])),
        (vec![file("a/b", b"")], tree(&[], &["a"])),
        (vec![file("b", b""), file("b/c", b"")], tree(&[], &["a"])),
        (vec![file("b", b"")], tree(&["b"], &["a"])),
    ] {
        let basis = workspace.snapshot(1 << 20, vec![]).await.unwrap().basis;
        let result = workspace.write_back(basis, written, tree, ()).await;
        assert!(matches!(result, Err(WorkspaceError::TooLarge(_) | WorkspaceError::Kind(_))), "{result:?}");
        assert_eq!((all(&workspace).await, place.staged()), (before.clone(), 0));
    }
    // In the place of what goes there is room; a name that the job did not bring is nothing.
    let basis = workspace.snapshot(1 << 20, vec![]).await.unwrap().basis;
    workspace.write_back(basis, vec![file("b", &[0; 1000])], tree(&[], &["never"]), ()).await.unwrap();
    assert_eq!(workspace.0.books.used(), Usage { bytes: 1000, files: 1 });
    let error = workspace.snapshot(1000, vec![]).await.unwrap_err().to_string();
    assert!(
        error.contains("may have 1000 bytes") && error.contains("they have 1001; the largest are b (1000 bytes)"),
        "{error}"
    );
    assert!(workspace.snapshot(1001, vec![]).await.is_ok());
}

const CHILD: &str = "CLOUD_PYTHON_TEST_WORKSPACE";
const STEPS: &str = "CLOUD_PYTHON_TEST_STEPS";

/// Not a test of its own: the process that the next ones kill, or that kills itself after so many steps of one change.
#[tokio::test]
#[ignore = "run by the next ones"]
async fn changes_a_workspace_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let workspaces = Workspaces::open(folder.into(), Quota::of_bytes(1 << 20)).await.unwrap();
    let workspace = workspaces.of(&ada()).await.unwrap();
    if let Some(steps) = std::env::var(STEPS).ok().and_then(|steps| steps.parse().ok()) {
        let (written, tree) = made();
        let basis = workspace.snapshot(1 << 20, vec![]).await.unwrap().basis;
        workspace.0.ground.steps.allow(Some((steps, End::Kill)));
        return workspace.write_back(basis, written, tree, ()).await.unwrap();
    }
    for number in 0_u32.. {
        let basis = workspace.snapshot(1 << 20, vec![]).await.unwrap().basis;
        let (odd, text) = (number % 2, number.to_string());
        let written = (0..4).map(|name| file(&format!("d{odd}/{name}"), text.as_bytes())).collect();
        workspace.write_back(basis, written, tree(&[&format!("d{odd}")], &[]), ()).await.unwrap();
        println!("done {number}");
    }
}

fn child(place: &Place) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let name = "workspace::tests::changes::changes_a_workspace_until_it_is_killed";
    child.args(["--exact", name, "--ignored", "--nocapture"]);
    child.env(CHILD, place.folder.path().join("workspaces")).stdout(Stdio::piped());
    child
}

#[tokio::test]
async fn a_kill_between_any_two_steps_leaves_all_or_nothing() {
    let place = Place::new();
    let (before, after) = after(&place).await;
    let (mut undone, mut done) = (0, 0);
    for steps in 0_u32.. {
        drop(filled(&place).await);
        let ended = child(&place).env(STEPS, steps.to_string()).output().unwrap();
        let workspace = place.open().await;
        let found = all(&workspace).await;
        assert_eq!(place.staged(), 0, "step {steps}");
        if ended.status.success() {
            assert!(found == after && undone > 5 && done > 5, "{steps} steps, {undone} undone, {done} done");
            break;
        }
        assert_eq!(ended.status.signal(), Some(9), "{ended:?}");
        assert!(found == before || found == after, "step {steps}: {found:?}");
        if found == before {
            undone += 1
        } else {
            done += 1
        }
        clear(&workspace).await;
    }
}

#[tokio::test]
async fn a_kill_at_any_moment_leaves_all_or_nothing() {
    let place = Place::new();
    for round in 0..12 {
        let mut child = child(&place).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let done = |line: String| line.strip_prefix("done ").and_then(|number| number.parse::<u32>().ok());
        // A different moment each time: after so many changes, and wherever the next one is by then.
        let last = lines.by_ref().filter_map(done).nth(round).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let told = lines.filter_map(done).last().unwrap_or(last);
        let found = all(&place.open().await).await;
        assert_eq!(found.len(), 5, "{found:?}");
        let numbers: Vec<u32> = found
            .values()
            .filter(|text| !text.is_empty())
            .map(|text| String::from_utf8_lossy(text).parse().unwrap())
            .collect();
        assert!(numbers.iter().all(|number| *number == numbers[0]), "{found:?}");
        assert!(numbers[0] == told || numbers[0] == told + 1, "{found:?} after {told}");
        assert_eq!(place.staged(), 0);
    }
}
