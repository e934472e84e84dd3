//! Live sessions over a real server: dialogues, ends, limits, floods, and everything that a client can do wrong.

mod dialogues;
mod ends;
mod floods;

mod frames;
mod people;
