//! Where the command line hands over: typed options in, exit code out.

use std::{path::PathBuf, rc::Rc};

use super::{
    Failure, Result,
    options::{self, ApplyOptions, ExecOptions, InventoryOptions, RenderOptions},
    session::{self, Session},
    sinks,
    terminal::Terminal,
};
use crate::executor::{self, RunError, run_playbooks};

/// Runs playbooks, or lists what they would run.
///
/// # Errors
///
/// The run cannot begin.
pub fn apply(options: ApplyOptions, terminal: &mut Terminal) -> Result {
    let session = Session::open(&options.run, terminal)?;
    let paths = session::paths(&session.config, &options.playbooks);
    if options.list_tasks || options.list_tags || options.run.list_hosts {
        return Err(Failure::NotYet("--list-hosts, --list-tasks and --list-tags".to_owned()));
    }
    let callback = sinks::of_playbooks(&options.run, terminal)?;
    let mut told = told(&options.run);
    told.start_at_task = options.start_at_task;
    told.syntax_check = options.syntax_check;
    let run = session.run(told, Box::new(callback))?;
    let code = conduct(&run, &paths, options.run.config.forks)?;
    if options.syntax_check {
        terminal.print("No issues encountered");
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
fn conduct(run: &Rc<executor::Run>, paths: &[PathBuf], _forks: usize) -> Result {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Unexpected(format!("cannot start the runtime: {error}")))?;
    let local = tokio::task::LocalSet::new();
    let ending = local.block_on(&runtime, async {
        let ending = tokio::select! {
            ending = run_playbooks(run, paths) => ending.map(Some),
            _ = tokio::signal::ctrl_c() => Ok(None),
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
    let mut warnings = Vec::new();
    let hosts = session.variables.inventory.borrow_mut().hosts_to_target(
        &options.pattern,
        options.run.limit.as_deref(),
        &mut |warning| warnings.push(warning),
    );
    for warning in &warnings {
        terminal.warning(warning);
    }
    let hosts = hosts?;
    if options.run.list_hosts {
        terminal.print(&format!("  hosts ({}):", hosts.len()));
        for host in hosts {
            terminal.print(&format!("    {host}"));
        }
        return Ok(super::exit::OK);
    }
    let callback = sinks::of_task(&options, terminal)?;
    let path = PathBuf::from("<adhoc>");
    let run = session.run(told(&options.run), Box::new(callback))?;
    run.loader
        .borrow_mut()
        .provide(&path, &playbook_of(&options))
        .map_err(|diagnostic| Failure::Parser(vec![*diagnostic]))?;
    conduct(&run, &[path], options.run.config.forks)
}

/// The one task as a playbook; JSON is YAML.
fn playbook_of(options: &ExecOptions) -> String {
    let mut task = serde_json::Map::new();
    let module = &options.module;
    let action = if options.arguments.is_empty() { module.clone() } else { format!("{module} {}", options.arguments) };
    task.insert("action".to_owned(), action.into());
    task.insert("timeout".to_owned(), options.run.config.task_timeout.into());
    if options.background > 0 {
        task.insert("async".to_owned(), options.background.into());
        task.insert("poll".to_owned(), options.poll.into());
    }
    let play = serde_json::json!([{
        "name": "Ansible Ad-Hoc",
        "hosts": options.pattern,
        "gather_facts": false,
        "tasks": [task],
    }]);
    play.to_string()
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
    let _ = (options, terminal);
    Err(Failure::NotYet("rendering a template".to_owned()))
}
