//! Init scripts and their links in the folders of the runlevels.

use std::path::Path;

use super::paths;

/// Whether a service has an init script; a path stands for itself.
#[must_use]
pub fn exists(service: &str) -> bool {
    Path::new(&script(service)).exists()
}

/// The init script that a service has if it has one.
#[must_use]
pub fn script(service: &str) -> String {
    paths::join("/etc/init.d", service)
}

/// Whether a link in the folder of a runlevel (of any, without one) starts the service.
#[must_use]
pub fn is_enabled(service: &str, runlevel: Option<&str>) -> bool {
    let folder = if Path::new("/etc/rc0.d").is_dir() { "/etc" } else { "/etc/init.d" };
    paths::glob_any(&format!("{folder}/rc{}.d/S??{service}", runlevel.unwrap_or("?")), None)
}
