//! Questions to the kernel's tables of addresses and routes (rtnetlink(7)): what ip(8) asks, without a process.

use std::{io, os::fd::OwnedFd, time::Duration};

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with,
    sockopt::{Timeout, set_socket_timeout},
};

/// `RTM_GETADDR`
pub(super) const GET_ADDRESSES: u16 = 22;
/// `RTM_GETROUTE`
pub(super) const GET_ROUTE: u16 = 26;

/// `NLMSG_ERROR` and `NLMSG_DONE` (netlink(7)).
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// `NLM_F_REQUEST`, `NLM_F_DUMP`.
const REQUEST: u16 = 0x1;
const DUMP: u16 = 0x300;
/// Bytes of `struct nlmsghdr`, and what messages and attributes are aligned to.
const HEADER: usize = 16;
const ALIGNMENT: usize = 4;
/// Bytes for one answer: more than the kernel puts into one datagram.
const BUFFER: usize = 64 << 10;
/// The kernel answers at once; this only guards against waiting for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to the kernel.
pub(super) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

/// One answer: the part after the header.
pub(super) type Message = Vec<u8>;

impl Netlink {
    /// Opens it; any user may.
    pub(super) fn open() -> io::Result<Self> {
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// All entries of a table. `body` is the fixed part of the question.
    pub(super) fn list(&mut self, kind: u16, body: &[u8]) -> io::Result<Vec<Message>> {
        self.ask(kind, REQUEST | DUMP, body)
    }

    /// The one entry that answers the question.
    pub(super) fn get(&mut self, kind: u16, body: &[u8]) -> io::Result<Option<Message>> {
        Ok(self.ask(kind, REQUEST, body)?.into_iter().next())
    }

    fn ask(&mut self, kind: u16, flags: u16, body: &[u8]) -> io::Result<Vec<Message>> {
        self.sequence += 1;
        let mut question = Vec::with_capacity(HEADER + body.len());
        let length = u32::try_from(HEADER + body.len()).map_err(io::Error::other)?;
        question.extend(length.to_ne_bytes());
        question.extend(kind.to_ne_bytes());
        question.extend(flags.to_ne_bytes());
        question.extend(self.sequence.to_ne_bytes());
        question.extend(0_u32.to_ne_bytes());
        question.extend(body);
        send(&self.socket, &question, SendFlags::empty())?;

        let mut found = Vec::new();
        let mut buffer = vec![0; BUFFER];
        loop {
            let (read, _) = recv(&self.socket, &mut buffer[..], RecvFlags::empty())?;
            let mut rest = buffer.get(..read).unwrap_or_default();
            while let Some(length) = u32_at(rest, 0).and_then(|length| usize::try_from(length).ok()) {
                let Some(message) = rest.get(..length).filter(|_| length >= HEADER) else { break };
                rest = rest.get(aligned(length)..).unwrap_or_default();
                // What still comes to an earlier question is not the answer to this one.
                if u32_at(message, 8) != Some(self.sequence) {
                    continue;
                }
                let body = message.get(HEADER..).unwrap_or_default();
                match u16_at(message, 4) {
                    Some(DONE) => return Ok(found),
                    Some(ERROR) => {
                        let code = u32_at(body, 0).map_or(0, u32::cast_signed);
                        return Err(io::Error::from_raw_os_error(-code));
                    }
                    _ => found.push(body.to_vec()),
                }
                if flags & DUMP == 0 {
                    return Ok(found);
                }
            }
        }
    }
}

/// The attributes of a message behind its fixed part: kind and value.
pub(super) fn attributes(message: &[u8], fixed: usize) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = message.get(fixed..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let kind = u16_at(rest, 2)?;
        let value = rest.get(ALIGNMENT..length)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// An attribute as bytes.
pub(super) fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ALIGNMENT + value.len()).unwrap_or(u16::MAX);
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(aligned(bytes.len()), 0);
    bytes
}

fn aligned(length: usize) -> usize {
    length.next_multiple_of(ALIGNMENT)
}

/// Two bytes in the machine's order.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Four bytes in the machine's order.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_they_are_written() {
        let message = [vec![9; 8], attribute(3, b"eth0\0"), attribute(1, &[127, 0, 0, 1])].concat();
        let found: Vec<(u16, &[u8])> = attributes(&message, 8).collect();
        assert_eq!(found, [(3, &b"eth0\0"[..]), (1, &[127, 0, 0, 1][..])]);
    }

    #[test]
    fn a_message_that_is_cut_off_ends_the_reading() {
        let message = attribute(3, b"eth0");
        assert_eq!(attributes(&message[..6], 0).count(), 0);
        assert_eq!(attributes(&[], 8).count(), 0);
    }

    #[test]
    fn the_kernel_tells_the_loopbacks_address() {
        let mut kernel = Netlink::open().unwrap();
        let all = kernel.list(GET_ADDRESSES, &[0; 8]).unwrap();
        let has = |wanted: &[u8]| all.iter().any(|message| attributes(message, 8).any(|(_, value)| value == wanted));
        assert!(has(&[127, 0, 0, 1]));
    }
}
