//! Keys of every kind that the modules make and read: RSA, four curves, Ed25519, X25519.

mod cipher;
mod curve;
mod generate;
mod private;
mod public;
mod read;
mod ssh;
mod write;

pub use curve::Curve;
pub(crate) use curve::on_curve;
pub use generate::{GenerateError, Wanted, generate};
pub use private::PrivateKey;
pub use public::{PublicKey, PublicKind};
pub use read::{LoadError, load, load_for, load_for_issuing, load_raw, may_be_good};
pub use write::{WriteError, write};
