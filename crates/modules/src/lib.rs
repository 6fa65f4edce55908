//! The native modules: what a task does on its host.
//!
//! A module is one file that holds a struct of arguments (`#[derive(Arguments)]`: the only place where an option is
//! written), and an `impl Module` that observes, plans, stops there in check mode, and applies. [`registry`] is the
//! table of them, with the [`bundle`] each is in; what they share stands in [`support`]. Modules never use each other, and none knows the wire: they
//! see a [`context::Context`] alone.

pub mod bundle;
pub mod cancel;
pub mod certificate;
pub mod commands;
pub mod context;
pub mod crypto;
pub mod facts;
pub mod files;
pub mod module;
pub mod net;
pub mod packages;
pub mod registry;
pub mod services;
pub mod support;
pub mod system;
pub mod users;

#[cfg(test)]
mod testing;

pub use bundle::Bundle;
pub use cancel::Cancellation;
pub use context::{Context, Link, NoLink};
pub use module::{Failure, Module};

/// What every module file needs.
pub mod prelude {
    pub use macros::{Arguments, Choice};
    pub use protocol::{
        Data, Map, Outcome,
        arguments::{ByteSize, CheckMode, Choice as _, JsonText, PathArg},
        outcome::Diff,
    };

    pub use crate::{
        context::Context,
        module::{Failure, Module},
        support::attributes::FileAttributes,
    };
}
