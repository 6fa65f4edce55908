//! Standard input, output and error of this process, and what is known of them.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
};

use jiff::ZonedDateTime;

use super::{Failure, diagnostics};
use crate::{
    accounts,
    callback::{
        Log, Options, Progress, Screen,
        options::ResultFormat,
        screen::{Stream, Theme},
    },
    config::{Config, Environment},
    diagnostic::{Diagnostic, ErrorChain},
};

/// Where a program reads and writes.
pub struct Terminal {
    /// The process's surroundings.
    pub environment: Environment,
    /// Messages of the program itself: warnings, errors, listings.
    pub screen: Screen,
    /// How they are shown.
    pub options: Options,
    /// Called by one of Ansible's names: messages have ansible-core's form.
    pub ansible: bool,
    errors_in_colour: bool,
}

/// Who runs this, as Python's `getpass.getuser` has it: the first of these variables that is set, else the
/// account's name.
fn user(environment: &Environment) -> String {
    let mut named = ["LOGNAME", "USER", "LNAME", "USERNAME"].into_iter().filter_map(|name| environment.get(name));
    let named = named.find(|name| !name.is_empty());
    let own = || accounts::own().map(|account| account.name);
    let named = named.map(str::to_owned).or_else(own);
    named.unwrap_or_else(|| format!("uid={}", rustix::process::getuid().as_raw()))
}

impl Terminal {
    /// The process's own streams.
    #[must_use]
    pub fn of_process(environment: Environment) -> Self {
        let mut screen = Screen::new(io::stdout(), io::stderr());
        screen.columns = columns();
        let colour = |terminal: bool| {
            let is_true = |name: &str| environment.get(name).is_some_and(crate::config::is_true);
            // <https://no-color.org>: whatever it is set to.
            let no_colour = environment.get("NO_COLOR").is_some_and(|value| !value.is_empty());
            (terminal && !no_colour && !is_true("ANSIBLE_NOCOLOR")) || is_true("ANSIBLE_FORCE_COLOR")
        };
        screen.colour = colour(io::stdout().is_terminal());
        let errors_in_colour = colour(io::stderr().is_terminal());
        Self { environment, screen, options: Options::default(), ansible: false, errors_in_colour }
    }

    /// Streams that are not the process's, for tests.
    pub fn new(environment: Environment, out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        let screen = Screen::new(out, err);
        Self { environment, screen, options: Options::default(), ansible: false, errors_in_colour: false }
    }

    /// Reads ansible.cfg and environment, and sets the screen up as they say.
    ///
    /// # Errors
    ///
    /// The configuration is refused.
    pub fn configure(&mut self) -> super::Result<Config> {
        let mut warnings = Vec::new();
        let config = Config::load(self.environment.clone(), &mut |warning| warnings.push(warning))?;
        self.screen.colour = (self.screen.colour && !config.display.nocolor) || config.display.force_color;
        self.options = screen_options(&config);
        self.open_log(&config);
        for warning in &warnings {
            self.warning(warning);
        }
        Ok(config)
    }

    /// Begins to write the log that the configuration asks for; without one that can be written there is none, as with
    /// ansible-core.
    fn open_log(&mut self, config: &Config) {
        let Some(path) = &config.display.log_path else { return };
        match File::options().append(true).create(true).open(path) {
            Ok(file) => self.screen.keep_log(Log::new(file, &user(&self.environment), ZonedDateTime::now)),
            Err(error) => self.warning(&Diagnostic::warning(format!(
                "The log '{}' (log_path) cannot be written: {error}; there is none of this run",
                path.display()
            ))),
        }
    }

    /// The hosts in flight, where both of the process's streams are terminals.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        let interactive = io::stdout().is_terminal() && io::stderr().is_terminal();
        interactive.then(|| Progress::new(self.screen.columns))
    }

    /// A screen of its own for a callback, on the process's streams; what it prints stands above the hosts in flight.
    #[must_use]
    pub fn screen(&self, progress: Option<&Progress>) -> Screen {
        match progress {
            Some(progress) => self.screen.beside(progress.above(io::stdout()), progress.above(io::stderr())),
            None => self.screen.beside(io::stdout(), io::stderr()),
        }
    }

    /// What ansible-core says first with `-v`: which configuration was read, and with `-vv` its version.
    pub fn announce(&mut self, program: &str, config: &Config) {
        let colour = self.options.theme.verbose.clone();
        if config.display.verbosity > 1 {
            self.screen.line(&super::version::ansible(program, config), &colour);
        }
        if config.display.verbosity > 0 {
            let text = match &config.file {
                Some(file) => format!("Using {} as config file", file.display()),
                None => "No config file found; using defaults".to_owned(),
            };
            self.screen.line(&text, &colour);
        }
    }

    /// Says what is said from that many `-v` on.
    pub fn verbose(&mut self, level: u8, text: &str) {
        if self.options.verbosity >= level {
            let colour = self.options.theme.verbose.clone();
            self.screen.line(text, &colour);
        }
    }

    /// Prints text on standard output, ended by a newline.
    pub fn print(&mut self, text: &str) {
        self.screen.display(text, None, Stream::Out);
    }

    /// Shows a warning on standard error.
    pub fn warning(&mut self, warning: &Diagnostic) {
        if self.ansible || warning.labels.is_empty() {
            self.screen.warning(&ErrorChain::from(warning), &self.options);
        } else {
            self.draw(warning);
        }
    }

    /// Shows why the program ends, on standard error: drawn with its place, or in ansible-core's form where it was
    /// called by one of Ansible's names.
    pub fn failure(&mut self, failure: &Failure, ansible: bool) {
        match failure {
            Failure::Usage(text) => self.screen.display(text, None, Stream::Err),
            Failure::Run(chain) => self.screen.error(chain, &self.options, Stream::Err),
            other => other.diagnostics().iter().for_each(|one| self.error(one, ansible)),
        }
    }

    fn error(&mut self, error: &Diagnostic, ansible: bool) {
        if ansible {
            self.screen.error(&ErrorChain::from(error), &self.options, Stream::Err);
        } else {
            self.draw(error);
        }
    }

    fn draw(&mut self, diagnostic: &Diagnostic) {
        let read = |path: &str| std::fs::read_to_string(path).ok();
        let text = diagnostics::draw(diagnostic, self.errors_in_colour, &read);
        self.screen.display(&text, None, Stream::Err);
    }
}

/// How wide banners are: the terminal less one column, 79 at least.
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    size.saturating_sub(1).max(79)
}

/// The screen's settings out of the configuration.
#[must_use]
pub fn screen_options(config: &Config) -> Options {
    let display = &config.display;
    let mut theme = Theme::default();
    for (purpose, colour) in &display.colors {
        let slot = match *purpose {
            "changed" => &mut theme.changed,
            "debug" => &mut theme.debug,
            "deprecate" => &mut theme.deprecate,
            "diff_add" => &mut theme.diff_add,
            "diff_lines" => &mut theme.diff_lines,
            "diff_remove" => &mut theme.diff_remove,
            "error" => &mut theme.error,
            "included" => &mut theme.included,
            "ok" => &mut theme.ok,
            "skip" => &mut theme.skip,
            "unreachable" => &mut theme.unreachable,
            "verbose" => &mut theme.verbose,
            "warn" => &mut theme.warn,
            _ => continue,
        };
        slot.clone_from(colour);
    }
    Options {
        verbosity: display.verbosity,
        display_skipped_hosts: display.skipped_hosts,
        display_ok_hosts: display.ok_hosts,
        display_failed_stderr: display.failed_stderr,
        show_custom_stats: display.custom_stats,
        show_per_host_start: display.per_host_start,
        check_mode_markers: display.check_mode_markers,
        show_task_path_on_failure: display.task_path_on_failure,
        result_format: if display.result_format == "yaml" { ResultFormat::Yaml } else { ResultFormat::Json },
        pretty_results: display.pretty_results,
        deprecation_warnings: display.deprecation_warnings,
        diff_context: config.diff_context,
        theme,
        ..Options::default()
    }
}
