//! `include_vars`: variables from files of the control node.
//!
//! Source: Ansible documentation, `ansible.builtin.include_vars`.

use std::path::{Path, PathBuf};

use jinja::{Dict, Value};
use protocol::{Data, Map, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Effect, Local, files};
use crate::{template::data::to_data, yaml};

const DIR_OPTIONS: [&str; 6] =
    ["dir", "depth", "files_matching", "ignore_files", "extensions", "ignore_unknown_extensions"];
const FILE_OPTIONS: [&str; 2] = ["file", "_raw_params"];
const OTHER_OPTIONS: [&str; 2] = ["name", "hash_behaviour"];

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let (mut of_dir, mut of_file) = (false, false);
        for key in context.args.keys() {
            let name = key.to_str().unwrap_or_default();
            of_dir |= DIR_OPTIONS.contains(&name.as_str());
            of_file |= FILE_OPTIONS.contains(&name.as_str());
            let known = DIR_OPTIONS.contains(&name.as_str())
                || FILE_OPTIONS.contains(&name.as_str())
                || OTHER_OPTIONS.contains(&name.as_str());
            if !known {
                return Err(ActionError::failed(format!("{name} is not a valid option in include_vars")));
            }
        }
        if of_dir && of_file {
            return Err(ActionError::failed("You are mixing file only and dir only arguments, these are incompatible"));
        }
        let mut read = Read { variables: Dict::new(), files: Vec::new(), encrypted: false };
        let problem =
            if context.arg("dir").is_some() { folder(context, &mut read)? } else { file(context, &mut read)? };
        let mut variables = read.variables;
        if let Some(name) = context.text("name").filter(|name| !name.is_empty()) {
            variables = [(name.as_str(), Value::Dict(variables))].into_iter().collect();
        }
        if problem.is_none() && context.text("hash_behaviour").as_deref() == Some("merge") {
            variables = merged(context, &variables);
        }
        let mut outcome = Outcome::default();
        if let Some(message) = problem {
            outcome.failed = true;
            outcome.set("message", message);
        }
        let shown: Vec<Data> = read.files.iter().map(|path| Data::from(path.display().to_string())).collect();
        outcome.set("ansible_included_var_files", Data::List(shown));
        let mut facts = Map::new();
        let mut effects = Vec::new();
        for (key, value) in variables.raw_items() {
            let key = key.to_str().map_err(|error| ActionError::failed(error.message))?;
            // What came out of a vault is not shown, and needs no showing to be used.
            facts.insert(key.clone(), if read.encrypted { Data::Null } else { to_data(&value).unwrap_or_default() });
            effects.push((key, value));
        }
        outcome.facts = Some(facts);
        if read.encrypted {
            outcome.set("_ansible_no_log", true);
        }
        Ok(ActionOutcome { outcome, effects: vec![Effect::IncludeVars(effects)], ..ActionOutcome::default() })
    })
}

struct Read {
    variables: Dict,
    files: Vec<PathBuf>,
    encrypted: bool,
}

/// Reads one file into the variables; a problem that is the task's failure comes back as its message.
fn load(context: &ActionContext<'_>, path: &Path, read: &mut Read) -> Result<Option<String>, ActionError> {
    let mut bytes = std::fs::read(path).map_err(|error| ActionError::failed(format!("{}: {error}", path.display())))?;
    if bytes.starts_with(b"$ANSIBLE_VAULT;") {
        bytes = context.vault.open(&path.display().to_string(), &bytes).map_err(ActionError::failed)?;
        read.encrypted = true;
    }
    let document = yaml::Document::from_bytes(path, &bytes, &::yaml::Options::default()).map_err(|diagnostic| {
        let origin = diagnostic.labels.first().map(|(span, _)| span.clone());
        let link = crate::diagnostic::Link::at(format!("YAML parsing failed: {}", diagnostic.message), origin);
        ActionError::Failed(crate::diagnostic::ErrorChain::new(link))
    })?;
    match document.value() {
        Value::None => {}
        Value::Dict(dict) => read.variables.update(&dict).map_err(|error| ActionError::failed(error.message))?,
        _ => return Ok(Some(format!("{} must be stored as a dictionary/hash", path.display()))),
    }
    read.files.push(path.to_owned());
    Ok(None)
}

fn file(context: &ActionContext<'_>, read: &mut Read) -> Result<Option<String>, ActionError> {
    let name = context.text("file").or_else(|| context.text("_raw_params")).unwrap_or_default();
    let name = name.trim_end_matches('\n');
    match files::find(context, "vars", name) {
        Ok(path) => load(context, &path, read),
        Err(error) => Ok(Some(error.to_string())),
    }
}

fn folder(context: &ActionContext<'_>, read: &mut Read) -> Result<Option<String>, ActionError> {
    let given = context.text("dir").unwrap_or_default();
    let root = root(context, &given);
    if !root.exists() {
        return Ok(Some(format!("{} directory does not exist", root.display())));
    }
    if !root.is_dir() {
        return Ok(Some(format!("{} is not a directory", root.display())));
    }
    let depth = context.arg("depth").and_then(|depth| depth.to_str().ok()?.parse::<usize>().ok()).unwrap_or(0);
    let extensions = match context.arg("extensions") {
        Some(Value::List(list)) => list.raw_values().iter().filter_map(|value| value.to_str().ok()).collect(),
        // Ansible makes a list of the text's letters.
        Some(Value::Str(text)) => text.as_str().chars().map(String::from).collect(),
        _ => vec!["yaml".to_owned(), "yml".to_owned(), "json".to_owned()],
    };
    let ignored: Vec<String> = match context.arg("ignore_files") {
        Some(Value::List(list)) => list.raw_values().iter().filter_map(|value| value.to_str().ok()).collect(),
        Some(Value::Str(text)) => text.split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let regex = |pattern: &str| {
        pyregex::Regex::new(pattern, pyregex::Flags::default())
            .map_err(|_| ActionError::failed(format!("Invalid regular expression: {pattern}")))
    };
    let matching = context.text("files_matching").map(|pattern| regex(&pattern)).transpose()?;
    let ignored = ignored.iter().map(|pattern| regex(&format!("{pattern}$"))).collect::<Result<Vec<_>, _>>()?;
    let skip_unknown = context.flag("ignore_unknown_extensions", false);
    for files in walk(&root, depth) {
        // Of a folder with a file that does not go, nothing is taken.
        let before = read.variables.clone();
        read.variables = Dict::new();
        for path in files {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let matches = |regex: &pyregex::Regex| regex.search(&name).ok().flatten().is_some();
            if matching.as_ref().is_some_and(|regex| !matches(regex)) || ignored.iter().any(matches) {
                continue;
            }
            let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
            let extension = extension.unwrap_or_default();
            let problem = if extensions.contains(&extension) {
                load(context, &path, read)?
            } else if skip_unknown {
                continue;
            } else {
                Some(format!("{} does not have a valid extension: {}", path.display(), extensions.join(", ")))
            };
            if problem.is_some() {
                read.variables = before;
                return Ok(problem);
            }
        }
        let here = std::mem::replace(&mut read.variables, before);
        read.variables.update(&here).map_err(|error| ActionError::failed(error.message))?;
    }
    Ok(None)
}

/// `dir` in a role stands in its `vars/`, else beside the file of the task.
fn root(context: &ActionContext<'_>, given: &str) -> PathBuf {
    if Path::new(given).is_absolute() {
        return PathBuf::from(given);
    }
    let role = context.scope.layers().raw("role_path").and_then(|(_, path)| path.to_str().ok()).map(PathBuf::from);
    match role {
        Some(role) if given.split('/').next() == Some("vars") => {
            let beside = role.join(given);
            if beside.exists() { beside } else { PathBuf::from(given) }
        }
        Some(role) => role.join("vars").join(given),
        None => context.search_path.last().map_or_else(|| context.playbook_dir.join(given), |base| base.join(given)),
    }
}

/// The files of each folder, folders in the order of their paths, files in that of their names; `depth` 0 is all the
/// way down.
fn walk(root: &Path, depth: usize) -> Vec<Vec<PathBuf>> {
    let mut folders = vec![(root.to_owned(), 1)];
    let mut at = 0;
    while let Some((folder, level)) = folders.get(at).cloned() {
        at += 1;
        if depth != 0 && level >= depth {
            continue;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        folders.extend(entries.map(|entry| entry.path()).filter(|path| path.is_dir()).map(|path| (path, level + 1)));
        if folders.len() > 10_000 {
            break;
        }
    }
    folders.sort_by_key(|(folder, _)| folder.display().to_string());
    let files = folders.into_iter().map(|(folder, _)| {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut here: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        here.sort();
        here
    });
    files.collect()
}

/// The variables with what is there already beneath them, dicts merged.
fn merged(context: &ActionContext<'_>, variables: &Dict) -> Dict {
    let result = Dict::new();
    for (key, value) in variables.raw_items() {
        let Value::Str(name) = key else { continue };
        let known = context.scope.layers().raw(&name).map(|(_, known)| known);
        let value = match (known, value) {
            (Some(Value::Dict(under)), Value::Dict(over)) => Value::Dict(crate::inventory::merge_dicts(&under, &over)),
            (_, value) => value,
        };
        result.insert(name, value);
    }
    result
}
