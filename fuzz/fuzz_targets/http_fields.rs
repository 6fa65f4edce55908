//! Fuzzes `fuzzing::http_fields`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::http_fields(data));
