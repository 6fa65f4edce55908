//! Fuzzes `fuzzing::http_response`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::http_response(data));
