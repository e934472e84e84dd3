//! Prose that must stay true: compiled as documentation, its links checked with the code's.
//!
//! - [`house`]: how the code is laid out, and a walk through one run;
//! - [`operations`]: running a server;
//! - [`protocols`]: how somebody comes in, and what each step is worth;
//! - [`threats`]: who attacks, what stops them, what is deliberately not defended, what counts as a vulnerability;
//! - [`runtime`]: how CPython gets into the image, and how it differs from a native one.

pub mod house;
pub mod operations;
pub mod protocols;
pub mod runtime;
pub mod threats;
