//! The numbers of the sealed channel, which need the most words.

use std::time::Duration;

use super::{KIB, MIB, STDIN_BYTES};

/// Rounds of PBKDF2-HMAC-SHA256 that stand between a private key's file and whoever guesses its pass phrase (OWASP's number).
pub const PASS_PHRASE_ROUNDS: u32 = 600_000;
/// Bytes of a pass phrase at most.
pub const PASS_PHRASE_BYTES: u64 = KIB as u64;
/// How long a session may do nothing when nobody says otherwise.
pub const SEALED_IDLE: Duration = Duration::from_secs(600);
/// The shortest that an operator can set: it must outlast a slow answer.
pub const SEALED_IDLE_MIN: Duration = Duration::from_secs(10);
/// The longest that an operator can set: a day.
pub const SEALED_IDLE_MAX: Duration = Duration::from_secs(24 * 3600);
/// How often sessions that have been idle for too long are ended where nobody asks for anything.
pub const SEALED_SWEEP: Duration = Duration::from_secs(5);
/// Sessions at once.
pub const SEALED_SESSIONS: usize = 10_000;
/// Sessions at once of one user; a further log-in ends one in which nothing was ever said, or the one that was used
/// least recently.
pub const SEALED_SESSIONS_PER_USER: usize = 16;
/// Sessions at once that began in one network.
pub const SEALED_SESSIONS_PER_NETWORK: usize = 100;
/// How far a token's time stamp may be from our clock. A token is remembered for as long, so that it is taken once.
pub const SEALED_SKEW: Duration = Duration::from_secs(60);
/// How far time stamps may go back within a body: as far as a clock is put right without anybody's doing.
pub const SEALED_STEP_BACK: Duration = Duration::from_secs(2);
/// Tokens of all sessions of a user that are remembered. With tokens of 8 KiB, as the existing client sends them, four GiB in a minute.
pub const SEALED_SEEN: usize = 1 << 19;
/// Tokens of all sessions that are remembered, for sixteen who send as fast as they can: 64 MiB, and as much again to find them by.
pub const SEALED_SEEN_ALL: usize = 16 * SEALED_SEEN;
/// Hellos of a user that are remembered, so that none of them begins a second session.
pub const SEALED_HELLOS: usize = 1024;
/// Bytes of a token's content at most: the standard input of a command, or a file that is sent as one token.
pub const SEALED_CONTENT_BYTES: usize = STDIN_BYTES;
/// Bytes of a token at most: its content, padded, with 73 bytes around it, in base64.
pub const SEALED_TOKEN_BYTES: usize = (SEALED_CONTENT_BYTES + 128) / 3 * 4;
/// Bytes of an answer that are sealed in one go.
pub const SEALED_PIECE_BYTES: usize = 256 * KIB;
/// Bytes of an answer that go into one token.
pub const SEALED_BLOCK_BYTES: usize = 32 * KIB;
/// Bytes of a running command's output that one answer has at most.
pub const SEALED_TALK_BYTES: usize = 8192;
/// How long the output of a running command is waited for.
pub const SEALED_TALK_WAIT: Duration = Duration::from_millis(100);
/// Bytes of input that wait for a running command to read them.
pub const SEALED_INPUT_BYTES: usize = MIB;

// The client.

/// Bytes of a file up to which it is sent as one token, which nobody on the way can cut or put into another order. On the slowest
/// line that a server bears this takes some ten seconds.
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
