//! The operator at the administrator's socket.

use std::path::Path;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::https::Answer;

/// One request over the socket.
pub(crate) async fn ask(socket: &Path, method: &str, path: &str) -> Answer {
    try_ask(socket, method, path).await.expect("the server answers on its socket")
}

/// The same of a server that may be dead.
pub(crate) async fn try_ask(socket: &Path, method: &str, path: &str) -> Option<Answer> {
    let stream = UnixStream::connect(socket).await.ok()?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let request = hyper::Request::builder().method(method).uri(path).header("host", "admin");
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    let (parts, body) = sender.send_request(request).await.ok()?.into_parts();
    let body = body.collect().await.ok()?.to_bytes().to_vec();
    Some(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}
