//! The only asynchronous conductor: plays, batches, tasks, hosts.
//!
//! - [`run`]: what a run has: configuration, variables, connections, the ear of the callbacks.
//! - `playbooks`, `play`, `batch`: playbooks, their plays, and the batches of these.
//! - `linear`, `free`: the strategies' loops.
//! - `task`: one task on one host: `loops` over `attempt`, that over `tries`, those over `decide` and `job`; with
//!   `keywords`, `arguments`, `delegate`, `reach`, `target`, `result`, `secrecy`.
//! - `results`: what a result does to the run: facts, hosts, notifications, failures; with `failed_task`.
//! - `retry_file`: what failed, for the next run.
//! - `include`, `meta`: includes during the run, and `meta`.
//! - `variables`: the layers of variables for a task, with `fact_cache`; `vars_files`, `prompts`: where a play's own come from.
//!
//! Architecture invariant: values never leave the conductor's thread; what travels is `protocol::Data`.

mod arguments;
mod attempt;
mod batch;
mod conditions;
mod decide;
mod delegate;
mod fact_cache;
mod failed_task;
mod filter;
mod free;
mod hostvars;
mod include;
mod job;
mod keywords;
mod linear;
mod loops;
mod meta;
mod options;
mod play;
mod playbooks;
mod prompts;
mod reach;
mod result;
mod results;
mod retry_file;
mod run;
mod secrecy;
mod target;
mod task;
mod tries;
mod variables;
mod vars_files;

pub use fact_cache::FactCache;
pub use options::RunOptions;
pub use playbooks::{Ending, PlaybookFile, RunError, run_playbooks};
pub use result::TaskResult;
pub use run::{Run, RunParts};
pub use variables::{FactOptions, Variables};
