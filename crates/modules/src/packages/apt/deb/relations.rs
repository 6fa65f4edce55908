//! Relationships between packages, as control files have them.
//!
//! Source: Debian Policy, 7.1 "Syntax of relationship fields".

use crate::support::dpkg::version;

/// One package in a relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Relation<'a> {
    /// Its name, with an architecture where one is given (`python3:any`).
    pub(super) name: &'a str,
    /// How its version must stand to `version`; empty for any version.
    operator: &'static str,
    version: &'a str,
}

impl Relation<'_> {
    /// Whether a version will do.
    pub(super) fn holds(&self, there: &str) -> bool {
        version::satisfies(there, self.operator, self.version)
    }

    /// Whether a version is named.
    pub(super) fn is_versioned(&self) -> bool {
        !self.operator.is_empty()
    }

    /// `>= 1.0`, as apt's library writes it; a blank where no version is named.
    pub(super) fn shown(&self) -> String {
        let operator = match self.operator {
            "<<" => "<",
            ">>" => ">",
            other => other,
        };
        format!("{operator} {}", self.version)
    }
}

/// The alternatives of each relationship of a field.
pub(super) fn parse(field: &str) -> Vec<Vec<Relation<'_>>> {
    field
        .split(',')
        .map(|group| group.split('|').filter_map(relation).collect::<Vec<_>>())
        .filter(|group| !group.is_empty())
        .collect()
}

fn relation(text: &str) -> Option<Relation<'_>> {
    let text = text.trim();
    // What follows the version (`[amd64]`, `<!nocheck>`) is for building alone.
    let end = text.find(|letter: char| letter.is_whitespace() || "([<".contains(letter)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let inner = rest.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inner, _)| inner.trim());
    let (operator, version) = operator(inner);
    (!name.is_empty()).then_some(Relation { name, operator, version })
}

/// An operator in its long form: `<` alone means `<=`.
fn operator(text: &str) -> (&'static str, &str) {
    let operators = [("<=", "<="), ("<<", "<<"), ("<", "<="), (">=", ">="), (">>", ">>"), (">", ">="), ("=", "=")];
    for (written, meant) in operators {
        if let Some(version) = text.strip_prefix(written) {
            return (meant, version.trim());
        }
    }
    (if text.is_empty() { "" } else { "=" }, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_and_versions_are_read() {
        let groups = parse("a (>= 1.0) | b:any, c(<<2) [amd64] <!nocheck>,\n d (> 3), e (4), ");
        let shown: Vec<Vec<(&str, String)>> =
            groups.iter().map(|group| group.iter().map(|one| (one.name, one.shown())).collect()).collect();
        let pair = |name: &'static str, shown: &str| (name, shown.to_owned());
        assert_eq!(
            shown,
            [
                vec![pair("a", ">= 1.0"), pair("b:any", " ")],
                vec![pair("c", "< 2")],
                vec![pair("d", ">= 3")],
                vec![pair("e", "= 4")]
            ]
        );
        assert!(groups[0][0].holds("1.0") && !groups[0][0].holds("0.9") && groups[0][1].holds("0"));
        assert!(groups[1][0].holds("1.9") && !groups[1][0].holds("2"));
    }

    #[test]
    fn odd_text_is_no_harm() {
        assert!(parse("").is_empty());
        assert!(parse(",|,(>= 1), [x]").is_empty());
        assert_eq!(parse("a (").len(), 1);
    }
}
