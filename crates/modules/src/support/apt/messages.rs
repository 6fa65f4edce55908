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
    /// Adds what a program said: `E: ...`, `W: ...`, `N: ...`; lines without such a beginning go on with the one before.
    pub fn add(&mut self, stderr: &str) {
        for line in stderr.lines() {
            let (notice, text) = match line.split_once(": ") {
                Some(("E", text)) => (false, format!("E:{text}")),
                Some(("W", text)) => (false, format!("W:{text}")),
                Some(("N", text)) => (true, format!("W:{text}")),
                _ => {
                    if let Some(last) = self.0.back_mut() {
                        last.text.push('\n');
                        last.text.push_str(line);
                    }
                    continue;
                }
            };
            self.0.push_back(Message { notice, text });
        }
    }

    /// Takes the messages up to the last that counts, as one text.
    pub fn take(&mut self) -> String {
        let count = self.0.iter().rposition(|message| !message.notice).map_or(0, |last| last + 1);
        self.0.drain(..count).map(|message| message.text).collect::<Vec<_>>().join(", ")
    }
}

/// The messages of one program as one text.
pub fn all(stderr: &str) -> String {
    let mut messages = Messages::default();
    messages.add(stderr);
    messages.take()
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
        messages.add("E: No Release file.\nN: See apt-secure(8).\n");
        assert_eq!(messages.take(), "E:No Release file.");
        messages.add("E: Still none.\n");
        assert_eq!(messages.take(), "W:See apt-secure(8)., E:Still none.");
    }
}
