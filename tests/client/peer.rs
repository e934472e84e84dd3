//! The other end of a live session, frame by frame (RFC 6455, section 5.2), so that every one of them can be wrong.

use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;

type Playing = Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>;

/// What is done with whoever has asked.
#[derive(Clone)]
pub(crate) struct Play(Arc<dyn Fn(Peer) -> Playing + Send + Sync>);

impl Play {
    pub(crate) fn new<F>(play: impl Fn(Peer) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = std::io::Result<()>> + Send + 'static,
    {
        Self(Arc::new(move |peer| Box::pin(play(peer))))
    }

    pub(crate) fn with(&self, peer: Peer) -> Playing {
        (self.0)(peer)
    }
}

impl std::fmt::Debug for Play {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Play")
    }
}

trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Line for S {}

/// Somebody who wants a session.
pub(crate) struct Peer {
    pub(crate) request: String,
    line: Box<dyn Line>,
}

impl Peer {
    pub(crate) fn new(request: String, line: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self { request, line: Box::new(line) }
    }

    /// What the key of the request must be answered with.
    pub(crate) fn accept_key(&self) -> String {
        let key = self.request.lines().find_map(|line| line.strip_prefix("sec-websocket-key: "));
        derive_accept_key(key.unwrap().as_bytes())
    }

    /// Says yes, and hears the first message.
    pub(crate) async fn begin(&mut self) -> std::io::Result<Value> {
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Protocol: v1.session.cloud-python\r\nSec-WebSocket-Accept: {}\r\n\r\n",
            self.accept_key()
        );
        self.say(head.as_bytes()).await?;
        let (mut opcode, mut text) = self.hear().await?;
        assert_eq!(opcode & 0x7f, TEXT & 0x7f);
        while opcode & 0x80 == 0 {
            let (next, more) = self.hear().await?;
            assert_eq!(next & 0x7f, 0, "a continuation");
            (opcode, text) = (next, [text, more].concat());
        }
        Ok(serde_json::from_slice(&text).unwrap())
    }

    /// Sends these bytes.
    pub(crate) async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.line.write_all(bytes).await?;
        self.line.flush().await
    }

    /// Sends a message on a channel.
    pub(crate) async fn send(&mut self, channel: u8, payload: &[u8]) -> std::io::Result<()> {
        self.say(&frame(BINARY, &[&[channel], payload].concat())).await
    }

    pub(crate) async fn stdout(&mut self, text: &str) -> std::io::Result<()> {
        self.send(1, text.as_bytes()).await
    }

    /// Says how it ended, closes, and listens until the client goes.
    pub(crate) async fn end(&mut self, control: &str) -> std::io::Result<()> {
        self.send(3, control.as_bytes()).await?;
        self.say(&frame(CLOSE, &1000_u16.to_be_bytes())).await?;
        self.until_gone().await
    }

    /// Listens until the client goes.
    pub(crate) async fn until_gone(&mut self) -> std::io::Result<()> {
        while self.hear().await.is_ok() {}
        Ok(())
    }

    /// The next frame that comes: its first byte and its content. A client masks everything.
    pub(crate) async fn hear(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let (opcode, length) = (self.line.read_u8().await?, self.line.read_u8().await?);
        assert!(length & 0x80 != 0, "not masked");
        let length = match length & 0x7f {
            126 => u64::from(self.line.read_u16().await?),
            127 => self.line.read_u64().await?,
            length => u64::from(length),
        };
        let mask = self.line.read_u32().await?.to_be_bytes();
        let mut content = vec![0; usize::try_from(length).unwrap()];
        self.line.read_exact(&mut content).await?;
        content.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        Ok((opcode, content))
    }

    /// The next piece of standard input; nothing at its end.
    pub(crate) async fn input(&mut self) -> std::io::Result<Vec<u8>> {
        let (opcode, mut message) = self.hear().await?;
        assert_eq!((opcode, message.remove(0)), (BINARY, 0));
        Ok(message)
    }

    /// The next piece of standard input as text.
    pub(crate) async fn line(&mut self) -> std::io::Result<String> {
        Ok(String::from_utf8(self.input().await?).unwrap())
    }
}

/// A frame as a server sends it.
pub(crate) fn frame(first: u8, content: &[u8]) -> Vec<u8> {
    let length = u64::try_from(content.len()).unwrap();
    let length = match length {
        0..126 => vec![u8::try_from(length).unwrap()],
        126..0x10000 => [&[126][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
        _ => [&[127][..], &length.to_be_bytes()].concat(),
    };
    [&[first][..], &length, content].concat()
}
