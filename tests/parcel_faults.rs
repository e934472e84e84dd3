//! Object stores that fail: whatever happens to one, a parcel that is listed can be read, what failed can be tried again with the
//! same token, and bytes that are nobody's go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use cloud_python::config::{ObjectsConfig, S3Config};
use cloud_python::domain::Secret;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;

use crate::world::{Connection, ParcelKey, Serving, Town, config, hex, sha256, until};

const JSON: (&str, &str) = ("content-type", "application/json");

/// How a store is today.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Well,
    /// It answers that it has failed.
    Failing,
    /// It takes requests and does not answer.
    Silent,
    /// It ends connections in the middle.
    Dropping,
    /// It ends them in the middle of what is read, when so many bytes have been.
    Cutting(usize),
}

/// Just enough of S3 to be broken in every way. What works is tested with Ceph.
struct Broken {
    mood: Mutex<Mood>,
    objects: Mutex<BTreeMap<String, Bytes>>,
}

impl Broken {
    async fn start() -> (Arc<Self>, ObjectsConfig) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let store = Arc::new(Self { mood: Mutex::new(Mood::Well), objects: Mutex::default() });
        let serving = Arc::clone(&store);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let store = Arc::clone(&serving);
                let answer = service_fn(move |request| answer(Arc::clone(&store), request));
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        let config = ObjectsConfig::S3(S3Config {
            endpoint,
            bucket: "amo".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "AK".to_owned(),
            secret_key: Secret::new("SK".to_owned()),
            ca: None,
            patience: Duration::from_millis(300),
        });
        (store, config)
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

type Body = BoxBody<Bytes, std::io::Error>;

async fn answer(store: Arc<Broken>, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
    let mood = *store.mood.lock().unwrap();
    match mood {
        Mood::Well | Mood::Cutting(_) => {}
        Mood::Failing => return Ok(response(500, Bytes::from("<Error><Code>InternalError</Code></Error>"))),
        Mood::Silent => std::future::pending().await,
        Mood::Dropping => return Err(std::io::Error::other("gone")),
    }
    let name = request.uri().path().to_owned();
    // Whoever was cut off goes on from there.
    let range = request.headers().get("range").and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let first = range.and_then(|range| range.split_once('-')?.0.parse().ok()).unwrap_or(0);
    let answer = match *request.method() {
        Method::PUT => {
            let body = request.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
            store.objects.lock().unwrap().insert(name, body);
            response(200, Bytes::new())
        }
        Method::DELETE => {
            store.objects.lock().unwrap().remove(&name);
            response(204, Bytes::new())
        }
        Method::GET if request.uri().query().is_some_and(|query| query.contains("list-type=2")) => {
            let empty = r#"<ListBucketResult><Name>amo</Name><IsTruncated>false</IsTruncated></ListBucketResult>"#;
            response(200, Bytes::from(empty))
        }
        _ => match store.objects.lock().unwrap().get(&name) {
            Some(bytes) => {
                let (range, bytes) =
                    (format!("bytes {first}-{}/{}", bytes.len() - 1, bytes.len()), bytes.slice(first..));
                let mut answer = response(206, bytes.clone());
                answer.headers_mut().insert("content-range", range.parse().unwrap());
                if let Mood::Cutting(at) = mood {
                    answer.headers_mut().insert("content-length", bytes.len().into());
                    let half =
                        stream::iter([Ok(Frame::data(bytes.slice(..at.saturating_sub(first).min(bytes.len()))))]);
                    // What has been said is on its way before it breaks off.
                    let end = stream::once(async {
                        tokio::task::yield_now().await;
                        Err(std::io::Error::other("gone"))
                    });
                    *answer.body_mut() = BodyExt::boxed(StreamBody::new(half.chain(end)));
                }
                answer
            }
            None => response(404, Bytes::from("<Error><Code>NoSuchKey</Code></Error>")),
        },
    };
    Ok(answer)
}

fn response(status: u16, body: Bytes) -> Response<Body> {
    let answer = Response::builder().status(status).header("etag", "\"1\"");
    answer
        .header("last-modified", "Sun, 22 Nov 2026 09:00:00 GMT")
        .body(Full::new(body).map_err(|never| match never {}).boxed())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_store_costs_nobody_their_token_and_leaves_nothing_half() {
    let (store, objects) = Broken::start().await;
    let mut config = config();
    config.objects = objects;
    let town = Town::with(config).await;
    let ada = ParcelKey::new();
    let mut connection = town.connection().await;
    let kept = ada.upload(&mut connection, b"kept").await;
    let path = format!("/api/v1/parcels/{kept}");
    let body = ada.parcel(b"other").to_string();
    let other = format!(
        "00000001{}",
        sha256(format!(r#"{0}{{"name":"data","owner":"{0}"}}other"#, ada.user).as_bytes()).to_uppercase()
    );
    for mood in [Mood::Failing, Mood::Silent, Mood::Dropping] {
        store.is(mood);
        let upload = ada.token(&mut connection, &json!("upload")).await;
        let answer = ada.call_with(&mut connection, &upload, "POST", "/api/v1/parcels", &[JSON], body.as_bytes()).await;
        assert_eq!((answer.status, answer.text().as_str()), (500, r#"{"error":"internal error"}"#), "{mood:?}");
        let listed = town.ask("GET", &format!("/api/v1/parcels/{other}?key=owner"), &[], b"").await;
        assert_eq!(listed.status, 404, "{mood:?}: it is not listed");
        let download = ada.token(&mut connection, &json!("download")).await;
        let answer = ada.call_with(&mut connection, &download, "GET", &path, &[], b"").await;
        assert_eq!(answer.status, 500, "{mood:?}");
        // What the store has to do with it is not told.
        assert_eq!(answer.text(), r#"{"error":"internal error"}"#);

        store.is(Mood::Well);
        let answer = ada.call_with(&mut connection, &download, "GET", &path, &[], b"").await;
        assert_eq!((answer.status, &answer.json()["data"]), (200, &json!(hex(b"kept"))), "{mood:?}");
        let answer = ada.call_with(&mut connection, &upload, "POST", "/api/v1/parcels", &[JSON], body.as_bytes()).await;
        assert_eq!((answer.status, &answer.json()["id"]), (200, &json!(other)), "{mood:?}: {}", answer.text());

        // Removing is done when nobody can find it; the bytes go when they can.
        store.is(mood);
        let target = format!("/api/v1/parcels/{other}");
        let answer = ada.call(&mut connection, &json!("remove"), "DELETE", &target, &[], b"").await;
        assert_eq!(answer.status, 204, "{mood:?}");
        store.is(Mood::Well);
        let answer = ada.call(&mut connection, &json!("download"), "GET", &target, &[], b"").await;
        assert_eq!(answer.status, 404, "{mood:?}");
    }
    // What breaks off has used the token up by then, and gives it back if nothing of the parcel has come.
    for (at, again) in [(0, 200), (2, 401)] {
        store.is(Mood::Cutting(at));
        let token = ada.token(&mut connection, &json!("download")).await;
        let shown = ada.shown(&token);
        let fields: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let part = connection.try_send("GET", &path, &fields, b"").await;
        assert!(part.is_none(), "a part was taken for the whole: {part:?}");
        store.is(Mood::Well);
        connection = town.connection().await;
        let answer = ada.call_with(&mut connection, &token, "GET", &path, &[], b"").await;
        assert_eq!(answer.status, again, "{at}: {}", answer.text());
    }
    // Bytes that something else has removed are our fault, not a parcel that is absent.
    store.objects.lock().unwrap().clear();
    let answer = ada.call(&mut connection, &json!("download"), "GET", &path, &[], b"").await;
    assert_eq!(answer.status, 500);
    town.close().await;
}

/// All files of a directory of objects.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found
}

/// Makes files look two hours older.
fn age(paths: &[PathBuf]) {
    let before = SystemTime::UNIX_EPOCH + cloud_python::clock::since_1970() - Duration::from_secs(7200);
    for path in paths {
        std::fs::File::open(path).unwrap().set_modified(before).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_belong_to_no_parcel_go_after_an_hour_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Serving::start(&data, "");
    let ada = ParcelKey::new();
    let mut connection = Connection::open(server.address, &server.ca).await;
    let id = ada.upload(&mut connection, b"kept").await;
    server.kill();
    let kept = files(&data.join("objects"));
    assert_eq!(kept.len(), 1);
    let shard = kept[0].parent().unwrap();
    let (old, unfinished, young) = (
        shard.join("11111111111111111111111111111a"),
        shard.parent().unwrap().join("new/22222222222222222222222222222222"),
        shard.join("33333333333333333333333333333a"),
    );
    for path in [&old, &unfinished, &young] {
        std::fs::write(path, "left").unwrap();
    }
    // What cannot be removed as a file keeps nothing else from going.
    let folder_in_the_way = shard.join("00000000000000000000000000000a");
    std::fs::create_dir(&folder_in_the_way).unwrap();
    age(&[kept[0].clone(), old.clone(), unfinished.clone(), folder_in_the_way]);
    let server = Serving::start(&data, "");
    until("what is old and nobody's has gone", || !old.exists() && !unfinished.exists()).await;
    assert!(young.exists() && kept[0].exists());
    let mut connection = Connection::open(server.address, &server.ca).await;
    let path = format!("/api/v1/parcels/{id}");
    let answer = ada.call(&mut connection, &json!("download"), "GET", &path, &[], b"").await;
    assert_eq!(answer.json()["data"], json!(hex(b"kept")));
}

/// What was asked for, and what was answered.
#[derive(Default)]
struct Deeds {
    begun: Vec<(usize, Vec<u8>)>,
    uploaded: Vec<String>,
    removing: Vec<String>,
    removed: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_leaves_no_parcel_that_cannot_be_read_and_no_bytes_for_long() {
    let kills: usize = std::env::var("CLOUD_PYTHON_KILLS").map_or(8, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let keys: Arc<Vec<ParcelKey>> = Arc::new((0..2).map(|_| ParcelKey::new()).collect());
    let deeds = Arc::new(Mutex::new(Deeds::default()));
    let mut random = u64::from(cloud_python::clock::since_1970().subsec_nanos()) << 8 | 1;
    println!("seed {random}");
    for round in 0..kills {
        let server = Serving::start(&data, "");
        let workers: Vec<_> = (0..keys.len())
            .map(|worker| {
                let (keys, deeds) = (Arc::clone(&keys), Arc::clone(&deeds));
                let (address, ca) = (server.address, server.ca.clone());
                tokio::spawn(async move {
                    let Some(mut connection) = Connection::try_open(address, &ca).await else { return };
                    for number in 0.. {
                        let content =
                            format!("{round} {worker} {number} ").into_bytes().repeat(1 + number % 5 * 20_000);
                        if work(&keys[worker], worker, content, &mut connection, &deeds).await.is_none() {
                            return;
                        }
                    }
                })
            })
            .collect();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // The moment of the kill is what is tried out.
        tokio::time::sleep(Duration::from_micros(random % 400_000)).await;
        server.kill();
        for worker in workers {
            worker.await.unwrap();
        }
    }
    age(&files(&data.join("objects")));
    let server = Serving::start(&data, "");
    let mut connection = Connection::open(server.address, &server.ca).await;
    let deeds = std::mem::take(&mut *deeds.lock().unwrap());
    let mut living = 0;
    for (worker, content) in &deeds.begun {
        let key = &keys[*worker];
        let id = id(key, content);
        let path = format!("/api/v1/parcels/{id}");
        let listed = connection.send("GET", &format!("{path}?key=owner"), &[], b"").await.status;
        let answer = key
            .call(&mut connection, &json!("download"), "GET", &path, &[("accept", "application/octet-stream")], b"")
            .await;
        assert_eq!(listed, answer.status, "listed, but not to be had, or the other way round");
        if listed == 200 {
            living += 1;
            assert!(answer.body == *content, "other bytes");
            assert!(!deeds.removed.contains(&id), "removed, and there again");
        } else {
            assert!(!deeds.uploaded.contains(&id) || deeds.removing.contains(&id), "uploaded, and not there");
        }
    }
    println!("{kills} kills, {} uploads, {} removals, {living} left", deeds.uploaded.len(), deeds.removed.len());
    assert!(deeds.uploaded.len() > kills / 2, "the workload did nothing");
    until("there are as many objects as parcels", || files(&data.join("objects")).len() == living).await;
}

fn id(key: &ParcelKey, content: &[u8]) -> String {
    let said = format!(r#"{0}{{"name":"data","owner":"{0}"}}"#, key.user);
    format!("00000001{}", sha256(&[said.as_bytes(), content].concat()).to_uppercase())
}

/// Uploads something and removes every second thing, until the server dies.
async fn work(
    key: &ParcelKey,
    worker: usize,
    content: Vec<u8>,
    connection: &mut Connection,
    deeds: &Mutex<Deeds>,
) -> Option<()> {
    let parcel = id(key, &content);
    let token = token(key, connection, "upload").await?;
    let shown = key.shown(&token);
    let mut fields: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("content-type", "multipart/form-data; boundary=x1"));
    deeds.lock().unwrap().begun.push((worker, content.clone()));
    let body = key.form(&["owner", "metadata", "file"], &content);
    let answer = connection.try_send("POST", "/api/v1/parcels", &fields, &body).await?;
    assert_eq!(answer.json()["id"], json!(parcel), "{}", answer.text());
    let count = {
        let mut deeds = deeds.lock().unwrap();
        deeds.uploaded.push(parcel.clone());
        deeds.uploaded.len()
    };
    if count % 2 == 0 {
        let token = self::token(key, connection, "remove").await?;
        let shown = key.shown(&token);
        let fields: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        deeds.lock().unwrap().removing.push(parcel.clone());
        let answer = connection.try_send("DELETE", &format!("/api/v1/parcels/{parcel}"), &fields, b"").await?;
        assert_eq!(answer.status, 204, "{}", answer.text());
        deeds.lock().unwrap().removed.push(parcel);
    }
    Some(())
}

async fn token(key: &ParcelKey, connection: &mut Connection, operation: &str) -> Option<String> {
    let answer = connection.post("/api/v1/auth", None, &json!({"user": key.user, "operation": operation})).await?;
    Some(answer.json()["token"].as_str()?.to_owned())
}

/// A small disk of its own. Only root can have one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(mib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m");
        let mut mount = std::process::Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_refuses_and_keeps_what_it_has() {
    // Parcels leave 256 MiB to others.
    let Some(disk) = SmallDisk::new(290) else {
        println!("skipped: a full disk (no tmpfs can be mounted here)");
        return;
    };
    let mut config = config();
    config.objects = ObjectsConfig::Directory(Some(disk.0.path().join("objects")));
    let town = Town::with(config).await;
    let ada = ParcelKey::new();
    let mut connection = town.connection().await;
    let kept = ada.upload(&mut connection, b"kept").await;
    let token = ada.token(&mut connection, &json!("upload")).await;
    let form = ("content-type", "multipart/form-data; boundary=x1");
    let large = ada.form(&["owner", "metadata", "file"], &vec![7; 60 << 20]);
    let answer = ada.call_with(&mut connection, &token, "POST", "/api/v1/parcels", &[form], &large).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("60")), "{}", answer.text());
    until("nothing is left of it", || files(disk.0.path()).len() == 1).await;
    let mut connection = town.connection().await;
    let path = format!("/api/v1/parcels/{kept}");
    let answer = ada.call(&mut connection, &json!("download"), "GET", &path, &[], b"").await;
    assert_eq!(answer.status, 200);
    let small = ada.form(&["owner", "metadata", "file"], b"small");
    let answer = ada.call_with(&mut connection, &token, "POST", "/api/v1/parcels", &[form], &small).await;
    assert_eq!(answer.status, 200, "with the same token: {}", answer.text());
    town.close().await;
}
