//! What dpkg's database and apt's lists tell.
//!
//! Ansible has python-apt read both. Here the database is read as it is, and apt-cache(8) is asked for what the lists add to it:
//! the archive that a version comes from, and the section that the archive has it in.

use std::collections::HashMap;

use super::manager::Trouble;
use crate::{
    prelude::*,
    support::{
        apt::{self, messages},
        dpkg::{
            Database, Entry,
            control::{Stanza, stanzas},
        },
    },
};

/// How many packages are asked for at once: a command line has room for them.
const AT_ONCE: usize = 1000;

/// How apt-cache calls dpkg's own database in its lists.
const STATUS: &str = "/var/lib/dpkg/status";

pub(super) fn installed(ctx: &Context) -> Result<Vec<Map>, Trouble> {
    let database = Database::read().map_err(|error| {
        let error = crate::module::os_error(&error, Some(STATUS));
        Trouble::Told(format!("dpkg's database cannot be read: {error}"))
    })?;
    let mut entries: Vec<(String, &Entry)> = database
        .entries()
        .iter()
        .filter(|entry| entry.is_current())
        .map(|entry| (shown_name(&database, entry), entry))
        .collect();
    entries.sort_by(|(left, _), (right, _)| left.cmp(right));

    let program = ctx.require_bin("apt-cache").map_err(|failure| Trouble::Told(failure.msg()))?;
    let origins = origins(&ask(ctx, &[&program, "policy"])?);
    let mut packages = Vec::new();
    for batch in entries.chunks(AT_ONCE) {
        let mut words = vec![program.as_str(), "policy", "--"];
        words.extend(batch.iter().map(|(name, _)| name.as_str()));
        let files = files(&ask(ctx, &words)?);
        let listed = |name: &str| files.get(name).map(String::as_str).filter(|file| *file != STATUS);
        let sections = sections(&program, batch.iter().filter(|(name, _)| listed(name).is_some()), ctx)?;
        for (name, entry) in batch {
            let section =
                listed(name).and_then(|_| sections.get(&(entry.name.clone(), entry.architecture.clone())).cloned());
            let own_section = || database.stanza(entry).field("Section").map(|field| field.into_owned());
            let origin = files.get(name).and_then(|file| origins.get(file)).cloned();
            packages.push(Map::from([
                ("name".to_owned(), name.as_str().into()),
                ("version".to_owned(), entry.version.as_str().into()),
                ("arch".to_owned(), entry.architecture.as_str().into()),
                ("category".to_owned(), section.or_else(own_section).unwrap_or_default().into()),
                ("origin".to_owned(), origin.unwrap_or_default().into()),
            ]));
        }
    }
    Ok(packages)
}

/// A package's name as python-apt has it: with its architecture where that is another than the host's.
fn shown_name(database: &Database, entry: &Entry) -> String {
    database.shown_name(&format!("{}:{}", entry.name, entry.architecture))
}

/// Runs apt-cache; what it says.
fn ask(ctx: &Context, words: &[&str]) -> Result<String, Trouble> {
    let output = apt::run(ctx, words)?;
    if output.success() {
        Ok(output.stdout_text().into_owned())
    } else {
        Err(Trouble::Told(messages::all(&output.stderr_text())))
    }
}

/// The origin of each file of packages that apt reads, by its description, from `apt-cache policy`.
fn origins(said: &str) -> HashMap<String, String> {
    let mut origins = HashMap::new();
    let mut file = None;
    for line in said.lines() {
        if let Some(release) = line.strip_prefix("     release ") {
            if let Some(file) = file.take() {
                origins.insert(file, origin(release).to_owned());
            }
        } else if let Some(described) = described(line) {
            file = Some(described.to_owned());
        }
    }
    origins
}

/// The origin in `v=12.5,o=Debian,a=stable,n=bookworm,l=Debian,c=main,b=amd64`, each part of which may be missing.
fn origin(release: &str) -> &str {
    let start = if release.starts_with("o=") { Some(2) } else { release.find(",o=").map(|at| at + 3) };
    let rest = start.and_then(|start| release.get(start..)).unwrap_or_default();
    let end = ["a", "n", "l", "c", "b"].iter().filter_map(|key| rest.find(&format!(",{key}="))).min();
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// The file in a line ` 500 http://... bookworm/main amd64 Packages`.
fn described(line: &str) -> Option<&str> {
    let (priority, file) = line.trim_start().split_once(' ')?;
    priority.parse::<i64>().ok().map(|_| file)
}

/// The first file that has the installed version, by the package, from `apt-cache policy PACKAGE...`.
fn files(said: &str) -> HashMap<String, String> {
    let mut files = HashMap::new();
    let mut package = None;
    let mut is_installed = false;
    for line in said.lines() {
        if !line.starts_with(' ') {
            package = line.strip_suffix(':');
            is_installed = false;
        } else if line.starts_with(" *** ") {
            is_installed = true;
        } else if is_installed && let (Some(package), Some(file)) = (package, described(line)) {
            files.insert(package.to_owned(), file.to_owned());
            is_installed = false;
        }
    }
    files
}

/// The sections that the archives have these in, by name and architecture.
fn sections<'a>(
    program: &str,
    packages: impl Iterator<Item = &'a (String, &'a Entry)>,
    ctx: &Context,
) -> Result<HashMap<(String, String), String>, Trouble> {
    let versions: Vec<String> = packages.map(|(name, entry)| format!("{name}={}", entry.version)).collect();
    if versions.is_empty() {
        return Ok(HashMap::new());
    }
    let mut words = vec![program, "show", "--"];
    words.extend(versions.iter().map(String::as_str));
    let said = ask(ctx, &words)?;
    let bytes = said.as_bytes();
    let of = |stanza: Stanza<'_>| {
        let field = |name: &str| stanza.field(name).map(|field| field.into_owned());
        Some(((field("Package")?, field("Architecture")?), field("Section").unwrap_or_default()))
    };
    Ok(stanzas(bytes).filter_map(|range| of(Stanza::new(bytes.get(range)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_of_a_file_is_that_of_its_release() {
        let said = "\
Package files:
 100 /var/lib/dpkg/status
     release a=now
 500 file:/srv/apt ./ Packages
     release c=
1001 http://deb.example.org bookworm/main amd64 Packages
     release v=12.5,o=Debian, and others,a=stable,n=bookworm,l=Debian,c=main,b=amd64
     origin deb.example.org
Pinned packages:
     apt -> 2.6.1 with priority 990
";
        let origins = origins(said);
        assert_eq!(origins["/var/lib/dpkg/status"], "");
        assert_eq!(origins["file:/srv/apt ./ Packages"], "");
        assert_eq!(origins["http://deb.example.org bookworm/main amd64 Packages"], "Debian, and others");
        assert_eq!(origin("o=Ours"), "Ours");
    }

    #[test]
    fn the_first_file_of_the_installed_version_counts() {
        let said = "\
apt:
  Installed: 2.6.1
  Candidate: 2.7.0
  Version table:
     2.7.0 500
        500 http://new.example.org ./ Packages
 *** 2.6.1 990
        990 http://deb.example.org bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
libc6:i386:
  Installed: 2.36
  Version table:
 *** 2.36 100
        100 /var/lib/dpkg/status
";
        let files = files(said);
        assert_eq!(files["apt"], "http://deb.example.org bookworm/main amd64 Packages");
        assert_eq!(files["libc6:i386"], "/var/lib/dpkg/status");
    }
}
