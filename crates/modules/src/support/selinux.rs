//! SELinux: whether it is on, contexts read and written as extended attributes, defaults from `matchpathcon`.

use std::{
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{XattrFlags, lgetxattr, lsetxattr};

use crate::Context;

const ATTRIBUTE: &str = "security.selinux";

/// SELinux on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selinux {
    /// It is on.
    pub enabled: bool,
    /// Contexts have a level.
    pub mls: bool,
}

impl Selinux {
    /// Looks whether the kernel's SELinux file system is mounted.
    #[must_use]
    pub fn detect() -> Self {
        let enabled = Path::new("/sys/fs/selinux/enforce").exists();
        let mls = enabled && std::fs::read("/sys/fs/selinux/mls").is_ok_and(|text| text.starts_with(b"1"));
        Self { enabled, mls }
    }

    /// A file's context: user, role, type and, with MLS, level; `None` where it has none.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn context(self, path: &Path) -> io::Result<Option<Vec<String>>> {
        if !self.enabled {
            return Ok(None);
        }
        let mut buffer = vec![0; 1024];
        match lgetxattr(path, ATTRIBUTE, &mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                let text = String::from_utf8_lossy(&buffer);
                Ok(Some(split(text.trim_end_matches('\0'))))
            }
            Err(rustix::io::Errno::NODATA | rustix::io::Errno::OPNOTSUPP) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Sets a file's context.
    ///
    /// # Errors
    ///
    /// Where the kernel refuses it.
    pub fn set_context(self, path: &Path, context: &[String]) -> io::Result<()> {
        let text = format!("{}\0", context.join(":"));
        lsetxattr(path, ATTRIBUTE, text.as_bytes(), XattrFlags::empty()).map_err(io::Error::from)
    }
}

/// The context that the policy gives a path; `None` where it gives none.
#[must_use]
pub fn default_context(ctx: &Context, path: &str) -> Option<Vec<String>> {
    if !ctx.selinux.enabled {
        return None;
    }
    let tool = ctx.find_bin("matchpathcon")?;
    let output = ctx.command([tool.as_str(), "-n", path]).run().ok().filter(|output| output.success())?;
    let text = output.stdout_text();
    let text = text.trim();
    (!text.is_empty() && text != "<<none>>").then(|| split(text))
}

fn split(context: &str) -> Vec<String> {
    context.splitn(4, ':').map(str::to_owned).collect()
}

/// Whether a path is on a file system whose files all have their mount point's context (NFS, FUSE ...), and where that
/// is mounted.
#[must_use]
pub fn special_mount(path: &Path) -> Option<PathBuf> {
    const SPECIAL: [&str; 6] = ["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"];
    let real = std::fs::canonicalize(path).ok()?;
    let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
    let (point, kind) = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((fields.next()?, fields.next()?))
        })
        .filter(|(point, _)| real.starts_with(point))
        .max_by_key(|(point, _)| point.len())?;
    SPECIAL.iter().any(|special| kind.contains(special)).then(|| PathBuf::from(point))
}
