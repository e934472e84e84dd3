//! Files, scripts and commands of the machine as a client has them: through the door of the sealed channel.
//!
//! `cargo test` moves 64 MiB each way; `CLOUD_PYTHON_STREAM_MIB=1024 cargo test --test integration a_large_file_goes` is the whole proof.

use std::time::Duration;

use cloud_python::clock::Clock;
use cloud_python::config::Config;
use cloud_python::keys::PrivateKey;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::world::{self, Answer, Caller, Serving, Town, socket};

const MIB: usize = 1 << 20;

/// What a server may grow by while a file passes: some pieces each way, and what an allocator keeps.
const GROWTH: usize = 24 * MIB;

async fn town() -> Town {
    let sealed = Some("127.0.0.1:0".parse().unwrap());
    Town::with(Config { sealed, host_commands: true, ..world::config() }).await
}

/// What a command has said, all of it.
async fn ran(caller: &Caller, line: &str, input: &str) -> String {
    let answer = caller.ask("cmd", line.as_bytes(), input.as_bytes()).await;
    assert_eq!(answer.status, 200, "{line}");
    text(caller, &answer)
}

fn text(caller: &Caller, answer: &Answer) -> String {
    String::from_utf8(caller.said(answer)).unwrap()
}

#[tokio::test]
async fn a_script_is_put_and_run_and_what_it_has_made_is_fetched() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let script = b"import sys\nname = sys.stdin.readline().strip()\nopen('out/made', 'w').write(name * 2)\n\
        print('hello', name, sys.argv[1:])\nprint('to stderr', file=sys.stderr)\nraise SystemExit(3)";
    for (name, content) in [("s.py", script.as_slice()), ("out/old", b"")] {
        assert_eq!(ada.ask("put", name.as_bytes(), content).await.status, 200);
    }
    assert_eq!(ran(&ada, "python3 s.py 'a b' c", "ada\n").await, "hello ada ['a b', 'c']\nto stderr\n");
    assert_eq!(ada.said(&ada.ask("get", b"out/made", b"").await), b"adaada");
    assert_eq!(ran(&ada, "ls out", "").await, "made\nold\n");
    assert_eq!(ran(&ada, "python3 -c 'import os; os.remove(\"out/old\")'", "").await, "");
    assert_eq!(ada.ask("get", b"out/old", b"").await.status, 404);
    // Another user has another workspace.
    let (bob, _) = Caller::new(&town, "bob").await;
    assert_eq!(bob.ask("get", b"s.py", b"").await.status, 404);
    assert_eq!(ran(&bob, "python3 s.py", "").await.lines().count(), 1);
    town.close().await;
}

#[tokio::test]
async fn a_console_goes_on_from_request_to_request_and_keeps_what_it_has_made() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let mut heard = text(&ada, &ada.ask("icm", b"python3", b"").await);
    for (line, until) in [("x = 6 * 7\n", ">>> >>> "), ("print('x is', x)\n", "x is 42\n"), ("", ">>> ")] {
        let mut said = text(&ada, &ada.tell("/idt", line.as_bytes()).await);
        heard.push_str(&said);
        while !heard.ends_with(until) && !heard.contains(&format!("{until}>>> ")) {
            said = text(&ada, &ada.tell("/idt", b"").await);
            heard.push_str(&said);
        }
    }
    let rest = ada.tell("/edt", b"_ = open('made', 'w').write(str(x))\n").await;
    assert_eq!(rest.status, 200);
    assert!(!ada.said(&rest).is_empty());
    assert_eq!(ada.said(&ada.ask("get", b"made", b"").await), b"42");
    // One that is ended by another request keeps nothing.
    let started = ada.ask("icm", b"python3 -u -c 'open(\"never\", \"w\"); print(1); input()'", b"").await;
    let mut heard = text(&ada, &started);
    while heard != "1\n" {
        heard.push_str(&text(&ada, &ada.tell("/idt", b"").await));
    }
    assert_eq!(ran(&ada, "ls", "").await, "made\n");
    town.close().await;
}

#[tokio::test]
async fn commands_of_the_machine_are_for_those_whose_key_says_so() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let key = PrivateKey::make().unwrap();
    let bytes = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, key.public().key().bytes());
    let added = town.admin("POST", &format!("/keys/root/add?key={bytes}&host-commands")).await;
    assert_eq!(added.status, 200, "{}", added.text());
    let root = Caller::enter(&town, "root", &key).await.unwrap();
    assert_eq!(ran(&ada, "tr a-z A-Z", "input").await, "tr: command not found\n");
    assert_eq!(ran(&root, "tr a-z A-Z", "input").await, "INPUT");
    assert_eq!(ran(&root, "sh -c 'echo $0 \"$@\" >made; cat made >&2' '$HOME' 'a  b'", "").await, "$HOME a  b\n");
    assert_eq!(root.said(&root.ask("get", b"made", b"").await), b"$HOME a  b\n");
    let trail = town.admin("GET", "/audit").await.text();
    assert!(trail.contains("root: tr a-z A-Z") && !trail.contains("ada: tr"), "{trail}");
    // Its key goes while the command runs: the command goes, too.
    let started = root.ask("icm", b"sh -c 'echo $$; sleep 1000'", b"").await;
    let mut heard = text(&root, &started);
    while !heard.ends_with('\n') {
        heard.push_str(&text(&root, &root.tell("/idt", b"").await));
    }
    let pid: u32 = heard.trim().parse().unwrap();
    assert_eq!(town.admin("POST", "/keys/root/remove").await.status, 200);
    world::until("the process is gone", || !super::is_alive(pid)).await;
    assert_eq!(root.ask("cmd", b"ls", b"").await.status, 403);
    town.close().await;
}

/// A client that keeps no more of a file than a piece.
struct Mover {
    caller: Caller,
    bytes: usize,
}

impl Mover {
    /// The content of a large file, a piece at a time.
    fn piece(number: usize) -> Vec<u8> {
        Sha256::digest(number.to_be_bytes()).repeat(2048)
    }

    async fn request(&self, verb: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.caller.address).await.unwrap();
        let head = format!(
            "POST /{verb}/{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\ncookie: {}\r\n\r\n",
            self.caller.token(b"large"),
            self.caller.cookie
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    async fn put(&self) {
        let mut stream = self.request("put").await;
        for number in 0..self.bytes >> 16 {
            let line = self.caller.token(&Self::piece(number)) + "\r\n";
            stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    async fn get(&self) {
        let mut stream = self.request("get").await;
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        let mut answer = BufReader::new(stream);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            answer.read_line(&mut line).await.unwrap();
        }
        let (mut sealed, mut content, mut bytes) = (vec![], vec![], 0);
        loop {
            line.clear();
            answer.read_line(&mut line).await.unwrap();
            let size = usize::from_str_radix(line.trim(), 16).unwrap();
            if size == 0 {
                break;
            }
            let begin = sealed.len();
            sealed.resize(begin + size + 2, 0);
            answer.read_exact(&mut sealed[begin..]).await.unwrap();
            sealed.truncate(begin + size);
            while let Some(end) = sealed.iter().position(|byte| *byte == b'\n') {
                let token: Vec<u8> = sealed.drain(..=end).collect();
                content.extend(self.caller.open(token.trim_ascii_end()));
            }
            while content.len() >= 1 << 16 {
                assert!(content[..1 << 16] == Self::piece(bytes >> 16), "after {bytes} bytes");
                content.drain(..1 << 16);
                bytes += 1 << 16;
            }
        }
        assert_eq!((bytes, sealed.len(), content.len()), (self.bytes, 0, 0));
    }
}

/// Does something, and returns by how much a server has been larger meanwhile than it was before.
async fn growth(server: &Serving, doing: impl Future<Output = ()>) -> usize {
    let before = server.resident();
    let mut most = before;
    let mut doing = std::pin::pin!(doing);
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    loop {
        tokio::select! {
            () = &mut doing => return most - before,
            _ = looks.tick() => most = most.max(server.resident()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_there_and_back_in_flat_memory() {
    let mib = std::env::var("CLOUD_PYTHON_STREAM_MIB").map_or(64, |text| text.parse().expect("a number of MiB"));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let config = "[sealed]\nlisten = \"127.0.0.1:0\"\nworkspace_mib = 4096\n";
    let mut server = Serving::start(&data, config);
    let (key, address) = (PrivateKey::make().unwrap(), server.sealed_address());
    let bytes = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, key.public().key().bytes());
    let added = socket::ask(&data.join("admin.sock"), "POST", &format!("/keys/ada/add?key={bytes}")).await;
    assert_eq!(added.status, 200, "{}", added.text());
    let known = std::fs::read_to_string(data.join("sealed.pem")).unwrap();
    let stranger = Caller { address, cookie: String::new(), key: [0; 32], clock: Clock::system() };
    let caller = stranger.enter_at(&known, "ada", &key).await.unwrap();
    // What a first file costs is not what is measured.
    let mut mover = Mover { caller, bytes: MIB };
    mover.put().await;
    mover.get().await;
    mover.bytes = mib * MIB;
    let up = growth(&server, mover.put()).await;
    assert_eq!(std::fs::metadata(data.join("workspaces/ada/files/large")).unwrap().len(), mover.bytes as u64);
    let down = growth(&server, mover.get()).await;
    assert!(up < GROWTH && down < GROWTH, "grew by {up} bytes on the way up, by {down} on the way down");
}
