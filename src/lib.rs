//! Cloud Python runs other people's Python safely: strangers share one machine, and nobody can hurt it or see anybody else.
//!
//! This is the map of the house. A reader with a question starts in the room that owns it:
//!
//! | room | owns |
//! |---|---|
//! | [`cli`] | the command line: what can be typed, and the commands themselves |
//! | [`mail`] | letters: stored, sent, tried again; the only room that names lettre |
//! | [`certs`] | the private authority that vouches for the server; the only room that names rcgen |
//! | [`disk`] | files that are there whole or not at all |
//! | [`store`] | what is kept: accounts, tokens, mails, the audit trail; the only room that names redb |
//! | [`vault`] | secrets: made of random bytes, sealed where they must be kept |
//! | [`sandbox`] | running a script behind three walls; the only room that names wasmtime |
//! | [`domain`] | who runs, what is run, what it may use, how it ended; pure |
//! | [`config`] | what an operator may set, and every number that bounds something |
//! | [`clock`] | the only caller of `now()` |
//! | [`telemetry`] | what is logged and how |
//! | [`manual`] | the design, the threat model, the figures: prose that must stay true |
//!
//! Imports point one way: `cli -> sandbox -> domain`; `config`, `clock`, `vault` and `telemetry` may be named by all, and
//! `domain` names none of the other rooms but the limits. A structural test (`tests/structure.rs`) keeps it so.

pub mod app;
pub mod certs;
pub mod cli;
pub mod clock;
pub mod config;
pub mod disk;
pub mod domain;
pub mod http;
pub mod mail;
pub mod manual;
pub mod sandbox;
pub mod store;
pub mod telemetry;
pub mod vault;
