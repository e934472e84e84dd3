//! What somebody on the line can do, and what the end of a session or of a user ends with it.

use std::time::Duration;

use cloud_python::config::limits;
use cloud_python::keys::{PrivateKey, Share};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{bare, town};
use crate::world::{Caller, Town, hello, register};

async fn trail(town: &Town) -> String {
    town.admin("GET", "/audit?from=1").await.text()
}

/// A hello that was seen was good for ever: whoever sent it again began a session, which stood in the trail as a log-in of its user, and
/// of which sixteen ended those that the user had.
#[tokio::test]
async fn a_hello_that_was_seen_begins_nothing_more() {
    let town = town().await;
    let (key, share, stranger) = (PrivateKey::make().unwrap(), Share::make().unwrap(), Caller::stranger(&town));
    register(&town, "ada", &key).await;
    let body = hello("ada", &share.public(), &key);
    let answer = stranger.send("POST", "/auth", &[], body.as_bytes()).await;
    let ada = Caller::agreed(&town, &share, &answer);
    let logged_in = r#""what":"LoggedIn","about":"ada""#;
    for _ in 0..2 * limits::SEALED_SESSIONS_PER_USER {
        let again = stranger.send("POST", "/auth", &[], body.as_bytes()).await;
        assert_eq!(bare(&again), (403, &b""[..]));
        town.clock.advance(Duration::from_secs(1));
    }
    assert!(!trail(&town).await.contains(logged_in), "nobody has shown that they have the key");
    for _ in 0..2 {
        assert_eq!(ada.ask("get", b"none", b"").await.status, 404);
    }
    assert_eq!(trail(&town).await.matches(logged_in).count(), 1);
    town.close().await;
}

/// A session in which nothing was said leaves no line either when it ends.
#[tokio::test]
async fn whoever_only_came_has_not_left() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    assert_eq!(ada.send("POST", "/auth", &[], b"").await.status, 200);
    let trail = trail(&town).await;
    assert!(!trail.contains("LoggedIn") && !trail.contains("LoggedOut"), "{trail}");
    town.close().await;
}

/// Eve signs ada's share, and sends that in place of ada's hello. The key is ada's, and the session eve's: what ada puts is in
/// eve's workspace. Ada can see it.
#[tokio::test]
async fn a_session_says_whose_it_is() {
    let town = town().await;
    let (share, eve) = (Share::make().unwrap(), PrivateKey::make().unwrap());
    register(&town, "eve", &eve).await;
    let body = hello("eve", &share.public(), &eve);
    let answer = Caller::stranger(&town).send("POST", "/auth", &[], body.as_bytes()).await;
    let ada = Caller::agreed(&town, &share, &answer);
    let info = String::from_utf8(ada.said(&ada.tell("/info", b"").await)).unwrap();
    assert_eq!(info.split_once("\r\n").map(|(_, user)| user), Some("user: eve"));
    town.close().await;
}

/// A token does not say what it is for: whoever held a `/get` back and sent it as a `/put` with no body emptied the file.
#[tokio::test]
async fn a_body_without_a_token_empties_no_file() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    assert_eq!(ada.ask("put", b"file", b"content").await.status, 200);
    let refused = ada.ask("put", b"file", b"").await;
    assert_eq!(refused.status, 409);
    let sentence = String::from_utf8(ada.said(&refused)).unwrap();
    assert!(sentence.contains("to empty it, remove it first"), "{sentence}");
    assert_eq!(ada.said(&ada.ask("get", b"file", b"").await), b"content");
    // Whoever has the key can say that it is to be empty.
    let path = format!("/put/{}", ada.token(b"file"));
    assert_eq!(ada.send("POST", &path, &[], ada.token(b"").as_bytes()).await.status, 200);
    for _ in 0..2 {
        assert_eq!(ada.ask("put", b"file", b"").await.status, 200, "an empty file may be put empty again");
        assert!(ada.said(&ada.ask("get", b"file", b"").await).is_empty());
    }
    town.close().await;
}

/// The user was looked up when the head had come. The body may take minutes; a command was then started for whoever had been removed
/// meanwhile.
#[tokio::test]
async fn whoever_is_removed_while_their_input_comes_starts_nothing() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    assert_eq!(ada.ask("cmd", b"mkdir before", b"").await.status, 200);
    let input = ada.token(b"input");
    let mut waiting = vec![];
    for verb in ["cmd", "put"] {
        let path = format!("/{verb}/{}", ada.token(if verb == "cmd" { b"mkdir after" } else { b"file" }));
        let mut request = ada.announce(&path, input.len()).await;
        request.send(&input.as_bytes()[..50]).await;
        waiting.push(request);
    }
    assert_eq!(town.admin("POST", "/keys/ada/remove").await.status, 200);
    for mut request in waiting {
        request.send(&input.as_bytes()[50..]).await;
        assert_eq!(bare(&request.answer().await), (403, &b""[..]));
    }
    let files = town.path("workspaces/ada/files");
    let names: Vec<_> = std::fs::read_dir(files).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["before"]);
    town.close().await;
}

/// One large token is made before it is sent. On a slow line it was refused for its age when its last byte had come.
#[tokio::test]
async fn a_token_that_is_long_on_its_way_is_as_old_as_the_body() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let (token, used) = (ada.token(b"slow"), ada.token(b"used"));
    let path = || format!("/put/{}", ada.token(b"file"));
    assert_eq!(ada.send("POST", &path(), &[], used.as_bytes()).await.status, 200);
    let (mut slow, mut again) = (ada.announce(&path(), token.len()).await, ada.announce(&path(), used.len()).await);
    town.clock.advance(Duration::from_secs(150));
    again.send(used.as_bytes()).await;
    assert_eq!(again.answer().await.status, 400, "what was taken is remembered for as long");
    slow.send(token.as_bytes()).await;
    assert_eq!(slow.answer().await.status, 200);
    assert_eq!(ada.said(&ada.ask("get", b"file", b"").await), b"slow");
    town.close().await;
}

/// What needs no token can be asked for by whoever has seen the cookie: it kept a session alive, and `/info` ended its command.
#[tokio::test]
async fn a_cookie_alone_keeps_no_session_alive_and_ends_no_command() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    let thief = Caller { key: [0; 32], ..ada.clone() };
    assert_eq!(ada.ask("icm", b"cat", b"").await.status, 200);
    for _ in 0..3 {
        assert_eq!(thief.tell("/info", b"").await.status, 200);
        assert_eq!(thief.tell("/idt", b"").await.status, 200, "it runs still");
        town.clock.advance(Duration::from_secs(199));
    }
    assert_eq!(ada.tell("/idt", b"line\n").await.status, 200);
    for _ in 0..3 {
        assert_eq!(thief.tell("/idt", b"").await.status, 200);
        town.clock.advance(Duration::from_secs(200));
    }
    assert_eq!(thief.tell("/idt", b"").await.status, 403);
    assert_eq!(ada.ask("get", b"none", b"").await.status, 403);
    town.close().await;
}

/// A command was with the request that listened to it: a line that broke just then took it along, and with a cookie that was seen
/// anybody could break one.
#[tokio::test]
async fn a_command_outlives_a_connection_that_is_lost_while_it_is_heard() {
    let town = town().await;
    let (ada, _) = Caller::new(&town, "ada").await;
    assert_eq!(ada.ask("icm", b"cat", b"").await.status, 200);
    for _ in 0..20 {
        let mut lost = TcpStream::connect(ada.address).await.unwrap();
        let head = format!("POST /idt HTTP/1.1\r\nhost: x\r\ncookie: {}\r\n\r\n", ada.cookie);
        lost.write_all(head.as_bytes()).await.unwrap();
        // Gone in the middle of the tenth of a second that it listens, as nearly always as matters here.
        let _ = tokio::time::timeout(limits::SEALED_TALK_WAIT / 4, lost.read_u8()).await;
    }
    let mut heard = ada.said(&ada.tell("/idt", b"line\n").await);
    while heard != b"line\n" {
        let more = ada.tell("/idt", b"").await;
        assert_eq!(more.status, 200);
        heard.extend(ada.said(&more));
    }
    town.close().await;
}

/// A download went on, and an answer was written to its end, after the session of whoever had asked for it had ended.
#[tokio::test]
async fn what_is_under_way_ends_with_its_session() {
    let town = town().await;
    let (_, key) = Caller::new(&town, "ada").await;
    // More than lies ready in buffers of the system and of the server.
    let content = vec![b'z'; limits::SEALED_CONTENT_BYTES];
    for end in ["leaving", "another session", "the operator"] {
        let ada = Caller::enter(&town, "ada", &key).await.ok().unwrap();
        assert_eq!(ada.ask("put", b"file", &content).await.status, 200);
        let mut stream = TcpStream::connect(ada.address).await.unwrap();
        let path = format!("/get/{}", ada.token(b"file"));
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\ncookie: {}\r\nconnection: close\r\n\r\n", ada.cookie);
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        match end {
            "leaving" => assert_eq!(ada.send("POST", "/auth", &[], b"").await.status, 200),
            "another session" => {
                let share = Share::make().unwrap().public();
                let body = hello("ada", &share, &key);
                assert_eq!(ada.send("POST", "/auth", &[], body.as_bytes()).await.status, 200);
            }
            _ => assert_eq!(town.admin("POST", "/keys/ada/remove").await.status, 200),
        }
        let mut got = vec![];
        // The connection may be reset: that, too, says that it was not all.
        let _ = stream.read_to_end(&mut got).await;
        // A line may end with 0; behind the last chunk's end it is the end of all.
        assert!(!got.ends_with(b"\r\n0\r\n\r\n"), "{end}: {} bytes and an end", got.len());
        assert!(got.len() < content.len(), "{end}");
    }
    town.close().await;
}
