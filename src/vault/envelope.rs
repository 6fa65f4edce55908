//! The outer form of a vault: header line and lines of hex digits.

use super::Error;

const HEADER: &[u8] = b"$ANSIBLE_VAULT";
/// Hex digits a line.
const WIDTH: usize = 80;

/// What a vault says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    /// The vault id in the header, if there is one.
    pub(super) vault_id: Option<String>,
    /// The cipher's name.
    pub(super) cipher: String,
    /// The hex digits, joined.
    pub(super) body: Vec<u8>,
}

/// Whether this is a vault: ASCII that begins with the header.
#[must_use]
pub fn is_encrypted(data: &[u8]) -> bool {
    data.starts_with(HEADER) && data.is_ascii()
}

pub(super) fn parse(text: &[u8]) -> Result<Envelope, Error> {
    let mut lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let header = String::from_utf8(lines.next().unwrap_or_default().to_vec()).map_err(|_| Error::Envelope)?;
    let mut parts = header.trim().split(';').skip(2);
    let cipher = parts.next().ok_or(Error::Envelope)?.trim().to_owned();
    let vault_id = parts.next().map(|id| id.trim().to_owned());
    Ok(Envelope { vault_id, cipher, body: lines.flatten().copied().collect() })
}

/// Writes header and lines; the id goes into the header (format 1.2) unless it is `default`.
pub(super) fn format(body: &str, vault_id: Option<&str>) -> String {
    let mut out = match vault_id {
        Some(id) if !id.is_empty() && id != "default" => format!("$ANSIBLE_VAULT;1.2;AES256;{id}\n"),
        _ => "$ANSIBLE_VAULT;1.1;AES256\n".to_owned(),
    };
    for (index, digit) in body.chars().enumerate() {
        if index > 0 && index % WIDTH == 0 {
            out.push('\n');
        }
        out.push(digit);
    }
    out.push('\n');
    out
}

/// Bytes from hex digits of either case.
pub(super) fn unhex(digits: &[u8]) -> Result<Vec<u8>, Error> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::Hex);
    }
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or(Error::Hex);
    pairs.iter().map(|[high, low]| Ok(value(*high)? << 4 | value(*low)?)).collect()
}

/// Hex digits from bytes, in lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_cipher_and_id() {
        let envelope = parse(b"$ANSIBLE_VAULT;1.2;AES256;prod \n61\r\n62").unwrap();
        let want = Envelope { vault_id: Some("prod".into()), cipher: "AES256".into(), body: b"6162".to_vec() };
        assert_eq!(envelope, want);
    }

    #[test]
    fn a_header_without_cipher_is_refused() {
        assert!(matches!(parse(b"$ANSIBLE_VAULT;1.1\n61"), Err(Error::Envelope)));
    }

    #[test]
    fn lines_have_eighty_digits_and_the_default_id_is_not_written() {
        let text = format(&"ab".repeat(41), Some("default"));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "$ANSIBLE_VAULT;1.1;AES256");
        assert_eq!((lines[1].len(), lines[2]), (80, "ab"));
        assert!(format("ab", Some("dev")).starts_with("$ANSIBLE_VAULT;1.2;AES256;dev\n"));
    }

    #[test]
    fn hex_digits_of_either_case_are_read_and_others_refused() {
        assert_eq!(unhex(b"aBFf").unwrap(), [0xab, 0xff]);
        for bad in [&b"abc"[..], b"zz", b"a "] {
            assert!(matches!(unhex(bad), Err(Error::Hex)));
        }
    }
}
