//! The diff: what of apt's own words says what changes.

use crate::prelude::*;

/// The diff of a run: in diff mode the prepared text, else none, which Ansible shows as an empty mapping.
pub(super) fn diff(ctx: &Context, output: &str) -> Diff {
    if ctx.diff_mode { Diff::Prepared(prepared(output)) } else { Diff::Keys(Map::new()) }
}

/// The lines from the end of apt's preparation to its summary.
pub(super) fn prepared(output: &str) -> String {
    let lines: Vec<&str> = python_lines(output);
    let begins = |marker: &str| lines.iter().position(|line| *line == marker);
    let start = begins("Resolving dependencies...")
        .or_else(|| begins("Reading state information..."))
        .map_or(0, |marker| marker + 1);
    // The first summary of all, wherever the beginning is.
    let end = lines.iter().position(|line| is_summary(line)).map_or(lines.len(), |summary| summary + 1);
    lines.get(start..end).unwrap_or_default().join("\n")
}

/// `0 upgraded, 1 newly installed ...`, aptitude's `0 packages upgraded ...`
fn is_summary(line: &str) -> bool {
    let rest = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let rest_of_number = rest.len() < line.len();
    rest_of_number && (rest.starts_with(" upgraded") || rest.starts_with(" packages upgraded"))
}

/// Lines, as far as apt and dpkg part them: a carriage return ends one, too.
fn python_lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> =
        text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r')).collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_shown() {
        let output = "Reading package lists...\nBuilding dependency tree...\nReading state information...\nThe following \
                      NEW packages will be installed:\n  x\n0 upgraded, 1 newly installed, 0 to remove.\nGet:1\r\n";
        assert_eq!(
            prepared(output),
            "The following NEW packages will be installed:\n  x\n0 upgraded, 1 newly installed, 0 to remove."
        );
    }

    #[test]
    fn what_has_no_marks_is_shown_whole() {
        assert_eq!(
            prepared("(Reading ... \r(Reading ... 5%\r\nSetting up x ...\n"),
            "(Reading ... \n(Reading ... 5%\nSetting up x ..."
        );
        assert_eq!(prepared(""), "");
    }
}
