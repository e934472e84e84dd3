//! The HTTPS door: bytes from strangers become a credential and an action, and what comes of it becomes bytes again.
//!
//! ```text
//! listener -> tls -> connection (pulse, wire) -> route (request, mailbox, head, intake, asked, json, field, query, body)
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
mod line;
mod listener;
mod live;
mod mailbox;
mod multipart;
mod networks;
mod openapi;
mod openapi_parcels;
mod pages;
mod parcel_body;
mod parcels;
mod permit;
mod pulse;
mod query;
mod range;
mod reply;
mod request;
mod route;
mod streamed;
mod tls;
mod wire;

use std::path::PathBuf;
use std::time::Duration;

pub use admin::{ADMIN_ROUTES, AdminSocket};
pub use any_frames::hear_any_frames;
pub use listener::Listener;
pub use multipart::read_any_multipart;
pub use parcels::read_any_parcel_body;
pub use permit::read_any_signed;
pub use range::read_any_range;
pub use request::{ROUTES, read_any_body};
pub use route::Route;

use crate::config::limits;
use crate::domain::Budget;

/// What an operator may set about the door. The defaults are those of [`limits`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one network.
    pub connections_per_network: usize,
    /// How long a TLS handshake may take, from the acceptance of the connection.
    pub handshake: Duration,
    /// How long the first request's head may take, from the acceptance of the connection; a later one's, from its first byte.
    pub head: Duration,
    /// How long a connection may do nothing, or take to fetch an answer.
    pub idle: Duration,
    /// How long a body may take, beside a second for each [`limits::BODY_RATE`] bytes.
    pub body: Duration,
    /// Bytes of all bodies that are being read.
    pub bodies: usize,
    /// Bytes of all bodies that are being read from one network.
    pub bodies_per_network: usize,
    /// What a run may use if its caller does not say otherwise.
    pub budget: Budget,
    /// The longest wall-clock time that a caller can ask for.
    pub wall: Duration,
    /// What a live session may use; its wall-clock time is also the longest that a caller can ask for.
    pub session_budget: Budget,
    /// How often the client of a live session is asked whether it is still there. One that is silent for twice as long is gone.
    pub ping: Duration,
    /// Processes of the sandbox that may be alive at once, for each of which a descriptor is kept back.
    pub children: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            connections_per_network: limits::CONNECTIONS_PER_NETWORK,
            handshake: limits::HANDSHAKE,
            head: limits::HEAD_TIME,
            idle: limits::IDLE,
            body: limits::BODY_TIME,
            bodies: limits::BODIES_BYTES,
            bodies_per_network: limits::BODIES_NETWORK_BYTES,
            budget: Budget::default(),
            wall: limits::EXECUTE_WALL,
            session_budget: Budget::default(),
            ping: limits::PING,
            children: limits::CHILDREN,
        }
    }
}

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
