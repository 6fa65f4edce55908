//! What `--version` says.

use crate::config::Config;

/// The ansible-core that this program follows.
pub const ANSIBLE_CORE: &str = "2.19.14";

/// `provision --version`.
pub const PROVISION: &str = concat!(env!("CARGO_PKG_VERSION"), " (follows ansible-core 2.19.14)");

/// `ansible --version` in ansible-core's form: the first line is what other programs read.
#[must_use]
pub fn ansible(name: &str, config: &Config) -> String {
    let file = config.file.as_ref().map_or_else(|| "None".to_owned(), |file| file.display().to_string());
    let collections: Vec<String> = config.collections_paths.iter().map(|path| path.display().to_string()).collect();
    let executable = std::env::current_exe().map_or_else(|_| "None".to_owned(), |path| path.display().to_string());
    let own = env!("CARGO_PKG_VERSION");
    let modules: Vec<String> =
        config.library.iter().map(|path| crate::python_repr::repr_str(&path.display().to_string())).collect();
    format!(
        "{name} [core {ANSIBLE_CORE}]\n  \
         config file = {file}\n  \
         configured module search path = [{}]\n  \
         ansible python module location = None (provision {own})\n  \
         ansible collection location = {}\n  \
         executable location = {executable}\n  \
         python version = None (provision needs none)\n  \
         jinja version = 3.1.6 (provision's own)\n  \
         pyyaml version = 6.0.3 (provision's own)",
        modules.join(", "),
        collections.join(":")
    )
}

/// `ansible_version`, the variable.
#[must_use]
pub fn as_dict() -> jinja::Dict {
    use jinja::Value;
    let version = jinja::Dict::new();
    version.insert("string", Value::from(ANSIBLE_CORE));
    version.insert("full", Value::from(ANSIBLE_CORE));
    for (name, part) in ["major", "minor", "revision"].into_iter().zip(ANSIBLE_CORE.split('.')) {
        version.insert(name, Value::Int(part.parse().unwrap_or(0)));
    }
    version
}
