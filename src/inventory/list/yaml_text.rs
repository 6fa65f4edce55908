//! Listings as YAML: `ansible-inventory -y`.

use std::{collections::HashSet, rc::Rc};

use jinja::{Dict, Value};
use yaml::emit::Options;

use super::{ALL, Listing};
use crate::{
    diagnostic::Diagnostic,
    inventory::{Error, Inventory, Vars},
};

/// A mapping as text, without its last line break.
fn text(mapping: Dict) -> Result<String, Error> {
    let options = Options { default_flow_style: Some(false), ..Options::to_yaml() };
    let mut text = crate::yaml::dump(&Value::Dict(mapping), &options)
        .map_err(|cause| Error::from(Diagnostic::error(cause.message)))?;
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

/// Variables of one host.
pub(super) fn variables(vars: &Vars) -> Result<String, Error> {
    text(dict(vars))
}

/// All groups from `all` downwards. A host's variables stand where it comes first.
pub(super) fn all(listing: &Listing, inventory: &Inventory, available: &HashSet<Rc<str>>) -> Result<String, Error> {
    let mut writer = Writer { listing, inventory, available, hosts: HashSet::new(), groups: HashSet::new() };
    let content = writer.group(ALL)?;
    let root = Dict::new();
    put(&root, "all", content);
    text(root)
}

struct Writer<'a> {
    listing: &'a Listing,
    inventory: &'a Inventory,
    available: &'a HashSet<Rc<str>>,
    hosts: HashSet<usize>,
    groups: HashSet<usize>,
}

impl Writer<'_> {
    fn group(&mut self, index: usize) -> Result<Dict, Error> {
        let content = Dict::new();
        let Some((_, group)) = self.inventory.data.groups.get_index(index) else { return Ok(content) };
        let children = Dict::new();
        for child in &group.children {
            let Some((name, _)) = self.inventory.data.groups.get_index(*child) else { continue };
            if self.groups.contains(child) {
                children.insert(&**name, Value::Dict(Dict::new()));
                continue;
            }
            put(&children, name, self.group(*child)?);
            self.groups.insert(*child);
        }
        put(&content, "children", children);
        let hosts = Dict::new();
        for index in group.hosts.iter().filter(|_| index != ALL) {
            let Some((name, host)) = self.inventory.data.hosts.get_index(*index) else { continue };
            if self.available.contains(name) {
                let vars = if self.hosts.insert(*index) {
                    dict(&self.listing.host_vars(self.inventory, host)?)
                } else {
                    Dict::new()
                };
                hosts.insert(&**name, Value::Dict(vars));
            }
        }
        put(&content, "hosts", hosts);
        if self.listing.export {
            put(&content, "vars", dict(&self.listing.group_vars(self.inventory, index)?));
        }
        Ok(content)
    }
}

/// What is empty is left out.
fn put(dict: &Dict, name: &str, content: Dict) {
    if !content.is_empty() {
        dict.insert(name, Value::Dict(content));
    }
}

fn dict(vars: &Vars) -> Dict {
    let dict = Dict::with_capacity(vars.len());
    for (name, value) in vars {
        dict.insert(Rc::clone(name), value.clone());
    }
    dict
}
