//! One call's way to the control node.

use std::{
    io,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use modules::{Cancellation, Link};
use protocol::frame::{CallId, FromHelper};

use crate::output::Output;

/// Chunks of content that may wait for the module; beyond that the helper stops reading, and the control node stops
/// sending.
const WAITING_CHUNKS: usize = 8;

/// A piece of content, or why there is none.
type Piece = Result<Vec<u8>, String>;

/// What the session keeps of a running call.
pub(crate) struct Handle {
    pub(crate) cancel: Cancellation,
    /// Where content goes; taken away when the call is cancelled, which ends a module's wait for it.
    pub(crate) content: Option<SyncSender<Piece>>,
    credit: Arc<Credit>,
}

impl Handle {
    /// A call's two ends: the session's and the module's.
    pub(crate) fn new(id: CallId, output: Arc<Output>) -> (Self, CallLink) {
        let (sender, receiver) = sync_channel(WAITING_CHUNKS);
        let cancel = Cancellation::default();
        let credit = Arc::new(Credit::default());
        let link =
            CallLink { id, output, content: Mutex::new(receiver), credit: credit.clone(), cancel: cancel.clone() };
        (Self { cancel, content: Some(sender), credit }, link)
    }

    /// Room for more chunks.
    pub(crate) fn grant(&self, chunks: u32) {
        self.credit.grant(chunks);
    }

    /// Cancels the call and wakes it wherever it waits.
    pub(crate) fn cancel(&mut self) {
        self.content = None;
        self.cancel.cancel();
        self.credit.grant(0);
    }
}

/// Chunks that may be sent.
#[derive(Default)]
struct Credit {
    left: Mutex<u32>,
    changed: Condvar,
}

impl Credit {
    fn grant(&self, chunks: u32) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_add(chunks);
        drop(left);
        self.changed.notify_all();
    }

    /// Takes one, waiting for it.
    fn take(&self, cancel: &Cancellation) -> io::Result<()> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if cancel.is_cancelled() {
                return Err(cancelled());
            }
            if let Some(rest) = left.checked_sub(1) {
                *left = rest;
                return Ok(());
            }
            left = self.changed.wait(left).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn cancelled() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "the call was cancelled")
}

/// What a module reaches the control node by.
pub(crate) struct CallLink {
    id: CallId,
    output: Arc<Output>,
    content: Mutex<Receiver<Piece>>,
    credit: Arc<Credit>,
    pub(crate) cancel: Cancellation,
}

impl Link for CallLink {
    fn request_content(&self) -> io::Result<()> {
        self.output.send(&FromHelper::NeedContent { id: self.id })
    }

    fn next_chunk(&self) -> io::Result<Vec<u8>> {
        let receiver = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        match receiver.recv() {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(reason)) => Err(io::Error::other(reason)),
            // An interrupted read would be tried again by the standard library.
            Err(_) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the call was cancelled")),
        }
    }

    fn send_chunk(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.credit.take(&self.cancel)?;
        self.output.send(&FromHelper::Chunk { id: self.id, bytes })
    }
}
