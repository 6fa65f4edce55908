//! Why a task failed: a chain from the task down to the cause, each link with its place.
//!
//! Ansible prints the chain in two forms: brief, as the `msg` of a result, and verbose, with the lines of the source.
//! Both are kept to the letter, for people grep in them.

use super::Span;

/// A chain of reasons, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorChain {
    /// The links; never empty in a chain that is shown.
    pub links: Vec<Link>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What went wrong, a sentence.
    pub message: String,
    /// Where.
    pub origin: Option<Origin>,
    /// The cure.
    pub help: Option<String>,
    /// It came up while another error was handled, of which nothing is said. Such a reason stands alone.
    pub handling: bool,
    /// What went wrong in the parts of it, each shown in a frame.
    pub parts: Vec<String>,
}

/// Where a reason was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file.
    File(Span),
    /// Not in a file; the value is shown instead.
    Unknown(String),
    /// Not in a file, but somewhere that has a name (`<adhoc 'ping' task>`); the value is shown.
    Named {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
}

impl Link {
    /// A reason without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self::at(message, None)
    }

    /// A reason with its place.
    pub fn at(message: impl Into<String>, span: Option<Span>) -> Self {
        Self { origin: span.map(Origin::File), ..Self::said(message.into().trim()) }
    }

    /// What a host said, with the blanks around it: ansible-core takes them off its own exceptions alone.
    pub fn said(message: impl Into<String>) -> Self {
        Self { message: message.into(), origin: None, help: None, handling: false, parts: Vec::new() }
    }

    /// The same reason, as one that came up while another error was handled.
    #[must_use]
    pub fn while_handling(self) -> Self {
        Self { handling: true, ..self }
    }
}

impl ErrorChain {
    /// A chain of one reason.
    #[must_use]
    pub fn new(link: Link) -> Self {
        Self { links: vec![link] }
    }

    /// The same chain as the cause of another reason.
    #[must_use]
    pub fn caused(mut self, link: Link) -> Self {
        self.links.insert(0, link);
        self
    }

    /// All messages in one line, as Ansible's `msg`.
    #[must_use]
    pub fn brief(&self) -> String {
        join(self.links.iter().map(|link| link.message.as_str()))
    }

    /// The chain with places and source lines. `source` gives the text of a file.
    #[must_use]
    pub fn verbose(&self, source: &dyn Fn(&str) -> Option<String>) -> String {
        let mut segments = Vec::new();
        let mut rest = self.links.as_slice();
        while let Some((first, mut tail)) = rest.split_first() {
            let mut messages = vec![first.message.as_str()];
            while let Some((next, further)) = tail.split_first() {
                let differs = !next.parts.is_empty()
                    || (next.origin.is_some() || next.help.is_some())
                        && (next.origin != first.origin || next.help != first.help);
                if differs || next.handling {
                    break;
                }
                messages.push(next.message.as_str());
                tail = further;
            }
            segments.push(segment(&join(messages.into_iter()), first, source) + &frames(&first.parts));
            rest = tail;
        }
        let several = segments.len() > 1;
        let text = segments.join("\n<<< caused by >>>\n\n");
        let text = if several { format!("{}\n\n{text}", self.brief()) } else { text };
        let text = text.trim();
        if text.contains('\n') { format!("{text}\n\n") } else { format!("{text}\n") }
    }
}

fn segment(message: &str, link: &Link, source: &dyn Fn(&str) -> Option<String>) -> String {
    match (&link.origin, &link.help) {
        (None, Some(help)) if !message.contains('\n') && !help.contains('\n') => format!("{message} {help}\n"),
        (origin, help) => {
            let mut lines = vec![message.to_owned()];
            if let Some(origin) = origin {
                lines.push(context(origin, source));
            }
            if let Some(help) = help {
                lines.push(String::new());
                lines.push(help.clone());
            }
            lines.join("\n") + "\n"
        }
    }
}

/// The messages of parts, each in a frame of its own.
fn frames(parts: &[String]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    let count = parts.len();
    let mut text = "\n".to_owned();
    for (at, part) in parts.iter().enumerate() {
        text += &format!("+--[ Sub-Event {} of {count} ]---\n| \n", at + 1);
        text.extend(part.lines().map(|line| format!("| {line}\n")));
        text += "| \n";
    }
    text + "+--[ End Sub-Event ]---\n"
}

/// Joins messages: a final full stop goes, a repetition is left out.
fn join<'a>(messages: impl DoubleEndedIterator<Item = &'a str>) -> String {
    let mut messages = messages.rev();
    let mut text = messages.next().unwrap_or_default().to_owned();
    for message in messages {
        if message.ends_with(&text) {
            message.clone_into(&mut text);
        } else {
            text = concatenate(message, &text);
        }
    }
    text
}

fn concatenate(left: &str, right: &str) -> String {
    format!("{}: {right}", left.trim_end_matches(['.', ' ']))
}

const WIDTH: usize = 120;

fn context(origin: &Origin, source: &dyn Fn(&str) -> Option<String>) -> String {
    let span = match origin {
        Origin::Unknown(value) => return format!("Origin: <unknown>\n\n{}", shorten(value)),
        Origin::Named { name, value } => return format!("Origin: {name}\n\n{}", shorten(value)),
        Origin::File(span) => span,
    };
    let head = if span.line == 0 {
        return format!("Origin: {}", span.file);
    } else if span.column == 0 {
        format!("Origin: {}:{}", span.file, span.line)
    } else {
        format!("Origin: {}:{}:{}", span.file, span.line, span.column)
    };
    let Some(text) = source(&span.file) else {
        return format!("{head}\n\n(source not shown: FileNotFoundError)");
    };
    if text.starts_with("$ANSIBLE_VAULT;") {
        return format!("{head}\n\n(source not shown: content encrypted)");
    }
    let line = span.line as usize;
    let lines: Vec<&str> = text.lines().take(line).collect();
    if lines.len() < line {
        return format!("{head}\n\n(source not shown: file truncated)");
    }
    let label = line.to_string().len();
    let room = WIDTH - label - 1;
    let mut shown = Vec::new();
    let mut usable = room;
    for (at, source_line) in lines.iter().enumerate().skip(line.saturating_sub(3)) {
        let mut source_line = source_line.replace('\t', " ");
        if source_line.chars().count() > room {
            usable = room - 3;
            source_line = source_line.chars().take(usable).collect::<String>() + "...";
        }
        let gap = if source_line.is_empty() { "" } else { " " };
        shown.push(format!("{:>label$}{gap}{source_line}", at + 1));
    }
    let column = span.column as usize;
    if column >= 1 && column <= usable {
        let marker = format!("column {column}");
        let at = column - 1;
        let marker = if at + 2 + marker.len() > room {
            format!("{}{marker} ^", " ".repeat(at.saturating_sub(marker.len() + 1)))
        } else {
            format!("{}^ {marker}", " ".repeat(at))
        };
        shown.push(format!("{} {marker}", " ".repeat(label)));
    } else if column == 0 {
        let length = shown.last().map_or(0, |last| last.chars().count()).saturating_sub(label + 1);
        shown.push(format!("{} {}", " ".repeat(label), "^".repeat(length)));
    }
    format!("{head}\n\n{}", shown.join("\n"))
}

/// A value on one line, cut at a word where it is long.
fn shorten(value: &str) -> String {
    const CUT: &str = " [...]";
    let words: Vec<&str> = value.split_whitespace().collect();
    let whole = words.join(" ");
    if whole.chars().count() <= WIDTH {
        return whole;
    }
    let mut out = String::new();
    for word in words {
        let more = usize::from(!out.is_empty()) + word.chars().count();
        if out.chars().count() + more + CUT.len() > WIDTH {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    (out + CUT).trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAY: &str = "- hosts: localhost\n  gather_facts: no\n  vars:\n    bad: \"{{ nope }}\"\n    l: [1,2]\n  tasks:\n    - debug: msg=\"{{ nope }}\"\n";

    fn at(line: u32, column: u32) -> Option<Span> {
        Some(Span { file: "/tmp/t/a.yml".into(), line, column, length: 0 })
    }

    fn undefined_variable() -> ErrorChain {
        ErrorChain {
            links: vec![
                Link::at("Task failed.", at(7, 7)),
                Link::at("Finalization of task args for 'ansible.builtin.debug' failed.", at(7, 7)),
                Link::at("Error while resolving value for 'msg'.", at(7, 14)),
                Link::at("'nope' is undefined", at(7, 14)),
            ],
        }
    }

    #[test]
    fn the_brief_form_joins_the_reasons_with_colons() {
        assert_eq!(
            undefined_variable().brief(),
            "Task failed: Finalization of task args for 'ansible.builtin.debug' failed: Error while resolving value for 'msg': 'nope' is undefined"
        );
    }

    #[test]
    fn the_verbose_form_shows_each_place_once() {
        let text = undefined_variable().verbose(&|_| Some(PLAY.to_owned()));
        assert_eq!(
            text,
            "Task failed: Finalization of task args for 'ansible.builtin.debug' failed: Error while resolving value for 'msg': 'nope' is undefined\n\
             \n\
             Task failed: Finalization of task args for 'ansible.builtin.debug' failed.\n\
             Origin: /tmp/t/a.yml:7:7\n\
             \n\
             5     l: [1,2]\n\
             6   tasks:\n\
             7     - debug: msg=\"{{ nope }}\"\n        ^ column 7\n\
             \n\
             <<< caused by >>>\n\
             \n\
             Error while resolving value for 'msg': 'nope' is undefined\n\
             Origin: /tmp/t/a.yml:7:14\n\
             \n\
             5     l: [1,2]\n\
             6   tasks:\n\
             7     - debug: msg=\"{{ nope }}\"\n               ^ column 14\n\n"
        );
    }

    #[test]
    fn a_reason_without_a_place_goes_into_the_line_of_the_one_before() {
        let chain = ErrorChain {
            links: vec![
                Link::at("Task failed.", at(1, 3)),
                Link::new("Module failed."),
                Link::new("non-zero return code"),
            ],
        };
        let text = chain.verbose(&|_| Some(PLAY.to_owned()));
        assert_eq!(
            text,
            "Task failed: Module failed: non-zero return code\nOrigin: /tmp/t/a.yml:1:3\n\n1 - hosts: localhost\n    ^ column 3\n\n"
        );
    }

    #[test]
    fn parts_are_shown_in_frames() {
        let mut failed = Link::new("The following modules failed.");
        failed.parts = vec!["one\ntwo".to_owned()];
        let chain = ErrorChain { links: vec![Link::new("Task failed."), Link::new("Action failed."), failed] };
        assert_eq!(
            chain.verbose(&|_| None),
            "Task failed: Action failed: The following modules failed.\n\n\
             Task failed: Action failed.\n\n<<< caused by >>>\n\nThe following modules failed.\n\n\
             +--[ Sub-Event 1 of 1 ]---\n| \n| one\n| two\n| \n+--[ End Sub-Event ]---\n\n"
        );
    }
}
