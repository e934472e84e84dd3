//! The handshake: our share, signed for the server; the server's share, signed for us; one key.
//!
//! Owns: what is sent, and what is believed of the answer. Not here: the curves (`keys`), and sending.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use serde::Serialize;

use super::{SealedError, SealedUrl};
use crate::domain::{Secret, UserName};
use crate::keys::{PrivateKey, PublicKey, SHARE_BYTES, Share};
use crate::sealed::session_key;

/// The cookie that names a session.
const COOKIE_NAME: &str = "SESSION_ID";

/// What is sent.
#[derive(Serialize)]
struct Body<'a> {
    user: &'a str,
    key: String,
    sign: String,
}

/// Our part. The share in it is good for one session.
pub(super) struct Hello(Share);

impl Hello {
    /// A fresh one.
    pub(super) fn new() -> Result<Self, SealedError> {
        Ok(Self(Share::make()?))
    }

    /// What the server is told.
    pub(super) fn body(&self, user: &UserName, key: &PrivateKey) -> Result<Vec<u8>, SealedError> {
        let share = self.0.public();
        let sign = URL_SAFE.encode(key.sign(&[user.as_str().as_bytes(), &share].concat()));
        let body = Body { user: user.as_str(), key: URL_SAFE.encode(share), sign };
        serde_json::to_vec(&body).map_err(|error| SealedError::Unexpected(error.to_string()))
    }

    /// The session's key, if the answer is that of whoever has the server's key.
    pub(super) fn agree(
        self,
        url: &SealedUrl,
        server: &PublicKey,
        answer: &[u8],
    ) -> Result<Secret<[u8; 32]>, SealedError> {
        let unexpected = || SealedError::Unexpected("no share and signature".to_owned());
        let text = std::str::from_utf8(answer).map_err(|_| unexpected())?;
        let (share, signature) = text.trim_end().split_once("\r\n").ok_or_else(unexpected)?;
        let share: [u8; SHARE_BYTES] = decoded(share).ok_or_else(unexpected)?;
        let signature = decoded(signature).ok_or_else(unexpected)?;
        if !server.has_signed(&share, &signature) {
            return Err(SealedError::WrongServer(url.clone()));
        }
        // A share of low order makes no secret.
        self.0.agree(&share).map(|secret| session_key(&secret)).ok_or_else(unexpected)
    }
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE.decode(text).ok()?.try_into().ok()
}

/// What names the session in later requests, out of a `Set-Cookie` (RFC 6265, section 5.2). Nothing else is taken for a name than
/// what a cookie may be made of (section 4.1.1), and no more than `most` bytes.
pub(super) fn cookie(field: &str, most: usize) -> Option<String> {
    let pair = field.split(';').next()?.trim();
    let (name, value) = pair.split_once('=')?;
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    let good = name == COOKIE_NAME && !value.is_empty() && value.len() <= most && value.bytes().all(plain);
    good.then(|| pair.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> SealedUrl {
        SealedUrl::parse("http://127.0.0.1:1").unwrap()
    }

    fn answer(share: &[u8; 56], key: &PrivateKey) -> String {
        format!("{}\r\n{}", URL_SAFE.encode(share), URL_SAFE.encode(key.sign(share)))
    }

    #[test]
    fn a_server_is_believed_by_its_key_alone() {
        let (server, other, theirs) =
            (PrivateKey::make().unwrap(), PrivateKey::make().unwrap(), Share::make().unwrap());
        let agree = |text: &str| Hello::new().unwrap().agree(&url(), &server.public(), text.as_bytes());
        let good = answer(&theirs.public(), &server);
        let hello = Hello::new().unwrap();
        let ours = hello.0.public();
        let key = hello.agree(&url(), &server.public(), good.as_bytes()).unwrap();
        assert_eq!(key.expose(), session_key(&theirs.agree(&ours).unwrap()).expose());
        assert!(matches!(agree(&answer(&theirs.public(), &other)), Err(SealedError::WrongServer(_))));
        // The right signature over another share.
        let (_, signature) = good.split_once("\r\n").unwrap();
        let swapped = format!("{}\r\n{signature}", URL_SAFE.encode(Share::make().unwrap().public()));
        assert!(matches!(agree(&swapped), Err(SealedError::WrongServer(_))));
        for wrong in
            ["", "\r\n", &good[1..], &good[..good.len() - 4], &good.replace("\r\n", "\n"), &answer(&[0; 56], &server)]
        {
            assert!(matches!(agree(wrong), Err(SealedError::Unexpected(_))), "{wrong:?}");
        }
    }

    #[test]
    fn a_cookie_is_a_name_and_nothing_that_could_be_more() {
        let read = |field| cookie(field, 10);
        assert_eq!(read("SESSION_ID=a-b_c; Path=/; HttpOnly").as_deref(), Some("SESSION_ID=a-b_c"));
        assert_eq!(read("SESSION_ID=\"a\""), None);
        for wrong in
            ["", "SESSION_ID", "SESSION_ID=", "OTHER=a", "SESSION_ID=a b", "SESSION_ID=a,b", "SESSION_ID=0123456789a"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
