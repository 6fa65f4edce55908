//! ansible.cfg, environment and flags as one typed struct, passed down.
//!
//! [`Config::load`] reads file and environment; the command line then sets the fields that its flags name. Nothing else
//! in the program reads an environment variable or `ansible.cfg`.
//!
//! - [`keys`]: every setting of ansible-core 2.19, and what becomes of it here.
//! - [`Settings`]: what each is set to, and where.
//! - [`Environment`]: variables, working directory, home.

mod environment;
mod error;
mod ini;
pub mod keys;
mod load;
mod locate;
mod settings;
mod typed;

pub use environment::{Environment, normalize};
pub use error::Error;
pub use settings::{Origin, Setting, Settings, is_true};
pub use typed::{
    Become, BecomeMethod, Config, Display, FactCache, InventoryConfig, ProfileTasks, RetryFiles, Ssh, Vault,
};
