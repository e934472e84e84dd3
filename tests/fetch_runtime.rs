//! `fetch-runtime.sh --from FILE`: a ready-made image is taken only if its hash is the one that was asked for.

use std::path::Path;
use std::process::{Command, Output};

use cloud_python::sandbox::Source;

use crate::world::{output, repository, said, sha256};

/// The smallest module there is.
const IMAGE: &[u8] = b"\0asm\x01\0\0\0";

fn fetch(cache: &Path, arguments: &[&str]) -> Output {
    output(Command::new(repository("fetch-runtime.sh")).args(arguments).env("CLOUD_PYTHON_CACHE", cache))
}

#[test]
fn a_ready_image_is_taken_by_its_hash_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, file) = (folder.path().join("cache"), folder.path().join("image.wasm"));
    std::fs::write(&file, IMAGE).unwrap();
    let from = file.to_str().unwrap();

    let refused = fetch(&cache, &["--from", from]);
    assert!(!refused.status.success() && said(&refused).contains("needs --sha256"), "{}", said(&refused));
    let refused = fetch(&cache, &["--from", from, "--sha256", &sha256(b"another")]);
    assert!(!refused.status.success() && said(&refused).contains(&sha256(IMAGE)), "{}", said(&refused));
    assert!(Source::find(&cache).is_err(), "a refused image was put into place");

    let taken = fetch(&cache, &["--from", from, "--sha256", &sha256(IMAGE)]);
    assert!(taken.status.success(), "{}", said(&taken));
    let source = Source::find(&cache).unwrap();
    assert_eq!((source.sha256(), source.read().unwrap()), (sha256(IMAGE).as_str(), IMAGE.to_vec()));

    std::fs::write(folder.path().join("image.wasm.sha256"), format!("{}  image.wasm\n", sha256(IMAGE))).unwrap();
    let again = fetch(&cache, &["--from", from]);
    assert!(again.status.success() && said(&again).contains("up to date"), "{}", said(&again));
}

#[test]
fn wrong_usage_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["--from", "absent"], "no such file"),
        (&["--sha256", "00"], "goes with --from"),
        (&["--jobs", "many"], "needs a number"),
        (&["--no-such-option"], "see --help"),
    ];
    for (arguments, sentence) in cases {
        let refused = fetch(folder.path(), arguments);
        assert!(!refused.status.success() && said(&refused).contains(sentence), "{arguments:?}: {}", said(&refused));
    }
}
