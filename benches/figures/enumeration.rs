//! Whether a stranger can tell a known address from an unknown one: status, bytes and time of `/register`, `/login` and `/execute`.
//!
//! Known and unknown addresses take turns in an order that is drawn by lot, so that whatever else the machine does falls on both. A
//! password costs the least that can be set, which makes a difference stand out more, not less.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};

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
        compare(&town, path, &known).await;
    }
}

async fn compare(town: &Town, path: &str, known: &[String]) {
    let mut connection = town.connection().await;
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
        let email = match unknown {
            0 => known[number % known.len()].clone(),
            _ => format!("other{number:04}@example.org"),
        };
        let (time, answer) = time_one(&mut connection, path, &email).await;
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

async fn time_one(connection: &mut Connection, path: &str, email: &str) -> (Duration, (u16, Vec<u8>, Vec<String>)) {
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
