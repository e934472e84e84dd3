//! HTTP/1.1 to one object store, by the TLS that the rest of the house has.
//!
//! Owns: connections and their time-outs. Not here: what is asked, and when it is asked again (`s3`).

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Uri;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::ObjectError;
use crate::config::limits;

/// The way to one object store. Clones share its connections.
#[derive(Clone)]
pub(super) struct Wire(Arc<Inner>);

struct Inner {
    /// Nothing for a store on this machine that is spoken to in the clear.
    tls: Option<TlsConnector>,
    patience: Duration,
    idle: Mutex<Vec<SendRequest<HttpRequestBody>>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    /// To a store that these authorities vouch for (PEM), or else those whom this machine trusts. Blocks.
    pub(super) fn new(secure: bool, ca: Option<&Path>, patience: Duration) -> Result<Self, ObjectError> {
        let tls = secure.then(|| connector(ca)).transpose()?;
        Ok(Self(Arc::new(Inner { tls, patience, idle: Mutex::default() })))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let uri = request.uri().clone();
        let mut sender = match self.idle() {
            Some(sender) => sender,
            None => timeout(limits::CONNECT, self.connect(&uri))
                .await
                .map_err(|late| failed(HttpErrorKind::Connect, late))??,
        };
        let answer = sender.send_request(in_origin_form(request)).await.map_err(broken)?;
        // It is taken again when the answer has been read to its end: until then it is not ready.
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        let (head, body) = answer.into_parts();
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body.map_err(broken))))
    }

    /// A connection that is there and waits for a request.
    fn idle(&self) -> Option<SendRequest<HttpRequestBody>> {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|sender| !sender.is_closed());
        let ready = idle.iter().rposition(SendRequest::is_ready)?;
        Some(idle.swap_remove(ready))
    }

    async fn connect(&self, uri: &Uri) -> Result<SendRequest<HttpRequestBody>, HttpError> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or_else(|| if self.0.tls.is_some() { 443 } else { 80 });
        let unreachable = |error| failed(HttpErrorKind::Connect, error);
        let stream = TcpStream::connect((host.as_str(), port)).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        match &self.0.tls {
            None => handshake(stream).await,
            Some(tls) => {
                let name = ServerName::try_from(host).map_err(|error| failed(HttpErrorKind::Connect, error))?;
                handshake(tls.connect(name, stream).await.map_err(unreachable)?).await
            }
        }
    }
}

async fn handshake<S>(stream: S) -> Result<SendRequest<HttpRequestBody>, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // It ends when its sender is dropped, or when the store ends it.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

/// As a request is written on a connection to the server itself (RFC 9112, section 3.2). `Host` has been signed, but not put there.
fn in_origin_form(mut request: HttpRequest) -> HttpRequest {
    let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
    if let Some(Ok(target)) = request.uri().path_and_query().map(|target| target.as_str().parse()) {
        *request.uri_mut() = target;
    }
    request
}

fn broken(error: hyper::Error) -> HttpError {
    let kind = match () {
        () if error.is_canceled() || error.is_closed() || error.is_incomplete_message() => HttpErrorKind::Interrupted,
        () if error.is_timeout() => HttpErrorKind::Timeout,
        () if error.is_parse() => HttpErrorKind::Decode,
        () => HttpErrorKind::Interrupted,
    };
    failed(kind, error)
}

fn failed(kind: HttpErrorKind, error: impl std::error::Error + Send + Sync + 'static) -> HttpError {
    HttpError::new(kind, error)
}

type Called<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

/// The signature is the one that `async_trait` writes.
impl HttpService for Wire {
    fn call<'a, 'b>(&'a self, request: HttpRequest) -> Called<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let answer = timeout(self.0.patience, self.send(request)).await;
            answer.map_err(|late| failed(HttpErrorKind::Timeout, late))?
        })
    }
}

impl HttpConnector for Wire {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

fn connector(ca: Option<&Path>) -> Result<TlsConnector, ObjectError> {
    let unusable = |why: String| ObjectError::Unusable(why);
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let wrong = |error: &dyn std::fmt::Display| {
                unusable(format!("{} does not hold certificates of authorities: {error}", path.display()))
            };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
                roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        let how = "no certificate authority is trusted: install the package ca-certificates, or set objects.s3.ca";
        return Err(unusable(how.to_owned()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| unusable(format!("TLS cannot be set up: {error}")))?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}
