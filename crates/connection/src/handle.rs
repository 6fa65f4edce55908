//! Many calls over one helper: numbers them, streams their content, and tells each of them its outcome, or that the
//! link died.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use bytes::{Bytes, BytesMut};
use protocol::{
    Invocation, Outcome,
    frame::{self, CallId, FromHelper, Hello, ToHelper},
    invocation::Content,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    bootstrap::Started,
    error::CallError,
    exec::{ExecEvent, ExecReader, ExecWriter, Exit},
};

/// Chunks of content that wait to be written, for all calls of a link together.
const CHUNKS_WAITING: usize = 4;

/// Chunks that a helper may send ahead of the receiver, per call.
const CREDIT: u32 = 8;

/// How much of what the helper says on standard error is kept for messages, in bytes.
const STDERR: usize = 8 * 1024;

/// Where the content of a call comes from.
pub enum ContentSource {
    /// From memory.
    Bytes(Bytes),
    /// From a file of the control node, read while it is sent.
    File(PathBuf),
    /// From a reader, of which the length is known.
    Reader {
        /// Length in bytes.
        length: u64,
        /// The reader.
        reader: Box<dyn AsyncRead + Send + Sync + Unpin>,
    },
}

impl std::fmt::Debug for ContentSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(formatter, "Bytes({})", bytes.len()),
            Self::File(path) => write!(formatter, "File({})", path.display()),
            Self::Reader { length, .. } => write!(formatter, "Reader({length})"),
        }
    }
}

/// A helper that runs on a host as some user. Cheap to clone; when the last clone and the last call are gone, its input
/// ends and with it the helper.
#[derive(Debug, Clone)]
pub struct HelperHandle {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    hello: Hello,
    urgent: mpsc::UnboundedSender<Order>,
    bulk: mpsc::Sender<Bytes>,
    shared: Arc<Shared>,
    tasks: Mutex<Option<[JoinHandle<()>; 2]>>,
}

/// What the writing task is told.
#[derive(Debug)]
enum Order {
    Frame(Bytes),
    Close,
}

#[derive(Debug)]
struct Shared {
    calls: Mutex<Calls>,
    dead: OnceLock<String>,
}

#[derive(Debug, Default)]
struct Calls {
    last: CallId,
    waiting: HashMap<CallId, Listener>,
}

/// A call that waits.
#[derive(Debug)]
struct Listener {
    news: mpsc::UnboundedSender<News>,
    /// Chunks that were allowed and have not come.
    credit: u32,
}

/// What a call hears.
#[derive(Debug)]
enum News {
    NeedContent,
    Chunk(Vec<u8>),
    Done(Box<Outcome>),
    NotRun,
}

impl Shared {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        // The map is whole at every moment in which a panic could happen.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn die(&self, reason: String) {
        let _ = self.dead.set(reason);
        // Dropping the senders wakes every call.
        self.calls().waiting.clear();
    }

    fn unreachable(&self) -> CallError {
        CallError::Unreachable(
            self.dead.get().cloned().unwrap_or_else(|| "the link to the helper was closed".to_owned()),
        )
    }
}

impl HelperHandle {
    /// Takes over a started helper; `name` is what messages call the host.
    pub(crate) fn new(started: Started, name: &str) -> Self {
        let (urgent, orders) = mpsc::unbounded_channel();
        let (bulk, content) = mpsc::channel(CHUNKS_WAITING);
        let shared = Arc::new(Shared { calls: Mutex::default(), dead: OnceLock::new() });
        let Started { exec, hello, rest } = started;
        let (lost, gone) = oneshot::channel();
        let reading = tokio::spawn(read(exec.reader, rest, Arc::clone(&shared), name.to_owned(), lost));
        let writing = tokio::spawn(write(exec.writer, orders, content, gone));
        Self { inner: Arc::new(Inner { hello, urgent, bulk, shared, tasks: Mutex::new(Some([reading, writing])) }) }
    }

    /// What the helper said of itself.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        &self.inner.hello
    }

    /// Whether the link is dead, so that every call answers [`CallError::Unreachable`].
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.inner.shared.dead.get().is_some()
    }

    /// Runs a module and waits for its outcome. Dropping the future cancels the call on the host.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn call(&self, invocation: Invocation, content: Option<ContentSource>) -> Result<Outcome, CallError> {
        self.start(invocation, content, None).await?.outcome().await
    }

    /// Sends a call without waiting for its outcome. With `after`, the helper begins it only when that call has ended
    /// well. Small content is sent along, larger content when the helper asks for it, which it can do only while
    /// [`Call::outcome`] (or [`Call::next_chunk`]) is awaited: await all started calls together.
    ///
    /// # Errors
    ///
    /// [`CallError::Unreachable`] where the link is dead, [`CallError::Unsendable`] where the call or its content cannot be
    /// read or is too long.
    pub async fn start(
        &self,
        mut invocation: Invocation,
        content: Option<ContentSource>,
        after: Option<CallId>,
    ) -> Result<Call, CallError> {
        let content = match content {
            Some(source) => {
                let (content, rest) = prepare(source).await?;
                invocation.content = Some(content);
                rest
            }
            None => None,
        };
        let (sender, news) = mpsc::unbounded_channel();
        let id = {
            let mut calls = self.inner.shared.calls();
            calls.last = calls.last.wrapping_add(1);
            let id = calls.last;
            calls.waiting.insert(id, Listener { news: sender, credit: 0 });
            id
        };
        let call = Call { link: self.clone(), id, news, content, chunks: 0, ended: false };
        let frame = encode(&ToHelper::Run { id, after, invocation: Box::new(invocation) })?;
        // Checked after the call was entered: either the reader clears it, or it is seen to be dead here.
        if self.is_dead() || self.inner.urgent.send(Order::Frame(frame)).is_err() {
            return Err(self.inner.shared.unreachable());
        }
        Ok(call)
    }

    /// Ends the helper: what it runs is killed. Waits until it is gone, at most `limit`.
    pub async fn close(&self, limit: std::time::Duration) {
        // A writer that is gone has closed already.
        let _ = self.inner.urgent.send(Order::Close);
        let tasks = self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some([reading, writing]) = tasks {
            let abort = [reading.abort_handle(), writing.abort_handle()];
            let both = async { (writing.await, reading.await) };
            if tokio::time::timeout(limit, both).await.is_err() {
                abort.iter().for_each(tokio::task::AbortHandle::abort);
            }
        }
        self.inner.shared.die("the link to the helper was closed".to_owned());
    }

    fn send(&self, frame: &ToHelper) {
        if let Ok(bytes) = encode(frame) {
            // A writer that is gone means a dead link, which the call learns from its news.
            let _ = self.inner.urgent.send(Order::Frame(bytes));
        }
    }
}

/// A call that was sent.
#[derive(Debug)]
pub struct Call {
    link: HelperHandle,
    id: CallId,
    news: mpsc::UnboundedReceiver<News>,
    content: Option<ContentSource>,
    /// Chunks that the helper may still send before it waits for more credit.
    chunks: u32,
    ended: bool,
}

impl Call {
    /// The call's number, for `after`.
    #[must_use]
    pub fn id(&self) -> CallId {
        self.id
    }

    /// Tells the helper to end the call; its outcome still comes.
    pub fn cancel(&self) {
        self.link.send(&ToHelper::Cancel { id: self.id });
    }

    /// Waits for the outcome; streams the content where the helper asks for it. Chunks that the helper sends are dropped:
    /// for `fetch` use [`Call::next_chunk`] first. Safe to cancel only by giving up the call.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn outcome(mut self) -> Result<Outcome, CallError> {
        loop {
            match self.step().await? {
                Step::Chunk(_) => {}
                Step::Done(outcome) => return Ok(*outcome),
            }
        }
    }

    /// The next piece of the file that the helper sends, or the outcome where the call ended.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn next_chunk(&mut self) -> Result<Step, CallError> {
        if self.chunks < CREDIT / 2 {
            let more = CREDIT.saturating_sub(self.chunks);
            self.chunks = CREDIT;
            if let Some(listener) = self.link.inner.shared.calls().waiting.get_mut(&self.id) {
                listener.credit = listener.credit.saturating_add(more);
            }
            self.link.send(&ToHelper::Credit { id: self.id, chunks: more });
        }
        self.step().await
    }

    async fn step(&mut self) -> Result<Step, CallError> {
        let mut next = self.news.recv().await;
        loop {
            match next {
                Some(News::NeedContent) => next = self.send_content().await,
                Some(News::Chunk(bytes)) => {
                    self.chunks = self.chunks.saturating_sub(u32::from(!bytes.is_empty()));
                    return Ok(Step::Chunk(bytes));
                }
                Some(News::Done(outcome)) => {
                    self.ended = true;
                    return Ok(Step::Done(outcome));
                }
                Some(News::NotRun) => {
                    self.ended = true;
                    return Err(CallError::NotRun);
                }
                None => {
                    self.ended = true;
                    return Err(self.link.inner.shared.unreachable());
                }
            }
        }
    }

    /// Streams the content until it ends or the call hears something else, which ends the streaming: the module has
    /// failed, or the link.
    async fn send_content(&mut self) -> Option<News> {
        let source = self.content.take();
        let (id, bulk) = (self.id, self.link.inner.bulk.clone());
        tokio::select! {
            biased;
            news = self.news.recv() => return news,
            sent = stream(id, source, &bulk) => if let Err(reason) = sent {
                self.link.send(&ToHelper::ContentFailed { id, reason });
            },
        }
        self.news.recv().await
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let entered = self.link.inner.shared.calls().waiting.remove(&self.id).is_some();
        if entered && !self.ended {
            self.cancel();
        }
    }
}

/// What a call came to next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A piece of the file; an empty one ends it.
    Chunk(Vec<u8>),
    /// The call ended.
    Done(Box<Outcome>),
}

fn encode(frame: &ToHelper) -> Result<Bytes, CallError> {
    frame::encode(frame).map(Bytes::from).map_err(|error| CallError::Unsendable(error.to_string()))
}

/// Small content goes with the call, larger content waits until it is asked for.
async fn prepare(source: ContentSource) -> Result<(Content, Option<ContentSource>), CallError> {
    let small = |length: u64| length <= frame::INLINE_CONTENT as u64;
    match source {
        ContentSource::Bytes(bytes) if small(bytes.len() as u64) => Ok((Content::Inline(bytes.to_vec()), None)),
        ContentSource::Bytes(bytes) => {
            Ok((Content::OnRequest { length: bytes.len() as u64 }, Some(ContentSource::Bytes(bytes))))
        }
        ContentSource::File(path) => {
            let unreadable = |error| CallError::Unsendable(format!("{}: {error}", path.display()));
            let length = tokio::fs::metadata(&path).await.map_err(unreadable)?.len();
            if small(length) {
                Ok((Content::Inline(tokio::fs::read(&path).await.map_err(unreadable)?), None))
            } else {
                Ok((Content::OnRequest { length }, Some(ContentSource::File(path))))
            }
        }
        ContentSource::Reader { length, reader } => {
            Ok((Content::OnRequest { length }, Some(ContentSource::Reader { length, reader })))
        }
    }
}

/// Sends the content in chunks, and an empty one after the last.
async fn stream(id: CallId, source: Option<ContentSource>, bulk: &mpsc::Sender<Bytes>) -> Result<(), String> {
    let gone = "the link is closed";
    let send = async |bytes: Vec<u8>| {
        let frame = encode(&ToHelper::Content { id, bytes }).map_err(|error| error.to_string())?;
        bulk.send(frame).await.map_err(|_| gone.to_owned())
    };
    let mut reader: Box<dyn AsyncRead + Send + Sync + Unpin> = match source {
        None => return Err("there is no content, or it was sent already".to_owned()),
        Some(ContentSource::Bytes(bytes)) => {
            for piece in bytes.chunks(frame::CHUNK) {
                send(piece.to_vec()).await?;
            }
            return send(Vec::new()).await;
        }
        Some(ContentSource::File(path)) => {
            Box::new(tokio::fs::File::open(&path).await.map_err(|error| format!("{}: {error}", path.display()))?)
        }
        Some(ContentSource::Reader { reader, .. }) => reader,
    };
    loop {
        let mut piece = Vec::with_capacity(frame::CHUNK);
        (&mut reader).take(frame::CHUNK as u64).read_to_end(&mut piece).await.map_err(|error| error.to_string())?;
        let last = piece.is_empty();
        send(piece).await?;
        if last {
            return Ok(());
        }
    }
}

async fn write(
    mut writer: ExecWriter,
    mut orders: mpsc::UnboundedReceiver<Order>,
    mut content: mpsc::Receiver<Bytes>,
    mut gone: oneshot::Receiver<()>,
) {
    loop {
        let bytes = tokio::select! {
            biased;
            _ = &mut gone => return,
            order = orders.recv() => match order {
                Some(Order::Frame(bytes)) => bytes,
                Some(Order::Close) | None => break,
            },
            Some(bytes) = content.recv() => bytes,
        };
        let written = tokio::select! {
            written = writer.write(bytes) => written,
            _ = &mut gone => return,
        };
        if written.is_err() {
            // The reader learns the reason from the other side's end.
            break;
        }
    }
    writer.end().await;
    // The way out stays open until the helper has ended: it may still clean up and say why.
    let _ = gone.await;
}

async fn read(
    mut reader: ExecReader,
    mut buffer: BytesMut,
    shared: Arc<Shared>,
    name: String,
    _lost: oneshot::Sender<()>,
) {
    let mut stderr = String::new();
    let reason = loop {
        match deliver(&mut buffer, &shared) {
            Ok(()) => {}
            Err(error) => break format!("Host {name}: what the helper says is not understood: {error}"),
        }
        match reader.next().await {
            ExecEvent::Stdout(bytes) if buffer.is_empty() => {
                buffer = bytes.try_into_mut().unwrap_or_else(BytesMut::from)
            }
            ExecEvent::Stdout(bytes) => buffer.extend_from_slice(&bytes),
            ExecEvent::Stderr(bytes) => {
                stderr.push_str(&String::from_utf8_lossy(&bytes));
                if stderr.len() > 2 * STDERR {
                    let cut = stderr.len().saturating_sub(STDERR);
                    stderr = stderr.char_indices().skip_while(|(at, _)| *at < cut).map(|(_, c)| c).collect();
                }
            }
            ExecEvent::Ended(exit) => break lost(&name, &exit, stderr.trim()),
        }
    };
    shared.die(reason);
}

fn lost(name: &str, exit: &Exit, stderr: &str) -> String {
    let how = match exit {
        Exit { code: Some(code), .. } => format!("the helper ended with exit code {code}"),
        Exit { signal: Some(signal), .. } => format!("the helper was ended by signal {signal}"),
        Exit { lost: Some(lost), .. } => lost.clone(),
        Exit { .. } => "the connection was closed".to_owned(),
    };
    let said = if stderr.is_empty() { String::new() } else { format!(": {stderr}") };
    format!("Connection to host {name} was lost: {how}{said}")
}

/// Hands every whole frame in the buffer to its call.
fn deliver(buffer: &mut BytesMut, shared: &Shared) -> Result<(), frame::FrameError> {
    while let Some(prefix) = buffer.first_chunk::<4>() {
        let length = frame::decode_length(*prefix)?;
        let Some(bytes) = buffer.get(4..length.saturating_add(4)) else {
            buffer.reserve(length.saturating_add(4).saturating_sub(buffer.len()));
            return Ok(());
        };
        let (id, news) = match frame::decode(bytes)? {
            FromHelper::Hello(_) => return Err(frame::FrameError::Malformed("a second hello".to_owned())),
            FromHelper::NeedContent { id } => (id, News::NeedContent),
            FromHelper::Chunk { id, bytes } => (id, News::Chunk(bytes)),
            FromHelper::Done { id, outcome } => (id, News::Done(outcome)),
            FromHelper::NotRun { id } => (id, News::NotRun),
        };
        drop(buffer.split_to(length.saturating_add(4)));
        let mut calls = shared.calls();
        let sent = match &news {
            News::Done(_) | News::NotRun => calls.waiting.remove(&id).map(|listener| listener.news.send(news)),
            News::NeedContent => calls.waiting.get(&id).map(|listener| listener.news.send(news)),
            News::Chunk(bytes) => match calls.waiting.get_mut(&id) {
                // Whoever sends without leave would fill our memory. The empty piece at the end needs none.
                Some(listener) if listener.credit == 0 && !bytes.is_empty() => {
                    return Err(frame::FrameError::Malformed(format!("a chunk of call {id} without leave")));
                }
                Some(listener) => {
                    listener.credit = listener.credit.saturating_sub(u32::from(!bytes.is_empty()));
                    Some(listener.news.send(news))
                }
                None => None,
            },
        };
        // A call that was given up does not listen.
        drop(sent);
    }
    Ok(())
}
