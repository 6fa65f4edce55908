//! The messages on the wire and their encoding.
//!
//! A frame is a 4-byte little-endian length and that many bytes of postcard. The helper speaks first, with
//! [`FromHelper::Hello`]. End of input is the order to stop: the helper ends what it runs, removes what is temporary
//! and exits.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Invocation, Outcome};

/// The version of the protocol; both ends are built from one tree, so a difference is an error.
pub const VERSION: u32 = 1;

/// The longest frame that either end accepts, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024 * 1024;

/// The size of a chunk of content, in bytes.
pub const CHUNK: usize = 256 * 1024;

/// Content up to this many bytes is sent along with the call.
pub const INLINE_CONTENT: usize = 64 * 1024;

/// The number of a call within one helper's life.
pub type CallId = u32;

/// What the control node says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToHelper {
    /// Run a module. Calls run at the same time unless they are chained by `after`.
    Run {
        /// The call.
        id: CallId,
        /// Begin only when that call has ended well; if it did not, answer [`FromHelper::NotRun`].
        after: Option<CallId>,
        /// What to run.
        invocation: Box<Invocation>,
    },
    /// A piece of the content that the helper asked for.
    Content {
        /// The call.
        id: CallId,
        /// The bytes; an empty piece ends the content.
        #[serde(with = "crate::bytes")]
        bytes: Vec<u8>,
    },
    /// The content cannot be read on the control node; the call fails with this reason.
    ContentFailed {
        /// The call.
        id: CallId,
        /// Why.
        reason: String,
    },
    /// End a call: its processes are killed, its temporary files removed; it answers [`FromHelper::Done`].
    Cancel {
        /// The call.
        id: CallId,
    },
    /// Room for more chunks that the helper sends (`fetch`): how many.
    Credit {
        /// The call.
        id: CallId,
        /// Chunks that may be sent from now.
        chunks: u32,
    },
}

/// What the helper says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FromHelper {
    /// The first frame.
    Hello(Hello),
    /// The module needs the content of its call.
    NeedContent {
        /// The call.
        id: CallId,
    },
    /// A piece of a file that goes to the control node (`fetch`); an empty piece ends it.
    Chunk {
        /// The call.
        id: CallId,
        /// The bytes.
        #[serde(with = "crate::bytes")]
        bytes: Vec<u8>,
    },
    /// The call ended.
    Done {
        /// The call.
        id: CallId,
        /// What came of it.
        outcome: Box<Outcome>,
    },
    /// The call was chained to one that did not end well.
    NotRun {
        /// The call.
        id: CallId,
    },
}

/// What the helper says of itself and of its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`].
    pub protocol: u32,
    /// The helper's process id.
    pub pid: u32,
    /// The user it runs as.
    pub uid: u32,
    /// That user's home folder.
    pub home: String,
}

/// A frame that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    /// The length is beyond [`MAX_LENGTH`].
    #[error("a frame of {0} bytes is longer than the {MAX_LENGTH} that are allowed")]
    TooLong(usize),
    /// The bytes are not a frame of this protocol.
    #[error("bytes that are not a frame of protocol version {VERSION}: {0}")]
    Malformed(String),
}

/// The bytes of one frame, length first.
///
/// # Errors
///
/// [`FrameError::TooLong`] where the frame is beyond [`MAX_LENGTH`].
pub fn encode<T: Serialize>(frame: &T) -> Result<Vec<u8>, FrameError> {
    let bytes = postcard::to_extend(frame, vec![0; 4]).map_err(|error| FrameError::Malformed(error.to_string()))?;
    encode_length(bytes)
}

fn encode_length(mut bytes: Vec<u8>) -> Result<Vec<u8>, FrameError> {
    let length = bytes.len().saturating_sub(4);
    if length > MAX_LENGTH {
        return Err(FrameError::TooLong(length));
    }
    let prefix = u32::try_from(length).map_err(|_| FrameError::TooLong(length))?.to_le_bytes();
    if let Some(head) = bytes.get_mut(..4) {
        head.copy_from_slice(&prefix);
    }
    Ok(bytes)
}

/// The length that a frame's first four bytes announce.
///
/// # Errors
///
/// [`FrameError::TooLong`] where it is beyond [`MAX_LENGTH`].
pub fn decode_length(prefix: [u8; 4]) -> Result<usize, FrameError> {
    let length = u32::from_le_bytes(prefix) as usize;
    if length > MAX_LENGTH { Err(FrameError::TooLong(length)) } else { Ok(length) }
}

/// A frame from its bytes, the length taken off.
///
/// # Errors
///
/// [`FrameError::Malformed`] where the bytes are not a frame.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
    postcard::from_bytes(bytes).map_err(|error| FrameError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_as_it_was_written() {
        let frame = ToHelper::Run {
            id: 7,
            after: None,
            invocation: Box::new(Invocation { module: "ping".into(), ..Invocation::default() }),
        };
        let bytes = encode(&frame).unwrap();
        let length = decode_length(bytes[..4].try_into().unwrap()).unwrap();
        assert_eq!(length, bytes.len() - 4);
        assert_eq!(decode::<ToHelper>(&bytes[4..]).unwrap(), frame);
    }

    #[test]
    fn content_travels_as_it_is() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let frame = ToHelper::Content { id: 7, bytes: bytes.clone() };
        let encoded = encode(&frame).unwrap();
        assert!(encoded.ends_with(&bytes) && encoded.len() < bytes.len() + 16);
        assert_eq!(decode::<ToHelper>(&encoded[4..]).unwrap(), frame);
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_anything_is_allocated() {
        assert_eq!(decode_length(u32::MAX.to_le_bytes()), Err(FrameError::TooLong(u32::MAX as usize)));
    }

    #[test]
    fn bytes_that_are_no_frame_are_an_error_and_no_panic() {
        assert!(decode::<FromHelper>(&[0xff, 0xff, 0xff]).is_err());
    }
}
