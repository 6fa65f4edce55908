//! Fuzzes `fuzzing::inventory_ini`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::inventory_ini(data));
