//! `clean`, `autoclean` and `autoremove`: what is left lying about.

use super::{
    arguments::AptArgs,
    policy_rc_d, prepared,
    tool::{self, word},
};
use crate::prelude::*;

/// What is cleaned up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cleanup {
    /// Downloaded packages that cannot be downloaded any more.
    Autoclean,
    /// Packages that were installed for others and are needed by none.
    Autoremove,
}

impl Cleanup {
    /// apt-get's word for it, and what it says where there was something to do.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Autoclean => ("autoclean", "Del "),
            Self::Autoremove => ("autoremove", "The following packages will be REMOVED"),
        }
    }

    /// Cleans up.
    ///
    /// # Errors
    ///
    /// apt-get fails.
    pub(super) fn run(self, ctx: &Context, args: &AptArgs) -> Result<Outcome, Failure> {
        let (operation, mark) = self.words();
        let line = format!(
            "{} -y {} {} {} {operation} {}",
            ctx.require_bin("apt-get")?,
            args.dpkg_words(),
            word(args.purge, "--purge"),
            word(args.force, "--force-yes"),
            word(ctx.check_mode, "--simulate"),
        );
        let output = policy_rc_d::with_policy(ctx, args.policy_rc_d, || tool::run_line(ctx, &line))?;
        let text = output.stdout_text();
        if !output.success() {
            let said = output.stderr_text();
            return Err(tool::failure(format!("'apt-get {operation}' failed: {said}"), &output));
        }
        Ok(tool::outcome(text.contains(mark), &output, prepared::diff(ctx, &text)))
    }
}

/// Removes all downloaded packages: a result that says so, whatever was there. Nothing is removed in check mode.
///
/// # Errors
///
/// apt-get fails, or says anything on stderr.
pub(super) fn clean(ctx: &Context) -> Result<Outcome, Failure> {
    let (stdout, diff) = if ctx.check_mode {
        (String::new(), prepared::diff(ctx, ""))
    } else {
        let output = tool::run(ctx, &["apt-get", "clean"])?;
        let (stdout, stderr) = (output.stdout_text().into_owned(), output.stderr_text());
        if !output.success() || !stderr.is_empty() {
            let msg = if output.success() {
                format!("apt-get clean failed: {stderr}")
            } else {
                "apt-get clean failed".to_owned()
            };
            return Err(Failure::new(msg).with("stdout", stdout).with("rc", output.rc));
        }
        let diff = prepared::diff(ctx, &stdout);
        (stdout, diff)
    };
    let mut outcome = Outcome::changed(true).with_msg(stdout.clone()).with("stdout", stdout).with("stderr", "");
    outcome.diff.push(diff);
    Ok(outcome)
}
