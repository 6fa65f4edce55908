//! Fuzzes `fuzzing::pki_transcript`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::pki_transcript(data));
