//! The throw-away root of a rehearsal: its name says what it is.

use super::plan::Plan;
use crate::{
    Result,
    authority::Authority,
    issue::Terms,
    key::{KeyKind, PrivateKey},
    profile::Root,
    random::Random,
    seal::{Identity, Lock, SealedKey},
    serial::Serial,
    validity::Validity,
};

/// A common name that nobody takes for a true one; at most 64 characters.
pub(super) fn name(common_name: &str) -> String {
    format!("REHEARSAL {common_name}").chars().take(64).collect::<String>().trim_end().to_owned()
}

/// Such a root, its sealed key, and what opens that.
pub(super) fn root(plan: &Plan, random: &mut impl Random) -> Result<(Authority, SealedKey, Identity)> {
    let key = PrivateKey::generate(KeyKind::P384, random)?;
    let terms = Terms { serial: Serial::generate(random)?, validity: Validity::starting(plan.at, Root::DAYS)? };
    let profile = Root { subject: plan.settings.subject(&name("Root CA")) };
    let certificate = profile.draft(key.public_key(), &terms)?.sign(&key)?;
    let identity = Identity::generate();
    let sealed = SealedKey::seal(key, &Lock::Recipients(&[identity.recipient()]))?;
    Ok((Authority::new(certificate)?, sealed, identity))
}
