//! What is logged and how.
//!
//! Owns: setting up `tracing`. Not here: what is worth a line; each room says that where it happens.
