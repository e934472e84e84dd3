//! The house: how the code is laid out and why.
//!
//! # Rooms
//!
//! A folder exists because exactly one outside library is named there, or because a pure idea lives there. The table in the
//! [crate's documentation](crate) says which room owns what; `tests/structure.rs` says which room may import which, and
//! fails when a new one is not placed.
//!
//! # A walk through one request
//!
//! `POST /execute` arrives on a connection that got a permit before it was accepted and has agreed on keys in time. `http` finds its
//! row in the table of routes ([`ROUTES`](crate::http::ROUTES): the API on one screen), refuses it by path, method, type and
//! size in that order, and reads the body into a [`Credential`](crate::domain::Credential) and an
//! [`Action`](crate::domain::Action): from here on nothing can be malformed.
//!
//! [`App::handle`](crate::app::App::handle) is the one corridor. If there is no place to run and no place to wait, it says so now, before a
//! password is hashed. [`Auth::admit`](crate::auth::Auth::admit) makes a [`Principal`](crate::auth::Principal) of the credential: rate of the
//! network, ladder of the address, hash on a bounded pool, code compared and used up in one transaction. Then the action asks the
//! principal for what it needs (`principal.member()?`), takes a place among the account's runs and among all, and calls the sandbox.
//!
//! The [`Outcome`](crate::domain::Outcome) or [`Error`](crate::domain::Error) goes back to `http`, where one file (`reply`) knows status codes. If the
//! caller goes away meanwhile, the connection's task is dropped with everything in it, and the run is killed.
//!
//! # A walk through one session
//!
//! `GET /session` finds its row in the same table, and the row says yes to a handshake if it is one and there is a place. When the answer is
//! out and hyper has let go of the connection, its task goes on with a session: the permit, the count of its network, the drain and the
//! end of all tasks hold as before. The first message is taken in and read like a body, and `App::open` is the corridor for it: room,
//! credential, a place among the account's sessions and among all. Then two futures in one task pass input and output until one of them
//! ends; the script does not outlive them.
//!
//! # A walk through one registration
//!
//! `POST /register` takes the same way with no credential. After the hash there is one transaction: registration, link (hashed), letter
//! (sealed). The answer comes when it is committed. A worker wakes up and sends the letter; if the mail server is away, it tries
//! again, and a restart in between loses nothing. A known address goes through all of it with a link that has expired and a letter
//! that is a decoy.
//!
//! # A walk through one message
//!
//! `POST /messages` has a row that speaks another dialect (`Does::Mailbox`): the two fields of its head are looked at before its body is
//! taken in, and a body that makes no sense becomes an action too, [`MailboxAction::Unclear`](crate::domain::MailboxAction), so that who asks
//! is looked at first. [`Auth::admit`](crate::auth::Auth::admit) finds the password remembered, or hashes it as an account's. In one
//! transaction the recipient is looked up, the load of their mailbox compared with what it may be, the message stamped and numbered, and
//! both written. The stamp is let go when the commit is done: until then nobody who reads is told a later second.
//!
//! # A walk through one parcel
//!
//! `POST /api/v1/parcels` arrives with a token, a key and a signature in its head. [`App::upload`](crate::app::App::upload) looks at
//! them before the first byte of the body: the token's HMAC, its end, the key's address, the signature, whether the token has been
//! used, whether there is room. Then it asks for pieces, as they come (`http::multipart` cuts them out of the body), hashes them,
//! and hands them to [`Objects`](crate::objects::Objects), which writes them where nobody finds them. At the end one transaction uses the token up and writes the
//! record; from then on there is a parcel. Whatever goes wrong before leaves bytes without a record, which go at once or, after
//! a crash, with the sweep, and a token that is still good. Removal goes the other way round: the record first, then the bytes.
//!
//! A download finds its bytes before it uses the token up, so that a store which is down costs nobody theirs. Both stream: neither
//! action is a value of [`Action`](crate::domain::Action), which has no place for bytes that are still to come.
//! # A walk through one request of the sealed channel
//!
//! `/get/TOKEN` arrives on a connection that `door` has let in, as it does those of the API. `sealed` finds the session by its cookie and asks
//! `app` whether its user is still registered; then it opens the token with the session's key. Only a token that is of this session, of this
//! minute and new says anything: `seen` remembers it before it is looked at. The content is a file's name, the file comes from the user's
//! workspace a piece at a time, and each piece goes out as a token on a line of its own. The answer's body owns the file, or the command: if
//! the client goes away, hyper drops the body, and with it everything that is done for it. The end of a session is heard by all that is done
//! for it.
//!
//! Files and commands do not go through `App::handle`: they are streams that outlive the question, while an `Outcome` is whole when it is there.
//! `App::sealed_user` is their credential check, asked by each request, and again after a body, before anything is done with it. What it
//! answers, a [`SealedUser`](crate::auth::SealedUser), is made by `auth` alone, and none of them can be called without one.
//!
//! # A walk through one command
//!
//! `python3 s.py` arrives at [`App::command`](crate::app::App::command) as a line of bytes. [`words`](fn@crate::domain::words) splits it as a
//! shell would, and refuses what a shell would do more. There is a place to be had, as for a run of `/execute`. The workspace is copied
//! under its lock ([`Snapshot`](crate::workspace::Snapshot)) with a stamp of each file; the copy becomes the files of a job that asks for
//! its whole directory back. While it runs nobody is locked out: others put, get and run.
//!
//! The guest knows which files it never touched, for they still lie in the job as they came; it names those and hands over the others.
//! [`write_back`](crate::workspace::Workspace::write_back) compares that with the stamps: what was there and is not named was removed. If
//! what is to be changed is as it was, the new contents are staged, synced and written down in a journal; then there is no way back. The
//! files are put into their places, and the journal goes. Whoever finds a journal, at the next start or the next touch, makes its changes
//! from the beginning: each can be made twice.
//!
//! # A walk through one run
//!
//! `cloud-python run hello.py` ([`crate::cli::run`]) reads the script and parses it, with its name, arguments, files and
//! budget, into a [`JobSpec`](crate::domain::JobSpec): from here on nothing can be too large or out of bounds.
//!
//! It finds the runtime image ([`Source`](crate::sandbox::Source)), checks the hash of the precompiled form, and starts a
//! [`Sandbox`](crate::sandbox::Sandbox). That starts the *launcher*: the same binary again, single-threaded, with an empty
//! environment and one socket. The launcher gets the open, checked image over that socket, maps it, runs a small script of
//! our own to learn which pages a run touches, makes an instance ready, jails itself, and says so.
//!
//! For a run the server makes a pair of stream sockets, keeps one end and sends the other to the launcher with the order to
//! fork. The job can be written to the stream at once. The child gives up the control socket and the standard descriptors, jails
//! itself further, has the kernel map the pages that it will need, and only then reads its first byte: the job, straight into
//! the guest's memory. What it keeps beside its stream is the image, read-only, and its own page map. From here the guest runs; each `print` that reaches descriptor 1 is one host call, one frame on the stream, and
//! one event for the terminal.
//!
//! The end is a frame too. The child cleans up after telling it and makes its next instance ready while nobody waits. If the
//! run ended in any way but by itself, the child is killed instead, and the server answers when the kernel has reaped it.
//!
//! # Two processes that watch each other
//!
//! | what dies | what follows |
//! |---|---|
//! | a child | the launcher reaps it and reports the kernel's figures; a run that was in it is run again once, if nothing of it was shown |
//! | the launcher | the kernel kills its children; the server starts another when the next run comes |
//! | the server | its end of the control socket closes; the launcher kills its children and ends; the kernel would have killed both |
//!
//! # Who believes whom
//!
//! The server believes the launcher, which never sees a byte of a stranger's. Neither believes a child: its frames are
//! bounded before they are read, its output is counted again, its CPU time is asked of the kernel, and its deadline is kept
//! by the server's own clock.
//!
//! # Where this differs from the first design
//!
//! - Runs have no line in the audit trail: they change nothing, and a commit for each would cost more than the run. They are counted
//!   (`admin metrics`) and told at the debug level. What changes something is in the trail, in the transaction that changes it.
//! - Uploads and downloads of parcels have no line in the trail, for strangers could fill the disk with it: their records say who and
//!   when, and metrics count them. Registering an account's parcel key has one.
//! - Tokens for parcels are made and read by forty lines of ours (`auth::permits` says why), not by jsonwebtoken. P-256 is verified by
//!   aws-lc-rs; p256 only unfolds compressed points.
//! - An object is not named by its parcel's id, which is known when its last byte has come, but by random digits.
//! - warp drives one filter that never rejects: which route it is, and what is wrong with a request, is a table of data that tests can
//!   walk through.
//! - The frames of a WebSocket are read and written by code of our own (`http::frames`): tungstenite reserves what a frame's head
//!   claims, keeps the largest message's memory for the connection's life, and has one limit for the first message and for all others. It does the
//!   key of the handshake, and is the client of the tests.
//! - lettre writes messages and commands; the connection to the mail server is ours (`mail::dialogue` says why).
//! - QR codes come from the `qrcode` crate: totp-rs has none in SVG.
//! - Kill orders come from the server's timer, not the launcher's: one place keeps the deadline, and a launcher that does not
//!   obey is killed with its children.
//! - The guest imports seven functions with flat arguments instead of WASI's: there is no vector, subscription or path for the
//!   host to walk. The rest of WASI is C code inside the guest (`python-wasm/guest/wasi*.c`).
//! - A command line is split by eighty lines of our own: the crates that do it know neither bytes that are no text nor which characters
//!   a shell would not take literally. Random lines are compared with the machine's own `sh`.
//! - Commands of a workspace do not wait for each other: each works on a copy, and whoever comes back to find its files changed loses
//!   its own changes, not others'. One writer at a time would let a forgotten console lock its user out.
//! - Fuel is charged for branches, calls and bulk bytes. Charging the operator `loop` alone, as was first measured, lets
//!   `while True: pass` run for nothing.
