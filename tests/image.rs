//! The runtime image: what it may ask of its host, and that only what we made is ever mapped.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cloud_python::sandbox::{ImageError, Meter, Source, cache_folder};
use wasmparser::{Parser, Payload, TypeRef};

use crate::world;

#[test]
fn the_guest_imports_what_the_list_says_and_nothing_else() {
    let wasm = Source::find(&cache_folder().unwrap()).expect("run ./fetch-runtime.sh first").read().unwrap();
    let list = std::fs::read_to_string(world::repository("python-wasm/imports.txt")).unwrap();
    let list: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(imports(&wasm), list);
}

/// Each import as a line of `imports.txt`, sorted.
fn imports(wasm: &[u8]) -> Vec<String> {
    let (mut types, mut imports) = (vec![], vec![]);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a valid module") {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(|kind| kind.expect("a valid type")));
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.expect("a valid import");
                    let TypeRef::Func(kind) = import.ty else { panic!("{} is no function", import.name) };
                    let kind = &types[kind as usize];
                    let names = |values: &[wasmparser::ValType]| {
                        values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
                    };
                    let mut line = format!("{} {} ({})", import.module, import.name, names(kind.params()));
                    if !kind.results().is_empty() {
                        line += &format!(" -> {}", names(kind.results()));
                    }
                    imports.push(line);
                }
            }
            _ => {}
        }
    }
    imports.sort();
    imports
}

/// A cache folder of the test's own, with copies of the image and its precompiled form.
struct Cache {
    folder: tempfile::TempDir,
}

impl Cache {
    fn copy() -> Self {
        drop(world::image());
        let folder = tempfile::tempdir().unwrap();
        let from = cache_folder().unwrap();
        let key = std::fs::read_to_string(from.join("runtime/python.wasm.sha256")).unwrap()[..16].to_owned();
        for part in ["runtime", "prepared"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
            for entry in std::fs::read_dir(from.join(part)).unwrap().flatten() {
                let name = entry.file_name().into_string().unwrap();
                if name.starts_with("python.wasm") || (name.starts_with(&key) && name.contains("-both-")) {
                    std::fs::copy(entry.path(), folder.path().join(part).join(name)).unwrap();
                }
            }
        }
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn prepared(&self) -> PathBuf {
        std::fs::read_dir(self.path().join("prepared")).unwrap().next().unwrap().unwrap().path()
    }

    fn open(&self) -> Result<bool, ImageError> {
        Source::find(self.path())?.open_prepared(Meter::default()).map(|prepared| prepared.is_some())
    }
}

/// `deserialize` trusts native code: a flipped byte in it would be a flipped instruction in every run.
#[test]
fn a_flipped_byte_in_the_precompiled_image_is_refused() {
    let cache = Cache::copy();
    assert!(cache.open().unwrap());
    let path = cache.prepared();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(cache.open(), Err(ImageError::Hash(_))));
    let output = world::output(world::program(&["run", "-"]).env("CLOUD_PYTHON_CACHE", cache.path()));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("its hash is wrong") && said.contains("fetch-runtime.sh"), "{said}");
}

#[test]
fn a_flipped_byte_in_the_image_itself_is_refused() {
    let cache = Cache::copy();
    let path = cache.path().join("runtime/python.wasm");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(Source::find(cache.path()).unwrap().read(), Err(ImageError::Hash(_))));
}

#[test]
fn a_precompiled_image_that_others_can_write_is_refused() {
    let cache = Cache::copy();
    std::fs::set_permissions(cache.prepared(), PermissionsExt::from_mode(0o666)).unwrap();
    assert!(matches!(cache.open(), Err(ImageError::Permissions(_))));
    std::fs::set_permissions(cache.prepared(), PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::set_permissions(cache.path().join("prepared"), PermissionsExt::from_mode(0o777)).unwrap();
    assert!(matches!(cache.open(), Err(ImageError::Permissions(_))));
}

#[test]
fn a_missing_image_is_said_with_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    let output = world::output(world::program(&["run", "-"]).env("CLOUD_PYTHON_CACHE", empty.path()));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("no runtime image") && said.contains("./fetch-runtime.sh"), "{said}");
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "something was left half-made");
}
