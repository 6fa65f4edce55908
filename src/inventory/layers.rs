//! The variables of a host, layer by layer, weakest first.

use std::{
    path::{Path, PathBuf},
    rc::Rc,
};

use jinja::{List, Str, Value};

use super::{
    Error, Host, Inventory, address,
    data::ALL,
    files::Of,
    vars::{self, Vars},
};
use crate::diagnostic::Diagnostic;

/// Where variables of a host come from. The order of the layers of groups is that of `variable_precedence`.
///
/// See
/// <https://docs.ansible.com/ansible-core/2.19/playbook_guide/playbooks_variables.html#understanding-variable-precedence>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// Of the group `all`, from the sources themselves.
    AllInventory,
    /// Of other groups, from the sources themselves.
    GroupsInventory,
    /// `group_vars/all` beside the sources.
    AllPluginsInventory,
    /// `group_vars/all` beside the playbook.
    AllPluginsPlay,
    /// `group_vars/*` beside the sources.
    GroupsPluginsInventory,
    /// `group_vars/*` beside the playbook.
    GroupsPluginsPlay,
    /// Of the host, from the sources themselves, with `inventory_hostname` and its like.
    HostInventory,
    /// `host_vars/*` beside the sources.
    HostPluginsInventory,
    /// `host_vars/*` beside the playbook.
    HostPluginsPlay,
}

impl Layer {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "all_inventory" => Self::AllInventory,
            "groups_inventory" => Self::GroupsInventory,
            "all_plugins_inventory" => Self::AllPluginsInventory,
            "all_plugins_play" => Self::AllPluginsPlay,
            "groups_plugins_inventory" => Self::GroupsPluginsInventory,
            "groups_plugins_play" => Self::GroupsPluginsPlay,
            _ => return None,
        })
    }
}

/// The layers of a host that have variables, weakest first.
pub type Layers = Vec<(Layer, Rc<Vars>)>;

impl Inventory {
    /// The variables of a host, layer by layer, weakest first; layers without variables are left out.
    ///
    /// # Errors
    ///
    /// A file of variables cannot be read; the error has its place.
    pub fn layers(&self, host: &Host) -> Result<Layers, Error> {
        let mut layers = Layers::new();
        let mut push = |layer, vars: Rc<Vars>| {
            if !vars.is_empty() {
                layers.push((layer, vars));
            }
        };
        for name in &self.config.precedence {
            match Layer::named(name) {
                Some(layer) => push(layer, self.group_layer(layer, host)?),
                None => self
                    .files
                    .warnings
                    .borrow_mut()
                    .push(Diagnostic::warning(format!("Ignoring unknown variable precedence entry: {name}"))),
            }
        }
        push(Layer::HostInventory, Rc::new(self.own_vars(host)));
        push(Layer::HostPluginsInventory, self.beside(&self.source_dirs, Of::Host, &[Rc::clone(&host.name)])?);
        push(Layer::HostPluginsPlay, self.beside(&self.playbook_dirs, Of::Host, &[Rc::clone(&host.name)])?);
        Ok(layers)
    }

    /// All layers of a host in one.
    ///
    /// # Errors
    ///
    /// As [`Inventory::layers`].
    pub fn merged_vars(&self, host: &Host) -> Result<Vars, Error> {
        let mut all = Vars::new();
        for (_, layer) in self.layers(host)? {
            vars::combine(&mut all, &layer, self.config.merge_hashes);
        }
        Ok(all)
    }

    /// What the sources say of a host, with `inventory_hostname`, `inventory_hostname_short` and `group_names`.
    #[must_use]
    pub fn own_vars(&self, host: &Host) -> Vars {
        let mut own = host.vars.clone();
        let text = |text: &str| Value::Str(Str::from(text));
        let short =
            if address::is_ip(&host.name) { &host.name } else { host.name.split('.').next().unwrap_or_default() };
        own.insert("inventory_hostname".into(), text(&host.name));
        own.insert("inventory_hostname_short".into(), text(short));
        let names = self.group_names(host).iter().map(|name| text(name)).collect();
        own.insert("group_names".into(), Value::List(List::new(names)));
        own
    }

    /// A layer of groups; hosts of the same groups share it.
    fn group_layer(&self, layer: Layer, host: &Host) -> Result<Rc<Vars>, Error> {
        let groups = match layer {
            Layer::AllInventory | Layer::AllPluginsInventory | Layer::AllPluginsPlay => vec![ALL],
            _ => self.data.sorted_groups(host),
        };
        let key = (layer, groups);
        if let Some(found) = self.group_layers.borrow().get(&key) {
            return Ok(Rc::clone(found));
        }
        let groups = || key.1.iter().filter_map(|group| self.data.groups.get_index(*group).map(|(_, group)| group));
        let names: Vec<Rc<str>> = groups().map(|group| Rc::clone(&group.name)).collect();
        let vars = match layer {
            Layer::AllInventory | Layer::GroupsInventory => {
                let mut all = Vars::new();
                for group in groups() {
                    vars::combine(&mut all, &group.vars, self.config.merge_hashes);
                }
                Rc::new(all)
            }
            Layer::AllPluginsPlay | Layer::GroupsPluginsPlay => self.beside(&self.playbook_dirs, Of::Group, &names)?,
            _ => self.beside(&self.source_dirs, Of::Group, &names)?,
        };
        self.group_layers.borrow_mut().insert(key, Rc::clone(&vars));
        Ok(vars)
    }

    /// Files beside sources or playbooks: directory by directory, and in each name by name.
    pub(super) fn beside(&self, directories: &[PathBuf], of: Of, names: &[Rc<str>]) -> Result<Rc<Vars>, Error> {
        let mut all = Vars::new();
        for directory in directories {
            for name in names {
                let more = self.files.vars(directory, of, name, &self.config, &self.secrets)?;
                if let ([_], [_]) = (directories, names) {
                    return Ok(more);
                }
                vars::combine(&mut all, &more, self.config.merge_hashes);
            }
        }
        Ok(Rc::new(all))
    }
}

/// The directory beside which a source's files of variables are, links followed; lists of hosts have none.
pub(super) fn directory_of(source: &str) -> Option<PathBuf> {
    let path = Path::new(source);
    if source.contains(',') && !path.exists() {
        return None;
    }
    let directory = if path.is_dir() { path } else { path.parent()? };
    directory.canonicalize().ok()
}
