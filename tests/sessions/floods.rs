//! Much of everything: whatever a client sends or does not read, it arrives whole or waits, and the server does not grow.
//!
//! `cargo test` sends 64 MiB each way; `CLOUD_PYTHON_STREAM_MIB=1024 cargo test --test integration floods` is the whole proof.

use std::time::Duration;

use cloud_python::clock::since_1970;
use cloud_python::domain::UnixTime;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::world::{
    Connection, PASSWORD, Serving, Session, Told, Whole, hex, link, open_descriptors, secret, socket, until,
};

const MIB: usize = 1 << 20;

/// What a server may grow by while a session goes on: some messages each way, and what an allocator keeps.
const GROWTH: usize = 24 * MIB;

const CONFIG: &str = "[sessions]\ntimeout_seconds = 900\nper_minute = 1000000\nconcurrent_per_account = 64\n[passwords]\nmemory_mib = 19\npasses = 2\n";

fn stream_mib() -> usize {
    std::env::var("CLOUD_PYTHON_STREAM_MIB").map_or(64, |text| text.parse().expect("a number of MiB"))
}

/// A server in a process of its own, which can be looked at, and somebody who may use it.
struct Yard {
    server: Serving,
    folder: TempDir,
    token: String,
}

impl Yard {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let data = folder.path().join("data");
        let server = Serving::start(&data, CONFIG);
        let mut connection = Connection::open(server.address, &server.ca).await;
        let email = "ada@example.org";
        let answer = connection.post("/register", None, &json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.map(|answer| answer.status), Some(201));
        let find = || link(&data.join("outbox"), email, "verify", "");
        until("there is a link", || find().is_some()).await;
        let path = format!("/verify/{}", find().expect("just seen"));
        let verified = connection.post(&path, None, &json!({})).await.expect("an answer").json();
        let secret = secret(verified["secret"].as_str().expect("a secret"));
        socket::ask(&data.join("admin.sock"), "POST", &format!("/users/{email}/approve")).await;
        let code = secret.code_at(UnixTime(since_1970().as_secs()));
        let login = json!({"email": email, "password": PASSWORD, "totop": code});
        let answer = connection.post("/login", None, &login).await.expect("an answer").json();
        let token = answer["token"].as_str().expect("a token").to_owned();
        let yard = Self { server, folder, token };
        // What every first session costs is not what is measured.
        let mut session = yard.session(&json!({"data": "print('warm')"})).await;
        assert_eq!(session.rest().await.stdout(), "warm\n");
        yard
    }

    async fn silent(&self) -> Session {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str())];
        Session::try_open(self.server.address, &self.server.ca, &headers).await.expect("the handshake is taken")
    }

    async fn session(&self, first: &Value) -> Session {
        let mut session = self.silent().await;
        session.text(&first.to_string()).await;
        session
    }

    async fn status(&self) -> Value {
        socket::ask(&self.folder.path().join("data/admin.sock"), "GET", "/status").await.json()
    }

    /// Bytes of the server that are in memory.
    fn resident(&self) -> usize {
        self.server.resident()
    }

    /// Does something, and returns by how much the server has been larger meanwhile than it was before.
    async fn growth<T>(&self, doing: impl Future<Output = T>) -> (T, usize) {
        let before = self.resident();
        let mut most = before;
        let mut doing = std::pin::pin!(doing);
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        loop {
            tokio::select! {
                done = &mut doing => return (done, most - before),
                _ = looks.tick() => most = most.max(self.resident()),
            }
        }
    }
}

/// The numbered mebibyte of a stream.
fn block(number: usize, salt: u8) -> Vec<u8> {
    Sha256::digest([&number.to_be_bytes()[..], &[salt]].concat()).repeat(MIB / 32)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_each_way_at_once_arrives_whole() {
    let yard = Yard::new().await;
    let count = stream_mib();
    let script = "import hashlib, os, sys\n\
        seen, number = hashlib.sha256(), 0\n\
        while part := sys.stdin.buffer.read(1 << 20):\n    \
            seen.update(part)\n    \
            block = hashlib.sha256(number.to_bytes(8, 'big') + b'o').digest() * 32768\n    \
            while block: block = block[os.write(1, block):]\n    \
            number += 1\n\
        open('seen', 'w').write(seen.hexdigest())";
    let session = yard.session(&json!({"data": script, "outputs": ["seen"]})).await;
    let (mut writer, mut reader) = session.0.split();
    let writing = async {
        let mut sent = Sha256::new();
        for number in 0..count {
            let part = block(number, b'i');
            sent.update(&part);
            writer.send(Message::binary([&[0], part.as_slice()].concat())).await.expect("it is taken");
        }
        writer.send(Message::binary(vec![0])).await.expect("the end is taken");
        sent.finalize()
    };
    let reading = async {
        let (mut heard, mut bytes) = (Sha256::new(), 0);
        loop {
            match reader.next().await.expect("it goes on").expect("it is whole") {
                Message::Binary(part) if part[0] == 1 => {
                    bytes += part.len() - 1;
                    heard.update(&part[1..]);
                }
                Message::Binary(part) => {
                    assert_eq!(part[0], 3, "{}", String::from_utf8_lossy(&part));
                    return (heard.finalize(), bytes, serde_json::from_slice::<Value>(&part[1..]).expect("JSON"));
                }
                _ => {}
            }
        }
    };
    let ((sent, (heard, bytes, control)), growth) = yard.growth(async { tokio::join!(writing, reading) }).await;
    assert_eq!((bytes, &control["error"]), (count * MIB, &json!("ok")), "{control}");
    let mut expected = Sha256::new();
    (0..count).for_each(|number| expected.update(block(number, b'o')));
    assert_eq!(hex(&heard), hex(&expected.finalize()));
    use base64::Engine;
    let seen = base64::engine::general_purpose::STANDARD.encode(hex(&sent));
    assert_eq!(control["files"]["seen"], seen);
    assert!(growth < GROWTH, "the server grew by {} KiB", growth >> 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_slows_its_script_down() {
    let yard = Yard::new().await;
    let script = "import os\nblock = b'x' * 60000\nwhile True: os.write(1, block)";
    let mut session = yard.session(&json!({"data": script, "timeout": 3})).await;
    let over = async {
        while yard.status().await["sessions"] != 1 {}
        // Nobody has read a byte, and the script is dead; the last words wait for whoever may read after all.
        let launcher = u32::try_from(yard.status().await["launcher_pid"].as_u64().expect("a launcher")).expect("a pid");
        let before = crate::world::children_of(launcher);
        until("the script is dead", || before.iter().any(|pid| !crate::world::exists(*pid))).await;
    };
    let ((), growth) = yard.growth(over).await;
    assert!(growth < GROWTH, "the server grew by {} KiB", growth >> 10);
    let end = session.rest().await;
    assert_eq!((&end.control, end.code), (&json!({"error": "request timed out"}), 1000));
    assert!(end.stdout.len() > MIB && end.stdout.len() < 32 * MIB, "{} bytes", end.stdout.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn crumbs_arrive_like_bread() {
    let yard = Yard::new().await;
    let count = stream_mib() * 1000;
    let script = format!("import os\nfor number in range({count}): os.write(1 + number % 2, b'x')");
    let mut session = yard.session(&json!({"data": script})).await;
    let (end, growth) = yard.growth(session.rest()).await;
    assert_eq!((end.stdout.len(), end.stderr.len(), end.code), (count / 2, count / 2, 1000));
    assert!(growth < GROWTH, "the server grew by {} KiB", growth >> 10);

    let script = "import sys\nprint(len(sys.stdin.buffer.read()))";
    let mut session = yard.session(&json!({"data": script})).await;
    let sending = async {
        for _ in 0..count {
            session.0.feed(Message::binary(&b"\0x"[..])).await.expect("it is taken");
        }
        session.end_input().await;
        session.rest().await
    };
    let (end, growth) = yard.growth(sending).await;
    assert_eq!(end.stdout(), format!("{count}\n"));
    assert!(growth < GROWTH, "the server grew by {} KiB", growth >> 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_sessions_for_nothing_leaves_nothing() {
    let yard = Yard::new().await;
    let pid = yard.server.pid();
    let before = open_descriptors(pid).expect("it is ours");
    let opening = async {
        for number in 0..60 {
            let mut session = yard.silent().await;
            match number % 4 {
                0 => {}
                1 => session.text("{").await,
                2 => session.text(r#"{"data":"input()"}"#).await,
                _ => {
                    session.text(r#"{"data":"print(1)\ninput()"}"#).await;
                    assert!(matches!(session.next().await, Told::Out(_)));
                }
            }
        }
    };
    let ((), growth) = yard.growth(opening).await;
    assert!(growth < GROWTH, "the server grew by {} KiB", growth >> 10);
    // A child that has served the account waits ten seconds for its next run.
    for _ in 0..600 {
        if open_descriptors(pid).is_some_and(|now| now <= before) && yard.status().await["sessions"] == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:?} descriptors are open, and {before} were; {}", open_descriptors(pid), yard.status().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn first_messages_that_do_not_end_have_so_much_memory_and_no_more() {
    let yard = Yard::new().await;
    // The head of a text of 32 MiB, and nearly all of it.
    let begin = async |session: &mut Session| {
        let stream = session.0.get_mut();
        stream.write_all(&[0x81, 0xff, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]).await.expect("it is taken");
        for _ in 0..31 {
            stream.write_all(&vec![b' '; MIB]).await.expect("it is taken");
        }
        stream.flush().await.expect("it is taken");
    };
    let filling = async {
        let mut sessions = vec![yard.silent().await, yard.silent().await];
        for session in &mut sessions {
            begin(session).await;
        }
        sessions
    };
    let (sessions, growth) = yard.growth(filling).await;
    // Two of 32 MiB are what one network may have, and while one is moved to a larger place it is there twice.
    assert!(growth < 128 * MIB, "the server grew by {} KiB", growth >> 10);
    assert_eq!(until_told(&yard, 1013).await.control, json!({"error": "slow down", "retry_after": 1}));
    drop(sessions);
    // What they had is there for others.
    assert_eq!(until_told(&yard, 1000).await.stdout(), "in\n");
}

/// Opens sessions until one is closed with this code: what was sent before may still be on its way.
async fn until_told(yard: &Yard, code: u16) -> Whole {
    for _ in 0..1000 {
        let mut session = yard.silent().await;
        session.text(&format!("{}{}", " ".repeat(3 * MIB), json!({"data": "print('in')"}))).await;
        let told = session.rest().await;
        if told.code == code {
            return told;
        }
    }
    panic!("waited in vain for {code}");
}
