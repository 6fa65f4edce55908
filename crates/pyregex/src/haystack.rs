//! What is searched: text by characters, or bytes.

mod sealed {
    pub trait Sealed {}
    impl Sealed for str {}
    impl Sealed for [u8] {}
}

/// Text or bytes. Positions are byte offsets.
pub trait Haystack: sealed::Sealed + ToOwned {
    /// Whether this is text.
    const IS_TEXT: bool;
    /// The characters of a pattern or replacement; a byte is the character of its number.
    fn characters(&self) -> Vec<char>;
    /// Its length in bytes.
    fn length(&self) -> usize;
    /// The character at a position and the position behind it.
    fn next(&self, position: usize) -> Option<(u32, usize)>;
    /// The character before a position and where it begins.
    fn previous(&self, position: usize) -> Option<(u32, usize)>;
    /// A part; empty where the bounds do not fit.
    fn part(&self, start: usize, end: usize) -> &Self;
    /// The bytes.
    fn bytes(&self) -> &[u8];
    /// Appends a part.
    fn append(out: &mut Self::Owned, part: &Self);
    /// Appends a character.
    fn push(out: &mut Self::Owned, character: char);
    /// Nothing.
    fn empty() -> Self::Owned;
}

impl Haystack for str {
    const IS_TEXT: bool = true;

    fn characters(&self) -> Vec<char> {
        self.chars().collect()
    }

    fn length(&self) -> usize {
        self.len()
    }

    #[inline]
    fn next(&self, position: usize) -> Option<(u32, usize)> {
        let byte = *self.as_bytes().get(position)?;
        if byte < 0x80 {
            return Some((u32::from(byte), position + 1));
        }
        let character = self.get(position..)?.chars().next()?;
        Some((u32::from(character), position + character.len_utf8()))
    }

    #[inline]
    fn previous(&self, position: usize) -> Option<(u32, usize)> {
        let before = position.checked_sub(1)?;
        let byte = *self.as_bytes().get(before)?;
        if byte < 0x80 {
            return Some((u32::from(byte), before));
        }
        let character = self.get(..position)?.chars().next_back()?;
        Some((u32::from(character), position - character.len_utf8()))
    }

    fn part(&self, start: usize, end: usize) -> &Self {
        self.get(start..end).unwrap_or("")
    }

    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn append(out: &mut String, part: &Self) {
        out.push_str(part);
    }

    fn push(out: &mut String, character: char) {
        out.push(character);
    }

    fn empty() -> String {
        String::new()
    }
}

impl Haystack for [u8] {
    const IS_TEXT: bool = false;

    fn characters(&self) -> Vec<char> {
        self.iter().map(|byte| char::from(*byte)).collect()
    }

    fn length(&self) -> usize {
        self.len()
    }

    #[inline]
    fn next(&self, position: usize) -> Option<(u32, usize)> {
        Some((u32::from(*self.get(position)?), position + 1))
    }

    #[inline]
    fn previous(&self, position: usize) -> Option<(u32, usize)> {
        let before = position.checked_sub(1)?;
        Some((u32::from(*self.get(before)?), before))
    }

    fn part(&self, start: usize, end: usize) -> &Self {
        self.get(start..end).unwrap_or(&[])
    }

    fn bytes(&self) -> &[u8] {
        self
    }

    fn append(out: &mut Vec<u8>, part: &Self) {
        out.extend_from_slice(part);
    }

    fn push(out: &mut Vec<u8>, character: char) {
        // Patterns and replacements for bytes hold characters up to 255 only.
        out.push(u8::try_from(u32::from(character)).unwrap_or(b'?'));
    }

    fn empty() -> Vec<u8> {
        Vec::new()
    }
}
