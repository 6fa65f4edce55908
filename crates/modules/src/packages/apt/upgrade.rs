//! `upgrade`, and `name: '*'` with `state: latest`: all packages are upgraded.

use super::{
    arguments::{AptArgs, Upgrade},
    policy_rc_d, prepared,
    tool::{self, word},
};
use crate::{prelude::*, support::command::Output};

/// What aptitude says where there was nothing to do.
const APTITUDE_CHANGED_NOTHING: &str = "\n0 packages upgraded, 0 newly installed, 0 to remove";

/// Upgrades all packages.
///
/// # Errors
///
/// apt-get or aptitude fails.
pub(super) fn upgrade(ctx: &mut Context, args: &AptArgs, mode: Upgrade) -> Result<Outcome, Failure> {
    let aptitude = ctx.find_bin("aptitude").filter(|_| !args.force_apt_get && mode != Upgrade::Dist);
    let by_apt_get = aptitude.is_none();
    let program = match aptitude {
        Some(aptitude) => aptitude,
        None => ctx.require_bin("apt-get")?,
    };
    let autoremove = word(args.autoremove, "--auto-remove");
    let command = match (mode, by_apt_get) {
        (Upgrade::Dist, _) | (Upgrade::Full, true) => format!("dist-upgrade {autoremove}"),
        (Upgrade::Full, false) => "full-upgrade".to_owned(),
        (_, true) => format!("upgrade --with-new-pkgs {autoremove}"),
        (_, false) => "safe-upgrade".to_owned(),
    };
    let force = if by_apt_get { "--force-yes" } else { "--assume-yes --allow-untrusted" };
    let mut line = format!(
        "{program} -y {} {} {} {} {} {} {command}",
        args.dpkg_words(),
        word(args.force, force),
        only_apt_get(ctx, by_apt_get, args.fail_on_autoremove, "--no-remove", "fail_on_autoremove"),
        word(args.allow_unauthenticated, "--allow-unauthenticated"),
        only_apt_get(ctx, by_apt_get, args.allow_downgrade, "--allow-downgrades", "allow_downgrade"),
        word(ctx.check_mode, "--simulate"),
    );
    if let Some(release) = args.default_release.as_deref().filter(|release| !release.is_empty()) {
        line.push_str(&format!(" -t '{release}'"));
    }
    let mut output = policy_rc_d::with_policy(ctx, args.policy_rc_d, || tool::run_line(ctx, &line))?;
    if !by_apt_get && (mode == Upgrade::Safe || mode == Upgrade::Yes) && asked(&output) {
        output.rc = 257;
        output.stderr = b"A prompt was encountered while running a command, but no input data was specified".to_vec();
    }
    let text = output.stdout_text().into_owned();
    if !output.success() {
        let said = output.stderr_text();
        let msg = format!("'{program} {command}' failed: {said}");
        return Err(Failure::new(msg).with("stdout", text).with("rc", output.rc));
    }
    let nothing = if by_apt_get { super::NOTHING_CHANGED } else { APTITUDE_CHANGED_NOTHING };
    let changed = !text.contains(nothing);
    let mut outcome = tool::outcome(changed, &output, prepared::diff(ctx, &text)).with_msg(text);
    if !changed {
        outcome.diff.clear();
    }
    Ok(outcome)
}

/// A word that aptitude does not know.
fn only_apt_get(ctx: &mut Context, by_apt_get: bool, given: bool, word: &'static str, option: &str) -> &'static str {
    if given && !by_apt_get {
        ctx.warn(format!("APTITUDE does not support '{word}', ignoring the '{option}' parameter."));
    }
    tool::word(given && by_apt_get, word)
}

/// Whether aptitude asked something: there is nobody to answer.
fn asked(output: &Output) -> bool {
    output.stdout_text().lines().any(|line| {
        line.starts_with("Do you want to ignore this warning and proceed anyway?")
            || line
                .strip_prefix("***")
                .is_some_and(|rest| rest.split_once("[default=").is_some_and(|(_, end)| end.contains(']')))
    })
}
