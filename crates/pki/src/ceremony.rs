//! The offline root and its ceremonies: planned online, run on a machine without a network, verified by anybody.
//!
//! - [`plan`]: what will be done, fixed to the byte before anybody meets. One strict YAML file.
//! - [`run`]: the meeting itself. What is shown and asked goes through a [`Console`], what the machine is and does through a
//!   [`Machine`]: there is no terminal here.
//! - [`transcript`], [`sshsig`], [`manifest`]: what is on record of it: a hash chain that begins with the ceremony before,
//!   signed by the root and by the witnesses.
//! - [`verify`]: whether a record holds.
//! - [`custody`], [`passphrase`]: who can open the root's key, and with what.

mod aloud;
mod console;
pub mod custody;
pub mod draft;
mod machine;
pub mod manifest;
pub mod passphrase;
pub mod plan;
mod rehearsal;
pub mod run;
pub mod sshsig;
pub mod transcript;
pub mod verify;

pub use aloud::{Aloud, aloud};
pub use console::{Console, Hidden};
pub use machine::Machine;

/// The files of a ceremony's record.
pub mod files {
    /// The plan.
    pub const PLAN: &str = "plan.yaml";
    /// The root's certificate: brought along, or made in its ceremony.
    pub const ROOT: &str = "root.pem";
    /// An intermediate's request.
    pub const REQUEST: &str = "request.pem";
    /// The root that is signed across.
    pub const OTHER_ROOT: &str = "new-root.pem";
    /// The root's last list.
    pub const LAST_LIST: &str = "last-crl.pem";
    /// The intermediate's certificate.
    pub const INTERMEDIATE: &str = "intermediate.pem";
    /// The certificate that the old root signs for the new one.
    pub const CROSS: &str = "cross.pem";
    /// The root's list.
    pub const LIST: &str = "root.crl.pem";
    /// The root's key in an age file.
    pub const KEY: &str = "root.key.age";
    /// What happened.
    pub const TRANSCRIPT: &str = "transcript.jsonl";
    /// The root key's signature over it.
    pub const SIGNATURE: &str = "transcript.jsonl.root.sig";
    /// The hashes of all files.
    pub const MANIFEST: &str = "MANIFEST.sha256";
    /// The throw-away root of a rehearsal.
    pub const REHEARSAL_ROOT: &str = "rehearsal-root.pem";

    /// A custodian's sealed share.
    #[must_use]
    pub fn share(number: u8) -> String {
        format!("share-{number}.age")
    }

    /// A witness's signature over the transcript, by its place in the plan, counted from 1.
    #[must_use]
    pub fn witness(number: usize) -> String {
        format!("transcript.jsonl.witness-{number}.sig")
    }
}
