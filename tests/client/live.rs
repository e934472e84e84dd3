//! Live sessions with a server that lies: each lie must end the session soon, with a sentence, whatever it was meant to do.

use std::time::Duration;

use cloud_python::client::{Client, ClientError, Ended, Heard, LiveInput, LiveOutput};
use cloud_python::config::limits;
use cloud_python::domain::{Argument, BearerToken, FilePath, JobFile, JobSpec, Script, TOKEN_BYTES};
use serde_json::{Value, json};

use super::liar::{Liar, Say};
use super::peer::{BINARY, CLOSE, PING, Peer, TEXT, frame};

const OK: &str = r#"{"error":"ok","exit_code":"AA=="}"#;

async fn open(liar: &Liar, job: &JobSpec) -> Result<(LiveInput, LiveOutput), ClientError> {
    let client = Client::new(&liar.endpoint()).unwrap().patient_for(Duration::from_secs(60));
    client.open(&BearerToken::new([7; TOKEN_BYTES]), job, Some(Duration::from_millis(2500))).await
}

fn script(text: &str) -> JobSpec {
    JobSpec::of(Script::parse(text).unwrap()).build().unwrap()
}

/// Everything that a session says, and how it ends.
async fn whole(say: Say) -> (Vec<Heard>, Result<Ended, ClientError>) {
    let liar = Liar::saying(move |_| say.clone());
    let mut heard = vec![];
    let (_input, mut output) = match open(&liar, &script("pass")).await {
        Ok(opened) => opened,
        Err(error) => return (heard, Err(error)),
    };
    loop {
        match output.next().await {
            Ok(Heard::Ended(ended)) => return (heard, Ok(ended)),
            Ok(other) => heard.push(other),
            Err(error) => return (heard, Err(error)),
        }
    }
}

/// What comes of these bytes after a good beginning.
async fn after_the_beginning(bytes: Vec<u8>) -> (Vec<Heard>, Result<Ended, ClientError>) {
    whole(Say::play(move |mut peer| {
        let bytes = bytes.clone();
        async move {
            peer.begin().await?;
            peer.say(&bytes).await
        }
    }))
    .await
}

fn stdout(text: &str) -> Heard {
    Heard::Stdout(text.as_bytes().to_vec())
}

fn exited(code: u8) -> Ended {
    Ended::Exited { stdout: vec![], stderr: vec![], code, files: vec![] }
}

#[tokio::test]
async fn an_honest_session_is_understood() {
    let liar = Liar::saying(|line| {
        assert_eq!(line, "GET /session HTTP/1.1");
        Say::play(|mut peer| async move {
            let first = peer.begin().await?;
            peer.stdout(&first.to_string()).await?;
            peer.say(&frame(PING, b"there?")).await?;
            let mut heard = [peer.hear().await?, peer.hear().await?];
            heard.sort();
            assert_eq!(heard, [(BINARY, b"\0\xff\0".to_vec()), (0x8a, b"there?".to_vec())]);
            peer.send(2, b"\xff\0").await?;
            assert_eq!(peer.input().await?, b"");
            peer.end(r#"{"error":"ok","exit_code":"Aw==","more":[{}]}"#).await
        })
    });
    let file = JobFile { path: FilePath::parse("d/f").unwrap(), content: vec![0xff, 0] };
    let job = JobSpec::of(Script::parse("pass\n").unwrap()).files(vec![file]);
    let job = job.arguments(vec![Argument::parse("-v").unwrap()]).build().unwrap();
    let (mut input, mut output) = open(&liar, &job).await.unwrap();
    let Heard::Stdout(first) = output.next().await.unwrap() else { panic!("no first message") };
    let first: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(first, json!({"data": "pass\n", "args": ["-v"], "files": {"d/f": "/wA="}, "timeout": 2.5}));
    // What was asked is answered while the script is waited for.
    let (sent, heard) = tokio::join!(input.send(b"\xff\0"), output.next());
    assert!(sent && input.end().await);
    assert_eq!(heard.unwrap(), Heard::Stderr(b"\xff\0".to_vec()));
    assert_eq!(output.next().await.unwrap(), Heard::Ended(exited(3)));
    let heard = liar.heard();
    let authority = liar.url().replace("https://", "");
    let token = BearerToken::new([7; TOKEN_BYTES]).text();
    for line in [
        format!("host: {authority}"),
        "connection: Upgrade".to_owned(),
        "upgrade: websocket".to_owned(),
        "sec-websocket-version: 13".to_owned(),
        "sec-websocket-protocol: v1.session.cloud-python".to_owned(),
        format!("authorization: Bearer {}", token.expose()),
    ] {
        assert!(heard[0].lines().any(|said| said == line), "{line}: {}", heard[0]);
    }
    assert!(!heard[0].contains("extensions") && !heard[0].contains("origin"), "{}", heard[0]);
}

#[tokio::test]
async fn the_interpreter_is_asked_for_with_null() {
    let liar = Liar::saying(|_| {
        Say::play(|mut peer| async move {
            let first = peer.begin().await?;
            peer.stdout(&first.to_string()).await?;
            peer.end(OK).await
        })
    });
    let (_input, mut output) = open(&liar, &JobSpec::interactive().build().unwrap()).await.unwrap();
    assert_eq!(output.next().await.unwrap(), stdout(r#"{"data":null,"timeout":2.5}"#));
}

#[tokio::test]
async fn a_large_first_message_arrives_whole_and_a_larger_one_is_not_sent() {
    let liar = Liar::saying(|_| {
        Say::play(|mut peer| async move {
            let first = peer.begin().await?;
            peer.stdout(&first["files"]["f"].as_str().unwrap().len().to_string()).await?;
            peer.end(OK).await
        })
    });
    let job = |size| {
        let file = JobFile { path: FilePath::parse("f").unwrap(), content: vec![7; size] };
        JobSpec::interactive().files(vec![file]).build().unwrap()
    };
    let (_input, mut output) = open(&liar, &job(20_000_001)).await.unwrap();
    assert_eq!(output.next().await.unwrap(), stdout("26666668"));
    let error = open(&liar, &job(26_000_000)).await.unwrap_err();
    assert!(matches!(error, ClientError::TooMuchToSend(_)), "{error}");
    assert_eq!(liar.heard().len(), 1);
}

/// A refusal may come while the first message is still being sent, and nobody reads the rest of it.
#[tokio::test]
async fn a_refusal_in_the_middle_of_the_first_message_is_heard() {
    let liar = Liar::saying(|_| {
        Say::play(|mut peer| async move {
            let key = peer.accept_key();
            peer.say(&head(&format!("Sec-WebSocket-Accept: {key}"))).await?;
            peer.hear().await?;
            peer.send(3, br#"{"error":"too much of it"}"#).await?;
            peer.say(&frame(CLOSE, &1009_u16.to_be_bytes())).await?;
            std::future::pending().await
        })
    });
    let file = JobFile { path: FilePath::parse("f").unwrap(), content: vec![7; 20_000_000] };
    let job = JobSpec::interactive().files(vec![file]).build().unwrap();
    let error = open(&liar, &job).await.unwrap_err();
    assert!(matches!(&error, ClientError::Refused(why) if why == "too much of it"), "{error}");
}

/// A good head with these lines instead of the key's.
fn head(lines: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Protocol: v1.session.cloud-python\r\n{lines}\r\n\r\n"
    )
    .into_bytes()
}

#[tokio::test]
async fn a_yes_to_something_else_is_a_no() {
    const PROTOCOL: &str = "Sec-WebSocket-Protocol: v1.session.cloud-python";
    for (lines, sentence) in [
        (&["Connection: Upgrade", "Upgrade: websocket", PROTOCOL][..], "the wrong key"),
        (&["Connection: Upgrade", "Upgrade: websocket", PROTOCOL, "Sec-WebSocket-Accept: AAAA"], "the wrong key"),
        (&["Connection: Upgrade", "Upgrade: websocket", PROTOCOL, "KEY", "KEY"], "the wrong key"),
        (&["Connection: Upgrade", "Upgrade: websocket", "KEY"], "something else than live sessions"),
        (
            &["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Protocol: v2.session.cloud-python", "KEY"],
            "something else than live sessions",
        ),
        (&["Connection: Upgrade", "Upgrade: websocket", PROTOCOL, PROTOCOL, "KEY"], "something else"),
        (&["Connection: Upgrade", "Upgrade: h2c", PROTOCOL, "KEY"], "another protocol than WebSocket"),
        (&["Connection: Upgrade", PROTOCOL, "KEY"], "another protocol than WebSocket"),
        (&["Connection: close", "Upgrade: websocket", PROTOCOL, "KEY"], "another protocol than WebSocket"),
        (
            &[
                "Connection: Upgrade",
                "Upgrade: websocket",
                PROTOCOL,
                "KEY",
                "Sec-WebSocket-Extensions: permessage-deflate",
            ],
            "an extension that was not asked for",
        ),
    ] {
        let said = lines.join("\r\n");
        let (heard, ended) = whole(Say::play(move |mut peer: Peer| {
            let key = format!("Sec-WebSocket-Accept: {}", peer.accept_key());
            let head = format!("HTTP/1.1 101 x\r\n{}\r\n\r\n", said.replace("KEY", &key));
            async move {
                peer.say(head.as_bytes()).await?;
                peer.end(OK).await
            }
        }))
        .await;
        let error = ended.unwrap_err().to_string();
        assert!(heard.is_empty() && error.contains(sentence), "{lines:?}: {error}");
    }
}

#[tokio::test]
async fn every_no_has_its_sentence() {
    let json = "Content-Type: application/json";
    for (head, body, sentence) in [
        ("401 x", "", "the session has ended: log in again"),
        ("429 x\r\nRetry-After: 7", "", "slow down: try again in 7 s"),
        ("503 x\r\nRetry-After: 1", "", "overloaded: try again in 1 s"),
        (&format!("400 x\r\n{json}"), r#"{"error":"no\nsuch\u001b[31m day"}"#, "refused: no\\x0asuch\\x1b[31m day"),
        (&format!("404 x\r\n{json}"), r#"{"error":"no such thing"}"#, "no such thing"),
        ("500 x", "secrets", "the server failed (status 500)"),
        ("302 x\r\nLocation: /elsewhere", "", "a redirect, which is never followed"),
        ("200 x", "ok", "status 200"),
    ] {
        let (_, ended) = whole(Say::headed(head, body)).await;
        let error = ended.unwrap_err().to_string();
        assert!(error.contains(sentence), "{head}: {error}");
    }
    let endless = Say::forever("HTTP/1.1 400 x\r\nContent-Type: application/json\r\n\r\n{\"error\":\"", "x");
    let (_, ended) = whole(endless).await;
    assert!(matches!(ended, Err(ClientError::TooLarge(_))), "{ended:?}");
    for say in [Say::forever("HTTP/1.1 101 x\r\n", "a: b\r\n"), Say::text("HTTP/1.1 101 x\r\n"), Say::text("\x01\x02")]
    {
        let (_, ended) = whole(say).await;
        assert!(matches!(ended, Err(ClientError::Unexpected(_) | ClientError::Lost)), "{ended:?}");
    }
}

#[tokio::test]
async fn a_refusal_after_the_beginning_is_told_as_any_other() {
    for (control, sentence) in [
        (r#"{"error":"not registered, not approved, or wrong credentials"}"#, "the session has ended: log in again"),
        (r#"{"error":"slow down","retry_after":7}"#, "slow down: try again in 7 s"),
        (r#"{"error":"slow down","retry_after":99999999999}"#, "slow down: try again later"),
        (r#"{"error":"overloaded","retry_after":1}"#, "overloaded: try again in 1 s"),
        (r#"{"error":"overloaded"}"#, "overloaded: try again later"),
        (r#"{"error":"internal error"}"#, "the server failed (status 1011)"),
        (r#"{"error":"the server is shutting down"}"#, "the server is shutting down"),
        (r#"{"error":"no\nsuch\u001b[31m day"}"#, "refused: no\\x0asuch\\x1b[31m day"),
    ] {
        let say = Say::play(move |mut peer| async move {
            peer.begin().await?;
            peer.end(control).await
        });
        let error = whole(say).await.1.unwrap_err().to_string();
        assert!(error.contains(sentence), "{control}: {error}");
    }
    for (control, end) in [("request timed out", Ended::TimedOut), ("output too large", Ended::OutputTooLarge)] {
        let say = Say::play(move |mut peer| async move {
            peer.begin().await?;
            peer.stdout("partial").await?;
            peer.end(&json!({"error": control}).to_string()).await
        });
        let (heard, ended) = whole(say).await;
        assert_eq!((heard, ended.unwrap()), (vec![stdout("partial")], end));
    }
}

#[tokio::test]
async fn a_session_without_an_end_was_lost() {
    let control = |text: &str| frame(BINARY, &[b"\x03", text.as_bytes()].concat());
    for (name, bytes) in [
        ("nothing", vec![]),
        ("half a frame", frame(BINARY, b"\x01hello")[..4].to_vec()),
        ("a close", frame(CLOSE, &1000_u16.to_be_bytes())),
        ("a close without code", frame(CLOSE, b"")),
        ("a text", frame(TEXT, OK.as_bytes())),
        ("an empty message", frame(BINARY, b"")),
        ("our own channel", frame(BINARY, b"\0input")),
        ("an unknown channel", frame(BINARY, b"\x04what")),
        ("a channel far away", frame(BINARY, b"\xffwhat")),
    ] {
        // What comes after it is not taken for an end any more, but for a lost connection it would be.
        let bytes = if bytes.len() < 6 { bytes } else { [bytes, control(OK)].concat() };
        let (heard, ended) = after_the_beginning(bytes).await;
        assert!(matches!(ended, Err(ClientError::ScriptLost)), "{name}: {ended:?}");
        assert!(heard.is_empty(), "{name}: {heard:?}");
    }
    assert_eq!(ClientError::ScriptLost.to_string(), "the connection was lost before the script ended");
}

#[tokio::test]
async fn frames_that_are_none_end_the_session() {
    let masked = [&[BINARY, 0x80 | 2, 1, 2, 3, 4][..], &[1 ^ 1, b'x' ^ 2]].concat();
    for (name, bytes) in [
        ("masked", masked),
        ("a reserved bit", frame(BINARY | 0x40, b"\x01x")),
        ("a reserved opcode", frame(0x83, b"\x01x")),
        ("a reserved control opcode", frame(0x8b, b"")),
        ("a continuation of nothing", frame(0x80, b"\x01x")),
        ("a control frame in pieces", frame(PING & 0x7f, b"")),
        ("a long control frame", frame(PING, &[0; 126])),
        ("a beginning in the middle", [frame(0x02, b"\x01x"), frame(BINARY, b"\x01x")].concat()),
        ("no UTF-8", frame(TEXT, b"\xff")),
        ("half a close code", frame(CLOSE, b"\x03")),
    ] {
        let (heard, ended) = after_the_beginning(bytes).await;
        let error = ended.unwrap_err();
        assert!(matches!(&error, ClientError::Unexpected(_)), "{name}: {error}");
        assert!(heard.is_empty() && error.to_string().len() < 500, "{name}: {error}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_its_claim() {
    let claim = |length: u64| [&[BINARY, 127][..], &length.to_be_bytes(), b"\x01"].concat();
    for length in [limits::LIVE_MESSAGE_BYTES as u64 + 2, 1 << 32, 1 << 62, u64::MAX] {
        let (_, ended) = after_the_beginning(claim(length)).await;
        assert!(matches!(ended, Err(ClientError::TooLarge(_) | ClientError::Unexpected(_))), "{length}: {ended:?}");
    }
    // In pieces too, each of which is small.
    let (_, ended) = whole(Say::play(|mut peer| async move {
        peer.begin().await?;
        peer.say(&frame(0x02, b"\x01")).await?;
        loop {
            peer.say(&frame(0x00, &[b'x'; 1000])).await?;
        }
    }))
    .await;
    assert!(matches!(ended, Err(ClientError::TooLarge(_))), "{ended:?}");
    // The largest that may come comes.
    let most = frame(BINARY, &[&[1][..], &vec![b'x'; limits::LIVE_MESSAGE_BYTES]].concat());
    let (heard, ended) = after_the_beginning([most, frame(BINARY, &[b"\x03", OK.as_bytes()].concat())].concat()).await;
    assert_eq!((heard[0] == stdout(&"x".repeat(limits::LIVE_MESSAGE_BYTES)), ended.unwrap()), (true, exited(0)));
}

/// Where files are asked for, the end may be large, and nothing else.
#[tokio::test]
async fn output_is_not_larger_where_files_are_asked_for() {
    let liar = Liar::saying(|_| {
        Say::play(|mut peer| async move {
            peer.begin().await?;
            peer.stdout(&"x".repeat(limits::LIVE_MESSAGE_BYTES + 1)).await?;
            peer.end(OK).await
        })
    });
    let outputs = vec![FilePath::parse("f").unwrap()];
    let (_input, mut output) = open(&liar, &JobSpec::interactive().outputs(outputs).build().unwrap()).await.unwrap();
    let error = output.next().await.unwrap_err();
    assert!(matches!(error, ClientError::TooLarge(limits::LIVE_MESSAGE_BYTES)), "{error}");
}

#[tokio::test]
async fn an_end_that_is_none_is_not_taken_for_one() {
    for (name, control) in [
        ("nothing", ""),
        ("no JSON", "ok"),
        ("a list", r#"["ok","AA=="]"#),
        ("two objects", r#"{"error":"ok","exit_code":"AA=="}{}"#),
        ("no exit code", r#"{"error":"ok"}"#),
        ("null", r#"{"error":"ok","exit_code":null}"#),
        ("a number", r#"{"error":"ok","exit_code":0}"#),
        ("two bytes", r#"{"error":"ok","exit_code":"AAA="}"#),
        ("no base64", r#"{"error":"ok","exit_code":"*"}"#),
        ("no error", r#"{"exit_code":"AA=="}"#),
        ("a field twice", r#"{"error":"ok","error":"ok","exit_code":"AA=="}"#),
        ("a wait that is none", r#"{"error":"slow down","retry_after":-1}"#),
        ("files", r#"{"error":"ok","exit_code":"AA==","files":{"x":""}}"#),
    ] {
        let say = Say::play(move |mut peer| async move {
            peer.begin().await?;
            peer.end(control).await
        });
        let error = whole(say).await.1.expect_err(name);
        assert!(matches!(error, ClientError::Unexpected(_)), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn what_never_comes_is_not_waited_for() {
    let silent = |begins: bool| {
        Say::play(move |mut peer| async move {
            if begins {
                peer.begin().await?;
            }
            std::future::pending().await
        })
    };
    // Whoever asks whether we are there says nothing by it.
    let pings = Say::play(|mut peer| async move {
        peer.begin().await?;
        loop {
            peer.say(&frame(PING, b"")).await?;
            peer.hear().await?;
        }
    });
    for say in [Say::Nothing, Say::drip("HTTP/1.1 101 x\r\na: ", "b"), silent(false), silent(true), pings] {
        let liar = Liar::saying(move |_| say.clone());
        let client = Client::new(&liar.endpoint()).unwrap().patient_for(Duration::from_millis(300));
        let opened = client.open(&BearerToken::new([7; TOKEN_BYTES]), &script("pass"), None).await;
        let error = match opened {
            Ok((_input, mut output)) => output.next().await.unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, ClientError::TooSlow(_)), "{error}");
    }
}

/// Whoever stops listening in the middle gets everything all the same when they go on.
#[tokio::test]
async fn nothing_is_lost_by_not_waiting() {
    let liar = Liar::saying(|_| {
        Say::play(|mut peer| async move {
            peer.begin().await?;
            for byte in [frame(BINARY, b"\x01hello"), frame(BINARY, &[b"\x03", OK.as_bytes()].concat())].concat() {
                peer.say(&[byte]).await?;
                // Each byte is answered for, so that they come one by one.
                peer.input().await?;
            }
            std::future::pending().await
        })
    });
    let (mut input, mut output) = open(&liar, &script("pass")).await.unwrap();
    let mut heard = vec![];
    while heard.len() < 2 {
        tokio::select! {
            biased;
            next = output.next() => heard.push(next.unwrap()),
            sent = input.send(b"x") => assert!(sent),
        }
    }
    assert_eq!(heard, [stdout("hello"), Heard::Ended(exited(0))]);
}
