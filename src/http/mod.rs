//! The HTTPS door: bytes from strangers become a credential and an action, and what comes of it becomes bytes again.
//!
//! ```text
//! listener -> tls -> connection -> route (request, mailbox, head, intake, asked, json, field, query, body)
//!          -> App::handle -> reply (pages, console, openapi)
//! admin ------------^   |    live (handshake, frames, beat, line, ending) -> App::open
//!                       +--> parcels (permit, multipart, parcel_body) -> App::upload, download -> streamed
//! ```
//!
//! Owns: two doors, [`Listener`] for everybody and [`AdminSocket`] for the operator, with all their limits, and everything that
//! only HTTP knows: routes, methods, content types, status codes. Only room that names warp, hyper's server and tokio-rustls's. Not here: who
//! may do what, and what is done.
//!
//! What goes in and out is never logged: a debug line has a route's pattern, not the path, which may have a token in it. (warp,
//! hyper and h2 would write paths and headers at their own `trace` level; the program does not listen to it.)

mod admin;
mod any_frames;
mod asked;
mod beat;
mod body;
mod connection;
mod console;
mod ending;
mod field;
mod frames;
mod handshake;
mod head;
mod intake;
mod json;
mod keys;
mod line;
mod listener;
mod live;
mod mailbox;
mod multipart;
mod openapi;
mod openapi_parcels;
mod pages;
mod parcel_body;
mod parcels;
mod permit;
mod query;
mod range;
mod reply;
mod request;
mod route;
mod streamed;
mod tls;

use std::path::PathBuf;

pub use admin::{ADMIN_ROUTES, AdminSocket};
pub use any_frames::hear_any_frames;
pub use listener::Listener;
pub use multipart::read_any_multipart;
pub use parcels::read_any_parcel_body;
pub use permit::read_any_signed;
pub use range::read_any_range;
pub use request::{ROUTES, read_any_body};
pub use route::Route;

pub use crate::door::Settings;

/// A door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// A file of the certificate cannot be used.
    #[error("cannot use the certificate or key in {0}: {1}")]
    Certificate(PathBuf, String),
    /// The cryptography refuses to work.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[source] rustls::Error),
    /// The administrator's socket cannot be made.
    #[error("cannot make the administrator's socket {0}: {1}")]
    Socket(PathBuf, #[source] std::io::Error),
    /// Another server answers there.
    #[error("the administrator's socket {0} belongs to a server that is running")]
    Taken(PathBuf),
}
