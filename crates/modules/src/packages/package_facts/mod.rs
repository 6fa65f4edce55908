//! `package_facts`: the packages that are installed, as facts.

mod apk;
mod apt;
mod manager;
mod pacman;
mod pkg;
mod pkg_info;
mod portage;
mod rpm;

use protocol::arguments::python;

use self::manager::{Manager, Trouble};
use crate::prelude::*;

/// How many package managers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Strategy {
    /// The first that knows packages.
    First,
    /// All that are there.
    All,
}

/// Know the packages of the host.
///
/// The fact `packages` has, by its name, a list of the installed versions of each package: `name`, `version`, `source` (the package
/// manager that knows it), and what else that manager tells. Nothing of Python is needed on the host for it.
#[derive(Debug, Arguments)]
pub struct PackageFactsArgs {
    /// The package managers to ask, in their order: `apk`, `apt`, `pacman`, `pkg`, `pkg_info`, `portage`, `rpm`; `auto` for
    /// all of them.
    #[arg(default = ["auto"])]
    manager: Vec<String>,
    /// Ask until one knows packages, or ask all.
    #[arg(default = "first")]
    strategy: Strategy,
}

/// The module.
pub struct PackageFacts;

impl Module for PackageFacts {
    type Args = PackageFactsArgs;
    const NAME: &'static str = "package_facts";
    const EXAMPLES: &'static str = "\
- name: Know the packages
  ansible.builtin.package_facts:

- name: Say which nginx is there
  ansible.builtin.debug:
    msg: \"{{ ansible_facts.packages.nginx[0].version }}\"
  when: \"'nginx' in ansible_facts.packages\"
";

    fn run(args: PackageFactsArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let names = names(&args.manager);
        let managers = managers(&args.manager, &names)?;
        let is_named = |manager: Manager| args.manager.iter().any(|name| name == manager.name());
        let mut packages = Map::new();
        let mut seen = Vec::new();
        let mut found = 0;
        for manager in managers {
            if args.strategy == Strategy::First && found > 0 {
                break;
            }
            if seen.contains(&manager) {
                continue;
            }
            seen.push(manager);
            let name = manager.name();
            let program = match manager.find(ctx) {
                Ok(program) => program,
                Err(why) => {
                    if is_named(manager) {
                        ctx.warn(format!("Requested package manager {name} was not usable by this module: {why}"));
                    }
                    continue;
                }
            };
            let there = match manager.installed(&program, ctx).and_then(|all| by_name(all, name)) {
                Ok(there) => there,
                Err(Trouble::Fatal(failure)) => return Err(failure),
                Err(Trouble::Told(why)) => {
                    ctx.warn(format!("Failed to retrieve packages with {name}: {why}"));
                    Map::new()
                }
            };
            if there.is_empty() {
                ctx.warn(format!("Found \"{name}\" but no associated packages"));
                continue;
            }
            found += 1;
            for (package, versions) in there {
                match (packages.get_mut(&package), versions) {
                    (Some(Data::List(all)), Data::List(more)) => all.extend(more),
                    (_, versions) => {
                        packages.insert(package, versions);
                    }
                }
            }
        }
        if found == 0 {
            let names = python::repr(&Data::from(names));
            return Err(Failure::new(format!(
                "Could not detect a supported package manager from the following list: {names}, or the required Python \
                 library is not installed. Check warnings for details."
            )));
        }
        let facts = Map::from([("packages".to_owned(), Data::Map(packages))]);
        Ok(Outcome { facts: Some(facts), ..Outcome::default() })
    }
}

/// The names of managers in small letters; `auto` has those of all behind those that were given.
fn names(given: &[String]) -> Vec<String> {
    let mut names: Vec<String> = given.iter().map(|name| name.to_lowercase()).collect();
    if let Some(auto) = names.iter().position(|name| name == "auto") {
        names.extend(Manager::all_names().map(str::to_owned));
        names.remove(auto);
    }
    names
}

/// The managers of these names.
fn managers(given: &[String], names: &[String]) -> Result<Vec<Manager>, Failure> {
    let mut unknown: Vec<&str> = Vec::new();
    let mut managers = Vec::new();
    for name in names {
        match Manager::named(name) {
            Some(manager) => managers.push(manager),
            None if unknown.contains(&name.as_str()) => {}
            None => unknown.push(name),
        }
    }
    if unknown.is_empty() {
        return Ok(managers);
    }
    Err(Failure::new(if given.iter().any(|name| name == "auto") {
        "Could not auto detect a usable package manager, check warnings for details.".to_owned()
    } else {
        format!("Unsupported package managers requested: {}", unknown.join(", "))
    }))
}

/// The versions of each package, each with the manager that knows it.
fn by_name(packages: Vec<Map>, source: &str) -> Result<Map, Trouble> {
    let mut found = Map::new();
    for mut package in packages {
        package.entry("source".to_owned()).or_insert_with(|| source.into());
        let Some(name) = package.get("name").and_then(Data::as_str).map(str::to_owned) else {
            return Err(Trouble::Told("'name'".to_owned()));
        };
        match found.get_mut(&name) {
            Some(Data::List(versions)) => versions.push(Data::Map(package)),
            _ => {
                found.insert(name, Data::List(vec![Data::Map(package)]));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
