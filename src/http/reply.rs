//! What is answered, with which status: the only place that knows status codes.
//!
//! Owns: one table for what went well and one for what did not, and the headers that every answer has. There is no
//! `Strict-Transport-Security`: it would bind all ports of a host that people mostly know as `localhost` or by an address, and
//! nothing of ours is ever served without TLS that it could save from. Not here: the shapes of bodies, pages, and what streams.

use std::sync::LazyLock;
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use serde::Serialize;

use super::body::{
    AuditReply, EnrolmentReply, ExecuteReply, LoginReply, Message, StatusReply, UserReply, UsersReply, VersionReply,
};
use super::handshake::SUBPROTOCOL;
use super::keys::KeysReply;
use super::mailbox::{Done, MailboxRefusal};
use super::{console, openapi, pages, parcel_body};
use crate::app::App;
use crate::config::limits;
use crate::domain::{Error, JobOutcome, JobResult, MailboxOutcome, Outcome, ParcelOutcome};
use crate::door::networks::Room;

/// A whole answer.
pub(super) type Answer = warp::reply::Response;

/// What a script may do with an answer that is not a page, if a browser is made to show it: nothing.
pub(super) const NO_CONTENT: &str = "default-src 'none'; frame-ancestors 'none'";
pub(super) const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
/// What a 401 means where there are no accounts: one answer for all reasons.
const UNSIGNED: &str = "the token, the public key or the signature is missing, not good, not for this, or used up";
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// For programs.
    Json,
    /// For people.
    Html,
    /// For programs that use mailboxes. What was done is written as everywhere.
    Mailbox,
    /// For programs that deal with parcels: `{"error": ...}` when something is wrong, and only then.
    Parcel,
}

/// Why a request is not answered with what it asks for.
#[derive(Debug)]
pub(super) enum Refusal {
    /// What the house says.
    Error(Error),
    /// There is such a path, but not with this method; these are the ones.
    Method(String),
    /// The body is not in a form that is understood; this is said about it.
    MediaType(&'static str),
    /// More fields in the head than are looked at.
    TooManyFields,
    /// The body has not come in time.
    Slow,
    /// Only a WebSocket is spoken here, and this is not the opening of one; this is said about it.
    Upgrade(&'static str),
    /// None of the bytes that were asked for are there; there are so many.
    Range(u64),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Whether it takes long to write.
pub(super) fn is_large(outcome: &Outcome) -> bool {
    let bytes: usize = match outcome {
        Outcome::Ran { result, .. } => {
            let files = result.files.iter().map(|file| file.path.as_bytes().len() + file.content.len());
            result.stdout.len() + result.stderr.len() + files.sum::<usize>()
        }
        Outcome::Mailbox(done) => match done.as_ref() {
            MailboxOutcome::Messages { messages, .. } => {
                messages.iter().map(|message| message.contents.as_str().len()).sum()
            }
            _ => return false,
        },
        _ => return false,
    };
    bytes > limits::PARSE_ASIDE_BYTES
}

/// Answers what was done, if there is room for a large answer until it has been fetched.
pub(super) fn outcome(outcome: Outcome, form: Form, room: Room) -> Result<Answer, Error> {
    Ok(match (outcome, form) {
        (Outcome::Registered, _) => json(StatusCode::CREATED, &Message::ok()),
        (Outcome::Verification, Form::Html) => html(StatusCode::OK, pages::verification()),
        (Outcome::Enrolment(enrolment), Form::Html) => html(StatusCode::OK, pages::enrolment(&enrolment)),
        (Outcome::Approval(user), Form::Html) => html(StatusCode::OK, pages::approval(&user)),
        (Outcome::Decided(user), Form::Html) => html(StatusCode::OK, pages::decided(&user)),
        (Outcome::Verification | Outcome::LoggedOut, _) => ok(&Message::ok()),
        (Outcome::Enrolment(enrolment), _) => ok(&EnrolmentReply::from(enrolment)),
        (Outcome::Approval(user) | Outcome::Decided(user) | Outcome::User(user), _) => ok(&UserReply::from(user)),
        (Outcome::LoggedIn(token, life), _) => ok(&LoginReply::new(token, life)),
        (Outcome::Ran { result, with_files }, _) => return ran(*result, with_files, room),
        (Outcome::Mailbox(done), _) => return mailbox(*done, room),
        (Outcome::Users(users), _) => ok(&UsersReply::from(users)),
        (Outcome::Keys(entries), _) => ok(&KeysReply::from(entries)),
        // The sealed channel answers in its own way.
        (Outcome::Entered(_), _) => ok(&Message::ok()),
        (Outcome::Audit(entries), _) => ok(&AuditReply::from(entries)),
        (Outcome::Status(status), _) => ok(&StatusReply::from(status)),
        (Outcome::Parcel(outcome), _) => parcel(&outcome),
        (Outcome::Metrics(text), _) => answer(StatusCode::OK, METRICS, NO_CONTENT, text.into()),
    })
}

fn mailbox(done: MailboxOutcome, room: Room) -> Result<Answer, Error> {
    let status = match done {
        MailboxOutcome::Opened(..) | MailboxOutcome::Sent(..) => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    written(status, &Done::from(done), room)
}

fn ran(result: JobResult, with_files: bool, room: Room) -> Result<Answer, Error> {
    let Some(code) = result.outcome.exit_code() else { return Ok(ok(&Message::new(cut_short(result.outcome)))) };
    written(StatusCode::OK, &ExecuteReply::new(result, code, with_files), room)
}

fn written(status: StatusCode, body: &impl Serialize, room: Room) -> Result<Answer, Error> {
    let bytes = serde_json::to_vec(body).map_err(|error| Error::Ours(error.to_string()))?;
    Ok(answer(status, JSON, NO_CONTENT, kept(bytes, room)?))
}

/// What is said of a run that was ended and did not end by itself.
pub(super) const fn cut_short(outcome: JobOutcome) -> &'static str {
    match outcome {
        JobOutcome::OutputTooLarge => "output too large",
        _ => "request timed out",
    }
}

fn parcel(outcome: &ParcelOutcome) -> Answer {
    match outcome {
        ParcelOutcome::Removed | ParcelOutcome::Revoked => {
            let mut answer = answer(StatusCode::NO_CONTENT, JSON, NO_CONTENT, Bytes::new());
            answer.headers_mut().remove(header::CONTENT_TYPE);
            answer
        }
        other => answer(StatusCode::OK, JSON, NO_CONTENT, parcel_body::reply(other).into()),
    }
}

/// The bytes of an answer, which give their room back when the last of them has been sent or the connection has ended.
fn kept(bytes: Vec<u8>, mut room: Room) -> Result<Bytes, Error> {
    struct Kept {
        bytes: Vec<u8>,
        _room: Room,
    }
    impl AsRef<[u8]> for Kept {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }
    if bytes.len() <= limits::BODY_BYTES {
        return Ok(bytes.into());
    }
    room.grow_to(bytes.len())?;
    Ok(Bytes::from_owner(Kept { bytes, _room: room }))
}

/// Answers what was not done. The reason for a fault of ours goes into the log, here and nowhere else.
pub(super) fn refusal(refusal: &Refusal, form: Form) -> Answer {
    if let Refusal::Error(Error::Ours(why)) = refusal {
        crate::telemetry::warn_sparingly!("a request could not be answered: {why}");
    }
    let sentence = match (refusal, form) {
        (Refusal::Error(Error::Unauthorized), Form::Parcel) => UNSIGNED.to_owned(),
        _ => sentence(refusal),
    };
    let status = status(refusal);
    let mut answer = match form {
        Form::Json | Form::Parcel => json(status, &Message::new(&sentence)),
        Form::Html => html(status, problem(status, &sentence)),
        Form::Mailbox => json(status, &MailboxRefusal { status: status.as_u16(), message: &sentence }),
    };
    let mut hints = hints(refusal);
    // Parcels have a way of their own to show who asks.
    hints.retain(|(name, _)| form != Form::Parcel || name != header::WWW_AUTHENTICATE);
    answer.headers_mut().extend(hints);
    answer
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Error(error) => match error {
            Error::Malformed(_) => StatusCode::BAD_REQUEST,
            Error::Unauthorized => StatusCode::UNAUTHORIZED,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::NotTheirs => StatusCode::METHOD_NOT_ALLOWED,
            Error::Gone => StatusCode::GONE,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::SlowDown(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
        },
        Refusal::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Refusal::TooManyFields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Refusal::Slow => StatusCode::REQUEST_TIMEOUT,
        Refusal::Upgrade(_) => StatusCode::UPGRADE_REQUIRED,
        Refusal::Range(_) => StatusCode::RANGE_NOT_SATISFIABLE,
    }
}

fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Error(error) => error.to_string(),
        Refusal::Method(allowed) => format!("wrong method: this address takes {allowed}"),
        Refusal::MediaType(sentence) | Refusal::Upgrade(sentence) => (*sentence).to_owned(),
        Refusal::TooManyFields => head_too_large(),
        Refusal::Slow => "the body did not come in time".to_owned(),
        Refusal::Range(size) => format!("none of these bytes are there: there are {size}"),
    }
}

/// Says that the answer would be another for somebody who asks for another form (RFC 9110, section 12.5.5).
pub(super) fn varied(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    answer
}

/// What tells a program how to go on.
fn hints(refusal: &Refusal) -> Vec<(HeaderName, HeaderValue)> {
    let word = HeaderValue::from_static;
    let written = |name, value: &str| HeaderValue::try_from(value).map(|value| (name, value)).into_iter().collect();
    match refusal {
        Refusal::Error(Error::SlowDown(time) | Error::Overloaded(time)) => {
            vec![(header::RETRY_AFTER, whole_seconds(*time).into())]
        }
        // RFC 9110, section 11.6.1, wants it. A browser asks for nothing when it sees this one.
        Refusal::Error(Error::Unauthorized) => vec![(header::WWW_AUTHENTICATE, word("Bearer"))],
        Refusal::Method(allowed) => written(header::ALLOW, allowed),
        Refusal::Range(size) => written(header::CONTENT_RANGE, &format!("bytes */{size}")),
        // RFC 9110, section 15.5.6, wants to know what would be allowed.
        Refusal::Error(Error::NotTheirs) => vec![(header::ALLOW, word("GET, HEAD"))],
        // What is left of the body stays unread.
        Refusal::Slow => vec![(header::CONNECTION, word("close"))],
        // RFC 9110, section 15.5.22, and RFC 6455, section 4.4.
        Refusal::Upgrade(_) => vec![
            (header::CONNECTION, word("upgrade")),
            (header::UPGRADE, word("websocket")),
            (header::SEC_WEBSOCKET_VERSION, word("13")),
        ],
        _ => vec![],
    }
}

/// At least one, and never too early.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).max(1)
}

fn problem(status: StatusCode, sentence: &str) -> String {
    let (title, sentence) = match status {
        StatusCode::NOT_FOUND => (
            "This link does not work",
            "It was used up, has expired, or is not complete. Check that you have all of it, or register again.",
        ),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            ("Not now", "Too much is asked of this server at the moment. Wait a minute, then try again.")
        }
        _ => ("That did not work", sentence),
    };
    pages::problem(title, sentence)
}

/// From here on the WebSocket is spoken. `accepted` is made of the client's key.
pub(super) fn switching(accepted: &str) -> Answer {
    let mut answer = Answer::new(Bytes::new().into());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let word = HeaderValue::from_static;
    answer.headers_mut().extend([
        (header::CONNECTION, word("upgrade")),
        (header::UPGRADE, word("websocket")),
        (header::SEC_WEBSOCKET_PROTOCOL, word(SUBPROTOCOL)),
        (header::CACHE_CONTROL, word("no-store")),
    ]);
    answer.headers_mut().extend(HeaderValue::try_from(accepted).map(|value| (header::SEC_WEBSOCKET_ACCEPT, value)));
    answer
}

/// Whether the server is up at all.
pub(super) fn alive() -> Answer {
    ok(&Message::ok())
}

/// Whether the server takes requests.
pub(super) fn ready(ready: bool) -> Answer {
    match ready {
        true => ok(&Message::ok()),
        false => {
            let mut answer = json(StatusCode::SERVICE_UNAVAILABLE, &Message::new("not ready"));
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            answer
        }
    }
}

/// What the server is made of.
pub(super) fn versions(app: &App) -> Answer {
    ok(&VersionReply::from(app.versions()))
}

/// The page to run scripts from.
pub(super) fn console() -> Answer {
    answer(StatusCode::OK, HTML, console::policy(), console::page())
}

/// The OpenAPI document.
pub(super) fn document() -> Answer {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi::document().into());
    answer(StatusCode::OK, JSON, NO_CONTENT, DOCUMENT.clone())
}

const UNREADABLE: &str =
    "the request cannot be read: its method, target, version, a field or its length is not as in RFC 9112";

fn head_too_large() -> String {
    format!(
        "the request's head is too large: at most {} fields and {} bytes are read",
        limits::HEAD_FIELDS,
        limits::HEAD_BYTES
    )
}

/// hyper's own answer to a head that it cannot read, with a sentence: it has a status and no content. `head` is its bytes.
pub(super) fn unreadable(head: &[u8]) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let too_large = head.starts_with("HTTP/1.1 431");
    let message = Message::new(&if too_large { head_too_large() } else { UNREADABLE.to_owned() });
    let body = serde_json::to_string(&message).unwrap_or_default();
    let mut fields = format!("content-length: {}\r\n", body.len());
    for (name, value) in json(StatusCode::BAD_REQUEST, &message).headers() {
        fields.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    format!("{}{body}", head.replace("content-length: 0\r\n", &fields)).into_bytes()
}

fn ok(body: &impl Serialize) -> Answer {
    json(StatusCode::OK, body)
}

fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    match serde_json::to_vec(body) {
        Ok(bytes) => answer(status, JSON, NO_CONTENT, bytes.into()),
        // A shape can fail only by a map whose keys are not strings, and there is none.
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, JSON, NO_CONTENT, r#"{"error":"internal error"}"#.into()),
    }
}

fn html(status: StatusCode, page: String) -> Answer {
    answer(status, HTML, pages::policy(), page.into())
}

fn answer(status: StatusCode, kind: &'static str, policy: &'static str, body: Bytes) -> Answer {
    let mut answer = Answer::new(body.into());
    *answer.status_mut() = status;
    finish_head(&mut answer, kind, policy);
    answer
}

/// The fields that every answer has.
pub(super) fn finish_head(answer: &mut Answer, kind: &'static str, policy: &'static str) {
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Email, Enrolment, FilePath, JobFile, JobOutcome, Secret, Spent, Standing, Status, UnixTime, Usage, UserView,
    };

    /// With as much room as there is at first.
    fn outcome(outcome: Outcome, form: Form) -> Answer {
        let room = crate::door::networks::Networks::of_answers().room(crate::domain::Network::Here);
        super::outcome(outcome, form, room).unwrap()
    }

    async fn shown(answer: Answer) -> String {
        use http_body_util::BodyExt;
        let status = answer.status().as_u16();
        let fields = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let extra: Vec<String> =
            ["retry-after", "www-authenticate", "allow", "connection", "upgrade", "sec-websocket-version"]
                .into_iter()
                .filter_map(|name| Some(format!("{name}: {} ", fields(name)?)))
                .collect();
        for (name, value) in
            [("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")]
        {
            assert_eq!(fields(name).as_deref(), Some(value));
        }
        assert!(fields("content-security-policy").unwrap().starts_with("default-src 'none'"));
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        format!("{status} {}{}", extra.concat(), String::from_utf8_lossy(&body))
    }

    fn user() -> UserView {
        let email = Email::parse("Ada@example.org").unwrap();
        UserView { email, standing: Standing::Verified, since: UnixTime(5), enrolled: false, tokens: 2 }
    }

    fn ended(outcome: JobOutcome) -> Outcome {
        let (stdout, stderr) = (b"Hello World\n".to_vec(), vec![]);
        let (files, tree, usage) = (vec![], None, Usage::default());
        let result = JobResult { outcome, stdout, stderr, files, tree, usage };
        Outcome::Ran { result: Box::new(result), with_files: false }
    }

    /// What is answered if files were asked for and these are there.
    async fn returned(how: JobOutcome, files: &[(&[u8], &[u8])]) -> String {
        let Outcome::Ran { mut result, .. } = ended(how) else { unreachable!() };
        let file = |(path, content): &(&[u8], &[u8])| {
            let path = FilePath::parse(*path).unwrap();
            JobFile { path, content: content.to_vec() }
        };
        result.files = files.iter().map(file).collect();
        shown(outcome(Outcome::Ran { result, with_files: true }, Form::Json)).await
    }

    fn enrolment() -> Outcome {
        let secret = |text: &str| Secret::new(text.to_owned());
        Outcome::Enrolment(Enrolment { email: user().email, uri: secret("otpauth://totp/x"), secret: secret("ABC") })
    }

    #[tokio::test]
    async fn every_outcome_has_its_answer() {
        let status = Status {
            version: "1",
            uptime_seconds: 2,
            accounts: vec![("waiting", 3)],
            runs: 4,
            runs_waiting: 5,
            sessions: 8,
            mails_waiting: 6,
            launcher_pid: None,
            landlock: 7,
        };
        let account = r#"{"error":"ok","user":{"email":"Ada@example.org","standing":"waiting","since":5,"enrolled":false,"tokens":2}}"#;
        for (given, expected) in [
            (Outcome::Registered, r#"201 {"error":"ok"}"#),
            (Outcome::Verification, r#"200 {"error":"ok"}"#),
            (enrolment(), r#"200 {"error":"ok","otpauth_uri":"otpauth://totp/x","secret":"ABC"}"#),
            (Outcome::Approval(user()), &format!("200 {account}")),
            (Outcome::Decided(user()), &format!("200 {account}")),
            (Outcome::User(user()), &format!("200 {account}")),
            (
                Outcome::LoggedIn(Secret::new("cpt_x".to_owned()), Duration::from_secs(900)),
                r#"200 {"error":"ok","token":"cpt_x","expires_in":900}"#,
            ),
            (Outcome::LoggedOut, r#"200 {"error":"ok"}"#),
            (
                ended(JobOutcome::Exited(0)),
                r#"200 {"error":"ok","stdout":"SGVsbG8gV29ybGQK","stderr":"","exit_code":"AA=="}"#,
            ),
            (
                ended(JobOutcome::Aborted),
                r#"200 {"error":"ok","stdout":"SGVsbG8gV29ybGQK","stderr":"","exit_code":"hg=="}"#,
            ),
            (ended(JobOutcome::TimedOut(Spent::Wall)), r#"200 {"error":"request timed out"}"#),
            (ended(JobOutcome::TimedOut(Spent::Fuel)), r#"200 {"error":"request timed out"}"#),
            (ended(JobOutcome::OutputTooLarge), r#"200 {"error":"output too large"}"#),
            (Outcome::Users(vec![]), r#"200 {"error":"ok","users":[]}"#),
            (Outcome::Audit(vec![]), r#"200 {"error":"ok","entries":[]}"#),
            (
                Outcome::Status(status),
                r#"200 {"error":"ok","version":"1","uptime_seconds":2,"accounts":[["waiting",3]],"runs":4,"runs_waiting":5,"sessions":8,"mails_waiting":6,"launcher_pid":null,"landlock":7}"#,
            ),
            (Outcome::Metrics("# EOF\n".to_owned()), "200 # EOF\n"),
        ] {
            assert_eq!(shown(outcome(given, Form::Json)).await, expected);
        }
    }

    #[tokio::test]
    async fn files_that_were_asked_for_have_a_place_in_the_answer_of_a_run_that_ended() {
        let head = r#"200 {"error":"ok","stdout":"SGVsbG8gV29ybGQK","stderr":"","exit_code":"#;
        let files: [(&[u8], &[u8]); 4] =
            [(b"out/b", b"\xff\0"), (b"a\"\n", b""), (b"not \xff text", b"x"), ("\u{e9}".as_bytes(), b"y")];
        assert_eq!(
            returned(JobOutcome::Exited(0), &files).await,
            format!("{head}\"AA==\",\"files\":{{\"a\\\"\\n\":\"\",\"out/b\":\"/wA=\",\"\u{e9}\":\"eQ==\"}}}}")
        );
        for (outcome, code) in [(JobOutcome::Exited(3), "Aw=="), (JobOutcome::Aborted, "hg==")] {
            assert_eq!(returned(outcome, &[]).await, format!(r#"{head}"{code}","files":{{}}}}"#));
        }
        let late = returned(JobOutcome::TimedOut(Spent::Wall), &[]).await;
        assert_eq!(late, r#"200 {"error":"request timed out"}"#);
        assert_eq!(returned(JobOutcome::OutputTooLarge, &[]).await, r#"200 {"error":"output too large"}"#);
    }

    #[tokio::test]
    async fn every_refusal_has_its_status_and_says_no_more_than_it_must() {
        let text = |text: &str| text.to_owned();
        for (given, expected) in [
            (Refusal::Error(Error::Malformed(text("why"))), r#"400 {"error":"why"}"#),
            (
                Refusal::Error(Error::Unauthorized),
                r#"401 www-authenticate: Bearer {"error":"not registered, not approved, or wrong credentials"}"#,
            ),
            (Refusal::Error(Error::NotFound), r#"404 {"error":"no such thing"}"#),
            (Refusal::Error(Error::Conflict(text("why"))), r#"409 {"error":"why"}"#),
            (Refusal::Error(Error::TooLarge(text("why"))), r#"413 {"error":"why"}"#),
            (Refusal::Error(Error::SlowDown(Duration::ZERO)), r#"429 retry-after: 1 {"error":"slow down"}"#),
            (
                Refusal::Error(Error::Overloaded(Duration::from_millis(2001))),
                r#"503 retry-after: 3 {"error":"overloaded"}"#,
            ),
            (Refusal::Error(Error::Ours(text("the disk is full"))), r#"500 {"error":"internal error"}"#),
            (
                Refusal::Method(text("GET, HEAD")),
                r#"405 allow: GET, HEAD {"error":"wrong method: this address takes GET, HEAD"}"#,
            ),
            (Refusal::MediaType("send JSON"), r#"415 {"error":"send JSON"}"#),
            (
                Refusal::TooManyFields,
                r#"431 {"error":"the request's head is too large: at most 100 fields and 16384 bytes are read"}"#,
            ),
            (
                Refusal::Upgrade("why"),
                r#"426 connection: upgrade upgrade: websocket sec-websocket-version: 13 {"error":"why"}"#,
            ),
            (Refusal::Slow, r#"408 connection: close {"error":"the body did not come in time"}"#),
        ] {
            assert_eq!(shown(refusal(&given, Form::Json)).await, expected);
        }
    }

    #[tokio::test]
    async fn a_browser_gets_pages() {
        for given in [Outcome::Verification, enrolment(), Outcome::Approval(user()), Outcome::Decided(user())] {
            let answer = outcome(given, Form::Html);
            assert_eq!(answer.headers().get("content-type").unwrap(), "text/html; charset=utf-8");
            assert_eq!(answer.headers().get("content-security-policy").unwrap(), pages::policy());
            assert!(shown(answer).await.starts_with("200 "));
        }
        let answer = refusal(&Refusal::Error(Error::NotFound), Form::Html);
        assert!(shown(answer).await.starts_with("404 "));
        let answer = shown(refusal(&Refusal::Error(Error::Overloaded(Duration::ZERO)), Form::Html)).await;
        assert!(answer.starts_with("503 retry-after: 1 ") && answer.contains("<h1>Not now</h1>"), "{answer}");
    }

    #[tokio::test]
    async fn the_page_at_the_root_has_a_policy_of_its_own() {
        let answer = console();
        assert_eq!(answer.headers().get("content-type").unwrap(), "text/html; charset=utf-8");
        assert_eq!(answer.headers().get("content-security-policy").unwrap(), console::policy());
        assert!(shown(answer).await.starts_with("200 <!DOCTYPE html>"));
    }

    #[test]
    fn hypers_own_answer_gets_a_sentence_and_keeps_its_head() {
        let theirs = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let ours = String::from_utf8(unreadable(theirs.as_bytes())).unwrap();
        let (head, body) = ours.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        assert!(head.contains("\r\ncontent-type: application/json\r\n") && head.ends_with("\r\ndate: x"), "{head}");
        assert_eq!(body, format!("{{\"error\":\"{UNREADABLE}\"}}"));
    }
}
