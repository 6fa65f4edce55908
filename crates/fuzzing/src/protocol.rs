//! The frames between control node and helper.

use protocol::{
    frame::{FromHelper, MAX_LENGTH, ToHelper, decode, decode_length, encode},
    python_json,
};

/// Reads a frame, in both directions.
pub fn frames(data: &[u8]) {
    if let Some(prefix) = data.first_chunk::<4>()
        && let Ok(length) = decode_length(*prefix)
    {
        assert!(length <= MAX_LENGTH, "a frame is no longer than allowed");
    }
    both_ways::<ToHelper>(data);
    if let Some(FromHelper::Done { outcome, .. }) = both_ways::<FromHelper>(data) {
        for value in outcome.values.values() {
            let _ = python_json::dumps(value, python_json::Style::pretty());
        }
    }
}

/// A frame that was read is written and read again; as bytes, for NaN is not equal to itself.
fn both_ways<T: serde::Serialize + serde::de::DeserializeOwned>(data: &[u8]) -> Option<T> {
    let frame = decode::<T>(data).ok()?;
    let written = encode(&frame).ok()?;
    let again = written.get(4..).and_then(|bytes| decode::<T>(bytes).ok());
    let Some(again) = again else { panic!("a frame that was written cannot be read") };
    assert_eq!(encode(&again).ok(), Some(written), "a frame comes back as it was");
    Some(frame)
}
