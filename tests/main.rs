//! The one integration binary. Each file is a subject; `world` is what they share.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod world;

mod accounts;
mod client;
mod console;
mod crash;
mod entropy;
mod fetch_runtime;
mod files;
mod hostile;
mod image;
mod isolation;
mod lifecycle;
mod mail;
mod mailbox;
mod mailbox_crash;
mod outcomes;
mod parcel_faults;
mod parcels;
mod python;
mod requests;
mod returned;
mod run_command;
mod run_files;
mod sealed;
mod serving;
mod sessions;
mod structure;
mod table;
mod workspace;
