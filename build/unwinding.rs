//! Takes the tables for unwinding out of a program that ends at a panic and never unwinds.
//!
//! The standard library comes compiled with them, and the linker keeps them whatever the profile says of panics. They are
//! filled with zeros rather than cut out: nothing else in the file moves, and zeros weigh nothing once they are packed.

use std::ops::Range;

/// The sections that only unwinding reads. The index comes along: zero is no version of it, so that who looks for a
/// table (a backtrace) finds none, rather than the way into an empty one.
const SECTIONS: [&[u8]; 3] = [b".eh_frame", b".eh_frame_hdr", b".gcc_except_table"];

/// Fills the tables of an ELF program of 64 bits, least byte first, with zeros; says how many bytes they had.
///
/// # Errors
///
/// The file is no such program, or it is damaged.
pub(crate) fn clear(program: &mut [u8]) -> Result<usize, String> {
    let mut cleared = 0;
    for place in places(program).ok_or("it is no ELF program of 64 bits, or one without a table of sections")? {
        let table = program.get_mut(place).ok_or("a section of it lies outside the file")?;
        table.fill(0);
        cleared += table.len();
    }
    Ok(cleared)
}

/// Where those sections lie. Source: "Tool Interface Standard (TIS) Executable and Linking Format", version 1.2, and the
/// layout for 64 bits as in `elf(5)`.
fn places(program: &[u8]) -> Option<Vec<Range<usize>>> {
    if program.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let (table, size, count, names) =
        (long(program, 0x28)?, short(program, 0x3a)?, short(program, 0x3c)?, short(program, 0x3e)?);
    let header = |number: usize| table.checked_add(number.checked_mul(size)?);
    let extent = |at: usize| {
        let start = long(program, at.checked_add(0x18)?)?;
        Some(start..start.checked_add(long(program, at.checked_add(0x20)?)?)?)
    };
    let names = program.get(extent(header(names)?)?)?;
    let mut found = Vec::new();
    for number in 0..count {
        let at = header(number)?;
        let name = names.get(word(program, at)?..)?.split(|byte| *byte == 0).next()?;
        if SECTIONS.contains(&name) {
            found.push(extent(at)?);
        }
    }
    Some(found)
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?)))
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}
