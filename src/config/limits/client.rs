//! The numbers of the client, which takes the server for an enemy.

use std::time::Duration;

use super::{KIB, MIB};

/// How long a connection with its TLS handshake may take.
pub const CONNECT: Duration = Duration::from_secs(10);
/// How long a call may take that runs nothing. A password hash that waits for its turn takes some seconds.
pub const CALL: Duration = Duration::from_secs(30);
/// How long the answer of a run may take beyond the time the script has: its turn in the queue, and a slow line.
pub const RUN_EXTRA: Duration = Duration::from_secs(60);
/// Bytes of an answer's head, and of its trailers. Ours have about 300.
pub const ANSWER_HEAD_BYTES: usize = 64 * KIB;
/// Header lines of an answer. Ours have about ten.
pub const ANSWER_HEADERS: usize = 64;
/// Bytes of an answer that carries no output.
pub const SMALL_ANSWER_BYTES: usize = 64 * KIB;
/// Bytes of an answer that carries output and files in base64: 48 MiB of them, where a server gives 16 MiB of files, and 1 MiB of output
/// unless its operator wants more.
pub const RUN_ANSWER_BYTES: usize = 64 * MIB;
/// Bytes of output in one message of a live session. Ours have 64 KiB.
pub const LIVE_MESSAGE_BYTES: usize = MIB;
/// Bytes of a live session's connection that are read ahead, and that wait to be written at most: one message of
/// [`FRAME_BYTES`](super::FRAME_BYTES) and what answers the server's pings.
pub const LIVE_AHEAD_BYTES: usize = 256 * KIB;
/// Bytes of a line that is typed at a terminal: sixteen times what the kernel's own editor takes.
pub const TYPED_LINE_BYTES: usize = 64 * KIB;
/// Lines that a session remembers for the arrow keys.
pub const TYPED_LINES: usize = 500;
/// Bytes of an answer on the administrator's socket. A list of a hundred thousand accounts fits.
pub const ADMIN_ANSWER_BYTES: usize = 64 * MIB;
/// Characters that are shown of a sentence from the server.
pub const SENTENCE_CHARS: usize = 300;
/// The longest wait that is shown when the server asks for one.
pub const BELIEVED_WAIT: Duration = Duration::from_secs(24 * 3600);
/// The longest life of a token that is believed.
pub const BELIEVED_TOKEN_LIFE: Duration = Duration::from_secs(366 * 24 * 3600);
/// Bytes of a CA file: some tens of certificates.
pub const CA_BYTES: usize = 64 * KIB;
/// Bytes of a session file: a CA file written as JSON and a little more.
pub const SESSION_BYTES: usize = 2 * CA_BYTES;
/// How long a server may be silent that holds a live session: it is heard every [`PING`](super::PING) at least.
pub const LIVE_SILENCE: Duration = Duration::from_secs(60);
/// How long a call takes before somebody who waits at a terminal is shown that it goes on.
pub const QUIET: Duration = Duration::from_secs(2);
