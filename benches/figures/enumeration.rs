//! Whether a stranger can tell a known address from an unknown one: status, bytes and time of `/register`, `/login` and `/execute`; and
//! a known user of the sealed channel from an unknown one, of `/auth`.
//!
//! Known and unknown addresses take turns in an order that is drawn by lot, so that whatever else the machine does falls on both. A
//! password costs the least that can be set, which makes a difference stand out more, not less.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use cloud_python::keys::{PrivateKey, Share};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::https::Connection;
use crate::table::{Samples, header, ms, row};
use crate::town::{PASSWORD, Town};

const SAMPLES: usize = 2000;
const CONFIG: &str = "[passwords]\nmemory_mib = 19\npasses = 2\n[limits]\nregistrations_per_hour = 1000000\nlogins_per_minute = 1000000\n";

pub(crate) async fn measure() {
    header(&["2 x 2000 samples", "known: median", "unknown: median", "difference", "part", "status and bytes"]);
    for path in ["/register", "/login", "/execute"] {
        let town = Town::start(CONFIG);
        // A guess at one address slows the next one down, so there is a known address for each few guesses.
        let mut known = vec![];
        for number in 0..SAMPLES.div_ceil(3) {
            let email = format!("known{number:04}@example.org");
            if path == "/register" && number >= 50 {
                break;
            }
            town.token(&email).await;
            known.push(email);
        }
        let mut connection = town.connection().await;
        compare(path, async |unknown, number| {
            let email = match unknown {
                false => known[number % known.len()].clone(),
                true => format!("other{number:04}@example.org"),
            };
            time_one(&mut connection, path, &email).await
        })
        .await;
    }
    measure_auth().await;
}

/// Both names have as many letters, and the signature is wrong for both.
async fn measure_auth() {
    let mut town = Town::start(&format!("{CONFIG}[sealed]\nlisten = \"127.0.0.1:0\"\n"));
    let (key, other) = (PrivateKey::make().expect("a key"), PrivateKey::make().expect("a key"));
    let public = URL_SAFE_NO_PAD.encode(key.public().key().bytes());
    let socket = town.data().join("admin.sock");
    let added = crate::socket::ask(&socket, "POST", &format!("/keys/known/add?key={public}")).await;
    assert_eq!(added.status, 200);
    let mut stream = TcpStream::connect(town.serving.sealed_address()).await.expect("a connection");
    compare("/auth", async |unknown, _| {
        let (user, share) = (if unknown { "other" } else { "known" }, Share::make().expect("a share").public());
        let signature = URL_SAFE.encode(other.sign(&[user.as_bytes(), &share].concat()));
        let body = json!({"user": user, "key": URL_SAFE.encode(share), "sign": signature}).to_string();
        let head = format!("POST /auth HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len());
        let begun = Instant::now();
        stream.write_all((head + &body).as_bytes()).await.expect("it is taken");
        let mut answer = vec![];
        // There is a head and nothing else.
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.expect("an answer"));
        }
        let time = begun.elapsed();
        let text = String::from_utf8_lossy(&answer).into_owned();
        let mut lines = text.lines().filter(|line| !line.starts_with("date: ")).map(str::to_owned);
        assert_eq!(lines.next().as_deref(), Some("HTTP/1.1 403 Forbidden"));
        (time, (403, vec![], lines.collect()))
    })
    .await;
}

/// Status, body and fields of an answer, and how long it took.
type Answered = (Duration, (u16, Vec<u8>, Vec<String>));

async fn compare(path: &str, mut ask: impl AsyncFnMut(bool, usize) -> Answered) {
    let (mut times, mut answers) = ([vec![], vec![]], std::collections::BTreeSet::new());
    let mut lot = 88_172_645_463_325_252_u64;
    while times.iter().any(|times| times.len() < SAMPLES) {
        lot ^= lot << 13;
        lot ^= lot >> 7;
        lot ^= lot << 17;
        let unknown = usize::from(lot >> 63 == 1);
        let number = times[unknown].len();
        if number == SAMPLES {
            continue;
        }
        let (time, answer) = ask(unknown == 1, number).await;
        times[unknown].push(time);
        answers.insert(answer);
    }
    let [known, unknown] = times.map(Samples::new);
    let difference = known.median().as_secs_f64() - unknown.median().as_secs_f64();
    row(&[
        path,
        &ms(known.median()),
        &ms(unknown.median()),
        &format!("{:+.3} ms", difference * 1e3),
        &format!("{:+.2} %", 100.0 * difference / unknown.median().as_secs_f64()),
        if answers.len() == 1 { "the same" } else { "DIFFERENT" },
    ]);
}

async fn time_one(connection: &mut Connection, path: &str, email: &str) -> Answered {
    let body: Value = match path {
        "/register" => json!({"email": email, "password": PASSWORD}),
        "/login" => json!({"email": email, "password": "not the password", "totop": "123456"}),
        _ => json!({"email": email, "password": "not the password", "totop": "123456", "data": "print(1)"}),
    };
    let begun = Instant::now();
    let answer = connection.post(path, None, &body).await.expect("an answer");
    let time = begun.elapsed();
    let headers = answer.headers.iter().filter(|(name, _)| name.as_str() != "date");
    let headers = headers.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    (time, (answer.status, answer.body.clone(), headers.collect()))
}
