//! What `ansible-inventory` prints: `--list`, `--host` and `--graph`.
//!
//! The texts have no line break at their end.

mod yaml_text;

use std::{collections::HashSet, path::PathBuf, rc::Rc};

use indexmap::IndexMap;
use jinja::Value;
use protocol::{Data as Plain, Map};

use super::{
    Error, Host, Inventory,
    data::ALL,
    files::Of,
    vars::{self, Vars},
};
use crate::{
    diagnostic::Diagnostic,
    python_json::{self, Style},
    yaml::{DateTimeValue, Vaulted},
};

/// Unlike other JSON on Ansible's screens, listings have their letters as they are.
const STYLE: Style = Style { indent: Some(4), sort_keys: true, ensure_ascii: false };

/// Variables that belong to a run, not to a host: they are left out.
const INTERNAL: [&str; 34] = [
    "ansible_async_path",
    "ansible_collection_name",
    "ansible_config_file",
    "ansible_dependent_role_names",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_role_names",
    "ansible_playbook_python",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "provision_program",
    "role_name",
    "role_names",
    "role_path",
    "role_uuid",
];

/// What to print.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// As the sources have it, to be read in again: groups keep their variables (`--export`).
    pub export: bool,
    /// Variables of the command line, over all others.
    pub extra_vars: Vars,
    /// `--playbook-dir`: `group_vars` and `host_vars` there hold too. Without it those of the working directory hold for
    /// the variables of hosts, unless they are exported.
    pub playbook_dir: Option<PathBuf>,
    /// YAML instead of JSON (`--yaml`); graphs are neither.
    pub yaml: bool,
}

impl Listing {
    /// `--list`: groups, and the variables of all hosts within the limit, as an inventory script prints them.
    ///
    /// # Errors
    ///
    /// A file of variables cannot be read.
    pub fn all(&self, inventory: &mut Inventory, warn: &mut dyn FnMut(Diagnostic)) -> Result<String, Error> {
        self.place(inventory);
        let hosts = inventory.hosts_matching(&["all".to_owned()], warn)?;
        let available: HashSet<_> = hosts.iter().cloned().collect();
        if self.yaml {
            return yaml_text::all(self, inventory, &available);
        }
        let mut groups = Map::new();
        self.format(inventory, ALL, &available, &mut HashSet::new(), &mut groups)?;
        let mut variables = Map::new();
        for name in &hosts {
            let Some(host) = inventory.host(name) else { continue };
            let found = self.host_vars(inventory, host)?;
            if !found.is_empty() {
                variables.insert(name.to_string(), plain_map(&found, true)?);
            }
        }
        let meta = Map::from([
            ("hostvars".to_owned(), Plain::Map(variables)),
            ("profile".to_owned(), Plain::from("inventory_legacy")),
        ]);
        groups.insert("_meta".to_owned(), Plain::Map(meta));
        Ok(python_json::dumps(&Plain::Map(groups), STYLE))
    }

    /// `--host`: the variables of one host.
    ///
    /// # Errors
    ///
    /// The pattern means no host or more than one, or a file of variables cannot be read.
    pub fn host(
        &self,
        inventory: &mut Inventory,
        pattern: &str,
        warn: &mut dyn FnMut(Diagnostic),
    ) -> Result<String, Error> {
        self.place(inventory);
        let hosts = inventory.hosts_matching(&[pattern.to_owned()], warn)?;
        let [name] = hosts.as_slice() else {
            return Err(Diagnostic::error("You must pass a single valid host to --host parameter").into());
        };
        let host = inventory.host(name);
        let found = host.map(|host| self.host_vars(inventory, host)).transpose()?.unwrap_or_default();
        if self.yaml {
            return yaml_text::variables(&found);
        }
        Ok(python_json::dumps(&plain_map(&found, false)?, STYLE))
    }

    /// `--graph`: groups and hosts below a group as a tree, with `vars` their variables too. The limit is not asked.
    ///
    /// # Errors
    ///
    /// There is no such group, or a file of variables cannot be read.
    pub fn graph(&self, inventory: &mut Inventory, group: &str, vars: bool) -> Result<String, Error> {
        self.place(inventory);
        let Some(start) = inventory.data.groups.get_index_of(group) else {
            return Err(Diagnostic::error("Pattern must be valid group name when using --graph").into());
        };
        let mut lines = Vec::new();
        self.branch(inventory, start, 0, vars, &mut lines)?;
        Ok(lines.join("\n"))
    }

    fn place(&self, inventory: &mut Inventory) {
        let directory = self.playbook_dir.clone().unwrap_or_else(|| inventory.config.environment.cwd.clone());
        inventory.set_playbook_dirs(&[directory]);
    }

    /// The directories whose files hold for what is exported.
    fn directories<'a>(&self, inventory: &'a Inventory) -> [&'a [PathBuf]; 2] {
        let playbook: &[PathBuf] = if self.playbook_dir.is_some() { &inventory.playbook_dirs } else { &[] };
        [&inventory.source_dirs, playbook]
    }

    fn branch(
        &self,
        inventory: &Inventory,
        index: usize,
        depth: usize,
        vars: bool,
        lines: &mut Vec<String>,
    ) -> Result<(), Error> {
        let Some((name, group)) = inventory.data.groups.get_index(index) else { return Ok(()) };
        lines.push(branch(&format!("@{name}:"), depth));
        let depth = depth + 1;
        for child in &group.children {
            self.branch(inventory, *child, depth, vars, lines)?;
        }
        if index != ALL {
            for (name, host) in group.hosts.iter().filter_map(|host| inventory.data.hosts.get_index(*host)) {
                lines.push(branch(name, depth));
                if vars {
                    leaves(&self.host_vars(inventory, host)?, depth + 1, lines)?;
                }
            }
        }
        if vars {
            leaves(&self.group_vars(inventory, index)?, depth, lines)?;
        }
        Ok(())
    }

    /// A group and, after it, those below it; groups without anything are left out.
    fn format(
        &self,
        inventory: &Inventory,
        index: usize,
        available: &HashSet<Rc<str>>,
        seen: &mut HashSet<usize>,
        out: &mut Map,
    ) -> Result<(), Error> {
        let Some((name, group)) = inventory.data.groups.get_index(index) else { return Ok(()) };
        let mut formatted = Map::new();
        let names = |names: Vec<&Rc<str>>| Plain::List(names.into_iter().map(|name| Plain::from(&**name)).collect());
        if index != ALL {
            let hosts = group.hosts.iter().filter_map(|host| inventory.data.hosts.get_index(*host));
            let hosts: Vec<_> = hosts.map(|(name, _)| name).filter(|name| available.contains(*name)).collect();
            if !hosts.is_empty() {
                formatted.insert("hosts".to_owned(), names(hosts));
            }
        }
        let mut children = Vec::new();
        for child in &group.children {
            children.extend(inventory.data.groups.get_index(*child).map(|(name, _)| name));
            if seen.insert(*child) {
                self.format(inventory, *child, available, seen, out)?;
            }
        }
        if !children.is_empty() {
            formatted.insert("children".to_owned(), names(children));
        }
        if self.export {
            let vars = self.group_vars(inventory, index)?;
            if !vars.is_empty() {
                formatted.insert("vars".to_owned(), plain_map(&vars, true)?);
            }
        }
        if !formatted.is_empty() {
            out.insert(name.to_string(), Plain::Map(formatted));
        }
        Ok(())
    }

    fn group_vars(&self, inventory: &Inventory, index: usize) -> Result<Vars, Error> {
        let Some((name, group)) = inventory.data.groups.get_index(index) else { return Ok(Vars::new()) };
        let mut all = group.vars.clone();
        for directories in self.directories(inventory) {
            let beside = inventory.beside(directories, Of::Group, &[Rc::clone(name)])?;
            vars::combine(&mut all, &beside, inventory.config.merge_hashes);
        }
        if group.priority != 1 {
            all.insert("ansible_group_priority".into(), Value::Int(group.priority));
        }
        Ok(without_internal(all))
    }

    fn host_vars(&self, inventory: &Inventory, host: &Host) -> Result<Vars, Error> {
        let mut all = if self.export {
            let mut own = host.vars.clone();
            for directories in self.directories(inventory) {
                let beside = inventory.beside(directories, Of::Host, &[Rc::clone(&host.name)])?;
                vars::combine(&mut own, &beside, inventory.config.merge_hashes);
            }
            own
        } else {
            inventory.merged_vars(host)?
        };
        if !self.export {
            vars::combine(&mut all, &self.extra_vars, inventory.config.merge_hashes);
        }
        Ok(without_internal(all))
    }
}

fn without_internal(mut vars: Vars) -> Vars {
    vars.retain(|name, _| !INTERNAL.contains(&&**name));
    vars
}

fn branch(text: &str, depth: usize) -> String {
    if depth == 0 { text.to_owned() } else { format!("{}--{text}", "  |".repeat(depth)) }
}

fn leaves(vars: &Vars, depth: usize, lines: &mut Vec<String>) -> Result<(), Error> {
    let mut sorted: Vec<_> = vars.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    for (name, value) in sorted {
        let text = value.to_str().map_err(|cause| Diagnostic::error(cause.message))?;
        lines.push(branch(&format!("{{{name} = {text}}}"), depth));
    }
    Ok(())
}

fn plain_map(vars: &Vars, mark: bool) -> Result<Plain, Error> {
    let mut map = Map::new();
    for (name, value) in vars {
        map.insert(name.to_string(), plain(value, mark)?);
    }
    Ok(Plain::Map(map))
}

/// A value as it goes into JSON. Vaults stay closed; `mark`: text that is never templated says so, for whoever reads
/// the listing in again.
fn plain(value: &Value, mark: bool) -> Result<Plain, Error> {
    let single = |key: &str, text: &str| Plain::Map(IndexMap::from([(key.to_owned(), Plain::from(text))]));
    let failed = |cause: jinja::Error| Error::from(Diagnostic::error(cause.message));
    Ok(match value {
        Value::None => Plain::Null,
        Value::Bool(value) => Plain::Bool(*value),
        Value::Int(number) => Plain::Int(*number),
        Value::BigInt(number) => Plain::BigInt(number.to_string()),
        Value::Float(number) => Plain::Float(*number),
        Value::Str(text) => match text.tags().and_then(|tags| tags.vault.as_deref()) {
            Some(vault) => single("__ansible_vault", vault),
            None if mark && !text.is_trusted() => single("__ansible_unsafe", text.as_str()),
            None => Plain::from(text.as_str()),
        },
        Value::List(items) => {
            Plain::List(items.raw_values().iter().map(|item| plain(item, mark)).collect::<Result<_, _>>()?)
        }
        Value::Tuple(items) => Plain::List(items.iter().map(|item| plain(item, mark)).collect::<Result<_, _>>()?),
        Value::Dict(dict) => {
            let mut map = Map::new();
            for (key, value) in dict.raw_items() {
                let key = match &key {
                    Value::None => "null".to_owned(),
                    Value::Bool(value) => value.to_string(),
                    other => other.to_str().map_err(failed)?,
                };
                map.insert(key, plain(&value, mark)?);
            }
            Plain::Map(map)
        }
        other => match (other.downcast::<Vaulted>(), other.downcast::<DateTimeValue>()) {
            (Some(vaulted), _) => single("__ansible_vault", vaulted.envelope()),
            // ISO 8601, as Python's isoformat() has it.
            (_, Some(_)) => Plain::from(other.to_str().map_err(failed)?.replacen(' ', "T", 1)),
            _ => Plain::from(other.to_str().map_err(failed)?),
        },
    })
}
