//! Ways in for the fuzz targets: the readers of inventories, on bytes instead of files.

use yaml::Source;

use super::{
    Error, Inventory,
    data::{Data, GroupNames},
    error::Fault,
    ini, literal, yaml_source,
};
use crate::{
    config::{Config, Environment},
    vault::VaultSecrets,
};

/// Reads the bytes of an INI inventory.
///
/// # Errors
///
/// They are none, with the place.
pub fn ini(bytes: &[u8]) -> Result<Inventory, Error> {
    inventory(|data| ini::read(data, "hosts", bytes))
}

/// Reads the bytes of a YAML inventory.
///
/// # Errors
///
/// They are none, with the place.
pub fn yaml(bytes: &[u8]) -> Result<Inventory, Error> {
    inventory(|data| {
        let source = Source::from_bytes("hosts.yml", bytes)?;
        let loaded = yaml::load_one(&source, &yaml::Options::files())?;
        yaml_source::read(data, &source, &loaded.root())
    })
}

fn inventory(read: impl FnOnce(&mut Data) -> Result<(), Fault>) -> Result<Inventory, Error> {
    let mut data = Data::new(false, GroupNames::Keep { warn: true });
    read(&mut data)?;
    data.reconcile();
    Ok(Inventory::of(data, Vec::new(), &Config::defaults(Environment::default()), &VaultSecrets::default()))
}

/// The hosts that a name with ranges stands for.
///
/// # Errors
///
/// A range is none.
pub fn expand(pattern: &str) -> Result<Vec<String>, Error> {
    Ok(ini::expand(pattern).map(|(hosts, _)| hosts)?)
}

/// Whether a text is a Python literal.
#[must_use]
pub fn is_literal(text: &str) -> bool {
    literal::parse(text).is_ok()
}
