//! Which hosts a pattern means: `hosts:` of a play, `--limit`.
//!
//! See <https://docs.ansible.com/ansible-core/2.19/inventory_guide/intro_patterns.html>.

use std::{collections::HashSet, fs, path::Path, rc::Rc};

use pyregex::{Flags, Regex};

use super::{Error, Inventory, address, data::LOCALHOST, glob};
use crate::diagnostic::Diagnostic;

/// The order of a play's hosts (`order:`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As the inventory has them.
    #[default]
    Inventory,
    /// The other way round.
    ReverseInventory,
    /// By name.
    Sorted,
    /// By name, the other way round.
    ReverseSorted,
    /// By chance, another for every play.
    Shuffle,
}

impl Order {
    /// The order of a keyword's value.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn named(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "inventory" => Self::Inventory,
            "reverse_inventory" => Self::ReverseInventory,
            "sorted" => Self::Sorted,
            "reverse_sorted" => Self::ReverseSorted,
            "shuffle" => Self::Shuffle,
            _ => {
                let message = format!("Invalid 'order' specified for inventory hosts: {name}");
                return Err(Diagnostic::error(message)
                    .help("valid orders are inventory, reverse_inventory, sorted, reverse_sorted and shuffle")
                    .into());
            }
        })
    }

    /// Puts hosts, which come in the inventory's order, into this one.
    pub fn apply(self, hosts: &mut [Rc<str>]) {
        match self {
            Self::Inventory => {}
            Self::ReverseInventory => hosts.reverse(),
            Self::Sorted => hosts.sort(),
            Self::ReverseSorted => hosts.sort_by(|one, other| other.cmp(one)),
            Self::Shuffle => shuffle(hosts),
        }
    }
}

fn shuffle(hosts: &mut [Rc<str>]) {
    use std::hash::{BuildHasher, RandomState};
    // The hasher's seed is random, and no more is asked of chance here.
    let state = RandomState::new();
    hosts.sort_by_cached_key(|host| state.hash_one(host));
}

/// Takes a pattern apart: at commas; where it has none, at colons that separate no port, range or part of an address.
#[must_use]
pub fn split(pattern: &str) -> Vec<String> {
    let parts: Vec<&str> = if pattern.contains(',') {
        pattern.split(',').collect()
    } else if address::parse(pattern).is_some() {
        vec![pattern]
    } else {
        at_colons(pattern)
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Runs of anything but blanks, colons and brackets, or of complete brackets.
fn at_colons(pattern: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(rest) = pattern.get(at..).filter(|rest| !rest.is_empty()) {
        let length = match rest.chars().next() {
            Some('[') => rest.find(']').map(|end| end + 1),
            Some(character) if character != ':' && character != ']' && !character.is_whitespace() => {
                Some(character.len_utf8())
            }
            _ => None,
        };
        match length {
            Some(length) => at += length,
            None => {
                parts.extend(pattern.get(start..at));
                at += rest.chars().next().map_or(1, char::len_utf8);
                start = at;
            }
        }
    }
    parts.extend(pattern.get(start..));
    parts
}

/// The patterns of a limit; `@FILE` stands for the lines of a file.
pub(super) fn limit(text: &str) -> Result<Vec<String>, Error> {
    let mut patterns = Vec::new();
    for part in split(text) {
        let Some(path) = part.strip_prefix('@') else {
            patterns.push(part);
            continue;
        };
        if !Path::new(path).exists() {
            return Err(Diagnostic::error(format!("Unable to find limit file b'{path}'"))
                .help("write --limit @FILE with the path of a file that names a host or pattern a line")
                .into());
        }
        if !Path::new(path).is_file() {
            let message = format!("Limit starting with \"@\" must be a file, not a directory: b'{path}'");
            return Err(Diagnostic::error(message).into());
        }
        let text = fs::read_to_string(path)
            .map_err(|cause| Diagnostic::error(format!("The limit file {path} cannot be read: {cause}")))?;
        patterns.extend(text.split('\n').map(|line| line.trim().to_owned()));
    }
    Ok(patterns)
}

impl Inventory {
    /// The hosts that patterns mean, within the limit, in the inventory's order, each once.
    ///
    /// # Errors
    ///
    /// A pattern is no regular expression, its `[N]` is beyond the end, or it matches nothing and that is an error
    /// (`host_pattern_mismatch`).
    pub fn hosts_matching(&self, patterns: &[String], warn: &mut dyn FnMut(Diagnostic)) -> Result<Vec<Rc<str>>, Error> {
        if patterns.is_empty() {
            return Ok(Vec::new());
        }
        let patterns: Vec<String> = patterns.iter().flat_map(|pattern| split(pattern)).collect();
        let mut hosts = self.evaluate(&patterns, warn)?;
        if let Some(limit) = self.limit.as_deref().filter(|limit| !limit.is_empty()) {
            let within: HashSet<_> = self.evaluate(limit, warn)?.into_iter().collect();
            hosts.retain(|host| within.contains(host));
        }
        let mut seen = HashSet::new();
        hosts.retain(|host| seen.insert(Rc::clone(host)));
        Ok(hosts)
    }

    /// The hosts of a program's pattern, with the words that `ansible` and `ansible-playbook` have for none.
    ///
    /// # Errors
    ///
    /// As [`Inventory::hosts_matching`], and nothing is left although there is an inventory.
    pub fn hosts_to_target(
        &mut self,
        pattern: &str,
        limit: Option<&str>,
        warn: &mut dyn FnMut(Diagnostic),
    ) -> Result<Vec<Rc<str>>, Error> {
        let empty = self.hosts_matching(&["all".to_owned()], warn)?.is_empty();
        if empty && self.config.display.localhost_warning && !LOCALHOST.contains(&pattern) {
            warn(Diagnostic::warning(
                "provided hosts list is empty, only localhost is available. Note that the implicit localhost does not \
                 match 'all'",
            ));
        }
        self.set_limit(limit)?;
        let hosts = self.hosts_matching(&[pattern.to_owned()], warn)?;
        if hosts.is_empty() && !empty {
            let message =
                "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.".to_owned();
            return Err(Diagnostic::error(message).help("`inventory --graph` shows groups and hosts").into());
        }
        Ok(hosts)
    }

    fn evaluate(&self, patterns: &[String], warn: &mut dyn FnMut(Diagnostic)) -> Result<Vec<Rc<str>>, Error> {
        let kind = |first: char| patterns.iter().filter(move |pattern| pattern.starts_with(first));
        let mut regular: Vec<&str> = patterns
            .iter()
            .map(String::as_str)
            .filter(|pattern| !pattern.is_empty() && !pattern.starts_with(['!', '&']))
            .collect();
        if regular.is_empty() {
            regular.push("all");
        }
        let mut hosts: Vec<Rc<str>> = Vec::new();
        let mut seen: HashSet<Rc<str>> = HashSet::new();
        for pattern in regular {
            let found = match self.data.hosts.get(pattern) {
                Some(host) => vec![Rc::clone(&host.name)],
                None => self.one(pattern, warn)?,
            };
            hosts.extend(found.into_iter().filter(|host| seen.insert(Rc::clone(host))));
        }
        for pattern in kind('&') {
            let within: HashSet<_> = self.one(pattern.trim_start_matches('&'), warn)?.into_iter().collect();
            hosts.retain(|host| within.contains(host));
        }
        for pattern in kind('!') {
            let without: HashSet<_> = self.one(pattern.trim_start_matches('!'), warn)?.into_iter().collect();
            hosts.retain(|host| !without.contains(host));
        }
        Ok(hosts)
    }

    /// One pattern without its sign; asked once, for its warning is to come once.
    fn one(&self, pattern: &str, warn: &mut dyn FnMut(Diagnostic)) -> Result<Vec<Rc<str>>, Error> {
        if let Some(found) = self.patterns.borrow().get(pattern) {
            return Ok(found.clone());
        }
        let (expression, subscript) = subscript(pattern, warn);
        let mut hosts = self.enumerate(expression, warn)?;
        if let Some(subscript) = subscript.filter(|_| !hosts.is_empty()) {
            hosts = subscript.apply(hosts).ok_or_else(|| {
                Diagnostic::error(format!("No hosts matched the subscripted pattern '{pattern}'"))
                    .help("hosts are counted from 0, from the end as [-1]; a range [0:5] may go beyond the end")
            })?;
        }
        self.patterns.borrow_mut().insert(pattern.to_owned(), hosts.clone());
        Ok(hosts)
    }

    fn enumerate(&self, pattern: &str, warn: &mut dyn FnMut(Diagnostic)) -> Result<Vec<Rc<str>>, Error> {
        let is_regex = pattern.starts_with('~');
        let matcher = match pattern.strip_prefix('~') {
            Some(expression) => Some(Regex::new(expression, Flags::NONE).map_err(|cause| {
                Diagnostic::error(format!("Invalid host list pattern: {pattern}")).help(cause.to_string())
            })?),
            None => None,
        };
        let matches = |name: &str| match &matcher {
            Some(regex) => regex.match_(name).is_ok_and(|found| found.is_some()),
            None => glob::matches(pattern, name),
        };
        let mut hosts: Vec<Rc<str>> = Vec::new();
        let mut any_group = false;
        for (index, name) in self.data.groups.keys().enumerate() {
            if matches(name) {
                any_group = true;
                hosts.extend(self.data.hosts_of(index).into_iter().filter_map(|host| self.name_of(host)));
            }
        }
        if !any_group || is_regex || pattern.contains(['.', '?', '*', '[']) {
            hosts.extend(self.data.hosts.keys().filter(|name| matches(name)).cloned());
        }
        if hosts.is_empty() && LOCALHOST.contains(&pattern) {
            hosts.extend(self.host(pattern).map(|host| Rc::clone(&host.name)));
        }
        if hosts.is_empty() && !any_group && pattern != "all" {
            let message = format!("Could not match supplied host pattern, ignoring: {pattern}");
            match self.config.inventories.host_pattern_mismatch.as_str() {
                "error" => return Err(Diagnostic::error(message).into()),
                "ignore" => {}
                _ => warn(Diagnostic::warning(message)),
            }
        }
        Ok(hosts)
    }
}

/// `[N]` or `[FROM:TO]`, both ends counted.
enum Subscript {
    One(i64),
    Range(usize, Option<usize>),
}

impl Subscript {
    fn apply(self, hosts: Vec<Rc<str>>) -> Option<Vec<Rc<str>>> {
        let one = |at: i64| {
            let length = i64::try_from(hosts.len()).ok()?;
            let at = if at < 0 { at + length } else { at };
            hosts.get(usize::try_from(at).ok()?).cloned().map(|host| vec![host])
        };
        match self {
            Self::One(at) => one(at),
            // Ansible takes an end of 0 for none.
            Self::Range(from, Some(0)) => one(i64::try_from(from).ok()?),
            Self::Range(from, to) => {
                let end = to.map_or(hosts.len(), |to| to.saturating_add(1).min(hosts.len()));
                Some(hosts.get(from..end.max(from)).map(<[_]>::to_vec).unwrap_or_default())
            }
        }
    }
}

fn subscript<'a>(pattern: &'a str, warn: &mut dyn FnMut(Diagnostic)) -> (&'a str, Option<Subscript>) {
    let parsed = || {
        let (base, inside) = pattern.strip_suffix(']')?.rsplit_once('[')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if base.is_empty() || pattern.starts_with('~') {
            return None;
        }
        if digits(inside.strip_prefix('-').unwrap_or(inside)) {
            return Some((base, Subscript::One(inside.parse().ok()?), false));
        }
        let at = inside.find([':', '-'])?;
        let (from, to) = (inside.get(..at)?, inside.get(at + 1..)?);
        if !digits(from) || !(to.is_empty() || digits(to)) {
            return None;
        }
        let to = if to.is_empty() { None } else { Some(to.parse().ok()?) };
        Some((base, Subscript::Range(from.parse().ok()?, to), inside.get(at..=at) == Some("-")))
    };
    match parsed() {
        Some((base, subscript, hyphen)) => {
            if hyphen {
                warn(Diagnostic::warning("Use [x:y] inclusive subscripts instead of [x-y] which has been removed"));
            }
            (base, Some(subscript))
        }
        None => (pattern, None),
    }
}
