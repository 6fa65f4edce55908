//! `--list-hosts`, `--list-tasks` and `--list-tags`: playbooks on the screen, nothing run.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use jinja::{Dict, Key, Value};

use super::{
    Failure, Result,
    options::ApplyOptions,
    session::{self, Session},
    terminal::Terminal,
};
use crate::{
    diagnostic::Diagnostic,
    playbook::{
        Play, Refused,
        listing::{self, Knowledge, Wanted},
        tags::TagFilter,
    },
};

/// What the session knows, for a listing.
struct Known<'a> {
    session: &'a Session,
    warnings: RefCell<Vec<Diagnostic>>,
}

impl Knowledge for Known<'_> {
    fn render(&self, play: &Play, value: &Value) -> std::result::Result<Value, String> {
        let vars = Dict::new();
        for (key, value) in play.scope.directives.vars.iter().flat_map(Dict::raw_items) {
            if let Ok(key) = Key::new(key) {
                vars.insert(key, value);
            }
        }
        self.session.variables.set_basedir(PathBuf::from(&*play.scope.basedir));
        self.session.variables.enter_play(play, vars);
        let scope = self.session.variables.scope(None, None);
        self.session.templar.render(value, &scope).map_err(|error| error.message)
    }

    fn hosts(&self, patterns: &[String]) -> Vec<String> {
        let warn = &mut |warning| self.warnings.borrow_mut().push(warning);
        match self.session.variables.inventory.borrow().hosts_matching(patterns, warn) {
            Ok(hosts) => hosts.iter().map(ToString::to_string).collect(),
            Err(error) => {
                self.warnings.borrow_mut().push(*error.0);
                Vec::new()
            }
        }
    }
}

/// Prints the listings of the playbooks.
///
/// # Errors
///
/// A playbook is refused, or one of its names, patterns or tags cannot be rendered.
pub fn print(options: &ApplyOptions, session: &Session, terminal: &mut Terminal) -> Result {
    let wanted = Wanted { hosts: options.run.list_hosts, tasks: options.list_tasks, tags: options.list_tags };
    let filter = TagFilter::new(session.config.tags.clone(), session.config.skip_tags.clone());
    let mut loader = session.loader();
    let paths = session::paths(&session.config, &options.playbooks);
    for (given, path) in options.playbooks.iter().zip(&paths) {
        session.variables.set_basedir(path.parent().map(Path::to_path_buf).unwrap_or_default());
        let loaded = loader.load_playbook(path);
        for warning in loader.take_warnings() {
            terminal.warning(&warning);
        }
        let mut playbook = loaded.map_err(refused)?;
        playbook.path = given.as_str().into();
        let known = Known { session, warnings: RefCell::default() };
        let text = listing::list(&playbook, wanted, &filter, &known);
        for warning in known.warnings.into_inner().into_iter().chain(session.variables.take_warnings()) {
            terminal.warning(&warning);
        }
        terminal.print(&text.map_err(Failure::generic)?);
    }
    Ok(0)
}

fn refused(refused: Refused) -> Failure {
    let Refused { exit_code, mut diagnostics } = refused;
    if exit_code == 1 && diagnostics.len() == 1 {
        return Failure::Generic(Box::new(diagnostics.remove(0)));
    }
    Failure::Parser(diagnostics)
}
