//! A package file: what it says of itself.
//!
//! Source: deb(5), dpkg-deb(1).

use std::{fs::File, io::Read};

use super::super::tool;
use crate::{
    module::strerror,
    prelude::*,
    support::{dpkg::control::Stanza, shlex},
};

/// How every package file begins.
const SIGNATURE: &[u8] = b"!<arch>\n";
/// So much is read to see whether it is one: the first two members' headers are in it.
const BEGINNING: u64 = 4096;
/// The length of a member's header, and where its size stands in it.
const HEADER: usize = 60;
const SIZE: std::ops::Range<usize> = 48..58;

/// A package file's control data.
pub(super) struct DebFile {
    control: Vec<u8>,
}

impl DebFile {
    /// Reads a package file.
    ///
    /// # Errors
    ///
    /// It is not there, cannot be read or is none, in the words of apt's library.
    pub(super) fn open(ctx: &Context, path: &str) -> Result<Self, Failure> {
        let unusable = |reason: String| Failure::new(format!("Unable to install package: {reason}"));
        let mut file = File::open(path).map_err(|error| {
            let number = error.raw_os_error().unwrap_or_default();
            unusable(format!("E:Could not open file {path} - open ({number}: {})", strerror(&error)))
        })?;
        let mut beginning = Vec::new();
        file.by_ref().take(BEGINNING).read_to_end(&mut beginning).map_err(|error| {
            let number = error.raw_os_error().unwrap_or_default();
            unusable(format!("E:Read error - read ({number}: {})", strerror(&error)))
        })?;
        if beginning.len() < SIGNATURE.len() {
            let missing = SIGNATURE.len() - beginning.len();
            return Err(unusable(format!("E:read, still have {missing} to read but none left")));
        }
        if !beginning.starts_with(SIGNATURE) {
            return Err(unusable("E:Invalid archive signature".to_owned()));
        }
        if !has_control(&beginning) {
            let wanted = "control.tar.{zstlz4gzxzbz2lzma}";
            return Err(unusable(format!("E:Internal error, could not locate member {wanted}")));
        }
        let output = tool::run(ctx, &["dpkg-deb", "--field", "--", path])?;
        if !output.success() {
            return Err(unusable(format!("E:{}", output.stderr_text().trim_end())));
        }
        check_name(ctx, path)?;
        Ok(Self { control: output.stdout })
    }

    /// Its control data.
    pub(super) fn control(&self) -> Stanza<'_> {
        Stanza::new(&self.control)
    }

    /// A field, empty where it is missing.
    pub(super) fn field(&self, name: &str) -> String {
        self.control().field(name).unwrap_or_default().into_owned()
    }
}

/// Whether the second member is the control archive.
fn has_control(beginning: &[u8]) -> bool {
    let size = || {
        let first = beginning.get(SIGNATURE.len()..)?;
        std::str::from_utf8(first.get(SIZE)?).ok()?.trim().parse::<usize>().ok()
    };
    let Some(size) = size().filter(|size| *size < beginning.len()) else { return false };
    let second = SIGNATURE.len() + HEADER + size + size % 2;
    beginning.get(second..).is_some_and(|second| second.starts_with(b"control.tar"))
}

/// Ansible hands a path to dpkg as a part of a command line: one that a shell would part or change is refused there.
fn check_name(ctx: &Context, path: &str) -> Result<(), Failure> {
    if shlex::split(path).is_ok_and(|words| words == [path]) {
        return Ok(());
    }
    let line = format!("{} --field {path} Package", ctx.require_bin("dpkg")?);
    let output = tool::run_line(ctx, &line)?;
    if output.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{line} failed"))
        .with("stdout", output.stdout_text().into_owned())
        .with("stderr", output.stderr_text().into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_archive_is_the_second_member() {
        let header = |name: &str, size: &str| format!("{name:<48}{size:<10}`\n");
        let deb = format!("!<arch>\n{}2.0\n{}", header("debian-binary", "4"), header("control.tar.xz", "9"));
        assert!(has_control(deb.as_bytes()));
        for broken in
            ["!<arch>\n", "!<arch>\n\u{0}", &deb[..70], &deb.replace("control", "data"), &deb.replace("4 ", "99999")]
        {
            assert!(!has_control(broken.as_bytes()), "{broken:?}");
        }
    }
}
