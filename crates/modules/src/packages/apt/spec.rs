//! What a task asks for: `name`, `name=version`, `name>=version`.

/// How the version is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// It matches, a pattern or to the letter (`=`).
    Matches,
    /// It is this or a later one (`>=`).
    AtLeast,
}

/// A package with the version that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spec<'a> {
    /// The package's name, with the architecture where one is given.
    pub(super) name: &'a str,
    /// How the version is to be, and what it is compared with.
    pub(super) version: Option<(Relation, &'a str)>,
}

impl<'a> Spec<'a> {
    /// Parts a text at the first `=` or `>=`.
    pub(super) fn parse(text: &'a str) -> Self {
        let Some((before, after)) = text.split_once('=') else { return Self { name: text, version: None } };
        match before.strip_suffix('>') {
            Some(name) => Self { name, version: Some((Relation::AtLeast, after)) },
            None => Self { name: before, version: Some((Relation::Matches, after)) },
        }
    }

    /// The version that must match.
    pub(super) fn matching(&self) -> Option<&'a str> {
        self.version.and_then(|(relation, version)| (relation == Relation::Matches).then_some(version))
    }
}

/// Whether a package's name is a pattern. No name of a package has these characters.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', ']', '!'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_begins_at_the_first_sign() {
        for (text, name, version) in [
            ("foo", "foo", None),
            ("foo=1.0", "foo", Some((Relation::Matches, "1.0"))),
            ("foo>=1.0", "foo", Some((Relation::AtLeast, "1.0"))),
            ("foo:i386=1*", "foo:i386", Some((Relation::Matches, "1*"))),
            ("foo=1.0>=2", "foo", Some((Relation::Matches, "1.0>=2"))),
            ("foo>1", "foo>1", None),
            ("=", "", Some((Relation::Matches, ""))),
        ] {
            assert_eq!(Spec::parse(text), Spec { name, version }, "{text}");
        }
    }
}
