//! Fuzzes `fuzzing::jinja_expression`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::jinja_expression(data));
