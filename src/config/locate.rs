//! Which `ansible.cfg` holds.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::Environment;
use crate::diagnostic::Diagnostic;

/// The first that is there and can be read: `ANSIBLE_CONFIG` (a file, or the directory it is in), `./ansible.cfg`,
/// `~/.ansible.cfg`, `/etc/ansible/ansible.cfg`. In a working directory that everybody may write to, the file there is
/// passed over with a warning: anybody could have put it there.
///
/// See <https://docs.ansible.com/ansible-core/2.19/reference_appendices/config.html#the-configuration-file>.
pub(super) fn find(environment: &Environment) -> (Option<PathBuf>, Option<Diagnostic>) {
    let named = environment.get("ANSIBLE_CONFIG").map(|path| {
        let path = environment.resolve(path, None);
        if path.is_dir() { path.join("ansible.cfg") } else { path }
    });
    let here = environment.cwd.join("ansible.cfg");
    let open_to_all = fs::metadata(&environment.cwd).is_ok_and(|meta| meta.permissions().mode() & 0o002 != 0);
    let mut candidates: Vec<PathBuf> = named.iter().cloned().collect();
    if !open_to_all {
        candidates.push(here.clone());
    }
    candidates.push(environment.home.join(".ansible.cfg"));
    candidates.push(PathBuf::from("/etc/ansible/ansible.cfg"));
    let found = candidates.into_iter().find(|path| readable(path));

    let passed_over = open_to_all && here.exists() && (named.is_none() || named != found);
    let warning = passed_over.then(|| {
        Diagnostic::warning(format!(
            "Ansible is being run in a world writable directory ({}), ignoring it as an ansible.cfg source. For more \
             information see https://docs.ansible.com/ansible/devel/reference_appendices/config.html\
             #cfg-in-world-writable-dir",
            environment.cwd.display()
        ))
        .help("take the right to write from others (chmod o-w), or name the file in ANSIBLE_CONFIG")
    });
    (found, warning)
}

fn readable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::READ_OK).is_ok() && path.is_file()
}
