//! Fuzzes `fuzzing::pki_pem`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_pem(data));
