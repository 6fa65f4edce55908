//! `state: absent`.

use super::{
    arguments::AptArgs,
    host::Host,
    policy_rc_d, prepared,
    spec::Spec,
    tool::{self, word},
};
use crate::prelude::*;

/// Removes packages.
///
/// # Errors
///
/// A pattern matches none, or apt-get fails.
pub(super) fn remove(ctx: &Context, args: &AptArgs, host: &mut Host, packages: &[String]) -> Result<Outcome, Failure> {
    let packages = host.expand(ctx, packages, true)?;
    let there: Vec<String> = packages
        .iter()
        .filter(|package| {
            let presence = host.presence(&Spec::parse(package));
            presence.as_asked || (presence.has_files && args.purge)
        })
        .map(|package| format!("'{package}'"))
        .collect();
    if there.is_empty() {
        return Ok(Outcome::changed(false));
    }
    let packages = there.join(" ");
    let line = format!(
        "{} -q -y {} {} {} {} {} {} remove {packages}",
        ctx.require_bin("apt-get")?,
        args.dpkg_words(),
        word(args.purge, "--purge"),
        word(args.force, "--force-yes"),
        word(args.autoremove, "--auto-remove"),
        word(ctx.check_mode, "--simulate"),
        word(args.allow_change_held_packages, "--allow-change-held-packages"),
    );
    let output = policy_rc_d::with_policy(ctx, args.policy_rc_d, || tool::run_line(ctx, &line))?;
    let text = output.stdout_text();
    if !output.success() {
        let said = output.stderr_text();
        return Err(tool::failure(format!("'apt-get remove {packages}' failed: {said}"), &output));
    }
    Ok(tool::outcome(true, &output, prepared::diff(ctx, &text)))
}
