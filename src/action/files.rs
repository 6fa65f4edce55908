//! Where a task's files are.

use std::path::{Path, PathBuf};

use super::{ActionContext, ActionError};
use crate::diagnostic::{ErrorChain, Link};

/// Finds a file of the task: as it is if absolute, else in `FOLDER/` and beside it in each folder of the search path.
///
/// Source: Ansible documentation, "Search paths in Ansible".
///
/// # Errors
///
/// It is nowhere; the message lists where it was looked for.
pub fn find(context: &ActionContext<'_>, folder: &str, name: &str) -> Result<PathBuf, ActionError> {
    let expanded = context.environment.expand_user(name);
    let candidates = candidates(context.search_path, context.playbook_dir, folder, &expanded);
    if let Some(found) = candidates.iter().find(|path| path.exists()) {
        return Ok(found.clone());
    }
    let searched: Vec<String> = candidates.iter().map(|path| format!("\t{}", path.display())).collect();
    let searched = if Path::new(&expanded).is_absolute() {
        String::new()
    } else {
        format!("\nSearched in:\n{}", searched.join("\n"))
    };
    let mut link = Link::new(format!("Could not find or access '{name}'{searched}"));
    link.message.push_str(" on the Ansible Controller.");
    link.help = Some(
        "If you are using a module and expect the file to exist on the remote, see the remote_src option.".to_owned(),
    );
    let mut chain = ErrorChain::new(link);
    if let Some(first) = chain.links.first_mut()
        && let Some(help) = first.help.take()
    {
        first.message.push('\n');
        first.message.push_str(&help);
    }
    Err(ActionError::Failed(chain))
}

/// The paths that are tried, in order.
#[must_use]
pub fn candidates(search_path: &[PathBuf], playbook_dir: &Path, folder: &str, name: &str) -> Vec<PathBuf> {
    let path = Path::new(name);
    if path.is_absolute() {
        return vec![path.to_owned()];
    }
    let in_folder = path.components().next().is_some_and(|first| first.as_os_str() == folder);
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut add = |path: PathBuf| {
        if !paths.contains(&path) {
            paths.push(path);
        }
    };
    for base in search_path {
        // A role's tasks stand in `tasks/`; its files beside it.
        let base = if base.ends_with("tasks") { base.parent().unwrap_or(base) } else { base };
        if !in_folder {
            add(base.join(folder).join(path));
        }
        add(base.join(path));
    }
    if !in_folder {
        add(playbook_dir.join(folder).join(path));
    }
    add(playbook_dir.join(path));
    paths
}
