//! Fuzzes `fuzzing::known_hosts`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::known_hosts(data));
