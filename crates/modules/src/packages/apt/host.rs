//! What a host has and could have: dpkg's database and apt's cache together, and how a package stands in them.

use super::{
    cache::{Cache, Question},
    spec::{Relation, Spec, is_pattern},
};
use crate::{
    module::os_error,
    prelude::*,
    support::{
        dpkg::{Database, version},
        paths,
    },
};

/// A host's packages.
pub(super) struct Host {
    /// What is there.
    pub(super) database: Database,
    /// What could be there.
    pub(super) cache: Cache,
}

/// How a package stands on a host, without regard to what could be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Presence {
    /// It is there, in whatever version.
    pub(super) installed: bool,
    /// It is there in a version that was asked for.
    pub(super) as_asked: bool,
    /// It has files: of itself, or its configuration.
    pub(super) has_files: bool,
}

/// What could be installed to get what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Installable {
    /// This version, which is not the one that is there.
    Version(String),
    /// apt is to choose among packages that provide the name.
    Provider,
}

/// How a package that is to be installed stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// It is there, in whatever version.
    pub(super) installed: bool,
    /// It is there in a version that was asked for.
    pub(super) as_asked: bool,
    /// What could be installed.
    pub(super) installable: Option<Installable>,
}

impl Host {
    /// Reads what is there.
    ///
    /// # Errors
    ///
    /// dpkg's database cannot be read.
    pub(super) fn observe(release: Option<&str>) -> Result<Self, Failure> {
        Ok(Self { database: read()?, cache: Cache::new(release) })
    }

    /// How a package stands, from dpkg's database alone.
    pub(super) fn presence(&self, spec: &Spec<'_>) -> Presence {
        let Some(entry) = self.database.find(spec.name) else { return Presence::default() };
        Presence {
            installed: entry.is_installed(),
            as_asked: entry.is_installed() && is_as_asked(spec, &entry.version),
            has_files: !entry.version.is_empty() && self.database.has_files(spec.name),
        }
    }

    /// Asks apt at once about all packages that apt must be asked about.
    ///
    /// # Errors
    ///
    /// apt cannot read its lists or its configuration: its own words.
    pub(super) fn prepare(&mut self, ctx: &Context, specs: &[Spec<'_>], latest: bool) -> Result<(), Failure> {
        let asked: Vec<&Spec<'_>> = specs.iter().filter(|spec| self.needs_apt(spec, latest)).collect();
        let questions: Vec<Question> = asked.into_iter().map(|spec| self.question(spec)).collect();
        self.cache.ask(ctx, &questions)
    }

    /// How a package that is to be installed stands.
    ///
    /// # Errors
    ///
    /// No package has that name or provides it; or apt cannot read its lists or its configuration.
    pub(super) fn standing(&mut self, ctx: &Context, spec: &Spec<'_>, latest: bool) -> Result<Standing, Failure> {
        let presence = self.presence(spec);
        if !self.needs_apt(spec, latest) {
            return Ok(Standing { installed: true, as_asked: true, installable: None });
        }
        if !self.cache.contains(ctx, &self.database, spec.name)? {
            return self.standing_of_providers(ctx, spec, latest);
        }
        let question = self.question(spec);
        let best = self.cache.policy(ctx, &question)?.candidate;
        let best = best.filter(|best| spec.matching().is_none_or(|pattern| paths::fnmatch(best, pattern)));
        let there = self.database.find(spec.name).map(|entry| entry.version.as_str());
        let installable = best
            .filter(|best| !presence.installed || (there != Some(best.as_str()) && is_as_asked(spec, best)))
            .map(Installable::Version);
        Ok(Standing { installed: presence.installed, as_asked: presence.as_asked, installable })
    }

    /// A name that is no package itself.
    fn standing_of_providers(&mut self, ctx: &Context, spec: &Spec<'_>, latest: bool) -> Result<Standing, Failure> {
        let providers = self.cache.providers(ctx, &self.database, spec.name, false)?;
        match providers.as_slice() {
            [] => return Err(Failure::new(format!("No package matching '{}' is available", spec.name))),
            [only] => {
                let provider = Spec { name: only, version: spec.version };
                if self.presence(&provider).installed {
                    return self.standing(ctx, &provider, latest);
                }
            }
            _ => {}
        }
        Ok(Standing { installed: false, as_asked: false, installable: Some(Installable::Provider) })
    }

    fn question(&self, spec: &Spec<'_>) -> Question {
        Question { name: self.database.shown_name(spec.name), version: spec.matching().map(str::to_owned) }
    }

    /// Whether dpkg's database alone cannot say that nothing is to be done.
    fn needs_apt(&self, spec: &Spec<'_>, latest: bool) -> bool {
        latest
            || !self.presence(spec).as_asked
            // Another version that matches a pattern may be installed in place of the one that is there.
            || spec.matching().is_some_and(|pattern| pattern.contains(['*', '?', '[']))
    }

    /// Puts the names that a pattern stands for in its place. With `there`, only packages that are there are of interest,
    /// and apt is asked only where there is none.
    ///
    /// # Errors
    ///
    /// There is no such package; or apt cannot read its lists or its configuration.
    pub(super) fn expand(&mut self, ctx: &Context, packages: &[String], there: bool) -> Result<Vec<String>, Failure> {
        let mut expanded = Vec::new();
        for package in packages {
            let pattern = Spec::parse(package).name;
            if !is_pattern(pattern) {
                expanded.push(package.clone());
                continue;
            }
            let mut names = if there { self.matching_there(pattern) } else { Vec::new() };
            if names.is_empty() {
                names = self.matching(ctx, pattern)?;
            }
            if names.is_empty() {
                return Err(Failure::new(format!("No package(s) matching '{pattern}' available")));
            }
            expanded.extend(names);
        }
        Ok(expanded)
    }

    /// The packages that dpkg knows and whose names match, sorted.
    fn matching_there(&self, pattern: &str) -> Vec<String> {
        let known = self.database.entries().iter().filter(|entry| !entry.version.is_empty());
        let mut names: Vec<String> = known
            .map(|entry| self.database.shown_name(&format!("{}:{}", entry.name, entry.architecture)))
            .filter(|name| name.contains(':') == pattern.contains(':') && paths::fnmatch(name, pattern))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The packages whose names match, sorted.
    fn matching(&mut self, ctx: &Context, pattern: &str) -> Result<Vec<String>, Failure> {
        let literal = pattern.split(['*', '?', '[', ']', '!', ':']).next().unwrap_or_default();
        let mut names: Vec<String> = super::cache::names(ctx, literal)?;
        if pattern.contains(':') {
            // Packages of the host's own architecture are named without it and cannot match.
            let foreign = self.database.foreign();
            names = names.iter().flat_map(|name| foreign.iter().map(move |other| format!("{name}:{other}"))).collect();
        }
        names.retain(|name| paths::fnmatch(name, pattern));
        if !self.database.foreign().is_empty() {
            // A name may be there for another architecture alone.
            let unknown = names.iter().filter(|name| self.database.find(name).is_none());
            let questions: Vec<Question> = unknown.map(|name| Question::of(name.clone())).collect();
            self.cache.ask(ctx, &questions)?;
            let mut known = Vec::new();
            for name in names {
                if self.cache.contains(ctx, &self.database, &name)? {
                    known.push(name);
                }
            }
            names = known;
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn read() -> Result<Database, Failure> {
    Database::read().map_err(|error| {
        Failure::new(format!("dpkg's database cannot be read: {}", os_error(&error, Some("/var/lib/dpkg/status"))))
    })
}

/// Whether a version is one that was asked for.
fn is_as_asked(spec: &Spec<'_>, there: &str) -> bool {
    match spec.version {
        None => true,
        Some((Relation::Matches, pattern)) => paths::fnmatch(there, pattern),
        Some((Relation::AtLeast, least)) => version::compare(there, least).is_ge(),
    }
}
