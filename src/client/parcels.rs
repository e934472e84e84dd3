//! The calls of section 5 of the wire contract: parcels.
//!
//! Owns: bodies that stream: a file goes up and comes down with no more than a piece of it in memory. What comes
//! down is believed only if its name says so: the id is a hash over it. Not here: where files are, and how progress is shown
//! (`cli`).

use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use serde::Deserialize;

use super::calls::bounded;
use super::exchange::{Incoming, exchange, receive_bytes};
use super::{Client, ClientError, ParcelKey, terminal};
use crate::config::limits;
use crate::domain::{Json, Metadata, OperationKind, ParcelAction, ParcelHasher, ParcelId, ParcelUser, ServiceId};

const BOUNDARY: &str = "cloud-python-parcel-5fbd4cb7a1ee4c0b";

/// What is known of a parcel without its data.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    /// Whose it is.
    pub owner: String,
    /// What they say about it, as JSON in its canonical text.
    pub metadata: String,
}

/// Told how many bytes have passed, and of how many.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// What a token claims (RFC 7519, section 4), as far as it must be what was asked for.
#[derive(Deserialize)]
struct Claims {
    user: String,
    operation: serde_json::Value,
}

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

#[derive(Deserialize)]
struct Described {
    metadata: Json,
}

#[derive(Deserialize)]
struct Owned {
    owner: String,
}

impl Client {
    /// Makes a key the account's own.
    pub async fn register_parcel_key(
        &self,
        token: &crate::domain::BearerToken,
        email: &crate::domain::Email,
        key: &ParcelKey,
    ) -> Result<(), ClientError> {
        let signature = key.sign(&ParcelAction::registration(email))?;
        let body = serde_json::json!({"public_key": key.point(), "signature": signature});
        let call = self.call("/parcel-key", Some(&body), Some(token), limits::SMALL_ANSWER_BYTES, limits::CALL);
        call.await?.json(StatusCode::OK).map(|_| ())
    }

    /// Uploads a file. `metadata` is a JSON object, to which the owner is added.
    pub async fn upload_parcel(
        &self,
        key: &ParcelKey,
        path: &Path,
        metadata: Option<&str>,
        progress: Progress,
    ) -> Result<ParcelId, ClientError> {
        let metadata = described(key, metadata)?;
        let shown = self.permit(key, OperationKind::Upload, None).await?;
        let failed = |error| ClientError::ParcelFile(path.to_owned(), error);
        let file = std::fs::File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let sending = Sending::new(key, &metadata, file, length, progress);
        let hasher = Arc::clone(&sending.hashed);
        let request = self.parcel_request(Method::POST, "/api/v1/parcels", Some(&shown));
        let request = request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        let request = request.body(sending).map_err(|_| nonsense("a request that is no HTTP"))?;
        let within = patience(length);
        let call = async { exchange(self.connected(within).await?, request, limits::SMALL_ANSWER_BYTES).await };
        let answer = bounded(within, call).await.ok_or(ClientError::TooSlow(within))??;
        let said = answer.json(StatusCode::OK).map_err(signed)?;
        let id = ParcelId::parse(&read::<Uploaded>(&said)?.id).ok_or_else(|| nonsense("an id that is none"))?;
        let hasher = hasher.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match hasher.finish(service(&id)) == id {
            true => Ok(id),
            false => Err(nonsense("the id is not that of what was sent")),
        }
    }

    /// Downloads a parcel's data. It is handed over as it comes, so `to` must put it somewhere that nobody takes for the whole
    /// before this returns.
    pub async fn download_parcel(
        &self,
        key: &ParcelKey,
        id: &ParcelId,
        to: &mut (dyn FnMut(&[u8]) -> std::io::Result<()> + Send),
        progress: Progress,
    ) -> Result<u64, ClientError> {
        let Inspected { owner, metadata } = self.inspect_parcel(id).await?;
        let owner = ParcelUser::parse(&owner).ok_or_else(|| nonsense("an owner who is nobody"))?;
        let mut hasher = ParcelHasher::new(&owner, &Metadata::written(metadata));
        let shown = self.permit(key, OperationKind::Download, Some(id)).await?;
        let request = self.parcel_request(Method::GET, &format!("/api/v1/parcels/{id}"), Some(&shown));
        let request = request.header(ACCEPT, "application/octet-stream").body(Sending::nothing());
        let request = request.map_err(|_| nonsense("a request that is no HTTP"))?;
        let mut written = 0_u64;
        let mut take = |bytes: &[u8], whole| {
            hasher.update(bytes);
            written = written.saturating_add(bytes.len() as u64);
            progress(written, whole);
            to(bytes).map_err(|error| ClientError::ParcelFile(PathBuf::from("the output"), error))
        };
        let incoming = Incoming { idle: limits::OBJECT_PATIENCE, within: patience, take: &mut take };
        receive_bytes(self.connected(limits::CALL).await?, request, incoming).await.map_err(signed)?;
        match hasher.finish(service(id)) == *id {
            true => Ok(written),
            false => Err(nonsense("the data is not what the id says")),
        }
    }

    /// What is known of a parcel.
    pub async fn inspect_parcel(&self, id: &ParcelId) -> Result<Inspected, ClientError> {
        let asked = |key: &'static str| {
            let path = format!("/api/v1/parcels/{id}?key={key}");
            async move { self.ask_parcel(Method::GET, &path, None, None).await?.json(StatusCode::OK) }
        };
        let metadata = read::<Described>(&asked("metadata").await?)?.metadata.canonical();
        let owner = read::<Owned>(&asked("owner").await?)?.owner;
        Ok(Inspected { owner: terminal::sentence(&owner), metadata })
    }

    /// Removes a parcel.
    pub async fn remove_parcel(&self, key: &ParcelKey, id: &ParcelId) -> Result<(), ClientError> {
        let shown = self.permit(key, OperationKind::Remove, Some(id)).await?;
        let answer = self.ask_parcel(Method::DELETE, &format!("/api/v1/parcels/{id}"), Some(&shown), None).await?;
        answer.done(StatusCode::NO_CONTENT).map_err(signed)
    }

    /// Lets a user download a parcel, or takes that back.
    pub async fn grant_parcel(
        &self,
        key: &ParcelKey,
        id: &ParcelId,
        user: &ParcelUser,
        revoke: bool,
    ) -> Result<(), ClientError> {
        let shown = self.permit(key, OperationKind::Grant, Some(id)).await?;
        let grants = format!("/api/v1/parcels/{id}/grants");
        if revoke {
            let path = format!("{grants}/{}", user.as_str());
            let answer = self.ask_parcel(Method::DELETE, &path, Some(&shown), None).await?;
            return answer.done(StatusCode::NO_CONTENT).map_err(signed);
        }
        let body = serde_json::json!({"user": user.as_str()}).to_string();
        let answer = self.ask_parcel(Method::POST, &grants, Some(&shown), Some(body)).await?;
        answer.json(StatusCode::OK).map(|_| ()).map_err(signed)
    }

    /// A token, signed.
    async fn permit(
        &self,
        key: &ParcelKey,
        kind: OperationKind,
        id: Option<&ParcelId>,
    ) -> Result<[(&'static str, String); 3], ClientError> {
        let operation = match id {
            Some(id) => serde_json::json!({"name": kind.name(), "id": id.to_string()}),
            None => serde_json::json!(kind.name()),
        };
        let body = serde_json::json!({"user": key.user().as_str(), "operation": operation}).to_string();
        let answer = self.ask_parcel(Method::POST, "/api/v1/auth", None, Some(body)).await?.json(StatusCode::OK)?;
        let Token { token } = read(&answer)?;
        if token.len() > limits::PERMIT_BYTES || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(nonsense("the token is not one"));
        }
        // What is signed counts at every service: a token for anything else is another one's, passed on.
        if !claims(&token).is_some_and(|said| said.user == key.user().as_str() && said.operation == operation) {
            return Err(nonsense("the token is not for what was asked"));
        }
        let signature = key.sign(&token)?;
        Ok([("x-auth-token", token), ("x-public-key", key.point()), ("x-signature", signature)])
    }

    async fn ask_parcel(
        &self,
        method: Method,
        path: &str,
        shown: Option<&[(&'static str, String); 3]>,
        body: Option<String>,
    ) -> Result<super::exchange::Answer, ClientError> {
        let mut request = self.parcel_request(method, path, shown);
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(http_body_util::Full::<Bytes>::from(body.unwrap_or_default()));
        let request = request.map_err(|_| nonsense("a request that is no HTTP"))?;
        let within = self.within(limits::CALL);
        let call = async { exchange(self.connected(within).await?, request, limits::SMALL_ANSWER_BYTES).await };
        bounded(within, call).await.ok_or(ClientError::TooSlow(within))?
    }

    fn parcel_request(
        &self,
        method: Method,
        path: &str,
        shown: Option<&[(&'static str, String); 3]>,
    ) -> hyper::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.authority());
        request = request.header(CONNECTION, "close");
        for (name, value) in shown.into_iter().flatten() {
            request = request.header(*name, value);
        }
        request
    }
}

/// A file on its way up, as one part of a form: read a piece at a time, when the connection wants it.
struct Sending {
    before: Option<Bytes>,
    file: Option<std::fs::File>,
    left: u64,
    after: Option<Bytes>,
    length: u64,
    hashed: Arc<Mutex<ParcelHasher>>,
    sent: u64,
    /// Bytes of the file.
    whole: u64,
    progress: Progress,
}

impl Sending {
    fn new(key: &ParcelKey, metadata: &Metadata, file: std::fs::File, left: u64, progress: Progress) -> Self {
        let part = |name: &str, value: &str| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}")
        };
        let owner = key.user().as_str();
        let before = [part("owner", owner), part("metadata", metadata.as_str()), part("file", "")].join("\r\n");
        let after = format!("\r\n--{BOUNDARY}--\r\n");
        let length = (before.len() as u64).saturating_add(left).saturating_add(after.len() as u64);
        let hashed = Arc::new(Mutex::new(ParcelHasher::new(key.user(), metadata)));
        let (before, after) = (Some(before.into()), Some(after.into()));
        Self { before, file: Some(file), left, after, length, hashed, sent: 0, whole: left, progress }
    }

    /// A request without a body.
    fn nothing() -> Self {
        let nobody = ParcelUser::of_address([0; 20]);
        let hashed = Arc::new(Mutex::new(ParcelHasher::new(&nobody, &Metadata::written(String::new()))));
        let progress: Progress = Arc::new(|_, _| {});
        Self { before: None, file: None, left: 0, after: None, length: 0, hashed, sent: 0, whole: 0, progress }
    }

    /// The next piece of the file. A file that has become shorter meanwhile is an error: its length was said.
    fn read(&mut self) -> std::io::Result<Option<Bytes>> {
        let Some(file) = self.file.as_mut().filter(|_| self.left > 0) else { return Ok(None) };
        let length = self.left.min(limits::OBJECT_BLOCK_BYTES as u64);
        let mut piece = vec![0; usize::try_from(length).unwrap_or(limits::OBJECT_BLOCK_BYTES)];
        file.read_exact(&mut piece)?;
        self.left -= length;
        self.sent += length;
        self.hashed.lock().unwrap_or_else(PoisonError::into_inner).update(&piece);
        (self.progress)(self.sent, self.whole);
        Ok(Some(piece.into()))
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        if let Some(before) = self.before.take() {
            return Poll::Ready(Some(Ok(Frame::data(before))));
        }
        match self.read() {
            Ok(Some(piece)) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            Ok(None) => Poll::Ready(self.after.take().map(|after| Ok(Frame::data(after)))),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.before.is_none() && self.left == 0 && self.after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

/// Metadata with the owner in it.
fn described(key: &ParcelKey, metadata: Option<&str>) -> Result<Metadata, ClientError> {
    let json: Json =
        serde_json::from_str(metadata.unwrap_or("{}")).map_err(|error| ClientError::Metadata(error.to_string()))?;
    let Json::Object(mut pairs) = json else {
        return Err(ClientError::Metadata("it must be a JSON object".to_owned()));
    };
    if !pairs.iter().any(|(key, _)| key == "owner") {
        pairs.push(("owner".to_owned(), Json::Text(key.user().as_str().to_owned())));
    }
    let json: Json = serde_json::from_str(&Json::Object(pairs).canonical())
        .map_err(|error| ClientError::Metadata(error.to_string()))?;
    Metadata::of(&json, key.user()).map_err(|error| ClientError::Metadata(error.to_string()))
}

/// What a token claims. Whether the server has signed it is the server's to know.
fn claims(token: &str) -> Option<Claims> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// As long as so many bytes may take on a slow line.
fn patience(bytes: u64) -> Duration {
    limits::CALL + Duration::from_secs(bytes / limits::BODY_RATE)
}

/// The service that an id names.
fn service(id: &ParcelId) -> ServiceId {
    ServiceId::of(id)
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|_| nonsense("JSON of another shape"))
}

/// With a signature there was no password to be wrong.
fn signed(error: ClientError) -> ClientError {
    if let ClientError::WrongCredentials = error { ClientError::NotSigned } else { error }
}

fn nonsense(what: &str) -> ClientError {
    ClientError::Unexpected(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_gets_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let key = ParcelKey::make(&folder.path().join("key.pem")).unwrap();
        let user = key.user().as_str();
        let of = |text: Option<&str>| described(&key, text).map(|metadata| metadata.as_str().to_owned());
        assert_eq!(of(None).unwrap(), format!(r#"{{"owner":"{user}"}}"#));
        assert_eq!(of(Some(r#"{"z":1,"a":2}"#)).unwrap(), format!(r#"{{"a":2,"owner":"{user}","z":1}}"#));
        for wrong in ["[]", "{", r#"{"owner":"x"}"#] {
            assert!(matches!(of(Some(wrong)), Err(ClientError::Metadata(_))), "{wrong}");
        }
    }
}
