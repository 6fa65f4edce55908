//! Packages that were asked for are no longer taken for installed by the way: `apt-mark manual`.
//!
//! Source: apt-mark(8).

use std::{borrow::Cow, fs};

use super::tool;
use crate::{
    prelude::*,
    support::dpkg::control::{Stanza, stanzas},
};

/// Where apt notes what was installed for other packages.
const STATES: &str = "/var/lib/apt/extended_states";

/// Marks the packages; runs nothing where none of them is marked otherwise.
///
/// # Errors
///
/// apt-mark fails.
pub(super) fn mark(ctx: &mut Context, packages: &[String]) -> Result<(), Failure> {
    if packages.is_empty() {
        return Ok(());
    }
    let Some(program) = ctx.find_bin("apt-mark") else {
        ctx.warn("Could not find apt-mark binary, not marking package(s) as manually installed.");
        return Ok(());
    };
    let states = fs::read(STATES).unwrap_or_default();
    if !any_automatic(&states, packages) {
        return Ok(());
    }
    let mut line = format!("{program} manual {}", packages.join(" "));
    let mut output = tool::run_line(ctx, &line)?;
    let said = output.stderr_text();
    // An apt-mark of Debian 6.
    if said.contains("Invalid operation") || said.contains("Usage: apt-mark [options] {markauto|unmarkauto} packages") {
        line = format!("{program} unmarkauto {}", packages.join(" "));
        output = tool::run_line(ctx, &line)?;
    }
    if output.success() {
        return Ok(());
    }
    Err(tool::failure(format!("'{line}' failed: {}", output.stderr_text()), &output))
}

/// Whether one of the packages, of whatever architecture, is noted as installed for others.
fn any_automatic(states: &[u8], packages: &[String]) -> bool {
    let names: Vec<&str> =
        packages.iter().map(|name| name.rsplit_once(':').map_or(name.as_str(), |(name, _)| name)).collect();
    stanzas(states).filter_map(|range| states.get(range)).map(Stanza::new).any(|stanza| {
        let named = stanza.field("Package").is_some_and(|name| names.contains(&&*name));
        named && stanza.field("Auto-Installed").is_some_and(|auto: Cow<'_, str>| auto != "0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packages_noted_as_automatic_are_marked() {
        let states = b"Package: a\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: b\nAuto-Installed: 0\n\xff\n";
        let any =
            |names: &[&str]| any_automatic(states, &names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert!(any(&["x", "a"]));
        assert!(any(&["a:i386"]));
        assert!(!any(&["b", "c"]));
        assert!(!any_automatic(b"", &["a".to_owned()]));
    }
}
