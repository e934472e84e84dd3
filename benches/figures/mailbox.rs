//! Mailboxes: polls and sends beside what a commit costs on the same disk in the same seconds, and whether a poll costs more when a
//! hundred thousand messages wait elsewhere.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::path::Path;
use std::time::{Duration, Instant};

use cloud_python::domain::{Load, MailText, Mailbox, MailboxKeys, MailboxName, Message, PasswordHash, UnixTime};
use cloud_python::store::{Store, StoreError};
use serde_json::json;

use crate::https::Connection;
use crate::serving::Serving;
use crate::table::{Samples, header, ms, row};

/// The limits of single callers out of the way.
const CONFIG: &str = "[passwords]\nmemory_mib = 19\npasses = 2\n[mailbox]\nlogins_per_minute = 1000000\n\
    registration = \"open\"\nmessages = 100000\nkib = 1000000\nsends_per_minute = 1000000\n";
const ROUNDS: usize = 500;
const CLIENTS: usize = 16;
const SECONDS: u64 = 5;
/// As long as deployed clients write: what RSA with 4096 bits makes of a line, and its signature.
const CONTENTS: usize = 1368;
/// Messages of one mailbox that is filled to be elsewhere.
const EACH: u64 = 100;

pub(crate) async fn measure() {
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("data");
    settle(&data).await;
    header(&[
        "messages waiting elsewhere",
        "a commit alone: median",
        "send: median, p99",
        "sends/s, 16 clients",
        "poll of nothing: median, p99",
        "poll of 100 messages: median, p99",
        "polls of nothing/s, 16 clients",
    ]);
    let mut filled = 0;
    for total in [0, 10_000, 100_000] {
        fill(&data, filled, total).await;
        filled = total;
        one_size(folder.path(), &data, total).await;
    }
}

/// Ada, who sends; Bob, in whose mailbox a hundred messages wait; Carol, who has none.
async fn settle(data: &Path) {
    let server = Serving::start(data, CONFIG);
    let mut connection = Connection::open(server.address, &server.ca).await;
    for name in ["ada", "bob", "carol", "dave"] {
        let body = json!({"username": name, "password": name, "private_key": "", "public_key": ""});
        assert_eq!(connection.post("/users", None, &body).await.expect("an answer").status, 201);
    }
    for _ in 0..100 {
        send(&mut connection, "bob").await;
    }
    server.kill();
}

/// Puts messages straight into the database while no server has it.
async fn fill(data: &Path, from: u64, to: u64) {
    let store = Store::open(&data.join("store.redb")).expect("nobody has it");
    for number in (from / EACH)..(to / EACH) {
        let filled = store.write(move |change| {
            let (id, since) = (change.new_mailbox_id()?, UnixTime(1_700_000_000));
            let name = MailboxName::parse(&format!("elsewhere{number}")).expect("a name");
            let password = PasswordHash { memory_kib: 64, passes: 1, salt: [0; 16], tag: [0; 32] };
            change.put_mailbox(&Mailbox { id, name: name.clone(), owner: None, password, since, networks: vec![] })?;
            change.put_mailbox_keys(id, &MailboxKeys::default())?;
            for messages in 1..=EACH {
                let contents = MailText::parse("x".repeat(CONTENTS)).expect("short");
                let load = Load { messages, bytes: messages * CONTENTS as u64 };
                let message = Message { id: change.new_message_id()?, from: name.clone(), contents, sent_at: since };
                change.put_message(id, &message, load)?;
            }
            Ok::<_, StoreError>(())
        });
        filled.await.expect("it is written");
    }
}

async fn one_size(folder: &Path, data: &Path, total: u64) {
    let server = Serving::start(data, CONFIG);
    let mut connection = Connection::open(server.address, &server.ca).await;
    let bare = Store::open(&folder.join("bare.redb")).expect("a database");
    for name in ["ada", "bob", "carol"] {
        poll(&mut connection, name).await;
    }
    let [mut commits, mut sends, mut empty, mut full] = [const { vec![] }; 4];
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        bare.write(|change| change.new_message_id()).await.expect("it is written");
        commits.push(begun.elapsed());
        sends.push(send(&mut connection, "dave").await);
        empty.push(poll(&mut connection, "carol").await);
        full.push(poll(&mut connection, "bob").await);
    }
    let [commits, sends, empty, full] = [commits, sends, empty, full].map(Samples::new);
    let both = |samples: &Samples| format!("{}, {}", ms(samples.median()), ms(samples.percentile(99)));
    row(&[
        &total.to_string(),
        &ms(commits.median()),
        &both(&sends),
        &format!("{:.0}", crowd(&server, true).await),
        &both(&empty),
        &both(&full),
        &format!("{:.0}", crowd(&server, false).await),
    ]);
    server.kill();
}

/// What many clients at once get done in a second.
async fn crowd(server: &Serving, sending: bool) -> f64 {
    let end = Instant::now() + Duration::from_secs(SECONDS);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (address, ca) = (server.address, server.ca.clone());
        clients.spawn(async move {
            let mut connection = Connection::open(address, &ca).await;
            let mut done = 0_u32;
            while Instant::now() < end {
                match sending {
                    true => send(&mut connection, "dave").await,
                    false => poll(&mut connection, "carol").await,
                };
                done += 1;
            }
            done
        });
    }
    f64::from(clients.join_all().await.iter().sum::<u32>()) / SECONDS as f64
}

async fn send(connection: &mut Connection, to: &str) -> Duration {
    let body = json!({"recipient": to, "contents": "x".repeat(CONTENTS)}).to_string();
    let begun = Instant::now();
    let shown = [("x-user-name", "ada"), ("x-user-token", "ada")];
    let answer = connection.send("POST", "/messages", &shown, body.as_bytes()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    begun.elapsed()
}

async fn poll(connection: &mut Connection, who: &str) -> Duration {
    let begun = Instant::now();
    let answer = connection.send("GET", "/messages", &[("x-user-name", who), ("x-user-token", who)], b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    begun.elapsed()
}
