//! `local`: the facts that an administrator keeps in `/etc/ansible/facts.d`.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt};

use super::{gathering::Gathering, read};
use crate::prelude::*;

/// `local`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let folder = gathering.fact_path.clone();
    let mut local = Map::new();
    for name in read::names(&folder) {
        let Some(base) = name.strip_suffix(".fact").filter(|_| !name.starts_with('.')) else { continue };
        let value = fact(gathering, &format!("{folder}/{name}")).unwrap_or_else(|problem| {
            gathering.ctx.warn(problem.clone());
            problem.into()
        });
        local.insert(base.to_owned(), value);
    }
    gathering.set("local", local);
}

fn fact(gathering: &Gathering<'_>, path: &str) -> Result<Data, String> {
    let metadata = fs::metadata(path)
        .map_err(|error| format!("Could not stat fact ({path}): {}", crate::module::os_error(&error, Some(path))))?;
    let bytes = if metadata.permissions().mode() & 0o100 != 0 {
        let output = gathering
            .ctx
            .command([path])
            .timeout(gathering.timeout)
            .run()
            .map_err(|error| format!("Could not execute fact script ({path}): {error}"))?;
        if !output.success() {
            let (rc, err) = (output.rc, output.stderr_text());
            return Err(format!("Failure executing fact script ({path}), rc: {rc}, err: {err}"));
        }
        output.stdout
    } else {
        read::content(path).unwrap_or_default().into_bytes()
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("error loading fact - output of running \"{path}\" was not utf-8"))?;
    if let Ok(value) = serde_json::from_str(&text) {
        return Ok(Data::from_json(value));
    }
    ini(&text)
        .map(Data::Map)
        .ok_or_else(|| format!("error loading facts as JSON or ini - please check content: {path}"))
}

/// Sections of options, as Python's configparser reads them: names in small letters, values over several lines where the
/// next ones are indented, `DEFAULT` for all. `None` where it is no such file.
fn ini(text: &str) -> Option<Map> {
    let mut sections: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut defaults = BTreeMap::new();
    let mut current: Option<String> = None;
    let mut option: Option<String> = None;
    for line in text.lines() {
        let stripped = line.trim();
        if stripped.is_empty() || stripped.starts_with(['#', ';']) {
            continue;
        }
        let indented = line.starts_with([' ', '\t']);
        if let Some(name) = stripped.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name)
            && !(indented && option.is_some())
        {
            if name != "DEFAULT" && sections.iter().any(|(known, _)| known == name) {
                return None;
            }
            if name != "DEFAULT" {
                sections.push((name.to_owned(), BTreeMap::new()));
            }
            current = Some(name.to_owned());
            option = None;
            continue;
        }
        let section = match current.as_deref()? {
            "DEFAULT" => &mut defaults,
            _ => &mut sections.last_mut()?.1,
        };
        if indented && let Some(value) = option.as_ref().and_then(|option| section.get_mut(option)) {
            value.push('\n');
            value.push_str(stripped);
            continue;
        }
        let (name, value) = stripped.split_once(['=', ':'])?;
        let name = name.trim().to_lowercase();
        if name.is_empty() || section.contains_key(&name) {
            return None;
        }
        section.insert(name.clone(), value.trim().to_owned());
        option = Some(name);
    }
    let filled = sections.into_iter().map(|(name, mut options)| {
        for (option, value) in &defaults {
            options.entry(option.clone()).or_insert_with(|| value.clone());
        }
        (name, Data::Map(options.into_iter().map(|(option, value)| (option, value.into())).collect()))
    });
    Some(filled.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    #[test]
    fn local_facts_are_json_ini_or_programs_and_what_is_bad_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.fact"), "{\"x\": [1]}").unwrap();
        fs::write(path("b.fact"), "[General]\nSize = 3\ntext: a\n  b\n").unwrap();
        fs::write(path("c.fact"), "nonsense").unwrap();
        fs::write(path("other"), "{}").unwrap();
        let outcome = run("setup", json!({"fact_path": folder.path(), "gather_subset": ["!all", "!min", "local"]}));
        let facts = outcome.facts.unwrap();
        let local = facts["ansible_local"].as_map().unwrap();
        assert_eq!(local["a"], Data::from_json(json!({"x": [1]})));
        assert_eq!(local["b"], Data::from_json(json!({"General": {"size": "3", "text": "a\nb"}})));
        let problem =
            format!("error loading facts as JSON or ini - please check content: {}", path("c.fact").display());
        assert_eq!(local["c"], Data::from(problem.as_str()));
        assert_eq!(outcome.warnings, [problem]);
        assert_eq!(local.len(), 3);
    }
}
