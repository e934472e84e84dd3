//! A client of the sealed channel: it says exactly what a test wants said, also what no good client would.
//!
//! Its tokens are made here from AES and HMAC, not by the server's own code.

use std::net::SocketAddr;

use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use cloud_python::clock::Clock;
use cloud_python::keys::{PrivateKey, PublicKey, Share};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Answer, Town};

/// Somebody with a key and perhaps a session.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    pub(crate) cookie: String,
    pub(crate) key: [u8; 32],
    pub(crate) clock: Clock,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing {
    Length,
    /// In HTTP chunks of so many bytes.
    Chunks(usize),
}

impl Caller {
    /// Registers a user, and lets them in.
    pub(crate) async fn new(town: &Town, user: &str) -> (Self, PrivateKey) {
        let key = PrivateKey::make().expect("a key");
        register(town, user, &key).await;
        (Self::enter(town, user, &key).await.expect("let in"), key)
    }

    /// Somebody without a session.
    pub(crate) fn stranger(town: &Town) -> Self {
        let address = town.server.sealed_address().expect("a sealed listener");
        Self { address, cookie: String::new(), key: [0; 32], clock: town.clock.clone() }
    }

    /// The handshake, as far as it goes.
    pub(crate) async fn enter(town: &Town, user: &str, key: &PrivateKey) -> Result<Self, Answer> {
        let server = std::fs::read_to_string(town.path("sealed.pem")).expect("the server's public key");
        Self::stranger(town).enter_at(&server, user, key).await
    }

    /// The same of somebody without a session, at a server that has this key.
    pub(crate) async fn enter_at(self, server: &str, user: &str, key: &PrivateKey) -> Result<Self, Answer> {
        let share = Share::make().expect("random bytes");
        let answer = self.send("POST", "/auth", &[], hello(user, &share.public(), key).as_bytes()).await;
        match answer.status {
            200 => Ok(self.agreed_at(server, &share, &answer)),
            _ => Err(answer),
        }
    }

    /// What a client makes of the answer to its hello.
    pub(crate) fn agreed(town: &Town, share: &Share, answer: &Answer) -> Self {
        let server = std::fs::read_to_string(town.path("sealed.pem")).expect("the server's public key");
        Self::stranger(town).agreed_at(&server, share, answer)
    }

    fn agreed_at(self, server: &str, share: &Share, answer: &Answer) -> Self {
        let mut caller = self;
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = answer.text();
        assert_eq!(answer.header("content-length"), Some(text.len().to_string().as_str()));
        let (theirs, signature) = text.split_once("\r\n").expect("two lines");
        assert_eq!(theirs.len(), 76);
        let theirs: [u8; 56] = URL_SAFE.decode(theirs).expect("base64").try_into().expect("a share");
        let signature = URL_SAFE.decode(signature).expect("base64").try_into().expect("a signature");
        assert!(PublicKey::from_pem(server).expect("a key").has_signed(&theirs, &signature));
        let secret = share.agree(&theirs).expect("a secret");
        let hash = Sha256::new_with_prefix([0, 0, 0, 1]).chain_update(secret.expose()).chain_update(b"remo_serv");
        caller.key = hash.finalize().into();
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert!(cookie.starts_with("SESSION_ID=") && cookie.contains("HttpOnly"), "{cookie}");
        caller.cookie = cookie.split(';').next().expect("a value").to_owned();
        caller
    }

    /// A token that this session's server takes now.
    pub(crate) fn token(&self, content: &[u8]) -> String {
        self.token_at(self.clock.now().0, content)
    }

    pub(crate) fn token_at(&self, time: u64, content: &[u8]) -> String {
        let iv: [u8; 16] = cloud_python::vault::random().expect("random bytes");
        let mut sealed = content.to_vec();
        let cipher = UnboundCipherKey::new(&AES_128, &self.key[16..]).expect("a key");
        let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(cipher).expect("a cipher");
        cipher.less_safe_encrypt(&mut sealed, EncryptionContext::Iv128(FixedLength::from(iv))).expect("encrypts");
        let mut token = [&[0x80][..], &time.to_be_bytes(), &iv, &sealed].concat();
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.key[..16]), &token);
        token.extend_from_slice(mac.as_ref());
        URL_SAFE.encode(token)
    }

    /// What a token of the server's says.
    pub(crate) fn open(&self, token: &[u8]) -> Vec<u8> {
        let bytes = URL_SAFE.decode(token).expect("base64");
        let (signed, mac) = bytes.split_at(bytes.len() - 32);
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &self.key[..16]), signed, mac).expect("signed");
        let mut content = signed[25..].to_vec();
        let iv: [u8; 16] = signed[9..25].try_into().expect("an IV");
        let cipher = UnboundCipherKey::new(&AES_128, &self.key[16..]).expect("a key");
        let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).expect("a cipher");
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        cipher.decrypt(&mut content, context).expect("decrypts").to_vec()
    }

    /// What a sealed answer says. It has no length, and a token on each line.
    pub(crate) fn said(&self, answer: &Answer) -> Vec<u8> {
        assert_eq!(answer.header("content-length"), None, "{answer:?}");
        assert!(answer.body.is_empty() || answer.body.ends_with(b"\r\n"));
        let text = answer.text();
        text.split_terminator("\r\n").flat_map(|line| self.open(line.as_bytes())).collect()
    }

    /// A request with a token in its path and a body of one token, if there is a body.
    pub(crate) async fn ask(&self, verb: &str, content: &[u8], body: &[u8]) -> Answer {
        let body = if body.is_empty() { String::new() } else { self.token(body) };
        self.send("POST", &format!("/{verb}/{}", self.token(content)), &[], body.as_bytes()).await
    }

    /// A request with a body of one token, if there is a body.
    pub(crate) async fn tell(&self, path: &str, body: &[u8]) -> Answer {
        let body = if body.is_empty() { String::new() } else { self.token(body) };
        self.send("POST", path, &[], body.as_bytes()).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, fields: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send_as(method, path, fields, body, Framing::Length).await
    }

    pub(crate) async fn send_as(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &[u8],
        framing: Framing,
    ) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n").into_bytes();
        if !self.cookie.is_empty() {
            request.extend(format!("cookie: {}\r\n", self.cookie).bytes());
        }
        for (name, value) in fields {
            request.extend(format!("{name}: {value}\r\n").bytes());
        }
        match framing {
            Framing::Length => {
                request.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
                request.extend(body);
            }
            Framing::Chunks(size) => {
                request.extend(b"transfer-encoding: chunked\r\n\r\n");
                for chunk in body.chunks(size) {
                    request.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    request.extend(chunk);
                    request.extend(b"\r\n");
                }
                request.extend(b"0\r\n\r\n");
            }
        }
        self.raw(&request).await
    }

    /// Sends these bytes and reads one answer, up to the end of the connection.
    pub(crate) async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let (mut reader, mut writer) = stream.split();
        let mut bytes = vec![];
        let sending = async {
            // The server may have said no before it has heard all.
            let _ = writer.write_all(request).await;
        };
        let (_, read) = tokio::join!(sending, reader.read_to_end(&mut bytes));
        let _ = read;
        parse(&bytes)
    }
}

/// A request whose body is still to come, and which the server waits for.
pub(crate) struct Waiting(TcpStream);

impl Caller {
    /// Sends a head that announces a body, and returns when the server has begun to wait for that: RFC 9110, section 10.1.1.
    pub(crate) async fn announce(&self, path: &str, body_bytes: usize) -> Waiting {
        let mut stream = TcpStream::connect(self.address).await.expect("a connection");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: {}\r\nexpect: 100-continue\r\n\
             content-length: {body_bytes}\r\n\r\n",
            self.cookie
        );
        stream.write_all(head.as_bytes()).await.expect("it is taken");
        let mut line = [0; 25];
        stream.read_exact(&mut line).await.expect("an answer");
        assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n", "{}", String::from_utf8_lossy(&line));
        Waiting(stream)
    }
}

impl Waiting {
    /// Sends a part of the body.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        // The server may have said no before it has heard all.
        let _ = self.0.write_all(bytes).await;
    }

    /// The answer.
    pub(crate) async fn answer(mut self) -> Answer {
        let mut bytes = vec![];
        let _ = self.0.read_to_end(&mut bytes).await;
        parse(&bytes)
    }
}

/// What a user sends to be let in.
pub(crate) fn hello(user: &str, share: &[u8; 56], key: &PrivateKey) -> String {
    let signature = key.sign(&[user.as_bytes(), share].concat());
    serde_json::json!({"user": user, "key": URL_SAFE.encode(share), "sign": URL_SAFE.encode(signature)}).to_string()
}

/// Registers a user over the administrator's socket.
pub(crate) async fn register(town: &Town, user: &str, key: &PrivateKey) {
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key.public().key().bytes());
    let answer = town.admin("POST", &format!("/keys/{user}/add?key={bytes}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// One answer in HTTP/1.1.
pub(crate) fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("no head: {bytes:?}"));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
    let mut headers = hyper::HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').expect("a field");
        headers
            .append(name.parse::<hyper::header::HeaderName>().expect("a name"), value.trim().parse().expect("a value"));
    }
    let rest = &bytes[end + 4..];
    let body = match headers.contains_key("transfer-encoding") {
        true => dechunk(rest),
        false => rest.to_vec(),
    };
    Answer { status, headers, body }
}

fn dechunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = vec![];
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").expect("a chunk's length");
        let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).expect("hex");
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
}
