//! Parcels beside the bare object store in the same seconds: large ones up and down, and how many small ones. Over a directory, and
//! over a bucket where `tests/ceph/run cargo bench -- parcels` has started a gateway.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::time::{Duration, Instant};

use cloud_python::config::{S3Config, limits};
use cloud_python::domain::Secret;
use cloud_python::objects::Objects;
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::json;

use crate::https::{Connection, connect, tls};
use crate::parcel_key::{ParcelKey, Shown};
use crate::serving::Serving;
use crate::table::{Samples, header, ms, row};

/// Who keeps the bare objects.
const INSTANCE: &str = "figures";
const LARGE: usize = 64 << 20;
const LARGE_ROUNDS: usize = 9;
/// What the bare store is handed in one go, and what comes of a TLS connection at most.
const PIECE: usize = 16 << 10;
const SMALL: usize = 1 << 10;
const SMALL_ROUNDS: usize = 200;
/// As many as one network may have under way, with some to spare.
const CLIENTS: usize = 8;
const SECONDS: u64 = 5;

pub(crate) async fn measure() {
    let folder = tempfile::tempdir().expect("a directory");
    header(&[
        "store",
        "what",
        "up: parcel, bare store",
        "down: parcel, bare store",
        "up, 8 clients: parcels/s, objects/s",
        "down, 8 clients: parcels/s, objects/s",
    ]);
    let bare = Objects::directory(&folder.path().join("bare"), INSTANCE).await.expect("a folder");
    one_store("directory", &Serving::start(&folder.path().join("files"), &config(None)), &bare).await;
    let Some(bucket) = bucket() else {
        eprintln!("not over a bucket: `tests/ceph/run cargo bench -- parcels` has one");
        return;
    };
    let bare = Objects::s3(&bucket, INSTANCE).await.expect("a bucket");
    one_store("bucket", &Serving::start(&folder.path().join("bucket"), &config(Some(&bucket))), &bare).await;
}

/// The limits of single callers out of the way.
fn config(bucket: Option<&S3Config>) -> String {
    let parcels = "[parcels]\nuses_per_minute = 10000000\n";
    let Some(s3) = bucket else { return parcels.to_owned() };
    let (endpoint, bucket, key, secret) = (&s3.endpoint, &s3.bucket, &s3.access_key, s3.secret_key.expose());
    let place = format!("endpoint = {endpoint:?}\nbucket = {bucket:?}\nregion = {:?}\n", s3.region);
    format!("{parcels}[objects.s3]\n{place}access_key = {key:?}\nsecret_key = {secret:?}\n")
}

fn bucket() -> Option<S3Config> {
    let set = |name: &str| std::env::var(format!("CLOUD_PYTHON_S3_{name}")).ok();
    Some(S3Config {
        endpoint: set("ENDPOINT")?,
        bucket: set("BUCKET")?,
        region: "us-east-1".to_owned(),
        access_key: set("ACCESS_KEY")?,
        secret_key: Secret::new(set("SECRET_KEY")?),
        ca: None,
        patience: limits::OBJECT_PATIENCE,
    })
}

async fn one_store(name: &str, server: &Serving, bare: &Objects) {
    let mut client = Client::open(server).await;
    let speed = |samples: &Samples| format!("{:.0} MB/s", LARGE as f64 / 1e6 / samples.median().as_secs_f64());
    let [up, bare_up, down, bare_down] = in_turn(&mut client, bare, LARGE, LARGE_ROUNDS).await;
    let compared = |ours: &Samples, bare: &Samples| {
        let ratio = bare.median().as_secs_f64() / ours.median().as_secs_f64();
        format!("{}, {} ({:.0} %)", speed(ours), speed(bare), ratio * 100.0)
    };
    row(&[name, "64 MiB", &compared(&up, &bare_up), &compared(&down, &bare_down), "", ""]);
    let [up, bare_up, down, bare_down] = in_turn(&mut client, bare, SMALL, SMALL_ROUNDS).await;
    let both = |ours: &Samples, bare: &Samples| format!("{}, {}", ms(ours.median()), ms(bare.median()));
    let [uploads, puts, downloads, gets] = crowd(server, bare).await;
    let rates = |ours: f64, bare: f64| format!("{ours:.0}, {bare:.0}");
    let (up, down) = (both(&up, &bare_up), both(&down, &bare_down));
    row(&[name, "1 KiB", &up, &down, &rates(uploads, puts), &rates(downloads, gets)]);
}

/// Uploads and downloads, each right beside the bare store's.
async fn in_turn(client: &mut Client, bare: &Objects, size: usize, rounds: usize) -> [Samples; 4] {
    let [mut up, mut bare_up, mut down, mut bare_down] = [const { vec![] }; 4];
    for _ in 0..rounds {
        let data = fresh(size);
        let (took, object) = put(bare, &data).await;
        bare_up.push(took);
        let (took, id) = client.upload(&data).await;
        up.push(took);
        bare_down.push(get(bare, &object, size).await);
        down.push(client.download(&id, size).await);
        bare.remove(&object).await.expect("it is removed");
        client.remove(&id).await;
    }
    [up, bare_up, down, bare_down].map(Samples::new)
}

/// Bytes that no parcel has: the same again would be the parcel that is there.
fn fresh(size: usize) -> Bytes {
    let mut data: Vec<u8> = (0..=250).cycle().take(size).collect();
    aws_lc_rs::rand::fill(&mut data[..16]).expect("random bytes");
    data.into()
}

async fn put(bare: &Objects, data: &Bytes) -> (Duration, String) {
    let name = bare.name().expect("a name");
    let begun = Instant::now();
    let mut writer = bare.create(&name).await.expect("an object");
    for at in (0..data.len()).step_by(PIECE) {
        writer.write(data.slice(at..data.len().min(at + PIECE))).await.expect("it is written");
        if writer.unnoted().is_some() {
            writer.note();
        }
    }
    writer.finish().await.expect("it is kept");
    (begun.elapsed(), name)
}

async fn get(bare: &Objects, name: &str, size: usize) -> Duration {
    let begun = Instant::now();
    let mut reader = bare.open(name, 0..size as u64).await.expect("an object");
    let mut bytes = 0;
    while let Some(piece) = reader.next().await {
        bytes += piece.expect("it is read").len();
    }
    assert_eq!(bytes, size);
    begun.elapsed()
}

/// What many at once get done in a second: uploads, bare objects written, downloads, bare objects read.
async fn crowd(server: &Serving, bare: &Objects) -> [f64; 4] {
    let mut clients = vec![];
    for _ in 0..CLIENTS {
        let mut client = Client::open(server).await;
        let (_, id) = client.upload(&fresh(SMALL)).await;
        clients.push((client, id, put(bare, &fresh(SMALL)).await.1));
    }
    let up = join_all(clients.iter_mut().map(|(client, ..)| rate(async || client.upload(&fresh(SMALL)).await.0))).await;
    let bare_up = join_all(clients.iter().map(|_| rate(async || put(bare, &fresh(SMALL)).await.0))).await;
    let down =
        join_all(clients.iter_mut().map(|(client, id, _)| rate(async || client.download(id, SMALL).await))).await;
    let bare_down = join_all(clients.iter().map(|(.., object)| rate(async || get(bare, object, SMALL).await))).await;
    [up, bare_up, down, bare_down].map(|each| each.into_iter().sum())
}

/// How often in a second something is done, again and again.
async fn rate(mut work: impl AsyncFnMut() -> Duration) -> f64 {
    let (end, mut done) = (Instant::now() + Duration::from_secs(SECONDS), 0_u32);
    while Instant::now() < end {
        work().await;
        done += 1;
    }
    f64::from(done) / SECONDS as f64
}

/// Somebody with a key, and two connections: one for what is small, and one on which bytes are not copied more than they must be.
struct Client {
    key: ParcelKey,
    calls: Connection,
    stream: SendRequest<Full<Bytes>>,
}

impl Client {
    async fn open(server: &Serving) -> Self {
        let tls = connect(server.address, tls(&server.ca, &["http/1.1"])).await.expect("a connection");
        let (stream, connection) = handshake(TokioIo::new(tls)).await.expect("it speaks HTTP");
        tokio::spawn(connection);
        Self { key: ParcelKey::new(), calls: Connection::open(server.address, &server.ca).await, stream }
    }

    /// Uploads data as a form. The time has the call for the token in it.
    async fn upload(&mut self, data: &[u8]) -> (Duration, String) {
        let form = Bytes::from(self.key.form(&["owner", "metadata", "file"], data));
        let begun = Instant::now();
        let shown = self.shown(&json!("upload")).await;
        let kind = ("content-type", "multipart/form-data; boundary=x1");
        let answer = self.ask("POST", "/api/v1/parcels", &shown, kind, form).await;
        let body = answer.collect().await.expect("an answer").to_bytes();
        let took = begun.elapsed();
        let answer: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        (took, answer["id"].as_str().expect("an id").to_owned())
    }

    /// Downloads as many bytes as there must be, with the call for the token.
    async fn download(&mut self, id: &str, size: usize) -> Duration {
        let begun = Instant::now();
        let shown = self.shown(&json!("download")).await;
        let kind = ("accept", "application/octet-stream");
        let mut body = self.ask("GET", &format!("/api/v1/parcels/{id}"), &shown, kind, Bytes::new()).await;
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame.expect("it is read").data_ref().map_or(0, Bytes::len);
        }
        assert_eq!(bytes, size);
        begun.elapsed()
    }

    async fn remove(&mut self, id: &str) {
        let path = format!("/api/v1/parcels/{id}");
        let answer = self.key.call(&mut self.calls, &json!("remove"), "DELETE", &path, &[], b"").await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }

    async fn shown(&mut self, operation: &serde_json::Value) -> Shown {
        let token = self.key.token(&mut self.calls, operation).await;
        self.key.shown(&token)
    }

    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        shown: &Shown,
        kind: (&str, &str),
        body: Bytes,
    ) -> hyper::body::Incoming {
        let mut request =
            Request::builder().method(method).uri(path).header("host", "localhost").header(kind.0, kind.1);
        for (name, value) in shown {
            request = request.header(*name, value);
        }
        self.stream.ready().await.expect("a connection");
        let request = request.body(Full::new(body)).expect("a request");
        let answer = self.stream.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{method} {path}");
        answer.into_body()
    }
}
