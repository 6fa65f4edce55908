//! A new key on this host, and the request that shows that we have it.

use pki::{
    key::{KeyKind, PrivateKey},
    random::SystemRandom,
    release,
    request::SigningRequest,
    serial::Serial,
    subject::Subject,
};

use super::{CertificateArgs, KeyType, layout};
use crate::{module::os_error, prelude::*};

impl From<KeyType> for KeyKind {
    fn from(kind: KeyType) -> Self {
        match kind {
            KeyType::P256 => Self::P256,
            KeyType::P384 => Self::P384,
            KeyType::Rsa3072 => Self::Rsa(3072),
            KeyType::Rsa4096 => Self::Rsa(4096),
        }
    }
}

/// Returns `request` in PEM. The key waits in the release of `_serial`.
pub(super) fn run(args: &CertificateArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    let serial = serial(args)?;
    let files = layout::files(args, ctx)?;
    layout::prepare(args)?;
    let made = || -> pki::Result<String> {
        let key = PrivateKey::generate(args.key_type.into(), &mut SystemRandom)?;
        let request = SigningRequest::build(&Subject::default(), None, &key)?.to_pem()?;
        release::begin(&files, &serial, &key)?;
        Ok(request)
    };
    let request = made().map_err(|error| Failure::new(error.to_string()))?;
    Ok(Outcome::changed(true).with("request", request))
}

/// Takes the key of `_serial` away.
pub(super) fn discard(args: &CertificateArgs) -> Result<Outcome, Failure> {
    let name = serial(args)?.to_string();
    layout::discard(args, &name).map_err(|error| Failure::new(os_error(&error, Some(&name))))?;
    Ok(Outcome::changed(true))
}

fn serial(args: &CertificateArgs) -> Result<Serial, Failure> {
    Serial::parse(args._serial.as_deref().unwrap_or_default()).map_err(|error| Failure::new(error.to_string()))
}
