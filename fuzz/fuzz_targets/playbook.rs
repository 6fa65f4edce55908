//! Fuzzes `fuzzing::playbook`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::playbook(data));
