//! The one integration binary. Each file is a subject; `world` is what they share.

mod world;

mod entropy;
mod hostile;
mod image;
mod isolation;
mod lifecycle;
mod outcomes;
mod python;
mod run_command;
mod structure;
