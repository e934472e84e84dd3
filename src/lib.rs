//! Cloud Python runs other people's Python safely: strangers share one machine, and nobody can hurt it or see anybody else.
//!
//! This is the map of the house. A reader with a question starts in the room that owns it:
//!
//! | room | owns |
//! |---|---|
//! | [`cli`] | the command line: what can be typed, and the commands themselves |
//! | [`server`] | the composition root: the only file that knows all rooms |
//! | [`client`] | the other end of the wire: calls a server that it does not trust further than its certificate, or its key |
//! | [`http`] | the HTTPS door and the administrator's socket; the only room that names warp |
//! | `door` | what every listener needs: permits, networks, deadlines |
//! | [`app`] | the corridor behind every door: who may do what, and the doing |
//! | [`auth`] | who somebody is: passwords, codes, tokens, limits on guessing |
//! | [`sandbox`] | running a script behind three walls; the only room that names wasmtime |
//! | [`workspace`] | the files of the sealed channel's users; the only room that names cap-std |
//! | [`mail`] | letters: stored, sent, tried again; the only room that names lettre |
//! | [`objects`] | the bytes of parcels: a directory, an S3 bucket or memory; the only room that names object_store |
//! | [`store`] | what is kept: accounts, tokens, mails, mailboxes, parcels, the audit trail; the only room that names redb |
//! | [`certs`] | the private authority that vouches for the server; the only room that names rcgen |
//! | [`sealed`] | the door of the sealed channel: handshake, sessions, tokens |
//! | [`keys`] | the keys of the sealed channel; the only room that names Ed448 and X448 |
//! | [`domain`] | who asks, what is asked, what is run, how it ended, and the rules of all that; pure |
//! | [`config`] | what an operator may set, and every number that bounds something |
//! | [`clock`] | the only caller of `now()` |
//! | [`vault`] | secrets: made of random bytes, sealed where they must be kept |
//! | [`disk`] | files that are there whole or not at all |
//! | [`telemetry`] | what is logged and how |
//! | [`fuzz`] | what a fuzzer calls |
//! | [`manual`] | the design, the threat model, how to run a server: prose that must stay true |
//!
//! Imports point one way: `cli -> server -> {http, sealed} -> {app, door} -> {auth, sandbox, workspace, objects, mail} -> {store, keys} -> domain`.
//! `config`, `clock`, `vault`,
//! `disk` and `telemetry` may be named by all, and `domain` names none of the other rooms but the limits. `client` names of `sealed` and
//! `keys` what both ends of that channel do alike. A structural test (`tests/structure.rs`) keeps it so.

pub mod app;
pub mod auth;
pub mod certs;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod disk;
pub mod domain;
pub(crate) mod door;
pub mod fuzz;
pub mod http;
pub mod keys;
pub mod mail;
pub mod manual;
pub mod objects;
pub mod sandbox;
pub mod sealed;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod vault;
pub mod workspace;
