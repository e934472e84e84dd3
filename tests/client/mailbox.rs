//! `cloud-python client mailbox ...` with the real server: what is written is read by one person, and the server never sees it.

use std::process::Output;

use cloud_python::config::limits;
use cloud_python::domain::{MailText, MailboxId, MailboxKeys};
use cloud_python::store::Store;
use serde_json::{Value, json};

use super::commands::{Home, mode};
use super::real::{ADA, done, fails};
use crate::mailbox::open;
use crate::world::{PASSWORD, Serving, Town, output, program, said};

const SECRET: &str = "the secret of the pyramids";

/// Somebody's home, from which a server can be reached.
fn home(ca: &[u8]) -> Home {
    let home = Home::empty();
    home.put("ca.pem", std::str::from_utf8(ca).unwrap());
    home.put("password", PASSWORD);
    home
}

fn at(home: &Home, url: &str, arguments: &[&str]) -> Output {
    let place = ["--url", url, "--ca", "ca.pem", "mailbox", "--password-file", "password"];
    home.client(&[&place[..], arguments].concat())
}

fn send(home: &Home, url: &str, from: &str, to: &str, text: &str) -> Output {
    home.put("message", text);
    at(home, url, &["send", from, to, "message"])
}

/// A server that lets strangers in, and two of them, each at a machine of their own.
struct Square {
    town: Town,
    url: String,
    ada: Home,
    bob: Home,
}

impl Square {
    async fn new() -> Self {
        let town = Town::with(open()).await;
        let url = format!("https://{}", town.server.address());
        let square = Self { ada: home(&town.ca), bob: home(&town.ca), town, url };
        done(&at(&square.ada, &square.url, &["register", "ada"]));
        done(&at(&square.bob, &square.url, &["register", "bob"]));
        square
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_write_to_each_other() {
    let Square { town, url, ada, bob, .. } = Square::new().await;
    let sent = send(&ada, &url, "ada", "bob", SECRET);
    assert!(
        said(&sent).starts_with("cloud-python: bob is new here; the fingerprint of their key: "),
        "{}",
        said(&sent)
    );
    assert_eq!(done(&sent), "Sent to bob.\n");
    let again = send(&ada, &url, "ada", "bob", "and another\nin two lines\n");
    assert_eq!((done(&again), said(&again)), ("Sent to bob.\n".to_owned(), String::new()));

    let read = at(&bob, &url, &["read", "bob"]);
    let shown = done(&read);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with("[1] ada, 20") && lines[2].starts_with("[2] ada, 20"), "{shown}");
    assert_eq!([lines[1], lines[3], lines[4]], ["  the secret of the pyramids", "  and another", "  in two lines"]);
    let json = done(&at(&bob, &url, &["read", "bob", "--json"]));
    let first: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!((&first["from"], &first["text"]), (&json!("ada"), &json!(SECRET)));

    // What is older than the second of the reading goes.
    town.clock.advance(std::time::Duration::from_secs(1));
    let deleted = at(&bob, &url, &["read", "bob", "--delete"]);
    assert_eq!(said(&deleted), "cloud-python: 2 of 2 messages deleted on the server\n");
    assert_eq!(done(&at(&bob, &url, &["read", "bob"])), "");
    assert_eq!(mode(bob.path(".config/cloud-python/mailbox-keys.json")), 0o600);
    // From standard input, and to nobody.
    fails(&send(&ada, &url, "ada", "carol", "x"), "nobody has a mailbox of the name carol");
    fails(
        &send(&ada, &url, "ada", "bob", &"x".repeat(2935)),
        "the message is longer than 2934 bytes: send it in parts",
    );
    done(&send(&ada, &url, "ada", "bob", &"x".repeat(2934)));
    ada.put("password", "another password");
    fails(&at(&ada, &url, &["read", "ada"]), "no such mailbox, or wrong password (the mailbox's, not the account's)");
    town.close().await;
}

/// A text could go on as if the next message began in it, and nobody at the terminal could tell.
#[tokio::test(flavor = "multi_thread")]
async fn no_text_looks_like_the_head_of_a_message() {
    let Square { town, url, ada, bob, .. } = Square::new().await;
    done(&send(&ada, &url, "ada", "bob", "hi\n[2] carol, 2026-01-31T12:00:00Z\nsend ada the key\n\nbye"));
    let shown = done(&at(&bob, &url, &["read", "bob"]));
    let (head, text) = shown.split_once('\n').unwrap();
    assert!(head.starts_with("[1] ada, 20"), "{shown}");
    assert_eq!(text, "  hi\n  [2] carol, 2026-01-31T12:00:00Z\n  send ada the key\n  \n  bye\n");
    town.close().await;
}

/// Whoever sent something that nobody can read kept all of a mailbox from being deleted, until it was full.
#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_hundred_messages_are_read_and_junk_goes_with_them() {
    let Square { town, url, ada, bob, .. } = Square::new().await;
    for text in ["the first", "the second"] {
        done(&send(&ada, &url, "ada", "bob", text));
    }
    // The rest in bulk, by somebody whose messages cannot be read.
    let eve = json!({"username": "eve", "password": "p", "private_key": "", "public_key": ""});
    assert_eq!(town.post("/users", &eve).await.status, 201);
    let shown = [("x-user-name", "eve"), ("x-user-token", "p")];
    let body = json!({"recipient": "bob", "contents": "not sealed"}).to_string();
    let mut connection = town.connection().await;
    for _ in 0..120 {
        assert_eq!(connection.send("POST", "/messages", &shown, body.as_bytes()).await.status, 201);
    }
    town.clock.advance(std::time::Duration::from_secs(1));
    let read = at(&bob, &url, &["read", "bob", "--delete"]);
    let texts = String::from_utf8(read.stdout.clone()).unwrap();
    assert!(texts.contains("the first") && texts.contains("the second"), "{texts}");
    assert_eq!(read.status.code(), Some(1));
    let said = said(&read);
    assert!(
        said.contains("the public key of eve cannot be used") && said.contains("message 122 from eve cannot be read"),
        "{said}"
    );
    assert!(said.ends_with("122 of 122 messages deleted on the server, 120 of them unreadable\n"), "{said}");
    assert_eq!(done(&at(&bob, &url, &["read", "bob"])), "");
    town.close().await;
}

/// Each new sender is a call and a key to remember, and a server can name as many as it likes.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_new_senders_is_met_bit_by_bit() {
    let Square { town, url, bob, .. } = Square::new().await;
    let key = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [&[1, 1][..], &[9; 32]].concat());
    for number in 0..=limits::NEW_FRIENDS {
        let name = format!("eve{number}");
        let eve = json!({"username": name, "password": "p", "private_key": "", "public_key": key});
        assert_eq!(town.post("/users", &eve).await.status, 201);
        let shown = [("x-user-name", &name[..]), ("x-user-token", "p"), ("content-type", "application/json")];
        let body = json!({"recipient": "bob", "contents": "not sealed"}).to_string();
        assert_eq!(town.ask("POST", "/messages", &shown, body.as_bytes()).await.status, 201);
    }
    town.clock.advance(std::time::Duration::from_secs(1));
    let read = at(&bob, &url, &["read", "bob", "--delete"]);
    assert_eq!(read.status.code(), Some(1));
    assert!(said(&read).contains("eve100 is new here, and so are 100 others: read again"), "{}", said(&read));
    assert!(said(&read).ends_with("nothing was deleted, for some of it may be read another time\n"), "{}", said(&read));
    let again = said(&at(&bob, &url, &["read", "bob", "--delete"]));
    assert!(again.ends_with("101 of 101 messages deleted on the server, 101 of them unreadable\n"), "{again}");
    town.close().await;
}

/// What a friend had sent could not be read any more when the server had no key of theirs, though it was remembered here.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_remembered_is_good_without_the_server() {
    let Square { town, url, ada, bob, .. } = Square::new().await;
    done(&send(&ada, &url, "ada", "bob", "the first"));
    done(&at(&bob, &url, &["read", "bob"]));
    done(&send(&ada, &url, "ada", "bob", "the second"));
    let lost = async |store: &Store| {
        let adas = MailboxId(1);
        let keys = store.read(|view| view.mailbox_keys(adas)).unwrap().unwrap();
        let keys = MailboxKeys { public_key: MailText::parse("").unwrap(), ..keys };
        store.write(move |change| change.put_mailbox_keys(adas, &keys)).await.unwrap();
    };
    let town = town.restarted(open(), lost).await;
    let now = format!("https://{}", town.server.address());
    // It is the same server at another port.
    let list = bob.path(".config/cloud-python/mailbox-keys.json");
    let known = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, known.replace(&url, &now)).unwrap();
    let texts = done(&at(&bob, &now, &["read", "bob"]));
    assert!(texts.contains("the first") && texts.contains("the second"), "{texts}");
    std::fs::remove_file(&list).unwrap();
    let forgotten = at(&bob, &now, &["read", "bob"]);
    assert_eq!((forgotten.status.code(), forgotten.stdout.len()), (Some(1), 0), "{}", said(&forgotten));
    assert!(said(&forgotten).contains("message 2 from ada cannot be read"), "{}", said(&forgotten));
    town.close().await;
}

/// The server is a thief's: it hands out another key than the friend's.
#[tokio::test(flavor = "multi_thread")]
async fn another_key_of_a_friend_is_noticed_until_it_is_trusted() {
    let Square { town, url, ada, bob, .. } = Square::new().await;
    done(&send(&ada, &url, "ada", "bob", "before"));
    done(&send(&bob, &url, "bob", "ada", "from bob"));
    done(&at(&ada, &url, &["read", "ada"]));
    // Whoever has the name on another server has another key; the list knows servers by their address, so the list is what is changed
    // here: it says what bob's key was, and that is not what the server says.
    let list = ada.path(".config/cloud-python/mailbox-keys.json");
    let mut known: Value = serde_json::from_slice(&std::fs::read(&list).unwrap()).unwrap();
    let other: Value =
        serde_json::from_slice(&std::fs::read(bob.path(".config/cloud-python/mailbox-keys.json")).unwrap()).unwrap();
    assert_ne!(known["keys"][0]["key"], other["keys"][0]["key"]);
    known["keys"][0]["key"] = other["keys"][0]["key"].clone();
    std::fs::write(&list, known.to_string()).unwrap();

    let refused = send(&ada, &url, "ada", "bob", "for the thief");
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("WARNING: the key of bob is not the one that it was. Was: "), "{}", said(&refused));
    let unread = at(&ada, &url, &["read", "ada", "--delete"]);
    assert_eq!((unread.status.code(), unread.stdout.len()), (Some(3), 0));
    assert!(said(&unread).contains("message 2 from bob was not read"), "{}", said(&unread));
    assert!(said(&unread).ends_with("nothing was deleted, for some of it may be read another time\n"));
    // Only the key that bob has told her is trusted, whatever the server says.
    let (hers, his) = (at(&ada, &url, &["fingerprint", "ada"]), at(&bob, &url, &["fingerprint", "bob"]));
    let (hers, his) = (done(&hers), done(&his));
    let wrong = at(&ada, &url, &["trust", "ada", "bob", hers.trim()]);
    assert_eq!(wrong.status.code(), Some(3));
    assert!(said(&wrong).contains(&format!("the server says now is {}. Nothing was changed", his.trim())));
    assert_eq!(send(&ada, &url, "ada", "bob", "for the thief").status.code(), Some(3));
    let short = at(&ada, &url, &["trust", "ada", "bob", &his[..35]]);
    assert_eq!(short.status.code(), Some(2), "{}", said(&short));
    let words = his.to_uppercase();
    let words: Vec<&str> = ["trust", "ada", "bob"].into_iter().chain(words.split_whitespace()).collect();
    let trusted = done(&at(&ada, &url, &words));
    assert!(
        trusted.starts_with("The key of bob was ") && trusted.ends_with(&format!(". From now on it is {his}")),
        "{trusted}"
    );
    done(&send(&ada, &url, "ada", "bob", "after"));
    let texts = done(&at(&bob, &url, &["read", "bob"]));
    assert!(texts.contains("before") && texts.contains("after") && !texts.contains("thief"), "{texts}");
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_opens_a_mailbox_with_its_session() {
    let town = Town::new().await;
    let (url, home) = (format!("https://{}", town.server.address()), home(&town.ca));
    fails(
        &at(&home, &url, &["register", "ada"]),
        "not allowed to open a mailbox: log in with an approved account first",
    );
    let ada = town.approved(ADA).await;
    home.put("code", town.credentials(&ada)["totop"].as_str().unwrap());
    let login = ["--url", &url, "--ca", "ca.pem", "login", ADA, "--password-file", "password", "--code-file", "code"];
    done(&home.client(&login));
    // From here on the session says where the server is.
    let told = done(&home.client(&["mailbox", "register", "ada", "--password-file", "password"]));
    assert!(told.starts_with("The mailbox ada is open. The fingerprint of its key: "), "{told}");
    fails(&home.client(&["mailbox", "register", "ada", "--password-file", "password"]), "`username` is already in use");
    home.put("weak", "password1");
    fails(&home.client(&["mailbox", "register", "ada2", "--password-file", "weak"]), "most common");
    assert_eq!(done(&home.client(&["mailbox", "read", "ada", "--password-file", "password"])), "");
    let wrong = home.client(&["mailbox", "read", "a b", "--password-file", "password"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_database_nor_the_log_has_plain_text_in_it() {
    let config = "[passwords]\nmemory_mib = 19\npasses = 2\n[mailbox]\nregistration = \"open\"\n";
    let folder = tempfile::tempdir().unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let server = Serving::start_logging(&data, config, std::fs::File::create(&log).unwrap().into());
    let url = format!("https://{}", server.address);
    let (ada, bob) = (home(&server.ca), home(&server.ca));
    done(&at(&ada, &url, &["register", "ada"]));
    done(&at(&bob, &url, &["register", "bob"]));
    done(&send(&ada, &url, "ada", "bob", SECRET));
    assert!(done(&at(&bob, &url, &["read", "bob"])).contains(SECRET));
    assert_eq!(server.terminate().0, Some(0));

    let database = std::fs::read(data.join("store.redb")).unwrap();
    let log = std::fs::read(log).unwrap();
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    for secret in [SECRET, "pyramids", PASSWORD] {
        assert!(!has(&database, secret) && !has(&log, secret), "{secret:?} was written down");
    }
    // It was the right file: what is no secret is there.
    assert!(has(&database, "bob") && has(&database, "mailbox ada of a stranger"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_says_what_can_be_done() {
    let help = done(&output(&mut program(&["client", "mailbox", "--help"])));
    for word in [
        "register",
        "send",
        "read",
        "fingerprint",
        "trust",
        "give no two servers",
        "3 somebody's key is not the one that it was",
    ] {
        assert!(help.contains(word), "{help}");
    }
}
