//! Where the command line hands over: typed options in, exit code out.

use super::{
    Failure, Result,
    options::{ApplyOptions, ExecOptions, InventoryOptions, RenderOptions},
    terminal::Terminal,
};

/// Runs playbooks, or lists what they would run.
///
/// # Errors
///
/// The run cannot begin.
pub fn apply(options: ApplyOptions, terminal: &mut Terminal) -> Result {
    let _ = (options, terminal);
    Err(Failure::NotYet("running playbooks".to_owned()))
}

/// Runs one module on hosts.
///
/// # Errors
///
/// The run cannot begin.
pub fn exec(options: ExecOptions, terminal: &mut Terminal) -> Result {
    let _ = (options, terminal);
    Err(Failure::NotYet("running a module".to_owned()))
}

/// Shows the inventory.
///
/// # Errors
///
/// The inventory is refused.
pub fn inventory(options: InventoryOptions, terminal: &mut Terminal) -> Result {
    super::listing::print(&options, terminal)
}

/// Renders a template.
///
/// # Errors
///
/// It cannot be rendered.
pub fn render(options: RenderOptions, terminal: &mut Terminal) -> Result {
    let _ = (options, terminal);
    Err(Failure::NotYet("rendering a template".to_owned()))
}
