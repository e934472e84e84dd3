//! Live sessions over TLS and WebSocket, beside native CPython at the end of a pipe: an echo, the first byte, bytes per second each
//! way, and what hundreds of idle ones cost.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::https::{connect, tls};
use crate::memory::private_dirty_kib;
use crate::native;
use crate::processes::children_of;
use crate::table::{Samples, header, ms, row};
use crate::town::Town;

const CONFIG: &str = "[passwords]\nmemory_mib = 19\npasses = 2\n[limits]\nregistrations_per_hour = 1000000\n\
    logins_per_minute = 1000000\nconnections_per_address = 2000\n\
    [sessions]\nconcurrent = 1000\nconcurrent_per_account = 1000\nper_minute = 1000000\n";
const ROUNDS: usize = 2000;
const STARTS: usize = 300;
const IDLE: usize = 500;
const PIECE: usize = 64 << 10;
const STREAM: usize = 1 << 30;

const ECHO: &str = "import sys\nfor line in sys.stdin:\n    sys.stdout.write(line)\n    sys.stdout.flush()";
const SINK: &str =
    "import sys\ncount = 0\nwhile piece := sys.stdin.buffer.read1(1 << 16): count += len(piece)\nprint(count)";
const SOURCE: &str = "import sys\npiece = b'x' * (1 << 16)\nfor i in range(1 << 14): sys.stdout.buffer.write(piece)";

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// The client's end of a session.
struct Session {
    out: SplitSink<Socket, Message>,
    heard: SplitStream<Socket>,
}

impl Session {
    /// The WebSocket, with nothing said on it.
    async fn open(town: &Town, token: &str) -> Self {
        let address = town.serving.address;
        let stream = connect(address, tls(&town.serving.ca, &["http/1.1"])).await.expect("a connection");
        let mut request = format!("wss://{address}/session").into_client_request().expect("a request");
        let headers = request.headers_mut();
        headers.insert("authorization", format!("Bearer {token}").parse().expect("a value"));
        headers.insert("sec-websocket-protocol", "v1.session.cloud-python".parse().expect("a value"));
        let (socket, _) = client_async_with_config(request, stream, None).await.expect("a session");
        let (out, heard) = socket.split();
        Self { out, heard }
    }

    async fn running(town: &Town, token: &str, script: &str) -> Self {
        let mut session = Self::open(town, token).await;
        session.out.send(Message::text(json!({"data": script}).to_string())).await.expect("a session");
        session
    }

    /// The next output, or what is said at the end.
    async fn next(&mut self) -> Result<Vec<u8>, Value> {
        loop {
            match self.heard.next().await {
                Some(Ok(Message::Binary(bytes))) if bytes.first() == Some(&1) => return Ok(bytes[1..].to_vec()),
                Some(Ok(Message::Binary(bytes))) if bytes.first() == Some(&3) => {
                    return Err(serde_json::from_slice(&bytes[1..]).expect("JSON"));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("a session said {other:?}"),
            }
        }
    }

    async fn echo(&mut self) -> Duration {
        let begun = Instant::now();
        self.out.send(Message::binary(b"\0x\n".to_vec())).await.expect("a session");
        let mut told = self.next().await.expect("an echo");
        while !told.ends_with(b"\n") {
            told.extend(self.next().await.expect("an echo"));
        }
        begun.elapsed()
    }
}

pub(crate) async fn measure() {
    let town = Town::start(CONFIG);
    let token = town.token("ada@example.org").await;
    echoes(&town, &token).await;
    first_bytes(&town, &token).await;
    streams(&town, &token).await;
    idle(&town, &token).await;
}

/// A script of native CPython at the end of two pipes.
fn python(script: &str) -> Child {
    let mut command = Command::new(native::installed());
    command.args(["-I", "-S", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("python3 is installed")
}

async fn echoes(town: &Town, token: &str) {
    let mut session = Session::running(town, token, ECHO).await;
    let mut child = python(ECHO);
    let (mut to, from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    let (mut from, mut line) = (BufReader::new(from), String::new());
    let (mut piped, mut served) = (vec![], vec![]);
    for round in 0..ROUNDS {
        let begun = Instant::now();
        to.write_all(b"x\n").and_then(|()| from.read_line(&mut line)).expect("an echo");
        let native = begun.elapsed();
        let time = session.echo().await;
        // The first ones start the interpreters.
        if round >= 10 {
            piped.push(native);
            served.push(time);
        }
    }
    drop(to);
    child.wait().expect("it ends");
    header(&["echo of a line", "median", "p99"]);
    for (name, times) in [("native CPython, two pipes", piped), ("a session: TLS, WebSocket, sandbox", served)] {
        let samples = Samples::new(times);
        row(&[name, &ms(samples.median()), &ms(samples.percentile(99))]);
    }
}

async fn first_bytes(town: &Town, token: &str) {
    let (mut native, mut opened, mut running) = (vec![], vec![], vec![]);
    for _ in 0..STARTS {
        let begun = Instant::now();
        let mut child = python("print('x')");
        child.stdout.take().expect("a pipe").read_exact(&mut [0]).expect("a byte");
        native.push(begun.elapsed());
        child.wait().expect("it ends");
        let begun = Instant::now();
        let mut session = Session::open(town, token).await;
        let asked = Instant::now();
        session.out.send(Message::text(json!({"data": "print('x')"}).to_string())).await.expect("a session");
        session.next().await.expect("output");
        running.push(asked.elapsed());
        opened.push(begun.elapsed());
        while session.next().await.is_ok() {}
    }
    header(&["first byte of output", "median", "p99"]);
    for (name, times) in [
        ("native CPython, from its start", native),
        ("a session, from its first message", running),
        ("a session, from connecting: TLS handshake, upgrade, script", opened),
    ] {
        let samples = Samples::new(times);
        row(&[name, &ms(samples.median()), &ms(samples.percentile(99))]);
    }
}

async fn streams(town: &Town, token: &str) {
    header(&["1 GiB", "MiB/s", "server's memory before -> at the most"]);
    let rate = |time: Duration| format!("{:.0}", STREAM as f64 / f64::from(1 << 20) / time.as_secs_f64());
    let mut child = python(SINK);
    let begun = Instant::now();
    let (mut to, mut from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    (0..STREAM / PIECE).for_each(|_| to.write_all(&[b'x'; PIECE]).expect("a pipe"));
    drop(to);
    from.read_to_string(&mut String::new()).expect("a count");
    row(&["native CPython, standard input", &rate(begun.elapsed()), ""]);
    child.wait().expect("it ends");

    let before = town.memory_kib();
    let mut session = Session::running(town, token, SINK).await;
    let begun = Instant::now();
    let mut most = before;
    let piece = [&[0], [b'x'; PIECE].as_slice()].concat();
    for number in 0..STREAM / PIECE {
        session.out.send(Message::binary(piece.clone())).await.expect("a session");
        if number % 1024 == 0 {
            most = most.max(town.memory_kib());
        }
    }
    session.out.send(Message::binary(vec![0])).await.expect("a session");
    assert_eq!(session.next().await, Ok(format!("{STREAM}\n").into_bytes()));
    row(&["a session, standard input", &rate(begun.elapsed()), &format!("{before} -> {most} KiB")]);

    let mut child = python(SOURCE);
    let begun = Instant::now();
    let mut from = child.stdout.take().expect("a pipe");
    let mut room = vec![0; PIECE];
    while from.read(&mut room).expect("a pipe") > 0 {}
    row(&["native CPython, standard output", &rate(begun.elapsed()), ""]);
    child.wait().expect("it ends");

    let before = town.memory_kib();
    let mut session = Session::running(town, token, SOURCE).await;
    let begun = Instant::now();
    let (mut most, mut count, mut looked) = (before, 0, 0);
    let end = loop {
        match session.next().await {
            Ok(bytes) => count += bytes.len(),
            Err(end) => break end,
        }
        if count - looked > 64 << 20 {
            (looked, most) = (count, most.max(town.memory_kib()));
        }
    };
    assert_eq!((count, &end["error"]), (STREAM, &json!("ok")), "{end}");
    row(&["a session, standard output", &rate(begun.elapsed()), &format!("{before} -> {most} KiB")]);
}

async fn idle(town: &Town, token: &str) {
    let processes = |town: &Town| -> Vec<u64> {
        let launchers = children_of(town.serving.pid());
        launchers.into_iter().flat_map(children_of).filter_map(private_dirty_kib).collect()
    };
    let (server, children) = (town.memory_kib(), processes(town));
    let begun = Instant::now();
    let mut sessions = vec![];
    for _ in 0..IDLE {
        let mut session = Session::running(town, token, "print(input('name? '))").await;
        assert_eq!(session.next().await, Ok(b"name? ".to_vec()));
        sessions.push(session);
    }
    let took = begun.elapsed();
    let (server_after, children_after) = (town.memory_kib(), processes(town));
    let mut echoes = vec![];
    for session in &mut sessions {
        echoes.push(session.echo().await);
    }
    let kib = |kib: u64| format!("{:.2} MiB", kib as f64 / 1024.0 / IDLE as f64);
    let sum = |kib: &[u64]| kib.iter().sum::<u64>();
    header(&["idle sessions", ""]);
    row(&["sessions that wait for input at once", &IDLE.to_string()]);
    row(&["opened one after the other in", &format!("{:.1} s", took.as_secs_f64())]);
    row(&["the server's memory for each", &kib(server_after.saturating_sub(server))]);
    let said = match children_after.is_empty() {
        true => "not readable (only root may look at our children)".to_owned(),
        false => kib(sum(&children_after).saturating_sub(sum(&children))),
    };
    row(&["memory of its process that nothing else shares, for each", &said]);
    row(&["an answer of each, after the wait: median", &ms(Samples::new(echoes).median())]);
}
