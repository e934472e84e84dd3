//! kill -9 at random moments of a server full of messages: what was answered is still true, and no number is given twice.
//!
//! `CLOUD_PYTHON_KILLS=200 cargo test --test integration mailbox_crash` is the whole proof.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloud_python::clock::since_1970;
use serde_json::{Value, json};

use crate::world::{Answer, Connection, Serving};

/// The least that a password may cost, and no rate or bound in the way.
const CONFIG: &str = "[passwords]\nmemory_mib = 19\npasses = 2\n[mailbox]\nlogins_per_minute = 1000000\n\
    registration = \"open\"\nmessages = 100000\nkib = 100000\nsends_per_minute = 1000000\n";

/// What has been answered, so must stay true.
#[derive(Debug, Default)]
struct Facts {
    /// Contents and second by number.
    sent: BTreeMap<u64, (String, u64)>,
    /// Up to when something may have been deleted, whether the answer was heard or not.
    asked_until: u64,
    /// Numbers that were in the mailbox when it was told that so many were deleted.
    deleted: BTreeSet<u64>,
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_survive_a_kill_and_numbers_are_never_given_twice() {
    let kills: usize = std::env::var("CLOUD_PYTHON_KILLS").map_or(4, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("data");
    let facts = Arc::new(Mutex::new(Facts::default()));
    let mut random = u64::from(since_1970().subsec_nanos()) << 8 | 1;
    println!("seed {random}");
    settle(&data).await;
    for round in 0..kills {
        let server = Serving::start(&data, CONFIG);
        let workers: Vec<_> = (0..3)
            .map(|worker| {
                let (address, ca, facts) = (server.address, server.ca.clone(), Arc::clone(&facts));
                tokio::spawn(async move {
                    let Some(mut connection) = Connection::try_open(address, &ca).await else { return };
                    let mut number = 0;
                    while send(&mut connection, &format!("{round} {worker} {number}"), &facts).await.is_some() {
                        number += 1;
                        // One of them deletes now and then what it has read.
                        if worker == 0 && number % 16 == 0 && delete(&mut connection, &facts).await.is_none() {
                            return;
                        }
                    }
                })
            })
            .collect();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // The one place where a test waits for a time: the moment of the kill is what is tried out.
        tokio::time::sleep(Duration::from_micros(random % 800_000)).await;
        server.kill();
        for worker in workers {
            worker.await.expect("a worker ends when the server has gone");
        }
        check(&data, &facts).await;
    }
    let facts = facts.lock().expect("nobody panicked");
    println!("{kills} kills, {} messages, {} deleted", facts.sent.len(), facts.deleted.len());
    assert!(facts.sent.len() > kills, "the workload did nothing");
}

async fn settle(data: &Path) {
    let server = Serving::start(data, CONFIG);
    let mut connection = Connection::open(server.address, &server.ca).await;
    for name in ["ada", "bob"] {
        let body = json!({"username": name, "password": name, "private_key": "", "public_key": ""});
        assert_eq!(connection.post("/users", None, &body).await.expect("an answer").status, 201);
    }
    server.kill();
}

async fn ask(connection: &mut Connection, who: &str, method: &str, path: &str, body: &str) -> Option<Answer> {
    let answer =
        connection.try_send(method, path, &[("x-user-name", who), ("x-user-token", who)], body.as_bytes()).await?;
    assert!((200..300).contains(&answer.status), "{}", answer.text());
    Some(answer)
}

async fn send(connection: &mut Connection, contents: &str, facts: &Mutex<Facts>) -> Option<()> {
    let body = json!({"recipient": "bob", "contents": contents}).to_string();
    let sent = ask(connection, "ada", "POST", "/messages", &body).await?.json();
    let number = |name: &str| sent[name].as_u64().expect("a number");
    let (id, fact) = (number("id"), (contents.to_owned(), number("sent_at")));
    let before = facts.lock().expect("nobody panicked").sent.insert(id, fact);
    assert_eq!(before, None, "the number {id} was given twice");
    Some(())
}

async fn delete(connection: &mut Connection, facts: &Mutex<Facts>) -> Option<()> {
    let until = ask(connection, "bob", "GET", "/messages", "").await?.json()["query_time"].as_u64().expect("a second");
    let old: Vec<u64> = waiting(connection).await?.into_iter().filter(|(_, _, at)| *at < until).map(|m| m.0).collect();
    facts.lock().expect("nobody panicked").asked_until = until;
    ask(connection, "bob", "DELETE", &format!("/messages?until={until}"), "").await?;
    facts.lock().expect("nobody panicked").deleted.extend(old);
    Some(())
}

/// Number, contents and second of everything in the mailbox.
async fn waiting(connection: &mut Connection) -> Option<Vec<(u64, String, u64)>> {
    let mut all: Vec<(u64, String, u64)> = vec![];
    loop {
        // Without `before` the oldest hundred are shown.
        let before = all.last().map_or(u64::MAX, |(id, ..)| *id);
        let page = ask(connection, "bob", "GET", &format!("/messages?before={before}"), "").await?.json();
        let page = page["messages"].as_array().expect("messages").clone();
        let number = |message: &Value, name: &str| message[name].as_u64().expect("a number");
        all.extend(page.iter().map(|message| {
            let contents = message["contents"].as_str().expect("text").to_owned();
            (number(message, "id"), contents, number(message, "sent_at"))
        }));
        if page.len() < 100 {
            return Some(all);
        }
    }
}

/// Starts the server again by itself and asks after everything.
async fn check(data: &Path, facts: &Mutex<Facts>) {
    let server = Serving::start(data, CONFIG);
    let mut connection = Connection::open(server.address, &server.ca).await;
    let there = waiting(&mut connection).await.expect("the server lives");
    assert!(there.is_sorted_by(|newer, older| newer.0 > older.0), "not in the order of their numbers");
    let there: BTreeMap<u64, String> = there.into_iter().map(|(id, contents, _)| (id, contents)).collect();
    {
        let facts = facts.lock().expect("nobody panicked");
        for id in &facts.deleted {
            assert!(!there.contains_key(id), "message {id} was deleted and is back");
        }
        for (id, (contents, sent_at)) in &facts.sent {
            // A deletion whose answer was not heard may have happened.
            let may_be_gone = *sent_at < facts.asked_until;
            let found = there.get(id);
            assert!(found == Some(contents) || (may_be_gone && found.is_none()), "message {id} is lost: {found:?}");
        }
    }
    // The next number is higher than any before, whatever became of those.
    send(&mut connection, "the next", facts).await.expect("the server lives");
    let facts = facts.lock().expect("nobody panicked");
    let (last, (contents, _)) = facts.sent.iter().next_back().expect("one");
    assert_eq!(contents, "the next", "message {last} has a higher number");
    assert!(there.keys().all(|id| id < last));
    drop(facts);
    server.kill();
}
