//! Where a task's files are.

use std::path::{Path, PathBuf};

use super::{ActionContext, ActionError};
use crate::{
    diagnostic::{ErrorChain, Link},
    playbook::search,
};

/// Finds a file of the task: as it is if absolute, else where [`search::candidates`] says.
///
/// # Errors
///
/// It is nowhere; the message lists where it was looked for.
pub fn find(context: &ActionContext<'_>, folder: &str, name: &str) -> Result<PathBuf, ActionError> {
    let mut searched = String::new();
    let found = if name.starts_with(['~', '/']) {
        Some(context.environment.resolve(name, None)).filter(|path| path.exists())
    } else {
        let paths = search::candidates(
            context.search_path,
            context.playbook_dir,
            Some(folder),
            name,
            false,
            context.environment,
        );
        for path in &paths {
            searched.push_str(if searched.is_empty() { "\nSearched in:\n\t" } else { "\n\t" });
            searched.push_str(&path.display().to_string());
        }
        paths.into_iter().find(|path| path.exists())
    };
    found.ok_or_else(|| not_found(name, &searched))
}

/// The failure where a file is not there; `searched` follows its name.
pub(super) fn not_found(name: &str, searched: &str) -> ActionError {
    let text = format!(
        "Could not find or access '{name}'{searched} on the Ansible Controller.\nIf you are using a module and expect \
         the file to exist on the remote, see the remote_src option"
    );
    ActionError::Failed(ErrorChain::new(Link::new(text)))
}

/// The failure where a file of the control node cannot be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> ActionError {
    cannot_read("an", path, error)
}

/// As [`unreadable`], for a file that is taken for text: Ansible begins that sentence as a sentence.
pub(super) fn unreadable_text(path: &Path, error: &std::io::Error) -> ActionError {
    cannot_read("An", path, error)
}

fn cannot_read(article: &str, path: &Path, error: &std::io::Error) -> ActionError {
    let name = path.display().to_string();
    let cause = modules::module::os_error(error, Some(&name));
    let link = Link::new(format!("{article} error occurred while trying to read the file '{name}'."));
    ActionError::Failed(ErrorChain::new(Link::new(cause)).caused(link))
}

/// What a file begins with that is in a vault as a whole.
const VAULT: &[u8] = b"$ANSIBLE_VAULT;";

/// The plain text of a file of the control node that is in a vault as a whole; `None` where it is not.
///
/// # Errors
///
/// It cannot be read, or no secret opens it.
pub(super) fn open_vault(context: &ActionContext<'_>, path: &Path) -> Result<Option<Vec<u8>>, ActionError> {
    use std::io::Read as _;
    let failed = |error: std::io::Error| unreadable(path, &error);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.by_ref().take(VAULT.len() as u64).read_to_end(&mut bytes).map_err(failed)?;
    if bytes != VAULT {
        return Ok(None);
    }
    file.read_to_end(&mut bytes).map_err(failed)?;
    plain_of(context, path, &bytes)
}

/// As [`open_vault`], where the file's bytes are known.
///
/// # Errors
///
/// No secret opens it.
pub(super) fn plain_of(context: &ActionContext<'_>, path: &Path, bytes: &[u8]) -> Result<Option<Vec<u8>>, ActionError> {
    if !bytes.starts_with(VAULT) {
        return Ok(None);
    }
    context.vault.open(&path.display().to_string(), bytes).map(Some).map_err(ActionError::failed)
}
