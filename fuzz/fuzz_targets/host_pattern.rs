//! Fuzzes `fuzzing::host_pattern`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::host_pattern(data));
