//! Answers that no honest server gives: each must end soon, with a sentence, whatever it was meant to do.

use std::time::Duration;

use cloud_python::client::{Client, ClientError, Ended};
use cloud_python::domain::{BearerToken, Email, FilePath, JobFile, JobSpec, Password, Script, Secret, TOKEN_BYTES};

use super::liar::{Liar, Say};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

async fn execute(liar: &Liar, patience: Duration) -> Result<Ended, ClientError> {
    execute_for(liar, patience, None).await
}

/// With these outputs asked for.
async fn execute_for(liar: &Liar, patience: Duration, outputs: Option<&[&str]>) -> Result<Ended, ClientError> {
    let mut job = JobSpec::of(Script::parse("pass").unwrap());
    if let Some(outputs) = outputs {
        job = job.outputs(outputs.iter().map(|name| FilePath::parse(*name).unwrap()).collect());
    }
    let job = job.build().unwrap();
    let client = Client::new(&liar.endpoint()).unwrap().patient_for(patience);
    client.execute(&BearerToken::new([7; TOKEN_BYTES]), &job, None).await
}

async fn login(liar: &Liar) -> Result<Duration, ClientError> {
    let client = Client::new(&liar.endpoint()).unwrap().patient_for(Duration::from_secs(20));
    let (email, password) = (Email::parse("ada@example.org"), Password::typed("correct horse".to_owned()));
    let code = Secret::new("000000".to_owned());
    client.login(&email.unwrap(), &password.unwrap(), &code).await.map(|(_, life)| life)
}

/// What comes of an answer to /execute.
async fn executed(say: Say) -> Result<Ended, ClientError> {
    let liar = Liar::saying(move |_| say.clone());
    execute(&liar, Duration::from_secs(60)).await
}

async fn logged_in(say: Say) -> Result<Duration, ClientError> {
    login(&Liar::saying(move |_| say.clone())).await
}

#[tokio::test]
async fn honest_answers_are_understood() {
    let said = r#"{"error":"ok","stdout":"SGVsbG8gV29ybGQK","stderr":"/w==","exit_code":"Aw==","more":[{}]}"#;
    let expected = Ended::Exited { stdout: b"Hello World\n".to_vec(), stderr: vec![0xff], code: 3, files: vec![] };
    assert_eq!(executed(Say::json(200, said)).await.unwrap(), expected);
    // The same in chunks.
    let chunks: String = said.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    let chunked = format!("{OK}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    assert_eq!(executed(Say::text(&chunked)).await.unwrap(), expected);
    let ended = |text: &str| Say::json(200, &format!("{{\"error\":\"{text}\"}}"));
    assert_eq!(executed(ended("request timed out")).await.unwrap(), Ended::TimedOut);
    assert_eq!(executed(ended("output too large")).await.unwrap(), Ended::OutputTooLarge);
    let token = BearerToken::new([1; TOKEN_BYTES]).text();
    let body = format!(r#"{{"error":"ok","token":"{}","expires_in":900}}"#, token.expose());
    assert_eq!(logged_in(Say::json(200, &body)).await.unwrap(), Duration::from_secs(900));
}

#[tokio::test]
async fn what_has_no_end_is_cut_off() {
    let more = "x".repeat(1 << 10);
    for (name, say) in [
        ("body until the connection ends", Say::forever(&format!("{OK}\r\n"), &more)),
        ("chunks", Say::forever(&format!("{OK}Transfer-Encoding: chunked\r\n\r\n"), &format!("400\r\n{more}\r\n"))),
        ("announced body", Say::forever(&format!("{OK}Content-Length: 99999999999\r\n\r\n"), &more)),
        ("errors", Say::forever("HTTP/1.1 400 x\r\nContent-Type: application/json\r\n\r\n{\"error\":\"", &more)),
    ] {
        let error = executed(say).await.unwrap_err();
        assert!(matches!(error, ClientError::TooLarge(_)), "{name}: {error}");
    }
    for (name, say) in [
        ("header lines", Say::forever("HTTP/1.1 200 OK\r\n", "a: b\r\n")),
        ("a header line", Say::forever("HTTP/1.1 200 OK\r\na: ", &more)),
        ("a status line", Say::forever("HTTP/1.1 200 ", &more)),
    ] {
        let error = executed(say).await.unwrap_err();
        assert!(matches!(error, ClientError::Unexpected(_)), "{name}: {error}");
    }
    let trailers = Say::forever(&format!("{OK}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n"), "a: b\r\n");
    let size = Say::forever(&format!("{OK}Transfer-Encoding: chunked\r\n\r\n1;"), "extension");
    for say in [trailers, size] {
        let error = executed(say).await.unwrap_err();
        assert!(matches!(error, ClientError::Lost | ClientError::Unexpected(_)), "{error}");
    }
}

#[tokio::test]
async fn what_never_comes_is_not_waited_for() {
    let patience = Duration::from_millis(300);
    for say in [
        Say::Nothing,
        Say::drip(&format!("{OK}\r\n"), " "),
        Say::drip("HTTP/1.1 200 OK\r\na: ", "b"),
        Say::forever("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let liar = Liar::saying(move |_| say.clone());
        let error = execute(&liar, patience).await.unwrap_err();
        assert!(matches!(error, ClientError::TooSlow(_)), "{error}");
    }
}

#[tokio::test]
async fn lengths_that_are_not_true_are_found_out() {
    let body = r#"{"error":"request timed out"}"#;
    for (head, wrong) in [
        ("Content-Length: 30", true),
        ("Content-Length: 1000", true),
        ("Content-Length: 28", true),
        ("Content-Length: 29", false),
        ("Content-Length: -1", true),
        ("Content-Length: 29\r\nContent-Length: 3", true),
        ("Content-Length: 29, 3", true),
        ("Content-Length: 99999999999999999999999999", true),
        ("Transfer-Encoding: chunked", true),
    ] {
        let ended = executed(Say::text(&format!("{OK}{head}\r\n\r\n{body}"))).await;
        assert_eq!(ended.is_err(), wrong, "{head}: {ended:?}");
    }
    // A chunk cut off.
    let ended = executed(Say::text(&format!("{OK}Transfer-Encoding: chunked\r\n\r\n1d\r\n{body}\r\n"))).await;
    assert!(matches!(ended, Err(ClientError::Lost)), "{ended:?}");
}

#[tokio::test]
async fn what_is_not_an_answer_of_ours_is_not_taken_for_one() {
    let good = r#"{"error":"ok","stdout":"","stderr":"","exit_code":"AA=="}"#;
    for (name, say) in [
        ("nothing", Say::text("")),
        ("noise", Say::This((0..=255).collect())),
        ("half a head", Say::text("HTTP/1.1 200 OK\r\n")),
        ("HTTP/0.9", Say::text(good)),
        ("HTTP/2", Say::text("HTTP/2 200\r\n\r\n")),
        ("another protocol", Say::text("220 mail.example.org ESMTP\r\n")),
        ("no type", Say::headed("200 OK", good)),
        ("a page", Say::headed("200 OK\r\nContent-Type: text/html", "<html>")),
        ("gzip", Say::headed("200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip", good)),
        ("created", Say::json(201, good)),
        ("no content", Say::text("HTTP/1.1 204 x\r\n\r\n")),
        ("partial", Say::json(206, good)),
        ("another protocol, politely", Say::text("HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")),
        ("no JSON", Say::json(200, "ok")),
        ("a list", Say::json(200, r#"["ok","","","AA=="]"#)),
        ("two objects", Say::json(200, &format!("{good}{good}"))),
        ("a missing field", Say::json(200, r#"{"error":"ok","stdout":"","stderr":""}"#)),
        ("a number", Say::json(200, r#"{"error":"ok","stdout":"","stderr":"","exit_code":0}"#)),
        ("null", Say::json(200, r#"{"error":null,"stdout":"","stderr":"","exit_code":"AA=="}"#)),
        ("two bytes", Say::json(200, r#"{"error":"ok","stdout":"","stderr":"","exit_code":"AAA="}"#)),
        ("no byte", Say::json(200, r#"{"error":"ok","stdout":"","stderr":"","exit_code":""}"#)),
        ("no base64", Say::json(200, r#"{"error":"ok","stdout":"*","stderr":"","exit_code":"AA=="}"#)),
        ("a field twice", Say::json(200, r#"{"error":"ok","error":"ok","stdout":"","stderr":"","exit_code":"AA=="}"#)),
        ("no UTF-8", Say::This([OK.as_bytes(), b"Content-Length: 13\r\n\r\n{\"error\":\"\xff\"}"].concat())),
        ("depth", Say::json(200, &format!("{{\"a\":{}", "[".repeat(1 << 16)))),
        ("an unknown end", Say::json(200, r#"{"error":"exploded"}"#)),
    ] {
        let error = executed(say).await.expect_err(name);
        assert!(matches!(error, ClientError::Unexpected(_) | ClientError::Lost), "{name}: {error:?}");
        assert!(error.to_string().len() < 500, "{name}: {error}");
    }
}

/// What comes of these `files` in an answer when these were asked for.
async fn returned(files: &str, outputs: Option<&[&str]>) -> Result<Vec<JobFile>, ClientError> {
    let body = format!(r#"{{"error":"ok","stdout":"","stderr":"","exit_code":"AA=="{files}}}"#);
    let liar = Liar::saying(move |_| Say::json(200, &body));
    match execute_for(&liar, Duration::from_secs(60), outputs).await? {
        Ended::Exited { files, .. } => Ok(files),
        ended => panic!("{ended:?}"),
    }
}

#[tokio::test]
async fn files_that_were_asked_for_are_taken() {
    let files = r#","files":{"out/a/b":"/w==","x":"","out":"AA==","out/..a":"","not/asked/for":""}"#;
    let honest = files.replace(r#","not/asked/for":"""#, "");
    let taken = returned(&honest, Some(&["x", "out", "absent"])).await.unwrap();
    let taken: Vec<_> = taken.iter().map(|file| (file.path.as_bytes(), file.content.as_slice())).collect();
    assert_eq!(taken, [(&b"out/a/b"[..], &b"\xff"[..]), (b"x", b""), (b"out", b"\0"), (b"out/..a", b"")]);
    let error = returned(files, Some(&["x", "out", "absent"])).await.unwrap_err();
    assert!(error.to_string().contains("a file that nobody asked for"), "{error}");
    // A server that says more than it was asked has not said anything wrong yet.
    for nothing in ["", r#","files":{}"#, r#","files":null"#] {
        assert_eq!(returned(nothing, None).await.unwrap(), []);
    }
    assert_eq!(returned(r#","files":{}"#, Some(&["x"])).await.unwrap(), []);
}

#[tokio::test]
async fn no_other_file_is_taken() {
    let asked: &[&str] = &["out", "x"];
    for name in [
        "../x",
        "/etc/x",
        "a/../../b",
        "..",
        ".",
        "",
        "/",
        "out/../../x",
        "out/..",
        "out/../x",
        "out//x",
        "out/",
        "./x",
        "x/",
        "x\\u0000",
        "y",
        "output",
        "ou",
        "out.txt",
        "xx",
        "X",
        "out\\\\x",
        "\\u0000",
        "~/x",
        "C:x",
    ] {
        for outputs in [Some(asked), None] {
            let answer = returned(&format!(r#","files":{{"{name}":"","x":""}}"#), outputs).await;
            assert!(matches!(answer, Err(ClientError::Unexpected(_))), "{name}: {answer:?}");
        }
    }
    for files in [
        r#"{"x":"*"}"#,
        r#"{"x":"AA"}"#,
        r#"{"x":"AA==\n"}"#,
        r#"{"x":"_w=="}"#,
        r#"{"x":null}"#,
        r#"{"x":1}"#,
        r#"{"x":{"y":""}}"#,
        r#"{"x":"","x":""}"#,
        r#"{"x":"","\u0078":""}"#,
        r#"{"x":""},"files":{}"#,
        r#"["x",""]"#,
        r#""x""#,
        r#"{"x":""#,
        "null",
    ] {
        let answer = returned(&format!(r#","files":{files}"#), Some(asked)).await;
        assert!(matches!(answer, Err(ClientError::Unexpected(_))), "{files}: {answer:?}");
    }
    // Asked for, and not a word of it.
    assert!(matches!(returned("", Some(asked)).await, Err(ClientError::Unexpected(_))));
    let evil = format!(r#","files":{{"\u001b[2J{}":""}}"#, "\\u202e".repeat(5000));
    let error = returned(&evil, Some(asked)).await.unwrap_err().to_string();
    assert!(error.len() < 500 && !error.contains(['\u{1b}', '\u{202e}']), "{error}");
}

#[tokio::test]
async fn files_without_end_are_cut_off() {
    let head =
        format!("{OK}\r\n{{\"error\":\"ok\",\"stdout\":\"\",\"stderr\":\"\",\"exit_code\":\"AA==\",\"files\":{{");
    for again in [r#""x":"","#.to_owned(), format!(r#""out/{}":"","#, "x".repeat(1 << 10)), "\"x".to_owned()] {
        let say = Say::forever(&head, &again);
        let liar = Liar::saying(move |_| say.clone());
        let error = execute_for(&liar, Duration::from_secs(60), Some(&["x", "out"])).await.unwrap_err();
        assert!(matches!(error, ClientError::TooLarge(_)), "{error}");
    }
}

#[tokio::test]
async fn tokens_that_are_none_are_not_kept() {
    let good = BearerToken::new([1; TOKEN_BYTES]).text().expose().clone();
    for (token, life) in [
        ("", "900"),
        ("cpt_", "900"),
        (&good[4..], "900"),
        (
            "cpt_\u{1b}[2J\u{1b}[2J\u{1b}[2J\u{1b}[2J\u{1b}[2J\u{1b}[2J\u{1b}[2J\u{1b}[2J\u{1b}[2J\u{1b}[2J\u{1b}[2",
            "900",
        ),
        (&format!("{good}\\r\\nX: y"), "900"),
        (&good, "-1"),
        (&good, "1e3"),
        (&good, "\"900\""),
        (&good, "99999999999"),
        (&good, "18446744073709551616"),
    ] {
        let body = format!(r#"{{"error":"ok","token":"{token}","expires_in":{life}}}"#);
        let error = logged_in(Say::json(200, &body)).await.unwrap_err();
        assert!(matches!(error, ClientError::Unexpected(_)), "{body:?}: {error}");
    }
}

#[tokio::test]
async fn every_status_has_its_sentence() {
    let json = "Content-Type: application/json";
    for (head, body, sentence) in [
        ("401 x", "", "not registered, not approved yet, or wrong address, password or code"),
        ("429 x\r\nRetry-After: 7", "", "slow down: try again in 7 s"),
        ("429 x\r\nRetry-After: 999999999999", "", "slow down: try again later"),
        ("429 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT", "", "slow down: try again later"),
        ("503 x\r\nRetry-After: 1", "", "overloaded: try again in 1 s"),
        ("503 x", "", "overloaded: try again later"),
        (&format!("400 x\r\n{json}"), r#"{"error":"no\nsuch\u001b[31m day"}"#, "refused: no\\x0asuch\\x1b[31m day"),
        (&format!("400 x\r\n{json}"), "{}", "refused: status 400"),
        ("413 x\r\nContent-Type: text/plain", r#"{"error":"no"}"#, "refused: status 413"),
        (&format!("404 x\r\n{json}"), r#"{"error":"no such thing"}"#, "no such thing"),
        ("500 x", "secrets", "the server failed (status 500)"),
        ("301 x\r\nLocation: https://elsewhere.example/", "", "a redirect, which is never followed"),
        ("307 x\r\nLocation: /other", "", "a redirect, which is never followed"),
    ] {
        let error = logged_in(Say::headed(head, body)).await.unwrap_err().to_string();
        assert!(error.contains(sentence), "{head}: {error}");
    }
    // Where a token was shown, no password was wrong.
    assert!(matches!(executed(Say::json(401, "{}")).await, Err(ClientError::SessionEnded)));
}

#[tokio::test]
async fn a_redirect_is_not_followed_to_the_same_server_either() {
    let liar = Liar::saying(|line| match line.contains("/execute") {
        true => Say::headed("308 x\r\nLocation: /version", ""),
        false => Say::json(200, r#"{"error":"request timed out"}"#),
    });
    assert!(matches!(execute(&liar, Duration::from_secs(20)).await, Err(ClientError::Redirect)));
    assert_eq!(liar.heard().len(), 1);
}
