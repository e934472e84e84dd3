//! Frames of every wrong kind, byte for byte, and the code that each is answered with.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::world::{Town, connect, tls};

/// A client that can say anything.
struct Raw {
    stream: TlsStream<TcpStream>,
    control: Value,
}

/// A frame: its first byte, and its payload under a mask.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ ..126 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        length @ ..65536 => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    let mask = [0x11, 0x22, 0x33, 0x44];
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

impl Raw {
    async fn open(town: &Town, token: &str) -> Self {
        let mut stream = connect(town.server.address(), tls(&town.ca, &["http/1.1"])).await.unwrap();
        let head = format!(
            "GET /session HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v1.session.cloud-python\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = vec![];
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        // RFC 6455, section 1.3, has this key with this answer.
        assert!(answer.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
        Self { stream, control: Value::Null }
    }

    async fn say(&mut self, bytes: &[u8]) {
        // Whoever is not listened to any more is told why.
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    /// Kind and payload of the next frame. Nothing at the end.
    async fn hear(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await.ok()?;
        let length = match self.stream.read_u8().await.ok()? {
            126 => u64::from(self.stream.read_u16().await.ok()?),
            127 => self.stream.read_u64().await.ok()?,
            length => u64::from(length),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some((first & 0x0f, payload))
    }

    /// Hears output until it ends with this.
    async fn until(&mut self, wanted: &[u8]) {
        let mut output = vec![];
        while !output.ends_with(wanted) {
            let (kind, payload) = self.hear().await.expect("output");
            assert_eq!((kind, payload[0]), (2, 1), "{}", String::from_utf8_lossy(&payload));
            output.extend_from_slice(&payload[1..]);
        }
    }

    /// It is closed with this code, and what is said before begins like this; if with nothing, nothing is said.
    async fn must_end(&mut self, what: &str, code: u16, sentence: &str) {
        assert_eq!(self.code().await, code, "{what}");
        let said = self.control["error"].as_str().unwrap_or_default();
        assert!(said.starts_with(sentence) && said.is_empty() == sentence.is_empty(), "{what}: {said}");
    }

    /// The code that the session is closed with; what comes before is heard, and nothing comes behind.
    async fn code(&mut self) -> u16 {
        loop {
            match self.hear().await.expect("a closing code") {
                (8, payload) => {
                    self.say(&frame(0x88, &payload)).await;
                    assert_eq!(self.hear().await, None);
                    return payload.get(..2).map_or(1005, |code| u16::from_be_bytes(code.try_into().unwrap()));
                }
                (2, payload) if payload[0] == 3 => self.control = serde_json::from_slice(&payload[1..]).unwrap(),
                _ => {}
            }
        }
    }
}

/// One that says `on`, and then what it is told.
const FIRST: &str =
    r#"{"data":"print('on')\nimport sys\nwhile part := sys.stdin.read(4096): print(part, end='')\nprint()"}"#;

fn first() -> Vec<u8> {
    frame(0x81, FIRST.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_first_message_has_its_code() {
    let town = Town::new().await;
    let token = town.approved("ada@example.org").await.token.unwrap();
    let head = |first: u8, length: u64| [&[first, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("not masked", vec![0x81, 2, b'{', b'}'], 1002, ""),
        ("the first reserved bit", frame(0xc1, b"{}"), 1002, ""),
        ("the second reserved bit", frame(0xa1, b"{}"), 1002, ""),
        ("the third reserved bit", frame(0x91, b"{}"), 1002, ""),
        ("an unknown kind of message", frame(0x83, b"{}"), 1002, ""),
        ("an unknown kind of control", frame(0x8b, b""), 1002, ""),
        ("a continuation of nothing", frame(0x80, b"{}"), 1002, ""),
        ("a message in a message", [frame(0x01, b"{"), frame(0x81, b"}")].concat(), 1002, ""),
        ("a ping in parts", frame(0x09, b""), 1002, ""),
        ("a large ping", frame(0x89, &[0; 126]), 1002, ""),
        ("a length in more bytes than it needs", vec![0x81, 0xfe, 0, 5, 0, 0, 0, 0], 1002, ""),
        ("the same in eight", [&head(0x81, 65535)[..], &[0; 9]].concat(), 1002, ""),
        ("a length with the highest bit", head(0x81, 1 << 63), 1002, ""),
        ("a closing code of one byte", frame(0x88, &[3]), 1002, ""),
        ("a closing code that must not be sent", frame(0x88, &1005u16.to_be_bytes()), 1002, ""),
        ("a closing code that does not exist", frame(0x88, &999u16.to_be_bytes()), 1002, ""),
        ("a reason that is not UTF-8", frame(0x88, &[3, 0xe8, 0xff]), 1007, ""),
        ("not UTF-8", frame(0x81, b"{\"data\":\"\xff\"}"), 1007, ""),
        ("a surrogate in UTF-8", frame(0x81, b"{\"data\":\"\xed\xa0\x80\"}"), 1007, ""),
        (
            "a character in two parts is one",
            [frame(0x01, b"{\"\xc3"), frame(0x80, b"\xa9\":1}")].concat(),
            1008,
            "unknown field",
        ),
        ("binary", frame(0x82, b"{}"), 1003, "the first message is a text"),
        ("input before the script", frame(0x82, b"\0x"), 1003, "the first message is a text"),
        ("larger than is taken", head(0x81, (32 << 20) + 1), 1009, "the message is larger than 33554432 bytes"),
        ("much larger", head(0x81, u64::MAX >> 1), 1009, "the message is larger than"),
        ("larger in parts", [frame(0x01, b"{"), head(0x80, 32 << 20)].concat(), 1009, "the message is larger than"),
        ("the end", frame(0x88, &1000u16.to_be_bytes()), 1000, ""),
        ("the end without a code", frame(0x88, b""), 1005, ""),
        ("an end that an application has named", frame(0x88, &4999u16.to_be_bytes()), 4999, ""),
    ];
    for (what, bytes, code, sentence) in cases {
        let mut raw = Raw::open(&town, &token).await;
        raw.say(&bytes).await;
        raw.must_end(what, code, sentence).await;
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_message_later_has_its_code_and_ends_the_script() {
    let town = Town::new().await;
    let token = town.approved("ada@example.org").await.token.unwrap();
    let end = || frame(0x82, b"\0");
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("a text", frame(0x81, b"hello"), 1003, "after the first message"),
        ("nothing, not even a channel", frame(0x82, b""), 1003, "a message has at least one byte"),
        ("the channel of output", frame(0x82, b"\x01x"), 1003, "the first byte of a message is its channel"),
        ("the channel of control", frame(0x82, b"\x03{}"), 1003, "the first byte of a message is its channel"),
        ("no channel at all", frame(0x82, b"\xffx"), 1003, "the first byte of a message is its channel"),
        ("input after the end of input", [end(), frame(0x82, b"\0x")].concat(), 1003, "input after the end of input"),
        (
            "more than a mebibyte",
            [&[0x82, 0xff][..], &((1u64 << 20) + 2).to_be_bytes(), &[0; 4]].concat(),
            1009,
            "the message is larger",
        ),
        (
            "the same in parts",
            [frame(0x02, &[0; 1 << 20]), frame(0x80, &[0; 2])].concat(),
            1009,
            "the message is larger",
        ),
        ("not masked", vec![0x82, 2, 0, b'x'], 1002, ""),
        ("a reserved bit", frame(0xc2, b"\0x"), 1002, ""),
        ("a continuation of nothing", frame(0x80, b"\0x"), 1002, ""),
        ("the end", frame(0x88, &1001u16.to_be_bytes()), 1001, ""),
    ];
    for (what, bytes, code, sentence) in cases {
        let mut raw = Raw::open(&town, &token).await;
        // A script that has not read what came before must not keep what comes behind it from being seen.
        let waits = r#"{"data":"import time\nprint('on', flush=True)\ntime.sleep(50)"}"#;
        raw.say(&frame(0x81, waits.as_bytes())).await;
        raw.until(b"on\n").await;
        raw.say(&bytes).await;
        raw.must_end(what, code, sentence).await;
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_is_understood_however_it_is_cut() {
    let town = Town::new().await;
    let token = town.approved("ada@example.org").await.token.unwrap();
    // In parts of one byte with empty parts, pings and pongs between them, and input that does not wait for the start.
    let mut bytes = vec![];
    for (number, byte) in FIRST.bytes().enumerate() {
        bytes.extend(frame(u8::from(number == 0), &[byte]));
        bytes.extend(frame(0, b""));
        bytes.extend(frame(0x8a, b"unasked"));
    }
    bytes.extend(frame(0x89, b"first"));
    bytes.extend(frame(0x80, b""));
    for part in ["a", "b", "c"] {
        bytes.extend(frame(0x02, b""));
        bytes.extend(frame(0, b"\0"));
        bytes.extend(frame(0x89, part.as_bytes()));
        bytes.extend(frame(0x80, part.as_bytes()));
    }
    bytes.extend(frame(0x82, &[&[0][..], &[b'x'; 1 << 20]].concat()));
    bytes.extend(frame(0x82, b"\0"));
    let mut raw = Raw::open(&town, &token).await;
    raw.say(&bytes).await;
    let (mut output, mut pongs) = (vec![], vec![]);
    while raw.control.is_null() {
        match raw.hear().await.expect("the end is told") {
            (2, payload) if payload[0] == 3 => raw.control = serde_json::from_slice(&payload[1..]).unwrap(),
            (2, payload) => output.extend_from_slice(&payload[1..]),
            (10, payload) => pongs.push(payload),
            other => panic!("{other:?}"),
        }
    }
    assert!(output == [b"on\nabc", &[b'x'; 1 << 20][..], b"\n"].concat(), "{} bytes", output.len());
    assert_eq!(raw.control, json!({"error": "ok", "exit_code": "AA=="}));
    // Every ping while the first message came, the last of several that came at once.
    assert_eq!((pongs.first().unwrap().as_slice(), pongs.last().unwrap().as_slice()), (&b"first"[..], &b"c"[..]));
    assert_eq!(raw.code().await, 1000);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_may_come_with_the_handshake_and_byte_by_byte() {
    let town = Town::new().await;
    let token = town.approved("ada@example.org").await.token.unwrap();
    let mut raw = Raw::open(&town, &token).await;
    for byte in [first(), frame(0x82, b"\0hi"), frame(0x82, b"\0")].concat() {
        raw.say(&[byte]).await;
    }
    raw.until(b"on\n").await;
    raw.until(b"hi\n").await;
    assert_eq!(raw.code().await, 1000);

    let mut stream = connect(town.server.address(), tls(&town.ca, &["http/1.1"])).await.unwrap();
    let head = format!(
        "GET /session HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: other, v1.session.cloud-python\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &first(), &frame(0x82, b"\0")].concat()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = vec![];
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    let mut raw = Raw { stream, control: Value::Null };
    assert_eq!(raw.code().await, 1000);
    assert_eq!(raw.control["error"], "ok");
    town.close().await;
}
