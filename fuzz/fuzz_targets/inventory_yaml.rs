//! Fuzzes `fuzzing::inventory_yaml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::inventory_yaml(data));
