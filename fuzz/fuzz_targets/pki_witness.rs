//! Fuzzes `fuzzing::pki_witness`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_witness(data));
