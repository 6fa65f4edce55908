//! Fuzzes `fuzzing::pki_revocation_list`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_revocation_list(data));
