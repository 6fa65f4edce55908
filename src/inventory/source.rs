//! Sources: which reader takes which, in Ansible's order.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pyregex::{Flags, Regex};
use yaml::Source;

use super::{
    Error, Fault,
    data::{Data, GroupNames},
    host_list, ini, script, yaml_source,
};
use crate::{
    config::{Config, InventoryConfig},
    diagnostic::Diagnostic,
    vault::{self, VaultSecrets},
};

/// Reads all sources into new data.
pub(super) fn read_all(
    sources: &[String],
    config: &Config,
    secrets: &VaultSecrets,
    warn: &mut dyn FnMut(Diagnostic),
) -> Result<Data, Error> {
    let names = match config.inventories.transform_invalid_group_chars.as_str() {
        "always" => GroupNames::Replace { warn: true },
        "silently" => GroupNames::Replace { warn: false },
        "ignore" => GroupNames::Keep { warn: false },
        _ => GroupNames::Keep { warn: true },
    };
    let mut data = Data::new(config.merge_hashes, names);
    let mut readers = Vec::new();
    for name in &config.inventories.enabled {
        match Reader::named(name) {
            Some(reader) => readers.push(reader),
            None => warn(Diagnostic::warning(format!("Failed to load inventory plugin, skipping {name}"))),
        }
    }
    if readers.is_empty() {
        return Err(Diagnostic::error(
            "No inventory plugins available to generate inventory, make sure you have at least one enabled.",
        )
        .help("name some in `enable_plugins` of section [inventory]: host_list, script, auto, yaml, ini")
        .into());
    }
    let mut loader = Loader { data: &mut data, config, options: &config.inventories, secrets, readers, warn };
    let mut parsed = false;
    for source in sources.iter().filter(|source| !source.is_empty()) {
        parsed |= loader.source(&resolve(source, config))?;
    }
    if parsed {
        data.reconcile();
    } else if config.inventories.unparsed_is_failed {
        return Err(Diagnostic::error("No inventory was parsed, please check your configuration and options.").into());
    } else if config.inventories.unparsed_warning {
        warn(Diagnostic::warning("No inventory was parsed, only implicit localhost is available"));
    }
    for note in data.notes.drain(..) {
        warn(Diagnostic::warning(note));
    }
    Ok(data)
}

/// A source as it is used: a path is made absolute, a list of hosts stays.
pub(super) fn resolve(source: &str, config: &Config) -> String {
    if source.contains(',') {
        source.to_owned()
    } else {
        config.environment.resolve(source, None).display().to_string()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    HostList,
    AdvancedHostList,
    Script,
    Auto,
    Yaml,
    Ini,
    Toml,
    /// Known to Ansible; named here so that it is refused by name.
    NotYet(&'static str),
}

impl Reader {
    fn named(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
            "host_list" => Self::HostList,
            "advanced_host_list" => Self::AdvancedHostList,
            "script" => Self::Script,
            "auto" => Self::Auto,
            "yaml" => Self::Yaml,
            "ini" => Self::Ini,
            "toml" => Self::Toml,
            "constructed" => Self::NotYet("constructed"),
            "generator" => Self::NotYet("generator"),
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::HostList => "host_list",
            Self::AdvancedHostList => "advanced_host_list",
            Self::Script => "script",
            Self::Auto => "auto",
            Self::Yaml => "yaml",
            Self::Ini => "ini",
            Self::Toml => "toml",
            Self::NotYet(name) => name,
        }
    }

    /// Whether the reader would try a source at all.
    fn wants(self, source: &str, options: &InventoryConfig) -> bool {
        let path = Path::new(source);
        let readable = || rustix::fs::access(path, rustix::fs::Access::READ_OK).is_ok();
        let extension = extension(source);
        match self {
            Self::HostList | Self::AdvancedHostList => source.contains(',') && !path.exists(),
            Self::Script => readable() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok(),
            Self::Auto => matches!(extension, ".yml" | ".yaml") && readable(),
            Self::Yaml => {
                let known = options.yaml_extensions.iter().any(|known| known == extension);
                (extension.is_empty() || known) && readable()
            }
            Self::Ini => extension != ".toml" && readable(),
            Self::Toml => extension == ".toml" && readable(),
            Self::NotYet(_) => false,
        }
    }
}

/// What stands behind the last dot of the name, with the dot; a name that begins with its only dot has none.
pub(super) fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rfind('.') {
        Some(at) if name.get(..at).is_some_and(|before| before.contains(|c| c != '.')) => {
            name.get(at..).unwrap_or_default()
        }
        _ => "",
    }
}

struct Loader<'a> {
    data: &'a mut Data,
    config: &'a Config,
    options: &'a InventoryConfig,
    secrets: &'a VaultSecrets,
    readers: Vec<Reader>,
    warn: &'a mut dyn FnMut(Diagnostic),
}

impl Loader<'_> {
    /// Reads a source; a directory is the sources in it, by name. Whether anything was read.
    fn source(&mut self, source: &str) -> Result<bool, Error> {
        let path = Path::new(source);
        if !path.is_dir() {
            return self.single(source);
        }
        let mut names = Vec::new();
        let entries = fs::read_dir(path).map_err(|cause| unreadable(source, &cause))?;
        for entry in entries {
            names.push(entry.map_err(|cause| unreadable(source, &cause))?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        let mut parsed = false;
        for name in names {
            if !self.ignored(&name)? {
                let inner: PathBuf = path.join(&name);
                parsed |= self.source(&inner.display().to_string())?;
            }
        }
        Ok(parsed)
    }

    /// What is no source in a directory of sources.
    fn ignored(&self, name: &str) -> Result<bool, Error> {
        if name.starts_with('.')
            || matches!(name, "host_vars" | "group_vars" | "vars_plugins")
            || self.options.ignore_extensions.iter().any(|extension| name.ends_with(extension.as_str()))
        {
            return Ok(true);
        }
        for pattern in &self.options.ignore_patterns {
            let regex = Regex::new(pattern, Flags::NONE).map_err(|cause| {
                Diagnostic::error(format!("'{pattern}' in `ignore_patterns` is no regular expression: {cause}"))
            })?;
            if regex.is_match(name).unwrap_or(false) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn single(&mut self, source: &str) -> Result<bool, Error> {
        self.data.source = Some(source.into());
        let mut failures = Vec::new();
        let mut document = None;
        for reader in self.readers.clone() {
            if !reader.wants(source, self.options) {
                let name = reader.name();
                let declined = format!("{name} declined parsing {source} as it did not pass its verify_file() method");
                self.data.trail.push(declined);
                continue;
            }
            let result = self.read(reader, source, &mut document);
            match result {
                Ok(()) => {
                    self.data.trail.push(format!("Parsed {source} inventory source with {} plugin", reader.name()));
                    self.tell();
                    self.data.source = None;
                    return Ok(true);
                }
                Err(fault) if fault.fatal => return Err(fault.into()),
                Err(fault) => failures.push((reader, fault)),
            }
        }
        self.tell();
        self.data.source = None;
        // The default that is not there is not worth a word.
        if source == "/etc/ansible/hosts" && !Path::new(source).exists() {
            return Ok(false);
        }
        for (reader, fault) in failures {
            let cause = Diagnostic { severity: crate::diagnostic::Severity::Warning, ..fault.diagnostic() };
            let message = format!("Failed to parse inventory with '{}' plugin", reader.name());
            (self.warn)(Diagnostic::warning(message).caused_by(cause));
        }
        if self.options.any_unparsed_is_failed {
            let message = format!("Completely failed to parse inventory source {source}");
            return Err(Diagnostic::error(message).into());
        }
        (self.warn)(Diagnostic::warning(format!("Unable to parse {source} as an inventory source")));
        Ok(false)
    }

    fn tell(&mut self) {
        for note in self.data.notes.drain(..) {
            (self.warn)(Diagnostic::warning(note));
        }
    }

    /// Reads a source with one reader. The document of a YAML source is composed once for all readers.
    fn read(
        &mut self,
        reader: Reader,
        source: &str,
        document: &mut Option<Result<(Source, yaml::Node), Fault>>,
    ) -> Result<(), Fault> {
        match reader {
            Reader::HostList => host_list::read(self.data, source),
            Reader::AdvancedHostList => host_list::read_advanced(self.data, source),
            Reader::Script => script::read(self.data, source, self.options.script_stderr),
            Reader::Ini => ini::read(self.data, source, &read_file(source, self.secrets)?),
            Reader::Toml => Err(Fault::new("TOML inventories are not supported yet")
                .help("convert the source with `ansible-inventory -i SOURCE --list -y`")
                .fatal()),
            Reader::NotYet(name) => Err(not_yet(name)),
            Reader::Auto | Reader::Yaml => {
                let loaded = document.get_or_insert_with(|| compose(source, self.config, self.secrets, self.warn));
                let (text, root) = loaded.as_ref().map_err(Clone::clone)?;
                if reader == Reader::Auto { auto(source, root) } else { yaml_source::read(self.data, text, root) }
            }
        }
    }
}

/// A source that names its plugin.
fn auto(source: &str, root: &yaml::Node) -> Result<(), Fault> {
    let plugin = root.as_mapping().and_then(|mapping| mapping.get("plugin"));
    match plugin.and_then(yaml::Node::as_str).filter(|name| !name.is_empty()) {
        None => Err(Fault::new(format!(
            "no root 'plugin' key found, '{source}' is not a valid YAML inventory plugin config file"
        ))),
        // Ansible would look for a Python plugin of the name.
        Some(name) => Err(not_yet(name)),
    }
}

fn not_yet(name: &str) -> Fault {
    Fault::new(format!("the inventory plugin '{name}' is not supported yet"))
        .help("write its result into a source: `ansible-inventory -i SOURCE --list --export -y`")
        .fatal()
}

/// A file's bytes, out of the vault if it is one.
pub(super) fn read_file(path: &str, secrets: &VaultSecrets) -> Result<Vec<u8>, Fault> {
    let bytes = fs::read(path)
        .map_err(|cause| Fault::new(format!("An error occurred while trying to read the file '{path}'. {cause}")))?;
    if !vault::is_encrypted(&bytes) {
        return Ok(bytes);
    }
    let opened = secrets.decrypt(&bytes).map_err(|cause| {
        let span = crate::diagnostic::Span { file: path.into(), line: 1, column: 1, length: 0 };
        let fault = Fault::new(cause.to_string()).at(span, "this file is a vault");
        match cause {
            vault::Error::NoSecrets => {
                fault.help("give its password with --vault-password-file, --vault-id or --ask-vault-pass")
            }
            _ => fault,
        }
    })?;
    Ok(opened.to_vec())
}

/// A YAML or JSON file's document.
pub(super) fn compose(
    path: &str,
    config: &Config,
    secrets: &VaultSecrets,
    warn: &mut dyn FnMut(Diagnostic),
) -> Result<(Source, yaml::Node), Fault> {
    let source = Source::from_bytes(path, &read_file(path, secrets)?)?;
    let duplicate_keys = match config.duplicate_dict_key.as_str() {
        "error" => yaml::DuplicateKeys::Error,
        "ignore" => yaml::DuplicateKeys::Ignore,
        _ => yaml::DuplicateKeys::Warn,
    };
    let loaded = yaml::load_one(&source, &yaml::Options { duplicate_keys, ..yaml::Options::files() })?;
    for warning in &loaded.warnings {
        let mut diagnostic =
            Diagnostic::warning(&*warning.message).at(super::error::span(source.name(), warning.span), "");
        diagnostic.help = warning.help.map(str::to_owned);
        warn(diagnostic);
    }
    let root = loaded.root();
    Ok((source, root))
}

fn unreadable(source: &str, cause: &std::io::Error) -> Error {
    Diagnostic::error(format!("The inventory directory {source} cannot be read: {cause}")).into()
}
