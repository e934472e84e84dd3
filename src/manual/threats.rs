//! The threat model: who attacks, what stops them, and what is deliberately not defended.
//!
//! # Who
//!
//! **A stranger with an approved account** sends any bytes as script, name, arguments, files and standard input, and reads
//! whatever comes back. They know this code. They want to read another account's data or the server's, to reach a network,
//! to keep the machine busy or full, or to leave something behind for the next run.
//!
//! **A stranger without an account** opens connections, sends any bytes, registers any address, guesses passwords and codes, follows
//! links that are not theirs, and measures how long answers take. They want in, they want to know who else is, or they want nobody
//! else to get through.
//!
//! **A malicious server**, from the client's side, answers with any bytes. It wants to drive the terminal, fill the memory, write
//! a file, or get a password that is for another server.
//!
//! **Somebody on the line of the sealed channel** reads, holds back, repeats and changes what is sent there, and sends of their own.
//! They want to run a command or read a file as somebody else.
//!
//! **Somebody with a copy of the database** but not of `secret.key`.
//!
//! Not among them: the operator, who owns the machine, and whoever can write to the operator's cache folder or replace the
//! binary: they have won already.
//!
//! # The three walls
//!
//! Each is built as if it were the last one standing, and tested alone.
//!
//! 1. **WebAssembly.** CPython runs as one module in wasmtime. It can touch its own linear memory and call seven functions.
//!    There is no host file, directory, socket, variable or process behind any of them; files are C structures in the guest's
//!    own memory. Memory, table and stack are capped; fuel and the epoch end what does not end. Tested with the jail left out
//!    (`tests/walls/main.rs`, `wasm_holds_alone`) and by `tests/hostile/`.
//! 2. **A process for each account, an instance for each run.** Two accounts never share a process, so a flaw in wasmtime's
//!    isolation of instances shows an attacker only themselves. Launcher and children hold no key, token or database handle.
//!    Tested in `tests/isolation.rs`.
//! 3. **The jail.** Whatever native code runs in a child, the kernel lets it do about twenty system calls: read and write its
//!    stream, map memory that is not executable, read clocks and random bytes, end. No path can be opened, no socket made, no
//!    process forked or signalled, no descriptor gained. Any other call kills the process. Landlock denies files, ports,
//!    abstract sockets and signals once more. Tested by a child that pretends to have escaped and makes over a hundred
//!    attempts (`tests/walls/attempts.rs`), of which those that harm nobody are shown to work outside the jail, and by one that
//!    lies to the server (`tests/walls/lies.rs`). Landlock stands behind the filter: no test sees it alone.
//!
//! Around them the server's clock: a run is killed at its deadline plus 30 ms, whatever it or its engine says, and the
//! answer comes when the kernel has reaped it.
//!
//! # What stands before the walls
//!
//! | who | is stopped by | tested in |
//! |---|---|---|
//! | whoever is not approved | a [`Principal`](crate::auth::Principal) is made of a good credential only, and every action asks for one | `tests/table.rs`: every route, every kind of person |
//! | whoever asks who has an account | one answer, the same work, the same limits, whether the address is known or not | `tests/table.rs`, `cargo bench -- enumeration` |
//! | whoever guesses | Argon2id, a code that is good once, ladders of waiting ([`protocols`](super::protocols)) | `tests/accounts.rs` |
//! | whoever floods | limits on connections, heads, bodies, unfetched answers, time, hashes, runs, mails; each but the answers refused before anything costly is done | `tests/requests.rs`, `tests/serving.rs`, `tests/files.rs`, `cargo bench -- load` |
//! | whoever floods a live session, or does not read it | memory for what has come and not for what was announced, nothing kept for who does not read, a deadline | `tests/sessions` |
//! | a page of somebody else's | it has no credentials of ours to show, and its `Origin` is refused; see below, the page at `/` | `tests/sessions`, `tests/browser/run` |
//! | whoever sends odd bytes | hyper and rustls read them, and our own code the frames of a WebSocket; heads that could be read in two ways are refused; JSON is strict | `tests/hostile/requests`, `tests/sessions`, `fuzz/run` |
//! | whoever steals a link, a token or the database | links live 10 minutes, tokens 15; both are stored hashed; TOTP secrets and mails are sealed under a key that is elsewhere | `tests/serving.rs` |
//! | whoever sits on the line of the sealed channel | signed handshake, hellos that are good once, sealed tokens that are good once, for a minute, in one session and in one direction ([`protocols`](super::protocols) says what remains) | `tests/sealed`, `tests/sealed/run`, `cargo bench -- enumeration` |
//! | whoever names a file of a workspace | names are relative and plain; cap-std opens them beneath the workspace, whatever links are there or are swapped in; only regular files and directories count | `src/workspace/tests`, `tests/workspace.rs` |
//! | whoever fills a workspace | a quota of bytes and names that counts what is on its way; copies for scripts are bounded for all users together | the same |
//! | a script that lies about what it leaves | its word is about its own user's files only; a tree that cannot be is refused before anything is changed | the same |
//! | a crash while many files change | staged, then written down in a journal, then put into place: all or nothing after a kill at any moment | the same |
//! | a crash at any moment | every answer comes after a two-phase commit; a change and its line in the trail are one transaction | `tests/crash.rs` |
//! | whoever wants somebody else's parcel | a token that is ours letter for letter, a signature by the owner's own key, once, in one transaction | `tests/parcels.rs`, `auth::permits`, Wycheproof |
//! | an object store that fails, lies or dies | bytes before records, tokens that stay good, a sweep; what is read is as long as it was | `tests/parcel_faults.rs`, `tests/ceph/run` |
//! | a malicious server | one trusted authority, bounded lengths and times, escaped output, no file that was not asked for, messages that only two people can read | `tests/client` |
//! | whoever fills mailboxes | bounds on messages, bytes, sends and mailboxes; what waits is never thrown away for it | `tests/mailbox.rs` |
//! | whoever sits on a sealed channel's line, from the client's side | the server's key is named once by its file; nothing is asked before the session is known to be one's own, nothing is believed that is not sealed, nor an upload before the server has said, sealed, that all of it is there, and nothing is sent twice | `tests/client/sealed_lies.rs`, `tests/client/sealed_line.rs` |
//!
//! # The page at `/`
//!
//! It is one answer, the same for everybody, and loads nothing: its policy allows its one script and its one stylesheet by their
//! hashes, connections to where it came from, and nothing else. No other site can put it into a frame. What a script writes, and
//! whatever the server says, becomes text and never markup; a browser that knows Trusted Types refuses anything else.
//!
//! It keeps the bearer token in a variable, never in a cookie or in storage: closing or reloading the page forgets it, and so does
//! the end of the token's life. "Log out and clear" ends the token at the server and empties the page. Script, files and output are
//! on the page alone, until it is closed; they stay when the token's life is over, for whoever sits there then.
//!
//! Another site can do nothing with it. There is nothing that a browser would add to that site's requests by itself; `/login` and
//! `/execute` take JSON only, which a browser lets another origin send after asking, and is refused; `/session`, which browsers let
//! anybody open, looks at `Origin`, and needs the token besides.
//!
//! # What each budget stops
//!
//! | budget | enforced by | when it is used up |
//! |---|---|---|
//! | wall clock | the engine's epoch, then the server's kill | the run is dead, nothing of it is returned |
//! | fuel | the engine, at every branch and call; host calls pay too | the same |
//! | memory | the engine, at `memory.grow` | Python's `MemoryError`; exit code 134 if the interpreter cannot go on |
//! | output | the child, at descriptor level, then the server's own count | the run is dead, nothing of it is returned |
//! | processes, descriptors, address space, core files | resource limits and the system call filter | the call fails or kills the child |
//!
//! # Known and accepted
//!
//! - **The machine's memory.** Sixteen runs and sixty-four live sessions may be alive at once, each with its own budget. An operator with less memory than
//!   that lowers the number; if memory does run out, the kernel is told to end runs before it ends the server.
//! - **What a live session holds.** The server keeps a few mebibytes for each: a message of input that the script has not taken, output
//!   that is on its way, and the script with its files (at most 24 MiB) until the end. Only approved accounts get there, four sessions
//!   each. The first message, which anybody can send, counts as a body does, and the files of the last one as an answer does.
//! - **A live session whose client's machine vanishes** while its script does not read runs on until its time is over.
//! - **An address can be squatted.** Whoever registers first chooses the password; the owner who follows the link gets an account with
//!   it, useless to both. Nobody but the operator can mend that, and not yet by a command; see [`protocols`](super::protocols). A mail
//!   every ten minutes can be sent to any address this way.
//! - **Verified accounts wait for ever.** Somebody with a whole domain can make sixty an hour from each network, and a mail to the
//!   administrator with each.
//! - **A stranger with many networks** can keep an owner from logging in at a place where they never were before, for as long as the
//!   attack lasts, and one behind the owner's own address can keep them waiting there. Running sessions are not affected.
//! - **Whether somebody has logged in from a network** shows to whoever guesses a hundred times elsewhere and then from there.
//! - **The sealed channel's wire** has no order and no end marks, and its cookie travels in the open: what follows from that is listed in
//!   [`protocols`](super::protocols). Where TLS can be had, it is the better door.
//! - **`sealed_key.pem` is not encrypted.** Whoever reads it can pose as the server on the sealed channel; it opens nothing that was said
//!   before.
//! - **Another user of the sealed channel who sits on the line** can have somebody's session begun as their own, and gets what is put
//!   there. A session says whose it is (`/info`); the existing client does not ask.
//! - **A token of the sealed channel does not say what it is for.** Whoever sits on the line and can make a user put a short file can have its
//!   text run as that user's command.
//! - **Commands of the machine itself** run outside of every wall, as the server's own user: they can read its keys and database. They
//!   need the word of both the configuration and the user's key, are in the audit trail, and are for people who could log in as that user
//!   anyway, over a line that is trusted, for the reason above. What leaves its process group outlives its command, and a server that is
//!   killed leaves what it runs just then.
//! - **A workspace is not sealed on the disk.** Whoever can read the data directory can read the users' files.
//! - **A file that is removed while it is fetched** is on the disk, and in no quota, until it has come: eight of a user's at most, each for
//!   30 seconds and one for every 128 KiB.
//! - **A write into a file, by a command of the machine, within the kernel's clock tick in which a script's copy was made** is not seen as
//!   a change.
//! - **A full disk** makes every change fail until the server is started again. Files of a workspace can be removed (`rm`) all the same; one
//!   whose change stopped halfway shows half of it until there is room.
//! - **A file system that does not take every name** (exFAT, CIFS, some of ZFS) keeps no file of a script under a name that it refuses; the
//!   rest of what the script has changed is kept, and nobody is told. Let the data directory be on another.
//! - **Parcels are kept for strangers.** Anybody can make a key, and with it upload up to the limits in `[parcels]`, which bound one
//!   key's share of them and all together, and nothing in between: one caller with many keys can fill the store, and then nobody
//!   uploads until something is removed. Where that matters, `uploads = "registered"`. A dozen networks that send or fetch as slowly as
//!   they may can have all places for uploads and downloads (128, 12 each); everybody else's are answered 503 as long, and all
//!   other routes go on.
//! - **Metadata is public** to whoever knows a parcel's id, as are its owner and that it exists. The data's bytes lie in the object store as
//!   they are: whoever can read that can read them.
//! - **Deleting the end of the audit trail** shows only to whoever wrote down a later hash elsewhere. The operator is trusted.
//! - **Limits are in memory.** A restart forgets ladders and rates. A stranger cannot restart the server.
//! - **Side channels.** An account's process shares caches and memory bandwidth with others'. The guest's clocks are cut to
//!   100 microseconds and it has no threads to make a finer one with, which makes such attacks slow, not impossible. Do not
//!   run this beside secrets that are worth a laboratory.
//! - **The hash secret is the image's.** `hash("x")` is the same in every run of one image, because hashes are cached in the
//!   snapshot. It differs from image to image. A script that hashes hostile strings into a dict can be slowed down by whoever
//!   knows the image; its budget bounds that.
//! - **Kernel flaws** in the twenty calls that remain, and processor flaws, are the kernel's and the processor's.
//! - **A weak jail is the operator's choice**: `--allow-weak-jail` goes on without Landlock. The system call filter and the
//!   rest still hold.
//! - **A child that is killed by a flaw takes its run with it**; the run is tried once more, then it is an error.
//! - **Memory of ended runs of the same account** is reset by wasmtime between runs in a child that goes on. A flaw there
//!   would show an account its own earlier run, never another account's.
//!
//! - **A server that lies to somebody with a mailbox** cannot read, change or invent messages for `client mailbox`, which binds them to
//!   sender and recipient and remembers keys. It can keep messages back, deliver one again (its sender's own time is in it and is
//!   shown), tell anybody who writes to whom and when, and hand out a wrong key before the right one was ever seen: compare
//!   fingerprints. What other clients make of this is theirs; the server understands none of it.
//! - **Messages have no forward secrecy**: whoever gets a private key and its password reads what was ever sent to it and was kept. Whoever
//!   gets a recipient's private key can also write to that recipient in anybody's name.
//! - **A burst can cost a deployed client messages of the same second**: where more than a hundred wait that were stored in one second, it
//!   deletes what it was not shown of that second. `client mailbox` does not. See [`protocols`](super::protocols).
//! - **Long lines of a message** are broken by the terminal, and where they go on there is no indent: a text that knows how wide the
//!   terminal is can make a line of its own look like ours. `read --json` shows who sent what beyond doubt.
//! - **A token of `client mailbox` is the same on every server** for the same name and password; see [`protocols`](super::protocols).
//! - **Whoever reads the server's memory** has what mailboxes' passwords were remembered by, with its key, and can guess at them without
//!   Argon2. What `client mailbox` shows for a password costs Argon2 by itself; what other clients show may not.
//! - **Names of mailboxes are no secret** from whoever has a mailbox, nor, where strangers are let in, from anybody.
//! - **Strangers can take all of their places** where an operator lets them in, at 60 an hour from each address; accounts have their own.
//!
//! # What counts as a vulnerability
//!
//! | | |
//! |---|---|
//! | a script reads or changes anything of another account, the server or the machine | yes |
//! | a script reaches a network, a process, a path, a descriptor or an environment variable of the host | yes |
//! | a run goes on after its time-out was told | yes |
//! | a run makes the server's memory, disk, descriptors or processes grow without bound | yes |
//! | something of one run is seen by the next, also of the same account | yes |
//! | two runs draw the same random bytes | yes |
//! | native code that is already running in a child does anything beyond the list of calls | yes |
//! | somebody who is not approved runs a script, or somebody suspended goes on | yes |
//! | an answer or its time tells whether an address has an account | yes |
//! | a code, or a link, is good twice | yes |
//! | a permission for a parcel is good twice, or for another's parcel, or without its owner's key | yes |
//! | a parcel that is listed cannot be read while its object store works | yes |
//! | a code, a link, or a token of the sealed channel is good twice | yes |
//! | somebody on the line of the sealed channel reads what is sealed, or has something done that its user did not ask for, but for what [`protocols`](super::protocols) lists | yes |
//! | an answer of `/auth` or its time tells whether there is such a user | yes |
//! | a change that was answered is lost by a crash | yes |
//! | a user of the sealed channel reads or changes a file outside of their workspace without a command of the machine | yes |
//! | a crash leaves half of what a script has changed | yes |
//! | a server's answer drives the client's terminal, or writes a file that was not asked for | yes |
//! | a script reaches a mailbox, or somebody reads or deletes what is in another's | yes |
//! | the server, its database or its log has in it what `client mailbox` has sent, in a form that the server can read | yes |
//! | a script ends its own run in an odd way: trap, abort, wrong result, a crash of its own interpreter | no: a bug |
//! | a script breaks out of what Python itself forbids (`__builtins__`, audit hooks) | no: Python is not a wall here |
//! | a script finds out which version of the server, CPython or wasmtime runs it | no |
//! | an attack that needs write access to the cache folder, the binary or the operator's account | no |
//!
//! Where the tests are: `cargo test` has one for each of the above but two. Of the side channels only the clock is tested, and
//! that nothing grows is shown by `cargo bench -- throughput`.
