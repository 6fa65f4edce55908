//! Fuzzes `fuzzing::ssh_config`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::ssh_config(data));
