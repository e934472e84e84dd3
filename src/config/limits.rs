//! Every number that bounds something, each with its reason.
//!
//! Nothing elsewhere in the house writes such a number: a reader who asks "how much?" looks here.

mod client;
mod mailbox;
mod parcels;
mod sealed;
mod workspace;

use std::num::NonZeroU32;
use std::time::Duration;

pub use client::*;
pub use mailbox::*;
pub use parcels::*;
pub use sealed::*;
pub use workspace::*;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

// The server.

/// Where the API listens when nobody says otherwise: on this machine only.
pub const LISTEN: &str = "127.0.0.1:12344";
/// How long requests in progress may take to end when the server ends.
pub const DRAIN: Duration = Duration::from_secs(30);
/// How often what has expired is forgotten. It counts for nothing from its last second on; this only gives the room back.
pub const SWEEP: Duration = Duration::from_secs(60);

// What a caller may send.

/// Bytes of a script. Generated programs stay below it; a larger one belongs in a file beside a short script.
pub const SCRIPT_BYTES: usize = MIB;
/// Bytes of the script's name, which may be a whole path: the limit of Linux (`PATH_MAX`).
pub const PROGRAM_BYTES: usize = 4096;
/// Number of arguments, well above what people write by hand.
pub const ARGUMENTS: usize = 1024;
/// Bytes of all arguments together, the limit that Linux puts on a single argument.
pub const ARGUMENTS_BYTES: usize = 128 * KIB;
/// Number of files that come with a script.
pub const FILES: usize = 10_000;
/// Bytes of a file's path, the limit of Linux (`PATH_MAX`).
pub const PATH_BYTES: usize = 4096;
/// Bytes of a whole job (script, arguments, files). Smaller than the smallest useful memory budget's double, so that
/// files cannot fill the guest before it starts; the guest's own budget is what really bounds them.
pub const JOB_BYTES: usize = 128 * MIB;
/// Names of files that a run is asked to return. A name may be a directory's.
pub const OUTPUTS: usize = 1000;
/// Bytes of the files that a run returns, with their names. They are kept in memory until the run has ended.
pub const OUTPUT_FILES_BYTES: usize = 16 * MIB;
/// Bytes of standard input that a caller hands over whole. Live input has no such bound: it is never stored.
pub const STDIN_BYTES: usize = 16 * MIB;

/// Bytes of an e-mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const EMAIL_BYTES: usize = 254;
/// Bytes of a new password at least (NIST SP 800-63B, section 5.1.1.2).
pub const PASSWORD_BYTES_MIN: usize = 8;
/// Bytes of a password at most: far beyond what people type, and little to hash.
pub const PASSWORD_BYTES: usize = 1024;

// Accounts.

/// How long a link in a mail lives, and a registration whose link nobody follows.
pub const LINK_LIFE: Duration = Duration::from_secs(600);
/// How long the administrator's link lives. After that `admin users` decides.
pub const APPROVAL_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a bearer token lives.
pub const TOKEN_LIFE: Duration = Duration::from_secs(900);
/// Bearer tokens of one account that live at once; a further log-in ends the oldest.
pub const TOKENS: usize = 32;
/// Registrations that wait for their link to be followed, all together.
pub const REGISTRATIONS: usize = 10_000;
/// Wrong guesses at an account from one network that cost no waiting: people mistype.
pub const FREE_FAILURES: u32 = 3;
/// The longest wait after wrong guesses.
pub const LOCKOUT: Duration = Duration::from_secs(300);
/// How long after its last lock a ladder is forgotten.
pub const LOCKOUT_MEMORY: Duration = Duration::from_secs(3600);
/// Ladders that are remembered. A stranger who fills it makes the oldest ones be forgotten, not the memory full.
pub const LADDERS: usize = 100_000;
/// Wrong guesses an hour at one account from all networks together where it has never logged in before. Networks where it has are not
/// counted here, so its owner is not locked out by this.
pub const FOREIGN_FAILURES: u32 = 100;
/// Registrations an hour from one network: a class that registers behind one address.
pub const REGISTRATIONS_PER_HOUR: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// Log-ins, and runs with a password, a minute from one network: about a tenth of one processor's time.
pub const LOGINS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// Callers whose rate is remembered before those are forgotten who have not asked for a while.
pub const RATES: usize = 100_000;
/// Entries of the audit trail in one answer.
pub const AUDIT_PAGE: usize = 1000;
/// Networks that are remembered as an account's own.
pub const OWN_NETWORKS: usize = 16;

// Certificates of the private authority.

/// How long the authority's certificate is good: every client has to be given a new one after that.
pub const AUTHORITY_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How long a server's certificate is good: as long as browsers take one (398 days), less a day.
pub const CERTIFICATE_LIFE: Duration = Duration::from_secs(397 * 24 * 3600);
/// How long before its end a certificate is renewed: time enough for somebody to notice that it was not.
pub const CERTIFICATE_RENEWAL: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long before it is made a certificate begins, for clients whose clock is late.
pub const CERTIFICATE_BACKDATED: Duration = Duration::from_secs(3600);
/// Bytes of a certificate's or key's file that are read. Ours have about a thousand.
pub const PEM_BYTES: u64 = 64 * KIB as u64;

// Mail.

/// Bytes of a letter, with its subject and address. Ours have about a thousand.
pub const LETTER_BYTES: usize = 16 * KIB;
/// What the length of a stored letter is a multiple of, so that it says nothing about the letter.
pub const LETTER_BLOCK: usize = 2 * KIB;
/// Letters that wait at once: a letter for every registration that may wait, and as many again for administrators and decoys.
pub const LETTERS: u64 = 2 * REGISTRATIONS as u64;
/// Letters that are kept by a transport in memory: far more than a test sends.
pub const LETTERS_IN_MEMORY: usize = 10_000;
/// Letters that are on their way at once. Mail servers put up with as many connections of one client, and one slow letter
/// leaves room for others.
pub const SMTP_SESSIONS: usize = 8;
/// How long a letter may take from the connection to the mail server's last word. Servers that look a recipient up first, or slow
/// strangers down, take seconds. (RFC 5321, section 4.5.3.2, would wait for many minutes; our links live ten.)
pub const SMTP_SESSION: Duration = Duration::from_secs(60);
/// Bytes of one reply of a mail server. The longest is the one to EHLO, about a thousand.
pub const SMTP_REPLY_BYTES: u64 = 16 * KIB as u64;
/// Questions of a mail server while we log in. `AUTH LOGIN` has two.
pub const SMTP_CHALLENGES: u32 = 4;
/// How long a letter waits after its first attempt has failed.
pub const MAIL_RETRY_FIRST: Duration = Duration::from_secs(5);
/// How long it waits at most.
pub const MAIL_RETRY_LAST: Duration = Duration::from_secs(3600);

// The database.

/// Bytes of the database that are kept in memory. Tens of thousands of accounts fit; what does not fit is read again.
pub const STORE_CACHE_BYTES: usize = 64 * MIB;
/// Bytes of a database file without anything in it, at most: one larger is never taken for one that was not finished.
pub const EMPTY_STORE_BYTES: u64 = 8 * MIB as u64;

// Passwords.

/// Memory of one password hash in KiB (RFC 9106, section 4, second choice).
pub const ARGON2_MEMORY_KIB: u32 = 64 * 1024;
/// The least that an operator may set (OWASP's minimum).
pub const ARGON2_MEMORY_KIB_MIN: u32 = 19 * 1024;
/// The most: each hash in progress has as much.
pub const ARGON2_MEMORY_KIB_MAX: u32 = 1024 * 1024;
/// Passes of one password hash.
pub const ARGON2_PASSES: u32 = 3;
/// The least that an operator may set (OWASP's minimum, with its memory).
pub const ARGON2_PASSES_MIN: u32 = 2;
/// Hashes that wait for a processor at most. At about 0.1 s each, whoever comes later would wait for seconds.
pub const HASHES_WAITING: usize = 32;

// HTTP.

/// Connections at once. Each has a descriptor and some tens of KiB; the next one waits in the kernel's queue.
pub const CONNECTIONS: usize = 10_000;
/// Descriptors that are not for connections, however few there are: the database, mails on their way, the operator. Beside one
/// for each child that may live.
pub const OTHER_DESCRIPTORS: usize = 256;
/// Connections at once from one network, so that it takes a hundred of them to fill the house.
pub const CONNECTIONS_PER_NETWORK: usize = 100;
/// How long after its acceptance a connection may take to agree on its keys.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long after its acceptance a connection may take to say what it wants, and a later request to get from its first byte to the
/// end of its head.
pub const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection may do nothing, or take to fetch an answer.
pub const IDLE: Duration = Duration::from_secs(60);
/// Bytes of a request's head. Browsers and proxies take twice as much; nothing here needs a tenth.
pub const HEAD_BYTES: usize = 16 * KIB;
/// Fields of a request's head.
pub const HEAD_FIELDS: usize = 100;
/// Bytes that are read ahead of a request (HTTP/1.1).
pub const READ_AHEAD_BYTES: usize = 64 * KIB;
/// Requests at once on one connection (HTTP/2). More than a browser needs for a page without pictures.
pub const STREAMS: u32 = 32;
/// Requests taken back before they were looked at, after which a connection is ended (HTTP/2; CVE-2023-44487).
pub const RESET_STREAMS: usize = 20;
/// Requests reset by us for what is wrong with them, after which a connection is ended (HTTP/2; RUSTSEC-2024-0003).
pub const FAULTY_STREAMS: usize = 64;
/// Bytes of one request that its sender may be ahead of us (HTTP/2; RFC 9113, section 6.9.2, has the same).
pub const STREAM_WINDOW_BYTES: u32 = 64 << 10;
/// Bytes of all requests of a connection that their sender may be ahead of us (HTTP/2).
pub const CONNECTION_WINDOW_BYTES: u32 = 256 << 10;
/// Bytes of one answer that are ready to be sent (HTTP/2).
pub const SEND_BUFFER_BYTES: usize = 64 * KIB;
/// How often a silent connection is asked whether it is still there, and how long it may think about it (HTTP/2, live sessions).
pub const PING: Duration = Duration::from_secs(20);
/// Bytes of a request's body where nothing large is sent.
pub const BODY_BYTES: usize = 64 * KIB;
/// Bytes of a body that asks for a run: the largest standard input is 21.3 MiB in base64, and leaves room for script and files.
pub const EXECUTE_BODY_BYTES: usize = 32 * MIB;
/// How long a body may take, beside what its length is worth at [`BODY_RATE`].
pub const BODY_TIME: Duration = Duration::from_secs(30);
/// Bytes a second that a body comes with at least: a megabit. The largest takes four minutes.
pub const BODY_RATE: u64 = 128 * KIB as u64;
/// Bytes of all bodies that are being read. Whoever comes when they are used up is sent away.
pub const BODIES_BYTES: usize = 256 * MIB;
/// Of these, what is kept for bodies of at most [`BODY_BYTES`]: whoever fills the rest keeps nobody from logging in.
pub const SMALL_BODIES_BYTES: usize = 64 * MIB;
/// Bytes of all bodies that are being read from one network, so that one caller cannot keep the others from sending.
pub const BODIES_NETWORK_BYTES: usize = 2 * EXECUTE_BODY_BYTES;
/// Bytes of all large answers that have not been fetched yet. An answer that finds no room is lost, and its run with it, so this is
/// far more than callers leave lying who fetch what they asked for.
pub const ANSWERS_BYTES: usize = 512 * MIB;
/// Of these, what one network may leave lying: more than the answers of [`RUNS_PER_ACCOUNT`] runs that each return all they may.
pub const ANSWERS_NETWORK_BYTES: usize = 128 * MIB;
/// Bytes of a body, or of what a run has left, above which it is read or written where it keeps nobody else waiting. What is below takes
/// less than a millisecond.
pub const PARSE_ASIDE_BYTES: usize = 256 * KIB;
/// How long the rest of a body is waited for that nobody wants (HTTP/2).
pub const HEAR_OUT: Duration = Duration::from_secs(1);
/// How long a connection that has been closed is listened to: closing it at once would take the answer from whoever is still sending.
pub const LINGER: Duration = Duration::from_secs(2);
/// How long nothing is accepted after the system has refused to: it has no descriptors or no memory.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections at once on the administrator's socket.
pub const ADMIN_CONNECTIONS: usize = 16;
/// How long the administrator's socket waits for what is being answered when it is closed.
pub const ADMIN_GRACE: Duration = Duration::from_secs(2);
/// The longest wall-clock time that a caller can ask for.
pub const EXECUTE_WALL: Duration = Duration::from_secs(60);

// What a run may use.

/// Wall-clock time of a run when nobody says otherwise.
pub const WALL: Duration = Duration::from_secs(10);
/// The shortest wall-clock budget: below it the answer would say more about the machine than about the script.
pub const WALL_MIN: Duration = Duration::from_millis(10);
/// The longest wall-clock budget anybody can ask for: an hour, for `run` on one's own machine.
pub const WALL_MAX: Duration = Duration::from_secs(3600);
/// Units of fuel of a run when nobody says otherwise. One unit is one branch or call of the interpreter's own code, or one
/// byte of a bulk copy. A busy script burns about a thousand million a second, so with the default time-out the wall
/// clock ends a run first, and fuel bounds what one can use where time is not a measure: on a machine that was asleep.
pub const FUEL: u64 = 50_000_000_000;
/// Bytes of linear memory of a run when nobody says otherwise.
pub const MEMORY: usize = 256 * MIB;
/// The smallest memory budget: the interpreter's own image fills about 30 MiB before the first line of a script.
pub const MEMORY_MIN: usize = 64 * MIB;
/// The largest memory budget: one `memory.copy` of this size cannot be interrupted and takes under half a second.
pub const MEMORY_MAX: usize = 2048 * MIB;
/// Bytes of standard output and standard error together when nobody says otherwise.
pub const OUTPUT: u64 = MIB as u64;
/// The largest output budget. Output that is passed on live is never stored; a caller who has it collected should ask for less.
pub const OUTPUT_MAX: u64 = 1 << 30;
/// Fuel for one call from the guest into the host, beside one unit for each byte moved: about what the call costs us.
pub const HOST_CALL_FUEL: u64 = 500;
/// Bytes that one host call moves at most. A bounded call is a call that ends.
pub const HOST_CALL_BYTES: usize = 60 * KIB;
/// Bytes of a returned file that one host call moves at most. Its path goes along in the same frame.
pub const FILE_CALL_BYTES: usize = 56 * KIB;

/// Runs at once, of all accounts. With the default memory budget they may use 4 GiB.
pub const RUNS: usize = 16;
/// Runs that wait for a place. Whoever comes later is told to come back.
pub const RUNS_WAITING: usize = 64;
/// How long a run waits for a place: as long as one of those before it takes if its caller asked for nothing else.
pub const RUN_WAIT: Duration = Duration::from_secs(10);
/// Runs at once of one account: one account does not fill all places.
pub const RUNS_PER_ACCOUNT: usize = 4;
/// Runs a minute of one account: two a second, on average.
pub const RUNS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();

// Live sessions.

/// Live sessions at once, of all accounts: most of them wait for somebody who types. All together they may use 16 GiB with the default
/// memory budget, and a tenth of that if they do nothing odd.
pub const SESSIONS: usize = 64;
/// The most live sessions that an operator may set. Each has a process and two descriptors.
pub const SESSIONS_MAX: usize = 4096;
/// Live sessions at once of one account.
pub const SESSIONS_PER_ACCOUNT: usize = 4;
/// Live sessions a minute of one account.
pub const SESSIONS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// When whoever finds no place for a live session may try again. They do not wait for one, for most last a minute.
pub const SESSION_RETRY: Duration = Duration::from_secs(5);
/// How long a live session lasts at most when the operator does not say otherwise.
pub const SESSION_WALL: Duration = Duration::from_secs(60);
/// How long the last words of a live session and its closing handshake may take.
pub const SESSION_CLOSE: Duration = Duration::from_secs(10);
/// Bytes of input in one message of a live session.
pub const SESSION_INPUT_BYTES: usize = MIB;
/// Bytes that are read from a live session's connection at once.
pub const SESSION_READ_BYTES: usize = 16 * KIB;
/// Bytes of output that are put together, if so many are there, before they are sent. What is there is sent at once.
pub const SESSION_FEED_BYTES: usize = 64 * KIB;
/// How often a live session whose script does not read its input is looked at, whether the client is still there.
pub const SESSION_LOOK: Duration = Duration::from_millis(100);
/// How often it is sent a ping meanwhile, to which a system whose client is gone answers with a reset.
pub const SESSION_NUDGE: Duration = Duration::from_secs(1);

// How a run ends.

/// How long after its deadline a run may take to say so itself before it is killed. A `memory.copy` of the default
/// memory takes about 30 ms and cannot be interrupted; a caller should not wait longer than that for a dead run.
pub const KILL_GRACE: Duration = Duration::from_millis(30);

// Processes.

/// Children that wait, forked and jailed, for an account's first run.
pub const SPARES: usize = 3;
/// Children alive at once beside the spares, running or waiting for their account's next run. Their memory budgets together
/// are what the sandbox may use of the machine.
pub const CHILDREN: usize = 64;
/// Runs after which a child is replaced, so that nothing that leaks slowly grows for ever.
pub const CHILD_RUNS: u32 = 1000;
/// How long a child waits for its account's next run before it is ended.
pub const CHILD_IDLE: Duration = Duration::from_secs(10);
/// CPU seconds after which the kernel kills a child, whoever has forgotten it.
pub const CHILD_CPU_SECONDS: u64 = 4 * 3600;
/// Address space that launcher and children may map beyond what is mapped when the launcher is ready. Guest memory is
/// reserved by then; this is for the host's own small allocations.
pub const HOST_HEADROOM_BYTES: u64 = 256 * MIB as u64;
/// How long a launcher may take until it is ready.
pub const LAUNCHER_START: Duration = Duration::from_secs(20);
/// How long a launcher that will not be ready may take to say why and die, before it is killed.
pub const LAUNCHER_LAST_WORDS: Duration = Duration::from_secs(2);
/// How long the server waits for a killed child to be reaped before it takes the launcher to be stuck and kills that.
pub const KILL_WAIT: Duration = Duration::from_secs(2);
/// How often a launcher that dies at once is started again before the sandbox gives up.
pub const LAUNCHER_STARTS: u32 = 3;

// Frames between server and child.

/// How long a child may hold small pieces of output back to send them together. Nobody who watches sees a millisecond.
pub const HELD_OUTPUT: Duration = Duration::from_millis(1);
/// Bytes of output that are held back at most.
pub const HELD_OUTPUT_BYTES: usize = 16 * KIB;

/// Payload bytes of one frame that carries input or output. Small enough to buffer for every run at once.
pub const FRAME_BYTES: usize = 64 * KIB;
/// Events of a live run that wait for their reader before the run itself is slowed down.
pub const LIVE_EVENTS: usize = 16;

// The engine.

/// Precompiled images that are kept: one for each meter, of this image and of the one before.
pub const PREPARED_IMAGES: usize = 8;

/// Bytes of native stack that WebAssembly may use. CPython's own recursion limit strikes long before.
pub const WASM_STACK: usize = 32 * MIB;
/// Bytes of native stack of launcher and children: the guest's and room for the host's frames on top.
pub const NATIVE_STACK: u64 = 64 * MIB as u64;
/// Entries of the guest's function table. CPython has about 12,000 functions whose address is taken.
pub const TABLE_ELEMENTS: usize = 60_000;
/// Bytes of dirty guest memory that are copied back between two runs instead of being given back to the kernel.
pub const KEEP_RESIDENT: usize = 16 * MIB;
/// Bytes up to which the guest's memory is kept as one image that is mapped copy-on-write. Above it wasmtime copies.
pub const DENSE_IMAGE_BYTES: u64 = 256 * MIB as u64;
/// What the guest's clocks are cut to, as browsers do for pages that are not isolated: too coarse to time a cache.
pub const CLOCK_RESOLUTION: Duration = Duration::from_micros(100);

const _: () = assert!(HOST_CALL_BYTES <= FRAME_BYTES);
// A frame of a returned file has its path, the path's length, and as much as one host call moves.
const _: () = assert!(2 + PATH_BYTES + FILE_CALL_BYTES <= FRAME_BYTES);
const _: () = assert!(SCRIPT_BYTES < JOB_BYTES);
const _: () = assert!(STDIN_BYTES / 3 * 4 + SCRIPT_BYTES < EXECUTE_BODY_BYTES);
// Files and a MiB of output, in base64.
const _: () = assert!(RUNS_PER_ACCOUNT * (OUTPUT_FILES_BYTES + MIB) / 3 * 4 < ANSWERS_NETWORK_BYTES);
const _: () = assert!(EXECUTE_BODY_BYTES <= BODIES_NETWORK_BYTES && BODIES_NETWORK_BYTES <= BODIES_BYTES);
