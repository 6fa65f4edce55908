//! Draws diagnostics: the file, the line, a caret, the label and the help.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity, Span};

/// The drawing of a diagnostic and its causes, without a final newline. `read` gives a file's text where it has one.
pub fn draw(diagnostic: &Diagnostic, colour: bool, read: &dyn Fn(&str) -> Option<String>) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let chain: Vec<&Diagnostic> = std::iter::successors(Some(diagnostic), |next| next.cause.as_deref()).collect();
    let sources: Vec<Vec<Option<String>>> =
        chain.iter().map(|one| one.labels.iter().map(|(span, _)| source(span, read)).collect()).collect();
    let mut report: Vec<Group<'_>> = Vec::new();
    for (depth, (one, sources)) in chain.iter().zip(&sources).enumerate() {
        let level = match one.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = if depth == 0 {
            Group::with_title(level.primary_title(one.message.as_str()))
        } else {
            Group::with_title(Level::NOTE.with_name("caused by").secondary_title(plain(&one.message)))
        };
        for ((span, label), source) in one.labels.iter().zip(sources) {
            group = element(group, span, label, source.as_deref());
        }
        if let Some(help) = &one.help {
            group = group.element(Level::HELP.message(plain(help)));
        }
        report.push(group);
    }
    renderer.render(&report)
}

/// Text without control characters, so that a user's file cannot paint on the screen.
fn plain(text: &str) -> String {
    annotate_snippets::normalize_untrusted_str(text)
}

fn source(span: &Span, read: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let text = read(&span.file).filter(|text| !text.starts_with("$ANSIBLE_VAULT"))?;
    (span.line > 0 && text.lines().count() >= span.line as usize).then_some(text)
}

fn element<'a>(group: Group<'a>, span: &'a Span, label: &'a str, source: Option<&'a str>) -> Group<'a> {
    match source {
        Some(source) => {
            let annotation = AnnotationKind::Primary.span(bytes(source, span));
            let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
            group.element(Snippet::source(source).path(&*span.file).annotation(annotation))
        }
        None => {
            let mut origin = Origin::path(&*span.file);
            if span.line > 0 {
                origin = origin.line(span.line as usize);
                if span.column > 0 {
                    origin = origin.char_column(span.column as usize);
                }
            }
            group.element(origin)
        }
    }
}

/// Where the span lies in the source, in bytes; the whole line where its column is not known.
fn bytes(source: &str, span: &Span) -> std::ops::Range<usize> {
    let mut start = 0;
    let mut line = "";
    for (number, text) in (1..).zip(source.split_inclusive('\n')) {
        line = text;
        if number == span.line {
            break;
        }
        start += text.len();
    }
    let line = line.trim_end_matches(['\n', '\r']);
    let at = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset);
    if span.column == 0 {
        let indent = line.len() - line.trim_start().len();
        return start + indent..start + line.len();
    }
    let from = span.column as usize - 1;
    let to = from + (span.length as usize).max(1);
    start + at(from)..start + at(to)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::draw;
    use crate::diagnostic::{Diagnostic, Span};

    const PLAYBOOK: &str = "- hosts: all\n  tasks:\n    - debug:\n      regsiter: ünd\n";

    fn span(line: u32, column: u32, length: u32) -> Span {
        Span { file: Arc::from("site.yml"), line, column, length }
    }

    fn drawn(diagnostic: &Diagnostic) -> String {
        draw(diagnostic, false, &|_| Some(PLAYBOOK.to_owned()))
    }

    #[test]
    fn an_error_shows_line_caret_label_and_cure() {
        let error = Diagnostic::error("'regsiter' is not a valid attribute for a Task")
            .at(span(4, 7, 8), "not a keyword of a task")
            .help("did you mean `register`?");
        insta::assert_snapshot!(drawn(&error));
    }

    #[test]
    fn columns_count_characters_and_a_span_may_end_the_line() {
        insta::assert_snapshot!(drawn(&Diagnostic::warning("odd").at(span(4, 17, 9), "here")));
    }

    #[test]
    fn a_cause_is_drawn_below_with_its_own_place() {
        let error = Diagnostic::error("the role cannot be loaded")
            .at(span(3, 7, 5), "")
            .caused_by(Diagnostic::error("the file is empty").at(span(1, 1, 0), ""));
        insta::assert_snapshot!(drawn(&error));
    }

    #[test]
    fn a_file_that_cannot_be_read_or_is_a_vault_is_only_named() {
        let error = Diagnostic::error("bad").at(span(4, 7, 8), "here");
        insta::assert_snapshot!(draw(&error, false, &|_| None));
        let vault = draw(&error, false, &|_| Some("$ANSIBLE_VAULT;1.1;AES256\n31\n32\n33\n".to_owned()));
        assert!(!vault.contains("33"), "{vault}");
    }

    #[test]
    fn control_characters_in_a_message_do_not_reach_the_terminal() {
        let error = Diagnostic::error("bad \u{1b}[31mred").help("\u{1b}]0;title\u{7}");
        assert!(!drawn(&error).contains('\u{1b}'), "{:?}", drawn(&error));
    }
}
