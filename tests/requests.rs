//! The corpus in `tests/hostile/requests/`: what is sent to the HTTPS door byte for byte, and what must come back.
//!
//! One file, one idea. Its head says what it tries (`#: what:`), which answers must come (`#: expect:`), what the first refusal
//! must say (`#: says:`), over what it is sent (`#: over:`, TLS and HTTP/1.1 by default), and whether the connection takes another
//! request (`#: after:`). The rest is sent as it is, but that `<<1000*x>>` stands for a thousand times `x`. After each file the
//! server must go on.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::mailbox;
use crate::world::{self, Town};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const AGAIN: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[derive(Debug)]
struct Case {
    name: String,
    expect: Expect,
    says: String,
    over: String,
    after: String,
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
enum Expect {
    /// The connection is closed without an answer that is one.
    #[default]
    Nothing,
    /// A TLS alert of this number (RFC 8446, section 6).
    Alert(u8),
    /// Answers with these statuses.
    Statuses(Vec<u16>),
}

impl Expect {
    fn parse(text: &str) -> Self {
        match text.split_once(' ') {
            _ if text == "nothing" => Self::Nothing,
            Some(("alert", number)) => Self::Alert(number.parse().expect("an alert's number")),
            _ => Self::Statuses(text.split(", ").map(|status| status.parse().expect("a status")).collect()),
        }
    }
}

impl Case {
    fn read(path: &Path) -> Self {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read(path).expect("the request");
        let (expect, says, over, after) = (Expect::default(), String::new(), "http1".into(), "closed".into());
        let mut case = Self { name, expect, says, over, after, bytes: vec![] };
        let mut rest = text.as_slice();
        while let Some(line) = rest.strip_prefix(b"#: ") {
            let end = line.iter().position(|byte| *byte == b'\n').expect("a whole line");
            let said = String::from_utf8_lossy(&line[..end]).into_owned();
            let (key, value) = said.split_once(": ").unwrap_or_else(|| panic!("{}: {said}", case.name));
            match key {
                "what" => {}
                "expect" => case.expect = Expect::parse(value),
                "says" => case.says = value.to_owned(),
                "over" => case.over = value.to_owned(),
                "after" => case.after = value.to_owned(),
                _ => panic!("{}: what is {key}?", case.name),
            }
            rest = &line[end + 1..];
        }
        case.bytes = written_out(rest);
        case
    }

    /// What is wrong with what the server made of it.
    async fn send(&self, town: &Town) -> Result<(), String> {
        let address = town.server.address();
        match self.over.as_str() {
            "tcp" => {
                let stream = tokio::net::TcpStream::connect(address).await.map_err(|error| error.to_string())?;
                self.talk(stream).await
            }
            over => {
                let protocol = if over == "h2" { "h2" } else { "http/1.1" };
                let stream = world::connect(address, world::tls(&town.ca, &[protocol])).await;
                self.talk(stream.map_err(|error| error.to_string())?).await
            }
        }
    }

    async fn talk(&self, stream: impl AsyncRead + AsyncWrite) -> Result<(), String> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        // The server may answer, and stop listening, before it has heard everything.
        let sending = async {
            let _ = writer.write_all(&self.bytes).await;
            let _ = writer.flush().await;
            writer
        };
        let (writer, heard) = tokio::join!(sending, self.hear(&mut reader));
        heard?;
        self.try_again(&mut reader, writer).await
    }

    async fn hear(&self, reader: &mut (impl AsyncRead + Unpin)) -> Result<(), String> {
        let Expect::Statuses(statuses) = &self.expect else { return Ok(()) };
        let mut said = false;
        for status in statuses {
            let answer = Answer::read(reader).await?;
            if answer.status != *status {
                return Err(format!("{}, not {status}: {}", answer.status, answer.body));
            }
            if answer.status >= 400 {
                let sentence = answer.sentence()?;
                if !said && !sentence.contains(&self.says) {
                    return Err(format!("it says {sentence:?}, not {:?}", self.says));
                }
                said = true;
            }
        }
        Ok(())
    }

    async fn try_again(
        &self,
        reader: &mut (impl AsyncRead + Unpin),
        mut writer: impl AsyncWrite + Unpin,
    ) -> Result<(), String> {
        match self.after.as_str() {
            "open" => {
                writer.write_all(AGAIN).await.map_err(|error| format!("the next request: {error}"))?;
                let answer = Answer::read(reader).await.map_err(|error| format!("the next request: {error}"))?;
                (answer.status == 200).then_some(()).ok_or_else(|| format!("the next request: {}", answer.status))
            }
            "closed" => {
                let mut rest = vec![];
                let _ = reader.read_to_end(&mut rest).await;
                self.check_rest(&rest)
            }
            "either" => Ok(()),
            other => Err(format!("what is {other}?")),
        }
    }

    /// What may come before the end: nothing behind the answers; an alert; what HTTP/2 says when it gives up.
    fn check_rest(&self, rest: &[u8]) -> Result<(), String> {
        let fine = match &self.expect {
            Expect::Statuses(_) => rest.is_empty(),
            Expect::Alert(number) => matches!(rest, [21, 3, _, 0, 2, 2, alert] if alert == number),
            Expect::Nothing => !rest.starts_with(b"HTTP/"),
        };
        fine.then_some(()).ok_or_else(|| format!("then comes {:?}", String::from_utf8_lossy(rest)))
    }
}

/// Writes `<<1000*x>>` out.
fn written_out(mut text: &[u8]) -> Vec<u8> {
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|window| window == what);
    let mut bytes = vec![];
    while let Some(start) = find(text, b"<<") {
        let inside = &text[start + 2..];
        let (star, end) = (find(inside, b"*").expect("a star"), find(inside, b">>").expect("an end"));
        let times: usize = std::str::from_utf8(&inside[..star]).expect("a number").parse().expect("a number");
        bytes.extend_from_slice(&text[..start]);
        bytes.extend(inside[star + 1..end].repeat(times));
        text = &inside[end + 2..];
    }
    bytes.extend_from_slice(text);
    bytes
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    async fn read(reader: &mut (impl AsyncRead + Unpin)) -> Result<Self, String> {
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            let byte = reader.read_u8().await;
            head.push(byte.map_err(|error| format!("{error} after {:?}", String::from_utf8_lossy(&head)))?);
        }
        let head = String::from_utf8(head).map_err(|error| error.to_string())?;
        let status = head.strip_prefix("HTTP/1.1 ").or_else(|| head.strip_prefix("HTTP/1.0 "));
        let status = status.and_then(|rest| rest.get(..3)?.parse().ok()).ok_or_else(|| format!("no answer: {head}"))?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.ok_or_else(|| format!("no length: {head}"))?];
        reader.read_exact(&mut body).await.map_err(|error| error.to_string())?;
        Ok(Self { status, head, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// What it says is wrong: in JSON, and not as long as what was sent.
    fn sentence(&self) -> Result<String, String> {
        for field in ["content-type: application/json\r\n", "cache-control: no-store\r\n"] {
            self.head.contains(field).then_some(()).ok_or_else(|| format!("no {field:?} in {}", self.head))?;
        }
        let body: Value = serde_json::from_str(&self.body).map_err(|error| format!("{error}: {}", self.body))?;
        // Mailboxes have a shape of their own.
        match body.get("error").or_else(|| body.get("message")).and_then(Value::as_str) {
            Some(sentence) if (10..400).contains(&sentence.len()) => Ok(sentence.to_owned()),
            _ => Err(format!("it says nothing that helps: {}", self.body)),
        }
    }
}

fn cases() -> Vec<Case> {
    let folder = std::fs::read_dir(world::repository("tests/hostile/requests")).expect("the corpus");
    let mut cases: Vec<Case> = folder.flatten().map(|entry| Case::read(&entry.path())).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_requests_are_answered_as_they_must_and_the_server_goes_on() {
    let cases = cases();
    assert!(cases.len() >= 150, "only {} hostile requests", cases.len());
    let town = Town::with(mailbox::open()).await;
    // Somebody whom requests about mailboxes can pass for.
    let own = json!({"username": "hostile", "password": "secret", "private_key": "", "public_key": ""});
    assert_eq!(town.post("/users", &own).await.status, 201);
    let mut witness = town.connection().await;
    let mut wrong = vec![];
    for case in &cases {
        let outcome = tokio::time::timeout(PATIENCE, case.send(&town)).await;
        if let Err(complaint) = outcome.unwrap_or_else(|_| Err("no end".to_owned())) {
            wrong.push(format!("{}: {complaint}", case.name));
        }
        let health = witness.send("GET", "/healthz", &[], b"").await;
        assert_eq!(health.status, 200, "after {}", case.name);
    }
    assert!(wrong.is_empty(), "{} of {} requests:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(town.ask("GET", "/healthz", &[], b"").await.status, 200);
}
