//! From `ansible.cfg` and environment to the typed configuration.

use std::{fs, path::PathBuf};

use super::{
    Become, BecomeMethod, Config, Display, Environment, Error, FactCache, InventoryConfig, ProfileTasks, RetryFiles,
    Settings, Ssh, Vault,
    ini::{self, Fault},
    locate,
    settings::{File, span},
};
use crate::diagnostic::{Diagnostic, Severity};

/// Colour settings and what they are for.
const COLORS: [(&str, &str); 14] = [
    ("changed", "COLOR_CHANGED"),
    ("debug", "COLOR_DEBUG"),
    ("deprecate", "COLOR_DEPRECATE"),
    ("diff_add", "COLOR_DIFF_ADD"),
    ("diff_lines", "COLOR_DIFF_LINES"),
    ("diff_remove", "COLOR_DIFF_REMOVE"),
    ("error", "COLOR_ERROR"),
    ("highlight", "COLOR_HIGHLIGHT"),
    ("included", "COLOR_INCLUDED"),
    ("ok", "COLOR_OK"),
    ("skip", "COLOR_SKIP"),
    ("unreachable", "COLOR_UNREACHABLE"),
    ("verbose", "COLOR_VERBOSE"),
    ("warn", "COLOR_WARN"),
];

impl Config {
    /// Reads `ansible.cfg` and environment.
    ///
    /// # Errors
    ///
    /// The file cannot be read, a value does not fit, or a setting is used that is not done yet; all of them at once,
    /// each with its place.
    pub fn load(environment: Environment, warn: &mut dyn FnMut(Diagnostic)) -> Result<Self, Error> {
        let (path, passed_over) = locate::find(&environment);
        if let Some(warning) = passed_over {
            warn(warning);
        }
        let file = match path {
            Some(path) => Some(read(path).map_err(|fault| Error(vec![*fault]))?),
            None => None,
        };
        Self::of_file(environment, file, warn)
    }

    /// Takes the text of an `ansible.cfg`; nothing is read from the disk.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn of_text(
        environment: Environment,
        path: PathBuf,
        text: &str,
        warn: &mut dyn FnMut(Diagnostic),
    ) -> Result<Self, Error> {
        let file = parse(path, text).map_err(|fault| Error(vec![*fault]))?;
        Self::of_file(environment, Some(file), warn)
    }

    fn of_file(environment: Environment, file: Option<File>, warn: &mut dyn FnMut(Diagnostic)) -> Result<Self, Error> {
        let (settings, found) = Settings::read(&environment, file.as_ref());
        let mut errors = Vec::new();
        for diagnostic in found {
            match diagnostic.severity {
                Severity::Error => errors.push(diagnostic),
                Severity::Warning => warn(diagnostic),
            }
        }
        if errors.is_empty() {
            Ok(Self::from_settings(environment, file.map(|file| file.path), settings))
        } else {
            Err(Error(errors))
        }
    }

    /// The defaults, for tests and for programs that read no configuration.
    #[must_use]
    pub fn defaults(environment: Environment) -> Self {
        let bare = Environment { vars: std::collections::BTreeMap::default(), ..environment.clone() };
        let (settings, _) = Settings::read(&bare, None);
        Self::from_settings(environment, None, settings)
    }

    fn from_settings(environment: Environment, file: Option<PathBuf>, s: Settings) -> Self {
        let paths = |name| s.list(name).into_iter().map(PathBuf::from).collect();
        let text = |name| s.text(name).unwrap_or_default();
        Self {
            file,
            home: s.path("ANSIBLE_HOME").unwrap_or_default(),
            forks: s.int("DEFAULT_FORKS").unwrap_or(5),
            timeout: s.int("DEFAULT_TIMEOUT").unwrap_or(10),
            task_timeout: s.int("TASK_TIMEOUT").unwrap_or(0),
            poll_interval: s.int("DEFAULT_POLL_INTERVAL").unwrap_or(15),
            remote_user: s.text("DEFAULT_REMOTE_USER"),
            remote_port: s.int("DEFAULT_REMOTE_PORT"),
            private_key_file: s.path("DEFAULT_PRIVATE_KEY_FILE"),
            connection_password_file: s.path("CONNECTION_PASSWORD_FILE"),
            ask_pass: s.bool("DEFAULT_ASK_PASS"),
            host_key_checking: s.bool("HOST_KEY_CHECKING"),
            transport: text("DEFAULT_TRANSPORT"),
            executable: text("DEFAULT_EXECUTABLE"),
            async_dir: s.text_of("shell/sh", "async_dir").unwrap_or_default(),
            ssh: ssh(&s),
            become_: privileges(&s),
            gathering: text("DEFAULT_GATHERING"),
            fact_cache: fact_cache(&s),
            retry_files: RetryFiles { enabled: s.bool("RETRY_FILES_ENABLED"), folder: s.path("RETRY_FILES_SAVE_PATH") },
            inject_facts_as_vars: s.bool("INJECT_FACTS_AS_VARS"),
            interpreter_python: text("INTERPRETER_PYTHON"),
            roles_path: paths("DEFAULT_ROLES_PATH"),
            library: paths("DEFAULT_MODULE_PATH"),
            collections_paths: paths("COLLECTIONS_PATHS"),
            playbook_dir: s.path("PLAYBOOK_DIR"),
            playbook_vars_root: text("PLAYBOOK_VARS_ROOT"),
            inventory: s.list("DEFAULT_HOST_LIST"),
            inventories: inventories(&s),
            yaml_extensions: s.list("YAML_FILENAME_EXTENSIONS"),
            merge_hashes: text("DEFAULT_HASH_BEHAVIOUR") == "merge",
            precedence: s.list("VARIABLE_PRECEDENCE"),
            vault: vault(&s),
            error_on_undefined: s.bool("DEFAULT_UNDEFINED_VAR_BEHAVIOR"),
            jinja2_extensions: s.list("DEFAULT_JINJA2_EXTENSIONS"),
            allow_broken_conditionals: s.bool("ALLOW_BROKEN_CONDITIONALS"),
            ansible_managed: text("DEFAULT_MANAGED_STR"),
            duplicate_dict_key: text("DUPLICATE_YAML_DICT_KEY"),
            strategy: text("DEFAULT_STRATEGY"),
            force_handlers: s.bool("DEFAULT_FORCE_HANDLERS"),
            any_errors_fatal: s.bool("ANY_ERRORS_FATAL"),
            error_on_missing_handler: s.bool("ERROR_ON_MISSING_HANDLER"),
            invalid_task_attribute_failed: s.bool("INVALID_TASK_ATTRIBUTE_FAILED"),
            private_role_vars: s.bool("DEFAULT_PRIVATE_ROLE_VARS"),
            no_log: s.bool("DEFAULT_NO_LOG"),
            tags: s.list("TAGS_RUN"),
            skip_tags: s.list("TAGS_SKIP"),
            module_name: text("DEFAULT_MODULE_NAME"),
            module_args: text("DEFAULT_MODULE_ARGS"),
            diff: s.bool("DIFF_ALWAYS"),
            diff_context: s.int("DIFF_CONTEXT").unwrap_or(3),
            max_diff_size: s.int("MAX_FILE_SIZE_FOR_DIFF").unwrap_or(104_448),
            display: display(&s),
            environment,
            settings: s,
        }
    }
}

fn fact_cache(s: &Settings) -> FactCache {
    const JSONFILE: &str = "cache/jsonfile";
    FactCache {
        plugin: s.text("CACHE_PLUGIN").unwrap_or_default(),
        folder: s.text_of(JSONFILE, "_uri").map(PathBuf::from),
        prefix: s.text_of(JSONFILE, "_prefix").unwrap_or_default(),
        timeout: s.int_of(JSONFILE, "_timeout").unwrap_or(86_400),
    }
}

fn ssh(s: &Settings) -> Ssh {
    const SSH: &str = "connection/ssh";
    Ssh {
        args: s.text_of(SSH, "ssh_args").unwrap_or_default(),
        common_args: s.text_of(SSH, "ssh_common_args").unwrap_or_default(),
        extra_args: s.text_of(SSH, "ssh_extra_args").unwrap_or_default(),
        retries: s.int_of(SSH, "reconnection_retries").unwrap_or(0),
        timeout: s.int_of(SSH, "timeout").unwrap_or(10),
        host_key_checking: s.bool_of(SSH, "host_key_checking").unwrap_or(true),
    }
}

fn privileges(s: &Settings) -> Become {
    let method = |plugin| BecomeMethod {
        user: s.text_of(plugin, "become_user").unwrap_or_default(),
        exe: s.text_of(plugin, "become_exe").unwrap_or_default(),
        flags: s.text_of(plugin, "become_flags").unwrap_or_default(),
        password: s.text_of(plugin, "become_pass").map(Into::into),
    };
    Become {
        enabled: s.bool("DEFAULT_BECOME"),
        ask_pass: s.bool("DEFAULT_BECOME_ASK_PASS"),
        password_file: s.path("BECOME_PASSWORD_FILE"),
        method: s.text("DEFAULT_BECOME_METHOD").unwrap_or_default(),
        user: s.text("DEFAULT_BECOME_USER").unwrap_or_default(),
        allow_same_user: s.bool("BECOME_ALLOW_SAME_USER"),
        agnostic_prompt: s.bool("AGNOSTIC_BECOME_PROMPT"),
        sudo: method("become/sudo"),
        su: method("become/su"),
    }
}

fn inventories(s: &Settings) -> InventoryConfig {
    InventoryConfig {
        enabled: s.list("INVENTORY_ENABLED"),
        ignore_extensions: s.list("INVENTORY_IGNORE_EXTS"),
        ignore_patterns: s.list("INVENTORY_IGNORE_PATTERNS"),
        yaml_extensions: s.list_of("inventory/yaml", "yaml_extensions"),
        any_unparsed_is_failed: s.bool("INVENTORY_ANY_UNPARSED_IS_FAILED"),
        unparsed_is_failed: s.bool("INVENTORY_UNPARSED_IS_FAILED"),
        unparsed_warning: s.bool("INVENTORY_UNPARSED_WARNING"),
        host_pattern_mismatch: s.text("HOST_PATTERN_MISMATCH").unwrap_or_default(),
        transform_invalid_group_chars: s.text("TRANSFORM_INVALID_GROUP_CHARS").unwrap_or_default(),
        script_stderr: s.bool_of("inventory/script", "always_show_stderr").unwrap_or(true),
        export: s.bool("INVENTORY_EXPORT"),
    }
}

fn vault(s: &Settings) -> Vault {
    Vault {
        ask_pass: s.bool("DEFAULT_ASK_VAULT_PASS"),
        identity: s.text("DEFAULT_VAULT_IDENTITY").unwrap_or_default(),
        identity_list: s.list("DEFAULT_VAULT_IDENTITY_LIST"),
        password_file: s.path("DEFAULT_VAULT_PASSWORD_FILE"),
        // The setting has no type in ansible-core: any text is true.
        id_match: s.text("DEFAULT_VAULT_ID_MATCH").is_some(),
        encrypt_identity: s.text("DEFAULT_VAULT_ENCRYPT_IDENTITY"),
        encrypt_salt: s.text("VAULT_ENCRYPT_SALT"),
    }
}

fn display(s: &Settings) -> Display {
    const CALLBACK: &str = "callback/default";
    const TASKS: &str = "callback/profile_tasks";
    let on = |name| s.bool_of(CALLBACK, name).unwrap_or_default();
    let colors = COLORS.into_iter().filter_map(|(purpose, name)| Some((purpose, s.text(name)?))).collect();
    Display {
        stdout_callback: s.text("DEFAULT_STDOUT_CALLBACK").unwrap_or_default(),
        callbacks_enabled: s.list("CALLBACKS_ENABLED"),
        profile_tasks: ProfileTasks {
            output_limit: s.text_of(TASKS, "output_limit").unwrap_or_default(),
            sort_order: s.text_of(TASKS, "sort_order").unwrap_or_default(),
            summary_only: s.bool_of(TASKS, "summary_only").unwrap_or_default(),
        },
        profile_roles_summary_only: s.bool_of("callback/profile_roles", "summary_only").unwrap_or_default(),
        result_format: s.text_of(CALLBACK, "result_format").unwrap_or_default(),
        pretty_results: s.bool_of(CALLBACK, "pretty_results"),
        verbosity: s.int("DEFAULT_VERBOSITY").unwrap_or(0),
        force_color: s.bool("ANSIBLE_FORCE_COLOR"),
        nocolor: s.bool("ANSIBLE_NOCOLOR"),
        colors,
        skipped_hosts: on("display_skipped_hosts"),
        ok_hosts: on("display_ok_hosts"),
        failed_stderr: on("display_failed_stderr"),
        custom_stats: on("show_custom_stats"),
        per_host_start: on("show_per_host_start"),
        check_mode_markers: on("check_mode_markers"),
        task_path_on_failure: on("show_task_path_on_failure"),
        args_to_stdout: s.bool("DISPLAY_ARGS_TO_STDOUT"),
        action_warnings: s.bool("ACTION_WARNINGS"),
        deprecation_warnings: s.bool("DEPRECATION_WARNINGS"),
        system_warnings: s.bool("SYSTEM_WARNINGS"),
        localhost_warning: s.bool("LOCALHOST_WARNING"),
        log_path: s.path("DEFAULT_LOG_PATH"),
    }
}

fn read(path: PathBuf) -> Result<File, Box<Diagnostic>> {
    let shown = path.display();
    let extension = path.extension().unwrap_or_default();
    if extension != "cfg" && extension != "ini" {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let extension = name.rsplit_once('.').map(|(_, ext)| format!(".{ext}")).unwrap_or_default();
        return Err(Box::new(
            Diagnostic::error(format!("Unsupported configuration file extension for {shown}: {extension}"))
                .help("name the file ansible.cfg"),
        ));
    }
    let bytes = fs::read(&path)
        .map_err(|cause| Box::new(Diagnostic::error(format!("Error reading config file ({shown}): {cause}"))))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = format!("Error reading config file({shown}) because the config file was not utf8 encoded");
        Box::new(Diagnostic::error(message).help("save the file as UTF-8"))
    })?;
    parse(path, &text)
}

fn parse(path: PathBuf, text: &str) -> Result<File, Box<Diagnostic>> {
    let entries = ini::parse(text).map_err(|Fault { line, message, help }| {
        let message = format!("Error reading config file ({}): {message}", path.display());
        Box::new(Diagnostic::error(message).at(span(&path, line), "").help(help))
    })?;
    Ok(File { path, entries })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{os::unix::fs::PermissionsExt, path::Path};

    /// Surroundings in a directory of their own, with an ansible.cfg there.
    fn surroundings(dir: &Path, cfg: &str, vars: &[(&str, &str)]) -> Environment {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(dir.join("ansible.cfg"), cfg).unwrap();
        Environment {
            vars: vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            cwd: dir.to_owned(),
            home: dir.join("home"),
        }
    }

    /// What comes of it: the configuration, and all that was said.
    fn load(cfg: &str, vars: &[(&str, &str)]) -> (Result<Config, Error>, Vec<Diagnostic>) {
        let dir = tempfile::tempdir().unwrap();
        let mut warnings = Vec::new();
        let config = Config::load(surroundings(dir.path(), cfg, vars), &mut |warning| warnings.push(warning));
        (config, warnings)
    }

    fn said(diagnostics: &[Diagnostic]) -> Vec<(String, u32, String)> {
        let line = |diagnostic: &Diagnostic| diagnostic.labels.first().map_or(0, |(span, _)| span.line);
        let help = |diagnostic: &Diagnostic| diagnostic.help.clone().unwrap_or_default();
        diagnostics.iter().map(|found| (found.message.clone(), line(found), help(found))).collect()
    }

    #[test]
    fn defaults_are_ansibles() {
        let config = Config::defaults(Environment { home: "/home/me".into(), ..Environment::default() });
        assert_eq!((config.forks, config.timeout, config.gathering.as_str()), (5, 10, "implicit"));
        assert_eq!(config.inventory, ["/etc/ansible/hosts"]);
        assert_eq!(config.roles_path[0], Path::new("/home/me/.ansible/roles"));
        assert_eq!(config.ssh.args, "-C -o ControlMaster=auto -o ControlPersist=60s");
        assert_eq!((config.become_.sudo.flags.as_str(), config.become_.su.exe.as_str()), ("-H -S -n", "su"));
        assert_eq!(config.inventories.enabled, ["host_list", "script", "auto", "yaml", "ini", "toml"]);
        assert!(config.host_key_checking && !config.merge_hashes && !config.vault.id_match);
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let cfg = "[defaults]\nforks = 7\ntimeout = 30\nremote_user = 'deploy'\nroles_path = roles:~/r\n\
                   [privilege_escalation]\nbecome = yes\n[ssh_connection]\nretries = 3\ntimeout = 5\n";
        let dir = tempfile::tempdir().unwrap();
        let environment = surroundings(dir.path(), cfg, &[("ANSIBLE_FORKS", "50"), ("ANSIBLE_TIMEOUT", "")]);
        let config = Config::load(environment, &mut |warning| panic!("{warning:?}")).unwrap();
        // A variable that is set to nothing is as good as not set, but it hides the file, as in Ansible.
        assert_eq!((config.forks, config.timeout), (50, 10));
        assert_eq!((config.ssh.retries, config.ssh.timeout), (3, 10));
        assert_eq!(config.remote_user.as_deref(), Some("deploy"));
        assert_eq!(config.roles_path, [dir.path().join("roles"), dir.path().join("home/r")]);
        assert!(config.become_.enabled);
        assert_eq!(config.file, Some(dir.path().join("ansible.cfg")));
    }

    #[test]
    fn a_setting_that_is_not_done_yet_is_refused_with_its_place_unless_it_is_the_default() {
        let (result, _) = load("[defaults]\nforks = 7\nnull_representation = none\n", &[("ANSIBLE_SSH_AGENT", "auto")]);
        assert_eq!(
            said(&result.unwrap_err().0),
            [
                (
                    "'DEFAULT_NULL_REPRESENTATION' is not supported yet".to_owned(),
                    3,
                    "take the setting out, or set its default".to_owned()
                ),
                (
                    "ANSIBLE_SSH_AGENT is not supported yet".to_owned(),
                    0,
                    "take the setting out, or set its default".to_owned()
                ),
            ]
        );
        let (result, warnings) = load("[defaults]\nfact_caching = memory\nnocows = 1\n", &[]);
        assert!(result.is_ok() && warnings.is_empty());
    }

    #[test]
    fn directories_of_python_plugins_are_refused_only_if_one_holds_a_plugin_that_is_loaded_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let cfg = "[defaults]\nfilter_plugins = ./plugins\nvars_plugins = ./vars\n";
        let environment = surroundings(dir.path(), cfg, &[]);
        fs::create_dir(dir.path().join("plugins")).unwrap();
        fs::write(dir.path().join("plugins/mine.py"), "").unwrap();
        assert!(Config::load(environment.clone(), &mut |_| ()).is_ok());
        fs::create_dir(dir.path().join("vars")).unwrap();
        fs::write(dir.path().join("vars/mine.py"), "").unwrap();
        let error = Config::load(environment, &mut |_| ()).unwrap_err();
        assert!(error.to_string().contains("vars/mine.py; Python plugins are not supported yet"), "{error}");
    }

    #[test]
    fn values_that_do_not_fit_are_refused_with_their_place() {
        let (result, _) = load("[defaults]\nforks = many\ngathering = always\n", &[("ANSIBLE_POLL_INTERVAL", "1.5")]);
        let said = said(&result.unwrap_err().0);
        assert!(said.iter().any(|(message, line, help)| message.starts_with("Config 'DEFAULT_FORKS' from '")
            && message.ends_with("ansible.cfg' has an invalid value")
            && (*line, help.as_str()) == (2, "'many' is not an integer")));
        assert!(said.contains(&(
            "Invalid value 'always' for config 'DEFAULT_GATHERING'".to_owned(),
            3,
            "Valid values are: implicit, explicit, smart".to_owned()
        )));
        assert!(said.iter().any(|(message, ..)| message
            == "Config 'DEFAULT_POLL_INTERVAL' from 'env: ANSIBLE_POLL_INTERVAL' has an invalid value"));
    }

    #[test]
    fn unknown_settings_are_warned_about_with_the_nearest_known_one() {
        let cfg = "[defaults]\nfroks = 7\nssh_args = -C\n[ssh_conection]\nretries = 1\n[callback_mine]\nx = 1\n";
        let (result, warnings) = load(cfg, &[]);
        assert!(result.is_ok());
        let own = |message: &str, line, help: &str| (message.to_owned(), line, help.to_owned());
        assert_eq!(
            said(&warnings),
            [
                own("ansible-core has no setting 'froks' in section [defaults]", 2, "did you mean 'forks'?"),
                own(
                    "ansible-core has no setting 'ssh_args' in section [defaults]",
                    3,
                    "it belongs into section [ssh_connection]"
                ),
                own("ansible-core has no section [ssh_conection]", 5, "did you mean [ssh_connection]?"),
            ]
        );
    }

    #[test]
    fn a_file_in_a_directory_that_everybody_may_write_to_is_passed_over_with_a_warning() {
        let dir = tempfile::tempdir().unwrap();
        let mut environment = surroundings(dir.path(), "[defaults]\nforks = 7\n", &[]);
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let mut warnings = Vec::new();
        let config = Config::load(environment.clone(), &mut |warning| warnings.push(warning.message)).unwrap();
        assert_eq!(config.forks, 5);
        assert!(warnings[0].starts_with("Ansible is being run in a world writable directory ("));

        // Named outright it is read: a directory stands for the file in it.
        environment.vars.insert("ANSIBLE_CONFIG".to_owned(), dir.path().display().to_string());
        let config = Config::load(environment, &mut |_| ()).unwrap();
        assert_eq!(config.forks, 7);
    }

    #[test]
    fn a_broken_file_is_refused_with_its_line() {
        let (result, _) = load("[defaults]\nforks = 7\n[defaults]\n", &[]);
        let said = said(&result.unwrap_err().0);
        assert!(said[0].0.ends_with("section 'defaults' already exists"));
        assert_eq!(said[0].1, 3);
    }
}
