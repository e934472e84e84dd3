//! Who may open a session, what they may show for it, and how many there may be.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use crate::world::{Person, Session, Town, Whole, config};

const UNAUTHORIZED: &str = "not registered, not approved, or wrong credentials";
const NOBODYS: &str = "cpt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn with(mut credentials: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        credentials[name] = value.clone();
    }
    credentials
}

/// A session that shows its credentials in its first message.
async fn shown(town: &Town, first: &Value) -> Whole {
    let mut session = Session::open(town, &[]).await;
    session.text(&first.to_string()).await;
    session.rest().await
}

/// What a handshake is answered that is not taken.
async fn refused(town: &Town, headers: &[(&str, &str)]) -> (u16, String, Option<String>) {
    match Session::try_open(town.server.address(), &town.ca, headers).await {
        Err(Error::Http(answer)) => {
            let body = answer.body().as_deref().unwrap_or_default();
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let retry = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            (answer.status().as_u16(), body["error"].as_str().unwrap_or_default().to_owned(), retry)
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it is taken"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_shown_in_one_place_or_another() {
    let town = Town::new().await;
    let ada = town.approved("ada@example.org").await;
    let token = ada.token.clone().unwrap();
    let script = json!({"data": "print('in')"});
    assert_eq!(Session::run(&town, &token, &script).await.stdout(), "in\n");
    assert_eq!(shown(&town, &with(json!({"token": token}), &script)).await.stdout(), "in\n");
    assert_eq!(shown(&town, &with(town.credentials(&ada), &script)).await.stdout(), "in\n");
    // A code is good once.
    let used = town.credentials(&ada);
    assert_eq!(shown(&town, &with(used.clone(), &script)).await.stdout(), "in\n");
    assert_eq!(shown(&town, &with(used, &script)).await.refusal(), (1008, UNAUTHORIZED.to_owned()));

    let both = "show a bearer token, or `email`, `password` and `totop`, not both";
    let twice = "show a bearer token in the head or in `token`, not both";
    let in_both = with(with(town.credentials(&ada), &json!({"token": token})), &script);
    assert_eq!(shown(&town, &in_both).await.refusal(), (1008, both.to_owned()));
    for (more, expected) in [(town.credentials(&ada), both), (json!({"token": token}), twice)] {
        let told = Session::run(&town, &token, &with(more, &script)).await;
        assert_eq!(told.refusal(), (1008, expected.to_owned()));
    }
    let halves = "missing field `password`: it goes with `email` and `totop`";
    let told = shown(&town, &with(json!({"email": ada.email, "totop": 1}), &script)).await;
    assert_eq!(told.refusal(), (1008, halves.to_owned()));
    // A head that nobody was given is refused before the WebSocket is open.
    for authorization in ["Bearer cpt_short", "Basic eDp5", "Bearer"] {
        assert_eq!(refused(&town, &[("authorization", authorization)]).await, (401, UNAUTHORIZED.to_owned(), None));
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_may_not_are_told_so_in_the_same_bytes() {
    let town = Town::new().await;
    let approved = town.approved("approved@example.org").await;
    let people: Vec<Person> = vec![
        Person { email: "nobody@example.org".to_owned(), secret: None, token: None, ..approved.clone() },
        town.register("registered@example.org").await,
        town.verified("verified@example.org").await,
        town.suspended("suspended@example.org").await,
    ];
    let script = json!({"data": "print('in')"});
    let before = town.state().await;
    let mut told = vec![];
    for person in &people {
        told.push(shown(&town, &with(town.credentials(person), &script)).await);
        if let Some(token) = &person.token {
            told.push(shown(&town, &with(json!({"token": token}), &script)).await);
            told.push(Session::run(&town, token, &script).await);
        }
    }
    let mut wrong = town.credentials(&approved);
    wrong["password"] = json!("not the password");
    told.push(shown(&town, &with(wrong, &script)).await);
    told.push(shown(&town, &with(json!({"token": NOBODYS}), &script)).await);
    told.push(shown(&town, &with(json!({"token": "no token"}), &script)).await);
    told.push(shown(&town, &script).await);
    for whole in &told {
        let expected = Whole { control: json!({"error": UNAUTHORIZED}), code: 1008, ..Whole::default() };
        assert_eq!(*whole, expected);
    }
    assert_eq!(town.state().await, before);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_first_message_is_said() {
    let town = Town::new().await;
    let token = town.approved("ada@example.org").await.token.unwrap();
    let large = json!({"data": "#".repeat((1 << 20) + 1)}).to_string();
    for (first, code, sentence) in [
        ("{}", 1008, "missing field `data`"),
        ("", 1008, "the first message is empty; a JSON object is expected"),
        ("[]", 1008, "the first message must be a JSON object: it begins with '{' and ends with '}'"),
        (r#"{"data":"","stdin":""}"#, 1008, "unknown field `stdin`"),
        (r#"{"data":5}"#, 1008, "`data` must be a string"),
        (r#"{"data":"","data":""}"#, 1008, "duplicate field `data`"),
        (r#"{"data":"","token":7}"#, 1008, "`token` must be a string"),
        (r#"{"data":"","timeout":61}"#, 1008, "`timeout` must be from 0.01 to 60 seconds"),
        (r#"{"data":"","outputs":["../x"]}"#, 1008, "`outputs[0]`: a file's name must be"),
        (r#"{"data":""}{}"#, 1008, "the first message goes on after the JSON object"),
        (&large, 1009, "the script is larger than 1048576 bytes"),
    ] {
        let bearer = format!("Bearer {token}");
        let mut session = Session::open(&town, &[("authorization", bearer.as_str())]).await;
        session.text(first).await;
        let (told, said) = session.rest().await.refusal();
        assert_eq!(told, code, "{first:.80}: {said}");
        assert!(said.starts_with(sentence), "{first:.80}: {said}");
    }
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_its_share_of_sessions_and_all_together_have_the_servers() {
    let mut config = config();
    config.sessions.concurrent = 3;
    config.sessions.concurrent_per_account = 2;
    let town = Town::with(config).await;
    let (ada, bob) = (town.approved("ada@example.org").await, town.approved("bob@example.org").await);
    let (ada, bob) = (ada.token.unwrap(), bob.token.unwrap());
    let waits = json!({"data": "print('on', flush=True)\ninput()"});
    let mut open = vec![];
    for _ in 0..2 {
        let mut session = Session::of(&town, &ada, &waits).await;
        session.until("on\n").await;
        open.push(session);
    }
    // Ada has two already.
    let told = Session::run(&town, &ada, &waits).await;
    assert_eq!((told.code, told.control), (1013, json!({"error": "slow down", "retry_after": 1})));
    // Somebody whose handshake was taken when there was a place, and who comes too late.
    let bearer = format!("Bearer {bob}");
    let mut late = Session::open(&town, &[("authorization", bearer.as_str())]).await;
    let mut session = Session::of(&town, &bob, &waits).await;
    session.until("on\n").await;
    open.push(session);
    late.text(&waits.to_string()).await;
    let told = late.rest().await;
    assert_eq!((told.code, told.control), (1013, json!({"error": "overloaded", "retry_after": 5})));
    // Nobody else is even let in, and runs have places of their own.
    assert_eq!(refused(&town, &[]).await, (503, "overloaded".to_owned(), Some("5".to_owned())));
    assert_eq!(town.post_as(&bob, "/execute", &json!({"data": ""})).await.status, 200);
    // A place is free as soon as the end has been told.
    let mut session = open.pop().unwrap();
    session.input("\n").await;
    while !matches!(session.next().await, crate::world::Told::Control(_)) {}
    assert_eq!(Session::run(&town, &bob, &json!({"data": ""})).await.control["error"], "ok");
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_a_minute_are_counted_for_each_account() {
    let mut config = config();
    config.sessions.per_minute = std::num::NonZeroU32::new(2).unwrap();
    let town = Town::with(config).await;
    let (ada, bob) = (town.approved("ada@example.org").await, town.approved("bob@example.org").await);
    let (ada, bob) = (ada.token.unwrap(), bob.token.unwrap());
    let mut codes = vec![];
    for token in [&ada, &ada, &ada, &bob] {
        codes.push(Session::run(&town, token, &json!({"data": ""})).await.code);
    }
    assert_eq!(codes, [1000, 1000, 1013, 1000]);
    town.clock.advance(std::time::Duration::from_secs(30));
    assert_eq!(Session::run(&town, &ada, &json!({"data": ""})).await.code, 1000);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_sessions_on_its_own_server_and_on_no_other() {
    let town = Town::new().await;
    let host = town.server.address().to_string();
    for origin in [format!("https://{host}"), format!("HTTPS://{host}")] {
        let opened = Session::try_open(town.server.address(), &town.ca, &[("origin", origin.as_str())]).await;
        assert!(opened.is_ok(), "{origin}");
    }
    for (host, origin) in [("example.org", "https://example.org:443"), ("EXAMPLE.org:443", "https://example.org")] {
        let headers = [("host", host), ("origin", origin)];
        assert!(Session::try_open(town.server.address(), &town.ca, &headers).await.is_ok(), "{origin}");
    }
    let sentence = "a page of another origin cannot open a session here";
    for origin in [
        "null".to_owned(),
        String::new(),
        format!("http://{host}"),
        "https://evil.example".to_owned(),
        format!("https://evil.example/{host}"),
        format!("https://{host}.evil.example"),
        format!("https://{host}@evil.example"),
        "https://127.0.0.1".to_owned(),
    ] {
        assert_eq!(refused(&town, &[("origin", &origin)]).await, (400, sentence.to_owned(), None), "{origin}");
    }
    town.close().await;
}
