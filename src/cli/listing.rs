//! The inventory on the screen.

use std::{io::Write, rc::Rc};

use jinja::Value;

use super::{
    Failure, Result,
    options::{InventoryOptions, Listing},
    session::extra_variables,
    terminal::Terminal,
};
use crate::{
    diagnostic::Diagnostic,
    inventory::{self, Error, Inventory},
};

/// Prints what was asked for.
///
/// # Errors
///
/// The inventory is refused, or it does not have what was asked for.
pub fn print(options: &InventoryOptions, terminal: &mut Terminal) -> Result {
    let mut warnings = Vec::new();
    let text = text(options, &mut |warning| warnings.push(warning));
    for warning in &warnings {
        terminal.warning(warning);
    }
    let text = text?;
    match &options.listing {
        Listing::All { output: Some(file), .. } => write(file, &text, options)?,
        _ => terminal.print(&text),
    }
    Ok(0)
}

fn text(options: &InventoryOptions, warn: &mut dyn FnMut(Diagnostic)) -> Result<String> {
    let generic = |error: Error| Failure::Generic(error.0);
    let asked = |error: Error| Failure::Options(error.0);
    let config = &options.config;
    let mut inventory = Inventory::load(&config.inventory, config, &options.vault, warn).map_err(generic)?;
    if options.limit.is_some() && matches!(options.listing, Listing::All { .. }) {
        inventory.set_limit(options.limit.as_deref()).map_err(generic)?;
    }
    let extra = extra_variables(&options.extra_vars, config, &options.vault)?;
    let extra_vars = extra.raw_items().into_iter().filter_map(|(name, value)| match name {
        Value::Str(name) => Some((Rc::from(&*name), value)),
        _ => None,
    });
    let mut listing = inventory::list::Listing {
        playbook_dir: config.playbook_dir.clone(),
        extra_vars: extra_vars.collect(),
        yaml: options.yaml,
        ..inventory::list::Listing::default()
    };
    let text = match &options.listing {
        Listing::All { export, .. } => {
            listing.export = *export;
            listing.all(&mut inventory, warn).map_err(generic)
        }
        Listing::Host(host) => listing.host(&mut inventory, host, warn).map_err(asked),
        Listing::Graph { group, vars } => listing.graph(&mut inventory, group, *vars).map_err(asked),
    };
    for warning in inventory.take_warnings() {
        warn(warning);
    }
    text
}

/// Writes the listing into a file, whole or not at all.
fn write(file: &str, text: &str, options: &InventoryOptions) -> Result<()> {
    let path = options.config.environment.resolve(file, None);
    let directory = path.parent().unwrap_or(&options.config.environment.cwd);
    let written =
        tempfile::Builder::new().permissions(permissions()).tempfile_in(directory).and_then(|mut temporary| {
            temporary.write_all(text.as_bytes())?;
            temporary.as_file().sync_all()?;
            temporary.persist(&path).map_err(|error| error.error)
        });
    written
        .map(drop)
        .map_err(|error| Failure::generic(format!("Unable to write to destination file ({file}): {error}")))
}

/// What the umask leaves of a new file's mode.
fn permissions() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}
