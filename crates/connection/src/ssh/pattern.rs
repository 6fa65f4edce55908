//! OpenSSH's patterns: `*`, `?`, and lists in which `!` takes away.
//!
//! Source: ssh_config(5), PATTERNS.

/// Whether a pattern of `*` and `?` matches the whole text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Positions to go back to: the last star, and where it began to match.
    let (mut at, mut seen, mut star) = (0_usize, 0_usize, None);
    while seen < text.len() {
        match (pattern.get(at), text.get(seen)) {
            (Some('*'), _) => {
                star = Some((at, seen));
                at += 1;
            }
            (Some(wanted), Some(found)) if *wanted == '?' || wanted == found => {
                at += 1;
                seen += 1;
            }
            _ => match star {
                Some((position, from)) => {
                    star = Some((position, from + 1));
                    at = position + 1;
                    seen = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_none_or(|rest| rest.iter().all(|c| *c == '*'))
}

/// What a list of patterns says of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// None of them matches.
    No,
    /// One matches, and no negated one.
    Yes,
    /// A negated one matches: whatever else matches, the answer is no.
    Never,
}

/// What a list says of a text, upper and lower case being one.
pub(crate) fn list<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> Verdict {
    let text = text.to_lowercase();
    let mut verdict = Verdict::No;
    for pattern in patterns {
        let pattern = pattern.to_lowercase();
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated, &text) => return Verdict::Never,
            Some(_) => {}
            None if matches(&pattern, &text) => verdict = Verdict::Yes,
            None => {}
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_as_in_openssh() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("*.example.org", "a.b.example.org", true),
            ("*.example.org", "example.org", false),
            ("192.168.0.?", "192.168.0.7", true),
            ("192.168.0.?", "192.168.0.17", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn a_negated_pattern_wins_over_all_others() {
        assert_eq!(list(["*.org", "!bad.org"], "bad.org"), Verdict::Never);
        assert_eq!(list(["!bad.org", "*.org"], "GOOD.org"), Verdict::Yes);
        assert_eq!(list(["!bad.org"], "good.org"), Verdict::No);
    }
}
