//! Fuzzes `fuzzing::pki_request`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_request(data));
