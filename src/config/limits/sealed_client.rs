//! The numbers of the sealed channel's client.

use std::time::Duration;

use super::{KIB, MIB};

/// Bytes of a file, or of a command's input, up to which they are sent as one token, which nobody on the way can cut or put into
/// another order. It is judged by the time when it began: on the slowest line that a server bears this takes some ten seconds.
pub const SEALED_WHOLE_BYTES: usize = MIB;
/// Bytes that are on their way and not acknowledged, at most: what waits there grows old.
pub const SEALED_AHEAD_BYTES: usize = MIB;
/// Bytes of a session's name. Ours have 43.
pub const SEALED_COOKIE_BYTES: usize = 256;
/// How long a running command that says nothing is left alone between two questions, at most. It begins with none.
pub const SEALED_POLL: Duration = Duration::from_secs(1);
/// Servers that are remembered; a further one takes the place of the one that was remembered first.
pub const SEALED_KNOWN: usize = 100;
/// Bytes of the file in which they are.
pub const SEALED_KNOWN_BYTES: usize = 512 * KIB;
/// Bytes of a token in an answer at most. Ours have 44 KiB.
pub const SEALED_ANSWER_TOKEN_BYTES: usize = MIB;
