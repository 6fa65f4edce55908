//! Fuzzes `fuzzing::pki_log`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_log(data));
