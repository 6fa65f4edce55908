//! `provision plan`.

use clap::Args;

use crate::cli::{
    Result,
    arguments::{Course, Hosts, Output, Tags},
    terminal::Terminal,
};

/// Say what applying would change, and how (check mode with differences)
///
/// Nothing is changed on any host.
///
/// Example: provision plan -i inventory site.yml
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    tags: Tags,
    #[command(flatten)]
    course: Course,
    #[command(flatten)]
    output: Output,
    /// Playbooks, one after the other
    #[arg(value_name = "PLAYBOOK")]
    playbooks: Vec<String>,
}

impl Arguments {
    pub(super) fn run(mut self, terminal: &mut Terminal) -> Result {
        self.hosts.check.check = true;
        self.hosts.check.diff = true;
        super::apply::run(&self.hosts, &self.tags, &self.course, self.playbooks, self.output.output, terminal)
    }
}
