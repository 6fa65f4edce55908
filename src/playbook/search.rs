//! Where the files that a task names are looked for.
//!
//! Source: Ansible documentation, "Search paths in Ansible".

use std::path::{Path, PathBuf};

use crate::config::Environment;

/// The paths that are tried for a name that is not absolute, in order: for each folder of the task the one named
/// `subfolder` in it and the folder itself, at last the same of the playbook's. Folders may stand there twice, and
/// messages list them twice.
#[must_use]
pub fn candidates(
    folders: &[PathBuf],
    basedir: &Path,
    subfolder: Option<&str>,
    name: &str,
    in_role: bool,
    environment: &Environment,
) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for given in folders {
        let folder = environment.resolve(&given.display().to_string(), None);
        // Files in a folder below a role's `tasks/` find what stands beside that.
        if let Some(tasks) = folder.parent().filter(|parent| in_tasks(parent))
            && (in_role || looks_like_role(given))
        {
            paths.extend(subfolder.and_then(|subfolder| Some(tasks.parent()?.join(subfolder).join(name))));
            paths.push(tasks.join(name));
        }
        paths.extend(subfolder.map(|subfolder| folder.join(subfolder).join(name)));
        paths.push(folder.join(name));
    }
    paths.extend(subfolder.map(|subfolder| basedir.join(subfolder).join(name)));
    paths.push(basedir.join(name));
    paths
}

pub(super) fn in_tasks(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tasks")
}

/// Whether a directory is a role, or the `tasks` of one.
pub(super) fn looks_like_role(path: &Path) -> bool {
    const MAIN: [&str; 3] = ["main.yml", "main.yaml", "main"];
    let has = |folder: &Path| MAIN.iter().any(|main| folder.join(main).exists());
    let parent = path.parent().unwrap_or(path);
    (in_tasks(path) && has(path))
        || [path, parent].iter().any(|root| has(&root.join("tasks")) || has(&root.join("meta")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(folders: &[&str], in_role: bool) -> Vec<String> {
        let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        candidates(&folders, Path::new("/play"), Some("files"), "f", in_role, &Environment::default())
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    #[test]
    fn each_folder_is_searched_with_and_without_the_subfolder_and_the_playbooks_at_last() {
        assert_eq!(shown(&["/play"], false), ["/play/files/f", "/play/f", "/play/files/f", "/play/f"]);
    }

    #[test]
    fn below_a_roles_tasks_what_stands_beside_them_comes_first() {
        assert_eq!(
            shown(&["/r", "/r/tasks/sub"], true),
            [
                "/r/files/f",
                "/r/f",
                "/r/files/f",
                "/r/tasks/f",
                "/r/tasks/sub/files/f",
                "/r/tasks/sub/f",
                "/play/files/f",
                "/play/f"
            ]
        );
    }
}
