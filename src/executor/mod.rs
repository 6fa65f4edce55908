//! The only asynchronous conductor: plays, batches, tasks, hosts.
//!
//! - [`run`]: what a run has: configuration, variables, connections, the ear of the callbacks.
//! - `playbooks`: playbooks and their plays, batch by batch.
//! - `linear`, `free`: the strategies' loops.
//! - `task`: one task on one host; with `keywords`, `arguments`, `reach`, `target`, `result`.
//! - `results`: what a result does to the run: facts, hosts, notifications, failures.
//! - `include`, `meta`: includes during the run, and `meta`.
//! - `variables`: the layers of variables for a task.
//!
//! Architecture invariant: values never leave the conductor's thread; what travels is `protocol::Data`.

mod arguments;
mod filter;
mod free;
mod hostvars;
mod include;
mod job;
mod keywords;
mod linear;
mod meta;
mod options;
mod playbooks;
mod prompts;
mod reach;
mod result;
mod results;
mod run;
mod target;
mod task;
mod variables;

pub use options::RunOptions;
pub use playbooks::{Ending, RunError, run_playbooks};
pub use result::TaskResult;
pub use run::{Run, RunParts};
pub use variables::Variables;
