//! Workspaces on a real disk: what leads out of them, and what fits in.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::*;

mod bounds;
mod changes;

const KIB: u64 = 1024;

struct Place {
    folder: tempfile::TempDir,
    quota: Quota,
}

impl Place {
    fn new() -> Self {
        Self::with(Quota::of_bytes(1 << 20))
    }

    fn with(quota: Quota) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), quota }
    }

    /// All workspaces, as of a server that has just started.
    async fn server(&self) -> Workspaces {
        Workspaces::open(self.folder.path().join("workspaces"), self.quota).await.unwrap()
    }

    /// One of them.
    async fn open(&self) -> Workspace {
        self.server().await.of(&ada()).await.unwrap()
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("workspaces/ada")
    }

    fn staged(&self) -> usize {
        std::fs::read_dir(self.home().join("staging")).unwrap().count()
    }
}

fn ada() -> UserName {
    UserName::parse("ada").unwrap()
}

fn path(path: impl Into<Vec<u8>>) -> FilePath {
    FilePath::parse(path).unwrap()
}

/// With one thread for all that waits for a disk.
fn on_one_thread(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.max_blocking_threads(1).build().unwrap().block_on(test);
}

async fn put(workspace: &Workspace, name: &str, content: &[u8]) -> Result<(), WorkspaceError> {
    let mut upload = workspace.put(path(name)).await?;
    for piece in content.chunks(1000) {
        upload.write(piece.to_vec()).await?;
    }
    upload.commit().await
}

async fn get(workspace: &Workspace, name: &str) -> Result<Vec<u8>, WorkspaceError> {
    let mut download = workspace.get(path(name)).await?;
    let mut content = vec![];
    while let Some(piece) = download.next().await? {
        content.extend(piece);
    }
    Ok(content)
}

/// Everything there is: a directory's name ends with a slash.
async fn all(workspace: &Workspace) -> BTreeMap<String, Vec<u8>> {
    let snapshot = workspace.snapshot(usize::MAX >> 1, vec![]).await.unwrap();
    let text = |path: &FilePath| String::from_utf8_lossy(path.as_bytes()).into_owned();
    let directories = snapshot.directories.iter().map(|path| (text(path) + "/", vec![]));
    directories.chain(snapshot.files.iter().map(|file| (text(&file.path), file.content.clone()))).collect()
}

#[tokio::test]
async fn files_come_and_go_with_the_directories_above_them() {
    let place = Place::new();
    let workspace = place.open().await;
    put(&workspace, "a", b"").await.unwrap();
    put(&workspace, "d/e/f", &vec![7; 300_000]).await.unwrap();
    put(&workspace, "a", b"new").await.unwrap();
    assert_eq!(get(&workspace, "a").await.unwrap(), b"new");
    assert_eq!(get(&workspace, "d/e/f").await.unwrap(), vec![7; 300_000]);
    assert!(matches!(get(&workspace, "absent").await, Err(WorkspaceError::NotFound)));
    assert!(matches!(get(&workspace, "d").await, Err(WorkspaceError::Kind("Is a directory"))));
    assert!(matches!(put(&workspace, "d", b"").await, Err(WorkspaceError::Kind("Is a directory"))));
    assert!(matches!(put(&workspace, "a/b", b"").await, Err(WorkspaceError::Kind("Not a directory"))));
    for (name, mode) in [("", 0o700), ("files", 0o700), ("files/a", 0o600), ("files/d/e", 0o700)] {
        let found = std::fs::metadata(place.home().join(name)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
    assert_eq!(workspace.0.books.used(), Usage { bytes: 300_003, files: 4 });
    assert_eq!(place.open().await.0.books.used(), Usage { bytes: 300_003, files: 4 }, "counted anew");
    assert_eq!(place.staged(), 0);
}

#[tokio::test]
async fn names_of_any_bytes_are_names_and_too_long_ones_are_refused_in_words() {
    let place = Place::new();
    let workspace = place.open().await;
    for name in [b"\xff\xfe".as_slice(), b"a\nb", b" ", b"...", b"-rf", b"~", b"$HOME", "\u{1f40d}".as_bytes()] {
        let mut upload = workspace.put(path(name)).await.unwrap();
        upload.write(name.to_vec()).await.unwrap();
        upload.commit().await.unwrap();
        assert_eq!(workspace.get(path(name)).await.unwrap().next().await.unwrap().as_deref(), Some(name));
    }
    let names: Vec<FilePath> = workspace.list(None).await.unwrap().into_iter().map(|entry| entry.path).collect();
    assert_eq!(names.len(), 8);
    let long = "n".repeat(256);
    let too_long = |result| matches!(result, Err(WorkspaceError::Name(text)) if text.contains("255 bytes"));
    assert!(too_long(put(&workspace, &long, b"").await));
    assert!(too_long(put(&workspace, &format!("a/{long}/b"), b"").await));
    let deep = vec!["d"; limits::WORKSPACE_DEPTH - 1].join("/");
    put(&workspace, &format!("{deep}/f"), b"deep").await.unwrap();
    assert_eq!(get(&workspace, &format!("{deep}/f")).await.unwrap(), b"deep");
    let deeper = format!("{deep}/d/f");
    let too_deep = |result| matches!(result, Err(WorkspaceError::Name(text)) if text.contains("too many parts"));
    assert!(too_deep(put(&workspace, &deeper, b"").await));
    assert!(too_deep(workspace.make_directory(path(deeper.clone()), true).await));
    let basis = workspace.snapshot(1 << 20, vec![]).await.unwrap().basis;
    let written = vec![JobFile { path: path(deeper), content: vec![] }];
    assert!(too_deep(workspace.write_back(basis, written, Tree::default(), ()).await));
    assert_eq!(all(&workspace).await.len(), 8 + limits::WORKSPACE_DEPTH);
    workspace.remove(path("d"), true).await.unwrap();
    assert_eq!(workspace.0.books.used().files, 8);
}

#[tokio::test]
async fn a_workspace_that_is_being_opened_keeps_no_other_waiting() {
    let place = Place::new();
    let workspaces = place.server().await;
    let cell = workspaces.0.cell(ada());
    let opening = cell.lock().await;
    let bob = workspaces.of(&UserName::parse("bob").unwrap()).await.unwrap();
    assert_eq!(bob.bytes(), 0);
    drop(opening);
    // Those that nobody uses are closed; whoever has one has the one that all others get.
    let (mine, _) = (workspaces.of(&ada()).await.unwrap(), bob);
    for number in 0..2 * limits::WORKSPACES_OPEN {
        workspaces.of(&UserName::parse(&format!("user{number}")).unwrap()).await.unwrap();
    }
    assert!(lock(&workspaces.0.open).len() <= limits::WORKSPACES_OPEN + 1);
    assert!(Arc::ptr_eq(&mine.0, &workspaces.of(&ada()).await.unwrap().0));
}

#[tokio::test]
async fn nothing_outside_is_read_written_or_removed() {
    let place = Place::new();
    let workspace = place.open().await;
    let outside = place.folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "secret").unwrap();
    let files = place.home().join("files");
    std::fs::create_dir(files.join("d")).unwrap();
    symlink(&outside, files.join("absolute")).unwrap();
    symlink("../../../outside", files.join("relative")).unwrap();
    symlink("../../../../outside", files.join("d/up")).unwrap();
    symlink("/", files.join("root")).unwrap();
    symlink("../staging", files.join("staging")).unwrap();
    symlink("loop", files.join("loop")).unwrap();
    symlink("/proc/self/root", files.join("proc")).unwrap();
    for name in ["absolute", "relative", "d/up"] {
        let inside = format!("{name}/secret");
        assert!(matches!(get(&workspace, &inside).await, Err(WorkspaceError::Name(_))), "{name}");
        assert!(matches!(put(&workspace, &inside, b"mine").await, Err(WorkspaceError::Name(_))), "{name}");
        assert!(
            matches!(put(&workspace, &format!("{name}/new/er"), b"").await, Err(WorkspaceError::Name(_))),
            "{name}"
        );
        assert!(workspace.remove(path(inside.clone()), true).await.is_err(), "{name}");
        assert!(workspace.rename(path(inside), None).await.is_err(), "{name}");
        assert!(workspace.make_directory(path(format!("{name}/x")), true).await.is_err(), "{name}");
        assert!(workspace.list(Some(path(name))).await.is_err(), "{name}");
    }
    for name in ["root/etc/passwd", "proc/etc/passwd", "loop", "staging"] {
        assert!(get(&workspace, name).await.is_err(), "{name}");
    }
    assert_eq!(all(&workspace).await.into_keys().collect::<Vec<_>>(), ["d/"], "links do not count");
    // A put replaces the link and not what it leads to; rm -r removes links and not what they lead to.
    std::fs::remove_file(files.join("absolute")).unwrap();
    symlink(outside.join("secret"), files.join("absolute")).unwrap();
    put(&workspace, "absolute", b"mine").await.unwrap();
    assert_eq!(get(&workspace, "absolute").await.unwrap(), b"mine");
    workspace.remove(path("d"), true).await.unwrap();
    workspace.remove(path("relative"), true).await.unwrap();
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
    for name in ["..", "../x", "/etc/passwd", "a/../../x"] {
        assert!(FilePath::parse(name).is_err(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_are_swapped_in_while_we_look_lead_nowhere() {
    let place = Place::new();
    let workspace = place.open().await;
    let outside = place.folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("f"), "secret").unwrap();
    let files = place.home().join("files");
    put(&workspace, "real/f", b"plain").await.unwrap();
    symlink(&outside, files.join("link")).unwrap();
    symlink("real", files.join("now")).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let swapper = std::thread::spawn({
        let (files, stop) = (files.clone(), Arc::clone(&stop));
        move || {
            let mut swaps = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                for target in ["real", outside.to_str().unwrap()] {
                    symlink(target, files.join("next")).unwrap();
                    std::fs::rename(files.join("next"), files.join("now")).unwrap();
                    swaps += 1;
                }
            }
            swaps
        }
    });
    let (mut read, mut refused) = (0, 0);
    for number in 0..2000 {
        match get(&workspace, "now/f").await {
            Ok(content) => {
                assert!(content == b"plain" || content.starts_with(b"put"), "{content:?}");
                read += 1;
            }
            Err(_) => refused += 1,
        }
        let _ = put(&workspace, "now/f", format!("put {number}").as_bytes()).await;
        let _ = workspace.remove(path("now/g"), true).await;
    }
    stop.store(true, Ordering::Relaxed);
    assert!(swapper.join().unwrap() > 0 && read > 0 && refused > 0, "{read} {refused}");
    let outside = place.folder.path().join("outside");
    assert_eq!(std::fs::read_to_string(outside.join("f")).unwrap(), "secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}

#[tokio::test]
async fn what_is_no_regular_file_neither_opens_nor_hangs() {
    let place = Place::new();
    let workspace = place.open().await;
    let fifo = place.home().join("files/fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(place.home().join("files/socket")).unwrap();
    assert!(matches!(get(&workspace, "fifo").await, Err(WorkspaceError::NotFound)));
    assert!(get(&workspace, "socket").await.is_err());
    assert!(all(&workspace).await.is_empty());
    put(&workspace, "fifo", b"a file now").await.unwrap();
    assert_eq!(get(&workspace, "fifo").await.unwrap(), b"a file now");
}

#[tokio::test]
async fn a_reader_goes_on_reading_what_it_opened() {
    let place = Place::new();
    let workspace = place.open().await;
    put(&workspace, "a", &vec![1; 600_000]).await.unwrap();
    let mut download = workspace.get(path("a")).await.unwrap();
    assert_eq!(download.bytes(), 600_000);
    let mut content = download.next().await.unwrap().unwrap();
    assert_eq!(content.len(), limits::WORKSPACE_CHUNK);
    put(&workspace, "a", b"other").await.unwrap();
    while let Some(piece) = download.next().await.unwrap() {
        content.extend(piece);
    }
    assert_eq!(content, vec![1; 600_000]);
    assert_eq!(get(&workspace, "a").await.unwrap(), b"other");
}

#[tokio::test]
async fn an_upload_that_is_not_finished_leaves_nothing() {
    let place = Place::new();
    let workspace = place.open().await;
    put(&workspace, "a", b"old").await.unwrap();
    let mut upload = workspace.put(path("a")).await.unwrap();
    upload.write(vec![0; 1000]).await.unwrap();
    assert_eq!((place.staged(), get(&workspace, "a").await.unwrap()), (1, b"old".to_vec()));
    drop(upload);
    assert_eq!((place.staged(), get(&workspace, "a").await.unwrap()), (0, b"old".to_vec()));
    // What a kill leaves goes at the next start.
    let upload = workspace.put(path("b")).await.unwrap();
    std::mem::forget(upload);
    assert_eq!(place.staged(), 1);
    let workspace = place.open().await;
    assert_eq!((place.staged(), all(&workspace).await.len()), (0, 1));
}
