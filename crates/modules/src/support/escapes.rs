//! Escapes with a backslash, as Python's `codecs.escape_decode` puts them back.

/// The bytes that a text with escapes stands for. An escape that is none stays as it is.
#[must_use]
pub fn decode(escaped: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let Some(letter) = rest.next() else {
            bytes.push(b'\\');
            break;
        };
        match letter {
            b'0'..=b'7' => {
                let mut number = u32::from(letter - b'0');
                for _ in 0..2 {
                    let Some(digit) = rest.next_if(|byte| (b'0'..=b'7').contains(byte)) else { break };
                    number = number * 8 + u32::from(digit - b'0');
                }
                bytes.push(u8::try_from(number & 0xff).unwrap_or(b'?'));
            }
            b'x' => {
                let mut digits = String::new();
                while let Some(digit) = rest.next_if(|byte| digits.len() < 2 && byte.is_ascii_hexdigit()) {
                    digits.push(char::from(digit));
                }
                match u8::from_str_radix(&digits, 16) {
                    Ok(number) => bytes.push(number),
                    Err(_) => bytes.extend(b"\\x"),
                }
            }
            b'a' => bytes.push(7),
            b'b' => bytes.push(8),
            b'f' => bytes.push(12),
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'v' => bytes.push(11),
            // A line that goes on in the next one.
            b'\n' => {}
            b'\\' | b'\'' | b'"' => bytes.push(letter),
            other => bytes.extend([b'\\', other]),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_are_those_of_python() {
        let decoded = |text: &str| String::from_utf8(decode(text.as_bytes())).unwrap();
        assert_eq!(decoded(r"d\303\251j\xc3\xa0/vu"), "déjà/vu");
        assert_eq!(decoded(r"a\nb\\c\td"), "a\nb\\c\td");
        assert_eq!(decoded("C:\\q\\xg\\\nz\\"), "C:\\q\\xgz\\");
    }
}
