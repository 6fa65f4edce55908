//! From options to a run: secrets, inventory, variables, templates, callbacks put together.

use std::{path::PathBuf, rc::Rc};

use jinja::{Dict, Str, Value};

use super::{
    Failure, Result,
    options::{ExtraVars, RunOptions},
    terminal::Terminal,
};
use crate::{
    callback::Callback,
    config::Config,
    diagnostic::Diagnostic,
    executor::{self, FactCache, FactOptions, Run, RunParts, Variables},
    inventory::Inventory,
    lookup,
    playbook::{Ids, LoadOptions, Loader, StaticTemplate, VaultOpener},
    template::{Templar, VariableScope, environment},
    vars::{Layer, Layers},
    vault::VaultSecrets,
    yaml,
};

/// What every verb that knows hosts is made of.
pub struct Session {
    /// The configuration.
    pub config: Rc<Config>,
    /// What renders.
    pub templar: Rc<Templar>,
    /// The variables, with the inventory.
    pub variables: Rc<Variables>,
    /// The vault passwords.
    pub vault: Rc<VaultSecrets>,
    lookups: lookup::Registry,
}

impl Session {
    /// Reads the inventory and the extra variables.
    ///
    /// # Errors
    ///
    /// One of them is refused.
    pub fn open(options: &RunOptions, terminal: &mut Terminal) -> Result<Self> {
        let config = Rc::new(options.config.clone());
        let vault = Rc::new(options.vault.clone());
        let lookups = lookup::Registry::new(Rc::clone(&config), Some(Rc::clone(&vault) as Rc<dyn yaml::Decrypt>));
        let templar = templar(&lookups, &vault);
        let extra = extra_variables(&options.extra_vars, &config, &vault)?;
        let mut warnings = Vec::new();
        let inventory = Inventory::load(&config.inventory, &config, &vault, &mut |warning| warnings.push(warning));
        for warning in &warnings {
            terminal.warning(warning);
        }
        let mut inventory = inventory?;
        for said in inventory.trail() {
            terminal.verbose(3, said);
        }
        inventory.set_limit(options.limit.as_deref())?;
        let magic = run_variables(options, &config);
        let facts = FactOptions { inject: config.inject_facts_as_vars, cache: fact_cache(&config, terminal)? };
        let variables = Variables::new(Rc::clone(&templar), inventory, extra, magic, facts);
        if options.flush_cache {
            let hosts: Vec<_> = variables.inventory.borrow().hosts().map(|host| Rc::clone(&host.name)).collect();
            hosts.iter().for_each(|host| variables.clear_facts(host));
        }
        Ok(Self { config, templar, variables, vault, lookups })
    }

    /// A loader of playbooks with this session's paths, secrets and variables.
    #[must_use]
    pub fn loader(&self) -> Loader {
        let options = LoadOptions {
            roles_path: self.config.roles_path.clone(),
            collections_path: self.config.collections_paths.clone(),
            duplicate_keys: Some(self.config.duplicate_dict_key.clone()),
            private_role_vars: Some(self.config.private_role_vars),
            tolerate_unknown_keywords: !self.config.invalid_task_attribute_failed,
        };
        let templates =
            Rc::new(LoadTimeTemplates { templar: Rc::clone(&self.templar), extra: self.variables.extra().clone() });
        let opener = Rc::new(Opener { secrets: Rc::clone(&self.vault) });
        let mut loader = Loader::new(options, opener, templates, Ids::default());
        loader.search_modules_in(self.config.library.iter().cloned());
        loader
    }

    /// A run of this session.
    ///
    /// # Errors
    ///
    /// This program carries no helpers.
    pub fn run(self, options: executor::RunOptions, callback: Box<dyn Callback>) -> Result<Rc<Run>> {
        let helpers = crate::helper_binary::Helpers::find().map_err(Failure::generic)?;
        let loader = self.loader();
        Ok(Run::new(RunParts {
            config: self.config,
            options,
            variables: self.variables,
            loader,
            vault: Rc::new(Opener { secrets: self.vault }),
            lookups: Rc::new(self.lookups),
            callback,
            prompt: Rc::new(super::ask::TerminalPrompt),
            helpers: Rc::new(helpers),
        }))
    }
}

/// Where facts are kept from one run to the next. As with ansible-core, a cache that cannot be used is no reason to stop.
fn fact_cache(config: &Config, terminal: &mut Terminal) -> Result<Option<FactCache>> {
    let wanted = &config.fact_cache;
    let folder = match wanted.plugin.rsplit('.').next().unwrap_or_default() {
        "memory" => return Ok(None),
        "jsonfile" => wanted.folder.as_ref(),
        _ => return Err(Failure::NotYet(format!("the cache of facts {}", wanted.plugin))),
    };
    let opened = match folder {
        Some(folder) => FactCache::open(folder, &wanted.prefix, wanted.timeout).map_err(|error| {
            format!("The folder of the cache of facts, '{}', cannot be used: {error}", folder.display())
        }),
        None => Err("error, 'ansible.builtin.jsonfile' cache plugin requires the 'fact_caching_connection' config \
                     option to be set (to a writeable directory path)"
            .to_owned()),
    };
    Ok(opened.map_err(|said| terminal.warning(&Diagnostic::warning(said))).ok())
}

/// What renders: Ansible's environment with its lookups.
#[must_use]
pub fn templar(lookups: &lookup::Registry, vault: &Rc<VaultSecrets>) -> Rc<Templar> {
    let mut environment = environment::environment();
    lookups.register(&mut environment);
    Templar::new(environment, Some(Rc::clone(vault) as Rc<dyn yaml::Decrypt>))
}

/// `-e`, in order: later ones win.
pub(super) fn extra_variables(given: &[ExtraVars], config: &Config, vault: &VaultSecrets) -> Result<Dict> {
    let merged = Dict::new();
    for one in given {
        let value = match one {
            ExtraVars::File(path) => {
                let path = config.environment.resolve(&path.display().to_string(), None);
                let mut bytes = std::fs::read(&path).map_err(|error| {
                    Failure::generic(format!("Unable to retrieve file contents of {}: {error}", path.display()))
                })?;
                if bytes.starts_with(b"$ANSIBLE_VAULT;") {
                    bytes = vault.decrypt(&bytes).map_err(|error| Failure::generic(error.to_string()))?.to_vec();
                }
                let document = yaml::Document::from_bytes(&path, &bytes, &::yaml::Options::default())
                    .map_err(|diagnostic| Failure::from(*diagnostic))?;
                document.value()
            }
            ExtraVars::Yaml(text) => {
                let source = ::yaml::Source::new("<extra vars>", text);
                let document = yaml::Document::read(&source, &::yaml::Options::default())
                    .map_err(|diagnostic| Failure::from(*diagnostic))?;
                document.value()
            }
            ExtraVars::KeyValue(text) => key_values(text)?,
        };
        match value {
            Value::Dict(dict) => merged.update(&dict).map_err(|error| Failure::generic(error.message))?,
            Value::None => {}
            _ => {
                return Err(Failure::generic(
                    "Invalid extra vars data supplied. It could not be made into a dictionary".to_owned(),
                ));
            }
        }
    }
    Ok(merged)
}

/// The engine's own variables that hold for the whole run.
fn run_variables(options: &RunOptions, config: &Config) -> Dict {
    let magic = Dict::new();
    let texts =
        |list: &[String]| Value::List(jinja::List::new(list.iter().map(|text| Value::from(text.as_str())).collect()));
    magic.insert("ansible_check_mode", Value::Bool(options.check));
    magic.insert("ansible_diff_mode", Value::Bool(config.diff));
    magic.insert("ansible_forks", Value::Int(i64::try_from(config.forks).unwrap_or(i64::MAX)));
    magic.insert("ansible_verbosity", Value::Int(i64::from(config.display.verbosity)));
    let all = ["all".to_owned()];
    magic.insert("ansible_run_tags", texts(if config.tags.is_empty() { &all } else { &config.tags }));
    magic.insert("ansible_skip_tags", texts(&config.skip_tags));
    let sources: Vec<String> = config
        .inventory
        .iter()
        .map(|source| {
            if source.contains(',') {
                source.clone()
            } else {
                config.environment.resolve(source, None).display().to_string()
            }
        })
        .collect();
    magic.insert("ansible_inventory_sources", texts(&sources));
    if let Some(limit) = &options.limit {
        magic.insert("ansible_limit", Value::from(limit.as_str()));
    }
    let file = config.file.as_ref().map_or(Value::None, |path| Value::from(path.display().to_string()));
    magic.insert("ansible_config_file", file);
    magic.insert("ansible_version", Value::Dict(super::version::as_dict()));
    magic.insert("ansible_playbook_python", Value::from("/usr/bin/python3"));
    if let Ok(program) = std::env::current_exe() {
        magic.insert("provision_program", Value::from(program.display().to_string().as_str()));
    }
    magic
}

/// Renders names of files that are imported before the run.
struct LoadTimeTemplates {
    templar: Rc<Templar>,
    extra: Dict,
}

impl StaticTemplate for LoadTimeTemplates {
    fn render(&self, value: &Value, vars: &Dict) -> std::result::Result<Value, String> {
        let mut layers = Layers::new();
        layers.add(Layer::PlayVars, vars.clone());
        layers.add(Layer::ExtraVars, self.extra.clone());
        let scope = VariableScope::new(Rc::clone(&self.templar), layers, None);
        self.templar.render(value, &scope).map_err(|error| error.message)
    }
}

/// Opens files that are encrypted as a whole.
struct Opener {
    secrets: Rc<VaultSecrets>,
}

impl VaultOpener for Opener {
    fn open(&self, path: &str, envelope: &[u8]) -> std::result::Result<Vec<u8>, String> {
        match self.secrets.decrypt(envelope) {
            Ok(plain) => Ok(plain.to_vec()),
            Err(error) => Err(format!("{error} for {path}")),
        }
    }
}

/// `key=value` pairs as the operator's own variables.
fn key_values(text: &str) -> Result<Value> {
    let pairs =
        crate::playbook::arguments::parse_kv(text, false).map_err(|error| Failure::generic(error.to_string()))?;
    let dict = Dict::new();
    for (key, value) in pairs.options {
        dict.insert(key, Value::Str(Str::trusted(value, None)));
    }
    Ok(Value::Dict(dict))
}

/// Several playbooks as paths.
#[must_use]
pub fn paths(config: &Config, playbooks: &[String]) -> Vec<PathBuf> {
    playbooks.iter().map(|playbook| config.environment.resolve(playbook, None)).collect()
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Parser(vec![diagnostic])
    }
}

impl From<crate::inventory::Error> for Failure {
    fn from(error: crate::inventory::Error) -> Self {
        Self::Generic(error.0)
    }
}
