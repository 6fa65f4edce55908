//! From YAML files to the model, with everything that is wrong found at once.
//!
//! What ansible-core refuses while it loads is refused here, in its words, with the place of the very word at fault;
//! the loader goes on after an error, so that all are reported together.

mod action;
mod block;
mod file;
mod include;
mod include_role;
mod keywords;
mod play;
mod playbook;
mod plugins;
mod role;
mod role_files;
mod task;
#[cfg(test)]
mod tests;
mod vars;

use std::{collections::HashMap, fmt, path::PathBuf, rc::Rc};

use super::{Block, Ids, LoadOptions, LoadedRole, StaticTemplate, VaultOpener};
use crate::diagnostic::Diagnostic;
pub use include_role::RoleRequest;

/// Loads playbooks, files of tasks and roles.
pub struct Loader {
    options: LoadOptions,
    vault: Rc<dyn VaultOpener>,
    templates: Rc<dyn StaticTemplate>,
    ids: Ids,
    files: HashMap<PathBuf, file::File>,
    warnings: Vec<Diagnostic>,
    errors: Vec<Diagnostic>,
    exit_code: u8,
    /// What imports bring into the play that is being loaded.
    brought: Brought,
    /// `library`: directories of modules.
    library: Vec<PathBuf>,
    /// Directories of playbooks and roles, beside which plugins may stand.
    plugin_directories: Vec<PathBuf>,
    /// Files and roles that are being loaded, to find those that load themselves.
    open: Vec<String>,
}

/// Roles and handlers that come with imported roles and go to the play.
#[derive(Default)]
struct Brought {
    roles: Vec<LoadedRole>,
    handlers: Vec<Rc<Block>>,
}

/// What a file of tasks or a role brings into a play that is running.
#[derive(Default)]
pub struct Included {
    /// The tasks, in order.
    pub blocks: Vec<Rc<Block>>,
    /// Roles that were loaded on the way, the included role first: to be put behind the play's roles.
    pub roles: Vec<LoadedRole>,
    /// Handlers to be put behind the play's.
    pub handlers: Vec<Rc<Block>>,
}

/// Why something was not loaded: all that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The errors, in the order in which they were found; never empty.
    pub diagnostics: Vec<Diagnostic>,
    /// The exit code of ansible-playbook for the first of them: 4 where it calls the error a parser's, else 1.
    pub exit_code: u8,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, diagnostic) in self.diagnostics.iter().enumerate() {
            if number > 0 {
                formatter.write_str("\n")?;
            }
            formatter.write_str(&diagnostic.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// Exit code of ansible-playbook for what it calls a parser error.
const PARSER_ERROR: u8 = 4;
/// Exit code of ansible-playbook for any other error before the run.
const OTHER_ERROR: u8 = 1;

impl Loader {
    /// A loader. `ids` goes on from where it is, so that two loaders can share it.
    #[must_use]
    pub fn new(options: LoadOptions, vault: Rc<dyn VaultOpener>, templates: Rc<dyn StaticTemplate>, ids: Ids) -> Self {
        Self {
            options,
            vault,
            templates,
            ids,
            files: HashMap::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
            exit_code: 0,
            brought: Brought::default(),
            library: Vec::new(),
            plugin_directories: Vec::new(),
            open: Vec::new(),
        }
    }

    /// The numbers that are still free, for [`super::Play::compile`].
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Looks for Python modules in these directories too (`library` in ansible.cfg), absolute.
    pub fn search_modules_in(&mut self, directories: impl IntoIterator<Item = PathBuf>) {
        self.library.extend(directories);
    }

    /// What was noticed since the last call and is not an error.
    pub fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }

    /// Notes an error that ansible-playbook ends with code 4 for.
    fn refuse(&mut self, diagnostic: Diagnostic) {
        self.note(diagnostic, PARSER_ERROR);
    }

    /// Notes an error that ansible-playbook ends with code 1 for.
    fn fail(&mut self, diagnostic: Diagnostic) {
        self.note(diagnostic, OTHER_ERROR);
    }

    fn note(&mut self, diagnostic: Diagnostic, exit_code: u8) {
        if self.errors.is_empty() {
            self.exit_code = exit_code;
        }
        // A file that is imported twice is wrong once.
        if !self.errors.contains(&diagnostic) {
            self.errors.push(diagnostic);
        }
    }

    /// The value if nothing was wrong, else all that was.
    fn finish<T>(&mut self, value: T) -> Result<T, Refused> {
        let diagnostics = std::mem::take(&mut self.errors);
        self.open.clear();
        if diagnostics.is_empty() { Ok(value) } else { Err(Refused { diagnostics, exit_code: self.exit_code }) }
    }
}
