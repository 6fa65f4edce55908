//! Terminals for commands that are to have one.
//!
//! Source: pty(7), termios(3).

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    fs::{Mode, OFlags, open},
    io::Errno,
    process::{ioctl_tiocsctty, setsid},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

/// What a person types to end the input (Ctrl-D).
pub const END_OF_INPUT: u8 = 4;

/// Our side of a terminal.
#[derive(Debug)]
pub struct Terminal(File);

impl Terminal {
    /// A new terminal, and the side of it that a process gets.
    ///
    /// # Errors
    ///
    /// There are no more of them, or the host has no `/dev/pts`.
    pub fn open() -> io::Result<(Self, OwnedFd)> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let theirs = open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        Ok((Self(File::from(ours)), theirs))
    }

    /// What to write input to, and what to read output from.
    ///
    /// # Errors
    ///
    /// There are no more file descriptors.
    pub(super) fn into_ends(self) -> io::Result<(Option<File>, Option<File>)> {
        Ok((Some(self.0.try_clone()?), Some(self.0)))
    }
}

/// Makes the process, which has a terminal as its input, the leader of a session with that terminal.
///
/// # Errors
///
/// It leads a group already.
pub(super) fn lead_session() -> io::Result<()> {
    setsid()?;
    ioctl_tiocsctty(io::stdin().as_fd())?;
    Ok(())
}

/// Whether reading failed because nobody holds the other side any more.
pub(super) fn is_end(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::IO)
}
