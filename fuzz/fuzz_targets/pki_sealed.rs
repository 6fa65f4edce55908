//! Fuzzes `fuzzing::pki_sealed`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_sealed(data));
