//! What a service serves: a handshake that takes any certificate.

use std::{sync::Arc, time::Duration};

use http::{
    Reason,
    peer::{Handshake, Line},
};

use super::Protocol;
use crate::{prelude::*, support::resolve};

/// What PostgreSQL takes for the wish to speak TLS: the length of this message, and a number that stands for it (PostgreSQL
/// documentation, "Message Formats", SSLRequest).
const POSTGRESQL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The certificate that is served there, as DER. The handshake proves that the server has its key; whom it is by is not
/// looked at.
///
/// # Errors
///
/// Nobody answers within the time, or not with TLS.
pub(super) fn certificate(
    address: &str,
    port: u16,
    name: Option<&str>,
    protocol: Protocol,
    limit: Duration,
    ctx: &Context,
) -> Result<Vec<u8>, String> {
    let addresses = resolve::addresses(ctx, address, port).map_err(|error| error.to_string())?;
    let cancel = ctx.cancel.clone();
    let cancelled = Arc::new(move || cancel.is_cancelled());
    let mut line = Line::open(&addresses, limit, &(cancelled as _)).map_err(|error| error.to_string())?;
    if protocol == Protocol::Postgresql {
        line.send(&POSTGRESQL_REQUEST).map_err(|error| error.to_string())?;
        if line.receive().map_err(|error| error.to_string())? != b"S" {
            return Err("the server speaks no TLS".to_owned());
        }
    }
    let wanted = Handshake { server_name: name.unwrap_or_default(), ..Handshake::default() };
    let peer = line.certificates(&wanted, ctx.environment()).map_err(|error| error.to_string())?;
    peer.sent.into_iter().next().ok_or_else(|| "the server showed no certificate".to_owned())
}

/// Whether a connection is refused there, because nobody listens.
pub(super) fn is_refused(address: &str, port: u16, limit: Duration, ctx: &Context) -> bool {
    let Ok(addresses) = resolve::addresses(ctx, address, port) else { return false };
    let cancel = ctx.cancel.clone();
    let cancelled = Arc::new(move || cancel.is_cancelled());
    let opened = Line::open(&addresses, limit, &(cancelled as _));
    matches!(opened, Err(Reason::System(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused)
}
