//! Unified diffs exactly as Python's `difflib.unified_diff` prints them.
//!
//! The choice of matching lines is part of what is seen, so the method is Python's: the longest run of equal lines,
//! then the same to its left and right (Ratcliff and Obershelp), with lines that are very common in a long text left
//! out as anchors. See <https://docs.python.org/3/library/difflib.html>.

use std::{collections::HashMap, ops::Range};

/// The unified diff of two texts, given as lines with their ends; empty where they are equal.
pub fn unified(before: &[String], after: &[String], from: &str, to: &str, context: usize) -> Vec<String> {
    let mut out = Vec::new();
    for group in groups(&changes(before, after), context) {
        if out.is_empty() {
            out.push(format!("--- {from}\n"));
            out.push(format!("+++ {to}\n"));
        }
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        out.push(format!(
            "@@ -{} +{} @@\n",
            range(&(first.before.start..last.before.end)),
            range(&(first.after.start..last.after.end))
        ));
        for change in &group {
            if change.equal {
                out.extend(lines(before, &change.before).map(|line| format!(" {line}")));
            } else {
                out.extend(lines(before, &change.before).map(|line| format!("-{line}")));
                out.extend(lines(after, &change.after).map(|line| format!("+{line}")));
            }
        }
    }
    out
}

fn lines<'a>(text: &'a [String], range: &Range<usize>) -> impl Iterator<Item = &'a String> {
    text.iter().skip(range.start).take(range.len())
}

/// A range as `diff -u` writes it: an empty one names the line before it.
fn range(range: &Range<usize>) -> String {
    match range.len() {
        1 => (range.start + 1).to_string(),
        0 => format!("{},0", range.start),
        length => format!("{},{length}", range.start + 1),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    equal: bool,
    before: Range<usize>,
    after: Range<usize>,
}

/// Changes in hunks, each with up to `context` equal lines around it.
fn groups(changes: &[Change], context: usize) -> Vec<Vec<Change>> {
    let mut changes = changes.to_vec();
    if let Some(first) = changes.first_mut().filter(|change| change.equal) {
        let cut = first.before.len().saturating_sub(context);
        first.before.start += cut;
        first.after.start += cut;
    }
    if let Some(last) = changes.last_mut().filter(|change| change.equal) {
        let cut = last.before.len().saturating_sub(context);
        last.before.end -= cut;
        last.after.end -= cut;
    }
    let mut groups = Vec::new();
    let mut group: Vec<Change> = Vec::new();
    for change in changes {
        if change.equal && change.before.len() > 2 * context {
            let mut head = change.clone();
            head.before.end = head.before.start + context;
            head.after.end = head.after.start + context;
            group.push(head);
            groups.push(std::mem::take(&mut group));
            let mut tail = change;
            tail.before.start = tail.before.end - context;
            tail.after.start = tail.after.end - context;
            group.push(tail);
        } else {
            group.push(change);
        }
    }
    groups.push(group);
    groups.retain(|group| group.iter().any(|change| !change.equal));
    groups
}

/// What it takes to turn one text into the other, from top to bottom.
fn changes(before: &[String], after: &[String]) -> Vec<Change> {
    let mut changes = Vec::new();
    let (mut left, mut right) = (0, 0);
    for (start, other, length) in matches(before, after) {
        if left < start || right < other {
            changes.push(Change { equal: false, before: left..start, after: right..other });
        }
        (left, right) = (start + length, other + length);
        if length > 0 {
            changes.push(Change { equal: true, before: start..left, after: other..right });
        }
    }
    changes
}

/// Runs of equal lines in order, adjacent ones joined, and an empty one at the end.
fn matches(before: &[String], after: &[String]) -> Vec<(usize, usize, usize)> {
    let anchors = anchors(after);
    let mut found = Vec::new();
    let mut queue = vec![(0..before.len(), 0..after.len())];
    while let Some((left, right)) = queue.pop() {
        let (start, other, length) = longest(before, after, &anchors, &left, &right);
        if length == 0 {
            continue;
        }
        found.push((start, other, length));
        if left.start < start && right.start < other {
            queue.push((left.start..start, right.start..other));
        }
        if start + length < left.end && other + length < right.end {
            queue.push((start + length..left.end, other + length..right.end));
        }
    }
    found.sort_unstable();
    let mut joined: Vec<(usize, usize, usize)> = Vec::new();
    for (start, other, length) in found {
        match joined.last_mut() {
            Some(last) if last.0 + last.2 == start && last.1 + last.2 == other => last.2 += length,
            _ => joined.push((start, other, length)),
        }
    }
    joined.push((before.len(), after.len(), 0));
    joined
}

/// Where each line stands in `after`. In a text of 200 lines or more, lines that make up over a hundredth of it are no
/// anchors.
fn anchors(after: &[String]) -> HashMap<&str, Vec<usize>> {
    let mut anchors: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, line) in after.iter().enumerate() {
        anchors.entry(line).or_default().push(index);
    }
    if after.len() >= 200 {
        let common = after.len() / 100 + 1;
        anchors.retain(|_, places| places.len() <= common);
    }
    anchors
}

/// The longest run of equal lines within the two ranges; of several, the one that starts first in `before`, then in
/// `after`.
fn longest(
    before: &[String],
    after: &[String],
    anchors: &HashMap<&str, Vec<usize>>,
    left: &Range<usize>,
    right: &Range<usize>,
) -> (usize, usize, usize) {
    let (mut start, mut other, mut length) = (left.start, right.start, 0);
    let mut runs: HashMap<usize, usize> = HashMap::new();
    for (index, line) in before.iter().enumerate().take(left.end).skip(left.start) {
        let mut current = HashMap::new();
        for place in anchors.get(line.as_str()).into_iter().flatten().copied() {
            if place < right.start {
                continue;
            }
            if place >= right.end {
                break;
            }
            let run = place.checked_sub(1).and_then(|above| runs.get(&above)).copied().unwrap_or(0) + 1;
            current.insert(place, run);
            if run > length {
                (start, other, length) = (index + 1 - run, place + 1 - run, run);
            }
        }
        runs = current;
    }
    let same = |one: usize, two: usize| before.get(one).is_some() && before.get(one) == after.get(two);
    while start > left.start && other > right.start && same(start - 1, other - 1) {
        (start, other, length) = (start - 1, other - 1, length + 1);
    }
    while start + length < left.end && other + length < right.end && same(start + length, other + length) {
        length += 1;
    }
    (start, other, length)
}

/// The lines of a text with their ends, split where Python's `str.splitlines` splits.
pub fn split_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        line.push(character);
        let ends = match character {
            '\r' => {
                if let Some(newline) = characters.next_if_eq(&'\n') {
                    line.push(newline);
                }
                true
            }
            '\n' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
            _ => false,
        };
        if ends {
            lines.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{split_lines, unified};

    fn diff(before: &str, after: &str) -> String {
        unified(&split_lines(before), &split_lines(after), "before", "after", 3).concat()
    }

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
        assert_eq!(diff("", ""), "");
    }

    #[test]
    fn a_new_file_is_all_plus() {
        assert_eq!(diff("", "a\nb\n"), "--- before\n+++ after\n@@ -0,0 +1,2 @@\n+a\n+b\n");
    }

    #[test]
    fn far_changes_get_hunks_of_their_own() {
        let before: String = (1..=20).map(|number| format!("{number}\n")).collect();
        let after = before.replace("2\n3\n", "2\nx\n3\n").replace("19\n", "");
        insta::assert_snapshot!(diff(&before, &after), @r"
        --- before
        +++ after
        @@ -1,5 +1,6 @@
         1
         2
        +x
         3
         4
         5
        @@ -16,5 +17,4 @@
         16
         17
         18
        -19
         20
        ");
    }

    #[test]
    fn lines_end_where_python_ends_them() {
        assert_eq!(split_lines("a\r\nb\rc\u{2028}d\u{b}e"), ["a\r\n", "b\r", "c\u{2028}", "d\u{b}", "e"]);
    }
}
