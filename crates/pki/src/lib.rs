//! A public key infrastructure of three tiers: an offline root, an online intermediate, short-lived service certificates.
//!
//! Nothing here opens a connection, asks the machine for the time or keeps state of its own: time comes from a
//! [`clock::Clock`], chance from a [`random::Random`], signatures from a [`signer::Signer`]. What is to be signed is
//! always built first, as bytes that can be read, linted and hashed ([`issue::ToBeSigned`]), so that a sealed or an
//! offline key signs exactly what was looked at.
//!
//! - [`clock`], [`validity`], [`serial`], [`random`]: when, for how long, under which number.
//! - [`subject`], [`names`], [`dns`], [`constraints`], [`url`]: whom a certificate names, and what an issuer may certify.
//! - [`key`], [`signature`], [`signer`]: keys and what is done with them.
//! - `seal` (feature `sealing`): keys at rest.
//! - [`request`], [`profile`], [`authority`], [`issue`]: from a request to a certificate.
//! - [`punycode`]: labels with letters outside of ASCII.
//! - [`certificate`], [`crl`], [`lint`]: reading certificates and revocation lists, making the latter, finding faults.
//! - [`verify`]: whether a chain holds.
//! - [`store`]: serials, certificates, lists and the audit log on disk, whole after any power loss.
//! - [`renewal`]: when a certificate is due, and why. [`overview`]: all that a store has, and what is due. [`describe`], [`words`]: what a person or a program is shown of one.
//! - [`release`]: key and certificate on the host of their service.
//! - [`p12`]: containers of a key and its chain.
//! - `ceremony`, `slip39` (feature `sealing`): the offline root: plans, runs, transcripts, custody in shares. [`chain`]: lines
//!   that follow one another by hash.
//! - [`error`]: refusals and findings, each with place, rule and cure.

pub mod authority;
#[cfg(feature = "sealing")]
pub mod ceremony;
pub mod certificate;
pub mod chain;
pub mod clock;
pub mod constraints;
pub mod crl;
pub mod describe;
pub mod dns;
pub mod error;
mod extensions;
pub mod issue;
pub mod key;
pub mod lint;
pub mod names;
pub mod overview;
pub mod p12;
pub mod profile;
pub mod punycode;
pub mod random;
pub mod release;
pub mod renewal;
pub mod request;
#[cfg(feature = "sealing")]
pub mod seal;
pub mod serial;
pub mod signature;
mod signed;
pub mod signer;
#[cfg(feature = "sealing")]
pub mod slip39;
pub mod store;
pub mod subject;
pub mod url;
pub mod validity;
pub mod verify;
pub mod words;

pub use error::{Error, Finding, Result};
