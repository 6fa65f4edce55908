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
        let mut signature = Vec::new();
        let wanted = SIGNATURE.len() as u64;
        file.by_ref().take(wanted).read_to_end(&mut signature).map_err(|error| {
            let number = error.raw_os_error().unwrap_or_default();
            unusable(format!("E:Read error - read ({number}: {})", strerror(&error)))
        })?;
        if signature.len() < SIGNATURE.len() {
            let missing = SIGNATURE.len() - signature.len();
            return Err(unusable(format!("E:read, still have {missing} to read but none left")));
        }
        if signature != SIGNATURE {
            return Err(unusable("E:Invalid archive signature".to_owned()));
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
