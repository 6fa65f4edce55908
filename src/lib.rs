//! The control node: YAML in, events out.

pub mod accounts;
pub mod action;
pub mod callback;
pub mod cli;
pub mod collection;
pub mod config;
pub mod diagnostic;
pub mod event;
pub mod executor;
pub mod helper_binary;
pub mod inventory;
pub mod issuer;
pub mod lookup;
pub mod playbook;
pub mod strategy;
pub mod template;
pub mod vars;
pub mod vault;
pub mod yaml;

// Text as Python writes it: both ends of a connection need it.
pub use protocol::{arguments::python as python_repr, python_json};
