//! Every setting that ansible-core 2.19 knows, and what becomes of it here.
//!
//! A setting that is not done yet stops the run if it is set to anything but its default: nothing is silently ignored.

mod base;
mod plugins;

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The plugin that it belongs to, as `kind/name`; empty for ansible-core itself.
    pub plugin: &'static str,
    /// Its name, as `ansible-config` prints it.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The default as text; `{home}` stands for `ANSIBLE_HOME`.
    pub default: Option<&'static str>,
    /// Sections and keys of `ansible.cfg`; the last one that is set wins.
    pub ini: &'static [(&'static str, &'static str)],
    /// Environment variables, which win over the file; the last one that is set wins.
    pub env: &'static [&'static str],
    /// The only values that it takes; empty: any.
    pub choices: &'static [&'static str],
    /// What becomes of it here.
    pub status: Status,
}

/// Types of settings.
///
/// See <https://docs.ansible.com/ansible-core/2.19/reference_appendices/config.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `yes`, `true`, `on`, `1`, `y`, `t`; everything else is false.
    Bool,
    /// An integer.
    Int,
    /// A number.
    Float,
    /// Text.
    Str,
    /// Text that no conversion is made for.
    Raw,
    /// Items with commas between them.
    List,
    /// A path, relative to the file that sets it or to the working directory.
    Path,
    /// A directory for temporary files.
    TmpPath,
    /// Paths with commas between them.
    PathList,
    /// Paths with colons between them.
    PathSpec,
    /// A dict; cannot be set as text.
    Dict,
}

/// What becomes of a setting here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It has the effect that it has in Ansible.
    Done,
    /// It will have; until then a run that sets it is refused.
    NotYet,
    /// Directories of Python plugins that are used by name alone: what names one is refused, the directory is not.
    PluginPath,
    /// Directories of Python plugins that are loaded unasked; refused where one of them holds a plugin.
    AutoloadPath,
    /// It has nothing to act on, for the reason given; it is accepted and ignored.
    Irrelevant(&'static str),
}

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn key(
    plugin: &'static str,
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    ini: &'static [(&'static str, &'static str)],
    env: &'static [&'static str],
    choices: &'static [&'static str],
    status: Status,
) -> Key {
    Key { plugin, name, kind, default, ini, env, choices, status }
}

/// All settings: ansible-core's own, then its plugins'.
pub fn all() -> impl Iterator<Item = &'static Key> {
    base::BASE.iter().chain(plugins::PLUGINS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_setting_stands_once_and_can_be_found() {
        let mut seen = HashSet::new();
        for key in all() {
            assert!(seen.insert((key.plugin, key.name)), "{} {} stands twice", key.plugin, key.name);
        }
        assert!(seen.contains(&("", "DEFAULT_FORKS")) && seen.contains(&("connection/ssh", "ssh_args")));
    }

    #[test]
    fn keys_of_the_file_are_written_as_its_parser_reads_them() {
        for key in all() {
            for (_, name) in key.ini {
                assert_eq!(*name, name.to_lowercase(), "{}", key.name);
            }
        }
    }
}
