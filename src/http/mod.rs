//! The HTTPS door: bytes from strangers become a credential and an action, and what comes of it becomes bytes again.

mod body;
mod field;
mod json;
mod openapi;
mod pages;
