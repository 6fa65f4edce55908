//! Handshakes for the sake of the server's certificates alone: nothing is asked of the server afterwards.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Read, Write},
    net::SocketAddr,
    time::Duration,
};

use crate::{
    error::Reason,
    stream::{Cancelled, Limited},
    tls,
};

/// What a handshake is to be like.
#[derive(Debug, Clone, Default)]
pub struct Handshake<'a> {
    /// The name that the server is called by (RFC 6066 section 3); one that is no host's is not sent.
    pub server_name: &'a str,
    /// Authorities that have to vouch for the certificate, not for its name; anything is taken without.
    pub ca_path: Option<&'a str>,
    /// Ciphers of TLS 1.2 in OpenSSL's list format, as far as they are known here.
    pub ciphers: Option<&'a str>,
    /// Leaves TLS 1.2 out.
    pub without_tls12: bool,
    /// Leaves TLS 1.3 out.
    pub without_tls13: bool,
}

/// The certificates of a server, in DER, its own first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// As it sent them.
    pub sent: Vec<Vec<u8>>,
    /// As each one's issuer is found, among the trusted ones first; up to an authority where there is one.
    pub chain: Vec<Vec<u8>>,
}

/// A connection on which nothing is encrypted yet.
pub struct Line(Limited);

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl Line {
    /// Connects to the first address that answers.
    ///
    /// # Errors
    ///
    /// What the system says of the last address, or that `limit` is over.
    pub fn open(addresses: &[SocketAddr], limit: Duration, cancelled: &Cancelled) -> Result<Self, Reason> {
        Limited::tcp(addresses, limit, cancelled).map(Self).map_err(Reason::System)
    }

    /// Sends all of it.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        self.0.write_all(bytes).map_err(Reason::System)
    }

    /// Takes what comes first, 8192 bytes at most; nothing is the end.
    ///
    /// # Errors
    ///
    /// What the system says, or that the limit is over.
    pub fn receive(&mut self) -> Result<Vec<u8>, Reason> {
        let mut bytes = vec![0; 8192];
        let count = self.0.read(&mut bytes).map_err(Reason::System)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Shakes hands and says what certificates came.
    ///
    /// A server that ends the connection because it wants a certificate of the client's has shown its own by then.
    ///
    /// # Errors
    ///
    /// Authorities that cannot be read, no cipher in common, a certificate that none of the authorities vouches for, and all
    /// that can go wrong in a handshake, in OpenSSL's words where it is known how those read.
    pub fn certificates(self, wanted: &Handshake<'_>, environment: &BTreeMap<String, String>) -> Result<Peer, Reason> {
        tls::peer(self.0, wanted, environment)
    }
}

/// The end of a time limit reads as Python's.
pub(crate) fn late(error: io::Error) -> Reason {
    if error.kind() == io::ErrorKind::TimedOut {
        return Reason::Text("The handshake operation timed out".to_owned());
    }
    Reason::System(error)
}
