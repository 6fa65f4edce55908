//! The helper as the control node meets it.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

mod bundles;
mod session;
mod support;
