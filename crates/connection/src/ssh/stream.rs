//! The bytes below SSH: a TCP socket that acknowledges at once, a proxy command's pipes, a channel of another session.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    process::Stdio,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    net::{TcpSocket, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::config::{AddressFamily, Effective};

/// What SSH can run over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A TCP socket that sends small packets at once and acknowledges what it reads at once: with delayed acknowledgements
/// a server that waits for one (Nagle) answers 40 ms late.
#[derive(Debug)]
struct Prompt(TcpStream);

impl AsyncRead for Prompt {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.0).poll_read(cx, buffer));
        // The kernel forgets the wish after a while, so it is said again; refusing it costs time only.
        let _ = rustix::net::sockopt::set_tcp_quickack(&self.0, true);
        Poll::Ready(read)
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Connects to the host itself; the error is in the ssh command's words.
pub(crate) async fn direct(effective: &Effective, limit: Duration) -> Result<Box<dyn Stream>, String> {
    let Effective { host, port, .. } = effective;
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let timed_out = || format!("ssh: connect to host {host} port {port}: Connection timed out");
    let looked_up =
        tokio::time::timeout(limit, tokio::net::lookup_host((name, *port))).await.map_err(|_| timed_out())?;
    let addresses: Vec<SocketAddr> = match looked_up {
        Ok(addresses) => addresses
            .filter(|address| match effective.address_family {
                AddressFamily::Any => true,
                AddressFamily::Four => address.is_ipv4(),
                AddressFamily::Six => address.is_ipv6(),
            })
            .collect(),
        Err(error) => return Err(format!("ssh: Could not resolve hostname {host}: {}", reason(&error))),
    };
    let mut last = format!("ssh: Could not resolve hostname {host}: Name or service not known");
    for address in addresses {
        match tokio::time::timeout(limit, connect(address, effective.bind_address.as_deref())).await {
            Ok(Ok(socket)) => {
                // Not a reason to give up: it costs time only.
                let _ = socket.set_nodelay(true);
                return Ok(Box::new(Prompt(socket)));
            }
            Ok(Err(error)) => last = format!("ssh: connect to host {host} port {port}: {}", reason(&error)),
            Err(_) => last = timed_out(),
        }
    }
    Err(last)
}

async fn connect(address: SocketAddr, bind: Option<&str>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bind) = bind {
        let bind: std::net::IpAddr =
            bind.parse().map_err(|_| io::Error::other(format!("BindAddress {bind} is no address")))?;
        socket.bind(SocketAddr::new(bind, 0))?;
    }
    socket.connect(address).await
}

/// An error of the system in its own words, without the number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    text.split_once(" (os error").map_or(text, |(text, _)| text).to_owned()
}

/// A proxy command's pipes.
#[derive(Debug)]
pub(crate) struct ProxyCommand {
    stdin: ChildStdin,
    stdout: ChildStdout,
}

/// Starts a proxy command, which is killed when the second value is dropped.
pub(crate) fn proxy_command(command: &str) -> Result<(ProxyCommand, Child), String> {
    let mut child = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("exec {command}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("ProxyCommand {command}: {error}"))?;
    match (child.stdin.take(), child.stdout.take()) {
        (Some(stdin), Some(stdout)) => Ok((ProxyCommand { stdin, stdout }, child)),
        _ => Err(format!("ProxyCommand {command}: it has no pipes")),
    }
}

/// What a proxy command says on standard error before it ends; it has a moment for it.
pub(crate) async fn complaints(mut child: Child) -> String {
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        // What comes later is lost, and so is an error.
        let _ = tokio::time::timeout(Duration::from_secs(1), stderr.take(4096).read_to_end(&mut said)).await;
    }
    String::from_utf8_lossy(&said).trim().to_owned()
}

impl AsyncRead for ProxyCommand {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ProxyCommand {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stdin).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(cx)
    }
}
