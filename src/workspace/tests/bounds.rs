//! How much fits in: bytes, names, depth, and files that are fetched.

use std::os::unix::fs::MetadataExt;

use super::*;

/// `mv` looked at the new name of the directory alone, and what was in it got names so long that nobody counted them any more: put, move,
/// put again, for ever. Chains of directories could be hung below each other until `rm -r` of them took the server's stack.
#[tokio::test]
async fn a_directory_is_not_moved_to_where_its_files_would_have_no_names() {
    let place = Place::new();
    let workspace = place.open().await;
    let (long, deep) = (vec!["n".repeat(250); 15].join("/"), vec!["d"; 200].join("/"));
    put(&workspace, &format!("a/{0}/{0}/f", "n".repeat(250)), &[1; 1000]).await.unwrap();
    for name in [&long, &deep, "b", "c"] {
        workspace.make_directory(path(name), true).await.unwrap();
    }
    workspace.rename(path("b"), Some(path(deep.clone()))).await.unwrap();
    let used = workspace.0.books.used();
    put(&workspace, "c/x/y", b"").await.unwrap();
    let moved = workspace.rename(path("a"), Some(path(long.clone()))).await;
    assert!(matches!(moved, Err(WorkspaceError::Name(ground::TOO_LONG))), "{moved:?}");
    let deeper = format!("c/x/{}", vec!["d"; 55].join("/"));
    workspace.make_directory(path(deeper), true).await.unwrap();
    let moved = workspace.rename(path("c"), Some(path(deep))).await;
    assert!(matches!(moved, Err(WorkspaceError::Name(text)) if text.contains("too many parts")), "{moved:?}");
    workspace.remove(path("c"), true).await.unwrap();
    assert_eq!(workspace.0.books.used(), Usage { files: used.files - 1, ..used });
    assert_eq!(place.open().await.0.books.used(), workspace.0.books.used());
    assert!(matches!(put(&workspace, "b", &vec![0; 1 << 20]).await, Err(WorkspaceError::TooLarge(_))));
}

/// A command of the machine itself can make paths that no call takes. They once kept their workspace from being opened.
#[tokio::test]
async fn what_the_machine_has_made_too_deep_counts_as_far_as_can_be_seen() {
    let place = Place::new();
    let workspace = place.open().await;
    put(&workspace, "f", b"12345").await.unwrap();
    let mut directory = workspace.0.ground.files.try_clone().unwrap();
    let name = "n".repeat(250);
    for _ in 0..20 {
        directory.create_dir(&name).unwrap();
        directory = directory.open_dir(&name).unwrap();
    }
    let workspace = place.open().await;
    // Sixteen have paths of at most 4015 bytes; the seventeenth is seen from there.
    assert_eq!(workspace.0.books.used(), Usage { bytes: 5, files: 1 + 17 });
    assert!(matches!(workspace.snapshot(1 << 20, vec![]).await, Err(WorkspaceError::Name(ground::TOO_LONG))));
    assert_eq!(workspace.list(None).await.unwrap().len(), 2);
    assert!(workspace.remove(path(name), true).await.is_err());
    assert_eq!(get(&workspace, "f").await.unwrap(), b"12345");
}

/// Put, fetch a piece a minute, remove, put again: each fetch kept its file on the disk for hours, and in no quota.
#[tokio::test]
async fn few_files_are_fetched_at_once_and_none_for_ever() {
    let place = Place::new();
    let workspace = place.open().await;
    put(&workspace, "a", b"content").await.unwrap();
    let mut downloads = vec![];
    for _ in 0..limits::WORKSPACE_DOWNLOADS {
        downloads.push(workspace.get(path("a")).await.unwrap());
    }
    assert!(matches!(get(&workspace, "a").await, Err(WorkspaceError::Downloads)));
    let mut slow = downloads.pop().unwrap();
    assert_eq!(get(&workspace, "a").await.unwrap_err().to_string(), WorkspaceError::Downloads.to_string());
    slow.until = crate::clock::monotonic();
    assert!(matches!(slow.next().await, Err(WorkspaceError::Slow)));
    drop(slow);
    assert_eq!(get(&workspace, "a").await.unwrap(), b"content");
}

/// A workspace that nobody had in hand was closed as soon as there were many others, and opened again with places for eight more
/// fetches: its user had as many removed files on the disk as they liked.
#[tokio::test]
async fn what_is_fetched_keeps_its_workspace_open() {
    let place = Place::new();
    let workspaces = place.server().await;
    let workspace = workspaces.of(&ada()).await.unwrap();
    put(&workspace, "a", b"content").await.unwrap();
    let mut downloads = vec![];
    for _ in 0..limits::WORKSPACE_DOWNLOADS {
        downloads.push(workspace.get(path("a")).await.unwrap());
    }
    drop(workspace);
    for number in 0..2 * limits::WORKSPACES_OPEN {
        workspaces.of(&UserName::parse(&format!("user{number}")).unwrap()).await.unwrap();
    }
    let workspace = workspaces.of(&ada()).await.unwrap();
    assert!(matches!(get(&workspace, "a").await, Err(WorkspaceError::Downloads)));
    downloads.clear();
    assert_eq!(get(&workspace, "a").await.unwrap(), b"content");
}

/// Whoever waited for a workspace waited on one of the threads that everybody needs, also after they had hung up: while a script's
/// ten thousand files were written, its user could take all of them.
#[test]
fn whoever_waits_for_a_workspace_takes_no_thread() {
    on_one_thread(async {
        let place = Place::new();
        let workspaces = place.server().await;
        let workspace = workspaces.of(&ada()).await.unwrap();
        put(&workspace, "a", b"content").await.unwrap();
        let upload = workspace.put(path("b")).await.unwrap();
        let turn = workspace.0.changing.lock().await;
        let mut waiting = tokio::task::JoinSet::new();
        waiting.spawn(upload.commit());
        for _ in 0..100 {
            let workspace = workspace.clone();
            waiting.spawn(async move { workspace.remove(path("a"), false).await });
        }
        let bob = workspaces.of(&UserName::parse("bob").unwrap()).await.unwrap();
        put(&bob, "b", b"").await.unwrap();
        assert_eq!(get(&workspace, "a").await.unwrap(), b"content");
        assert_eq!((waiting.len(), waiting.try_join_next().is_none()), (101, true));
        // Whoever hangs up has changed nothing.
        waiting.shutdown().await;
        drop(turn);
        assert_eq!((all(&workspace).await.len(), place.staged()), (1, 0));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_quota_holds_when_many_upload_at_once() {
    let place = Place::with(Quota { bytes: 100 * KIB, files: 20 });
    let workspace = place.open().await;
    let uploads = (0..16).map(|number| {
        let workspace = workspace.clone();
        tokio::spawn(async move { put(&workspace, &format!("d{number}/f"), &vec![1; 10 * 1024]).await })
    });
    let mut done = 0;
    for upload in uploads.collect::<Vec<_>>() {
        match upload.await.unwrap() {
            Ok(()) => done += 1,
            Err(error) => assert!(matches!(error, WorkspaceError::TooLarge(_)), "{error}"),
        }
        assert!(workspace.0.books.used().bytes <= 100 * KIB);
    }
    // Each takes two names, so ten fit by names and by bytes; more may have been on their way at once than came.
    assert!((1..=10).contains(&done), "{done}");
    let used = workspace.0.books.used();
    assert_eq!(used, Usage { bytes: done * 10 * KIB, files: done * 2 });
    assert_eq!(place.open().await.0.books.used(), used, "nothing else is there");
    assert_eq!(place.staged(), 0);
    for number in done..10 {
        put(&workspace, &format!("later{number}/f"), &vec![1; 10 * 1024]).await.unwrap();
    }
    assert!(
        matches!(put(&workspace, "one", b"").await, Err(WorkspaceError::TooLarge(text)) if text.contains("20 files"))
    );
    assert!(matches!(workspace.make_directory(path("x"), false).await, Err(WorkspaceError::TooLarge(_))));
    let replaced = workspace.list(None).await.unwrap()[0].path.clone();
    put(&workspace, &format!("{}/f", String::from_utf8_lossy(replaced.as_bytes())), b"").await.unwrap();
    assert_eq!(workspace.0.books.used(), Usage { bytes: 90 * KIB, files: 20 });
}

/// What a script had written was for a moment neither on its way nor there, and an upload found room that there was not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_finds_no_room_in_what_a_script_has_just_written() {
    for _ in 0..20 {
        let place = Place::with(Quota { bytes: 100 * KIB, files: 2000 });
        let workspace = place.open().await;
        let (basis, writer) = (workspace.snapshot(1 << 20, vec![]).await.unwrap().basis, workspace.clone());
        let large = JobFile { path: path("written"), content: vec![1; 60 * 1024] };
        // Many names, so that counting takes a while.
        let directories = (0..1000).map(|number| path(format!("d{number}"))).collect();
        let tree = Tree { directories, kept: vec![] };
        let writing = tokio::spawn(async move { writer.write_back(basis, vec![large], tree, ()).await });
        let mut uploaded = false;
        while !writing.is_finished() && !uploaded {
            uploaded = put(&workspace, "uploaded", &vec![2; 60 * 1024]).await.is_ok();
        }
        let written = writing.await.unwrap().is_ok();
        assert!(!(written && uploaded), "both found room");
        assert!(workspace.0.books.used().bytes <= 100 * KIB);
    }
}

#[tokio::test]
async fn a_large_file_passes_in_pieces() {
    let place = Place::with(Quota::of_bytes(1 << 28));
    let workspace = place.open().await;
    let mut upload = workspace.put(path("large")).await.unwrap();
    for number in 0..192_u32 {
        upload.write(number.to_le_bytes().repeat(1 << 18)).await.unwrap();
    }
    upload.commit().await.unwrap();
    let on_disk = std::fs::metadata(place.home().join("files").join(std::ffi::OsStr::from_bytes(b"large"))).unwrap();
    assert_eq!(on_disk.size(), 192 << 20);
    let mut download = workspace.get(path("large")).await.unwrap();
    let mut bytes = 0;
    while let Some(piece) = download.next().await.unwrap() {
        assert!(piece.len() <= limits::WORKSPACE_CHUNK && piece.capacity() <= 2 * limits::WORKSPACE_CHUNK);
        bytes += piece.len();
    }
    assert_eq!(bytes, 192 << 20);
}
