//! Ways to reach a host, and the helper that works there. Knows no module.
//!
//! - [`target`]: what is to be known of a host, as plain settings ([`Target`], [`Become`]).
//! - [`pool`]: one [`Connection`] a host, kept for the run.
//! - [`connection`]: a host that was reached: raw commands, and a helper for each user.
//! - [`bootstrap`]: how the helper ([`HelperBinary`]) comes to the host and starts, in one command.
//! - [`handle`]: many calls over one helper ([`HelperHandle`], [`Call`]).
//! - `ssh`: SSH itself: `~/.ssh/config`, `known_hosts`, logging in, the session; `local` and `docker` need no more than a
//!   child process (`exec`). `privilege` knows sudo and su.
//! - [`error`]: unreachable, refused, and wrong settings are different things.
//!
//! Everything is plain futures: they need a tokio runtime with time and I/O, of either flavour, and all types can move
//! between threads.

pub mod bootstrap;
pub mod connection;
mod environment;
pub mod error;
mod exec;
pub mod handle;
pub mod pool;
mod privilege;
mod quote;
mod ssh;
pub mod target;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub use ssh::fuzzing;

pub use bootstrap::HelperBinary;
pub use connection::{Connection, RawOutput, RawRequest};
pub use error::{CallError, ConnectError};
pub use handle::{Call, ContentSource, HelperHandle, Step};
pub use pool::Pool;
pub use target::{Become, BecomeMethod, DockerSettings, HostKeyChecking, Kind, SshSettings, Target};
