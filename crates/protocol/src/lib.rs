//! What the control node and the helper on a host say to each other, as plain data.
//!
//! Nothing here opens a file, a socket or a process: both ends link this crate and add the I/O themselves.
//!
//! - [`data`]: the values that travel, [`Data`] and [`Map`]; `nested` reads them, to a depth.
//! - [`arguments`]: what options a module takes, as static tables, and the check of a task's arguments against them.
//! - [`invocation`]: one module call.
//! - [`outcome`]: what came of it, with its [`outcome::Diff`]s.
//! - [`python_json`]: JSON as Python writes it.
//! - [`secret`]: text that must not be seen.
//! - [`frame`]: the messages on the wire and their encoding.

pub mod arguments;
mod bytes;
pub mod data;
pub mod frame;
pub mod invocation;
mod nested;
pub mod outcome;
pub mod python_json;
pub mod secret;

pub use data::{Data, Map};
pub use invocation::Invocation;
pub use outcome::Outcome;
pub use secret::Secret;
