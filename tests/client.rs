//! The client, with servers that mean it ill and with the real one.

mod admin;
mod commands;
mod keyboard;
mod liar;
mod lies;
mod mailbox;
mod operator;
mod real;
mod trust;
