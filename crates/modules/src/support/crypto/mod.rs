//! What the modules of community.crypto share: keys, names, requests and certificates, as that collection makes them.
//!
//! It makes what it is asked for, unlike crate `pki`, which refuses what its profiles do not allow.

pub mod certificate;
pub mod crl;
pub mod describe;
pub mod digest;
pub mod extension;
pub mod file;
pub mod general_name;
pub mod key;
pub mod name;
pub mod pem;
pub mod request;
pub mod signature;
