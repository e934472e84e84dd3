//! The other end of a live session: a WebSocket client of somebody else's (tungstenite), trusting one authority.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::{Town, connect, tls};

pub(crate) const SUBPROTOCOL: &str = "v1.session.cloud-python";

/// How long anything may take on a busy machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// What the server says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Out(Vec<u8>),
    Err(Vec<u8>),
    Control(Value),
    /// The server has closed it, with this code.
    Closed(u16),
    /// The connection has ended without that.
    Broken,
}

/// A whole session, from what was asked for on.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Whole {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) control: Value,
    /// 0 if the connection ended without a code.
    pub(crate) code: u16,
}

impl Whole {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// What was refused, and with which code it was closed.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.code, self.control["error"].as_str().unwrap_or_default().to_owned())
    }
}

/// A client in a session.
pub(crate) struct Session(pub(crate) WebSocketStream<TlsStream<TcpStream>>);

/// The handshake that a client sends, with these headers beside the usual ones.
pub(crate) fn handshake(address: SocketAddr, headers: &[(&str, &str)]) -> Request {
    let mut request = format!("wss://{address}/session").into_client_request().expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().expect("a value"));
    for (name, value) in headers {
        let name: hyper::header::HeaderName = name.parse().expect("a name");
        request.headers_mut().insert(name, value.parse().expect("a value"));
    }
    request
}

impl Session {
    /// The WebSocket, before anything is said on it.
    pub(crate) async fn open(town: &Town, headers: &[(&str, &str)]) -> Self {
        Self::try_open(town.server.address(), &town.ca, headers).await.expect("the server takes the handshake")
    }

    pub(crate) async fn try_open(address: SocketAddr, ca: &[u8], headers: &[(&str, &str)]) -> Result<Self, Error> {
        let stream = connect(address, tls(ca, &["http/1.1"])).await.map_err(Error::Io)?;
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, answer) = client_async_with_config(handshake(address, headers), stream, Some(config)).await?;
        assert_eq!(answer.headers()["sec-websocket-protocol"], SUBPROTOCOL);
        assert!(!answer.headers().contains_key("sec-websocket-extensions"));
        Ok(Self(socket))
    }

    /// A session that runs this.
    pub(crate) async fn of(town: &Town, token: &str, first: &Value) -> Self {
        let bearer = format!("Bearer {token}");
        let mut session = Self::open(town, &[("authorization", bearer.as_str())]).await;
        session.text(&first.to_string()).await;
        session
    }

    /// Runs a script to its end without input.
    pub(crate) async fn run(town: &Town, token: &str, first: &Value) -> Whole {
        let mut session = Self::of(town, token, first).await;
        session.end_input().await;
        session.rest().await
    }

    pub(crate) async fn send(&mut self, message: Message) {
        // Whoever has been closed is told by what they hear.
        let _ = self.0.send(message).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        self.send(Message::binary(bytes.to_vec())).await;
    }

    pub(crate) async fn input(&mut self, bytes: impl AsRef<[u8]>) {
        self.bytes(&[&[0], bytes.as_ref()].concat()).await;
    }

    pub(crate) async fn end_input(&mut self) {
        self.input("").await;
    }

    pub(crate) async fn close(&mut self, code: u16) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
        self.send(Message::Close(Some(frame))).await;
    }

    /// What is told next.
    pub(crate) async fn next(&mut self) -> Told {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the server says something");
            return match next {
                Some(Ok(Message::Binary(bytes))) => match bytes.split_first() {
                    Some((1, bytes)) => Told::Out(bytes.to_vec()),
                    Some((2, bytes)) => Told::Err(bytes.to_vec()),
                    Some((3, bytes)) => Told::Control(serde_json::from_slice(bytes).expect("JSON")),
                    other => panic!("no such channel: {other:?}"),
                },
                Some(Ok(Message::Close(frame))) => Told::Closed(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(other)) => panic!("a server does not say {other:?}"),
                Some(Err(_)) | None => Told::Broken,
            };
        }
    }

    /// Reads until the script has written this at the end of what it has written.
    pub(crate) async fn until(&mut self, wanted: &str) -> String {
        let mut written = vec![];
        while !written.ends_with(wanted.as_bytes()) {
            match self.next().await {
                Told::Out(bytes) | Told::Err(bytes) => written.extend(bytes),
                other => panic!("{other:?} after {:?}, not {wanted:?}", String::from_utf8_lossy(&written)),
            }
        }
        String::from_utf8(written).expect("text")
    }

    /// All that comes until the end.
    pub(crate) async fn rest(&mut self) -> Whole {
        let mut whole = Whole::default();
        loop {
            match self.next().await {
                Told::Out(bytes) => whole.stdout.extend(bytes),
                Told::Err(bytes) => whole.stderr.extend(bytes),
                Told::Control(control) => whole.control = control,
                Told::Closed(code) => whole.code = code,
                Told::Broken => return whole,
            }
        }
    }
}
