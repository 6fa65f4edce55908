//! Retry files: the hosts that failed, for `--limit @FILE` of the next run (`retry_files_enabled`).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::run::Run;
use crate::{
    diagnostic::{ErrorChain, Link},
    event::Event,
};

/// Writes the hosts of a playbook that failed or could not be reached, where that is asked for and there are some.
pub(super) fn write(run: &Run, playbook: &Path) {
    let wanted = &run.config.retry_files;
    if !wanted.enabled {
        return;
    }
    let mut hosts: Vec<_> = run.failed.borrow().union(&run.unreachable.borrow()).cloned().collect();
    hosts.sort_unstable();
    if hosts.is_empty() {
        return;
    }
    let path = path(playbook, wanted.folder.as_deref());
    let shown = path.display().to_string();
    run.emit(&match write_lines(&path, hosts.iter().map(|host| &**host)) {
        Ok(()) => Event::RetryFile { path: shown },
        Err(error) => {
            let error = modules::module::os_error(&error, None);
            let said = format!("Could not create retry file '{shown}'.\n\t{error}");
            Event::Warning(ErrorChain::new(Link::new(said)))
        }
    });
}

/// `NAME.retry` beside the playbook, or in the folder that is set.
fn path(playbook: &Path, folder: Option<&Path>) -> PathBuf {
    let absolute = std::path::absolute(playbook).unwrap_or_else(|_| playbook.to_owned());
    let file = Path::new(absolute.file_stem().unwrap_or_default()).with_added_extension("retry");
    folder.or(absolute.parent()).unwrap_or(Path::new("")).join(file)
}

/// A reader finds all of the hosts or the file of before.
fn write_lines<'a>(path: &Path, lines: impl Iterator<Item = &'a str>) -> io::Result<()> {
    use io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    let mode = fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(mode).tempfile_in(folder)?;
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_named_after_the_playbook_and_lies_beside_it_or_where_it_is_wanted() {
        assert_eq!(path(Path::new("/p/site.yml"), None), Path::new("/p/site.retry"));
        assert_eq!(path(Path::new("/p/site.v2.yml"), Some(Path::new("/r"))), Path::new("/r/site.v2.retry"));
    }
}
