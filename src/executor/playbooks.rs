//! Playbooks, one after the other, and their plays.

use std::{
    path::{Path, PathBuf},
    rc::Rc,
};

use jinja::{Str, Value};

use super::{play::run_play, retry_file, run::Run};
use crate::{
    diagnostic::{Diagnostic, ErrorChain, Link},
    event::Event,
    playbook::{Playbook, Refused},
    template::TemplateError,
};

/// How a run ended; the numbers are Ansible's exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All went well.
    Ok,
    /// Something that is not a host's fault went wrong.
    Error,
    /// Hosts failed.
    Failed,
    /// Hosts could not be reached.
    Unreachable,
    /// A person said stop.
    Aborted,
}

impl Ending {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Failed => 2,
            Self::Unreachable => 4,
            Self::Aborted => 99,
        }
    }
}

/// Why a run stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A playbook, a role or a file of tasks cannot be loaded.
    #[error("{0}")]
    Refused(Refused),
    /// Anything else that the operator has to mend.
    #[error("{}", .0.message)]
    Stopped(Box<Diagnostic>),
}

impl RunError {
    /// The diagnostics to draw.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            Self::Refused(refused) => refused.diagnostics.clone(),
            Self::Stopped(diagnostic) => vec![(**diagnostic).clone()],
        }
    }

    /// The exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Refused(refused) => refused.exit_code,
            Self::Stopped(_) => 1,
        }
    }
}

impl From<TemplateError> for RunError {
    fn from(error: TemplateError) -> Self {
        let mut diagnostic = Diagnostic::error(error.message);
        if let Some(origin) = error.origin {
            diagnostic = diagnostic.at(origin, "");
        }
        Self::Stopped(Box::new(diagnostic))
    }
}

/// A playbook to run.
#[derive(Debug, Clone)]
pub struct PlaybookFile {
    /// As the operator named it; none for what is in no file.
    pub given: Option<String>,
    /// Where it is.
    pub path: PathBuf,
}

/// Runs playbooks in order, until one fails.
///
/// # Errors
///
/// A playbook cannot be loaded, or a play's own keywords are wrong.
pub async fn run_playbooks(run: &Rc<Run>, playbooks: &[PlaybookFile]) -> Result<Ending, RunError> {
    let mut ending = Ending::Ok;
    for PlaybookFile { given, path } in playbooks {
        let basedir = std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_path_buf));
        run.variables.set_basedir(basedir.clone().unwrap_or_default());
        let playbook = run.loader.borrow_mut().load_playbook(path).map_err(RunError::Refused)?;
        run.show_load_warnings();
        ending = run_playbook(run, &playbook, given.as_deref(), ending).await?;
        if ending != Ending::Ok {
            break;
        }
    }
    if let Some(name) = &run.options.start_at_task
        && !run.started.get()
        && !run.options.syntax_check
    {
        let message =
            format!("No matching task \"{name}\" found. Note: --start-at-task can only follow static includes.");
        run.emit(&Event::Error(ErrorChain::new(Link::new(message))));
    }
    Ok(ending)
}

async fn run_playbook(
    run: &Rc<Run>,
    playbook: &Playbook,
    given: Option<&str>,
    mut ending: Ending,
) -> Result<Ending, RunError> {
    if !run.options.syntax_check {
        run.emit(&Event::PlaybookStarted { path: playbook.path.to_string() });
        if let Some(given) = given {
            let message = format!("{} plays in {given}", playbook.plays.len());
            run.emit(&Event::Verbose { level: 2, host: None, message });
        }
    }
    for play in &playbook.plays {
        run.variables.set_basedir(PathBuf::from(&*play.scope.basedir));
        let end = run_play(run, play).await?;
        ending = end.ending.unwrap_or(ending);
        if end.last || run.aborted.get() {
            break;
        }
    }
    if run.options.syntax_check {
        return Ok(ending);
    }
    retry_file::write(run, Path::new(&*playbook.path));
    run.emit(&Event::Finished { totals: run.totals(), custom_stats: run.stats() });
    if run.aborted.get() {
        ending = Ending::Aborted;
    }
    Ok(ending)
}

/// A text of the operator's.
#[must_use]
pub(super) fn trusted(text: &str) -> Value {
    Value::Str(Str::trusted(text, None))
}
