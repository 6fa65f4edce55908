//! Fuzzes `fuzzing::pki_certificate`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_certificate(data));
