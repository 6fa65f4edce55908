//! Fuzzes `fuzzing::ansible_filters`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::ansible_filters(data));
