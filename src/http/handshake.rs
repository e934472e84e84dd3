//! The opening handshake of a live session (RFC 6455, section 4.2).
//!
//! Owns: which handshakes are taken, and what is said to the others. Not here: what is spoken afterwards (`live`).

use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::head::Head;
use super::reply::Refusal;
use crate::domain::Error;

/// What is spoken over the WebSocket.
pub(super) const SUBPROTOCOL: &str = "v1.session.cloud-python";

const WEBSOCKET: &str =
    "this address takes a WebSocket: GET in HTTP/1.1 with Upgrade: websocket and Connection: upgrade";
const VERSION: &str = "speak version 13 of the WebSocket protocol: Sec-WebSocket-Version: 13";

/// Bytes of a key (RFC 6455, section 4.1).
const KEY_BYTES: usize = 16;

/// What `Sec-WebSocket-Accept` must say, if the handshake is taken.
pub(super) fn check(head: &Head) -> Result<String, Refusal> {
    let fields = head.fields();
    let upgrades = has(fields, &header::UPGRADE, "websocket") && has(fields, &header::CONNECTION, "upgrade");
    if head.method() != Method::GET || !head.is_http11() || !upgrades {
        return Err(Refusal::Upgrade(WEBSOCKET));
    }
    if head.only(&header::SEC_WEBSOCKET_VERSION)?.is_none_or(|version| version != "13") {
        return Err(Refusal::Upgrade(VERSION));
    }
    if head.length()?.is_some_and(|length| length > 0) || fields.contains_key(header::TRANSFER_ENCODING) {
        return Err(malformed("a WebSocket handshake has no body"));
    }
    let key = head.only(&header::SEC_WEBSOCKET_KEY)?.filter(|key| is_key(key));
    let key = key.ok_or_else(|| malformed("Sec-WebSocket-Key must be 16 bytes in base64"))?;
    if !offers(fields) {
        let sentence = format!("offer the subprotocol that is spoken here: Sec-WebSocket-Protocol: {SUBPROTOCOL}");
        return Err(malformed(sentence));
    }
    if let Some(origin) = head.only(&header::ORIGIN)?
        && !is_ours(origin, head.only(&header::HOST)?)
    {
        return Err(malformed("a page of another origin cannot open a session here"));
    }
    Ok(derive_accept_key(key.as_bytes()))
}

/// Whether a list has this word, in whatever letters.
fn has(fields: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    items(fields, name).any(|item| item.eq_ignore_ascii_case(word))
}

fn offers(fields: &HeaderMap) -> bool {
    items(fields, &header::SEC_WEBSOCKET_PROTOCOL).any(|item| item == SUBPROTOCOL)
}

fn items<'a>(fields: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = fields.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

fn is_key(key: &HeaderValue) -> bool {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(key.as_bytes()).is_ok_and(|key| key.len() == KEY_BYTES)
}

/// Whether the page that opens a session (RFC 6454, section 7) came from here: a browser says so, other clients have no pages. A page of
/// somebody else's has no token to show, and is not to find out more than that.
fn is_ours(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_ascii_lowercase);
    let origin = text(origin).and_then(|origin| Some(without_port(origin.strip_prefix("https://")?).to_owned()));
    let host = host.and_then(text).map(|host| without_port(&host).to_owned());
    origin.is_some() && origin == host
}

/// A host without the port that `https` has anyway.
fn without_port(host: &str) -> &str {
    host.strip_suffix(":443").unwrap_or(host)
}

fn malformed(sentence: impl Into<String>) -> Refusal {
    Refusal::Error(Error::Malformed(sentence.into()))
}
