//! One line of a list of sources, in the one-line style.
//!
//! Source: sources.list(5), "ONE-LINE-STYLE FORMAT".

/// What a line of a source begins with.
const TYPES: [&[u8]; 2] = [b"deb", b"deb-src"];

/// A line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// It is a source.
    pub(super) valid: bool,
    /// It is not commented out.
    pub(super) enabled: bool,
    /// The source with single blanks, or whatever stands there.
    pub(super) source: Vec<u8>,
    /// What follows a `#` behind it.
    pub(super) comment: Vec<u8>,
}

impl Line {
    /// Takes a line apart.
    pub(super) fn parse(text: &[u8]) -> Self {
        let text = text.trim_ascii();
        let (enabled, text) = match text.strip_prefix(b"#") {
            Some(rest) => (false, rest),
            None => (true, text),
        };
        let (text, comment) = match text.iter().position(|byte| *byte == b'#') {
            Some(at) if at > 0 => {
                let (text, comment) = text.split_at(at);
                (text, comment.get(1..).unwrap_or_default().trim_ascii())
            }
            _ => (text, &b""[..]),
        };
        let words: Vec<&[u8]> = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        let valid = words.first().is_some_and(|word| TYPES.contains(word));
        let source = if valid { words.join(&b' ') } else { text.trim_ascii().to_vec() };
        Self { valid, enabled, source, comment: comment.to_vec() }
    }

    /// Takes a source apart that must be one.
    ///
    /// # Errors
    ///
    /// It is none, or commented out: the text without its comment.
    pub(super) fn parse_source(text: &str) -> Result<Vec<u8>, String> {
        let line = Self::parse(text.as_bytes());
        if line.valid && line.enabled {
            return Ok(line.source);
        }
        let text = text.trim();
        let text = text.strip_prefix('#').unwrap_or(text);
        Err(match text.find('#') {
            Some(at) if at > 0 => text.get(..at).unwrap_or_default().to_owned(),
            _ => text.to_owned(),
        })
    }

    /// A new source.
    pub(super) fn new(source: Vec<u8>) -> Self {
        Self { valid: true, enabled: true, source, comment: Vec::new() }
    }

    /// The line as it is written, with its end.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if !self.enabled {
            out.extend(b"# ");
        }
        out.extend(&self.source);
        if !self.comment.is_empty() {
            out.extend(b" # ");
            out.extend(&self.comment);
        }
        out.push(b'\n');
    }
}

/// The name of a file for a source: of its address, without the protocol, user and password.
///
/// # Errors
///
/// Python's words where there is nothing to take a name from.
pub(super) fn file_name(source: &str) -> Result<String, &'static str> {
    let source = without_protocols(&without_options(source));
    let mut words = source.split_whitespace().filter(|word| !TYPES.contains(&word.as_bytes()));
    let address = words.next().ok_or("list index out of range")?;
    let address = address.split_once('@').map_or(address, |(_, rest)| rest);
    let words: Vec<&str> =
        address.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    Ok(words.join("_"))
}

/// Takes out what stands in brackets.
fn without_options(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        match after.split_once(']') {
            Some((inside, behind)) if !inside.is_empty() => rest = behind,
            _ => {
                out.push('[');
                rest = after;
            }
        }
    }
    out + rest
}

/// Takes out `http://` and the like.
fn without_protocols(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let kept = before.trim_end_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
        out.push_str(kept);
        if kept.len() == before.len() {
            out.push_str("://");
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        Line::parse(text.as_bytes()).write(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn lines_are_written_with_single_blanks() {
        for (text, want) in [
            ("deb   [a=b]  file:/x\t./ \n", "deb [a=b] file:/x ./\n"),
            ("#deb file:/x ./   #  why \n", "# deb file:/x ./ # why\n"),
            ("# a  comment\n", "# a  comment\n"),
            ("##  two\n", "# #  two\n"),
            ("\n", "\n"),
            ("junk # x", "junk # x\n"),
        ] {
            assert_eq!(written(text), want, "{text:?}");
        }
        assert_eq!(Line::parse(b"deb \xff").source, b"deb \xff");
    }

    #[test]
    fn only_sources_that_hold_are_sources() {
        assert_eq!(Line::parse_source(" deb  x ./ # y"), Ok(b"deb x ./".to_vec()));
        assert_eq!(Line::parse_source("#deb x ./"), Err("deb x ./".to_owned()));
        assert_eq!(Line::parse_source("rpm x # y"), Err("rpm x ".to_owned()));
    }

    #[test]
    fn a_file_is_named_after_the_address() {
        for (source, name) in [
            (
                "deb [arch=amd64 signed-by=/k] https://download.example.com/linux/ubuntu noble stable",
                "download_example_com_linux_ubuntu",
            ),
            ("deb-src file:/srv/more ./", "file_srv_more"),
            ("deb http://user:pw@example.org/a-b x", "example_org_a_b"),
            ("deb [] x y", ""),
        ] {
            assert_eq!(file_name(source).as_deref(), Ok(name), "{source}");
        }
        assert_eq!(file_name("deb"), Err("list index out of range"));
    }
}
