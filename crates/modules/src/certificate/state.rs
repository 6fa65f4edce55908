//! What is there: the pair in use, and what is served.

use pki::{certificate::Certificate, describe, release};
use protocol::{Data, Map};

use super::{CertificateArgs, layout, service::Service};
use crate::prelude::*;

/// Returns `current` (`release`, `chain` in PEM, `key_sha256`) or why there is none that can be used in `broken`, `served`
/// (`sha256`) or why nothing was seen in `unserved`, and `unfinished` where a renewal was interrupted.
pub(super) fn run(args: &CertificateArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    let files = layout::files(args, ctx)?;
    let mut outcome = Outcome::changed(false);
    let current = release::current(&files).map_err(|error| Failure::new(error.to_string()))?;
    let mut fingerprint = None;
    let exposed = current.as_deref().and_then(|name| layout::exposed(args, name));
    match current.map(|name| release::read(&files, &name)) {
        None => {}
        Some(Ok(_)) if exposed.is_some() => outcome.set("broken", exposed.unwrap_or_default()),
        Some(Ok(release)) => {
            fingerprint = release.chain.first().map(Certificate::fingerprint);
            let chain = release.chain.iter().map(Certificate::to_pem).collect::<pki::Result<String>>();
            let chain = chain.map_err(|error| Failure::new(error.to_string()))?;
            let names = release.chain.first().map(describe::certificate).transpose();
            let names = names.map_err(|error| Failure::new(error.to_string()))?.map(|said| said.names);
            outcome.set(
                "current",
                Data::Map(Map::from([
                    ("release".to_owned(), Data::from(release.name)),
                    ("chain".to_owned(), Data::from(chain)),
                    ("key_sha256".to_owned(), Data::from(release.key)),
                    ("names".to_owned(), Data::List(names.unwrap_or_default().into_iter().map(Data::from).collect())),
                ])),
            );
        }
        Some(Err(error)) => outcome.set("broken", error.to_string()),
    }
    if layout::unfinished(&files).map_err(|error| Failure::new(error.to_string()))?.is_some() {
        outcome.set("unfinished", true);
    }
    if let Some(service) = Service::listening(args)? {
        match service.served(ctx) {
            Ok(sha256) => {
                outcome.set("matches", fingerprint.as_ref() == Some(&sha256));
                outcome.set("served", sha256);
            }
            Err(error) => outcome.set("unserved", error),
        }
    }
    Ok(outcome)
}
