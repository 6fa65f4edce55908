//! The session with a control node: the table of calls, and the end of it all.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{self, BufReader, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use modules::{Cancellation, registry::Table};
use protocol::{
    Invocation, Outcome,
    frame::{self, CallId, FromHelper, Hello, ToHelper, decode, decode_length},
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{call::Handle, complain, job, output::Output};

/// What processes have between SIGTERM and SIGKILL when the session ends or a call is cancelled.
const GRACE: Duration = Duration::from_millis(800);

/// What modules have to notice after that, before the helper leaves without them.
const LEAVE: Duration = Duration::from_millis(400);

/// Serves a control node over the standard input and output until it is gone.
#[must_use]
pub fn serve_stdio(modules: Table) -> ExitCode {
    let opened = Output::stdout().and_then(|output| Ok((output, rustix::io::dup(io::stdin())?)));
    let (output, input) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            complain(&format!("the standard input or output is closed: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let session = Session::new(modules, output);
    session.clean_up_on_panic();
    if let Err(error) = session.end_on_signals() {
        complain(&format!("signals cannot be caught: {error}"));
        return ExitCode::FAILURE;
    }
    session.serve(File::from(input))
}

/// A session; clones are the same one.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

struct Shared {
    modules: Table,
    output: Arc<Output>,
    calls: Mutex<Calls>,
    changed: Condvar,
}

/// The table of calls.
#[derive(Default)]
struct Calls {
    running: HashMap<CallId, Handle>,
    /// Calls that ended well; all others that are neither running nor waiting did not.
    well: HashSet<CallId>,
    waiting: Vec<Waiting>,
    closed: bool,
}

struct Waiting {
    after: CallId,
    id: CallId,
    invocation: Box<Invocation>,
}

impl Session {
    /// A session that runs these modules and answers there.
    #[must_use]
    pub fn new(modules: Table, output: Output) -> Self {
        Self(Arc::new(Shared {
            modules,
            output: Arc::new(output),
            calls: Mutex::new(Calls::default()),
            changed: Condvar::new(),
        }))
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, frame: &FromHelper) {
        // A control node that no longer listens no longer speaks either: the end of the input follows.
        let _ = self.0.output.send(frame);
    }

    /// Says hello and does what the frames say until the input ends.
    #[must_use]
    pub fn serve(&self, input: impl Read) -> ExitCode {
        self.send(&FromHelper::Hello(hello()));
        let mut input = BufReader::with_capacity(64 * 1024, input);
        let code = loop {
            match read_frame(&mut input) {
                Ok(Some(frame)) => self.handle(frame),
                Ok(None) => break ExitCode::SUCCESS,
                Err(error) => {
                    complain(&error.to_string());
                    break ExitCode::FAILURE;
                }
            }
        };
        self.end();
        code
    }

    fn handle(&self, frame: ToHelper) {
        match frame {
            ToHelper::Run { id, after, invocation } => self.run(id, after, invocation),
            ToHelper::Content { id, bytes } => self.content(id, Ok(bytes)),
            ToHelper::ContentFailed { id, reason } => self.content(id, Err(reason)),
            ToHelper::Cancel { id } => self.cancel(id),
            ToHelper::Credit { id, chunks } => {
                if let Some(handle) = self.calls().running.get(&id) {
                    handle.grant(chunks);
                }
            }
        }
    }

    fn run(&self, id: CallId, after: Option<CallId>, invocation: Box<Invocation>) {
        let mut calls = self.calls();
        match after {
            Some(before) if calls.is_pending(before) => {
                calls.waiting.push(Waiting { after: before, id, invocation });
            }
            Some(before) if !calls.well.contains(&before) => {
                drop(calls);
                self.send(&FromHelper::NotRun { id });
            }
            _ => self.start(&mut calls, id, invocation),
        }
    }

    fn start(&self, calls: &mut Calls, id: CallId, invocation: Box<Invocation>) {
        if calls.closed {
            return;
        }
        let (handle, link) = Handle::new(id, self.0.output.clone());
        let cancel = handle.cancel.clone();
        calls.running.insert(id, handle);
        let session = self.clone();
        let link = Arc::new(link);
        let name = format!("{} {id}", invocation.module);
        let started = thread::Builder::new().name(name).spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| match &invocation.job {
                Some(job) => job::start(&invocation, job),
                None => session.0.modules.run(&invocation, link, cancel),
            }));
            let outcome = outcome.unwrap_or_else(|_| {
                Outcome::failure(format!("the module {} broke down; this is a bug of provision", invocation.module))
            });
            session.finish(id, outcome);
        });
        if let Err(error) = started {
            calls.running.remove(&id);
            let outcome = Outcome::failure(format!("no thread can be started on the host: {error}"));
            self.send(&FromHelper::Done { id, outcome: Box::new(outcome) });
        }
    }

    /// A call has ended: its answer goes out, and what was chained to it begins or is given up.
    fn finish(&self, id: CallId, outcome: Outcome) {
        let well = !outcome.failed;
        self.send(&FromHelper::Done { id, outcome: Box::new(outcome) });
        let mut calls = self.calls();
        calls.running.remove(&id);
        if well {
            calls.well.insert(id);
        }
        let mut given_up = Vec::new();
        let mut ended = vec![(id, well)];
        while let Some((before, well)) = ended.pop() {
            let (chained, rest) = std::mem::take(&mut calls.waiting).into_iter().partition(|w| w.after == before);
            calls.waiting = rest;
            for waiting in chained {
                let Waiting { id, invocation, .. } = waiting;
                if well {
                    self.start(&mut calls, id, invocation);
                } else {
                    given_up.push(id);
                    ended.push((id, false));
                }
            }
        }
        drop(calls);
        self.0.changed.notify_all();
        for id in given_up {
            self.send(&FromHelper::NotRun { id });
        }
    }

    fn content(&self, id: CallId, piece: Result<Vec<u8>, String>) {
        let sender = self.calls().running.get(&id).and_then(|handle| handle.content.clone());
        if let Some(sender) = sender {
            // Waits where the module is slow; fails at once where it no longer wants content.
            let _ = sender.send(piece);
        }
    }

    fn cancel(&self, id: CallId) {
        let mut calls = self.calls();
        if let Some(handle) = calls.running.get_mut(&id) {
            handle.cancel();
            let cancel = handle.cancel.clone();
            drop(calls);
            thread::spawn(move || {
                thread::sleep(GRACE);
                cancel.kill();
            });
            return;
        }
        let waiting = calls.waiting.iter().position(|waiting| waiting.id == id);
        if let Some(index) = waiting {
            calls.waiting.remove(index);
            drop(calls);
            self.finish(id, modules::Failure::cancelled().into_outcome());
        }
    }

    /// Ends every call: SIGTERM, then SIGKILL to their processes, and their temporary files removed.
    fn end(&self) {
        let mut calls = self.calls();
        if calls.closed {
            // Another thread is ending the session: it exits for us.
            drop(calls);
            thread::sleep(GRACE + LEAVE + LEAVE);
            return;
        }
        calls.closed = true;
        calls.waiting.clear();
        let marks: Vec<Cancellation> = calls
            .running
            .values_mut()
            .map(|handle| {
                handle.cancel();
                handle.cancel.clone()
            })
            .collect();
        calls = self.wait_for_calls(calls, GRACE);
        drop(calls);
        for mark in &marks {
            mark.kill();
        }
        drop(self.wait_for_calls(self.calls(), LEAVE));
        for mark in &marks {
            mark.remove_temporaries();
        }
    }

    fn wait_for_calls<'a>(&'a self, mut calls: MutexGuard<'a, Calls>, limit: Duration) -> MutexGuard<'a, Calls> {
        let end = Instant::now() + limit;
        while !calls.running.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            (calls, _) = self.0.changed.wait_timeout(calls, left).unwrap_or_else(PoisonError::into_inner);
        }
        calls
    }

    /// A signal that ends programs ends the session first.
    fn end_on_signals(&self) -> io::Result<()> {
        let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT])?;
        let session = self.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            if let Some(signal) = signals.forever().next() {
                session.end();
                std::process::exit(128 + signal);
            }
        })?;
        Ok(())
    }

    /// A bug of ours must not leave files or processes behind: the released helper ends at a panic.
    fn clean_up_on_panic(&self) {
        if cfg!(panic = "unwind") {
            return;
        }
        let session = self.clone();
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            report(info);
            if let Ok(calls) = session.0.calls.try_lock() {
                for handle in calls.running.values() {
                    handle.cancel.cancel();
                    handle.cancel.kill();
                    handle.cancel.remove_temporaries();
                }
            }
        }));
    }
}

impl Calls {
    fn is_pending(&self, id: CallId) -> bool {
        self.running.contains_key(&id) || self.waiting.iter().any(|waiting| waiting.id == id)
    }
}

fn hello() -> Hello {
    let uid = rustix::process::getuid().as_raw();
    let home = std::env::var("HOME").ok().filter(|home| !home.is_empty());
    let home = home.or_else(|| modules::support::accounts::file_user_by_id(uid).map(|user| user.home));
    Hello { protocol: frame::VERSION, pid: std::process::id(), uid, home: home.unwrap_or_else(|| "/".to_owned()) }
}

/// The next frame; `None` at the end of the input, even in the middle of a frame: the control node is gone then.
fn read_frame(input: &mut impl Read) -> io::Result<Option<ToHelper>> {
    let mut prefix = [0; 4];
    if !read_whole(input, &mut prefix)? {
        return Ok(None);
    }
    let length = decode_length(prefix).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    if !read_whole(input, &mut bytes)? {
        return Ok(None);
    }
    decode(&bytes).map(Some).map_err(io::Error::other)
}

fn read_whole(input: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
