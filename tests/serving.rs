//! The program as an operator meets it: first start, limits, a client that goes away, a new certificate, the end.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use cloud_python::domain::Email;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{Answer, Serving, Town, children_of, config, connect, output, program, said, tls, until};

/// A script that runs until it is killed, for as long as a test takes.
const ENDLESS: &str = r#"{"data":"while True: pass"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_makes_everything_and_sigterm_ends_it_well() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Serving::start(&data, "");
    let mode = |name: &str| std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    for private in ["store.redb", "secret.key", "ca-key.pem", "server-key.pem", "admin.sock"] {
        assert_eq!(mode(private), 0o600, "{private}");
    }
    let mut connection = crate::world::Connection::open(server.address, &server.ca).await;
    assert_eq!(connection.send("GET", "/readyz", &[], b"").await.status, 200);
    let versions = connection.send("GET", "/version", &[], b"").await.json();
    assert!(versions["python"].as_str().unwrap().starts_with("3.13."), "{versions}");
    let (code, rest) = server.terminate();
    assert_eq!((code, rest.as_str()), (Some(0), ""));
    // And again, over what is there.
    assert_eq!(Serving::start(&data, "").terminate().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_do_not_share_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let _first = Serving::start(&data, "");
    let second = output(program(&["serve", "--https", "127.0.0.1:0", "--data"]).arg(&data));
    assert_eq!(second.status.code(), Some(1));
    assert!(said(&second).contains("store.redb"), "{}", said(&second));
}

#[test]
fn a_directory_that_others_can_enter_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let refused = output(program(&["serve", "--https", "127.0.0.1:0", "--data"]).arg(folder.path()));
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("chmod 700"), "{}", said(&refused));
}

#[test]
fn a_database_without_its_key_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert_eq!(Serving::start(&data, "").terminate().0, Some(0));
    std::fs::remove_file(data.join("secret.key")).unwrap();
    let before = std::fs::read(data.join("store.redb")).unwrap();
    let refused = output(program(&["serve", "--https", "127.0.0.1:0", "--data"]).arg(&data));
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("secret.key"), "{}", said(&refused));
    assert!(!data.join("secret.key").exists());
    assert_eq!(std::fs::read(data.join("store.redb")).unwrap(), before);
}

#[test]
fn a_misspelt_setting_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "[https]\nlisen = \"127.0.0.1:0\"\n").unwrap();
    let refused = output(program(&["serve", "--config"]).arg(&file).arg("--data").arg(folder.path().join("data")));
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("lisen"), "{}", said(&refused));
}

#[test]
fn a_server_for_all_addresses_must_be_told_where_its_links_lead() {
    let folder = tempfile::tempdir().unwrap();
    let refused = output(program(&["serve", "--https", "0.0.0.0:0", "--data"]).arg(folder.path().join("data")));
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("https.url"), "{}", said(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_its_share_and_all_together_have_the_servers() {
    let mut config = config();
    config.runs.concurrent = 3;
    config.runs.waiting = 1;
    config.runs.wait = Duration::from_millis(100);
    config.runs.concurrent_per_account = 2;
    let town = Town::with(config).await;
    let (ada, bob) = (town.approved("ada@example.org").await, town.approved("bob@example.org").await);
    let (ada, bob) = (ada.token.unwrap(), bob.token.unwrap());
    let mut running = vec![];
    for token in [&ada, &ada, &bob] {
        running.push(start_endless(&town, token).await);
    }
    wait_for_runs(&town, 3).await;
    // Ada has two already.
    let refused = town.post_as(&ada, "/execute", &json!({"data": ""})).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    // Bob has one, and there is no place: waits, in vain.
    let refused = town.post_as(&bob, "/execute", &json!({"data": ""})).await;
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    drop(running);
    wait_for_runs(&town, 0).await;
    assert_eq!(town.post_as(&ada, "/execute", &json!({"data": ""})).await.status, 200);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_a_minute_are_counted_for_each_account() {
    let mut config = config();
    config.runs.per_minute = std::num::NonZeroU32::new(2).unwrap();
    let town = Town::with(config).await;
    let (ada, bob) = (town.approved("ada@example.org").await, town.approved("bob@example.org").await);
    let (ada, bob) = (ada.token.unwrap(), bob.token.unwrap());
    let mut statuses = vec![];
    for token in [&ada, &ada, &ada, &bob] {
        statuses.push(town.post_as(token, "/execute", &json!({"data": ""})).await.status);
    }
    assert_eq!(statuses, [200, 200, 429, 200]);
    town.clock.advance(Duration::from_secs(30));
    assert_eq!(town.post_as(&ada, "/execute", &json!({"data": ""})).await.status, 200);
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_ends_its_run() {
    let town = Town::new().await;
    let token = town.approved("ada@example.org").await.token.unwrap();
    let connection = start_endless(&town, &token).await;
    wait_for_runs(&town, 1).await;
    let launcher = town.admin("GET", "/status").await.json()["launcher_pid"].as_u64().unwrap();
    let children = children_of(u32::try_from(launcher).unwrap());
    drop(connection);
    wait_for_runs(&town, 0).await;
    until("the child that ran it is dead", || children.iter().any(|pid| !crate::world::exists(*pid))).await;
    town.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_progress_is_answered_while_the_server_ends() {
    let folder = tempfile::tempdir().unwrap();
    let town = Town::new().await;
    let token = town.approved("ada@example.org").await.token.unwrap();
    let mut connection = town.connection().await;
    let slow = tokio::spawn(async move {
        let bearer = format!("Bearer {token}");
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        connection.send("POST", "/execute", &headers, br#"{"data":"import time; time.sleep(1); print('done')"}"#).await
    });
    wait_for_runs(&town, 1).await;
    town.close().await;
    let answer: Answer = slow.await.unwrap();
    assert_eq!((answer.status, answer.json()["stdout"].as_str()), (200, Some("ZG9uZQo=")));
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_picked_up_by_the_next_connection() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Serving::start(&data, "");
    let shown = async || {
        let stream = connect(server.address, tls(&server.ca, &["http/1.1"])).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    };
    let before = shown().await;
    assert_eq!(shown().await, before);
    let renewed = output(program(&["certs", "--data"]).arg(&data));
    assert!(renewed.status.success(), "{}", said(&renewed));
    assert_ne!(shown().await, before);
    // The pid is the same: nothing was restarted.
    assert!(crate::world::exists(server.pid()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_written_down_in_clear() {
    let town = Town::new().await;
    let ada = town.approved("ada@example.org").await;
    let waiting = town.register("bob@example.org").await;
    let database = std::fs::read(town.path("store.redb")).unwrap();
    let secret = ada.secret.as_ref().unwrap();
    let text = |text: &str| text.as_bytes().to_vec();
    let never = [
        text(crate::world::PASSWORD),
        secret.bytes().to_vec(),
        text(secret.base32().expose()),
        text(ada.token.as_deref().unwrap()),
        text(&ada.link),
        text(&waiting.link),
    ];
    for secret in &never {
        assert!(!database.windows(secret.len()).any(|window| window == secret.as_slice()), "found in the database");
    }
    assert!(Email::parse(&ada.email).is_ok());
    assert!(database.windows(15).any(|window| window == b"ada@example.org"), "the database was looked at");
    town.close().await;
}

/// Sends a script that does not end, on a connection that is not read.
async fn start_endless(town: &Town, token: &str) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    let mut stream = connect(town.server.address(), tls(&town.ca, &["http/1.1"])).await.unwrap();
    let head = format!(
        "POST /execute HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        ENDLESS.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(ENDLESS.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    stream
}

async fn wait_for_runs(town: &Town, wanted: u64) {
    for _ in 0..1000 {
        if town.admin("GET", "/status").await.json()["runs"] == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain for {wanted} runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_tls_1_3_is_spoken() {
    let town = Town::new().await;
    let stream = connect(town.server.address(), tls(&town.ca, &["h2", "http/1.1"])).await.unwrap();
    let (_, session) = stream.get_ref();
    assert_eq!(session.protocol_version(), Some(tokio_rustls::rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(session.alpn_protocol(), Some(b"h2".as_slice()));
    let group = session.negotiated_key_exchange_group().map(|group| group.name());
    assert_eq!(group, Some(tokio_rustls::rustls::NamedGroup::X25519MLKEM768));
    // Plain HTTP gets nothing.
    let mut plain = tokio::net::TcpStream::connect(town.server.address()).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut said = vec![];
    let _ = plain.read_to_end(&mut said).await;
    assert!(!said.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&said));
    town.close().await;
}
