//! `local`: the facts that an administrator keeps in `/etc/ansible/facts.d`.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{gathering::Gathering, ini::Ini, read};
use crate::{module, prelude::*, support::json};

/// `local`. The gathering fails where a program cannot be started, as Ansible's does.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    if let Err(failure) = gather(gathering) {
        gathering.failure = Some(failure);
    }
}

fn gather(gathering: &mut Gathering<'_>) -> Result<(), Failure> {
    let folder = gathering.fact_path.clone();
    let mut names = read::names(&folder);
    names.sort();
    let mut local = Map::new();
    for name in names.iter().filter(|name| name.ends_with(".fact") && !name.starts_with('.')) {
        let path = format!("{folder}/{name}");
        let value = match text(gathering, &path)? {
            Ok(text) => match json::loads(&text) {
                Some(value) => value,
                None => match from_ini(gathering, &text, &path) {
                    Some(value) => value,
                    // As in Ansible, which gives up on all of them.
                    None => return Ok(()),
                },
            },
            Err(problem) => complain(gathering, problem),
        };
        local.insert(name.replace(".fact", ""), value);
    }
    gathering.set("local", local);
    Ok(())
}

/// The problem stands in the fact's place.
fn complain(gathering: &mut Gathering<'_>, problem: String) -> Data {
    gathering.ctx.warn(problem.clone());
    problem.into()
}

/// What a file holds, or a program prints.
fn text(gathering: &Gathering<'_>, path: &str) -> Result<Result<String, String>, Failure> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            return Ok(Err(format!("Could not stat fact ({path}): {}", module::os_error(&error, Some(path)))));
        }
    };
    if metadata.permissions().mode() & 0o100 == 0 {
        return Ok(Ok(read::content(path).unwrap_or_default()));
    }
    let output = gathering.ctx.command([path]).run()?;
    if !output.success() {
        let (rc, err) = (output.rc, output.stderr_text());
        return Ok(Err(format!("Failure executing fact script ({path}), rc: {rc}, err: {err}")));
    }
    Ok(Ok(output.stdout_text().into_owned()))
}

/// Sections of options. `None` where something follows a value that cannot be made out: nothing can be put into the
/// complaint that stands in the fact's place then.
fn from_ini(gathering: &mut Gathering<'_>, text: &str, path: &str) -> Option<Data> {
    let Some(ini) = Ini::parse(text) else {
        let problem = format!("error loading facts as JSON or ini - please check content: {path}");
        return Some(complain(gathering, problem));
    };
    let mut sections = Map::new();
    let mut problem: Option<Data> = None;
    for section in ini.sections() {
        match &problem {
            Some(Data::Str(problem)) if !problem.contains(section) => return None,
            Some(_) => {}
            None => {
                sections.insert(section.to_owned(), Data::Map(Map::new()));
            }
        }
        for option in ini.options(section) {
            match ini.value(section, option) {
                Ok(_) if problem.is_some() => return None,
                Ok(value) => {
                    if let Some(Data::Map(section)) = sections.get_mut(section) {
                        section.insert(option.to_owned(), value.into());
                    }
                }
                Err(error) => {
                    let text = format!("error loading facts as ini - please check content: {path} ({error})");
                    problem = Some(complain(gathering, text));
                }
            }
        }
    }
    Some(problem.unwrap_or(Data::Map(sections)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    fn local_facts(folder: &std::path::Path) -> Outcome {
        run("setup", json!({"fact_path": folder, "gather_subset": ["!all", "!min", "local"]}))
    }

    #[test]
    fn local_facts_are_json_ini_or_programs_and_what_is_bad_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.fact"), "{\"x\": [1]}").unwrap();
        fs::write(path("b.fact"), "[General]\nSize = 3\ntext: a\n  b\n").unwrap();
        fs::write(path("c.fact"), "nonsense").unwrap();
        fs::write(path("d.fact"), "#!/bin/sh\necho '{\"ran\": true}'\n").unwrap();
        fs::set_permissions(path("d.fact"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(path("other"), "{}").unwrap();
        let outcome = local_facts(folder.path());
        let facts = outcome.facts.unwrap();
        let local = facts["ansible_local"].as_map().unwrap();
        assert_eq!(local["a"], Data::from_json(json!({"x": [1]})));
        assert_eq!(local["b"], Data::from_json(json!({"General": {"size": "3", "text": "a\nb"}})));
        let problem =
            format!("error loading facts as JSON or ini - please check content: {}", path("c.fact").display());
        assert_eq!(local["c"], Data::from(problem.as_str()));
        assert_eq!(local["d"], Data::from_json(json!({"ran": true})));
        assert_eq!(outcome.warnings, [problem]);
        assert_eq!(local.len(), 4);
    }

    #[test]
    fn a_program_that_cannot_be_started_ends_the_gathering() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.fact");
        fs::write(&path, "#!/no/such/interpreter\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let outcome = local_facts(folder.path());
        assert!(outcome.failed);
        assert_eq!(outcome.msg.as_deref(), Some("Error executing command."));
    }

    #[test]
    fn a_value_that_cannot_be_made_out_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.fact"), "[s]\na = 1\nb = 50%\n").unwrap();
        let outcome = local_facts(folder.path());
        assert_eq!(outcome.warnings.len(), 1);
        assert!(outcome.warnings[0].ends_with("a.fact ('%' must be followed by '%' or '(', found: '%')"));
    }
}
