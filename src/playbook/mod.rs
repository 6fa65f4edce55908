//! Plays, blocks, tasks, handlers and roles: what a playbook says, checked, with the place of everything.
//!
//! The model (`play`, `block`, `task`, `role`, `directives`) is immutable once loaded. Children know their parents
//! through *scopes* (`PlayScope`, `BlockScope`), which hold what is inherited and not the children, so that nothing
//! owns itself. `inherit` answers what a task's keywords are once play, role, blocks and includes have had their say.
//! `load` makes the model from YAML and collects everything that is wrong with it.
//!
//! Architecture invariant: nothing here runs a task, asks a host or renders a template. Where a name has to be known
//! before the run (`import_tasks: "{{ os }}.yml"`), the caller's [`StaticTemplate`] renders it.

pub mod arguments;
mod block;
mod compile;
mod directives;
mod inherit;
pub mod isa;
pub mod keyword;
pub mod listing;
pub mod load;
mod options;
mod play;
mod role;
pub mod search;
pub mod tags;
mod task;
mod written;

pub use block::{Block, BlockScope, Entry, Parent};
pub use directives::Directives;
pub use load::{Included, Loader, Refused, RoleRequest};
pub use options::{Ids, LoadOptions, NoTemplates, NoVault, StaticTemplate, VaultOpener};
pub use play::{Play, PlayScope, Playbook, VarsPrompt};
pub use role::{FromFiles, LoadedRole, RoleInstance};
pub use task::{Action, IncludeRole, Kind, Loop, LoopControl, LoopKind, Task};
pub use written::{Located, Written};
