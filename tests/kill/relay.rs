//! A relay between the control node and a host's sshd that counts bytes, so that a run can be met, or held, at a byte.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Instant;

/// What to do when so many bytes of one connection have gone to the host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch {
    /// Bytes to the host, since the run began.
    pub(crate) at: u64,
    /// Let nothing more through.
    pub(crate) hold: bool,
}

/// A listening relay; it lives as long as the test.
#[derive(Debug)]
pub(crate) struct Relay {
    /// The port on 127.0.0.1.
    pub(crate) port: u16,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    sent: AtomicU64,
    run: Mutex<Run>,
}

/// What belongs to one run.
#[derive(Debug, Default)]
struct Run {
    watch: Option<(Watch, mpsc::Sender<()>)>,
    traffic: Vec<(Instant, u64)>,
}

impl State {
    /// How many of `count` further bytes may pass now.
    fn admit(&self, count: usize) -> usize {
        let run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        match &run.watch {
            Some((watch, _)) if watch.hold => {
                let left = watch.at.saturating_sub(self.sent.load(Ordering::SeqCst));
                usize::try_from(left).map_or(count, |left| left.min(count))
            }
            _ => count,
        }
    }

    fn note(&self, count: usize) {
        let sent = self.sent.fetch_add(count as u64, Ordering::SeqCst) + count as u64;
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.traffic.push((Instant::now(), sent));
        if let Some((watch, tell)) = &run.watch
            && sent >= watch.at
        {
            // Whoever asked may know already.
            let _ = tell.send(());
            if !watch.hold {
                run.watch = None;
            }
        }
    }
}

impl Relay {
    /// A relay to port 22 of that address.
    pub(crate) fn start(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback");
        let port = listener.local_addr().expect("its address").port();
        let state = Arc::new(State::default());
        let (shared, address) = (Arc::clone(&state), address.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let host = TcpStream::connect((address.as_str(), 22)).expect("sshd answers");
                let back = (host.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
                let state = Arc::clone(&shared);
                std::thread::spawn(move || pump(&client, &host, Some(&state)));
                std::thread::spawn(move || pump(&back.0, &back.1, None));
            }
        });
        Self { port, state }
    }

    /// Begins to count for the next run; the receiver hears when the watched byte has passed.
    pub(crate) fn next_run(&self, watch: Option<Watch>) -> mpsc::Receiver<()> {
        let (tell, hear) = mpsc::channel();
        let mut run = self.state.run.lock().unwrap_or_else(PoisonError::into_inner);
        self.state.sent.store(0, Ordering::SeqCst);
        *run = Run { watch: watch.map(|watch| (watch, tell)), traffic: Vec::new() };
        hear
    }

    /// Bytes that have gone to the host in this run so far.
    pub(crate) fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }

    /// When this run had sent so many bytes.
    pub(crate) fn time_of(&self, bytes: u64) -> Option<Instant> {
        let run = self.state.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.traffic.iter().find(|(_, sent)| *sent >= bytes).map(|(at, _)| *at)
    }
}

/// Hands on what one side says until it is silent for good; then both are closed, as the kernel closes what a killed
/// process had open. What is held back is lost.
fn pump(mut from: &TcpStream, mut to: &TcpStream, count: Option<&State>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let admitted = count.map_or(length, |state| state.admit(length));
        if to.write_all(buffer.get(..admitted).unwrap_or_default()).is_err() {
            break;
        }
        if let Some(state) = count.filter(|_| admitted > 0) {
            state.note(admitted);
        }
    }
    for side in [from, to] {
        // Closed already where the other direction came first.
        drop(side.shutdown(Shutdown::Both));
    }
}
