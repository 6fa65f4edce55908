//! What every setting is set to, where that was said, and the check of it all.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use protocol::Data;

use super::{
    Environment,
    ini::Entry,
    keys::{self, Key, Kind, Status},
};
use crate::diagnostic::{Diagnostic, Span, suggest};

/// Where a setting was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere.
    Default,
    /// In the environment.
    Env(String),
    /// In `ansible.cfg`.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u32,
    },
}

/// A setting's value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The value, converted to the setting's type; paths are absolute text.
    pub value: Data,
    /// Where it was set.
    pub origin: Origin,
}

/// All settings by plugin and name.
#[derive(Debug, Clone, Default)]
pub struct Settings(HashMap<(&'static str, &'static str), Setting>);

/// The file as it was read.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) entries: Vec<Entry>,
}

impl Settings {
    /// Reads every setting; the second part is what is wrong with them, errors and warnings.
    pub(super) fn read(environment: &Environment, file: Option<&File>) -> (Self, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let mut reader = Reader { environment, file, home: String::new() };
        // The defaults of other settings stand on this one.
        reader.home = match keys::all().find(|key| key.name == "ANSIBLE_HOME").map(|key| reader.setting(key)) {
            Some(Ok(Setting { value: Data::Str(home), .. })) => home,
            _ => environment.resolve("~/.ansible", None).display().to_string(),
        };
        let mut settings = HashMap::new();
        for key in keys::all() {
            match reader.setting(key) {
                Ok(setting) => {
                    found.extend(reader.refusal(key, &setting));
                    settings.insert((key.plugin, key.name), setting);
                }
                Err(diagnostic) => found.push(*diagnostic),
            }
        }
        found.extend(file.map(unknown).unwrap_or_default());
        (Self(settings), found)
    }

    /// A setting; `plugin` is empty for ansible-core's own.
    #[must_use]
    pub fn get(&self, plugin: &str, name: &str) -> Option<&Setting> {
        // The keys of the map are 'static; the table gives them back for borrowed ones.
        let key = keys::all().find(|key| key.plugin == plugin && key.name == name)?;
        self.0.get(&(key.plugin, key.name))
    }

    fn value(&self, name: &'static str) -> &Data {
        self.value_of("", name)
    }

    fn value_of(&self, plugin: &'static str, name: &'static str) -> &Data {
        self.0.get(&(plugin, name)).map_or(&Data::Null, |setting| &setting.value)
    }

    /// Whether a setting is on.
    #[must_use]
    pub fn bool(&self, name: &'static str) -> bool {
        self.value(name).as_bool().unwrap_or_default()
    }

    pub(super) fn bool_of(&self, plugin: &'static str, name: &'static str) -> Option<bool> {
        self.value_of(plugin, name).as_bool()
    }

    pub(super) fn int<T: TryFrom<i64>>(&self, name: &'static str) -> Option<T> {
        self.int_of("", name)
    }

    pub(super) fn int_of<T: TryFrom<i64>>(&self, plugin: &'static str, name: &'static str) -> Option<T> {
        self.value_of(plugin, name).as_int().and_then(|number| T::try_from(number).ok())
    }

    /// Text that is set and not empty.
    #[must_use]
    pub fn text(&self, name: &'static str) -> Option<String> {
        self.text_of("", name)
    }

    pub(super) fn text_of(&self, plugin: &'static str, name: &'static str) -> Option<String> {
        self.value_of(plugin, name).as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(super) fn path(&self, name: &'static str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    pub(super) fn list(&self, name: &'static str) -> Vec<String> {
        self.list_of("", name)
    }

    pub(super) fn list_of(&self, plugin: &'static str, name: &'static str) -> Vec<String> {
        let items = self.value_of(plugin, name).as_list().unwrap_or_default();
        items.iter().filter_map(Data::as_str).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

struct Reader<'a> {
    environment: &'a Environment,
    file: Option<&'a File>,
    home: String,
}

impl Reader<'_> {
    fn setting(&self, key: &Key) -> Result<Setting, Box<Diagnostic>> {
        let (text, origin) = self.source(key);
        let Some(text) = text else {
            return Ok(Setting { value: self.default(key), origin: Origin::Default });
        };
        let base = match &origin {
            Origin::File { path, .. } => Some(path.as_path()),
            _ => None,
        };
        let label = label(key);
        let Some(value) = convert(key.kind, &text, self.environment, base) else {
            // A variable that is set to nothing counts as not set, where nothing is no value.
            if text.is_empty() && matches!(origin, Origin::Env(_)) {
                return Ok(Setting { value: self.default(key), origin: Origin::Default });
            }
            let message = format!("Config {label} from '{}' has an invalid value", describe(&origin));
            let diagnostic = Diagnostic::error(message).help(format!("'{text}' is not {}", wanted(key.kind)));
            return Err(Box::new(point(diagnostic, &origin)));
        };
        let bad = match &value {
            Data::List(items) => items.iter().find(|item| !chosen(key, item)),
            single => Some(single).filter(|single| !chosen(key, single)),
        };
        if let Some(bad) = bad {
            let message = format!("Invalid value '{}' for config {label}", bad.as_str().unwrap_or(&text));
            let diagnostic = Diagnostic::error(message).help(format!("Valid values are: {}", key.choices.join(", ")));
            return Err(Box::new(point(diagnostic, &origin)));
        }
        Ok(Setting { value, origin })
    }

    /// Environment before file; the last place in each that is set.
    fn source(&self, key: &Key) -> (Option<String>, Origin) {
        if let Some((name, value)) = key.env.iter().rev().find_map(|name| Some((*name, self.environment.get(name)?))) {
            return (Some(value.to_owned()), Origin::Env(name.to_owned()));
        }
        let Some(file) = self.file else { return (None, Origin::Default) };
        let find = |(section, name): &(&str, &str)| {
            // A section takes the values of DEFAULT only if it stands in the file itself.
            let in_section = |entry: &&Entry| entry.section == *section && entry.key == *name;
            let inherited = |entry: &&Entry| entry.section == "DEFAULT" && entry.key == *name;
            file.entries.iter().find(in_section).or_else(|| {
                file.entries.iter().any(|entry| entry.section == *section).then_some(())?;
                file.entries.iter().find(inherited)
            })
        };
        match key.ini.iter().rev().find_map(find) {
            Some(entry) => {
                let origin = Origin::File { path: file.path.clone(), line: entry.line };
                (Some(unquote(&entry.value).to_owned()), origin)
            }
            None => (None, Origin::Default),
        }
    }

    fn default(&self, key: &Key) -> Data {
        let Some(text) = key.default else { return Data::Null };
        convert(key.kind, &text.replace("{home}", &self.home), self.environment, None).unwrap_or_default()
    }

    /// The refusal of a setting that is not done and would change something.
    fn refusal(&self, key: &Key, setting: &Setting) -> Option<Diagnostic> {
        if setting.origin == Origin::Default || setting.value == self.default(key) {
            return None;
        }
        let (what, help) = match key.status {
            Status::Done | Status::PluginPath | Status::Irrelevant(_) => return None,
            Status::NotYet => ("is not supported yet".to_owned(), "take the setting out, or set its default"),
            Status::AutoloadPath => {
                let plugin = python_file(&setting.value)?;
                let what = format!("names {}; Python plugins are not supported yet", plugin.display());
                (what, "take the plugin out of the directory, or the directory out of the setting")
            }
        };
        let name = match &setting.origin {
            Origin::Env(name) => name.clone(),
            _ => label(key),
        };
        Some(point(Diagnostic::error(format!("{name} {what}")).help(help), &setting.origin))
    }
}

/// The first Python plugin in the directories of a setting.
fn python_file(paths: &Data) -> Option<PathBuf> {
    paths.as_list()?.iter().filter_map(Data::as_str).find_map(|directory| {
        let files = std::fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path());
        files.filter(|path| path.extension().is_some_and(|ext| ext == "py")).min()
    })
}

/// How sections of plugins that are not ansible-core's begin.
const OF_PLUGINS: [&str; 3] = ["callback_", "inventory_plugin_", "galaxy_server."];

/// Settings of the file that nobody knows, with the nearest known one.
fn unknown(file: &File) -> Vec<Diagnostic> {
    let known: Vec<(&str, &str)> = keys::all().flat_map(|key| key.ini).copied().collect();
    let sections = |name: &str| known.iter().any(|(section, _)| *section == name);
    let mut found = Vec::new();
    let mut told = Vec::new();
    for entry in &file.entries {
        let (section, key) = (entry.section.as_str(), entry.key.as_str());
        // Other sections may belong to plugins that are not here; one that is nearly a known one is a slip.
        let diagnostic = if section == "DEFAULT" || known.contains(&(section, key)) {
            continue;
        } else if sections(section) {
            let names = known.iter().filter(|(known, _)| *known == section).map(|(_, name)| *name);
            let elsewhere = known.iter().find(|(_, name)| *name == key).map(|(section, _)| *section);
            let warning = Diagnostic::warning(format!("ansible-core has no setting '{key}' in section [{section}]"));
            match (elsewhere, suggest::nearest(key, names)) {
                (Some(section), _) => warning.help(format!("it belongs into section [{section}]")),
                (None, Some(near)) => warning.help(format!("did you mean '{near}'?")),
                (None, None) => warning,
            }
        } else if told.contains(&section) || OF_PLUGINS.iter().any(|prefix| section.starts_with(prefix)) {
            continue;
        } else if let Some(near) = suggest::nearest(section, known.iter().map(|(section, _)| *section)) {
            told.push(section);
            Diagnostic::warning(format!("ansible-core has no section [{section}]"))
                .help(format!("did you mean [{near}]?"))
        } else {
            continue;
        };
        found.push(point(diagnostic, &Origin::File { path: file.path.clone(), line: entry.line }));
    }
    found
}

fn point(diagnostic: Diagnostic, origin: &Origin) -> Diagnostic {
    match origin {
        Origin::File { path, line } => diagnostic.at(span(path, *line), ""),
        Origin::Default | Origin::Env(_) => diagnostic,
    }
}

/// The beginning of a line of the file.
pub(super) fn span(path: &Path, line: u32) -> Span {
    Span { file: Arc::from(path.display().to_string()), line, column: 1, length: 0 }
}

fn describe(origin: &Origin) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::Env(name) => format!("env: {name}"),
        Origin::File { path, .. } => path.display().to_string(),
    }
}

fn label(key: &Key) -> String {
    match key.plugin.split_once('/') {
        Some((kind, plugin)) => format!("'{}' for '{plugin}' {kind} plugin", key.name),
        None => format!("'{}'", key.name),
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "an integer",
        Kind::Float => "a number",
        Kind::Dict => "a dict; it cannot be set as text",
        _ => "a valid value",
    }
}

fn chosen(key: &Key, value: &Data) -> bool {
    match value {
        Data::Str(text) => key.choices.is_empty() || key.choices.contains(&text.as_str()),
        _ => true,
    }
}

/// A value of the setting's type; `None` where the text is none.
fn convert(kind: Kind, text: &str, environment: &Environment, base: Option<&Path>) -> Option<Data> {
    let path = |text: &str| {
        let text = text.replace("{{CWD}}", &environment.cwd.display().to_string());
        environment.resolve(&text, base).display().to_string()
    };
    let paths = |parts: std::str::Split<'_, char>| Data::from(parts.map(|part| path(part.trim())).collect::<Vec<_>>());
    Some(match kind {
        Kind::Bool => is_true(text).into(),
        Kind::Int => integer(text)?.into(),
        Kind::Float => text.trim().parse::<f64>().ok()?.into(),
        Kind::Str | Kind::Raw => text.into(),
        Kind::List => text.split(',').map(|item| unquote(item.trim())).collect::<Vec<_>>().into(),
        Kind::Path | Kind::TmpPath => path(text).into(),
        Kind::PathList => paths(text.split(',')),
        Kind::PathSpec => paths(text.split(':')),
        Kind::Dict => return None,
    })
}

/// Ansible's `bool` without complaint: what is not true is false.
#[must_use]
pub fn is_true(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "y" | "yes" | "on" | "1" | "true" | "t")
}

/// An integer, also one that is written as `5.0` or `1e3`.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        // Beyond 2^53 a double is no longer exact, and no setting is that large.
        #[expect(clippy::cast_possible_truncation, reason = "checked: whole and within 2^53")]
        (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
    })
}

/// Takes off the quotes around a text that begins and ends with the same ones.
pub(super) fn unquote(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote))
            && !inner.ends_with('\\')
        {
            return inner;
        }
    }
    text
}
