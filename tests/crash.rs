//! kill -9 at random moments of a busy server: whatever was answered is still true when it has started again.
//!
//! `cargo test` does it a few times; `CLOUD_PYTHON_KILLS=200 cargo test --test integration crash` is the whole proof.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cloud_python::clock::since_1970;
use cloud_python::domain::{TotpSecret, UnixTime};
use serde_json::json;

use crate::world::{Connection, PASSWORD, Serving, link, secret, socket, until};

/// The least that a password may cost, and no rate in the way.
const CONFIG: &str = "[passwords]\nmemory_mib = 19\npasses = 2\n[limits]\nregistrations_per_hour = 1000000\nlogins_per_minute = 1000000\n";

/// What has been answered, so must stay true.
#[derive(Clone, Debug)]
enum Fact {
    Registered(String),
    Verified(String),
    Approved(String),
    CodeUsed(String, String),
    TokenGiven(String),
    TokenEnded(String),
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_answered_survives_a_kill() {
    let kills: usize = std::env::var("CLOUD_PYTHON_KILLS").map_or(8, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("data");
    let facts = Arc::new(Mutex::new(vec![]));
    let mut random = u64::from(since_1970().subsec_nanos()) << 8 | 1;
    println!("seed {random}");
    for round in 0..kills {
        let server = Serving::start(&data, CONFIG);
        let workers: Vec<_> = (0..2)
            .map(|worker| {
                let (data, address, ca, facts) = (data.clone(), server.address, server.ca.clone(), Arc::clone(&facts));
                tokio::spawn(async move {
                    let mut number = 0;
                    while let Some(connection) = Connection::try_open(address, &ca).await {
                        let person = format!("p{round}-{worker}-{number}@example.org");
                        live(connection, data.clone(), person, &facts).await;
                        number += 1;
                    }
                })
            })
            .collect();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // The one place where a test waits for a time: the moment of the kill is what is tried out.
        tokio::time::sleep(Duration::from_micros(random % 600_000)).await;
        server.kill();
        for worker in workers {
            worker.await.expect("a worker ends when the server has gone");
        }
        check(&data, &facts).await;
    }
    let all = facts.lock().unwrap_or_else(PoisonError::into_inner).len();
    println!("{kills} kills, {all} facts");
    assert!(all > kills, "the workload did nothing");
}

fn note(facts: &Mutex<Vec<Fact>>, fact: Fact) {
    facts.lock().unwrap_or_else(PoisonError::into_inner).push(fact);
}

/// A whole life, until the server dies. Every answer becomes a fact as soon as it is there.
async fn live(mut connection: Connection, data: PathBuf, email: String, facts: &Mutex<Vec<Fact>>) -> Option<()> {
    let answer = connection.post("/register", None, &json!({"email": email, "password": PASSWORD})).await?;
    assert_eq!(answer.status, 201);
    note(facts, Fact::Registered(email.clone()));
    let outbox = data.join("outbox");
    let mut found = None;
    for _ in 0..200 {
        found = link(&outbox, &email, "verify", "");
        if found.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let answer = connection.post(&format!("/verify/{}", found?), None, &json!({})).await?;
    assert_eq!(answer.status, 200);
    note(facts, Fact::Verified(email.clone()));
    let secret = secret(answer.json()["secret"].as_str()?);
    let approved = socket::try_ask(&data.join("admin.sock"), "POST", &format!("/users/{email}/approve")).await?;
    assert_eq!(approved.status, 200);
    note(facts, Fact::Approved(email.clone()));
    let code = code(&secret);
    let login = json!({"email": email, "password": PASSWORD, "totop": code});
    let answer = connection.post("/login", None, &login).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    note(facts, Fact::CodeUsed(email.clone(), code));
    let token = answer.json()["token"].as_str()?.to_owned();
    // One in two goes on to log out.
    if email.contains("-0-") {
        note(facts, Fact::TokenGiven(token));
        return Some(());
    }
    let answer = connection.post("/logout", Some(&token), &json!({})).await?;
    assert_eq!(answer.status, 200);
    note(facts, Fact::TokenEnded(token));
    Some(())
}

fn code(secret: &TotpSecret) -> String {
    secret.code_at(UnixTime(since_1970().as_secs()))
}

/// Starts the server again by itself and asks after everything that is new since the last time.
async fn check(data: &Path, facts: &Mutex<Vec<Fact>>) {
    let server = Serving::start(data, CONFIG);
    let mut connection = Connection::open(server.address, &server.ca).await;
    let all = facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let users = socket::ask(&data.join("admin.sock"), "GET", "/users").await.json();
    let standing = |email: &str| {
        let users = users["users"].as_array().expect("users").iter();
        users
            .clone()
            .find(|user| user["email"] == email)
            .map(|user| user["standing"].as_str().expect("text").to_owned())
    };
    let known = all.len().saturating_sub(40);
    for (at, fact) in all.iter().enumerate() {
        match fact {
            Fact::Verified(email) => assert!(standing(email).is_some(), "{email} is forgotten"),
            Fact::Approved(email) => assert_eq!(standing(email).as_deref(), Some("approved"), "{email}"),
            // What costs a request is asked of the newest facts only.
            _ if at < known => {}
            Fact::Registered(email) => {
                let outbox = data.join("outbox");
                let kept = standing(email).is_some();
                until(&format!("{email} has their mail"), || kept || link(&outbox, email, "verify", "").is_some())
                    .await;
            }
            Fact::CodeUsed(email, code) => {
                let again = json!({"email": email, "password": PASSWORD, "totop": code});
                let answer = connection.post("/login", None, &again).await.expect("an answer");
                assert_eq!(answer.status, 401, "a used code was taken again");
            }
            Fact::TokenGiven(token) | Fact::TokenEnded(token) => {
                let answer = connection.post("/execute", Some(token), &json!({"data": ""})).await.expect("an answer");
                let wanted = if matches!(fact, Fact::TokenGiven(_)) { 200 } else { 401 };
                assert_eq!(answer.status, wanted, "{fact:?}");
            }
        }
    }
    server.kill();
}
