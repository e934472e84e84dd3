//! However a session ends, its script ends with it.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::world::{self, Person, Session, Town, children_of, exists, until};

/// Says that it runs, and then goes on for as long as a test takes.
const ENDLESS: &str = "print('on', flush=True)\nwhile True: pass";

/// The same without ever reading its input.
const ASLEEP: &str = "import time\nprint('on', flush=True)\ntime.sleep(50)";

/// A session that runs, and the process that runs it.
struct Busy {
    session: Session,
    child: u32,
}

async fn launcher(town: &Town) -> u32 {
    let status = town.admin("GET", "/status").await.json();
    u32::try_from(status["launcher_pid"].as_u64().unwrap()).unwrap()
}

/// The child that burns time, or the only one that does not wait for work: found by what it has been given.
async fn busy(town: &Town, person: &Person, script: &str) -> Busy {
    let launcher = launcher(town).await;
    let before = children_of(launcher);
    let mut session = Session::of(town, person.token.as_deref().unwrap(), &json!({"data": script})).await;
    session.until("on\n").await;
    assert_eq!(town.admin("GET", "/status").await.json()["sessions"], 1);
    // Without spares, whoever is new is the one.
    let child = *children_of(launcher).iter().find(|pid| !before.contains(pid)).expect("a child runs it");
    Busy { session, child }
}

async fn is_over(town: &Town, child: u32) {
    until("the script's process is dead", || !exists(child)).await;
    for _ in 0..1000 {
        if town.admin("GET", "/status").await.json()["sessions"] == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("its place is not free");
}

async fn town() -> (Town, Person) {
    let town =
        Town::with_sandbox(world::config(), cloud_python::sandbox::Settings { spares: 0, ..world::settings() }).await;
    let ada = town.approved("ada@example.org").await;
    (town, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_is_closed_and_its_script_is_dead() {
    let (town, ada) = town().await;
    for code in [1000, 1001, 4321] {
        let Busy { mut session, child } = busy(&town, &ada, ENDLESS).await;
        session.close(code).await;
        let end = session.rest().await;
        assert_eq!((end.code, end.control), (code, serde_json::Value::Null));
        is_over(&town, child).await;
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_takes_its_script_along() {
    let (town, ada) = town().await;
    let Busy { session, child } = busy(&town, &ada, ENDLESS).await;
    drop(session);
    is_over(&town, child).await;
    // While so much input is on its way that nobody reads what comes behind it.
    let Busy { mut session, child } = busy(&town, &ada, ASLEEP).await;
    let stuck = vec![0; 1 << 20];
    let flood = async {
        loop {
            session.input(&stuck).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(2), flood).await.is_err(),
        "the server reads what the script does not"
    );
    assert!(exists(child));
    drop(session);
    is_over(&town, child).await;
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_up_when_it_was_said_to_be() {
    let (town, ada) = town().await;
    let launcher = launcher(&town).await;
    let token = ada.token.as_deref().unwrap();
    let timed_out = json!({"error": "request timed out"});
    for script in [
        "print('on', end='')\nwhile True: pass",
        "print('on', end='')\ninput()",
        "print('on', end='')\nimport time\ntime.sleep(9)",
    ] {
        let begun = cloud_python::clock::monotonic();
        let mut session = Session::of(&town, token, &json!({"data": script, "timeout": 0.5})).await;
        let end = session.rest().await;
        assert_eq!((end.stdout().as_str(), &end.control, end.code), ("on", &timed_out, 1000), "{script}");
        assert!(begun.elapsed() >= Duration::from_millis(500));
        until("its process is dead", || children_of(launcher).is_empty()).await;
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_output_than_is_allowed_ends_it() {
    let mut config = world::config();
    config.session_output = 1 << 20;
    let town = Town::with(config).await;
    let ada = town.approved("ada@example.org").await;
    let token = ada.token.as_deref().unwrap();
    let just = json!({"data": "import os\nfor i in range(16): os.write(1, b'x' * 65536)"});
    assert_eq!(Session::run(&town, token, &just).await.stdout.len(), 1 << 20);
    let script = "import os\npart = b'x' * 65536\nwhile True: os.write(1, part)";
    let whole = Session::run(&town, token, &json!({"data": script})).await;
    assert_eq!((whole.code, &whole.control), (1000, &json!({"error": "output too large"})));
    assert!(whole.stdout.len() <= 1 << 20, "{}", whole.stdout.len());
    town.close().await;
}

/// A client that does not read keeps the server from asking what happens next, and with that from hearing of the suspension: the
/// script went on to the end of its time.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_ended_although_its_client_does_not_read() {
    let (town, ada) = town().await;
    let flood = "import os\nprint('on', flush=True)\ninput()\nfor i in range(1000): os.write(1, b'x' * 65536)";
    let Busy { mut session, child } = busy(&town, &ada, flood).await;
    session.input("\n").await;
    // When it does not run any more, it waits for its reader.
    let mut last = 0;
    until("the script waits for its reader", || {
        let before = std::mem::replace(&mut last, cpu_ticks(child));
        before == last
    })
    .await;
    assert!(exists(child));
    assert_eq!(town.admin("POST", &format!("/users/{}/suspend", ada.email)).await.status, 200);
    until("the script's process is dead", || !exists(child)).await;
    drop(session);
    town.close().await;
}

/// CPU time of a process so far, in ticks of the kernel's clock.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

/// Each end with its files is kept until it is fetched. They counted for nothing, and a loop of sessions could fill the server's memory.
#[tokio::test(flavor = "multi_thread")]
async fn ends_that_nobody_fetches_are_bounded() {
    let mut config = world::config();
    config.sessions.concurrent_per_account = 20;
    let town = Town::with(config).await;
    let ada = town.approved("ada@example.org").await;
    let first = json!({"data": "open('a', 'wb').truncate(15 << 20)", "outputs": ["a"]});
    let mut sessions = vec![];
    for _ in 0..10 {
        sessions.push(Session::of(&town, ada.token.as_deref().unwrap(), &first).await);
    }
    while town.admin("GET", "/status").await.json()["sessions"] != 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (mut fetched, mut refused) = (0, 0);
    for mut session in sessions {
        let whole = session.rest().await;
        match whole.control["files"]["a"].as_str() {
            Some(file) => fetched += file.len() / (20 << 20),
            None => {
                assert_eq!((whole.code, &whole.control["error"]), (1013, &json!("slow down")), "{:?}", whole.control);
                refused += 1;
            }
        }
    }
    assert_eq!((fetched, refused), (6, 4), "128 MiB a network");
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_can_end_an_accounts_sessions() {
    let (town, ada) = town().await;
    let unauthorized = "not registered, not approved, or wrong credentials";
    for order in ["revoke-tokens", "suspend"] {
        let person = Person { token: Some(town.login(&ada).await), ..ada.clone() };
        let Busy { mut session, child } = busy(&town, &person, ENDLESS).await;
        let answer = town.admin("POST", &format!("/users/{}/{order}", ada.email)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(session.rest().await.refusal(), (1008, unauthorized.to_owned()), "{order}");
        is_over(&town, child).await;
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_says_so_to_every_session() {
    let (town, ada) = town().await;
    let Busy { mut session, child } = busy(&town, &ada, ENDLESS).await;
    let mut waiting = Session::open(&town, &[]).await;
    let closing = tokio::spawn(town.close());
    let away = (1001, "the server is shutting down".to_owned());
    assert_eq!(session.rest().await.refusal(), away);
    assert_eq!(waiting.rest().await.refusal(), away);
    until("the script's process is dead", || !exists(child)).await;
    closing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_the_middle_of_a_frame_ends_it() {
    let (town, ada) = town().await;
    let Busy { mut session, child } = busy(&town, &ada, ENDLESS).await;
    let stream = session.0.get_mut();
    stream.write_all(&[0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4, 5]).await.unwrap();
    stream.flush().await.unwrap();
    drop(session);
    is_over(&town, child).await;
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_answer_is_gone() {
    let mut config = world::config();
    config.session_ping = Duration::from_millis(200);
    let town = Town::with_sandbox(config, cloud_python::sandbox::Settings { spares: 0, ..world::settings() }).await;
    let ada = town.approved("ada@example.org").await;
    // Its connection stays, but nobody reads it, and nobody answers.
    let Busy { session, child } = busy(&town, &ada, ASLEEP).await;
    is_over(&town, child).await;
    drop(session);
    town.close().await;
}
