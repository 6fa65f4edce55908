//! `provision exec`.

use clap::Args;

use crate::cli::{
    Result,
    arguments::{Form, Hosts, Output, PlaybookDir, Task},
    options::{self, ExecOptions, RunOptions},
    terminal::Terminal,
};

/// Run one module on the hosts of a pattern
///
/// Example: provision exec web -i inventory -m service -a 'name=nginx state=restarted' -b
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    task: Task,
    #[command(flatten)]
    directory: PlaybookDir,
    #[command(flatten)]
    output: Output,
    /// The hosts
    #[arg(value_name = "PATTERN")]
    pattern: String,
}

impl Arguments {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        run(&self.hosts, &self.task, &self.directory, self.pattern, self.output.output, terminal)
    }
}

/// Runs a module on hosts, as `exec` and `ansible` are told.
///
/// # Errors
///
/// The configuration or a flag is refused, or the run cannot begin.
pub fn run(
    hosts: &Hosts,
    task: &Task,
    directory: &PlaybookDir,
    pattern: String,
    output: Form,
    terminal: &mut Terminal,
) -> Result {
    let mut config = terminal.configure()?;
    options::put_verbosity(&hosts.verbosity, &mut config);
    terminal.announce("ansible", &config);
    options::put_playbook_dir(directory, &mut config);
    if let Some(seconds) = task.task_timeout {
        config.task_timeout = seconds;
    }
    let mut run = RunOptions::new(hosts, config, !hosts.list_hosts.list_hosts, terminal)?;
    run.output = output;
    let options = ExecOptions::new(pattern, task, run)?;
    super::super::start::exec(options, terminal)
}
