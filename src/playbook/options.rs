//! What the loader is told, and what it asks of others.

use std::{cell::Cell, path::PathBuf, rc::Rc};

use jinja::{Dict, Value};

/// Gives out numbers for plays, roles, blocks and tasks. Clones go on from each other.
#[derive(Debug, Clone, Default)]
pub struct Ids(Rc<Cell<u64>>);

impl Ids {
    /// A number not given out before.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

/// What `ansible.cfg` and the command line say about loading.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// `roles_path`: directories, absolute, `~` expanded.
    pub roles_path: Vec<PathBuf>,
    /// `collections_path`: directories that hold `ansible_collections`, absolute.
    pub collections_path: Vec<PathBuf>,
    /// `duplicate_dict_key`: `warn`, `error`, `ignore`.
    pub duplicate_keys: Option<String>,
    /// `private_role_vars`, where it is set.
    pub private_role_vars: Option<bool>,
    /// `invalid_task_attribute_failed` turned off: unknown keywords of a task are a warning.
    pub tolerate_unknown_keywords: bool,
}

/// Opens files that are encrypted as a whole.
pub trait VaultOpener {
    /// The plain text of a file that begins with `$ANSIBLE_VAULT`.
    ///
    /// # Errors
    ///
    /// In Ansible's words: no secret, or none that fits.
    fn open(&self, path: &str, envelope: &[u8]) -> Result<Vec<u8>, String>;
}

/// Has no secret.
#[derive(Debug, Clone, Copy)]
pub struct NoVault;

impl VaultOpener for NoVault {
    fn open(&self, _path: &str, _envelope: &[u8]) -> Result<Vec<u8>, String> {
        Err("Attempting to decrypt but no vault secrets found.".to_owned())
    }
}

/// Renders what must be known before the run: the names of imported files and roles.
pub trait StaticTemplate {
    /// The value of a template. `vars` are those known here: of the play, its roles, blocks and tasks; whoever renders
    /// puts `--extra-vars` above them.
    ///
    /// # Errors
    ///
    /// It cannot be rendered: the message.
    fn render(&self, value: &Value, vars: &Dict) -> Result<Value, String>;
}

/// Renders nothing: a name that needs it is an error.
#[derive(Debug, Clone, Copy)]
pub struct NoTemplates;

impl StaticTemplate for NoTemplates {
    fn render(&self, value: &Value, _vars: &Dict) -> Result<Value, String> {
        match value {
            Value::Str(text) if text.as_str().contains("{{") || text.as_str().contains("{%") => {
                Err("templates cannot be rendered here".to_owned())
            }
            _ => Ok(value.clone()),
        }
    }
}
