//! The people at this terminal. The conversation is on standard error: standard output has the verb's answer.

use std::io::{self, BufRead, IsTerminal, Write};

use pki::{
    Error, Result,
    ceremony::{Console, Hidden},
};
use zeroize::Zeroizing;

use crate::cli::prompt;

/// Words on a line of a share.
const ROW: usize = 4;
/// Clears the screen and what was scrolled off it.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// Whoever sits there, or a program that speaks through pipes.
#[derive(Debug)]
pub(in crate::cli::verbs::pki) struct People {
    terminal: bool,
}

impl People {
    /// Of this process's streams.
    pub(in crate::cli::verbs::pki) fn here() -> Self {
        Self { terminal: io::stdin().is_terminal() }
    }

    fn line(question: &str) -> Result<Zeroizing<String>> {
        let mut text = Zeroizing::new(String::new());
        let mut read = || {
            show(question)?;
            io::stdin().lock().read_line(&mut text)
        };
        match read() {
            Ok(0) => Err(Error::input("standard input", "nobody answers any more", "run it at a terminal")),
            Ok(_) => Ok(Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned())),
            Err(error) => Err(broken(&error)),
        }
    }
}

impl Console for People {
    fn say(&mut self, text: &str) -> Result<()> {
        show(&format!("{text}\n")).map_err(|error| broken(&error))
    }

    fn ask(&mut self, question: &str) -> Result<String> {
        Self::line(question).map(|text| text.to_string())
    }

    fn secret(&mut self, question: &str) -> Result<Hidden> {
        if !self.terminal {
            return Self::line(question).map(Hidden::new);
        }
        let typed =
            prompt::passphrase(question).map_err(|error| Error::input("terminal", error, "run it at a terminal"))?;
        Ok(Hidden::new(Zeroizing::new(typed.reveal().to_owned())))
    }

    fn reveal(&mut self, title: &str, secret: &Hidden) -> Result<()> {
        let clear = if self.terminal { CLEAR } else { "" };
        let shown = Zeroizing::new(format!("{clear}{title}:\n\n{}\n", *rows(secret.reveal())));
        show(&shown).map_err(|error| broken(&error))?;
        Self::line("Written down? Press Enter; it leaves the screen. ")?;
        show(clear).map_err(|error| broken(&error))
    }
}

/// A share's words in rows, each with its number; a passphrase as it is typed.
fn rows(text: &str) -> Zeroizing<String> {
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() <= 2 * ROW {
        return Zeroizing::new(format!("  {text}\n"));
    }
    let mut shown = Zeroizing::new(String::with_capacity(20 * words.len()));
    for (row, words) in words.chunks(ROW).enumerate() {
        for (at, word) in words.iter().enumerate() {
            shown.push_str(&format!("  {:>2} {word:<12}", ROW * row + at + 1));
        }
        while shown.ends_with(' ') {
            shown.pop();
        }
        shown.push('\n');
    }
    shown
}

fn show(text: &str) -> io::Result<()> {
    let mut err = io::stderr();
    err.write_all(text.as_bytes())?;
    err.flush()
}

fn broken(error: &io::Error) -> Error {
    Error::io("terminal", error, "run it at a terminal")
}
