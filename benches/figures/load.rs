//! `/execute` over TLS, beside the sandbox alone: one connection, sixteen, twice what the machine can do, and a crowd of slow ones.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cloud_python::domain::AccountId;
use cloud_python::sandbox::Meter;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::https::{connect_from, tls};
use crate::table::{Samples, header, ms, row};
use crate::town::Town;
use crate::{hello, native, sandbox};

/// The limits of single callers out of the way, those of the whole server as they are.
const CONFIG: &str = "[passwords]\nmemory_mib = 19\npasses = 2\n[limits]\nregistrations_per_hour = 1000000\n\
    logins_per_minute = 1000000\n[runs]\nper_minute = 1000000\nconcurrent_per_account = 16\n";
const ROUNDS: usize = 2000;
const SECONDS: u64 = 10;

pub(crate) async fn measure() {
    one_connection().await;
    many_connections().await;
    slow_connections().await;
}

/// One kept-alive connection with a token, and in the same seconds the sandbox without a server around it.
async fn one_connection() {
    let town = Town::start(CONFIG);
    let token = town.token("ada@example.org").await;
    let mut connection = town.connection().await;
    let alone = sandbox(Meter::default()).await;
    let (mut python, mut bare, mut served, mut empty) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        if round % 10 == 0 {
            python.push(native::start_and_end());
        }
        // Both children have time to make their next instance ready.
        tokio::time::sleep(Duration::from_millis(2)).await;
        let begun = Instant::now();
        alone.run(AccountId::new(1), &hello()).await.expect("the sandbox does its part");
        bare.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
        served.push(execute(&mut connection, &token).await);
        let begun = Instant::now();
        connection.send("GET", "/healthz", &[], b"").await;
        empty.push(begun.elapsed());
    }
    alone.shutdown().await;
    header(&["hello world", "median", "p99", "median beyond the sandbox's"]);
    let bare = Samples::new(bare);
    let lines = [
        ("python3 -I -S -c pass", &Samples::new(python)),
        ("GET /healthz", &Samples::new(empty)),
        ("the sandbox alone", &bare),
        ("/execute, one kept-alive TLS connection, bearer token", &Samples::new(served)),
    ];
    for (name, samples) in lines {
        let beyond = (samples.median().as_secs_f64() - bare.median().as_secs_f64()) * 1e3;
        row(&[name, &ms(samples.median()), &ms(samples.percentile(99)), &format!("{beyond:+.3} ms")]);
    }
}

/// Sixteen connections, then as many as ask for twice the runs that have a place or wait for one.
async fn many_connections() {
    let town = Town::start(&format!("{CONFIG}concurrent = 8\nwaiting = 8\nwait_seconds = 1.0\n"));
    let mut tokens = vec![];
    for number in 0..16 {
        tokens.push(town.token(&format!("p{number}@example.org")).await);
    }
    header(&[
        "connections",
        "runs/s",
        "200: median",
        "200: p99",
        "refused/s",
        "refused: p99",
        "others",
        "server memory",
    ]);
    for connections in [16, 32] {
        let before = town.memory_kib();
        let all = crowd(&town, &tokens, connections).await;
        let after = town.memory_kib();
        let of = |status: &[u16]| {
            let times = all.iter().filter(|(known, _)| status.contains(known)).flat_map(|(_, times)| times);
            Samples::new(times.copied().collect())
        };
        let (good, refused) = (of(&[200]), of(&[429, 503]));
        let others: usize =
            all.iter().filter(|(status, _)| ![200, 429, 503].contains(status)).map(|(_, times)| times.len()).sum();
        let rate = |samples: &Samples| format!("{:.0}", samples.len() as f64 / SECONDS as f64);
        row(&[
            &connections.to_string(),
            &rate(&good),
            &ms(good.median()),
            &ms(good.percentile(99)),
            &rate(&refused),
            &if refused.len() == 0 { String::new() } else { ms(refused.percentile(99)) },
            &others.to_string(),
            &format!("{before} -> {after} KiB"),
        ]);
    }
}

/// So many connections that ask again as soon as they are answered; the times by status.
async fn crowd(town: &Town, tokens: &[String], connections: usize) -> BTreeMap<u16, Vec<Duration>> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut callers = vec![];
    for number in 0..connections {
        let (mut connection, stop) = (town.connection().await, Arc::clone(&stop));
        let token = tokens[number % tokens.len()].clone();
        callers.push(tokio::spawn(async move {
            let mut times: Vec<(u16, Duration)> = vec![];
            while !stop.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let answer = connection.post("/execute", Some(&token), &json!({"data": "print('hello')"})).await;
                let status = answer.map_or(0, |answer| answer.status);
                times.push((status, begun.elapsed()));
                if status == 0 {
                    break;
                }
            }
            times
        }));
    }
    tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    stop.store(true, Ordering::Relaxed);
    let mut all: BTreeMap<u16, Vec<Duration>> = BTreeMap::new();
    for caller in callers {
        for (status, time) in caller.await.expect("a caller") {
            all.entry(status).or_default().push(time);
        }
    }
    all
}

/// A thousand connections that say one byte of a request a second, from ten addresses, and one caller among them.
async fn slow_connections() {
    let town = Town::start(CONFIG);
    let token = town.token("ada@example.org").await;
    header(&["/execute", "median", "p99", "server memory"]);
    let before = honest(&town, &token).await;
    row(&["alone", &ms(before.median()), &ms(before.percentile(99)), &format!("{} KiB", town.memory_kib())]);
    let mut slow = vec![];
    for number in 0..1000_u32 {
        let [.., low] = (number / 100 + 2).to_be_bytes();
        let (address, tls) = (town.serving.address, tls(&town.serving.ca, &["http/1.1"]));
        slow.push(tokio::spawn(async move {
            let from = (Ipv4Addr::new(127, 0, 0, low), 0).into();
            let Ok(mut stream) = connect_from(from, address, tls).await else { return false };
            for byte in b"POST /execute HTTP/1.1\r\nhost: localhost\r\n".iter().cycle() {
                if stream.write_all(&[*byte]).await.is_err() || stream.flush().await.is_err() {
                    return true;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            true
        }));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let among = honest(&town, &token).await;
    let held = slow.iter().filter(|caller| !caller.is_finished()).count();
    let name = format!("among {held} slow connections");
    row(&[&name, &ms(among.median()), &ms(among.percentile(99)), &format!("{} KiB", town.memory_kib())]);
    slow.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn honest(town: &Town, token: &str) -> Samples {
    let mut connection = town.connection().await;
    let mut times = vec![];
    for _ in 0..1000 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        times.push(execute(&mut connection, token).await);
    }
    Samples::new(times)
}

async fn execute(connection: &mut crate::https::Connection, token: &str) -> Duration {
    let begun = Instant::now();
    let answer = connection.post("/execute", Some(token), &json!({"data": "print('hello')"})).await.expect("an answer");
    let time = begun.elapsed();
    assert_eq!(answer.status, 200, "{}", answer.text());
    time
}
