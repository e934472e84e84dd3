//! A caller from outside: HTTP over TLS, trusting one authority, saying exactly what a test wants said.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A client's TLS settings: this authority and no other.
pub(crate) fn tls(ca: &[u8], alpn: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca).expect("a certificate")).expect("an authority");
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A TLS connection on which anything can be said.
pub(crate) async fn connect(address: SocketAddr, tls: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    connect_from(SocketAddr::from(([127, 0, 0, 1], 0)), address, tls).await
}

/// The same from another address of this machine.
pub(crate) async fn connect_from(
    from: SocketAddr,
    address: SocketAddr,
    tls: Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(from)?;
    let tcp = socket.connect(address).await?;
    tcp.set_nodelay(true)?;
    TlsConnector::from(tls).connect(ServerName::from(address.ip()), tcp).await
}

/// A kept-alive HTTP/1.1 connection.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    pub(crate) async fn open(address: SocketAddr, ca: &[u8]) -> Self {
        Self::try_open(address, ca).await.expect("the server speaks HTTP over TLS")
    }

    /// For servers that may be dead.
    pub(crate) async fn try_open(address: SocketAddr, ca: &[u8]) -> Option<Self> {
        let stream = connect(address, tls(ca, &["http/1.1"])).await.ok()?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        Some(Self(sender))
    }

    /// Whether the server has ended it, as it does with one that has not been used for long.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    pub(crate) async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body).await.expect("an answer")
    }

    pub(crate) async fn try_send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut request = hyper::Request::builder().method(method).uri(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).expect("a request");
        self.0.ready().await.ok()?;
        let (parts, body) = self.0.send_request(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes().to_vec();
        Some(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// JSON for a program, with a bearer token if there is one; nothing if the server is dead.
    pub(crate) async fn post(&mut self, path: &str, token: Option<&str>, body: &serde_json::Value) -> Option<Answer> {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json"), ("accept", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.try_send("POST", path, &headers, body.to_string().as_bytes()).await
    }
}
