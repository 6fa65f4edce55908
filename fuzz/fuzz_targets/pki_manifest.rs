//! Fuzzes `fuzzing::pki_manifest`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_manifest(data));
