//! The client, and servers that mean it ill.

mod admin;
mod commands;
mod keyboard;
mod liar;
mod lies;
mod trust;
