//! Every route by every kind of person: what they are answered, that refusals leak nothing, and that nothing has changed where it
//! should not have.
//!
//! A route that the server has and this table has not fails the test, and so does one that the table has alone.

use cloud_python::http::ROUTES;
use serde_json::{Value, json};

use crate::world::{ADMINISTRATOR, Answer, PASSWORD, Person, Town};

/// Who asks.
const PEOPLE: [&str; 7] = ["nobody", "registered", "verified", "approved", "suspended", "another", "administrator"];

/// What each person is answered, in the order of [`PEOPLE`].
type Row = (&'static str, &'static str, [u16; 7]);

const TABLE: &[Row] = &[
    //                        nobody registered verified approved suspended another administrator
    ("POST", "/register", [201, 201, 201, 201, 201, 201, 201]),
    // A link is good for whoever holds it, until its account's first code.
    ("GET", "/verify/{token}", [404, 200, 200, 404, 404, 404, 404]),
    ("POST", "/verify/{token}", [404, 200, 200, 404, 404, 404, 404]),
    ("GET", "/approve/{token}", [404, 404, 404, 404, 404, 404, 200]),
    ("POST", "/approve/{token}", [404, 404, 404, 404, 404, 404, 200]),
    ("POST", "/login", [401, 401, 401, 200, 401, 200, 401]),
    ("POST", "/execute", [401, 401, 401, 200, 401, 200, 401]),
    // Nobody but a WebSocket client is asked who they are; `sessions` has what those are told.
    ("GET", "/session", [426; 7]),
    ("POST", "/logout", [401, 401, 401, 200, 401, 200, 401]),
    ("GET", "/", [200; 7]),
    ("GET", "/version", [200; 7]),
    ("GET", "/healthz", [200; 7]),
    ("GET", "/readyz", [200; 7]),
    ("GET", "/openapi.json", [200; 7]),
];

/// What the operator's socket offers is nowhere on the network.
const SOCKET_ONLY: &[(&str, &str)] = &[
    ("GET", "/users"),
    ("GET", "/users/approved@example.org"),
    ("POST", "/users/verified@example.org/approve"),
    ("POST", "/users/approved@example.org/suspend"),
    ("POST", "/users/approved@example.org/reset-totp"),
    ("POST", "/users/approved@example.org/revoke-tokens"),
    ("GET", "/audit?from=1"),
    ("GET", "/status"),
    ("GET", "/metrics"),
];

#[test]
fn the_table_has_every_route_of_the_server_and_no_other() {
    let mut served: Vec<(&str, &str)> = ROUTES.iter().map(|route| (route.method, route.path)).collect();
    let mut tabled: Vec<(&str, &str)> = TABLE.iter().map(|(method, path, _)| (*method, *path)).collect();
    served.sort_unstable();
    tabled.sort_unstable();
    assert_eq!(served, tabled, "place every route in the table: who may, and what everybody else is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_every_person_as_the_table_says() {
    for (method, path, statuses) in TABLE {
        // A town for each row: what one person does, such as using up a link, is not what the next one finds.
        let town = Town::new().await;
        let people = settle(&town).await;
        for ((name, person), status) in PEOPLE.iter().zip(&people).zip(statuses) {
            let before = town.state().await;
            let answer = ask(&town, person, method, path).await;
            assert_eq!(answer.status, *status, "{method} {path} by {name}: {}", answer.text());
            leaks_nothing(&answer, &people, person, &format!("{method} {path} by {name}"));
            if *status >= 400 || *method == "GET" {
                assert_eq!(town.state().await, before, "{method} {path} by {name} changed something");
            }
        }
        town.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_may_not_are_told_so_in_the_same_bytes() {
    let town = Town::new().await;
    let people = settle(&town).await;
    let mut seen: Vec<Said> = vec![];
    for person in &people {
        for path in ["/login", "/execute"] {
            let mut wrong = town.credentials(person);
            wrong["password"] = json!("not the password");
            if path == "/execute" {
                wrong["data"] = json!("print(1)");
            }
            seen.push(said(&town.post(path, &wrong).await));
        }
        for token in ["cpt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cpt_short", "another scheme"] {
            seen.push(said(&town.post_as(token, "/execute", &json!({"data": ""})).await));
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:#?}");
    assert_eq!(seen[0].0, 401);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_routes_are_not_on_the_network() {
    let town = Town::new().await;
    let people = settle(&town).await;
    for (method, path) in SOCKET_ONLY {
        for person in &people {
            let before = town.state().await;
            assert_eq!(ask(&town, person, method, path).await.status, 404, "{method} {path}");
            assert_eq!(town.state().await, before);
        }
    }
    // And there they answer the operator.
    for (method, path) in SOCKET_ONLY {
        let answer = town.admin(method, path).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
        let all = format!("{path}: {}", answer.text());
        for person in &people {
            for secret in secrets(person) {
                assert!(!all.contains(&secret), "{method} {path} shows a secret");
            }
        }
    }
    town.close().await;
}

/// Status, headers and body.
type Said = (u16, Vec<(String, String)>, String);

fn said(answer: &Answer) -> Said {
    let headers = answer.headers.iter().filter(|(name, _)| name.as_str() != "date");
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    (answer.status, headers.collect(), answer.text())
}

/// The people, in the order of [`PEOPLE`]. The administrator's link is the one about whoever is verified.
async fn settle(town: &Town) -> Vec<Person> {
    let approved = town.approved("approved@example.org").await;
    let suspended = town.suspended("suspended@example.org").await;
    let another = town.approved("another@example.org").await;
    let verified = town.verified("verified@example.org").await;
    let administrator = Person {
        email: ADMINISTRATOR.to_owned(),
        link: town.link_about(ADMINISTRATOR, "approve", &verified.email).await,
        secret: None,
        token: None,
    };
    let registered = town.register("registered@example.org").await;
    let nobody = Person {
        email: "nobody@example.org".to_owned(),
        link: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        secret: None,
        token: None,
    };
    vec![nobody, registered, verified, approved, suspended, another, administrator]
}

/// The request that this person makes of this route, with everything they have.
async fn ask(town: &Town, person: &Person, method: &str, path: &str) -> Answer {
    let target = path.replace("{token}", &person.link);
    let body: Value = match path {
        "/register" => json!({"email": person.email, "password": PASSWORD}),
        "/approve/{token}" => json!({"decision": "approve"}),
        "/login" => town.credentials(person),
        "/execute" => {
            let mut request = town.credentials(person);
            request["data"] = json!("print(1)");
            request
        }
        _ => json!({}),
    };
    match (method, &person.token, path) {
        ("GET", ..) => town.ask("GET", &target, &[], b"").await,
        (_, token, "/logout") => {
            let nobodys = "cpt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned();
            town.post_as(token.as_ref().unwrap_or(&nobodys), &target, &body).await
        }
        _ => town.post(&target, &body).await,
    }
}

fn secrets(person: &Person) -> Vec<String> {
    let totp = person.secret.as_ref().map(|secret| secret.base32().expose().clone());
    [Some(person.link.clone()), totp, person.token.clone(), Some(PASSWORD.to_owned())].into_iter().flatten().collect()
}

/// No answer shows anybody else's address or secret, and a refusal not even one's own.
fn leaks_nothing(answer: &Answer, people: &[Person], person: &Person, what: &str) {
    let headers: Vec<String> =
        answer.headers.values().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    let all = format!("{}\n{}", headers.join("\n"), answer.text());
    for other in people {
        let own = other.email == person.email;
        for secret in secrets(other) {
            let shown = all.contains(&secret);
            assert!(!shown || (own && answer.status == 200), "{what} shows a secret of {}", other.email);
        }
        // Approving shows whom it is about.
        let about = person.email == ADMINISTRATOR && other.email.starts_with("verified@");
        assert!(own || about || !all.contains(&other.email), "{what} shows {}", other.email);
    }
    assert!(answer.status < 400 || !all.contains(&person.email), "{what} repeats the address");
}
