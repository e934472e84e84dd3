//! The sealed channel, as a client of it sees it: handshake, sessions, tokens, files, commands.

mod line;
mod table;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use cloud_python::config::{Config, limits};
use cloud_python::keys::{PrivateKey, Share};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{self, Answer, Caller, Framing, Town, hello, parse_answer, register};

fn config() -> Config {
    Config { sealed: Some("127.0.0.1:0".parse().unwrap()), ..world::config() }
}

async fn town() -> Town {
    Town::with(config()).await
}

/// Status and body, where nobody is told more.
fn bare(answer: &Answer) -> (u16, &[u8]) {
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()), "{answer:?}");
    (answer.status, &answer.body)
}

#[tokio::test]
async fn a_file_goes_there_and_back_in_both_framings() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let content: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
    for (framing, tokens) in [
        (Framing::Length, vec![ada.token(&content)]),
        (Framing::Chunks(8192), content.chunks(8192).map(|block| ada.token(block)).collect()),
        (Framing::Chunks(7), content.chunks(300_000).map(|block| ada.token(block)).collect()),
    ] {
        let path = format!("/put/{}", ada.token(b"folder/file"));
        let put = ada.send_as("POST", &path, &[], tokens.join("\r\n").as_bytes(), framing).await;
        assert_eq!(put.status, 200, "{framing:?}");
        assert!(ada.said(&put).is_empty());
        let got = ada.send("GET", &format!("/get/{}", ada.token(b"folder/file")), &[], b"").await;
        assert_eq!(got.status, 200);
        assert!(ada.said(&got) == content, "{framing:?}");
    }
    let put = ada.ask("put", b"empty", b"").await;
    assert_eq!(put.status, 200);
    assert!(ada.said(&ada.ask("get", b"empty", b"").await).is_empty());
    town.close().await;
}

#[tokio::test]
async fn a_body_that_is_not_made_of_good_tokens_changes_nothing() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    assert_eq!(ada.ask("put", b"file", b"before").await.status, 200);
    let (good, late) = (ada.token(b"after"), ada.token_at(ada.clock.now().0 - 61, b"after"));
    let used = ada.token(b"used");
    let put = |body: String, framing| {
        let ada = ada.clone();
        async move {
            let path = format!("/put/{}", ada.token(b"file"));
            ada.send_as("POST", &path, &[], body.as_bytes(), framing).await.status
        }
    };
    assert_eq!(put(used.clone(), Framing::Length).await, 200);
    assert_eq!(ada.ask("put", b"file", b"before").await.status, 200);
    let backwards = [ada.token(b"a"), ada.token_at(ada.clock.now().0 - 3, b"b")].join("\r\n");
    for (body, framing) in [
        ("nonsense".to_owned(), Framing::Length),
        (used.clone(), Framing::Length),
        (late, Framing::Length),
        (format!("{}\r\n{used}", ada.token(b"x")), Framing::Chunks(100)),
        (format!("{}\r\n\r\n{}", ada.token(b"x"), ada.token(b"y")), Framing::Chunks(100)),
        (format!("{good}\r\n{good}"), Framing::Chunks(50)),
        (format!("{}\r\n{}", ada.token(b"x"), ada.token(b"y")), Framing::Length),
        (backwards, Framing::Chunks(1000)),
        (ada.token(b"cut off")[..50].to_owned(), Framing::Chunks(1000)),
    ] {
        assert_eq!(put(body.clone(), framing).await, 400, "{body}");
    }
    // The session goes on, and the file is as it was.
    assert_eq!(ada.said(&ada.ask("get", b"file", b"").await), b"before");
    town.close().await;
}

#[tokio::test]
async fn a_token_is_good_once_in_its_session_and_nowhere_else() {
    let town = town().await;
    let (ada, key) = Caller::new(&town, "ada").await;
    let (bob, _) = Caller::new(&town, "bob").await;
    assert_eq!(ada.ask("put", b"file", b"secret").await.status, 200);
    let path = format!("/get/{}", ada.token(b"file"));
    let first = ada.send("GET", &path, &[], b"").await;
    assert_eq!(first.status, 200);
    // What the server has said is not taken for something that was asked.
    let reflected = first.text().trim().to_owned();
    let second = Caller::enter(&town, "ada", &key).await.unwrap_or_else(|answer| panic!("{answer:?}"));
    let flipped = format!("/get/{}", {
        let mut bytes = URL_SAFE.decode(ada.token(b"file")).unwrap();
        bytes[30] ^= 1;
        URL_SAFE.encode(bytes)
    });
    for (caller, path) in [
        (&ada, path.clone()),
        (&ada, format!("/get/{reflected}")),
        (&ada, flipped),
        (&ada, format!("/get/{}", bob.token(b"file"))),
        (&ada, format!("/get/{}", ada.token_at(ada.clock.now().0 - 61, b"file"))),
        (&ada, format!("/get/{}", ada.token_at(ada.clock.now().0 + 61, b"file"))),
        (&bob, format!("/get/{}", ada.token(b"file"))),
        (&second, format!("/get/{}", ada.token(b"file"))),
        (&Caller::stranger(&town), format!("/get/{}", ada.token(b"file"))),
    ] {
        let answer = caller.send("GET", &path, &[], b"").await;
        assert_eq!(bare(&answer), (403, &b""[..]), "{path}");
    }
    // In any order, within the bound.
    let tokens = [30, 0, 59, 10].map(|age| ada.token_at(ada.clock.now().0 - age, b"file"));
    for (round, expected) in [("first", 200), ("second", 403)] {
        for token in &tokens {
            let answer = ada.send("GET", &format!("/get/{token}"), &[], b"").await;
            assert_eq!(answer.status, expected, "{round}");
        }
    }
    assert_eq!(bob.ask("get", b"file", b"").await.status, 404, "a workspace is its user's own");
    town.close().await;
}

#[tokio::test]
async fn of_many_requests_with_one_token_one_wins() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    assert_eq!(ada.ask("put", b"file", b"x").await.status, 200);
    let path = format!("/get/{}", ada.token(b"file"));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (ada, path) = (ada.clone(), path.clone());
        callers.spawn(async move { ada.send("GET", &path, &[], b"").await.status });
    }
    let mut statuses = callers.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[..2], [200, 403]);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    // Different ones do not stand in each other's way.
    let mut callers = tokio::task::JoinSet::new();
    let many = limits::WORKSPACE_DOWNLOADS / 2;
    for _ in 0..many {
        let ada = ada.clone();
        callers.spawn(async move { ada.ask("get", b"file", b"").await.status });
    }
    assert_eq!(callers.join_all().await, vec![200; many]);
    town.close().await;
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_nothing() {
    let town = town().await;
    let (_, key) = Caller::new(&town, "ada").await;
    let (stranger, other) = (Caller::stranger(&town), PrivateKey::make().unwrap());
    let share = Share::make().unwrap().public();
    let mut odd = [0; 56];
    odd[0] = 1;
    let short = hello("ada", &share, &key).replace("\"sign\":\"", "\"sign\":\"AAAA\",\"x\":\"");
    let refused: Vec<Vec<u8>> = vec![
        hello("ada", &share, &other).into_bytes(),
        hello("nobody", &share, &key).into_bytes(),
        hello("../ada", &share, &key).into_bytes(),
        hello("", &share, &key).into_bytes(),
        hello("ada", &[0; 56], &key).into_bytes(),
        hello("ada", &odd, &key).into_bytes(),
        hello("nobody", &[0; 56], &key).into_bytes(),
        hello("bob", &share, &key).replace("bob", "ada").into_bytes(),
        format!(r#"{{"user":"ada","key":"{}","sign":""}}"#, URL_SAFE.encode(share)).into_bytes(),
    ];
    let mut answers = vec![];
    for body in &refused {
        let answer = stranger.send("POST", "/auth", &[], body).await;
        assert_eq!(bare(&answer), (403, &b""[..]), "{}", String::from_utf8_lossy(body));
        assert_eq!(answer.header("set-cookie"), None);
        let mut fields: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        fields.sort_unstable();
        answers.push(fields);
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "the same fields for all: {answers:?}");
    for body in [&b"{}"[..], b"hello", b"[]", b"\xff", b"{\"user\":\"ada\"}", short.as_bytes()] {
        assert_eq!(bare(&stranger.send("POST", "/auth", &[], body).await), (400, &b""[..]));
    }
    let long = vec![b' '; limits::BODY_BYTES + 1];
    assert_eq!(bare(&stranger.send("POST", "/auth", &[], &long).await), (413, &b""[..]));
    town.close().await;
}

#[tokio::test]
async fn a_session_ends_by_time_by_leaving_and_by_the_operator() {
    let town = town().await;
    let (ada, key) = Caller::new(&town, "ada").await;
    for _ in 0..3 {
        town.clock.advance(Duration::from_secs(599));
        assert_eq!(ada.ask("get", b"none", b"").await.status, 404);
    }
    town.clock.advance(Duration::from_secs(600));
    assert_eq!(ada.ask("get", b"none", b"").await.status, 403);

    let again = Caller::enter(&town, "ada", &key).await.ok().unwrap();
    assert_eq!(again.ask("get", b"none", b"").await.status, 404);
    let left = again.send("POST", "/auth", &[], b"").await;
    assert_eq!(bare(&left), (200, &b"Disconnected"[..]));
    assert_eq!(again.ask("get", b"none", b"").await.status, 403);
    assert_eq!(bare(&Caller::stranger(&town).send("GET", "/auth", &[], b"").await), (200, &b"Disconnected"[..]));

    // A new key of the same name is another user.
    let third = Caller::enter(&town, "ada", &key).await.ok().unwrap();
    assert_eq!(town.admin("POST", "/keys/ada/remove").await.status, 200);
    let other = PrivateKey::make().unwrap();
    register(&town, "ada", &other).await;
    assert_eq!(third.ask("get", b"none", b"").await.status, 403);
    assert_eq!(Caller::enter(&town, "ada", &key).await.err().unwrap().status, 403);
    assert!(Caller::enter(&town, "ada", &other).await.is_ok());

    let trail = town.admin("GET", "/audit?from=1").await.text();
    for event in ["KeyAdded", "LoggedIn", "LoggedOut", "KeyRemoved"] {
        assert!(trail.contains(&format!(r#""what":"{event}","about":"ada""#)), "{event}: {trail}");
    }
    town.close().await;
}

#[tokio::test]
async fn a_command_runs_to_its_end_with_its_input() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let echo = ada.ask("cmd", b"echo 'two words' three", b"").await;
    assert_eq!((echo.status, ada.said(&echo)), (200, b"two words three\n".to_vec()));
    let cat = ada.ask("cmd", b"cat", &vec![b'x'; 100_000]).await;
    assert_eq!((cat.status, ada.said(&cat)), (200, vec![b'x'; 100_000]));
    let unknown = ada.ask("cmd", b"/bin/sh -c id", b"").await;
    assert_eq!(unknown.status, 200);
    let said = String::from_utf8(ada.said(&unknown)).unwrap();
    assert!(said.contains("command not found"), "{said}");
    town.close().await;
}

async fn hear(ada: &Caller, expected: &[u8]) {
    let mut heard = vec![];
    while heard != expected {
        let answer = ada.tell("/idt", b"").await;
        assert_eq!(answer.status, 200);
        heard.extend(ada.said(&answer));
        assert!(expected.starts_with(&heard), "{}", String::from_utf8_lossy(&heard));
    }
}

#[tokio::test]
async fn a_command_that_is_left_running_is_fed_heard_and_ended() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let started = ada.ask("icm", b"cat", b"").await;
    assert_eq!((started.status, ada.said(&started)), (200, vec![]));
    let first = ada.tell("/idt", b"one\n").await;
    let mut heard = ada.said(&first);
    while heard != b"one\n" {
        heard.extend(ada.said(&ada.tell("/idt", b"").await));
    }
    let last = ada.tell("/edt", b"two\n").await;
    assert_eq!((last.status, ada.said(&last)), (200, b"two\n".to_vec()));
    assert_eq!(ada.tell("/idt", b"").await.status, 400);

    // The existing client ends every command that it began, also one that is over: that is no mistake.
    let echo = ada.ask("icm", b"echo said", b"").await;
    assert_eq!((echo.status, ada.said(&echo)), (200, b"said\n".to_vec()));
    let ended = ada.tell("/edt", b"").await;
    assert_eq!((ended.status, ada.said(&ended)), (200, vec![]));
    assert_eq!(ada.tell("/edt", b"").await.status, 400);
    assert_eq!(ada.ask("icm", b"echo said", b"").await.status, 200);
    assert_eq!(ada.tell("/idt", b"").await.status, 200, "that there is nothing more is an answer, too");
    assert_eq!(ada.tell("/idt", b"").await.status, 400);

    // More than one answer holds comes in several.
    let text = vec![b'y'; 3 * limits::SEALED_TALK_BYTES];
    assert_eq!(ada.ask("put", b"text", &text).await.status, 200);
    let first = ada.said(&ada.ask("icm", b"cat text", b"").await);
    assert!(first.len() <= limits::SEALED_TALK_BYTES && text.starts_with(&first));
    hear(&ada, &text[first.len()..]).await;

    // Any other request ends it; one that anybody could have made does not.
    assert_eq!(ada.ask("icm", b"cat", b"").await.status, 200);
    assert_eq!(ada.send("GET", "/get/nonsense", &[], b"").await.status, 403);
    assert_eq!(ada.tell("/idt", b"").await.status, 200);
    assert_eq!(ada.ask("get", b"none", b"").await.status, 404);
    assert_eq!(ada.tell("/idt", b"").await.status, 400);
    town.close().await;
}

#[tokio::test]
async fn what_is_too_long_or_too_slow_is_refused() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let long = "A".repeat(limits::SEALED_TOKEN_BYTES + 10);
    for framing in [Framing::Length, Framing::Chunks(1 << 20)] {
        let path = format!("/put/{}", ada.token(b"file"));
        let answer = ada.send_as("POST", &path, &[], long.as_bytes(), framing).await;
        assert_eq!(answer.status, 413, "{framing:?}");
    }
    let head = format!("GET /info HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(limits::HEAD_BYTES));
    let answer = ada.raw(head.as_bytes()).await;
    assert_eq!((answer.status, answer.body.len()), (431, 0));
    let answer = ada.raw(b"nonsense\r\n\r\n").await;
    assert_eq!((answer.status, answer.body.len()), (400, 0));
    let two = "transfer-encoding: chunked\r\ncontent-length: 3\r\n";
    let next = "GET /info HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = ada.raw(format!("POST /auth HTTP/1.1\r\nhost: x\r\n{two}\r\n0\r\n\r\n{next}").as_bytes()).await;
    // One reading, not two: the chunks count, and nothing that comes after them (RFC 9112, section 6.3).
    assert_eq!(bare(&answer), (200, &b"Disconnected"[..]));
    town.close().await;
}

#[tokio::test]
async fn the_largest_token_is_taken_and_a_larger_one_is_not() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let content = vec![b'z'; limits::SEALED_CONTENT_BYTES];
    for framing in [Framing::Length, Framing::Chunks(1 << 16)] {
        let path = format!("/put/{}", ada.token(b"file"));
        let put = ada.send_as("POST", &path, &[], ada.token(&content).as_bytes(), framing).await;
        assert_eq!(put.status, 200, "{framing:?}");
    }
    assert!(ada.said(&ada.ask("get", b"file", b"").await) == content);
    assert!(ada.said(&ada.ask("cmd", b"cat", &content[1..]).await) == content[1..]);
    let larger = vec![b'z'; limits::SEALED_CONTENT_BYTES + 1000];
    assert_eq!(ada.ask("put", b"file", &larger).await.status, 413);
    town.close().await;
}

/// As on the other listener: from its acceptance a connection has ten seconds to say what it wants.
#[tokio::test]
async fn a_connection_that_says_nothing_is_ended() {
    let town = town().await;
    let mut silent = tokio::net::TcpStream::connect(town.server.sealed_address().unwrap()).await.unwrap();
    let mut slow = tokio::net::TcpStream::connect(town.server.sealed_address().unwrap()).await.unwrap();
    slow.write_all(b"GET /info HTTP/1.1\r\nhost: x\r\nx: y").await.unwrap();
    let mut said = vec![];
    let ended = async { (silent.read_to_end(&mut said).await, slow.read_u8().await) };
    let (ended, slow) = tokio::time::timeout(limits::HEAD_TIME * 3, ended).await.expect("it is ended");
    assert!(ended.is_ok() && slow.is_err());
    assert!(said.is_empty(), "{said:?}");
    town.close().await;
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_order() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let mut stream = tokio::net::TcpStream::connect(ada.address).await.unwrap();
    let request = |path: &str, last: bool| {
        let end = if last { "connection: close\r\n" } else { "" };
        format!("GET {path} HTTP/1.1\r\nhost: x\r\ncookie: {}\r\n{end}\r\n", ada.cookie)
    };
    let none = format!("/get/{}", ada.token(b"none"));
    stream
        .write_all((request("/stop", false) + &request(&none, false) + &request("/idt", true)).as_bytes())
        .await
        .unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    let statuses: Vec<&str> = said.split("HTTP/1.1 ").skip(1).map(|part| &part[..3]).collect();
    assert_eq!(statuses, ["404", "404", "400"], "{said}");
    let _ = parse_answer(said.as_bytes());
    town.close().await;
}

#[tokio::test]
async fn one_network_does_not_begin_handshakes_without_end() {
    let one = std::num::NonZeroU32::new(5).unwrap();
    let town = Town::with(Config { logins_per_minute: one, ..config() }).await;
    let (stranger, key) = (Caller::stranger(&town), PrivateKey::make().unwrap());
    let body = hello("ada", &Share::make().unwrap().public(), &key);
    for _ in 0..5 {
        assert_eq!(stranger.send("POST", "/auth", &[], body.as_bytes()).await.status, 403);
    }
    let answer = stranger.send("POST", "/auth", &[], body.as_bytes()).await;
    assert_eq!(bare(&answer), (429, &b""[..]));
    assert!(answer.header("retry-after").is_some());
    town.close().await;
}

#[tokio::test]
async fn one_network_has_so_many_connections() {
    let town = Town::with(Config { connections_per_network: 1, ..config() }).await;
    let address = town.server.sealed_address().unwrap();
    let mut first = tokio::net::TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET /info HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    first.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let mut second = tokio::net::TcpStream::connect(address).await.unwrap();
    let _ = second.write_all(b"GET /info HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut said = vec![];
    let _ = second.read_to_end(&mut said).await;
    assert!(said.is_empty(), "{said:?}");
    town.close().await;
}

/// Nobody but the owner of a command's session hears of it: whoever goes away while it runs takes it along.
#[tokio::test]
async fn a_command_ends_with_its_session() {
    let town = town().await;
    let (ada, key) = Caller::new(&town, "ada").await;
    let running = || async { town.admin("GET", "/status").await.json()["runs"].as_u64().unwrap() };
    for end in ["leaving", "time", "the operator"] {
        let caller = Caller::enter(&town, "ada", &key).await.ok().unwrap();
        assert_eq!(caller.ask("icm", b"cat", b"").await.status, 200);
        assert_eq!(running().await, 1, "{end}");
        match end {
            "leaving" => assert_eq!(caller.send("POST", "/auth", &[], b"").await.status, 200),
            "time" => {
                town.clock.advance(Duration::from_secs(600));
                assert_eq!(caller.tell("/idt", b"").await.status, 403);
            }
            _ => assert_eq!(town.admin("POST", "/keys/ada/remove").await.status, 200),
        }
        let mut left = running().await;
        for _ in 0..1000 {
            if left == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            left = running().await;
        }
        assert_eq!(left, 0, "{end}");
    }
    assert_eq!(ada.tell("/idt", b"").await.status, 403);
    town.close().await;
}

/// The same commands, whether the server runs or not.
#[tokio::test]
async fn keys_are_made_and_users_registered_at_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let output = world::output(&mut world::program(arguments));
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), world::said(&output))
    };
    let (ada, ada_pem, data) = (path("ada"), path("ada.pem"), path("data"));
    assert_eq!(run(&["key", "new", &ada]).0, Some(2), "there is no terminal");
    assert_eq!(run(&["key", "new", &ada, "--no-passphrase"]).0, Some(0));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path("ada_key.pem")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let (code, _, said) = run(&["key", "new", &ada, "--no-passphrase"]);
    assert!(code == Some(1) && said.contains("is there already"), "{said}");
    std::fs::write(path("phrase"), "correct horse\n").unwrap();
    assert_eq!(run(&["key", "new", &path("bob"), "--passphrase-file", &path("phrase")]).0, Some(0));
    assert!(std::fs::read_to_string(path("bob_key.pem")).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));

    let key = |arguments: &[&str]| run(&[&["key", "--data", &data], arguments].concat());
    assert_eq!(key(&["list"]).0, Some(1));
    assert_eq!(key(&["add", "ada", &ada_pem]), (Some(0), "ada is registered\n".to_owned(), String::new()));
    let (code, _, said) = key(&["add", "ada", &ada_pem]);
    assert!(code == Some(1) && said.contains("ada has a key already: remove it first"), "{said}");
    let (code, _, said) = key(&["add", "bob", &path("bob_key.pem")]);
    assert!(code == Some(1) && said.contains("this is not the PEM file of an Ed448 public key"), "{said}");
    assert_eq!(key(&["add", "../bob", &ada_pem]).0, Some(2));
    let listed = key(&["list"]).1;
    assert!(listed.starts_with("ada  ") && listed.lines().count() == 1, "{listed}");

    let mut serving =
        world::Serving::start(folder.path().join("data").as_path(), "[sealed]\nlisten = \"127.0.0.1:0\"\n");
    assert_eq!(key(&["list"]).1, listed);
    assert_eq!(key(&["add", "bob", &path("bob.pem"), "--host-commands"]).1, "bob is registered for host commands\n");
    assert_eq!(key(&["remove", "ada"]).1, "ada is removed\n");
    assert!(serving.sealed_address().ip().is_loopback());
    assert_eq!(serving.terminate(), (Some(0), String::new()));
    assert!(key(&["list"]).1.contains("host commands"));
    assert_eq!(key(&["remove", "ada"]).0, Some(1));
    assert_eq!(key(&["remove", "bob"]).0, Some(0));
}
