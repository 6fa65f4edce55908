//! Asks the person at the terminal during a run (`pause`, `vars_prompt`).

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    time::Duration,
};

use crate::action::{Answer, Local, Prompt};

/// The process's own terminal.
pub struct TerminalPrompt;

impl Prompt for TerminalPrompt {
    fn show(&self, text: &str) {
        print(&format!("{text}\n"));
    }

    fn ask<'a>(&'a self, text: String, echo: bool, seconds: Option<u64>) -> Local<'a, Answer> {
        Box::pin(async move {
            if !io::stdin().is_terminal() {
                return match seconds {
                    Some(seconds) => {
                        tokio::time::sleep(Duration::from_secs(seconds)).await;
                        Answer::TimeOver
                    }
                    None => Answer::NoTerminal,
                };
            }
            print(&text);
            let line = tokio::task::spawn_blocking(move || read_line(echo));
            match seconds {
                None => line.await.unwrap_or(Answer::NoTerminal),
                Some(seconds) => tokio::time::timeout(Duration::from_secs(seconds), line)
                    .await
                    .map_or(Answer::TimeOver, |line| line.unwrap_or(Answer::NoTerminal)),
            }
        })
    }
}

fn print(text: &str) {
    let mut out = io::stdout();
    // A screen that is gone is noticed by the callbacks.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn read_line(echo: bool) -> Answer {
    if !echo {
        return match super::prompt::password("") {
            Ok(secret) => Answer::Line(secret.reveal().to_owned()),
            Err(_) => Answer::NoTerminal,
        };
    }
    let Ok(tty) = File::open("/dev/tty") else { return Answer::NoTerminal };
    let mut line = String::new();
    match BufReader::new(tty).read_line(&mut line) {
        Ok(0) | Err(_) => Answer::NoTerminal,
        Ok(_) => Answer::Line(line.trim_end_matches(['\n', '\r']).to_owned()),
    }
}
