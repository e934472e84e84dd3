//! `cloud-python client --sealed` with somebody on the line, or at its end, who lies.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use cloud_python::clock::Clock;
use cloud_python::keys::{PrivateKey, Share};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::commands::Home;
use super::keyboard::type_at;
use crate::world::{Caller, output, program, said};

/// What is done with a connection after its request was read.
#[derive(Clone)]
enum Say {
    /// These bytes, and the end.
    This(Vec<u8>),
    /// These bytes, and then again and again, for as long as somebody takes them.
    Forever(Vec<u8>),
    /// These bytes, and nothing more.
    Hang(Vec<u8>),
}

/// A request as it was read, and the key of the latest session.
struct Asked<'a> {
    session: &'a Caller,
    path: &'a str,
    /// What was said to the request before.
    before: &'a [u8],
}

type Trick = Arc<dyn Fn(&Asked<'_>) -> Say + Send + Sync>;

/// A server with the right key, or one that has it in its reach, and a home that knows it.
struct Liar {
    url: String,
    home: Home,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Liar {
    /// Lets everybody in, and answers everything else like this.
    async fn new(trick: impl Fn(&Asked<'_>) -> Say + Send + Sync + 'static) -> Self {
        let (home, key, paths) = (Home::empty(), PrivateKey::make().unwrap(), Arc::default());
        home.put("sealed.pem", &key.public().to_pem().unwrap());
        home.put("ada_key.pem", PrivateKey::make().unwrap().to_pem(None).unwrap().expose());
        std::fs::set_permissions(home.path("ada_key.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
        home.put("file", "content");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, key, Arc::new(trick), Arc::clone(&paths)));
        Self { url: format!("http://{address}"), home, paths }
    }

    /// One that is honest until it is asked for something.
    async fn after_the_handshake(trick: impl Fn(&Asked<'_>) -> Say + Send + Sync + 'static) -> Self {
        Self::new(move |asked| if asked.path == "/info" { info(asked, "ada") } else { trick(asked) }).await
    }

    /// One that is honest in all but files: `x` has five bytes.
    async fn of_files(trick: impl Fn(&Asked<'_>) -> Say + Send + Sync + 'static) -> Self {
        Self::of_a_file(5, trick).await
    }

    /// The same where `x` has so many.
    async fn of_a_file(bytes: usize, trick: impl Fn(&Asked<'_>) -> Say + Send + Sync + 'static) -> Self {
        let listed = move |asked: &Asked<'_>| sealed(asked, &format!("-rw------- {bytes:>12} 2026-11-22 12:00 ./x\n"));
        Self::after_the_handshake(
            move |asked| if asked.path.starts_with("/cmd/") { listed(asked) } else { trick(asked) },
        )
        .await
    }

    fn client(&self, arguments: &[&str]) -> Output {
        let place = ["--sealed", &self.url, "--user", "ada", "--key", "ada_key.pem", "--server-key", "sealed.pem"];
        let arguments = [&["client", "--patience", "2"], &place[..], arguments].concat();
        output(self.home.place(&mut program(&arguments)))
    }

    /// What a command says that is not fooled, and leaves nothing behind.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.client(arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
        let count = std::fs::read_dir(self.home.path("")).unwrap().flatten().filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            !["sealed.pem", "ada_key.pem", "file", ".config"].contains(&name.as_str())
        });
        assert_eq!(count.count(), 0, "something is left behind");
        assert_eq!(std::fs::read_to_string(self.home.path("file")).unwrap(), "content");
        said(&output)
    }

    /// How often paths that begin like this have been asked for.
    fn times(&self, path: &str) -> usize {
        self.paths.lock().unwrap().iter().filter(|asked| asked.starts_with(path)).count()
    }
}

async fn serve(listener: TcpListener, key: PrivateKey, trick: Trick, paths: Arc<Mutex<Vec<String>>>) {
    let address = listener.local_addr().unwrap();
    let mut session = caller(address, [0; 32]);
    let mut before = vec![];
    while let Ok((mut stream, _)) = listener.accept().await {
        let Some((path, body)) = read(&mut stream).await else { continue };
        paths.lock().unwrap().push(path.clone());
        let say = match (path.as_str(), body.is_empty()) {
            ("/auth", false) => {
                let (answer, secret) = greet(&key, &body);
                session = caller(address, secret);
                Say::This(answer)
            }
            _ => trick(&Asked { session: &session, path: &path, before: &before }),
        };
        if let Say::This(bytes) = &say {
            before.clone_from(bytes);
        }
        tokio::spawn(async move {
            let (Say::This(bytes) | Say::Forever(bytes) | Say::Hang(bytes)) = &say;
            let mut taken = stream.write_all(bytes).await;
            while matches!(say, Say::Forever(_)) && taken.is_ok() {
                taken = stream.write_all(bytes).await;
            }
            if let Say::Hang(_) = say {
                // Until the other end goes.
                let _ = stream.read_to_end(&mut vec![]).await;
            }
        });
    }
}

fn caller(address: SocketAddr, key: [u8; 32]) -> Caller {
    Caller { address, cookie: String::new(), key, clock: Clock::system() }
}

/// The path of a request, and a body with a length.
async fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = vec![];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&more[..count]),
            _ => return None,
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let path = String::from_utf8_lossy(&bytes[..end]).split(' ').nth(1)?.to_owned();
    while bytes.len() < end + length {
        let mut more = vec![0; end + length - bytes.len()];
        stream.read_exact(&mut more).await.ok()?;
        bytes.extend(more);
    }
    Some((path, bytes[end..].to_vec()))
}

/// The server's part of an honest handshake.
fn greet(key: &PrivateKey, hello: &[u8]) -> (Vec<u8>, [u8; 32]) {
    let hello: Value = serde_json::from_slice(hello).unwrap();
    let theirs: [u8; 56] = URL_SAFE.decode(hello["key"].as_str().unwrap()).unwrap().try_into().unwrap();
    let share = Share::make().unwrap();
    let secret = share.agree(&theirs).unwrap();
    let hash = Sha256::new_with_prefix([0, 0, 0, 1]).chain_update(secret.expose()).chain_update(b"remo_serv");
    let signed = format!("{}\r\n{}", URL_SAFE.encode(share.public()), URL_SAFE.encode(key.sign(&share.public())));
    (open("200 OK\r\nset-cookie: SESSION_ID=abc; Path=/", &signed), hash.finalize().into())
}

/// An answer that is not sealed.
fn open(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// An answer in one chunk, without its end.
fn cut(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n", body.len()).into_bytes()
}

/// An answer in one chunk.
fn chunked(body: &str) -> Say {
    Say::This([cut(body), b"0\r\n\r\n".to_vec()].concat())
}

/// An honest answer.
fn sealed(asked: &Asked<'_>, content: &str) -> Say {
    chunked(&format!("{}\r\n", asked.session.token(content.as_bytes())))
}

fn info(asked: &Asked<'_>, user: &str) -> Say {
    sealed(asked, &format!("cloud-python 1.0\r\nuser: {user}"))
}

/// The token of a request's path.
fn asked_token(asked: &Asked<'_>) -> String {
    asked.path.split('/').nth(2).unwrap_or_default().to_owned()
}

fn made(asked: &Asked<'_>, seconds_ago: i64, content: &str) -> String {
    let time = asked.session.clock.now().0.checked_add_signed(-seconds_ago).unwrap();
    asked.session.token_at(time, content.as_bytes()) + "\r\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_server_is_believed() {
    let liar = Liar::of_files(|asked| sealed(asked, "hello")).await;
    let output = liar.client(&["get", "x", "-"]);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(0), &b"hello"[..]), "{}", said(&output));
    assert_eq!(said(&output), "");
}

/// Whoever sits on the line sends Ada's share as their own: the server signs for them, and Ada cannot tell from the handshake.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_in_a_session_that_is_not_known_to_be_ones_own() {
    type Case = (fn(&Asked<'_>) -> Say, &'static str);
    let cases: [Case; 8] = [
        (|asked| info(asked, "eve"), "the session is not ada's but that of eve"),
        (|asked| info(asked, "ada\u{1b}[2J"), "but that of ada\\x1b[2J"),
        (|asked| sealed(asked, "cloud-python 1.0"), "the server does not say whose session this is"),
        (
            |_| Say::This(open("200 OK", "cloud-python 1.0\r\nuser: ada")),
            "the answer is not from the server (status 200",
        ),
        (|_| chunked("cloud-python 1.0\r\nuser: ada\r\n"), "no token of this session"),
        (
            |asked| Say::This(format!("HTTP/1.1 200 OK\r\n\r\n{}\r\n", asked.session.token(b"user: ada")).into_bytes()),
            "not sealed",
        ),
        (|asked| chunked(&made(asked, 90, "x\r\nuser: ada")), "before it was asked for by this machine's clock"),
        (|asked| chunked(&made(asked, -90, "x\r\nuser: ada")), "after it came by this machine's clock"),
    ];
    for (trick, why) in cases {
        let liar = Liar::new(trick).await;
        for arguments in [&["get", "x", "file"][..], &["put", "file"], &["cmd", "ls"], &["shell"]] {
            let said = liar.refused(arguments);
            assert!(said.contains(why), "{why}: {said}");
        }
        assert_eq!([liar.times("/get"), liar.times("/put"), liar.times("/cmd")], [0; 3]);
        assert!(!liar.home.path(".config/cloud-python/sealed.json").exists(), "and it is not remembered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_the_servers_to_this_request_is_not_taken() {
    type Case = (fn(&Asked<'_>) -> Say, &'static str);
    let cases: [Case; 18] = [
        (|_| Say::This(open("200 OK", "made up")), "the answer is not from the server (status 200, not sealed)"),
        (|_| Say::This(open("404 Not Found", "made up")), "the answer is not from the server (status 404, not sealed)"),
        (|_| Say::This(open("302 Found\r\nlocation: http://127.0.0.1:1/", "")), "(status 302, not sealed)"),
        (|_| Say::This(open("403 Forbidden", "")), "it has ended (after ten minutes without a word"),
        (|_| Say::This(open("429 x\r\nretry-after: 7", "")), "slow down: try again in 7 s"),
        (|_| chunked("made up\r\n"), "no token of this session"),
        // Our own token, sent back; the answer before; one that was held back for long; one out of its order.
        (|asked| chunked(&(asked_token(asked) + "\r\n")), "no token of this session"),
        (|asked| Say::This(asked.before.to_vec()), "what is in it was said before"),
        (|asked| chunked(&made(asked, 61, "old")), "before it was asked for"),
        (|asked| chunked(&[made(asked, 0, "b"), made(asked, 3, "a")].concat()), "what is in it was said before"),
        (|asked| chunked(&made(asked, 0, "x").repeat(2)), "what is in it was said before"),
        // A refusal that nobody has written.
        (
            |_| {
                Say::This(
                    [b"HTTP/1.1 400 x\r\ntransfer-encoding: chunked\r\n\r\n".as_slice(), b"3\r\nno\n\r\n0\r\n\r\n"]
                        .concat(),
                )
            },
            "no token of this session",
        ),
        (|asked| chunked(made(asked, 0, "cut").trim_end()), "no token of this session"),
        (|asked| Say::This(cut(&made(asked, 0, "cut"))), "the connection ended before the answer was complete"),
        // Cut where a line ends, and nothing at all; more than there is; a refusal that is passed off as the file.
        (|asked| sealed(asked, "hell"), "4 bytes have come or gone where the server has 5"),
        (|_| chunked(""), "0 bytes have come or gone where the server has 5"),
        (|asked| sealed(asked, "hello again"), "11 bytes have come or gone"),
        (|asked| sealed(asked, "not found"), "9 bytes have come or gone"),
    ];
    for (number, (trick, why)) in cases.into_iter().enumerate() {
        let liar = Liar::of_files(trick).await;
        let said = liar.refused(&["get", "x", "file"]);
        assert!(said.contains(why), "{number} {why}: {said}");
        assert_eq!(liar.times("/get"), 1, "{number}: asked once, whatever came of it");
    }
}

/// The answer to an upload has no word in it, so anybody can give it.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_done_when_the_server_has_all_of_it() {
    const NONE: &str = "ls: ./large: No such file or directory\n";
    const FIVE: &str = "-rw-------            5 2026-11-22 12:00 ./large\n";
    const FOLDER: &str = "-rw-------            5 2026-11-22 12:00 large\n";
    for (content, before, after, why) in [
        ("more than five", NONE, FIVE, "14 bytes have come or gone where the server has 5"),
        ("", NONE, FIVE, "0 bytes have come"),
        ("exact", NONE, FIVE, ""),
        ("exact", NONE, NONE, "the server refused: large: No such file or directory"),
        ("exact", NONE, "", "the server says nothing of ./large"),
        ("exact", NONE, FOLDER, "the server refused: this is a directory there"),
        ("exact", "", FIVE, "the server says nothing of ./large"),
        ("exact", FOLDER, FIVE, "the server refused: this is a directory there"),
    ] {
        let count = AtomicUsize::new(0);
        let liar = Liar::after_the_handshake(move |asked| match asked.path.starts_with("/cmd/") {
            true => match if count.fetch_add(1, Ordering::Relaxed) == 0 { before } else { after } {
                "" => chunked(""),
                listed => sealed(asked, listed),
            },
            false => chunked(""),
        });
        let liar = liar.await;
        liar.home.put("large", content);
        let output = liar.client(&["put", "large"]);
        assert_eq!(output.status.code(), Some(i32::from(!why.is_empty())), "{before:?}, {after:?}: {output:?}");
        assert!(said(&output).contains(why), "{before:?}, {after:?}: {output:?}");
        assert_eq!(liar.times("/put"), usize::from(before == NONE));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_too_much_or_nothing_is_not_listened_to_for_ever() {
    type Case = (fn(&Asked<'_>) -> Say, &'static str);
    let cases: [Case; 6] = [
        (|_| Say::Hang(vec![]), "nothing more came for 2 s"),
        (|asked| Say::Hang(cut(&made(asked, 0, "begun"))), "nothing more came for 2 s"),
        // More than was said is not waited for, nor written down.
        (
            |asked| Say::Hang(cut(&made(asked, 0, "more than five"))),
            "14 bytes have come or gone where the server has 5",
        ),
        (
            |_| {
                Say::Hang(
                    [
                        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7fffffff\r\n".to_vec(),
                        vec![b'A'; 3 << 20],
                    ]
                    .concat(),
                )
            },
            "no token of this session",
        ),
        (|_| Say::Forever(b"HTTP/1.1 200 OK\r\nx: y\r\n".to_vec()), "unexpected answer: "),
        (|_| Say::This(b"SSH-2.0-OpenSSH\r\n".to_vec()), "unexpected answer: not HTTP/1.1"),
    ];
    for (trick, why) in cases {
        let liar = Liar::of_files(trick).await;
        let said = liar.refused(&["get", "x", "file"]);
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_wait_shows_how_far_it_has_come_and_leaves_nothing_behind() {
    let liar = Liar::of_a_file(1 << 20, |asked| Say::Hang(cut(&made(asked, 0, &"x".repeat(1 << 19))))).await;
    let flags = ["--sealed", &liar.url, "--user", "ada", "--key", "ada_key.pem", "--server-key", "sealed.pem"];
    let arguments = [&["client", "--patience", "4"], &flags[..], &["get", "x"]].concat();
    let seen = type_at(&liar.home, &[("| receiving 0.5 MiB", "")], &arguments);
    assert_eq!(seen.code, 1, "{:?}", seen.screen);
    assert!(seen.screen.ends_with("\r\u{1b}[Kcloud-python: nothing more came for 4 s\n"), "{:?}", seen.screen);
}

/// A session is said to have ended, by the server or by somebody else. The command may have been done, so it is not sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_shell_begins_a_new_session_and_asks_nothing_twice() {
    let count = Mutex::new(0);
    let liar = Liar::after_the_handshake(move |asked| {
        if !asked.path.starts_with("/cmd/") {
            return Say::This(open("200 OK", "Disconnected"));
        }
        let mut count = count.lock().unwrap();
        *count += 1;
        match *count {
            2 => Say::This(open("403 Forbidden", "")),
            number => sealed(asked, &format!("number {number}\n")),
        }
    })
    .await;
    let flags = ["--sealed", &liar.url, "--user", "ada", "--key", "ada_key.pem", "--server-key", "sealed.pem", "shell"];
    let steps = [
        ("ada> ", "one\n"),
        ("number 1\r\nada> ", "two\n"),
        ("cloud-python: a new session has begun\r\nada> ", "three\n"),
        ("number 3\r\nada> ", "\u{4}"),
    ];
    let seen = type_at(&liar.home, &steps, &[&["client"], &flags[..]].concat());
    assert!(seen.code == 0 && seen.screen.contains("whether this was done is not known"), "{:?}", seen.screen);
    assert_eq!((liar.times("/cmd"), liar.times("/info")), (3, 2));
}
