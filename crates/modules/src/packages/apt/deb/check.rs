//! Whether a package file can be installed, and what it needs first.
//!
//! The questions, their order and the answers are those of `apt.debfile.DebPackage.check` of python-apt.

use std::collections::HashMap;

use super::{
    super::{cache::Question, host::Host, tool},
    file::DebFile,
    relations::{self, Relation},
};
use crate::{
    prelude::*,
    support::dpkg::{Entry, version},
};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    /// Why not.
    pub(super) refusal: Option<String>,
    /// What must be installed first.
    pub(super) missing: Vec<String>,
}

/// Whether a package file can be installed.
///
/// # Errors
///
/// apt cannot read its lists or its configuration.
pub(super) fn check(ctx: &Context, host: &mut Host, path: &str, file: &DebFile) -> Result<Verdict, Failure> {
    let mut check = Check { ctx, host, file, path, name: file.field("Package"), foreign: None, missing: Vec::new() };
    let refusal = check.refusal()?;
    Ok(Verdict { refusal, missing: check.missing })
}

/// What is said where packages on the host lack what they need.
const BROKEN: &str = "Failed to satisfy all dependencies (broken cache)";

/// Versions of packages that are to be installed first.
type Marked = HashMap<String, String>;

struct Check<'a> {
    ctx: &'a Context,
    host: &'a mut Host,
    file: &'a DebFile,
    path: &'a str,
    /// The package, with its architecture where that is not the host's.
    name: String,
    foreign: Option<String>,
    missing: Vec<String>,
}

impl Check<'_> {
    fn refusal(&mut self) -> Result<Option<String>, Failure> {
        let Some(architecture) = self.file.control().field("Architecture") else {
            return Ok(Some("No Architecture field in the package".to_owned()));
        };
        if architecture != "all" && architecture != self.host.database.native() {
            if !self.host.database.foreign().contains(&architecture.as_ref().to_owned()) {
                return Ok(Some(format!(
                    "Wrong architecture '{architecture}' -- Run dpkg --add-architecture to add it and update afterwards"
                )));
            }
            self.name = format!("{}:{architecture}", self.name);
            self.foreign = Some(architecture.into_owned());
        }
        let there = self.there(&self.name).map(|entry| entry.version.as_str());
        if there.is_some_and(|there| version::compare(there, &self.file.field("Version")).is_gt()) {
            return Ok(Some("A later version is already installed".to_owned()));
        }
        let conflicts = self.conflicts(&Marked::new())?;
        if conflicts.is_some() {
            return Ok(conflicts);
        }
        if let Some(broken) = self.breaks() {
            return Ok(Some(broken));
        }
        if let Some(unsatisfied) = self.find_missing()? {
            return Ok(Some(unsatisfied));
        }
        if self.missing.is_empty() {
            return Ok(self.is_broken()?.then(|| BROKEN.to_owned()));
        }
        match self.mark()? {
            Err(refusal) => Ok(Some(refusal)),
            Ok(marked) => self.conflicts(&marked),
        }
    }

    /// A package of which there is something.
    fn there(&self, name: &str) -> Option<&Entry> {
        self.host.database.find(name).filter(|entry| entry.is_current())
    }

    /// A package's name with the file's architecture, where that is what is meant.
    fn with_architecture(&self, name: &str) -> String {
        let Some(architecture) = self.foreign.as_ref().filter(|_| !name.contains(':')) else { return name.to_owned() };
        let shared = self.there(name).is_some_and(|entry| {
            let multi_arch = self.host.database.stanza(entry).field("Multi-Arch");
            entry.architecture == "all" || multi_arch.is_some_and(|multi_arch| multi_arch == "foreign")
        });
        if shared { name.to_owned() } else { format!("{name}:{architecture}") }
    }

    /// What of the host, or of what is to be installed first, the file conflicts with.
    fn conflicts(&mut self, marked: &Marked) -> Result<Option<String>, Failure> {
        let field = self.file.field("Conflicts");
        let mut said = String::new();
        for relation in relations::parse(&field).into_iter().flatten() {
            let name = self.with_architecture(relation.name);
            let names = if self.host.cache.contains(self.ctx, &self.host.database, &name)? {
                vec![name]
            } else {
                let own = &self.name;
                let providers = self.host.cache.providers(self.ctx, &self.host.database, &name, false)?;
                providers.into_iter().filter(|provider| provider != own).collect()
            };
            for name in names {
                let there = self.there(&name).map(|entry| entry.version.clone());
                let Some(version) = there.or_else(|| marked.get(&name).cloned()) else { continue };
                if relation.holds(&version) && !self.replaces(&name, &version) {
                    said.push_str(&format!("Conflicts with the installed package '{name}'"));
                }
            }
        }
        Ok((!said.is_empty()).then_some(said))
    }

    fn replaces(&self, name: &str, version: &str) -> bool {
        let field = self.file.field("Replaces");
        relations::parse(&field).iter().flatten().any(|relation| relation.name == name && relation.holds(version))
    }

    /// What of the host would no longer have what it needs, or conflicts with the file.
    fn breaks(&self) -> Option<String> {
        let database = &self.host.database;
        let (version, architecture) = (self.file.field("Version"), self.file.field("Architecture"));
        let provides = self.file.field("Provides");
        let provides: Vec<&str> = relations::parse(&provides)
            .iter()
            .filter_map(|group| group.first())
            .map(|relation| relation.name)
            .collect();
        let mut entries: Vec<(String, &Entry)> = database
            .entries()
            .iter()
            .filter(|entry| entry.is_current())
            .map(|entry| (database.shown_name(&format!("{}:{}", entry.name, entry.architecture)), entry))
            .collect();
        entries.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        for (package, entry) in entries {
            let stanza = database.stanza(entry);
            for field in ["Pre-Depends", "Depends"].into_iter().filter_map(|field| stanza.field(field)) {
                let broken = relations::parse(&field)
                    .into_iter()
                    .flatten()
                    .find(|relation| relation.name == self.name && !relation.holds(&version))
                    .map(|relation| relation.shown());
                if let Some(relation) = broken {
                    let name = &self.name;
                    return Some(format!("Breaks existing package '{package}' dependency {name} ({relation})"));
                }
            }
            let conflicts = stanza.field("Conflicts").unwrap_or_default();
            for relation in relations::parse(&conflicts).into_iter().flatten() {
                if relation.name == self.name && architecture == database.native() && relation.holds(&version) {
                    let (target, shown) = (relation.name, relation.shown());
                    return Some(format!("Breaks existing package '{package}' conflict: {target} ({shown})"));
                }
                if provides.contains(&relation.name) && self.name != package {
                    return Some(format!(
                        "Breaks existing package '{package}' that conflict: '{}'. But the '{}' provides it via: '{}'",
                        relation.name,
                        self.path,
                        provides.join(",")
                    ));
                }
            }
        }
        None
    }

    /// Finds what must be installed first; what cannot be had.
    fn find_missing(&mut self) -> Result<Option<String>, Failure> {
        let fields = ["Depends", "Pre-Depends"].map(|field| self.file.field(field));
        for group in fields.iter().flat_map(|field| relations::parse(field)) {
            if self.is_satisfied(&group)? || self.can_be_satisfied(&group)? {
                continue;
            }
            let versioned = group.last().is_some_and(Relation::is_versioned);
            let shown: Vec<String> = group
                .iter()
                .map(|one| if versioned { format!("{} ({})", one.name, one.shown()) } else { one.name.to_owned() })
                .collect();
            return Ok(Some(format!("Dependency is not satisfiable: {}\n", shown.join("|"))));
        }
        Ok(None)
    }

    fn is_satisfied(&mut self, group: &[Relation<'_>]) -> Result<bool, Failure> {
        for relation in group {
            if let Some(name) = relation.name.strip_suffix(":any") {
                if self.there(name).is_some() {
                    return Ok(true);
                }
                continue;
            }
            let name = self.with_architecture(relation.name);
            if self.there(&name).is_some_and(|entry| relation.holds(&entry.version)) {
                return Ok(true);
            }
            let known = self.host.cache.contains(self.ctx, &self.host.database, &name)?;
            if known && relation.is_versioned() {
                continue;
            }
            let providers = self.host.cache.providers(self.ctx, &self.host.database, &name, known)?;
            if providers.iter().any(|provider| self.there(provider).is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes the first of the alternatives that apt has a version of.
    fn can_be_satisfied(&mut self, group: &[Relation<'_>]) -> Result<bool, Failure> {
        for relation in group {
            let mut name = match relation.name.strip_suffix(":any") {
                Some(name) => name.to_owned(),
                None => self.with_architecture(relation.name),
            };
            if !self.host.cache.contains(self.ctx, &self.host.database, &name)? {
                let providers = self.host.cache.providers(self.ctx, &self.host.database, &name, false)?;
                // Of one provider there is no choice.
                let [only] = providers.as_slice() else { continue };
                name.clone_from(only);
            }
            let question = Question::of(self.host.database.shown_name(&name));
            let candidate = self.host.cache.policy(self.ctx, &question)?.candidate;
            if candidate.is_some_and(|candidate| relation.holds(&candidate)) {
                self.missing.push(name);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets apt try to install what is missing: the versions that would come, or what cannot be.
    fn mark(&self) -> Result<Result<Marked, String>, Failure> {
        let simulate = |names: &[String]| {
            let mut words = vec!["apt-get", "--simulate", "-q", "-y", "install", "--"];
            words.extend(names.iter().map(String::as_str));
            tool::run(self.ctx, &words)
        };
        let output = simulate(&self.missing)?;
        if output.success() {
            return Ok(Ok(output.stdout_text().lines().filter_map(marked).collect()));
        }
        if self.is_broken()? {
            // apt-get refuses every wish until that is mended. python-apt goes on: it would mend it by removing packages.
            return Ok(Ok(Marked::new()));
        }
        for (index, name) in self.missing.iter().enumerate() {
            if !simulate(self.missing.get(..=index).unwrap_or_default())?.success() {
                return Ok(Err(format!("Cannot install '{name}'")));
            }
        }
        Ok(Err(BROKEN.to_owned()))
    }

    /// Whether there are packages on the host that lack what they need.
    fn is_broken(&self) -> Result<bool, Failure> {
        Ok(!tool::run(self.ctx, &["apt-get", "check", "-qq", "-o", "Debug::NoLocking=true"])?.success())
    }
}

/// `Inst NAME (VERSION ...`: a package that would come anew.
fn marked(line: &str) -> Option<(String, String)> {
    let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
    let version = rest.strip_prefix('(')?.split(' ').next()?;
    Some((name.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_anew_is_marked() {
        let pair = |name: &str, version: &str| Some((name.to_owned(), version.to_owned()));
        assert_eq!(marked("Inst fleet-demo (2.0 localhost [all])"), pair("fleet-demo", "2.0"));
        assert_eq!(marked("Inst fleet-demo [1.0] (2.0 localhost [all])"), None);
        assert_eq!(marked("Conf fleet-demo (2.0 localhost [all])"), None);
    }
}
