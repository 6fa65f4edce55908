//! Asking for secrets: on the terminal without echo, else from standard input, as Python's `getpass` does.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    os::fd::AsFd,
};

use protocol::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::vault::source::Ask;

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
    let line = line(&mut BufReader::new(tty.try_clone()?));
    drop(silence);
    tty.write_all(b"\n")?;
    line
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

/// A terminal without echo, for as long as this lives.
struct Silence {
    tty: File,
    before: Termios,
}

impl Silence {
    fn over(tty: &File) -> io::Result<Self> {
        let before = tcgetattr(tty.as_fd())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(tty.as_fd(), OptionalActions::Flush, &silent)?;
        Ok(Self { tty: tty.try_clone()?, before })
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
