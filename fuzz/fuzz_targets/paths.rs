//! See `cloud_python::fuzz`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cloud_python::fuzz::paths(bytes));
