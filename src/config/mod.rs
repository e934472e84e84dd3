//! What an operator may set, and the numbers that bound everything else.
//!
//! Owns: [`limits`]. The shape of the configuration file arrives with the server.
//! Not here: anything that acts on a setting.

pub mod limits;
