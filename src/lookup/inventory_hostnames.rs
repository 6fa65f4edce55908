//! `inventory_hostnames`: the hosts that a pattern means.
//!
//! Source: Ansible documentation, `ansible.builtin.inventory_hostnames` lookup.

use jinja::{Error, Scope, Value};

use super::{Answer, Request};
use crate::{
    inventory::{Inventory, Vars},
    vault::VaultSecrets,
};

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let Some(Value::Dict(groups)) = request.scope.lookup("groups")? else {
        return Err(Error::new(jinja::Kind::Key, "'groups'"));
    };
    // Hosts and groups alone, without their variables.
    let mut config = (*request.registry.config).clone();
    config.inventory = Vec::new();
    let mut inventory = Inventory::load(&[], &config, &VaultSecrets::new(false), &mut |_| {})
        .map_err(|error| Error::other(error.to_string()))?;
    let refused = |error: crate::inventory::Error| Error::other(error.to_string());
    for (group, hosts) in groups.items()? {
        let group = group.to_str()?;
        inventory.add_group(&group).map_err(refused)?;
        for host in hosts.iterate()? {
            let (host, groups) = (host.to_str()?, std::slice::from_ref(&group));
            inventory.add_host(&host, groups, &Vars::default()).map_err(refused)?;
        }
    }
    let mut patterns = Vec::new();
    for term in &request.terms {
        patterns.extend(match term {
            Value::List(list) => list.values()?.iter().map(Value::to_str).collect::<Result<Vec<_>, _>>()?,
            term => crate::inventory::split_pattern(&term.to_str()?),
        });
    }
    // A pattern that means nothing is no error here.
    let hosts = inventory.hosts_matching(&patterns, &mut |_| {}).unwrap_or_default();
    Ok(hosts.iter().map(|host| Value::from(&**host)).collect())
}
