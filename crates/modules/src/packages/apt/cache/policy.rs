//! What apt would do about packages: `apt-cache policy`.
//!
//! Source: apt-cache(8), apt_preferences(5).

use std::collections::{HashMap, HashSet};

use super::pins::Pins;
use crate::prelude::*;

/// How many packages are asked for at once: a command line has room for them.
const AT_ONCE: usize = 1000;

/// A package, and the version asked for if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in super::super) struct Question {
    /// The package's name as apt shows it.
    pub(in super::super) name: String,
    /// The version that is preferred over all others: a pattern.
    pub(in super::super) version: Option<String>,
}

impl Question {
    /// A package in whatever version.
    pub(in super::super) fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), version: None }
    }
}

/// What apt says about a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Policy {
    /// There are versions of it, or there is what is left of one: it is not just a name that others provide.
    pub(in super::super) known: bool,
    /// The version that apt would install.
    pub(in super::super) candidate: Option<String>,
}

/// Parts questions so that each batch asks for a package once.
pub(super) fn batches(questions: Vec<Question>) -> Vec<Vec<Question>> {
    let mut batches: Vec<(HashSet<String>, Vec<Question>)> = Vec::new();
    for question in questions {
        let place = batches.iter_mut().find(|(names, batch)| batch.len() < AT_ONCE && !names.contains(&question.name));
        match place {
            Some((names, batch)) => {
                names.insert(question.name.clone());
                batch.push(question);
            }
            None => batches.push((HashSet::from([question.name.clone()]), vec![question])),
        }
    }
    batches.into_iter().map(|(_, batch)| batch).collect()
}

/// Asks one batch.
pub(super) fn ask(
    ctx: &Context,
    release: Option<&str>,
    batch: Vec<Question>,
) -> Result<HashMap<Question, Policy>, Failure> {
    let pins = Pins::of(&batch, release)?;
    let options = pins.as_ref().map(Pins::options).unwrap_or_default();
    let mut words = Vec::new();
    for option in &options {
        words.extend(["-o", option.as_str()]);
    }
    words.extend(["policy", "--"]);
    words.extend(batch.iter().map(|question| question.name.as_str()));
    let output = super::run(ctx, release, &words)?;
    let mut said = parse(&output);
    Ok(batch
        .into_iter()
        .map(|question| {
            let policy = said.remove(&question.name).unwrap_or_default();
            (question, policy)
        })
        .collect())
}

/// Reads apt-cache's answer.
fn parse(output: &str) -> HashMap<String, Policy> {
    let mut policies: HashMap<String, Policy> = HashMap::new();
    let mut current: Option<String> = None;
    for line in output.lines() {
        if !line.starts_with(' ') {
            current = line.strip_suffix(':').map(str::to_owned);
            if let Some(name) = &current {
                policies.insert(name.clone(), Policy::default());
            }
            continue;
        }
        let Some(policy) = current.as_ref().and_then(|name| policies.get_mut(name)) else { continue };
        if let Some(candidate) = line.strip_prefix("  Candidate: ") {
            policy.candidate = (candidate != "(none)").then(|| candidate.to_owned());
        } else if line.starts_with(" *** ") || line.strip_prefix("     ").is_some_and(|rest| !rest.starts_with(' ')) {
            policy.known = true;
        }
    }
    policies
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str, version: Option<&str>) -> Question {
        Question { name: name.to_owned(), version: version.map(str::to_owned) }
    }

    #[test]
    fn a_package_is_asked_for_once_in_a_batch() {
        let questions = vec![question("a", Some("1")), question("b", None), question("a", Some("2"))];
        let batches = batches(questions.clone());
        assert_eq!(batches, [vec![questions[0].clone(), questions[1].clone()], vec![questions[2].clone()]]);
    }

    #[test]
    fn candidates_and_names_without_versions_are_told_apart() {
        let policies = parse(
            "one:\n  Installed: 1.0\n  Candidate: 2.0\n  Version table:\n     2.0 500\n        500 file:/srv/apt ./ \
             Packages\n *** 1.0 100\n        100 /var/lib/dpkg/status\ngone:\n  Installed: (none)\n  Candidate: \
             (none)\n  Version table:\n     1.0 -1\n        100 /var/lib/dpkg/status\nvirtual:i386:\n  Installed: \
             (none)\n  Candidate: (none)\n  Version table:\n",
        );
        assert_eq!(policies["one"], Policy { known: true, candidate: Some("2.0".to_owned()) });
        assert_eq!(policies["gone"], Policy { known: true, candidate: None });
        assert_eq!(policies["virtual:i386"], Policy::default());
        assert_eq!(policies.len(), 3);
    }
}
