//! `provision facts`.

use clap::Args;

use crate::cli::{
    Result,
    arguments::{Hosts, Output, PlaybookDir, Task},
    terminal::Terminal,
};

/// Show the facts of hosts (the module setup)
///
/// Example: provision facts web -i inventory --filter 'ansible_distribution*'
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    output: Output,
    /// Only facts whose names match this shell pattern; may be repeated
    #[arg(long = "filter", value_name = "GLOB")]
    filter: Vec<String>,
    /// Which facts are gathered (`min`, `network`, `!hardware` ...); may be repeated
    #[arg(long = "gather-subset", value_name = "SUBSET", allow_hyphen_values = true)]
    gather_subset: Vec<String>,
    /// The hosts
    #[arg(value_name = "PATTERN")]
    pattern: String,
}

impl Arguments {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        let mut arguments = serde_json::Map::new();
        for (key, values) in [("filter", self.filter), ("gather_subset", self.gather_subset)] {
            if !values.is_empty() {
                arguments.insert(key.to_owned(), values.into());
            }
        }
        let task = Task {
            module_name: Some("setup".to_owned()),
            module_args: (!arguments.is_empty()).then(|| serde_json::Value::Object(arguments).to_string()),
            ..Task::default()
        };
        let directory = PlaybookDir::default();
        super::exec::run(&self.hosts, &task, &directory, self.pattern, self.output.output, terminal)
    }
}
