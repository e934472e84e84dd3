//! How somebody comes in: registration, verification, approval, log-in, and what each step is worth.
//!
//! # Registration
//!
//! `POST /register` with an address and a password is answered `201 {"error":"ok"}`, whoever asks and whatever is known of the
//! address. A new address gets a mail with a link. For a known one, and for one that waits, the server does the same work: it
//! hashes the password, stores a link (expired already) and a letter (never sent), in one commit. Neither the answer nor its
//! time says which it was; `cargo bench -- enumeration` measures it.
//!
//! While a registration waits for its link, another one for the same address changes nothing: its mail is the first one's. So
//! whoever is quick can choose the password for an address that is not theirs. They gain nothing: the link, the TOTP secret behind it
//! and the approval go to the owner's mailbox. But an owner who follows that link has an account whose password they do not know,
//! and there is no way yet to take it back: do not follow a link that you have not just asked for.
//!
//! # Verification
//!
//! The link of the mail shows a page with one button: mail scanners follow links, and must not use one up. The button (`POST`)
//! makes the account and shows the TOTP secret as a QR code, a URI and text. The link goes on showing the same secret until
//! ten minutes have passed since the registration or the first code has been taken, whichever is first.
//!
//! Links and bearer tokens are 256 random bits, stored as their SHA-256. Passwords are stored as Argon2id (RFC 9106; 64 MiB, 3
//! passes, 1 lane). TOTP secrets (RFC 6238: SHA-1, 6 digits, 30 s, 160 bits) must be read again, so they are sealed with
//! AES-256-GCM, each for its own account, under a key that is not in the database. Waiting mails are sealed likewise, for they
//! hold links.
//!
//! # Approval
//!
//! The administrator gets a mail with a link to approve or deny, good for 30 days and one decision. Or decides with `cloud-python
//! admin users approve`. Until then the account can do nothing, and is answered as if it did not exist.
//!
//! # Logging in
//!
//! Address, password and code together, at `/login` or in every `/execute`. A code is good one step early or late, and once: the
//! step is compared and stored in one transaction, so of two requests with one code one wins. `/login` gives a bearer token
//! for 15 minutes, ended by `/logout`, by suspension and by a new TOTP secret. A token does not give another token.
//!
//! Every refusal is one answer: unknown address, wrong password, wrong or used code, not verified, not approved, suspended are the
//! same status, the same bytes and the same work. What is compared for an unknown address is a hash that no password has.
//!
//! # Live sessions
//!
//! `GET /session` is a WebSocket (RFC 6455, version 13) in HTTP/1.1 over the same TLS. The subprotocol `v1.session.cloud-python` must be
//! offered and is chosen; there are no extensions. A handshake that is none, or of another version, is 426; a key, subprotocol or
//! body that is not as it must be is 400; an `Authorization` that nobody was ever given is 401; no place for a session is 503. A
//! browser sends `Origin`: its host and port must be those of `Host` and its scheme `https`, else 400.
//!
//! The first message is a text: one JSON object in UTF-8 of at most 32 MiB, read as strictly as a body of `/execute` and in the same time.
//!
//! | field | |
//! |---|---|
//! | `data` | the script, or `null` for the interactive interpreter; it must be there |
//! | `email`, `password`, `totop` | as in `/execute` |
//! | `token` | a bearer token, for pages: a browser lets nobody set `Authorization` on a WebSocket, and a token in the address would end up in logs |
//! | `args`, `files`, `outputs`, `timeout` | as in `/execute`; `timeout` is at most the server's, which is also what there is without it |
//!
//! Credentials are shown in one place: in the head, as `token`, or as the three. Then come binary messages, whose first byte is their channel.
//!
//! | channel | who | |
//! |---|---|---|
//! | 0 | the client | standard input, at most 1 MiB a message; a message without any is the end of input, and once is enough |
//! | 1, 2 | the server | standard output and standard error, as soon as the script writes |
//! | 3 | the server | one JSON object, the last message |
//!
//! Input may be sent before the script has started. A script that does not read slows its client down, a client that does not read slows
//! its script down, and neither direction waits for the other. Nothing written before the end is lost.
//!
//! | what happened | control message | code |
//! |---|---|---|
//! | the script ended | `{"error":"ok","exit_code":"AA=="}`, and `"files":{...}` exactly if `outputs` was there | 1000 |
//! | its time is over, or its CPU time | `{"error":"request timed out"}` | 1000 |
//! | it wrote more than 1 GiB | `{"error":"output too large"}` | 1000 |
//! | the first message is malformed, late, or may not | `{"error":"..."}`; for whoever may not the one sentence of a 401 | 1008 |
//! | a parcel among its files is not there, or not for this account | `{"error":"..."}` | 1008 |
//! | the account was suspended, or its tokens ended | the same sentence | 1008 |
//! | too often, too many, no memory | `{"error":"slow down","retry_after":1}` or `"overloaded"`; seconds | 1013 |
//! | too large | `{"error":"..."}` | 1009 |
//! | a message that has no place: binary first, text later, an unknown channel or none, input after its end | `{"error":"..."}` | 1003 |
//! | the server ends | `{"error":"the server is shutting down"}` | 1001 |
//! | our fault | `{"error":"internal error"}` | 1011 |
//! | not as in RFC 6455; a text that is not UTF-8 | none | 1002; 1007 |
//! | the client closes | none | its own |
//!
//! A client that closes or vanishes takes its script along at once. One that has sent more input than its script has read, and then closes the
//! WebSocket without the connection, is heard when the script reads on or ends, because its words stand behind that input: whoever is in a
//! hurry closes the connection. The server pings every 20 seconds, and who says nothing for 40 is gone. The last words may take 10 seconds.
//!
//! # The page
//!
//! `GET /` does in a browser what the client does in a terminal: it logs in, runs the script in its editor over `/session`, shows
//! the output as it comes, passes lines of input on, and sends and fetches files. It shows control characters as escapes, as the
//! client does, but for a carriage return, after which the line is overwritten. Of the output it keeps about the last million
//! characters. Files are at most 22 MiB together, for they travel in base64 within the first message.
//!
//! # Guessing
//!
//! - One network (an IPv4 address, an IPv6 /64) may show 60 passwords a minute.
//! - After three wrong guesses at an address from one network, that network waits 1 s before the next one is looked at, then 2 s,
//!   4 s, up to 5 minutes. Guesses count while they are under way, so a hundred at once do not slip through.
//! - After a hundred wrong guesses at an address in an hour, from all networks together, only networks where the owner has logged
//!   in before are listened to until the hour is over. So a stranger with many addresses can keep the owner from logging in at
//!   a new place, never at home, and running sessions go on.
//! - Hashing runs on as many threads as there are processors with 32 places in the queue; beyond that the answer is 503, at once.
//!
//! All of this counts whether the address has an account or not, under a keyed hash of the address.
//!
//! # Parcels
//!
//! A parcel belongs to a P-256 key, not to an account. Its owner's address is the first 20 bytes of SHA-256 of the uncompressed point. `POST
//! /api/v1/auth` gives anybody a token for any address and one operation; it is worth nothing without a signature by that key, so
//! nothing is stored when it is given out, and it lives five minutes. With the signature it is good once: the transaction that does
//! what it is for puts its number into a table, and finds it there the second time. A request that is malformed (400, 413, 415, 416)
//! uses nothing up, nor does one that fails by our fault (500, 503); one that is done or refused by what there is (403, 404, 405,
//! 410) does. A download that the object store breaks off before its first byte gives its token
//! back; one that has begun has used it up.
//!
//! A parcel's id is 8 hexadecimal digits of the service and SHA-256 over the owner as it was written, the metadata as canonical JSON (RFC
//! 8785), and the data. Whole numbers in metadata beyond 2^53 and keys that are there twice are refused: they have no canonical form.
//! Both signatures that say the same (s and n - s) are taken, since a token is used once anyway; metrics count the larger ones.
//!
//! Answers that the contract leaves open: a grant is answered `200 {"id", "user"}`, taking it back `204`; both by somebody else 403, and of
//! what is absent 404. An `owner` who is not the token's user is 403. What is asked of an id that cannot be one is answered like
//! what is absent. One range of bytes is served (`ETag` and `If-Range` go with it); several are answered with the whole.
//!
//! `POST /parcel-key` with a bearer token and `{"public_key", "signature"}` makes a key the account's own, in the place of an
//! earlier one. The signature is over the words `cloud-python parcel key of EMAIL`, with the account's address in small letters: it
//! shows that the account's owner has the key, and is good for no other account. From then on a file in `/execute` and
//! `/session` may be `{"parcel": id}` for what that key owns or was let in to.
//!
//! # Files of a run
//!
//! A script starts in a directory that holds `files` and nothing else, all of it in the run's own memory. `outputs` names what is
//! to come back when the script has ended, whatever its exit code: files, and directories with every regular file below
//! them. The answer then has a field `files`, and has none otherwise. What is not there is left out without a word, as is a file below
//! a directory whose name is not UTF-8, for JSON cannot write that. A link is followed if it was asked for by its own name, and leads to
//! nothing but the run's own files. More than 16 MiB is answered `output too large`. A run whose time was up returns nothing, nor
//! does one whose interpreter could not go on: then `files` is empty.
//!
//! # Status codes
//!
//! `GET /openapi.json` lists them for each route. Beside the usual ones: 408 for a body that takes longer than its time, 426 for a session without
//! a WebSocket, 431 for a head that is too large. A request is refused by its path (404), then its method (405), content type (415), size (413), content (400),
//! and only then by who asks (401) or how often (429, 503). An upload of a parcel is the exception: who asks is looked at
//! before its body is read. `receipt` is not there yet, so it is an unknown field.
//!
//! # Mailboxes
//!
//! The routes `/users`, `/users/me`, `/users/friends` and `/messages` speak as the clients do that are deployed already: `X-User-Name` and
//! `X-User-Token` with every request, refusals as `{"status": 4xx, "message": "..."}`, JSON with or without a content type. Who asks
//! is looked at before what they ask: a request without the two fields, or with the wrong ones, is 401 whatever else is wrong with it.
//!
//! Passwords are stored as those of accounts are, and guesses at a mailbox climb the same ladders, whether there is one of the name
//! or not; beyond that each network may have 120 of them looked at a minute, which are not those of accounts. The networks that an owner came
//! from are remembered with the mailbox, as accounts' are. A password that was right is remembered for 15 minutes as HMAC-SHA256 of name and
//! password, under a key that is made at every start; what is remembered is good for one stored hash, so it ends with a change. A
//! wrong one is never remembered. A mailbox that an account holds is closed while the account is not approved, a stranger's while
//! registration is closed: its owner is told 401, and whoever writes to it 404. Its public key is still given out, for what it sent before
//! could not be read without.
//!
//! Numbers of messages grow over all mailboxes and are never given twice. Times are whole seconds. `query_time` is no later than the
//! second of any message that is on its way, and no message is stamped earlier than a `query_time` that was told, so `DELETE` with
//! it deletes nothing that was committed after the reading. (The promise holds while the server runs, and while its clock is not set
//! back by more than a minute.)
//!
//! `GET /messages` shows at most a hundred, the newest of them first. In this it departs from the source server: where more wait, that one
//! shows the newest hundred, and its clients, which ask for no others, delete the rest unseen. Here they are shown the hundred that have
//! waited longest, with a `query_time` no later than the second of the first one that they are not shown; when they have deleted up
//! to it, they are shown the next ones. One corner is left: if more than a hundred wait of the very same second and nothing older
//! does, `query_time` is the next second, for else nothing could ever be deleted, and `DELETE` with it takes the messages of that second
//! along that were not shown. With `?before=NUMBER`, the newest hundred below that number are shown, and `query_time` covers everything:
//! `client mailbox` goes through all pages this way before it deletes, and loses nothing.
//!
//! A mailbox holds 1000 messages and 4 MiB. A sender for whom there is no room is told so (409), and nothing in it is lost. A message to a
//! mailbox that does not exist, or is closed, is 404.
//!
//! # What `client mailbox` puts into mailboxes
//!
//! Another client can read it by this description; `tests/outside/mailbox_vectors.py` is one. All of it is bytes in standard base64 with
//! padding. The first byte is the version, 1, and the second says what follows. Nonces are twelve zeros, for each AES key is used once.
//! `HKDF(salt, secret, info)` is HKDF-SHA256 (RFC 5869) of 32 bytes. Names are those of mailboxes, in ASCII.
//!
//! - **The password** stays on its owner's machine. `master` is Argon2id (RFC 9106; 64 MiB, 3 passes, 1 lane, 32 bytes) of it, with
//!   the first 16 bytes of SHA-256(`cloud-python mailbox 1 salt` + name) as salt. The server is shown
//!   `HKDF("", master, "cloud-python mailbox 1 token")` in base64url without padding, as if that were the password.
//! - **Public key**: `01 01`, then an X25519 key (RFC 7748), 32 bytes. Its fingerprint is the first 128 bits of SHA-256 of the key.
//! - **Private key**: `01 02`, 16 random bytes of salt, then the 32 bytes of the key under AES-256-GCM (NIST SP 800-38D) with the key
//!   `HKDF(salt, master, "cloud-python mailbox 1 private key")`; everything before, and the name, is authenticated with it.
//! - **Message**: `01 03`, a fresh X25519 public key, then the text under AES-256-GCM; everything before is authenticated with it. The AES
//!   key is `HKDF("cloud-python mailbox 1 message", X25519(fresh, recipient) + X25519(sender, recipient), info)`, where info is
//!   `01 03`, the fresh public key, and for sender and recipient in this order: public key, one byte with the name's length, the name.
//!   So nobody but the sender could have written it (or the recipient, to themselves), and it opens for nobody else and under no other name.
//! - **Text**: 8 bytes with the sender's time in seconds since 1970, 2 bytes with the text's length, both with the highest byte first; the text
//!   in UTF-8; zeros up to a multiple of 128. At most 2934 bytes of text.
//!
//! Neither token nor master depends on the server. Whoever has the same name and password on two servers shows both of them the same token, so
//! who runs one can fetch and delete what waits on the other, though not read it: use another password.
//!
//! The first key of a friend is remembered in `mailbox-keys.json` beside the session. If the server ever tells another one, nothing is
//! written to it and nothing believed from it: `client mailbox` ends with exit code 3 until `client mailbox trust` accepts it, which takes
//! the fingerprint that is to be trusted and accepts no other. `client mailbox fingerprint` shows one's own, of the key that the password
//! opens; compare by other means than the server. If the server has no key of a friend any more, the one that is remembered is used.
//!
//! `read --delete` deletes what was read, and with it what nobody can ever read: what is not in this form, or not from whom it says. It
//! deletes nothing while there is something that another attempt, or `trust`, may still open. What is sent cannot be read again by its sender, and whoever gets a private key and its password
//! reads what was ever sent to it: there is one key for all messages.
//!
//! # What the client defends against
//!
//! `cloud-python client` trusts one certificate authority, that of the file it was given, speaks TLS 1.3 only, follows no
//! redirect, bounds every length and time, never lets remote bytes drive the terminal, and takes no file that was not asked for: what
//! a server calls the files below a directory never leads out of it, nor through a link. It can replace what is there below it.
//!
//! In a live session a server can write as much as is read, for as long as it likes: whoever has enough presses Ctrl-C. It is waited for
//! as long as the script may take and a minute more, all its silences together, and one message of it has at most 1 MiB, the last one 64 MiB
//! where files were asked for. A client that goes before the end resets its connection, so that input which the server has not taken
//! does not hide from it that nobody is there.
//!
//! # The sealed channel
//!
//! For clients that have no TLS to trust, `serve` can listen on a second address, for plain HTTP/1.1 (`--sealed`, `sealed.listen`; off by
//! default). It is wire-compatible with the client of `remo_serv`. Each end knows the other by an Ed448 key (RFC 8032): the client
//! has the server's (`DIR/sealed.pem`), the server has those of its users (`cloud-python key add`). They are not accounts: a user has a name,
//! a workspace of files, and a number of their own for runs.
//!
//! ## The handshake
//!
//! `POST /auth` with `{"user": U, "key": X, "sign": S}`: X is a fresh X448 share (RFC 7748; 56 bytes), S the Ed448 signature over U and X.
//! The answer is the server's own fresh share and its signature over that, on two lines. All in base64url with padding. The key of the session
//! is the first round of the one-step derivation of NIST SP 800-56C with SHA-256 over the shared secret and `remo_serv`: 32
//! bytes, of which Fernet signs with the first half and encrypts with the second. The cookie `SESSION_ID` of the answer names the session.
//!
//! Unknown user, wrong signature and a share of low order are one answer (403, nothing in it) after the same work: a signature is
//! verified, with a key that nobody has if there is no such user; a share is made, signed, and agreed with. A body that is no hello
//! is 400. A public key of low order, for which anybody could sign, is not registered in the first place.
//!
//! The signature of S does not cover a nonce of the server's, so a hello can be sent again by whoever has seen it. The server remembers
//! the last 1024 shares of each user that have begun a session (until it is started again), and answers 403 to a second hello with one of
//! them, after the same work: a client makes a fresh share for each. What begins in spite of that, with a hello of before a
//! restart or of more than 1024 log-ins ago, is a session whose key its beginner does not have: it is no log-in in the audit trail, where
//! that stands once a good token has come, and of the user's sixteen it makes room first. The server's signature does not cover the client's share either: an old answer shows to a client
//! as one that it cannot talk to.
//!
//! **Nor does either signature say for whom the other end's share is meant.** Another user of the same server who sits on the line can sign
//! somebody's share as their own. The session is theirs then, while only its true maker has the key: what is put goes into the other's workspace,
//! where they can fetch it, and what is got is theirs. They cannot read or write in that session. So the sealed answer to `/info` names the
//! session's user on its second line, `user: NAME`: a client should ask it first and go no further if that is not its own name.
//! `cloud-python client --sealed` does; the existing client does not.
//!
//! ## What is said in a session
//!
//! | path | does |
//! |---|---|
//! | `/info` | tells product and version; in the open without a session, in one with the user whose it is |
//! | `/auth`, empty body | ends the session: `Disconnected` |
//! | `/get/T`, `/put/T` | T is the token of a file's name; the body of a put is its content. A body with no token in it makes a new file, but empties none: 409 |
//! | `/cmd/T` | T is the token of a command line; the body is its input, the answer all that it writes |
//! | `/icm/T` | the same, left running: the answer is what it writes in 0.1 s, 8192 bytes at most |
//! | `/idt`, `/edt` | more input for it, and what it writes meanwhile; `/edt` ends its input and hears it out. 400 once an answer to `/idt` has shown that it is over |
//!
//! `GET` and `POST` are the same to all (`/put` takes `PUT`, too). A body with `Content-Length` is one token; a chunked one has a token on each
//! line, and its chunks need not end where lines do. An answer to a session has a token on each line and no length. What is
//! refused there is refused in a sealed sentence: 400 (a bad name, a body that is not made of good tokens, no command that runs), 404, 405, 408,
//! 409, 413, 429, 503. Without a session, with a session of somebody else, or with a token in the path that is not good, there is a
//! status and nothing else: 403.
//!
//! A request with a token in its path ends the command that was left running, once that token has shown to be good. A command that is left
//! running has the time of any run (`runs.timeout_seconds`), which is shorter than a session's; a connection that is lost while it is heard
//! leaves it running, and what it says is kept. A user's name has 1 to 64 ASCII letters, digits, `_`, `-`, `.` and `@`.
//!
//! An answer must be fetched as a body must be sent: in a minute, and a second more for each 128 KiB.
//!
//! ## Each token once
//!
//! A token is taken if its time stamp is within 60 seconds of the server's clock and it has not been taken in this session before. What
//! has been taken is remembered for as long as its time stamp would do, and no longer; the window never goes back, even if the
//! machine's clock does. A body that is one token, under a path whose token was good, may be on its way for longer: it is judged by the time
//! at which it began, and the session's memory lasts as long. In one body the time stamps do not go back by more than two seconds. Both ends have
//! the same key, so the server marks its own tokens (in their IVs, in a way that only it can see) and does not take them back. The sessions
//! of a user have together at most 2^19 tokens in their window, all sessions 2^23; who is faster gets 429.
//!
//! So clocks must agree to within a minute, and these remain, for the wire has no numbers and no end marks, and a token does not say what
//! it is for:
//!
//! - Whoever sits on the line can hold a request back and deliver it later, within the minute, or never; and change the order of requests.
//! - They can cut a chunked body, or an answer, at the end of a line, and nobody notices; they can swap lines that were made within two
//!   seconds. A file whose wholeness counts should carry its own checksum.
//! - They can put the body of one request under the path of another if they hold both back, within the session and the minute.
//! - They can change the word in the path: ask for a file that was to be put, or run a file's name as a command line. With no body of
//!   their own they can make a new, empty file of a `/get`, but not empty one that is there.
//! - They can send a piece of a body as what stands in a path. A file of up to 8 KiB is one token: **whoever can make a user put
//!   a short file of theirs, and sits on the line, can have its text run as that user's command line**. In the sandbox that reaches the
//!   user's own workspace; where the user has host commands, it reaches the machine. Give those to nobody whose line is not trusted.
//! - They can give as the answer to one request that to another of the session, also an old one, or the client's own tokens: both ends have
//!   one key, and an answer names no request. The existing client takes these, looks at no time stamp, and takes an answer with a
//!   `Content-Length`, and lines that are no tokens, as they stand: to it, whoever sits on the line can answer anything at all after the
//!   handshake. `cloud-python client --sealed` refuses what is not sealed and what is older than its request.
//! - They see paths' first words, times and lengths, and the cookie. With the cookie they can end the session, ask for `/idt`
//!   and `/edt` with nothing in them, and so lose the user what a running command says: they cannot read it. They cannot keep a session alive.
//! - There is no forward secrecy against a quantum computer: X448 is not one of its hard problems.
//!
//! A session ends after ten minutes (`sealed.session_seconds`) without a good token, by leaving, by a log-in that takes its place, and when
//! its user is removed. What is being done or sent for it ends with it. What needs no token (`/info`, `/idt` and `/edt` with nothing in them) is no
//! use of it: anybody with the cookie can ask for that.
//!
//! ## The libraries
//!
//! Ed448 and X448 are those of RustCrypto, `ed448-goldilocks` and `x448`, in exactly one version. The last versions without `-pre` in
//! their names have no signatures; these have, pass the vectors of RFC 8032 and RFC 7748 (`src/keys`), refuse what changes a
//! signature without breaking it, compute in constant time where there is a secret, agree with OpenSSL's (`tests/sealed/run`), and
//! are maintained by people who answer; there was no advisory against them when they were chosen, and nobody has audited them.
//! `openssl` would have been older and better looked at, at the price of a C library that has to be there at build and at run, in a
//! program whose children are to map as little as possible. A change of version is a change of one line and a run of the tests.
//!
//! Fernet is a hundred lines over aws-lc-rs (`src/sealed/fernet.rs`), with the vectors of its specification: the crate of that name wants
//! OpenSSL or a second set of ciphers, and does not let us choose IVs or look at a time stamp by our own clock. Keys in files are PKCS#8 and
//! SubjectPublicKeyInfo as in RFC 8410, by the crate `pkcs8`; under a pass phrase, PBES2 with 600,000 rounds of PBKDF2-HMAC-SHA256 and
//! AES-256-CBC, which every OpenSSL reads.
//!
//! ## Our own client there
//!
//! `cloud-python client --sealed URL put | get | cmd | shell` does more than the wire asks for, and another client should do the same:
//!
//! - The server's key is never taken from the server. Its file is named once, and remembered with the user's name and the path of their
//!   key in `cloud-python/sealed.json` of the folder for settings, which nobody else may write.
//! - Before anything is asked, `/info` is asked inside the session, and its sealed answer must name the client's own user (`user: NAME` on its
//!   second line): the handshake alone does not say for whom the server has signed.
//! - Each session has a share of its own, and no request or token is ever sent a second time, whatever has become of it. If the server, or
//!   somebody in between, says that the session has ended, the shell begins a new one and does not repeat the command.
//! - An answer counts if it is sealed: chunked, without a length, each line a token of the session, each taken once, none of our own, none made
//!   before the answer's request less a minute or a minute from now, and none older than the one before it.
//! - What is not larger than a MiB is sent as one token, which cannot be cut. How large a file is that is to come, or has gone, is asked for
//!   with `ls -l`, because bodies have no end mark, the answer to `/put` has no token, and the status is in the open. An answer that says
//!   that all has come before all was sent is an error.
//! - What replaces a file is put beside it first, under a name that nothing has (`.put-` and 32 hexadecimal digits), and then takes its place
//!   by `mv`: a file that never came could be as long as the old one. It is done when `ls -l` knows the new name no more, and the old one
//!   with the right size. After an error the new file is removed, and the old one is what it was, if the `mv` was not sent.
//! - Files that come are put in place whole; output on a terminal is escaped.
//!
//! These remain, beside what is listed above:
//!
//! - The output of a command has no length that could be compared: it can be cut where a line of tokens ends, and an answer without any token
//!   can be given by anybody. A status can be changed, too: a refusal, sealed, can be shown as output, and output as a refusal.
//! - An upload of which the client has said that it failed can be there later: whoever sits on the line can let go of its beginning, or of its
//!   `mv`, within the minute. Where no file was, that beginning has the file's name; otherwise a `.put-` file can remain (`ls -a`), as it
//!   can when the client is ended just then.
//! - The exit code of a command is not on the wire: `cmd` ends with 0 when the command has ended. A script that needs to know prints it.
//! - `shell` talks to `python3` while it runs. Every other command gets no input there; `cmd` passes on its own standard input, if that is
//!   no terminal, all of it before the command starts (16 MiB at most).
