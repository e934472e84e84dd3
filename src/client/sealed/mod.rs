//! The sealed channel, from the client's end: files and commands over plain HTTP/1.1, where the line is anybody's (wire contract,
//! section 3).
//!
//! Owns: where the server is and the key it is known by ([`KnownServers`]), a session with it ([`Channel`]), and what is believed of
//! what comes back. Not here: curves and tokens (`keys`, `sealed`), and what is typed and printed (`cli`).
//!
//! What this end does beyond the wire, against whoever sits on the line: before anything is asked, the server must have said inside
//! the session whose it is; an answer that is not sealed is believed in nothing; a token of an answer is taken once, and only if it was made
//! after its request, give or take the minute by which clocks may differ; nothing is ever sent a second time; what is small is sent
//! whole, and how large a file is that comes or has gone is asked for, so that neither can be cut unnoticed; and a file takes another's place
//! only when it is there. What remains open is in [`manual::protocols`](crate::manual::protocols).

mod address;
mod channel;
mod error;
mod hello;
mod known;
mod line;
mod said;
mod taken;
mod words;

pub use address::SealedUrl;
pub use channel::{Channel, Source};
pub use error::SealedError;
pub use known::{KnownServer, KnownServers};
pub use said::SealedOutput;
pub use words::command_line;
