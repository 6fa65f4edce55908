//! Connections: TCP or a Unix socket, with a time limit for each wait and an eye on cancellation.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::error::cancelled;

/// Says whether the call was cancelled.
pub type Cancelled = Arc<dyn Fn() -> bool + Send + Sync>;

/// How long one wait of the system lasts at most; then it is asked whether the call was cancelled.
const TURN: Duration = Duration::from_millis(250);

/// A way to a server, encrypted or not.
pub(crate) trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A socket of which no single read or write takes longer than a limit.
pub(crate) struct Limited {
    socket: Socket,
    limit: Duration,
    cancelled: Cancelled,
    /// What is said when a read takes too long.
    late: &'static str,
}

impl Limited {
    /// Connects to the first address that answers.
    pub(crate) fn tcp(addresses: &[SocketAddr], limit: Duration, cancelled: &Cancelled) -> io::Result<Self> {
        let mut last = io::Error::other("getaddrinfo returns an empty list");
        for address in addresses {
            match TcpStream::connect_timeout(address, limit) {
                Ok(stream) => {
                    // As Python's client does: a request is small and goes out at once.
                    stream.set_nodelay(true)?;
                    return Self::new(Socket::Tcp(stream), limit, cancelled);
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none() => {
                    last = timed_out("timed out");
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Connects to a Unix socket.
    pub(crate) fn unix(path: &str, limit: Duration, cancelled: &Cancelled) -> io::Result<Self> {
        Self::new(Socket::Unix(UnixStream::connect(path)?), limit, cancelled)
    }

    fn new(socket: Socket, limit: Duration, cancelled: &Cancelled) -> io::Result<Self> {
        let turn = Some(TURN.min(limit).max(Duration::from_millis(1)));
        match &socket {
            Socket::Tcp(stream) => stream.set_read_timeout(turn).and_then(|()| stream.set_write_timeout(turn)),
            Socket::Unix(stream) => stream.set_read_timeout(turn).and_then(|()| stream.set_write_timeout(turn)),
        }?;
        Ok(Self { socket, limit, cancelled: Arc::clone(cancelled), late: "timed out" })
    }

    /// Says the end of the time in TLS's words.
    pub(crate) fn for_tls(mut self) -> Self {
        self.late = "The read operation timed out";
        self
    }

    fn patiently(&mut self, mut act: impl FnMut(&mut Socket) -> io::Result<usize>) -> io::Result<usize> {
        let end = Instant::now() + self.limit;
        loop {
            if (self.cancelled)() {
                return Err(cancelled());
            }
            match act(&mut self.socket) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if Instant::now() >= end {
                        return Err(timed_out(self.late));
                    }
                }
                other => return other,
            }
        }
    }
}

fn timed_out(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, text)
}

impl Read for Limited {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.patiently(|socket| match socket {
            Socket::Tcp(stream) => stream.read(into),
            Socket::Unix(stream) => stream.read(into),
        })
    }
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(|socket| match socket {
            Socket::Tcp(stream) => stream.write(bytes),
            Socket::Unix(stream) => stream.write(bytes),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
