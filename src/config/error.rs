//! Why there is no configuration.

use crate::diagnostic::Diagnostic;

/// The configuration cannot be used; every reason, with its place.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.first().map_or("the configuration cannot be used", |first| first.message.as_str()))]
pub struct Error(pub Vec<Diagnostic>);
