//! The life of an account, from outside: register, verify, approve, log in, run, and every way in which it does not go on.

use std::time::Duration;

use serde_json::json;

use crate::world::{ADMINISTRATOR, PASSWORD, Town, until};

const ADA: &str = "ada@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_registers_verifies_is_approved_and_runs_a_script() {
    let town = Town::new().await;
    let ada = town.verified(ADA).await;
    // Not yet.
    assert_eq!(town.post("/login", &town.credentials(&ada)).await.status, 401);
    let link = town.link_about(ADMINISTRATOR, "approve", ADA).await;
    let page = town.ask("GET", &format!("/approve/{link}"), &[("accept", "text/html")], b"").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains(ADA));
    let json = town.ask("GET", &format!("/approve/{link}"), &[("accept", "application/json")], b"").await;
    assert_eq!(json.json()["user"]["email"], ADA);
    assert_eq!([page.header("vary"), json.header("vary")], [Some("accept"); 2]);
    let approved = town
        .ask(
            "POST",
            &format!("/approve/{link}"),
            &[("content-type", "application/x-www-form-urlencoded")],
            b"decision=approve",
        )
        .await;
    assert_eq!(approved.status, 200, "{}", approved.text());
    // By password and code, as in the source document.
    let mut request = town.credentials(&ada);
    request["data"] = json!("print('Hello World')");
    let answer = town.post("/execute", &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json(), json!({"error": "ok", "stdout": "SGVsbG8gV29ybGQK", "stderr": "", "exit_code": "AA=="}));
    // The same code again.
    assert_eq!(town.post("/execute", &request).await.status, 401);
    // By token.
    let token = town.login(&ada).await;
    assert!(token.starts_with("cpt_"));
    let answer = town.post_as(&token, "/execute", &json!({"data": "import sys; sys.exit(3)"})).await;
    assert_eq!(answer.json()["exit_code"], "Aw==");
    assert_eq!(town.post_as(&token, "/logout", &json!({})).await.status, 200);
    assert_eq!(town.post_as(&token, "/execute", &json!({"data": ""})).await.status, 401);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_address_gets_the_same_answer_and_no_mail() {
    let town = Town::new().await;
    town.approved(ADA).await;
    let mails = town.mails().len();
    for address in [ADA, "ADA@Example.org"] {
        let answer = town.post("/register", &json!({"email": address, "password": "another password"})).await;
        assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"error":"ok"}"#));
    }
    // The next mail is the next person's: none was sent in between.
    town.register("bob@example.org").await;
    assert_eq!(town.mails().len(), mails + 1);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lives_ten_minutes_and_shows_its_secret_until_the_first_code() {
    let town = Town::new().await;
    let late = town.register("late@example.org").await;
    town.clock.advance(Duration::from_secs(600));
    assert_eq!(town.post(&format!("/verify/{}", late.link), &json!({})).await.status, 404);
    // Forgotten: registering again starts afresh.
    town.verified("late@example.org").await;

    let ada = town.verified(ADA).await;
    let path = format!("/verify/{}", ada.link);
    let again = town.post(&path, &json!({})).await;
    assert_eq!(again.status, 200);
    assert_eq!(
        crate::world::secret(again.json()["secret"].as_str().unwrap()).bytes(),
        ada.secret.as_ref().unwrap().bytes()
    );
    town.admin("POST", &format!("/users/{ADA}/approve")).await;
    town.login(&ada).await;
    assert_eq!(town.post(&path, &json!({})).await.status, 404);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suspension_ends_tokens_and_runs_at_once() {
    let town = Town::new().await;
    let ada = town.approved(ADA).await;
    let token = ada.token.clone().unwrap();
    let mut connection = town.connection().await;
    let bearer = format!("Bearer {token}");
    let sleeping = tokio::spawn(async move {
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        connection.send("POST", "/execute", &headers, br#"{"data":"import time; time.sleep(9)"}"#).await
    });
    let begun = cloud_python::clock::monotonic();
    while town.admin("GET", "/status").await.json()["runs"] != 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(town.admin("POST", &format!("/users/{ADA}/suspend")).await.status, 200);
    assert_eq!(sleeping.await.unwrap().status, 401);
    assert!(begun.elapsed() < Duration::from_secs(8), "the run went on");
    assert_eq!(town.post_as(&token, "/execute", &json!({"data": ""})).await.status, 401);
    assert_eq!(town.post("/login", &town.credentials(&ada)).await.status, 401);
    // Restored, they log in again; the old token stays dead.
    assert_eq!(town.admin("POST", &format!("/users/{ADA}/restore")).await.status, 200);
    assert_eq!(town.post_as(&token, "/execute", &json!({"data": ""})).await.status, 401);
    town.login(&ada).await;
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_totp_secret_ends_what_the_old_one_opened() {
    let town = Town::new().await;
    let mut ada = town.approved(ADA).await;
    let mails = town.mails().len();
    assert_eq!(town.admin("POST", &format!("/users/{ADA}/reset-totp")).await.status, 200);
    let token = ada.token.clone().unwrap();
    assert_eq!(town.post_as(&token, "/execute", &json!({"data": ""})).await.status, 401);
    assert_eq!(town.post("/login", &town.credentials(&ada)).await.status, 401);
    until("the mail with the new link is there", || town.mails().len() > mails).await;
    // The link of the registration, used up before, does not show the new secret.
    assert_eq!(town.post(&format!("/verify/{}", ada.link), &json!({})).await.status, 404);
    ada.link = town.link(ADA, "verify").await;
    let answer = town.post(&format!("/verify/{}", ada.link), &json!({})).await;
    ada.secret = Some(crate::world::secret(answer.json()["secret"].as_str().unwrap()));
    town.login(&ada).await;
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_opens_one_door_however_many_knock_at_once() {
    let town = Town::new().await;
    let ada = town.approved(ADA).await;
    let credentials = town.credentials(&ada);
    let knocks: Vec<_> = (0..3).map(|_| town.post("/login", &credentials)).collect();
    let mut statuses = vec![];
    for answer in futures_join(knocks).await {
        statuses.push(answer.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401]);
    town.close().await;
}

async fn futures_join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut pinned: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in pinned.iter_mut().filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        match pinned.iter().all(|(_, done)| done.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    pinned.into_iter().filter_map(|(_, done)| done).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_guesses_make_their_network_wait_and_an_unknown_address_no_less() {
    let town = Town::new().await;
    let ada = town.approved(ADA).await;
    for address in [ADA, "nobody@example.org"] {
        let wrong = json!({"email": address, "password": "wrong password", "totop": "000000"});
        let mut statuses = vec![];
        for _ in 0..6 {
            statuses.push(town.post("/login", &wrong).await.status);
        }
        assert_eq!(statuses, [401, 401, 401, 401, 429, 429], "{address}");
    }
    // The owner, from the same network, waits as long as the ladder says and no longer.
    let answer = town.post("/login", &json!({"email": ADA, "password": PASSWORD, "totop": "000000"})).await;
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    town.clock.advance(Duration::from_secs(wait));
    town.login(&ada).await;
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_tells_the_story_and_its_chain_holds() {
    let town = Town::new().await;
    town.suspended(ADA).await;
    let trail = town.admin("GET", "/audit?from=1").await.json();
    let told: Vec<String> = trail["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            format!("{} {} {}", entry["who"].as_str().unwrap(), entry["what"].as_str().unwrap(), entry["about"])
        })
        .collect();
    assert_eq!(
        told,
        [
            "Server Started null",
            "Owner Verified \"ada@example.org\"",
            "ApprovalLink Approved \"ada@example.org\"",
            "Owner LoggedIn \"ada@example.org\"",
            "Operator Suspended \"ada@example.org\"",
        ]
    );
    town.close().await;
}
