//! Fuzzes `fuzzing::module_support`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::module_support(data));
