//! Values that must not be shown, and the two kinds of token.
//!
//! Owns: [`Secret`], whose `Debug` says nothing, and tokens, which are stored as their hash only. Not here: where the random
//! bytes come from, and how a secret that must be read again is sealed (the vault).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// Random bytes in a token: 256 bits.
pub const TOKEN_BYTES: usize = 32;

/// Something that is never printed, and wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. Whoever calls this answers for where it goes.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What is stored of a token: SHA-256 of its random bytes. With 256 random bits there is nothing to guess, so a fast hash is
/// enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    fn of(bytes: &[u8; TOKEN_BYTES]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// What replaces e-mail, password and code for a while: `cpt_` and 43 characters of base64url.
#[derive(Clone, Debug)]
pub struct BearerToken(Secret<[u8; TOKEN_BYTES]>);

impl BearerToken {
    /// How every bearer token begins, so that scanners for leaked secrets recognise one.
    pub const PREFIX: &str = "cpt_";

    /// A token of these random bytes.
    pub const fn new(random: [u8; TOKEN_BYTES]) -> Self {
        Self(Secret::new(random))
    }

    /// Parses what a client sends. Nothing if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        parse(text.strip_prefix(Self::PREFIX)?).map(Self::new)
    }

    /// The token as its owner gets it, once.
    pub fn text(&self) -> Secret<String> {
        Secret::new(format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(self.0.expose())))
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.expose())
    }
}

/// The secret part of a link in a mail: 43 characters of base64url.
#[derive(Clone, Debug)]
pub struct LinkToken(Secret<[u8; TOKEN_BYTES]>);

impl LinkToken {
    /// A token of these random bytes.
    pub const fn new(random: [u8; TOKEN_BYTES]) -> Self {
        Self(Secret::new(random))
    }

    /// Parses the last segment of a link. Nothing if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        parse(text).map(Self::new)
    }

    /// The token as it stands in the mail.
    pub fn text(&self) -> Secret<String> {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0.expose()))
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.expose())
    }
}

fn parse(text: &str) -> Option<[u8; TOKEN_BYTES]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_way_to_its_owner_and_back() {
        let token = BearerToken::new([7; TOKEN_BYTES]);
        let text = token.text();
        assert_eq!(text.expose().len(), 4 + 43);
        assert_eq!(BearerToken::parse(text.expose()).unwrap().hash(), token.hash());
        let link = LinkToken::new([9; TOKEN_BYTES]);
        assert_eq!(LinkToken::parse(link.text().expose()).unwrap().hash(), link.hash());
    }

    #[test]
    fn nothing_else_is_a_token() {
        let text = BearerToken::new([255; TOKEN_BYTES]).text();
        let bare = text.expose().strip_prefix("cpt_").unwrap();
        for wrong in
            ["", "cpt_", bare, &text.expose()[..46], &format!("{}A", text.expose()), &format!("{}=", text.expose())]
        {
            assert!(BearerToken::parse(wrong).is_none(), "{wrong}");
        }
        // The last character carries four bits that must be zero: one token, one text.
        let odd = format!("{}9", &bare[..42]);
        assert!(LinkToken::parse(&odd).is_none());
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        let shown = format!("{:?}", (Secret::new(String::from("hunter2")), BearerToken::new([1; 32])));
        assert_eq!(shown, "(Secret, BearerToken(Secret))");
    }
}
