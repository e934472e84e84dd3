//! The rules of the house that a compiler does not know: who may name what, and how a file begins.

use std::path::{Path, PathBuf};

use crate::world;

/// A file of ours: its path from `src`, the room it is in, and its text without tests.
struct SourceFile {
    path: PathBuf,
    room: String,
    text: String,
}

fn sources() -> Vec<SourceFile> {
    let mut files = vec![];
    collect(&world::repository("src"), &mut files);
    assert!(files.len() > 20);
    files
}

fn collect(folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
            let path = path.strip_prefix(world::repository("src")).unwrap().to_owned();
            let room =
                path.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
            files.push(SourceFile { path, room, text });
        }
    }
}

/// Code lines that name something, not comments.
fn names<'a>(file: &'a SourceFile, what: &'a str) -> impl Iterator<Item = &'a str> {
    file.text.lines().filter(move |line| !line.trim_start().starts_with("//") && line.contains(what))
}

#[test]
fn only_its_room_names_a_library() {
    let rules = [
        ("wasmtime::", "sandbox"),
        ("wasmtime_wizer", "sandbox"),
        ("wasmparser", "sandbox"),
        ("landlock::", "sandbox"),
        ("seccompiler", "sandbox"),
        ("libc::", "sandbox"),
        ("unsafe", "sandbox"),
        ("blake3", "sandbox"),
        ("cap_std", "workspace"),
        ("ed448_goldilocks", "keys"),
        ("governor::", "auth"),
        ("lettre", "mail"),
        ("object_store::", "objects"),
        ("p256::", "auth"),
        ("pkcs8::", "keys"),
        ("postcard", "store"),
        ("rcgen", "certs"),
        ("redb::", "store"),
        ("rpassword", "cli"),
        ("tracing_subscriber", "telemetry"),
        ("warp::", "http"),
        ("x448::", "keys"),
        ("x509_parser", "certs"),
        ("Instant::now", "clock"),
        ("SystemTime::now", "clock"),
    ];
    for file in sources() {
        for (library, room) in rules.iter().filter(|(_, room)| *room != file.room) {
            let found: Vec<&str> = names(&file, library).collect();
            assert!(found.is_empty(), "{} names {library}, which is {room}'s: {found:?}", file.path.display());
        }
    }
}

#[test]
fn the_wire_is_named_at_its_ends_alone() {
    let rules: [(&str, &[&str]); 9] = [
        // Passwords of accounts and mailboxes; a person's own, who seals a private key with it.
        ("argon2::", &["auth", "client"]),
        // Permissions of parcels; tokens of the sealed channel.
        ("aws_lc_rs::hmac", &["auth", "sealed"]),
        // What the server keeps sealed; what only two people can read.
        ("aws_lc_rs::aead", &["client", "vault"]),
        ("hyper::", &["client", "http", "objects", "sealed"]),
        ("hyper_util::", &["client", "http", "objects", "sealed"]),
        ("tokio_rustls::", &["client", "http", "mail", "objects"]),
        ("tokio_tungstenite", &["client", "http"]),
        ("rustls_native_certs", &["mail", "objects"]),
        // Names in certificates are rustls's to parse.
        ("rustls::", &["certs", "client", "http", "mail", "objects"]),
    ];
    for file in sources() {
        for (library, _) in rules.iter().filter(|(_, rooms)| !rooms.contains(&file.room.as_str())) {
            let found: Vec<&str> = names(&file, library).collect();
            assert!(found.is_empty(), "{} names {library}: {found:?}", file.path.display());
        }
    }
}

#[test]
fn clap_is_named_by_the_command_line_alone() {
    for file in sources().iter().filter(|file| file.room != "cli" && file.room != "main") {
        assert_eq!(names(file, "clap").count(), 0, "{} names clap", file.path.display());
    }
}

#[test]
fn imports_point_one_way() {
    let allowed: &[(&str, &[&str])] = &[
        (
            "app",
            &[
                "auth",
                "clock",
                "config",
                "domain",
                "keys",
                "mail",
                "objects",
                "sandbox",
                "store",
                "telemetry",
                "vault",
                "workspace",
            ],
        ),
        ("auth", &["clock", "config", "domain", "keys", "store", "vault"]),
        ("certs", &["config", "disk", "domain", "vault"]),
        ("cli", &["certs", "client", "clock", "config", "disk", "domain", "keys", "sandbox", "server", "telemetry"]),
        // Of `sealed` what both ends of the channel do alike: tokens, and the key of a session.
        ("client", &["clock", "config", "disk", "domain", "keys", "sealed", "vault"]),
        ("door", &["clock", "config", "domain", "telemetry"]),
        ("keys", &["config", "disk", "domain", "vault"]),
        ("http", &["app", "clock", "config", "domain", "door", "telemetry"]),
        ("mail", &["clock", "config", "disk", "domain", "store", "telemetry", "vault"]),
        ("objects", &["clock", "config", "disk", "domain", "vault"]),
        ("sandbox", &["clock", "config", "disk", "domain", "telemetry"]),
        (
            "server",
            &[
                "app",
                "auth",
                "certs",
                "clock",
                "config",
                "domain",
                "door",
                "http",
                "keys",
                "mail",
                "objects",
                "sandbox",
                "sealed",
                "store",
                "vault",
                "workspace",
            ],
        ),
        ("sealed", &["app", "clock", "config", "domain", "door", "keys", "telemetry", "vault", "workspace"]),
        ("store", &["config", "domain"]),
        ("domain", &["config"]),
        ("fuzz", &["auth", "domain", "http", "sandbox", "sealed", "store"]),
        ("telemetry", &["clock"]),
        ("config", &["domain"]),
        ("disk", &[]),
        ("clock", &["domain"]),
        ("vault", &["disk", "domain"]),
        ("workspace", &["clock", "config", "disk", "domain"]),
        ("manual", &[]),
        ("lib", &[]),
        ("main", &[]),
    ];
    for file in sources() {
        let (_, may) = allowed
            .iter()
            .find(|(room, _)| *room == file.room)
            .unwrap_or_else(|| panic!("{} is a new room: place it here", file.room));
        for line in names(&file, "crate::") {
            let target =
                line.split("crate::").nth(1).unwrap().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            let fine = target == file.room || may.contains(&target);
            assert!(fine, "{} may not import {target}: {line}", file.path.display());
        }
    }
}

#[test]
fn the_domain_is_pure() {
    for file in sources().iter().filter(|file| file.room == "domain") {
        for word in ["async ", "tokio", "std::fs", "std::net", "std::io", "std::process", "std::env"] {
            assert_eq!(names(file, word).count(), 0, "{} names {word}", file.path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_owns_and_is_short_enough_to_read() {
    for file in sources() {
        assert!(file.text.starts_with("//!"), "{} does not say what it owns", file.path.display());
        let lines = file.text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines: there is a second idea in it", file.path.display());
    }
}

#[test]
fn every_unsafe_block_says_why_it_is_sound() {
    for file in sources() {
        let lines: Vec<&str> = file.text.lines().collect();
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("unsafe {")) {
            let above = &lines[number.saturating_sub(6)..=number];
            assert!(
                above.iter().any(|line| line.contains("SAFETY:")),
                "{}:{}: {line}",
                file.path.display(),
                number + 1
            );
        }
    }
}

#[test]
fn the_hosts_functions_stand_in_the_list_of_imports() {
    let list = std::fs::read_to_string(world::repository("python-wasm/imports.txt")).unwrap();
    let guest = std::fs::read_to_string(world::repository("src/sandbox/host.rs")).unwrap();
    let listed = list.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(' ').nth(1).unwrap());
    let listed: Vec<&str> = listed.collect();
    let linked: Vec<&str> =
        guest.lines().filter_map(|line| line.split("func_wrap(HOST, \"").nth(1)?.split('"').next()).collect();
    assert_eq!(linked, listed, "the linker's functions and python-wasm/imports.txt differ");
}
