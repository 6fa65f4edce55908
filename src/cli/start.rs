//! Where the command line hands over: typed options in, exit code out.

use std::{path::PathBuf, rc::Rc};

use super::{
    Failure, Result,
    adhoc::{ADHOC, Adhoc, Written},
    interrupt,
    options::{self, ApplyOptions, ExecOptions, InventoryOptions, RenderOptions},
    session::{self, Session},
    sinks,
    terminal::Terminal,
};
use crate::{
    callback::Callback,
    diagnostic::Diagnostic,
    executor::{self, PlaybookFile, RunError, run_playbooks},
};

/// Runs playbooks, or lists what they would run.
///
/// # Errors
///
/// The run cannot begin.
pub fn apply(options: ApplyOptions, terminal: &mut Terminal) -> Result {
    let session = Session::open(&options.run, terminal)?;
    let paths = session::paths(&session.config, &options.playbooks);
    targets(&session, "all", options.run.limit.as_deref(), terminal)?;
    if options.list_tasks || options.list_tags || options.run.list_hosts {
        return super::playbook_listing::print(&options, &session, terminal);
    }
    let callback = sinks::of_playbooks(&options.run, terminal)?;
    let mut told = told(&options.run);
    told.start_at_task = options.start_at_task;
    told.syntax_check = options.syntax_check;
    let run = session.run(told, Box::new(callback))?;
    let given = options.playbooks.iter().cloned().map(Some);
    let files: Vec<_> = given.zip(paths).map(|(given, path)| PlaybookFile { given, path }).collect();
    let code = conduct(&run, &files)?;
    if options.syntax_check && code == 0 {
        for playbook in &options.playbooks {
            terminal.print(&format!("\nplaybook: {playbook}"));
        }
    }
    Ok(code)
}

fn told(run: &options::RunOptions) -> executor::RunOptions {
    executor::RunOptions {
        limit: run.limit.clone(),
        check: run.check,
        start_at_task: None,
        syntax_check: false,
        connection_password: run.passwords.connection.clone(),
        become_password: run.passwords.become_.clone(),
    }
}

/// Runs to the end on this thread; the network has threads of its own.
fn conduct(run: &Rc<executor::Run>, files: &[PlaybookFile]) -> Result {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Unexpected(format!("cannot start the runtime: {error}")))?;
    let interrupted = interrupt::listen(runtime.handle());
    let local = tokio::task::LocalSet::new();
    let ending = local.block_on(&runtime, async {
        let ending = tokio::select! {
            ending = run_playbooks(run, files) => ending.map(Some),
            () = interrupted.notified() => Ok(None),
        };
        run.pool.close().await;
        ending
    });
    match ending {
        Ok(Some(ending)) => Ok(ending.code()),
        Ok(None) => Err(Failure::Interrupted),
        Err(error) => Err(failure(error)),
    }
}

fn failure(error: RunError) -> Failure {
    let code = error.code();
    let mut diagnostics = error.diagnostics();
    if code == 4 || diagnostics.len() != 1 {
        return Failure::Parser(diagnostics);
    }
    Failure::Generic(Box::new(diagnostics.remove(0)))
}

/// Runs one module on hosts.
///
/// # Errors
///
/// The run cannot begin.
pub fn exec(options: ExecOptions, terminal: &mut Terminal) -> Result {
    let session = Session::open(&options.run, terminal)?;
    let hosts = match targets(&session, &options.pattern, options.run.limit.as_deref(), terminal) {
        // Without a limit, a pattern that means no host is nothing to complain about.
        Err(_) if options.run.limit.is_none() => {
            terminal.warning(&Diagnostic::warning("No hosts matched, nothing to do"));
            Vec::new()
        }
        hosts => hosts?,
    };
    if options.run.list_hosts {
        terminal.print(&format!("  hosts ({}):", hosts.len()));
        for host in hosts {
            terminal.print(&format!("    {host}"));
        }
        return Ok(super::exit::OK);
    }
    if hosts.is_empty() {
        return Ok(super::exit::OK);
    }
    let written = Written::new(&options)?;
    let text = written.text.clone();
    let callback = Adhoc::new(sinks::of_task(&options, terminal)?, written);
    let path = PathBuf::from(ADHOC);
    let run = session.run(told(&options.run), Box::new(callback))?;
    run.loader.borrow_mut().provide(&path, &text).map_err(|diagnostic| Failure::Parser(vec![*diagnostic]))?;
    conduct(&run, &[PlaybookFile { given: None, path }])
}

/// The names of all hosts within the limit.
///
/// # Errors
///
/// The inventory or the limit is refused.
pub fn hosts(options: &options::RunOptions, terminal: &mut Terminal) -> Result<Vec<String>> {
    let session = Session::open(options, terminal)?;
    let hosts = targets(&session, "all", options.limit.as_deref(), terminal)?;
    Ok(hosts.iter().map(ToString::to_string).collect())
}

/// Runs a playbook that is written here, on all hosts within the limit; the names of those hosts. How it went the callback
/// has heard: whether hosts failed is no matter of this function.
///
/// # Errors
///
/// The run cannot begin.
pub fn written(
    options: options::RunOptions,
    path: &std::path::Path,
    text: &str,
    callback: Box<dyn Callback>,
    terminal: &mut Terminal,
) -> Result<Vec<String>> {
    let session = Session::open(&options, terminal)?;
    let hosts = targets(&session, "all", options.limit.as_deref(), terminal)?;
    let hosts = hosts.iter().map(ToString::to_string).collect();
    let run = session.run(told(&options), callback)?;
    let path = options.config.playbook_dir.as_ref().map_or_else(|| path.to_owned(), |folder| folder.join(path));
    run.loader.borrow_mut().provide(&path, text).map_err(|diagnostic| Failure::Parser(vec![*diagnostic]))?;
    conduct(&run, &[PlaybookFile { given: None, path }])?;
    Ok(hosts)
}

/// The hosts that a pattern means within the limit. That there are none although there is an inventory is an error; that
/// there is none is a warning.
fn targets(session: &Session, pattern: &str, limit: Option<&str>, terminal: &mut Terminal) -> Result<Vec<Rc<str>>> {
    let mut warnings = Vec::new();
    let hosts = {
        let mut inventory = session.variables.inventory.borrow_mut();
        // Whether there is an inventory is asked before the limit holds.
        inventory
            .set_limit(None)
            .and_then(|()| inventory.hosts_to_target(pattern, limit, &mut |warning| warnings.push(warning)))
    };
    for warning in &warnings {
        terminal.warning(warning);
    }
    hosts.map_err(|error| Failure::Generic(error.0))
}

/// Shows the inventory.
///
/// # Errors
///
/// The inventory is refused.
pub fn inventory(options: InventoryOptions, terminal: &mut Terminal) -> Result {
    super::listing::print(&options, terminal)
}

/// Renders a template.
///
/// # Errors
///
/// It cannot be rendered.
pub fn render(options: RenderOptions, terminal: &mut Terminal) -> Result {
    super::render::print(options, terminal)
}
