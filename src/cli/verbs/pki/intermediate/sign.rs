//! `provision pki intermediate sign`: what a ceremony does, for rehearsals alone.

use clap::Args;
use pki::{
    Error,
    issue::Terms,
    profile::Intermediate,
    random::SystemRandom,
    seal::SealedKey,
    serial::Serial,
    store::{Kind, ROOT},
    validity::Validity,
};
use serde_json::json;

use super::super::{
    Verb, crl,
    form::{Done, Form, Format},
    place::Place,
    unseal::{self, Unseal},
};
use crate::cli::{Result, terminal::Terminal};

/// In a store for rehearsals: sign a request that waits with the store's own throw-away root, and install the certificate
///
/// So that a rollover can be tried from end to end without a ceremony. A store for production has no root's key and refuses.
///
/// Example: provision pki intermediate sign services-2 --identity identity
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    unseal: Unseal,
    /// The intermediate's name in this store
    #[arg(value_name = "NAME")]
    name: String,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let mut store = self.place.open("intermediate sign", terminal)?;
        if store.index().kind() != Some(Kind::Rehearsal) {
            return crate::issuer::on_record(
                &mut store,
                Err(crl::root_is_offline("have it signed in a ceremony, then `provision pki intermediate install`")),
            )
            .map_err(Into::into);
        }
        let settings = store.index().settings().cloned().ok_or_else(|| {
            Error::input("store", "its settings were never decided", "make the store with `provision pki init`")
        })?;
        let request = store.reader().request(&self.name)?;
        let (root, _, file) = crl::signing(&store.reader(), ROOT)?;
        let terms = Terms {
            serial: Serial::generate(&mut SystemRandom)?,
            validity: Validity::starting(store.now()?, Intermediate::DAYS)?,
        };
        let draft = Intermediate {
            subject: settings.subject(&pki::subject::shown(request.subject())),
            constraints: settings.constraints()?,
            published: settings.published(ROOT)?,
        }
        .draft(&root, request.public_key(), &terms)?;
        let closed = unseal::close_memory(terminal)?;
        let sealed = SealedKey::new(file, root.key().clone());
        let opener = self.unseal.opener(&sealed, ROOT, terminal, &closed)?;
        let certificate = sealed.with(&opener.unlock(), |key| draft.sign(&key))?;
        let installed = store.install(&self.name, &certificate);
        crate::issuer::on_record(&mut store, installed)?;
        // What it issued means something only with a list.
        let (authority, issuing, file) = crl::signing(&store.reader(), &self.name)?;
        let sealed = SealedKey::new(file, authority.key().clone());
        let opener = self.unseal.opener(&sealed, &self.name, terminal, &closed)?;
        let list = sealed.with(&opener.unlock(), |key| crl::publish(&mut store, &authority, issuing, &key))?;
        Ok(Done::well(
            format!(
                "{}: {} signed by the throw-away root and installed, with list {}; it issues from now on",
                self.name,
                authority.certificate().label(),
                list.number()?
            ),
            json!({
                "name": self.name, "serial": certificate.serial()?.to_string(), "sha256": certificate.fingerprint(),
                "not_after": certificate.validity().not_after().to_string(),
            }),
        ))
    }
}
