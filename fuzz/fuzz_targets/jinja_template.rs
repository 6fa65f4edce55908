//! Fuzzes `fuzzing::jinja_template`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::jinja_template(data));
