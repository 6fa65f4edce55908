//! A throw-away chain for a rehearsal: root, intermediate and both lists at once, without a ceremony.

use pki::{
    Result,
    authority::Authority,
    clock::Clock,
    crl::Issuing,
    issue::Terms,
    key::{KeyKind, PrivateKey},
    profile::{Intermediate, Root},
    random::SystemRandom,
    request::SigningRequest,
    serial::Serial,
    store::{Files, ROOT, Settings, Store},
    validity::Validity,
};
use serde_json::{Value, json};

use super::{crl, seal::Sealing};

/// The name of a rehearsal's first intermediate.
const NAME: &str = "services-1";

/// Makes it; what to say of it.
pub(super) fn chain<F: Files, C: Clock>(store: &mut Store<F, C>, sealing: &Sealing) -> Result<(String, Value)> {
    let now = store.now()?;
    let settings: Settings = store.index().settings().cloned().ok_or_else(|| {
        pki::Error::input("store", "its settings were never decided", "make the store with `provision pki init`")
    })?;
    let terms = |days| {
        Ok::<_, pki::Error>(Terms {
            serial: Serial::generate(&mut SystemRandom)?,
            validity: Validity::starting(now, days)?,
        })
    };
    let organization = &settings.organization;
    let root_key = PrivateKey::generate(KeyKind::P384, &mut SystemRandom)?;
    let root = Root { subject: settings.subject(&format!("{organization} Rehearsal Root CA")) }
        .draft(root_key.public_key(), &terms(Root::DAYS)?)?
        .sign(&root_key)?;
    store.trust_root(&root)?;
    let root = Authority::new(root)?;

    let key = PrivateKey::generate(KeyKind::P384, &mut SystemRandom)?;
    let subject = settings.subject(&common_name(&settings, 1));
    let request = SigningRequest::build(&subject, None, &key)?;
    let certificate =
        Intermediate { subject, constraints: settings.constraints()?, published: settings.published(ROOT)? }
            .draft(&root, request.public_key(), &terms(Intermediate::DAYS)?)?
            .sign(&root_key)?;
    let list = crl::publish(store, &root, Issuing::Root, &root_key)?;
    store.keep_root_key(sealing.seal(root_key)?.file())?;
    let intermediate = Authority::new(certificate.clone())?;
    // Its first list comes first, for the key is used up when it is sealed.
    let below = crl::publish(store, &intermediate, Issuing::Intermediate, &key)?;
    store.keep_key(NAME, sealing.seal(key)?.file(), &request)?;
    store.install(NAME, &certificate)?;
    let text = format!(
        "root: {} (sha256 {})\nintermediate: {NAME}, {}\nlists: {} {}, {} {}\nall of it is for rehearsal: trust it nowhere",
        root.certificate().label(),
        root.certificate().fingerprint(),
        certificate.label(),
        list.label(),
        list.number()?,
        below.label(),
        below.number()?,
    );
    let json = json!({
        "root": {"serial": root.certificate().serial()?.to_string(), "sha256": root.certificate().fingerprint()},
        "intermediate": {"name": NAME, "serial": certificate.serial()?.to_string(), "sha256": certificate.fingerprint()},
    });
    Ok((text, json))
}

/// The common name of an intermediate of that generation.
pub(super) fn common_name(settings: &Settings, generation: usize) -> String {
    format!("{} Services CA {generation}", settings.organization)
}
