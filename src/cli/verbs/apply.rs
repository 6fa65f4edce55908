//! `provision apply`.

use clap::Args;

use crate::cli::{
    Failure, Result,
    arguments::{Course, Form, Hosts, Output, Tags},
    options::{self, ApplyOptions, RunOptions},
    terminal::Terminal,
};

/// What is applied where no playbook is named.
const DEFAULT_PLAYBOOK: &str = "playbooks/site.yml";

/// Apply playbooks to the hosts of an inventory
///
/// Without a playbook, playbooks/site.yml is applied. Without an inventory, the one of ansible.cfg, else ./inventory.
///
/// Example: provision apply -i inventory
///
/// Example: provision apply -i inventories/prod --limit 'web:!web3' site.yml
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    tags: Tags,
    #[command(flatten)]
    course: Course,
    #[command(flatten)]
    output: Output,
    /// Playbooks, applied one after the other
    #[arg(value_name = "PLAYBOOK")]
    playbooks: Vec<String>,
}

impl Arguments {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        run(&self.hosts, &self.tags, &self.course, self.playbooks, self.output.output, terminal)
    }
}

/// Applies playbooks, as `apply`, `plan` and `ansible-playbook` are told.
///
/// # Errors
///
/// The configuration or a flag is refused, or the run cannot begin.
pub fn run(
    hosts: &Hosts,
    tags: &Tags,
    course: &Course,
    mut playbooks: Vec<String>,
    output: Form,
    terminal: &mut Terminal,
) -> Result {
    if playbooks.is_empty() {
        playbooks.push(DEFAULT_PLAYBOOK.to_owned());
    }
    let mut config = terminal.configure()?;
    for playbook in &playbooks {
        let Ok(meta) = std::fs::metadata(config.environment.resolve(playbook, None)) else {
            return Err(Failure::generic(format!("the playbook: {playbook} could not be found")));
        };
        let fifo = std::os::unix::fs::FileTypeExt::is_fifo(&meta.file_type());
        if !meta.is_file() && !fifo {
            return Err(Failure::generic(format!("the playbook: {playbook} does not appear to be a file")));
        }
    }
    options::put_course(tags, course, &mut config);
    options::put_verbosity(&hosts.verbosity, &mut config);
    terminal.announce("ansible-playbook", &config);
    let only_reads = course.syntax_check || course.list_tasks || course.list_tags || hosts.list_hosts.list_hosts;
    let mut run = RunOptions::new(hosts, config, !only_reads, terminal)?;
    run.output = output;
    let options = ApplyOptions {
        playbooks,
        run,
        syntax_check: course.syntax_check,
        list_tasks: course.list_tasks,
        list_tags: course.list_tags,
        start_at_task: course.start_at_task.clone(),
    };
    super::super::start::apply(options, terminal)
}
