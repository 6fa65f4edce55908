//! What could be there: apt's cache of packages, asked through apt-cache(8).

mod pins;
mod policy;
mod providers;

use std::collections::HashMap;

use super::tool;
use crate::{
    prelude::*,
    support::{apt::messages, dpkg::Database},
};

pub(super) use policy::{Policy, Question};

/// apt's cache, with what was asked of it already.
pub(super) struct Cache {
    /// `default_release`
    release: Option<String>,
    answers: HashMap<Question, Policy>,
}

impl Cache {
    /// A cache that was asked nothing yet.
    pub(super) fn new(release: Option<&str>) -> Self {
        Self { release: release.filter(|release| !release.is_empty()).map(str::to_owned), answers: HashMap::new() }
    }

    /// Asks all that is not known yet, as few times as can be.
    ///
    /// # Errors
    ///
    /// apt cannot read its lists or its configuration: its own words.
    pub(super) fn ask(&mut self, ctx: &Context, questions: &[Question]) -> Result<(), Failure> {
        let unknown = questions.iter().filter(|question| !self.answers.contains_key(*question));
        for batch in policy::batches(unknown.cloned().collect()) {
            self.answers.extend(policy::ask(ctx, self.release.as_deref(), batch)?);
        }
        Ok(())
    }

    /// What apt would do about a package.
    ///
    /// # Errors
    ///
    /// As [`Self::ask`].
    pub(super) fn policy(&mut self, ctx: &Context, question: &Question) -> Result<Policy, Failure> {
        self.ask(ctx, std::slice::from_ref(question))?;
        Ok(self.answers.get(question).cloned().unwrap_or_default())
    }

    /// Whether apt knows a package: there is, or was, a version of it.
    ///
    /// # Errors
    ///
    /// As [`Self::ask`].
    pub(super) fn contains(&mut self, ctx: &Context, database: &Database, package: &str) -> Result<bool, Failure> {
        if database.find(package).is_some_and(|entry| !entry.version.is_empty()) {
            return Ok(true);
        }
        Ok(self.policy(ctx, &Question::of(database.shown_name(package)))?.known)
    }

    /// The packages whose candidates provide another, each once; where that is a package itself, only with `real`.
    ///
    /// # Errors
    ///
    /// As [`Self::ask`].
    pub(super) fn providers(
        &mut self,
        ctx: &Context,
        database: &Database,
        package: &str,
        real: bool,
    ) -> Result<Vec<String>, Failure> {
        if !real && self.contains(ctx, database, package)? {
            return Ok(Vec::new());
        }
        let listed = providers::list(ctx, self.release.as_deref(), package)?;
        let questions: Vec<Question> = listed.iter().map(|(owner, _)| Question::of(owner.clone())).collect();
        self.ask(ctx, &questions)?;
        let mut found = Vec::new();
        for ((owner, version), question) in listed.into_iter().zip(&questions) {
            let candidate = self.answers.get(question).and_then(|policy| policy.candidate.as_deref());
            if candidate == Some(version.as_str()) && !found.contains(&owner) {
                found.push(owner);
            }
        }
        Ok(found)
    }
}

/// Refuses a release that no source has.
///
/// # Errors
///
/// There is no such release, or apt cannot read its lists or its configuration: its own words.
pub(super) fn check_release(ctx: &Context, release: &str) -> Result<(), Failure> {
    run(ctx, Some(release), &["policy", "--", "apt"]).map(|_| ())
}

/// The names of all packages that begin so, sorted.
///
/// # Errors
///
/// apt cannot read its lists or its configuration: its own words.
pub(super) fn names(ctx: &Context, prefix: &str) -> Result<Vec<String>, Failure> {
    let output = run(ctx, None, &["pkgnames", "--", prefix])?;
    let mut names: Vec<String> = output.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    names.sort_unstable();
    Ok(names)
}

/// Runs apt-cache; where apt's lists are broken, they are got anew and it is run again.
fn run(ctx: &Context, release: Option<&str>, words: &[&str]) -> Result<String, Failure> {
    let program = ctx.require_bin("apt-cache")?;
    let release = release.map(|release| format!("APT::Default-Release={release}"));
    let mut line = vec![program.as_str()];
    if let Some(release) = &release {
        line.extend(["-o", release]);
    }
    line.extend(words);
    let mut output = tool::run(ctx, &line)?;
    if !output.success() && messages::all(&output.stderr_text()).to_lowercase().contains("/var/lib/apt/lists/") {
        repair(ctx, &messages::all(&output.stderr_text()))?;
        output = tool::run(ctx, &line)?;
    }
    if output.success() {
        return Ok(output.stdout_text().into_owned());
    }
    let said = messages::all(&output.stderr_text());
    // Only the first opening of the cache, before the release is set, is guarded in Ansible.
    Err(if release.is_some() && said.contains("APT::Default-Release") {
        Failure::raised(&said, None)
    } else {
        Failure::new(said)
    })
}

/// Gets the lists anew, twice at most.
fn repair(ctx: &Context, said: &str) -> Result<(), Failure> {
    let mut last = None;
    for _ in 0..2 {
        let output = tool::run(ctx, &["apt-get", "update", "-q"])?;
        if output.success() {
            return Ok(());
        }
        last = Some(output);
    }
    let Some(output) = last else { return Ok(()) };
    let (stdout, stderr) = (output.stdout_text(), output.stderr_text());
    let msg = format!("Updating the cache to correct corrupt package lists failed:\n{said}\n{stdout}{stderr}");
    Err(Failure::new(msg).with("rc", output.rc))
}
