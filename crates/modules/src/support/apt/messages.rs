//! What apt's programs say on stderr, as apt's library hands it to those who call it.

use std::collections::VecDeque;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    /// A remark: it does not count, but stands before the next message that does.
    notice: bool,
    text: String,
}

/// The library's queue of messages. Remarks at its end stay there until the next error.
#[derive(Debug, Default)]
pub struct Messages(VecDeque<Message>);

impl Messages {
    /// Adds what `apt-get update` said. It reads its sources again once it is done: what it warned of before comes a
    /// second time, which the library's callers do not hear.
    pub fn add_update(&mut self, stderr: &str) {
        let mut said = parse(stderr);
        let repeated = |said: &[Message]| {
            let (last, before) = said.split_last()?;
            (!last.notice && before.contains(last)).then_some(())
        };
        while repeated(&said).is_some() {
            said.pop();
        }
        self.0.extend(said);
    }

    /// Takes the messages up to the last that counts, as one text.
    pub fn take(&mut self) -> String {
        let count = self.0.iter().rposition(|message| !message.notice).map_or(0, |last| last + 1);
        self.0.drain(..count).map(|message| message.text).collect::<Vec<_>>().join(", ")
    }
}

/// `E: ...`, `W: ...`, `N: ...`; lines without such a beginning go on with the one before.
fn parse(stderr: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for line in stderr.lines() {
        let (notice, text) = match line.split_once(": ") {
            Some(("E", text)) => (false, format!("E:{text}")),
            Some(("W", text)) => (false, format!("W:{text}")),
            Some(("N", text)) => (true, format!("W:{text}")),
            _ => {
                if let Some(last) = messages.last_mut() {
                    last.text.push('\n');
                    last.text.push_str(line);
                }
                continue;
            }
        };
        messages.push(Message { notice, text });
    }
    messages
}

/// The messages of one program as one text.
pub fn all(stderr: &str) -> String {
    Messages(parse(stderr).into()).take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_warnings_are_one_text() {
        assert_eq!(all("Stray\nE: No file\nW: Odd\n in two lines\n"), "E:No file, W:Odd\n in two lines");
        assert_eq!(all(""), "");
    }

    #[test]
    fn remarks_at_the_end_come_before_the_next_error() {
        let mut messages = Messages::default();
        messages.add_update("E: No Release file.\nN: See apt-secure(8).\n");
        assert_eq!(messages.take(), "E:No Release file.");
        messages.add_update("W: Twice.\nE: Still none.\nN: See apt-secure(8).\nW: Twice.\n");
        assert_eq!(messages.take(), "W:See apt-secure(8)., W:Twice., E:Still none.");
        messages.add_update("E: No.\n");
        assert_eq!(messages.take(), "W:See apt-secure(8)., E:No.");
    }
}
