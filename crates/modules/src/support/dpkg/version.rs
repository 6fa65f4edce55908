//! The order of versions.
//!
//! Source: Debian Policy, 5.6.12 "Version"; deb-version(7).

use std::cmp::Ordering;

/// Compares two versions: epochs, then what the authors say, then the package's revision.
#[must_use]
pub fn compare(left: &str, right: &str) -> Ordering {
    let (left_epoch, left_upstream, left_revision) = parts(left);
    let (right_epoch, right_upstream, right_revision) = parts(right);
    fragments(left_epoch, right_epoch)
        .then_with(|| fragments(left_upstream, right_upstream))
        .then_with(|| fragments(left_revision, right_revision))
}

/// Whether a version stands in a relation (`>=`, `<<`, ...) to another. No relation, or none to compare with, always
/// holds; `<` and `>` mean `<=` and `>=`, as they do in control files.
#[must_use]
pub fn satisfies(version: &str, relation: &str, wanted: &str) -> bool {
    if wanted.is_empty() {
        return true;
    }
    if version.is_empty() {
        return false;
    }
    let order = compare(version, wanted);
    match relation {
        "<=" | "<" => order != Ordering::Greater,
        ">=" | ">" => order != Ordering::Less,
        "<<" => order == Ordering::Less,
        ">>" => order == Ordering::Greater,
        _ => order == Ordering::Equal,
    }
}

fn parts(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

/// Compares letters and numbers in turn: a number by its value, and no number as 0; letters before other characters, and
/// `~` before everything, even the end.
fn fragments(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    while !left.is_empty() || !right.is_empty() {
        let (left_text, right_text) = (head(&mut left, false), head(&mut right, false));
        let length = left_text.len().max(right_text.len());
        let texts = (0..length).map(|at| weight(left_text.get(at)).cmp(&weight(right_text.get(at))));
        let order = texts.fold(Ordering::Equal, Ordering::then).then_with(|| {
            let (left_number, right_number) = (number(head(&mut left, true)), number(head(&mut right, true)));
            left_number.len().cmp(&right_number.len()).then(left_number.cmp(right_number))
        });
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the digits, or what is none, off the beginning.
fn head<'a>(rest: &mut &'a [u8], digits: bool) -> &'a [u8] {
    let end = rest.iter().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(rest.len());
    let (head, tail) = rest.split_at(end);
    *rest = tail;
    head
}

/// A number without leading zeros, so that its length comes first.
fn number(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

fn weight(character: Option<&u8>) -> i32 {
    match character {
        Some(b'~') => -1,
        None => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_debians_order() {
        let ascending = [
            "0~~",
            "0~",
            "0",
            "0.0.9",
            "0.1",
            "1.0~rc1-1",
            "1.0-1",
            "1.0-1+b1",
            "1.0-1.1",
            "1.0-9",
            "1.0-10",
            "1.0a",
            "1.0+1",
            "1.0.1",
            "1:0.1",
            "2:0",
        ];
        for (index, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                assert_eq!(compare(left, right), index.cmp(&other), "{left} and {right}");
            }
        }
    }

    #[test]
    fn zeros_and_what_is_left_out_do_not_count() {
        for (left, right) in [("1.0", "0:1.0"), ("1.0", "1.0-0"), ("1.01", "1.1"), ("", "0"), ("1.", "1.0")] {
            assert_eq!(compare(left, right), Ordering::Equal, "{left} and {right}");
        }
    }

    #[test]
    fn relations_hold_or_not() {
        assert!(satisfies("2.0", ">=", "2.0"));
        assert!(satisfies("2.0", ">", "2.0"), "a single sign means `or equal`");
        assert!(!satisfies("2.0", ">>", "2.0"));
        assert!(satisfies("1.9", "<<", "2.0"));
        assert!(satisfies("anything", "", ""));
        assert!(!satisfies("", "=", "1"));
    }
}
