//! Hosts, groups, and how they stand to each other.
//!
//! Hosts and groups are never taken out, so their numbers in the tables stay good for the life of the data.

use std::rc::Rc;

use indexmap::{IndexMap, IndexSet};
use jinja::{Str, Value};

use super::{Fault, Vars, vars};

/// Names by which a play may mean the control node without an inventory that has it.
pub(super) const LOCALHOST: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: Rc<str>,
    /// Its variables, from the source that defines it.
    pub vars: Vars,
    /// How far it is below `all`: the longest way counts. Variables of deeper groups win.
    pub depth: usize,
    /// `ansible_group_priority`: among groups of the same depth, variables of the higher one win.
    pub priority: i64,
    pub(super) hosts: IndexSet<usize>,
    pub(super) children: Vec<usize>,
    pub(super) parents: Vec<usize>,
}

/// A host.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its name.
    pub name: Rc<str>,
    /// Its variables, from the source that defines it.
    pub vars: Vars,
    /// It stands in no source: the control node, which every play may name.
    pub implicit: bool,
    /// Groups that it is in, straight or by way of others.
    pub(super) groups: IndexSet<usize>,
}

/// All hosts and groups.
#[derive(Debug, Clone)]
pub(super) struct Data {
    pub(super) groups: IndexMap<Rc<str>, Group>,
    pub(super) hosts: IndexMap<Rc<str>, Host>,
    /// The first of [`LOCALHOST`] that a source has.
    pub(super) localhost: Option<Rc<str>>,
    /// What new hosts get as `inventory_file`.
    pub(super) source: Option<Rc<str>>,
    pub(super) merge_hashes: bool,
    pub(super) group_names: GroupNames,
    /// What the operator should know, each once; the loader hands it on.
    pub(super) notes: IndexSet<String>,
    /// How the sources were read, reader by reader.
    pub(super) trail: Vec<String>,
}

/// What becomes of letters in group names that names of variables may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupNames {
    /// They stay; with or without a warning.
    Keep { warn: bool },
    /// They become `_`; with or without a warning.
    Replace { warn: bool },
}

pub(super) const ALL: usize = 0;
pub(super) const UNGROUPED: usize = 1;

/// A host or a group, by its number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entity {
    Group(usize),
    Host(usize),
}

impl Data {
    pub(super) fn new(merge_hashes: bool, group_names: GroupNames) -> Self {
        let mut data = Self {
            groups: IndexMap::new(),
            hosts: IndexMap::new(),
            localhost: None,
            source: None,
            merge_hashes,
            group_names,
            notes: IndexSet::new(),
            trail: Vec::new(),
        };
        for name in ["all", "ungrouped"] {
            data.insert_group(name);
        }
        data.link(ALL, UNGROUPED);
        data
    }

    fn insert_group(&mut self, name: &str) -> usize {
        if let Some(found) = self.groups.get_index_of(name) {
            return found;
        }
        let name: Rc<str> = Rc::from(name);
        let group = Group {
            name: Rc::clone(&name),
            vars: Vars::new(),
            depth: 0,
            priority: 1,
            hosts: IndexSet::new(),
            children: Vec::new(),
            parents: Vec::new(),
        };
        self.groups.insert_full(name, group).0
    }

    /// A group's number; it is made if it is not there.
    pub(super) fn add_group(&mut self, name: &str) -> Result<usize, Fault> {
        if name.is_empty() {
            return Err(Fault::new("Invalid empty/false group name provided: "));
        }
        match self.groups.get_index_of(name) {
            Some(found) => Ok(found),
            None => {
                let name = self.safe_name(name);
                Ok(self.insert_group(&name))
            }
        }
    }

    /// A group's name as it is used: see [`GroupNames`].
    pub(super) fn safe_name(&mut self, name: &str) -> String {
        let word = |character: char| character.is_alphanumeric() || character == '_';
        let good = |(at, character): (usize, char)| word(character) && !(at == 0 && character.is_numeric());
        if name.char_indices().all(good) {
            return name.to_owned();
        }
        let (replace, warn) = match self.group_names {
            GroupNames::Keep { warn } => (false, warn),
            GroupNames::Replace { warn } => (true, warn),
        };
        if warn {
            let done = if replace { "automatically replaced" } else { "not replaced" };
            let but = if replace { "and" } else { "but" };
            self.notes
                .insert(format!("Invalid characters were found in group names {but} {done}, use -vvvv to see details"));
        }
        if !replace {
            return name.to_owned();
        }
        name.char_indices().map(|(at, character)| if good((at, character)) { character } else { '_' }).collect()
    }

    /// A host's number; it is made if it is not there, and put into a group. The port counts for new hosts only.
    pub(super) fn add_host(&mut self, name: &str, group: Option<usize>, port: Option<i64>) -> Result<usize, Fault> {
        if name.is_empty() {
            return Err(Fault::new("Invalid empty host name provided: "));
        }
        let host = match self.hosts.get_index_of(name) {
            Some(host) => host,
            None => self.insert_host(name, port),
        };
        if let Some(group) = group {
            self.add_to_group(host, group);
        }
        Ok(host)
    }

    fn insert_host(&mut self, name: &str, port: Option<i64>) -> usize {
        let mut host = new_host(name);
        if let Some(port) = port.filter(|port| *port != 0) {
            host.vars.insert("ansible_port".into(), Value::Int(port));
        }
        let (file, directory) = match &self.source {
            Some(source) => (Value::Str(Str::from(&**source)), directory(source)),
            None => (Value::None, Value::None),
        };
        host.vars.insert("inventory_file".into(), file);
        host.vars.insert("inventory_dir".into(), directory);
        let name = Rc::clone(&host.name);
        if LOCALHOST.contains(&&*name) {
            match &self.localhost {
                None => self.localhost = Some(Rc::clone(&name)),
                Some(first) => {
                    self.notes.insert(format!(
                        "A duplicate localhost-like entry was found ({name}). First found localhost was {first}"
                    ));
                }
            }
        }
        self.hosts.insert_full(name, host).0
    }

    /// Puts a host into a group; false where it is there already.
    pub(super) fn add_to_group(&mut self, host: usize, group: usize) -> bool {
        if !self.groups[group].hosts.insert(host) {
            return false;
        }
        let ancestors = self.ancestors(group);
        self.hosts[host].groups.extend(ancestors);
        self.hosts[host].groups.insert(group)
    }

    /// Makes a group another's child; false where it is already.
    pub(super) fn add_child(&mut self, parent: usize, child: usize) -> Result<bool, Fault> {
        if parent == child {
            return Err(Fault::new("can't add group to itself"));
        }
        if self.groups[parent].children.contains(&child) {
            return Ok(false);
        }
        if self.ancestors(parent).contains(&child) {
            return Err(Fault::new(format!(
                "Adding group '{}' as child to '{}' creates a recursive dependency loop.",
                self.groups[child].name, self.groups[parent].name
            )));
        }
        self.link(parent, child);
        Ok(true)
    }

    /// Puts a group or, if there is none of the name, a host into a group.
    pub(super) fn add_child_named(&mut self, parent: usize, child: &str) -> Result<(), Fault> {
        match self.entity(child) {
            Some(Entity::Group(child)) => self.add_child(parent, child).map(drop),
            Some(Entity::Host(host)) => {
                self.add_to_group(host, parent);
                Ok(())
            }
            None => Err(Fault::new(format!("{child} is not a known host nor group"))),
        }
    }

    fn link(&mut self, parent: usize, child: usize) {
        self.groups[parent].children.push(child);
        self.groups[child].parents.push(parent);
        self.deepen(child, self.groups[parent].depth + 1);
        let mut above = self.ancestors(parent);
        above.insert(parent);
        for host in self.hosts_of(child) {
            self.hosts[host].groups.extend(above.iter().copied());
        }
    }

    /// Groups have no cycles, so this ends. Level by level, and without recursion: groups can nest as deep as a source
    /// is long.
    fn deepen(&mut self, group: usize, depth: usize) {
        let (mut level, mut depth) = (IndexSet::from([group]), depth);
        while !level.is_empty() {
            let mut below = IndexSet::new();
            for group in level {
                if self.groups[group].depth < depth {
                    self.groups[group].depth = depth;
                    below.extend(self.groups[group].children.iter().copied());
                }
            }
            (level, depth) = (below, depth + 1);
        }
    }

    /// All groups above one.
    pub(super) fn ancestors(&self, group: usize) -> IndexSet<usize> {
        let mut found = IndexSet::new();
        let mut queue: Vec<usize> = self.groups[group].parents.clone();
        while let Some(next) = queue.pop() {
            if found.insert(next) {
                queue.extend(&self.groups[next].parents);
            }
        }
        found
    }

    /// A group and all below it, level by level.
    pub(super) fn descendants(&self, group: usize) -> IndexSet<usize> {
        let mut found = IndexSet::from([group]);
        let mut next = 0;
        while let Some(current) = found.get_index(next).copied() {
            found.extend(self.groups[current].children.iter().copied());
            next += 1;
        }
        found
    }

    /// All hosts of a group and of those below it.
    pub(super) fn hosts_of(&self, group: usize) -> Vec<usize> {
        let mut found = IndexSet::new();
        for group in self.descendants(group) {
            found.extend(self.groups[group].hosts.iter().copied());
        }
        found.into_iter().collect()
    }

    /// Sets a variable. A dict over a dict is merged where dicts are merged at all.
    pub(super) fn set_variable(&mut self, entity: Entity, name: &str, value: Value) -> Result<(), Fault> {
        if !vars::is_valid_name(name) {
            self.notes.insert(format!("Accepting inventory variable with invalid name '{name}'."));
        }
        let target = match entity {
            Entity::Group(group) if name == "ansible_group_priority" => {
                self.groups[group].priority = priority(&value)?;
                return Ok(());
            }
            Entity::Group(group) => &mut self.groups[group].vars,
            Entity::Host(host) => &mut self.hosts[host].vars,
        };
        vars::set(target, name, value, self.merge_hashes);
        Ok(())
    }

    /// Sets the variables of hosts that may be new; a group of a host's name gets them, as in Ansible.
    pub(super) fn populate(
        &mut self,
        hosts: &[String],
        group: Option<usize>,
        port: Option<i64>,
        variables: &[(Rc<str>, Value)],
    ) -> Result<(), Fault> {
        for name in hosts {
            let host = self.add_host(name, group, port)?;
            let entity = self.entity(name).unwrap_or(Entity::Host(host));
            for (name, value) in variables {
                self.set_variable(entity, name, value.clone())?;
            }
        }
        Ok(())
    }

    /// After all sources: every group is below `all`, hosts in no group are in `ungrouped`, others are not.
    pub(super) fn reconcile(&mut self) {
        self.source = None;
        for group in 1..self.groups.len() {
            if self.groups[group].parents.is_empty() {
                self.link(ALL, group);
            }
        }
        for host in 0..self.hosts.len() {
            let groups = &self.hosts[host].groups;
            let grouped = groups.iter().any(|group| *group != ALL && *group != UNGROUPED);
            if grouped {
                self.groups[UNGROUPED].hosts.shift_remove(&host);
                self.hosts[host].groups.shift_remove(&UNGROUPED);
            } else if !groups.contains(&UNGROUPED) && !self.hosts[host].implicit {
                self.add_to_group(host, UNGROUPED);
            }
        }
        let both = self.groups.keys().filter(|name| self.hosts.contains_key(*name));
        self.notes.extend(both.map(|name| format!("Found both group and host with same name: {name}")));
    }

    /// The groups of a host without `all`, weakest first: by depth, then priority, then name.
    pub(super) fn sorted_groups(&self, host: &Host) -> Vec<usize> {
        let mut groups: Vec<usize> = host.groups.iter().copied().filter(|group| *group != ALL).collect();
        groups.sort_by(|one, other| {
            let (one, other) = (&self.groups[*one], &self.groups[*other]);
            (one.depth, one.priority, &one.name).cmp(&(other.depth, other.priority, &other.name))
        });
        groups
    }

    /// What a name means; a group before a host of the same name.
    pub(super) fn entity(&self, name: &str) -> Option<Entity> {
        let group = self.groups.get_index_of(name).map(Entity::Group);
        group.or_else(|| self.hosts.get_index_of(name).map(Entity::Host))
    }
}

pub(super) fn new_host(name: &str) -> Host {
    Host { name: Rc::from(name), vars: Vars::new(), implicit: false, groups: IndexSet::new() }
}

/// `inventory_dir`: the directory of a source that is a file or a directory.
fn directory(source: &str) -> Value {
    let path = std::path::Path::new(source);
    let directory = if path.is_dir() {
        Some(path)
    } else if path.is_file() {
        path.parent()
    } else {
        None
    };
    directory.map_or(Value::None, |directory| Value::Str(Str::from(directory.display().to_string().as_str())))
}

/// Python's `int()` of a group's priority.
fn priority(value: &Value) -> Result<i64, Fault> {
    let number = match value {
        Value::Str(text) => text.trim().replace('_', "").parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "int() of a float drops what stands behind the point")]
        Value::Float(number) => Some(*number as i64),
        other => other.as_int(),
    };
    number.ok_or_else(|| {
        Fault::new(format!(
            "invalid literal for int() with base 10: {}",
            value.repr().unwrap_or_else(|_| "an undefined value".to_owned())
        ))
        .help("ansible_group_priority is an integer")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_nest_deeper_than_the_stack() {
        let nest = || {
            let mut data = Data::new(false, GroupNames::Keep { warn: false });
            let mut child = data.add_group("g0").unwrap();
            for number in 1..2000 {
                let parent = data.add_group(&format!("g{number}")).unwrap();
                assert!(data.add_child(parent, child).unwrap());
                child = parent;
            }
            data.reconcile();
            assert_eq!(data.groups["g0"].depth, 2000);
        };
        std::thread::Builder::new().stack_size(128 << 10).spawn(nest).unwrap().join().unwrap();
    }

    #[test]
    fn the_longest_way_below_all_is_a_groups_depth() {
        let mut data = Data::new(false, GroupNames::Keep { warn: false });
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| data.add_group(name).unwrap());
        for (parent, child) in [(a, d), (b, c), (c, d), (a, b)] {
            data.add_child(parent, child).unwrap();
        }
        data.reconcile();
        assert_eq!([a, b, c, d].map(|group| data.groups[group].depth), [1, 2, 3, 4]);
    }
}
