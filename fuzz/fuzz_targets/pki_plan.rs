//! Fuzzes `fuzzing::pki_plan`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_plan(data));
