//! Ansible's way of templating over the Jinja engine: lazy variables, native types, trust.
//!
//! - [`scope`]: the variables that a task on a host sees, rendered when they are first asked for.
//! - [`templar`]: renders values, conditions and files in a scope.
//! - [`omit`]: the value that takes its key with it.
//!
//! Architecture invariant: text without the trust tag is never compiled, on any path. What hosts send has no tag.
//!
//! Source: Ansible documentation, "Templating (Jinja2)" and "Conditionals".

pub mod data;
pub mod environment;
pub mod error;
pub mod file_variables;
pub mod filters;
pub mod globals;
mod hooks;
pub mod loader;
pub mod lookups;
pub mod notice;
pub mod omit;
mod overrides;
pub mod password_hash;
pub mod scope;
pub mod templar;
pub mod tests;

pub use error::TemplateError;
pub use hooks::{failed, render_constant};
pub use lookups::Lookups;
pub use notice::{Notice, Until};
pub use scope::{Magic, VariableScope};
pub use templar::Templar;
