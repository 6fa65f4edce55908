//! Python's regular expressions.

use pyregex::{BytesRegex, Flags, Regex};

use super::text;

/// A pattern (the first line) on a text (the rest), as text and as bytes.
pub fn pyregex(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (pattern, haystack) = data.split_at(end);
    let haystack = haystack.get(1..).unwrap_or_default();
    // A pattern that backtracks too much is said to do so once; that takes its time.
    if let Ok(regex) = BytesRegex::new(pattern, Flags::default())
        && regex.search(haystack).is_ok()
    {
        let _ = regex.sub(b"[\\g<0>]", haystack, 0);
    }
    let (Some(pattern), Some(haystack)) = (text(pattern), text(haystack)) else { return };
    if let Ok(regex) = Regex::new(pattern, Flags::default())
        && let Ok(found) = regex.search(haystack)
    {
        if let Some(found) = found {
            assert!(found.start() <= found.end() && found.end() <= haystack.len(), "a match stands in the text");
        }
        let _ = (regex.fullmatch(haystack), regex.findall(haystack), regex.split(haystack, 0));
        if let Ok((same, _)) = regex.sub("\\g<0>", haystack, 0) {
            assert_eq!(same, haystack, "a match that is put back changes nothing");
        }
        // The template comes from elsewhere too.
        let _ = regex.sub(haystack, haystack, 1);
        let _ = Regex::new(pattern, Flags::IGNORECASE | Flags::MULTILINE | Flags::DOTALL)
            .map(|regex| regex.is_match(haystack));
    }
    let Ok(literal) = Regex::new(&pyregex::escape(haystack), Flags::default()) else {
        panic!("an escaped text is a pattern")
    };
    assert!(matches!(literal.fullmatch(haystack), Ok(Some(_))), "an escaped text matches itself");
}
