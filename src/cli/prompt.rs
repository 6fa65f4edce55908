//! Asking for secrets: on the terminal without echo, else from standard input, as Python's `getpass` does.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, Read, Write},
    os::fd::AsFd,
};

use protocol::Secret;
use rustix::{
    process::{Signal, kill_current_process_group},
    termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr},
};
use zeroize::Zeroizing;

use crate::vault::source::Ask;

/// The longest line that a terminal gives, in bytes.
const LONGEST: usize = 4096;

/// Asks whoever sits at the terminal.
pub struct Operator;

impl Ask for Operator {
    fn ask(&mut self, prompt: &str) -> Result<Secret, String> {
        password(prompt).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "EOFError (ctrl-d) on prompt".to_owned(),
            _ => error.to_string(),
        })
    }
}

/// Reads one line without echo from the controlling terminal, or from standard input where there is none.
///
/// # Errors
///
/// There is nothing to read ([`io::ErrorKind::UnexpectedEof`]), or reading fails.
pub fn password(prompt: &str) -> io::Result<Secret> {
    match terminal() {
        Ok(tty) => ask(tty, prompt),
        Err(_) => {
            let mut err = io::stderr();
            err.write_all(b"Warning: Password input may be echoed.\n")?;
            err.write_all(prompt.as_bytes())?;
            err.flush()?;
            line(&mut io::stdin().lock())
        }
    }
}

/// Reads one line without echo from the controlling terminal, and from nowhere else.
///
/// # Errors
///
/// There is no terminal ([`io::ErrorKind::NotConnected`]), nothing to read, or reading fails.
pub fn passphrase(prompt: &str) -> io::Result<Secret> {
    ask(terminal().map_err(|error| io::Error::new(io::ErrorKind::NotConnected, error))?, prompt)
}

fn terminal() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

fn ask(mut tty: File, prompt: &str) -> io::Result<Secret> {
    // Silence first: whoever types as soon as the prompt is there is not echoed, and loses no letter.
    let silence = Silence::over(&tty)?;
    tty.write_all(prompt.as_bytes())?;
    tty.flush()?;
    let typed = typed(&mut tty, &silence);
    drop(silence);
    tty.write_all(b"\n")?;
    let (bytes, stopped) = typed?;
    if let Some(signal) = stopped {
        // What the terminal would have sent, now that it echoes again.
        kill_current_process_group(signal)?;
        return Err(io::ErrorKind::Interrupted.into());
    }
    line(&mut bytes.as_slice())
}

/// What was typed up to the end of a line, or the signal that the last key asks for.
fn typed(tty: &mut File, silence: &Silence) -> io::Result<(Zeroizing<Vec<u8>>, Option<Signal>)> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut part = Zeroizing::new([0; LONGEST]);
    loop {
        let length = tty.read(&mut *part)?;
        bytes.extend_from_slice(part.get(..length).unwrap_or_default());
        let last = bytes.last().copied();
        let stopped = last.and_then(|key| silence.signal_of(key));
        if length == 0 || last == Some(b'\n') || stopped.is_some() || bytes.len() >= LONGEST {
            return Ok((bytes, stopped));
        }
    }
}

/// One line without its end.
fn line(reader: &mut dyn BufRead) -> io::Result<Secret> {
    let mut bytes = Zeroizing::new(Vec::new());
    // A line of a password file is long enough; a terminal gives 4096 bytes at most.
    reader.take(1 << 20).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    while bytes.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
        bytes.pop();
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Secret::new(text)),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "the password is not UTF-8")),
    }
}

/// A terminal without echo, for as long as this lives. The keys that stop a program end a line instead of sending their signal:
/// a signal would end the program and leave the terminal silent.
struct Silence {
    tty: File,
    before: Termios,
}

impl Silence {
    fn over(tty: &File) -> io::Result<Self> {
        let before = tcgetattr(tty.as_fd())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        if before.local_modes.contains(LocalModes::ISIG | LocalModes::ICANON) {
            silent.local_modes.remove(LocalModes::ISIG);
            silent.special_codes[SpecialCodeIndex::VEOL] = before.special_codes[SpecialCodeIndex::VINTR];
            silent.special_codes[SpecialCodeIndex::VEOL2] = before.special_codes[SpecialCodeIndex::VQUIT];
        }
        tcsetattr(tty.as_fd(), OptionalActions::Flush, &silent)?;
        Ok(Self { tty: tty.try_clone()?, before })
    }

    /// The signal that a key stands for.
    fn signal_of(&self, key: u8) -> Option<Signal> {
        // A code of 0 is no key.
        let is = |code| self.before.special_codes[code] == key && key != 0;
        match () {
            () if !self.before.local_modes.contains(LocalModes::ISIG | LocalModes::ICANON) => None,
            () if is(SpecialCodeIndex::VINTR) => Some(Signal::INT),
            () if is(SpecialCodeIndex::VQUIT) => Some(Signal::QUIT),
            () => None,
        }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // There is no cure where this fails, and no one to tell.
        let _ = tcsetattr(self.tty.as_fd(), OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_ends_before_its_newline_and_keeps_its_spaces() {
        assert_eq!(line(&mut &b" pass word \r\nnext\n"[..]).unwrap().reveal(), " pass word ");
        assert_eq!(line(&mut &b"\n"[..]).unwrap().reveal(), "");
    }

    #[test]
    fn nothing_to_read_is_an_error_and_not_an_empty_password() {
        assert_eq!(line(&mut &b""[..]).unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    }
}
