//! The sealed channel: for clients that have no TLS to trust. Plain HTTP/1.1, on which everything that counts is encrypted and
//! signed; wire-compatible with the client of `remo_serv`.
//!
//! ```text
//! listener -> route -> request -> App::{handle, get, put, command} -> answer
//!                        |  ^
//!         sessions (people, seen, fernet), handshake, intake (tokens), talk
//! ```
//!
//! Owns: the handshake, tokens, sessions, and what of all this HTTP knows: paths, methods, framings, status codes. `handshake`,
//! `fernet`, `tokens`, `seen` and `route` do no input or output. Not here: who somebody is (`auth`), what they may do and the doing
//! (`app`), connections (`door`).
//!
//! Whoever watches the line sees which paths are asked for, how long everything is, and the cookie of a session. The cookie alone is
//! worth little: see [`manual::protocols`](crate::manual::protocols).

mod answer;
mod fernet;
mod handshake;
mod intake;
mod listener;
mod people;
mod request;
mod route;
mod seen;
mod sessions;
mod talk;
mod tokens;

pub(crate) use fernet::Fernet;
pub use fernet::open_any_token;
pub use handshake::read_any_hello;
pub(crate) use handshake::session_key;
pub use listener::SealedListener;
pub use route::read_any_path;
pub use sessions::read_any_cookie;
pub use tokens::read_any_body;
pub(crate) use tokens::{Framing, Tokens};
