//! INI files as Python's configparser reads them: names in small letters, values over several lines, a section for
//! defaults, values that refer to others.
//!
//! Source: <https://docs.python.org/3/library/configparser.html>.

use indexmap::IndexMap;
use protocol::arguments::python::repr_str;

/// The section that all others inherit from.
const DEFAULTS: &str = "DEFAULT";
/// How deep references go.
const DEPTH: usize = 10;

type Options = IndexMap<String, String>;

/// A file's sections.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ini {
    sections: IndexMap<String, Options>,
    defaults: Options,
}

/// An option under reading: its lines so far.
type Lines = IndexMap<String, Vec<String>>;

impl Ini {
    /// Reads a file; `None` where it is no INI file, or has a section or an option twice.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut sections: IndexMap<String, Lines> = IndexMap::new();
        let mut current: Option<String> = None;
        let mut option: Option<String> = None;
        let mut level = 0;
        let mut is_whole = true;
        sections.insert(DEFAULTS.to_owned(), Lines::new());
        for line in text.lines() {
            let value = line.trim();
            let is_comment = value.starts_with(['#', ';']);
            let open = current.as_ref().and_then(|section| sections.get_mut(section));
            let open = open.and_then(|section| section.get_mut(option.as_ref()?));
            if value.is_empty() || is_comment {
                if let Some(lines) = open.filter(|_| !is_comment) {
                    lines.push(String::new());
                }
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            if let Some(lines) = open.filter(|_| indent > level) {
                lines.push(value.to_owned());
                continue;
            }
            level = indent;
            if let Some(name) = section_name(value) {
                if name != DEFAULTS && sections.contains_key(name) {
                    return None;
                }
                sections.entry(name.to_owned()).or_default();
                current = Some(name.to_owned());
                option = None;
                continue;
            }
            let section = sections.get_mut(current.as_ref()?)?;
            // What is no option spoils the file, but is read on: a later error is told first.
            let Some((name, value)) = value.split_once(['=', ':']).filter(|(name, _)| !name.trim().is_empty()) else {
                is_whole = false;
                continue;
            };
            let name = name.trim().to_lowercase();
            if section.contains_key(&name) {
                return None;
            }
            section.insert(name.clone(), vec![value.trim().to_owned()]);
            option = Some(name);
        }
        let join = |lines: Lines| -> Options {
            lines.into_iter().map(|(name, lines)| (name, lines.join("\n").trim_end().to_owned())).collect()
        };
        let defaults = sections.shift_remove(DEFAULTS).map(join).unwrap_or_default();
        let sections = sections.into_iter().map(|(name, lines)| (name, join(lines))).collect();
        is_whole.then_some(Self { sections, defaults })
    }

    /// The names of sections, without that for defaults.
    pub(super) fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// The names of a section's options, then those that it inherits.
    pub(super) fn options(&self, section: &str) -> Vec<&str> {
        let own = self.sections.get(section);
        let inherited = self.defaults.keys().filter(|name| own.is_none_or(|own| !own.contains_key(*name)));
        own.into_iter().flat_map(IndexMap::keys).chain(inherited).map(String::as_str).collect()
    }

    fn raw(&self, section: &str, option: &str) -> Option<&str> {
        let own = self.sections.get(section).and_then(|section| section.get(option));
        own.or_else(|| self.defaults.get(option)).map(String::as_str)
    }

    /// An option's value with what it refers to (`%(name)s`) put in; an error in configparser's words.
    pub(super) fn value(&self, section: &str, option: &str) -> Result<String, String> {
        let raw = self.raw(section, option).unwrap_or_default();
        let mut value = String::new();
        self.interpolate(section, option, raw, 1, &mut value)?;
        Ok(value)
    }

    fn interpolate(
        &self,
        section: &str,
        option: &str,
        text: &str,
        depth: usize,
        out: &mut String,
    ) -> Result<(), String> {
        let whole = self.raw(section, option).unwrap_or_default();
        let place = || format!("option {} in section {}", repr_str(option), repr_str(section));
        if depth > DEPTH {
            return Err(format!(
                "Recursion limit exceeded in value substitution: {} contains an interpolation key which cannot be \
                 substituted in {DEPTH} steps. Raw value: {}",
                place(),
                repr_str(whole)
            ));
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            let reference = rest.get(before.len()..).unwrap_or_default();
            if let Some(after) = after.strip_prefix('%') {
                out.push('%');
                rest = after;
                continue;
            }
            let Some(named) = after.strip_prefix('(') else {
                return Err(format!("'%' must be followed by '%' or '(', found: {}", repr_str(reference)));
            };
            let Some((name, after)) = named.split_once(')').filter(|(name, _)| !name.is_empty()) else {
                return Err(format!("bad interpolation variable reference {}", repr_str(reference)));
            };
            let Some(after) = after.strip_prefix('s') else {
                return Err(format!("bad interpolation variable reference {}", repr_str(reference)));
            };
            let name = name.to_lowercase();
            let Some(value) = self.raw(section, &name) else {
                return Err(format!(
                    "Bad value substitution: {} contains an interpolation key {} which is not a valid option name. Raw \
                     value: {}",
                    place(),
                    repr_str(&name),
                    repr_str(whole)
                ));
            };
            self.interpolate(section, option, value, depth + 1, out)?;
            rest = after;
        }
        out.push_str(rest);
        Ok(())
    }
}

/// `[name]`, whatever follows it.
fn section_name(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Ini {
        Ini::parse(text).expect("an INI file")
    }

    #[test]
    fn values_go_on_in_lines_that_are_indented() {
        let ini = read("[s]\nLong = a\n    b\n\n    c\nx: 1 ; no comment\n");
        assert_eq!(ini.value("s", "long").unwrap(), "a\nb\n\nc");
        assert_eq!(ini.value("s", "x").unwrap(), "1 ; no comment");
    }

    #[test]
    fn defaults_are_every_sections() {
        let ini = read("[a]\nown = 1\n[DEFAULT]\nd = 2\n[b]\nd = 3\n");
        assert_eq!(ini.sections().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(ini.options("a"), ["own", "d"]);
        assert_eq!((ini.value("a", "d").unwrap(), ini.value("b", "d").unwrap()), ("2".to_owned(), "3".to_owned()));
    }

    #[test]
    fn values_refer_to_others() {
        let ini = read("[s]\na = %(B)s and %(b)s, 100%%\nb = x\nloop = %(loop)s\nnone = %(nothing)s\nbad = 5%\n");
        assert_eq!(ini.value("s", "a").unwrap(), "x and x, 100%");
        assert!(ini.value("s", "loop").unwrap_err().starts_with("Recursion limit exceeded in value substitution"));
        assert_eq!(
            ini.value("s", "none").unwrap_err(),
            "Bad value substitution: option 'none' in section 's' contains an interpolation key 'nothing' which is not a \
             valid option name. Raw value: '%(nothing)s'"
        );
        assert_eq!(ini.value("s", "bad").unwrap_err(), "'%' must be followed by '%' or '(', found: '%'");
    }

    #[test]
    fn what_is_no_ini_file_is_not_read() {
        for text in ["a = 1\n", "[s]\na\n", "[s]\n= 1\n", "[s]\n[s]\n", "[s]\na = 1\nA = 2\n"] {
            assert_eq!(Ini::parse(text), None, "{text:?}");
        }
        assert_eq!(Ini::parse(""), Some(Ini::default()));
    }
}
