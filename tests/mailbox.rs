//! Mailboxes from outside, as the deployed client uses them: every call, every refusal, every bound, and what survives.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use cloud_python::config::{Config, MailboxRegistration, limits};
use cloud_python::domain::{MailboxId, Message, UnixTime};
use cloud_python::store::Store;
use http_body_util::Empty;
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

use crate::world::{Answer, Connection, Town, config, connect, output, repository, said, tls};

const ADA: &str = "ada@example.org";

/// What tests have where they do not try out a bound: strangers may come, and no rate is reached by accident.
pub(crate) fn open() -> Config {
    let mut config = config();
    config.mailbox.registration = MailboxRegistration::Open;
    config.mailbox.registrations_per_hour = NonZeroU32::new(1_000_000).unwrap();
    config.mailbox.sends_per_minute = NonZeroU32::new(1_000_000).unwrap();
    config
}

/// Somebody with a mailbox, and a connection that they keep.
struct User {
    name: String,
    password: String,
    server: (SocketAddr, Vec<u8>),
    connection: Connection,
}

impl User {
    /// A stranger who opens one.
    async fn new(town: &Town, name: &str) -> Self {
        Self::with_password(town, name, "bananas").await
    }

    async fn with_password(town: &Town, name: &str, password: &str) -> Self {
        let answer = town.post("/users", &registration(name, password)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        Self::known(town, name, password).await
    }

    async fn known(town: &Town, name: &str, password: &str) -> Self {
        let (name, password) = (name.to_owned(), password.to_owned());
        Self { name, password, server: (town.server.address(), town.ca.clone()), connection: town.connection().await }
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let mut head = vec![("x-user-name", self.name.as_str()), ("x-user-token", self.password.as_str())];
        if !body.is_empty() {
            head.push(("content-type", "application/json;charset=utf-8"));
        }
        // On a busy machine a minute passes while others write.
        if self.connection.is_closed() {
            self.connection = Connection::open(self.server.0, &self.server.1).await;
        }
        self.connection.send(method, path, &head, body.as_bytes()).await
    }

    async fn done(&mut self, method: &str, path: &str, body: &str) -> Value {
        let answer = self.ask(method, path, body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.text());
        answer.json()
    }

    async fn send(&mut self, to: &str, contents: &str) -> Answer {
        self.ask("POST", "/messages", &json!({"recipient": to, "contents": contents}).to_string()).await
    }

    async fn sent(&mut self, to: &str, contents: &str) -> Value {
        let answer = self.send(to, contents).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// What waits: the second of it, and contents.
    async fn read(&mut self) -> (u64, Vec<String>) {
        let read = self.done("GET", "/messages", "").await;
        let contents = read["messages"].as_array().unwrap().iter();
        let contents = contents.map(|message| message["contents"].as_str().unwrap().to_owned()).collect();
        (read["query_time"].as_u64().unwrap(), contents)
    }

    async fn delete(&mut self, until: u64) -> u64 {
        let answer = self.done("DELETE", &format!("/messages?until={until}"), "").await;
        assert_eq!(answer["result"], "success");
        answer["deleted"].as_u64().unwrap()
    }
}

fn registration(name: &str, password: &str) -> Value {
    json!({"username": name, "password": password, "private_key": "private_key", "public_key": "public_key"})
}

/// Checks that something was refused, in the shape of this section.
fn refused(answer: &Answer, status: u16, sentence: &str) {
    let body = answer.json();
    assert_eq!(answer.status, status, "{body}");
    assert_eq!(body["status"], status);
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    assert!(body["message"].as_str().unwrap().contains(sentence), "{body}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_register_find_each_other_and_write() {
    let town = Town::with(open()).await;
    let mut roy = User::new(&town, "roysom").await;
    let mut aviv = User::with_password(&town, "avivbh", "galil").await;
    let mut nadav = User::with_password(&town, "banuni", "\u{e9}\u{4e2d}").await;

    let own =
        json!({"id": 1, "username": "roysom", "public_key": "public_key", "private_key": "private_key", "info": ""});
    assert_eq!(roy.done("GET", "/users/me", "").await, own);
    let changed = roy.done("POST", "/users/me", r#"{"info":"i am bea, i like tea"}"#).await;
    assert_eq!(changed["info"], "i am bea, i like tea");
    assert_eq!(roy.done("GET", "/users/me", "").await, changed);
    assert_eq!(changed["private_key"], "private_key");
    let friend = roy.done("GET", "/users/friends?username=avivbh", "").await;
    assert_eq!(friend, json!({"id": 2, "username": "avivbh", "public_key": "public_key"}));

    let begun = town.clock.now().0;
    let sent = roy.sent("avivbh", "foo").await;
    let expected = json!({"id": 1, "from_user": "roysom", "to_user": "avivbh", "contents": "foo", "sent_at": begun});
    assert_eq!(sent, expected);
    town.clock.advance(Duration::from_secs(1));
    assert_eq!(aviv.done("GET", "/messages", "").await, json!({"query_time": begun + 1, "messages": [expected]}));
    assert_eq!(nadav.read().await.1, [""; 0]);
    // What came after the reading stays.
    roy.sent("avivbh", "bar").await;
    assert_eq!(aviv.delete(begun + 1).await, 1);
    assert_eq!(aviv.read().await, (begun + 1, vec!["bar".to_owned()]));
    // Nobody deletes another's.
    assert_eq!(roy.delete(begun + 1000).await, 0);
    assert_eq!(aviv.read().await.1, ["bar"]);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_in_the_shape_of_this_section() {
    let town = Town::with(open()).await;
    let mut ada = User::new(&town, "ada").await;
    User::new(&town, "bob").await;
    let long = "x".repeat(4097);
    for (method, path, body, status, sentence) in [
        ("POST", "/users/me", "", 400, "the body is empty"),
        ("POST", "/users/me", "{}", 400, "nothing to change"),
        ("POST", "/users/me", "{", 400, "not valid JSON"),
        ("POST", "/users/me", r#"{"info":"","x":1}"#, 400, "unknown field `x`"),
        ("POST", "/users/me", r#"{"info":"","info":""}"#, 400, "duplicate field `info`"),
        ("GET", "/users/friends", "", 400, "`username` is missing"),
        ("GET", "/users/friends?username=nobody", "", 404, "no such thing"),
        ("GET", "/users/friends?username=b%20b", "", 404, "no such thing"),
        ("POST", "/messages", r#"{"recipient":"nobody","contents":""}"#, 404, "no such thing"),
        ("POST", "/messages", r#"{"recipient":"Bob","contents":""}"#, 404, "no such thing"),
        ("POST", "/messages", r#"{"recipient":"ada","contents":""}"#, 400, "yourself"),
        ("POST", "/messages", r#"{"recipient":"bob"}"#, 400, "missing field `contents`"),
        ("POST", "/messages", &json!({"recipient": "bob", "contents": long}).to_string(), 400, "4096 characters"),
        ("DELETE", "/messages", "", 400, "`until` is missing"),
        ("DELETE", "/messages?until=soon", "", 400, "`until` must be a whole number of seconds"),
        ("GET", "/messages?before=x", "", 400, "`before` must be the number of a message"),
        ("PUT", "/messages", "", 405, "wrong method: this address takes GET, HEAD, POST, DELETE"),
        ("DELETE", "/users/me", "", 405, "wrong method"),
        ("GET", "/users", "", 405, "wrong method"),
        ("GET", "/users/nobody", "", 404, "no such thing"),
        ("GET", "/messages/1", "", 404, "no such thing"),
    ] {
        refused(&ada.ask(method, path, body).await, status, sentence);
    }
    let large = format!(r#"{{"recipient":"bob","contents":"{}"}}"#, "x".repeat(limits::BODY_BYTES));
    refused(&ada.ask("POST", "/messages", &large).await, 413, "larger than 65536 bytes");
    // What was left of it stays unread, so the connection has ended, or will in a moment.
    let mut ada = User::known(&town, "ada", "bananas").await;
    let shown = [("x-user-name", "ada"), ("x-user-token", "bananas"), ("content-type", "text/plain")];
    refused(&town.ask("POST", "/messages", &shown, b"{}").await, 415, "application/json");
    refused(&town.post("/users", &registration("roysom!@?$", "p")).await, 400, "3 to 32 letters");
    refused(&town.post("/users", &registration("ada", "p")).await, 400, "already in use");
    refused(&town.post("/users", &json!({"username": "ada2"})).await, 400, "missing field");
    refused(&town.ask("POST", "/users", &[], b"").await, 400, "the body is empty");
    // As much as may be in a message, in the most bytes that there are for it.
    let snakes = "\\ud83d\\udc0d".repeat(4096);
    let answer = ada.ask("POST", "/messages", &format!(r#"{{"recipient":"bob","contents":"{snakes}"}}"#)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["contents"], "\u{1f40d}".repeat(4096));
    let largest = format!(
        r#"{{"username":"carol","password":"p","private_key":"{snakes}","public_key":"{snakes}","info":"{snakes}"}}"#
    );
    assert_eq!(town.ask("POST", "/users", &[], largest.as_bytes()).await.status, 201);
    town.close().await;
}

/// Every route but the one for strangers, and with what.
const OWNERS: [(&str, &str, &str); 6] = [
    ("GET", "/users/me", ""),
    ("POST", "/users/me", r#"{"info":"x"}"#),
    ("GET", "/users/friends?username=ada", ""),
    ("GET", "/messages", ""),
    ("POST", "/messages", r#"{"recipient":"ada","contents":"x"}"#),
    ("DELETE", "/messages?until=1", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_show_their_mailbox_is_told_so_in_the_same_bytes_whatever_they_ask() {
    let town = Town::with(open()).await;
    User::new(&town, "ada").await;
    let mut seen = vec![];
    let mut ask = async |method: &str, path: &str, shown: &[(&str, &str)], body: &str| {
        let answer = town.ask(method, path, shown, body.as_bytes()).await;
        refused(&answer, 401, "wrong credentials");
        seen.push(answer.text());
    };
    for (method, path, body) in OWNERS {
        let bare = path.split('?').next().unwrap();
        for shown in [
            &[][..],
            &[("x-user-name", "ada")],
            &[("x-user-token", "bananas")],
            &[("x-user-name", "a b"), ("x-user-token", "bananas")],
            &[("x-user-name", "nobody"), ("x-user-token", "bananas")],
            &[("authorization", "Bearer cpt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")],
        ] {
            ask(method, path, shown, body).await;
            ask(method, bare, shown, "").await;
        }
        town.clock.advance(Duration::from_secs(3600));
        ask(method, path, &[("x-user-name", "ada"), ("x-user-token", "not right")], body).await;
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:#?}");
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_a_mailbox_are_slowed_down_and_its_owner_is_not() {
    let town = Town::with(open()).await;
    let mut ada = User::new(&town, "ada").await;
    ada.read().await;
    let guess =
        async || town.ask("GET", "/messages", &[("x-user-name", "ada"), ("x-user-token", "a guess")], b"").await;
    for _ in 0..=limits::FREE_FAILURES {
        assert_eq!(guess().await.status, 401);
    }
    let answer = guess().await;
    refused(&answer, 429, "slow down");
    assert_eq!(answer.header("retry-after"), Some("1"));
    // The right one is remembered, so it is not a guess.
    ada.read().await;
    // A name that nobody has is guessed at likewise.
    let nobodys = [("x-user-name", "nobody"), ("x-user-token", "a guess")];
    for _ in 0..=limits::FREE_FAILURES {
        assert_eq!(town.ask("GET", "/messages", &nobodys, b"").await.status, 401);
    }
    assert_eq!(town.ask("GET", "/messages", &nobodys, b"").await.status, 429);
    town.close().await;
}

/// With a rate of one password a minute, whoever asks every second is answered all the same, for minutes.
#[tokio::test(flavor = "multi_thread")]
async fn asking_every_second_costs_one_hash() {
    let mut config = open();
    config.mailbox.logins_per_minute = NonZeroU32::MIN;
    let town = Town::with(config).await;
    let mut ada = User::new(&town, "ada").await;
    for _ in 0..limits::REMEMBERED_FOR.as_secs() {
        ada.read().await;
        town.clock.advance(Duration::from_secs(1));
    }
    // Now it is hashed again, and that is all for this minute.
    ada.read().await;
    let mut bob = User::new(&town, "bob").await;
    refused(&bob.ask("GET", "/messages", "").await, 429, "slow down");
    // A wrong one is no better for having been tried.
    town.clock.advance(Duration::from_secs(60));
    let mut wrong = User::known(&town, "ada", "wrong").await;
    refused(&wrong.ask("GET", "/messages", "").await, 401, "wrong credentials");
    refused(&wrong.ask("GET", "/messages", "").await, 429, "slow down");
    ada.read().await;
    town.close().await;
}

/// A client with an old password asks every second for ever. Each time it used up one of its network's passwords, though it was told to
/// wait before the password was looked at, and nobody else there got in: neither at a mailbox nor at an account.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_an_old_password_keeps_nobody_else_out() {
    let mut config = open();
    let free = limits::FREE_FAILURES + 1;
    config.mailbox.logins_per_minute = NonZeroU32::new(free + 1).unwrap();
    config.logins_per_minute = NonZeroU32::MIN;
    let town = Town::with(config).await;
    let person = town.verified(ADA).await;
    let mut bob = User::new(&town, "bob").await;
    User::new(&town, "ada").await;
    let mut old = User::known(&town, "ada", "old").await;
    let mut codes = vec![];
    for _ in 0..free + 10 {
        codes.push(old.ask("GET", "/messages", "").await.status);
    }
    let (looked_at, told_to_wait) = codes.split_at(free as usize);
    assert!(looked_at.iter().all(|code| *code == 401) && told_to_wait.iter().all(|code| *code == 429), "{codes:?}");
    bob.read().await;
    // It was wrong, for nobody has approved her: but it was looked at.
    assert_eq!(town.post("/login", &town.credentials(&person)).await.status, 401);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_second_keep_their_order_and_come_a_hundred_at_a_time() {
    let town = Town::with(open()).await;
    let (mut ada, mut bob) = (User::new(&town, "ada").await, User::new(&town, "bob").await);
    let second = town.clock.now().0;
    for number in 1..=130 {
        assert_eq!(ada.sent("bob", &number.to_string()).await["id"], number);
    }
    let numbers = |range: std::ops::RangeInclusive<u64>| range.rev().map(|n| n.to_string()).collect::<Vec<_>>();
    // Those that have waited longest, unless a page is asked for.
    assert_eq!(bob.read().await, (second, numbers(1..=100)));
    for (before, expected) in [(u64::MAX, numbers(31..=130)), (31, numbers(1..=30)), (1, vec![])] {
        let page = bob.done("GET", &format!("/messages?before={before}"), "").await;
        let shown: Vec<_> =
            page["messages"].as_array().unwrap().iter().map(|message| message["contents"].as_str().unwrap()).collect();
        assert_eq!(
            (page["query_time"].as_u64(), shown),
            (Some(second), expected.iter().map(|text| &text[..]).collect())
        );
    }
    // Nothing is older than this second.
    assert_eq!(bob.delete(second).await, 0);
    assert_eq!(bob.delete(second + 1).await, 130);
    assert_eq!(ada.sent("bob", "the next").await["id"], 131);
    town.close().await;
}

/// Only the newest hundred were shown, with a second up to which all could be deleted: whoever sent a burst made the deployed client delete
/// what it had not seen.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_has_no_room_for_is_not_deleted() {
    let town = Town::with(open()).await;
    let (mut ada, mut bob) = (User::new(&town, "ada").await, User::new(&town, "bob").await);
    let begun = town.clock.now().0;
    let mut sent = 0;
    for burst in [30, 90, 50, 1, 90] {
        for _ in 0..burst {
            sent += 1;
            ada.sent("bob", &sent.to_string()).await;
        }
        town.clock.advance(Duration::from_secs(1));
    }
    let numbers = |range: std::ops::RangeInclusive<u64>| range.rev().map(|n| n.to_string()).collect::<Vec<_>>();
    // As the deployed client does it: what was shown is deleted, up to the second that was told.
    for (shown, told, deleted) in [(1..=100, 1, 30), (31..=130, 2, 90), (121..=220, 4, 51), (172..=261, 5, 90)] {
        assert_eq!(bob.read().await, (begun + told, numbers(shown)));
        assert_eq!(bob.delete(begun + told).await, deleted);
    }
    assert_eq!(bob.read().await, (begun + 5, vec![]));
    // All of one page is of one second, in which there was more: something must go, or it would be shown for ever.
    for number in 1..=101 {
        ada.sent("bob", &number.to_string()).await;
    }
    assert_eq!(bob.read().await, (begun + 5, numbers(1..=100)));
    town.clock.advance(Duration::from_secs(10));
    assert_eq!(bob.read().await, (begun + 6, numbers(1..=100)));
    assert_eq!(bob.delete(begun + 6).await, 101);
    town.close().await;
}

/// A clock was ahead for a moment. The message that was stamped then had the lowest number in its mailbox, and because it was not old,
/// nothing behind it was deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_from_the_future_does_not_keep_others_from_being_deleted() {
    let town = Town::with(open()).await;
    let (mut ada, bob) = (User::new(&town, "ada").await, User::new(&town, "bob").await);
    let begun = town.clock.now();
    ada.sent("bob", "from the future").await;
    let later = async |store: &Store| {
        let bobs = MailboxId(2);
        let messages = store.read(|view| view.messages(bobs, None, 2)).unwrap();
        let [first] = &messages[..] else { panic!("{messages:?}") };
        let first = Message { sent_at: UnixTime(begun.0 + 86_400), ..first.clone() };
        store.write(move |change| change.put_message(bobs, &first, change.load(bobs)?)).await.unwrap();
    };
    let town = town.restarted(open(), later).await;
    let (mut ada, mut bob) =
        (User::known(&town, &ada.name, "bananas").await, User::known(&town, &bob.name, "bananas").await);
    ada.sent("bob", "from today").await;
    town.clock.advance(Duration::from_secs(1));
    assert_eq!(bob.read().await, (begun.0 + 1, vec!["from today".to_owned(), "from the future".to_owned()]));
    assert_eq!(bob.delete(begun.0 + 1).await, 1);
    assert_eq!(bob.read().await.1, ["from the future"]);
    town.close().await;
}

/// Setting registration back to closed kept new strangers out, and there was no way to be rid of the others.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_there_as_long_as_they_are_let_in() {
    let town = Town::with(open()).await;
    let person = town.approved(ADA).await;
    assert_eq!(town.post_as(&person.token.unwrap(), "/users", &registration("ada", "bananas")).await.status, 201);
    let mut eve = User::new(&town, "eve").await;
    eve.sent("ada", "before").await;
    User::known(&town, "ada", "bananas").await.sent("eve", "stop it").await;
    let town = town.restarted(config(), async |_: &Store| ()).await;
    let (mut ada, mut eve) = (User::known(&town, "ada", "bananas").await, User::known(&town, "eve", "bananas").await);
    refused(&eve.send("ada", "after").await, 401, "wrong credentials");
    refused(&ada.send("eve", "are you gone?").await, 404, "no such thing");
    assert_eq!(ada.read().await.1, ["before"]);
    assert_eq!(ada.done("GET", "/users/friends?username=eve", "").await["public_key"], "public_key");
    let town = town.restarted(open(), async |_: &Store| ()).await;
    assert_eq!(User::known(&town, "eve", "bananas").await.read().await.1, ["stop it"]);
    town.close().await;
}

/// The largest answers of all were not counted, and each connection could ask for many of them and fetch none.
#[tokio::test(flavor = "multi_thread")]
async fn messages_that_nobody_fetches_are_bounded() {
    let town = Town::with(open()).await;
    let (mut ada, mut bob) = (User::new(&town, "ada").await, User::new(&town, "bob").await);
    // What takes six times as much to write as to keep.
    let largest = "\u{1}".repeat(limits::MAILBOX_TEXT_CHARS);
    for _ in 0..limits::MESSAGES_PAGE {
        ada.sent("bob", &largest).await;
    }
    let length = bob.ask("GET", "/messages", "").await.body.len();
    let room = limits::ANSWERS_NETWORK_BYTES / length;
    assert!((2..80).contains(&room), "{length}");
    // Nothing of a stream comes until it is asked for, so that the system's buffers hold none of it.
    let (mut unread, mut streams) = (vec![], patient(&town).await);
    for number in 0..=room {
        if number % 16 == 15 {
            streams = patient(&town).await;
        }
        let url = format!("https://{}/messages", town.server.address());
        let request = Request::get(url).header("x-user-name", "bob").header("x-user-token", "bananas");
        let answer = streams.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), if number < room { 200 } else { 429 }, "{number} of {room}");
        unread.push((answer, streams.clone()));
    }
    // Small answers go on, and nothing was lost.
    bob.sent("ada", "one moment").await;
    drop(unread);
    let mut answer = bob.ask("GET", "/messages", "").await;
    while answer.status == 429 {
        // Until the server has noticed that they have gone.
        answer = bob.ask("GET", "/messages", "").await;
    }
    assert_eq!((answer.status, answer.body.len()), (200, length));
    town.close().await;
}

/// A connection whose streams have a window of one byte.
async fn patient(town: &Town) -> SendRequest<Empty<Bytes>> {
    let stream = connect(town.server.address(), tls(&town.ca, &["h2"])).await.unwrap();
    let mut builder = http2::Builder::new(TokioExecutor::new());
    let (streams, connection) = builder.initial_stream_window_size(1).handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    streams
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_tells_the_sender_and_loses_nothing() {
    let mut config = open();
    (config.mailbox.messages, config.mailbox.bytes) = (3, 16 << 10);
    let town = Town::with(config).await;
    let (mut ada, mut bob) = (User::new(&town, "ada").await, User::new(&town, "bob").await);
    for contents in ["one", "two", "three"] {
        ada.sent("bob", contents).await;
    }
    refused(&ada.send("bob", "four").await, 409, "the recipient's mailbox is full: it holds at most 3 messages");
    assert_eq!(bob.read().await.1, ["three", "two", "one"]);
    // The other way there is room.
    bob.sent("ada", "your mail does not arrive").await;
    assert_eq!(bob.delete(u64::MAX).await, 3);
    let half = "\u{e9}".repeat(4095);
    ada.sent("bob", &half).await;
    ada.sent("bob", &half).await;
    refused(&ada.send("bob", "too many bytes").await, 409, "16384 bytes");
    // A number that was not used is not missed, and one that was is not used again.
    assert_eq!(bob.delete(u64::MAX).await, 2);
    assert_eq!(ada.sent("bob", "at last").await["id"], 7);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_and_registrations_have_rates() {
    let mut config = open();
    config.mailbox.sends_per_minute = NonZeroU32::new(2).unwrap();
    config.mailbox.registrations_per_hour = NonZeroU32::new(3).unwrap();
    let town = Town::with(config).await;
    let (mut ada, mut bob) = (User::new(&town, "ada").await, User::new(&town, "bob").await);
    ada.sent("bob", "one").await;
    ada.sent("bob", "two").await;
    let answer = ada.send("bob", "three").await;
    refused(&answer, 429, "slow down");
    assert_eq!(answer.header("retry-after"), Some("30"));
    bob.sent("ada", "I can").await;
    town.clock.advance(Duration::from_secs(30));
    ada.sent("bob", "three").await;
    User::new(&town, "carol").await;
    refused(&town.post("/users", &registration("dave", "p")).await, 429, "slow down");
    // Other changes have one, too; deleting what is not there changes nothing.
    for _ in 0..limits::CHANGES_PER_MINUTE.get() {
        ada.done("POST", "/users/me", r#"{"info":"x"}"#).await;
    }
    refused(&ada.ask("POST", "/users/me", r#"{"info":"x"}"#).await, 429, "slow down");
    refused(&ada.ask("DELETE", &format!("/messages?until={}", u64::MAX), "").await, 429, "slow down");
    assert_eq!(ada.delete(1).await, 0);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_an_end_to_strangers() {
    let mut config = open();
    config.mailbox.strangers = 1;
    let town = Town::with(config).await;
    User::new(&town, "ada").await;
    let answer = town.post("/users", &registration("bob", "p")).await;
    refused(&answer, 503, "overloaded");
    assert!(answer.header("retry-after").is_some());
    // An account is no stranger.
    let ada = town.approved(ADA).await;
    assert_eq!(town.post_as(&ada.token.unwrap(), "/users", &registration("bob", "p")).await.status, 201);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mailboxes_are_for_approved_accounts_and_end_with_them() {
    let town = Town::new().await;
    for body in [registration("ada", "p").to_string(), "{".to_owned(), String::new()] {
        refused(&town.ask("POST", "/users", &[], body.as_bytes()).await, 401, "wrong credentials");
    }
    let token = town.approved(ADA).await.token.unwrap();
    for number in 1..=limits::MAILBOXES_PER_ACCOUNT {
        let answer = town.post_as(&token, "/users", &registration(&format!("ada{number}"), "p")).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    refused(&town.post_as(&token, "/users", &registration("ada9", "p")).await, 409, "at most 4 mailboxes");
    refused(&town.post_as(&token, "/users", &json!({})).await, 400, "missing field");
    let bob = town.approved("bob@example.org").await.token.unwrap();
    assert_eq!(town.post_as(&bob, "/users", &registration("bob", "p")).await.status, 201);

    let (mut ada, mut bob) = (User::known(&town, "ada1", "p").await, User::known(&town, "bob", "p").await);
    bob.sent("ada1", "before").await;
    ada.sent("bob", "from ada").await;
    assert_eq!(town.admin("POST", "/users/ada@example.org/suspend").await.status, 200);
    // At once, though the password is remembered; and nothing can be sent there.
    refused(&ada.ask("GET", "/messages", "").await, 401, "wrong credentials");
    refused(&bob.send("ada1", "hello?").await, 404, "no such thing");
    // What it sent before can be read, for which its key is needed.
    assert_eq!(bob.done("GET", "/users/friends?username=ada1", "").await["public_key"], "public_key");
    assert_eq!(bob.read().await.1, ["from ada"]);
    // Its name stays taken.
    refused(&town.post_as(&token, "/users", &registration("ada1", "p")).await, 401, "wrong credentials");
    assert_eq!(town.admin("POST", "/users/ada@example.org/restore").await.status, 200);
    assert_eq!(ada.read().await.1, ["before"]);

    let trail = town.admin("GET", "/audit?from=1").await.text();
    assert_eq!(trail.matches("MailboxOpened").count(), 5, "{trail}");
    assert!(trail.contains("mailbox ada1 of ada@example.org") && !trail.contains("before"), "{trail}");
    let metrics = town.admin("GET", "/metrics").await.text();
    assert!(metrics.contains("cloud_python_mailboxes 5") && metrics.contains("cloud_python_messages 2"), "{metrics}");
    assert!(metrics.contains(r#"action="mailbox_send",answer="ok""#), "{metrics}");
    town.close().await;
}

/// The deployed client in Python, from outside, with nothing of ours but the address and the authority.
#[tokio::test(flavor = "multi_thread")]
async fn the_deployed_client_works_unchanged() {
    let town = Town::with(open()).await;
    let (port, ca) = (town.server.address().port().to_string(), town.path("ca.pem"));
    let mut python = std::process::Command::new("python3");
    python.arg("-B").arg(repository("tests/outside/mailbox_client.py")).arg(port).arg(ca);
    let ended = tokio::task::spawn_blocking(move || output(&mut python)).await.unwrap();
    assert!(ended.status.success(), "{}{}", String::from_utf8_lossy(&ended.stdout), said(&ended));
    town.close().await;
}

/// Somebody fetches and deletes as fast as they can while others write. Nothing is lost, and nothing that was deleted comes back.
#[tokio::test(flavor = "multi_thread")]
async fn deleting_while_others_send_loses_nothing() {
    const EACH: usize = 120;
    let town = Town::with(open()).await;
    let mut reader = User::new(&town, "reader").await;
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..3 {
        let mut user = User::new(&town, &format!("sender{sender}")).await;
        let clock = town.clock.clone();
        senders.spawn(async move {
            for number in 0..EACH {
                user.sent("reader", &format!("{sender} {number}")).await;
                // Time goes on in the middle of whatever the others are doing.
                clock.advance(Duration::from_millis(300));
            }
        });
    }
    let mut seen = std::collections::BTreeMap::new();
    let mut all_sent = false;
    while !all_sent {
        while let Some(ended) = senders.try_join_next() {
            ended.unwrap();
        }
        all_sent = senders.is_empty();
        let read = reader.done("GET", "/messages", "").await;
        for message in read["messages"].as_array().unwrap() {
            seen.insert(message["id"].as_u64().unwrap(), message["contents"].as_str().unwrap().to_owned());
        }
        reader.delete(read["query_time"].as_u64().unwrap()).await;
    }
    assert_eq!(seen.len(), 3 * EACH, "lost: {:?}", (1..=3 * EACH as u64).filter(|id| !seen.contains_key(id)));
    town.close().await;
}

/// There is nothing in the sandbox that leads to a mailbox: no network, and no function of the host's but those for files and time.
#[tokio::test(flavor = "multi_thread")]
async fn a_script_has_no_way_to_mailboxes() {
    let town = Town::with(open()).await;
    let token = town.approved(ADA).await.token.unwrap();
    let (mut ada, mut bob) = (User::new(&town, "ada").await, User::new(&town, "bob").await);
    ada.sent("bob", "the secret of the pyramids").await;
    let address = town.server.address();
    let script = format!(
        r#"
import os, socket, sys, urllib.request
tried = []
for attempt in (
    lambda: socket.create_connection(("127.0.0.1", {port}), timeout=1),
    lambda: socket.socket(),
    lambda: urllib.request.urlopen("https://{address}/messages"),
    lambda: open("{database}", "rb"),
    lambda: os.listdir("{data}"),
    lambda: __import__("_socket").socket(),
    lambda: os.open("/dev/tcp/127.0.0.1/{port}", os.O_RDWR),
):
    try:
        attempt()
        tried.append("got through")
    except (OSError, ImportError, AttributeError, NameError) as error:
        tried.append(type(error).__name__)
print(len(tried), "got through" in tried, [name for name in os.environ if "USER" in name or "TOKEN" in name])
"#,
        port = address.port(),
        database = town.path("store.redb").display(),
        data = town.path("").display(),
    );
    let answer = town.post_as(&token, "/execute", &json!({"data": script})).await.json();
    let decoded = |name: &str| {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(answer[name].as_str().unwrap()).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(decoded("stdout"), "7 False []\n", "{}", decoded("stderr"));
    // And nothing that came in this way went out by it.
    assert_eq!(bob.read().await.1, ["the secret of the pyramids"]);
    town.close().await;
}
