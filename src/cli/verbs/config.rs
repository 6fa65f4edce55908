//! `provision config`, `ansible-config`.

use clap::{Args, Subcommand, ValueEnum};
use protocol::{Data, Map};

use crate::{
    cli::{Failure, Result, arguments::Verbosity, terminal::Terminal},
    config::{Config, Origin, keys},
    python_json::{self, Style},
    python_repr,
};

/// Show what ansible.cfg and the environment set
///
/// Example: provision config dump --only-changed
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

impl Arguments {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        self.action.run(terminal)
    }
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Print every setting's documentation (not supported yet)
    ///
    /// Example: ansible-config list
    List(List),
    /// Print what every setting is set to, and where
    ///
    /// Example: provision config dump --only-changed
    Dump(Dump),
    /// Print ansible.cfg
    ///
    /// Example: provision config view
    View(Common),
    /// Print a new ansible.cfg (not supported yet)
    ///
    /// Example: ansible-config init --disabled
    Init(Init),
    /// Say what is wrong with ansible.cfg and the environment
    ///
    /// Example: provision config validate
    Validate(Validate),
}

/// What all of them take.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Common {
    #[command(flatten)]
    verbosity: Verbosity,
    /// Read this file instead of the one that would be found
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    config: Option<String>,
    /// Settings of plugins of this type, or of ansible-core itself (base)
    #[arg(short = 't', long = "type", default_value = "base", value_parser = [
        "all", "base", "become", "cache", "callback", "cliconf", "connection", "httpapi", "inventory", "lookup",
        "netconf", "shell", "vars",
    ])]
    kind: String,
    /// Only these plugins
    #[arg(value_name = "PLUGIN")]
    plugins: Vec<String>,
}

/// What `list` takes.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    common: Common,
    /// The form
    #[arg(short = 'f', long = "format", value_parser = ["json", "yaml"])]
    format: Option<String>,
}

/// What `dump` takes.
#[derive(Debug, Args)]
pub struct Dump {
    #[command(flatten)]
    common: Common,
    /// Only what is set
    #[arg(long = "only-changed", visible_alias = "changed-only")]
    only_changed: bool,
    /// The form
    #[arg(short = 'f', long = "format", value_enum, default_value_t)]
    format: Form,
}

/// What `init` takes.
#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    common: Common,
    /// The form
    #[arg(short = 'f', long = "format", value_parser = ["ini", "env", "vars"])]
    format: Option<String>,
    /// Every setting as a comment
    #[arg(long = "disabled")]
    disabled: bool,
}

/// What `validate` takes.
#[derive(Debug, Args)]
pub struct Validate {
    #[command(flatten)]
    common: Common,
    /// What to look at: the file, or the environment
    #[arg(short = 'f', long = "format", value_parser = ["ini", "env"])]
    format: Option<String>,
}

/// The forms of `dump`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Form {
    /// Lines of text
    #[default]
    Display,
    /// JSON
    Json,
    /// YAML (not supported yet)
    Yaml,
}

impl Action {
    /// Does it.
    ///
    /// # Errors
    ///
    /// The configuration is refused, or it is not done yet.
    pub fn run(self, terminal: &mut Terminal) -> Result {
        match self {
            Self::List(_) => Err(Failure::NotYet("config list".to_owned())),
            Self::Init(_) => Err(Failure::NotYet("config init".to_owned())),
            Self::Dump(arguments) => arguments.run(terminal),
            Self::View(common) => {
                let config = common.load(terminal)?;
                let Some(file) = &config.file else {
                    return Err(Failure::generic("Invalid or no config file was supplied"));
                };
                let text = std::fs::read_to_string(file)
                    .map_err(|error| Failure::generic(format!("{} cannot be read: {error}", file.display())))?;
                terminal.print(&text);
                Ok(0)
            }
            Self::Validate(arguments) => {
                if arguments.format.is_some() {
                    return Err(Failure::NotYet("config validate --format".to_owned()));
                }
                arguments.common.load(terminal)?;
                terminal.print("All configurations seem valid!");
                Ok(0)
            }
        }
    }
}

impl Common {
    fn load(&self, terminal: &mut Terminal) -> Result<Config> {
        if self.kind != "base" || !self.plugins.is_empty() {
            return Err(Failure::NotYet("config for plugins (--type)".to_owned()));
        }
        if let Some(file) = &self.config {
            let path = terminal.environment.resolve(file, None);
            if !path.exists() {
                let message = format!("The provided configuration file is missing or not accessible: {file}");
                return Err(Failure::options(message));
            }
            terminal.environment.vars.insert("ANSIBLE_CONFIG".to_owned(), path.display().to_string());
        }
        terminal.configure()
    }
}

impl Dump {
    fn run(&self, terminal: &mut Terminal) -> Result {
        if self.format == Form::Yaml {
            return Err(Failure::NotYet("config dump --format yaml".to_owned()));
        }
        let config = self.common.load(terminal)?;
        let file = config.file.as_ref().map(|file| file.display().to_string());
        let mut rows = vec![("CONFIG_FILE", String::new(), Data::from(file))];
        // ansible-core's own tests have settings too.
        let shown = |key: &&keys::Key| key.plugin.is_empty() && !key.name.starts_with('_');
        for key in keys::all().filter(shown) {
            let Some(setting) = config.settings.get("", key.name) else { continue };
            let origin = match &setting.origin {
                Origin::Default if self.only_changed => continue,
                Origin::Default => "default".to_owned(),
                Origin::Env(name) => format!("env: {name}"),
                Origin::File { path, .. } => path.display().to_string(),
            };
            rows.push((key.name, origin, setting.value.clone()));
        }
        rows.sort_by_key(|(name, _, _)| *name);
        if self.format == Form::Json {
            let mut list: Vec<Data> = rows
                .into_iter()
                .map(|(name, origin, value)| {
                    let row = [("name", Data::from(name)), ("origin", Data::from(origin)), ("value", value)];
                    Data::Map(row.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
                })
                .collect();
            list.push(Data::Map(Map::from([("GALAXY_SERVERS".to_owned(), Data::Map(Map::new()))])));
            terminal.print(&python_json::dumps(&Data::List(list), Style::pretty()));
            return Ok(0);
        }
        for (name, origin, value) in rows {
            let theme = &terminal.options.theme;
            let colour = if origin == "default" { theme.ok.clone() } else { theme.changed.clone() };
            terminal.screen.line(&format!("{name}({origin}) = {}", python_repr::str(&value)), &colour);
        }
        terminal.print("\nGALAXY_SERVERS:\n");
        Ok(0)
    }
}
