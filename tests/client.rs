//! The client, with servers that mean it ill and with the real one.

mod admin;
mod commands;
mod keyboard;
mod liar;
mod lies;
mod operator;
mod parcels;
mod real;
mod trust;
