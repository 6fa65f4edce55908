//! Backslashes in string literals, as Python's `unicode-escape` reads them.

/// The text that a literal's body stands for.
///
/// # Errors
///
/// An escape is broken, in Python's words.
pub(crate) fn unescape(body: &str) -> Result<String, String> {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let mut chars = after.chars();
        chars.next();
        let Some(c) = chars.next() else { return Err("\\ at end of string".to_owned()) };
        rest = chars.as_str();
        match c {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(c),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\x0b'),
            '0'..='7' => {
                let digits = after.get(1..).unwrap_or("");
                let len = digits.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                let code = u32::from_str_radix(digits.get(..len).unwrap_or(""), 8).unwrap_or(0);
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                rest = digits.get(len..).unwrap_or("");
            }
            'x' => rest = hex(rest, 2, "truncated \\xXX escape", &mut out)?,
            'u' => rest = hex(rest, 4, "truncated \\uXXXX escape", &mut out)?,
            'U' => rest = hex(rest, 8, "truncated \\UXXXXXXXX escape", &mut out)?,
            'N' => {
                // Names of characters need Unicode's name table, which is not carried.
                return Err("\\N{...} escapes are not supported".to_owned());
            }
            c => {
                out.push('\\');
                out.push(c);
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn hex<'r>(rest: &'r str, digits: usize, truncated: &str, out: &mut String) -> Result<&'r str, String> {
    let code = rest.get(..digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let Some(code) = code.and_then(|text| u32::from_str_radix(text, 16).ok()) else {
        return Err(truncated.to_owned());
    };
    match char::from_u32(code) {
        Some(c) => out.push(c),
        None if code > 0x0010_ffff => return Err("illegal Unicode character".to_owned()),
        // A lone surrogate: Python can hold it, and cannot write it out.
        None => out.push('\u{fffd}'),
    }
    Ok(rest.get(digits..).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_pythons() {
        assert_eq!(unescape(r"a\nb\x41\u00e9\101\q\'").unwrap(), "a\nbA\u{e9}A\\q'");
        assert_eq!(unescape(r"\x4").unwrap_err(), "truncated \\xXX escape");
    }
}
