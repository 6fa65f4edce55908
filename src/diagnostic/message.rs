//! A diagnostic as ansible-core 2.19 words it on its screen: message, `Origin:` with the lines around it, help, causes.
//!
//! The form is part of what a playbook's run prints on stdout, so it is kept to the letter. What ansible-core does not
//! print (syntax errors before a run) is drawn by `cli` instead, with more to see.

use super::{Diagnostic, Span};

/// Lines of context above the line at fault.
const CONTEXT: usize = 2;
/// The widest line shown, its number included.
const WIDTH: usize = 120;

/// The whole message with its places, help and causes, ending as ansible-core ends it: one newline after a single
/// line, two after several. `read` gives a file's text, or the name of Python's exception for why it cannot be read.
pub fn verbose(diagnostic: &Diagnostic, read: &dyn Fn(&str) -> Result<String, &'static str>) -> String {
    let mut segments = Vec::new();
    let mut next = Some(diagnostic);
    while let Some(current) = next {
        let (parts, rest) = collapse(current);
        segments.push(segment(&join(&parts), current, read));
        next = rest;
    }
    let text = if segments.len() > 1 {
        format!("{}\n\n{}", brief(diagnostic), segments.join("\n<<< caused by >>>\n\n"))
    } else {
        segments.concat()
    };
    let text = text.trim();
    let end = if text.contains('\n') { "\n\n" } else { "\n" };
    format!("{text}{end}")
}

/// The messages of the diagnostic and its causes on one line: a failed task's `msg`.
#[must_use]
pub fn brief(diagnostic: &Diagnostic) -> String {
    let chain = std::iter::successors(Some(diagnostic), |current| current.cause.as_deref());
    join(&chain.map(|current| &*current.message).collect::<Vec<_>>())
}

/// The messages that share one place, and the cause that has another.
fn collapse(diagnostic: &Diagnostic) -> (Vec<&str>, Option<&Diagnostic>) {
    let mut parts = vec![&*diagnostic.message];
    let mut cause = diagnostic.cause.as_deref();
    while let Some(current) = cause {
        let says_more = place(current).is_some() || current.value.is_some() || current.help.is_some();
        let same =
            place(current) == place(diagnostic) && current.value == diagnostic.value && current.help == diagnostic.help;
        if says_more && !same {
            break;
        }
        parts.push(&current.message);
        cause = current.cause.as_deref();
    }
    (parts, cause)
}

/// Messages from the outermost in, joined by colons; one that ends in what follows it swallows it.
fn join(parts: &[&str]) -> String {
    let mut message = String::new();
    for part in parts.iter().rev() {
        message = if message.is_empty() || part.ends_with(&message) {
            (*part).to_owned()
        } else {
            format!("{}: {message}", part.trim_end_matches(['.', ' ']))
        };
    }
    message
}

fn place(diagnostic: &Diagnostic) -> Option<&Span> {
    diagnostic.labels.first().map(|(span, _)| span)
}

fn segment(message: &str, diagnostic: &Diagnostic, read: &dyn Fn(&str) -> Result<String, &'static str>) -> String {
    let source = context(diagnostic, read);
    match (&diagnostic.help, source) {
        (Some(help), None) if !message.contains('\n') && !help.contains('\n') => format!("{message} {help}\n"),
        (help, source) => {
            let mut text = format!("{message}\n");
            if let Some(source) = source {
                text.push_str(&source);
                text.push('\n');
            }
            if let Some(help) = help {
                text.push('\n');
                text.push_str(help);
                text.push('\n');
            }
            text
        }
    }
}

/// `Origin: PLACE` and what is seen there; `None` where the diagnostic has neither place nor value.
fn context(diagnostic: &Diagnostic, read: &dyn Fn(&str) -> Result<String, &'static str>) -> Option<String> {
    let span = place(diagnostic);
    if let Some(span) = span
        && !span.file.starts_with('<')
    {
        let lines = annotate(span, read(&span.file));
        return Some(if lines.is_empty() { origin(span) } else { format!("{}\n\n{lines}", origin(span)) });
    }
    let place = span.map_or_else(|| "Origin: <unknown>".to_owned(), origin);
    match (&diagnostic.value, span) {
        (Some(value), _) => Some(format!("{place}\n\n{}", shorten(value))),
        (None, Some(_)) => Some(place),
        (None, None) => None,
    }
}

fn origin(span: &Span) -> String {
    let mut text = format!("Origin: {}", span.file);
    if span.line > 0 {
        text.push_str(&format!(":{}", span.line));
        if span.column > 0 {
            text.push_str(&format!(":{}", span.column));
        }
    }
    text
}

/// The line at fault with those above it, and a caret below; empty where the line is not known.
fn annotate(span: &Span, source: Result<String, &'static str>) -> String {
    let target = span.line as usize;
    if target == 0 {
        return String::new();
    }
    let source = match source {
        Ok(source) if source.starts_with("$ANSIBLE_VAULT") => return unseen("content encrypted"),
        Ok(source) => source,
        Err(reason) => return unseen(reason),
    };
    let first = target.saturating_sub(1 + CONTEXT);
    let text = source.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split_inclusive('\n').skip(first).take(target - first).collect();
    if lines.len() != target - first {
        return unseen("file truncated");
    }
    let label = target.to_string().len();
    let widest = WIDTH - label - 1;
    let mut usable = widest;
    let mut out: Vec<String> = Vec::new();
    let mut last = 0;
    for (number, line) in (first + 1..).zip(lines) {
        let mut line = line.trim_end_matches('\n').replace('\t', " ");
        if line.chars().count() > widest {
            usable = widest - 3;
            line = line.chars().take(usable).collect::<String>() + "...";
        }
        last = line.chars().count();
        let gap = if line.is_empty() { "" } else { " " };
        out.push(format!("{number:>label$}{gap}{line}"));
    }
    let column = span.column as usize;
    if column == 0 {
        out.push(format!("{:label$} {}", "", "^".repeat(last)));
    } else if column <= usable {
        let before = column - 1;
        let marker = format!("column {column}");
        out.push(if before + 2 + marker.len() > widest {
            format!("{:label$} {:indent$}{marker} ^", "", "", indent = before.saturating_sub(marker.len() + 1))
        } else {
            format!("{:label$} {:before$}^ {marker}", "", "")
        });
    }
    out.join("\n")
}

fn unseen(reason: &str) -> String {
    format!("(source not shown: {reason})")
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
    use std::sync::Arc;

    use super::{brief, verbose};
    use crate::diagnostic::{Diagnostic, Span};

    const PLAYBOOK: &str =
        "- hosts: all\n  tasks:\n    - debug:\n        msg: \"{{ nope }}\"\n      ignore_errors: true\n";

    fn span(line: u32, column: u32) -> Span {
        Span { file: Arc::from("/p/site.yml"), line, column, length: 0 }
    }

    fn shown(diagnostic: &Diagnostic) -> String {
        verbose(diagnostic, &|_| Ok(PLAYBOOK.to_owned()))
    }

    #[test]
    fn a_failure_shows_its_task_with_two_lines_above() {
        let failed = Diagnostic::error("Task failed")
            .at(span(3, 7), "")
            .caused_by(Diagnostic::error("Module failed").caused_by(Diagnostic::error("non-zero return code")));
        assert_eq!(brief(&failed), "Task failed: Module failed: non-zero return code");
        insta::assert_snapshot!(shown(&failed), @r"
        Task failed: Module failed: non-zero return code
        Origin: /p/site.yml:3:7

        1 - hosts: all
        2   tasks:
        3     - debug:
                ^ column 7
        ");
        assert!(shown(&failed).ends_with("column 7\n\n"));
    }

    #[test]
    fn a_cause_elsewhere_gets_a_block_of_its_own_below_the_whole_message() {
        let failed = Diagnostic::error("Task failed").at(span(3, 7), "").caused_by(
            Diagnostic::error("Finalization of task args for 'ansible.builtin.debug' failed.").caused_by(
                Diagnostic::error("Error while resolving value for 'msg'")
                    .at(span(4, 14), "")
                    .caused_by(Diagnostic::error("'nope' is undefined")),
            ),
        );
        insta::assert_snapshot!(shown(&failed), @r#"
        Task failed: Finalization of task args for 'ansible.builtin.debug' failed: Error while resolving value for 'msg': 'nope' is undefined

        Task failed: Finalization of task args for 'ansible.builtin.debug' failed.
        Origin: /p/site.yml:3:7

        1 - hosts: all
        2   tasks:
        3     - debug:
                ^ column 7

        <<< caused by >>>

        Error while resolving value for 'msg': 'nope' is undefined
        Origin: /p/site.yml:4:14

        2   tasks:
        3     - debug:
        4         msg: "{{ nope }}"
                       ^ column 14
        "#);
    }

    #[test]
    fn a_message_that_repeats_its_cause_is_not_doubled() {
        let failed = Diagnostic::error("Reading failed: no such file").caused_by(Diagnostic::error("no such file"));
        assert_eq!(brief(&failed), "Reading failed: no such file");
        assert_eq!(shown(&failed), "Reading failed: no such file\n");
    }

    #[test]
    fn help_follows_on_the_same_line_where_there_is_no_place() {
        let warned = Diagnostic::warning("No inventory was parsed.").help("Give one with -i.");
        assert_eq!(shown(&warned), "No inventory was parsed. Give one with -i.\n");
    }

    #[test]
    fn a_value_of_the_command_line_is_shown_in_place_of_a_file() {
        let place = Span { file: Arc::from("<CLI option '-e'>"), line: 0, column: 0, length: 0 };
        let failed = Diagnostic::error("bad").at(place, "").showing("a  b");
        assert_eq!(shown(&failed), "bad\nOrigin: <CLI option '-e'>\n\na b\n\n");
    }

    #[test]
    fn what_cannot_be_read_is_said_and_not_guessed() {
        let failed = Diagnostic::error("bad").at(span(3, 7), "");
        let gone = verbose(&failed, &|_| Err("FileNotFoundError"));
        assert_eq!(gone, "bad\nOrigin: /p/site.yml:3:7\n\n(source not shown: FileNotFoundError)\n\n");
        let secret = verbose(&failed, &|_| Ok("$ANSIBLE_VAULT;1.1;AES256\n3131\n".to_owned()));
        assert!(secret.contains("(source not shown: content encrypted)"), "{secret}");
        let short = verbose(&failed, &|_| Ok("one line\n".to_owned()));
        assert!(short.contains("(source not shown: file truncated)"), "{short}");
    }

    #[test]
    fn a_line_alone_is_underlined() {
        let failed = Diagnostic::error("bad").at(span(1, 0), "");
        insta::assert_snapshot!(shown(&failed), @r"
        bad
        Origin: /p/site.yml:1

        1 - hosts: all
          ^^^^^^^^^^^^
        ");
    }
}
