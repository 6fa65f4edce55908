//! The central directory of a zip archive: the names of what is in it, and the sums of their contents.
//!
//! Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", sections 4.3.12, 4.3.14 to 4.3.16 and appendix D.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

/// The end record without its comment, and the longest comment.
const END: usize = 22;
const LONGEST_COMMENT: u64 = 0xffff;

/// The record that points to the end record with numbers of 64 bits, which stands right before the other.
const LOCATOR: usize = 20;

/// A directory larger than this is none: Ansible would not list it either.
const LARGEST: u64 = 1 << 30;

/// What is in the archive, in its order: name and CRC-32.
pub(super) type Entries = Vec<(String, u32)>;

/// Reads the directory.
///
/// # Errors
///
/// The file cannot be read, or is no zip archive.
pub(super) fn read(path: &str) -> io::Result<Entries> {
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let tail = length.min(END as u64 + LONGEST_COMMENT);
    let tail_at = length.saturating_sub(tail);
    let bytes = read_at(&mut file, tail_at, tail)?;
    let ends = bytes.windows(END).enumerate().rev();
    let (at, end) = ends.into_iter().find(|(_, window)| window.starts_with(b"PK\x05\x06")).ok_or_else(none)?;
    let mut size = u64::from(number32(end, 12).ok_or_else(none)?);
    let mut end_at = tail_at.saturating_add(at as u64);
    if let Some(locator_at) = end_at.checked_sub(LOCATOR as u64) {
        let locator = read_at(&mut file, locator_at, LOCATOR as u64)?;
        if locator.starts_with(b"PK\x06\x07") {
            end_at = number64(&locator, 8).ok_or_else(none)?;
            let end = read_at(&mut file, end_at, 56)?;
            if !end.starts_with(b"PK\x06\x06") {
                return Err(none());
            }
            size = number64(&end, 40).ok_or_else(none)?;
        }
    }
    // Counted from its end, so that what stands before the archive (a program that unpacks itself) does no harm.
    let start = end_at.checked_sub(size).filter(|_| size <= LARGEST).ok_or_else(none)?;
    entries(&read_at(&mut file, start, size)?).ok_or_else(none)
}

fn none() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "File is not a zip file")
}

fn read_at(file: &mut File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|number| u16::from_le_bytes(*number))
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|number| u32::from_le_bytes(*number))
}

fn number64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|number| u64::from_le_bytes(*number))
}

fn entries(mut bytes: &[u8]) -> Option<Entries> {
    const FIXED: usize = 46;
    const UTF8: u16 = 0x800;
    let mut found = Vec::new();
    while !bytes.is_empty() {
        if !bytes.starts_with(b"PK\x01\x02") {
            return None;
        }
        let flags = number16(bytes, 8)?;
        let crc = number32(bytes, 16)?;
        let [name, extra, comment] = [28, 30, 32].map(|at| number16(bytes, at).map(usize::from));
        let (name, rest) = bytes.get(FIXED..)?.split_at_checked(name?)?;
        // What stands behind a zero byte is no part of the name.
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = match flags & UTF8 {
            0 => name.iter().map(|byte| cp437(*byte)).collect(),
            _ => String::from_utf8_lossy(name).into_owned(),
        };
        found.push((name, crc));
        bytes = rest.get(extra?.checked_add(comment?)?..)?;
    }
    Some(found)
}

/// A character of the old code page 437, which names are in unless they say otherwise.
fn cp437(byte: u8) -> char {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(index) => UPPER.chars().nth(usize::from(index)).unwrap_or('?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &[u8], flags: u16, crc: u32) -> Vec<u8> {
        let mut bytes = vec![0; 46];
        bytes[..4].copy_from_slice(b"PK\x01\x02");
        bytes[8..10].copy_from_slice(&flags.to_le_bytes());
        bytes[16..20].copy_from_slice(&crc.to_le_bytes());
        bytes[28..30].copy_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend(name);
        bytes
    }

    fn archive(directory: &[u8]) -> tempfile::NamedTempFile {
        let mut end = vec![0; 22];
        end[..4].copy_from_slice(b"PK\x05\x06");
        end[12..16].copy_from_slice(&u32::try_from(directory.len()).unwrap().to_le_bytes());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [b"#! what unpacks itself", directory, &end, b"a comment"].concat()).unwrap();
        file
    }

    #[test]
    fn names_are_read_in_the_code_page_that_they_are_in() {
        let directory = [entry("dé".as_bytes(), 0x800, 7), entry(b"d\x82", 0, 8), entry(b"x\0y", 0, 9)].concat();
        let file = archive(&directory);
        let found = read(file.path().to_str().unwrap()).unwrap();
        assert_eq!(found, [("dé".to_owned(), 7), ("dé".to_owned(), 8), ("x".to_owned(), 9)]);
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        for directory in [&b"PK\x01\x02 cut"[..], b"nothing of the kind"] {
            let file = archive(directory);
            assert_eq!(read(file.path().to_str().unwrap()).unwrap_err().to_string(), "File is not a zip file");
        }
    }

    #[test]
    fn the_code_page_has_a_character_for_every_byte() {
        let all: String = (0..=255).map(cp437).collect();
        assert_eq!(all.chars().count(), 256);
        assert!(!all.get(1..).unwrap().contains('\0') && all.ends_with('\u{a0}'));
    }
}
