//! Fuzzes `fuzzing::pki_share`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_share(data));
