//! The helper's output: whole frames, one at a time, from any thread.

use std::{
    fs::File,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use protocol::frame::{FromHelper, encode};

/// Where frames go.
pub struct Output(Mutex<Box<dyn Write + Send>>);

impl Output {
    /// Frames go to that writer, each with one write.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(writer)))
    }

    /// Frames go to the standard output, unbuffered.
    ///
    /// # Errors
    ///
    /// Where it is closed.
    pub fn stdout() -> io::Result<Self> {
        let fd = rustix::io::dup(io::stdout())?;
        Ok(Self::new(File::from(fd)))
    }

    /// Writes a frame.
    ///
    /// # Errors
    ///
    /// Where the control node is gone, or the frame is longer than the protocol allows.
    pub fn send(&self, frame: &FromHelper) -> io::Result<()> {
        let bytes = encode(frame).map_err(io::Error::other)?;
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(&bytes)?;
        writer.flush()
    }
}
