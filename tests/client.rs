//! The client, with servers that mean it ill and with the real one.

mod admin;
mod commands;
mod keyboard;
mod liar;
mod lies;
mod live;
mod mailbox;
mod operator;
mod parcels;
mod peer;
mod real;
mod real_session;
mod sealed;
mod sealed_lies;
mod sealed_line;
mod session;
mod trust;
