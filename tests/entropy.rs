//! Every run comes from one snapshot, and yet no two draw the same random bytes.

use std::collections::HashSet;

use cloud_python::domain::AccountId;

use crate::world;

const RUNS: u64 = 10_000;

/// Whatever a script may draw, each on its own line.
const DRAW: &str = "import os, random, secrets, uuid, tempfile
print(os.urandom(16).hex())
print(random.getrandbits(128), random.random())
print(random.Random().getrandbits(128))
print(random.SystemRandom().getrandbits(128))
print(secrets.token_hex(16))
print(uuid.uuid4())
print(uuid.uuid1())
print(tempfile.mktemp())
print(next(tempfile._get_candidate_names()))";

/// A snapshot taken after `random` was seeded gives every run the same "random" numbers: componentize-py and others shipped
/// that. Half of these runs are an account's first (a forked spare), half a further one (a fresh instance).
#[tokio::test]
async fn ten_thousand_runs_never_repeat_a_random_value() {
    let sandbox = world::sandbox().await;
    let mut seen = HashSet::new();
    for number in 0..RUNS {
        let result = sandbox.run(AccountId::new(number / 2), &world::script(DRAW)).await.expect("a run");
        let drawn = world::stdout(&result);
        assert_eq!(drawn.lines().count(), 9, "{}", world::stderr(&result));
        for value in drawn.lines() {
            assert!(seen.insert(value.to_owned()), "run {number} drew {value} again");
        }
    }
    sandbox.shutdown().await;
}
