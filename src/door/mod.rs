//! What every listener needs, whatever is spoken on it: who is let in, for how long, and with how much memory.
//!
//! ```text
//! accept (networks) -> the listener's own beginning (TLS, or none) -> drive (pulse, wire) -> the listener's own requests
//! ```
//!
//! Owns: [`Settings`], the accept loop, the counts of connections and bodies by network, and the deadlines of a connection. Not
//! here: what is asked and answered (`http`, `sealed`).

pub(crate) mod accept;
pub(crate) mod drive;
pub(crate) mod networks;
pub(crate) mod pulse;
pub(crate) mod wire;

use std::time::Duration;

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
