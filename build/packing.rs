//! Packs a program in the forms that hosts can unpack.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};
use lzma_rust2::{CheckType, EncodeMode, FilterType, LzmaOptions, XzOptions, XzWriter};

/// The program, gzipped.
///
/// # Errors
///
/// None that memory would not give.
pub(crate) fn gzip(program: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(program)?;
    packed.finish()
}

/// The program in an xz file, with xz's filter for the machine code of `architecture` where it has one that every xz in
/// use knows.
///
/// # Errors
///
/// None that memory would not give.
pub(crate) fn xz(program: &[u8], architecture: &str) -> io::Result<Vec<u8>> {
    let mut options = XzOptions::with_preset(9);
    options.lzma_options = LzmaOptions {
        // No larger than the program wants it: whoever unpacks takes that much memory.
        dict_size: u32::try_from(program.len()).map_or(u32::MAX, u32::next_power_of_two).max(1 << 16),
        nice_len: LzmaOptions::NICE_LEN_MAX,
        mode: EncodeMode::Normal,
        ..LzmaOptions::with_preset(9)
    };
    // The one that every build of xz checks; the program itself is known by its sha256.
    options.set_check_sum_type(CheckType::Crc32);
    if architecture == "x86_64" {
        options.prepend_pre_filter(FilterType::BcjX86, 0);
    }
    let mut packed = XzWriter::new(Vec::new(), options)?;
    packed.write_all(program)?;
    packed.finish()
}
