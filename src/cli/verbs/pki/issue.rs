//! `provision pki issue`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pki::{
    clock::Moment,
    dns::Wildcards,
    key::{KeyKind, PrivateKey},
    profile::{Role, Service},
    random::SystemRandom,
    request::SigningRequest,
    seal::SealedKey,
    serial::Serial,
    store::{Holder, Index},
    subject::Subject,
};
use serde_json::json;

use super::{
    Verb, files,
    form::{Done, Form, Format},
    place::Place,
    unseal::{self, Unseal},
};
use crate::{
    cli::{Result, terminal::Terminal},
    issuer::order::{Draft, Order},
};

/// Issue a service's certificate
///
/// The names are the operator's: of a request its key is taken, and it may ask for no name beyond --san. The key is made
/// where the service runs and stays there; --key-out makes one here for a service that cannot make its own.
///
/// Example: provision pki issue nginx --host web1.example.org --csr web1.csr --identity /etc/provision/pki-identity
///
/// Example: provision pki issue redis --san redis.example.org --san 10.0.0.7 --role both --key-out redis.key --out redis.pem
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    unseal: Unseal,
    /// The host that the service runs on; without --san its name too
    #[arg(long = "host", value_name = "HOST")]
    host: Option<String>,
    /// A name: a DNS name, an address or a spiffe:// URI; may be repeated
    #[arg(long = "san", value_name = "NAME")]
    names: Vec<String>,
    /// The request with the service's key, PEM or DER; `-` is standard input
    #[arg(long = "csr", value_name = "FILE", required_unless_present = "key_out", conflicts_with = "key_out")]
    csr: Option<String>,
    /// Make a key and write it into this new file (PEM, mode 0600)
    #[arg(long = "key-out", value_name = "FILE")]
    key_out: Option<PathBuf>,
    /// What the service does with it
    #[arg(long = "role", visible_alias = "eku", value_enum, default_value_t = RoleName::Server)]
    role: RoleName,
    /// The kind of key that is made, or accepted
    #[arg(long = "key", value_enum, default_value_t = KeyName::P256)]
    key: KeyName,
    /// How long it holds
    #[arg(long = "days", value_name = "DAYS", default_value_t = Service::DAYS, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// Let a name begin with `*.`
    #[arg(long = "allow-wildcard")]
    wildcard: bool,
    /// The intermediate; else the newest that issues
    #[arg(long = "intermediate", value_name = "NAME")]
    intermediate: Option<String>,
    /// Write certificate and intermediate (PEM) there
    #[arg(long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    /// The service: nginx, postgresql, redis ...
    #[arg(value_name = "SERVICE")]
    service: String,
}

/// The roles by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RoleName {
    /// It answers: serverAuth
    Server,
    /// It calls: clientAuth
    Client,
    /// It does both, as a member of a cluster does
    Both,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Server => Self::Server,
            RoleName::Client => Self::Client,
            RoleName::Both => Self::Both,
        }
    }
}

/// The kinds of keys by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KeyName {
    P256,
    P384,
    Rsa3072,
    Rsa4096,
    /// Of a request only
    Ed25519,
}

impl From<KeyName> for KeyKind {
    fn from(name: KeyName) -> Self {
        match name {
            KeyName::P256 => Self::P256,
            KeyName::P384 => Self::P384,
            KeyName::Rsa3072 => Self::Rsa(3072),
            KeyName::Rsa4096 => Self::Rsa(4096),
            KeyName::Ed25519 => Self::Ed25519,
        }
    }
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        if self.key_out.is_some() && self.key_out == self.out {
            let problem = "--key-out and --out name the same file";
            return Err(pki::Error::input("--out", problem, "give the certificate a file of its own").into());
        }
        let holder = Holder::new(&self.service, self.host.as_deref())?;
        let csr = self.csr.as_deref().map(files::read).transpose()?;
        let mut store = self.place.open("issue", terminal)?;
        // Whatever is refused from here on is on record.
        let drafted = self.draft(store.index(), &store.reader(), csr.as_deref(), store.now()?);
        let (Draft { certificate: draft, authority, intermediate: name }, key) =
            crate::issuer::on_record(&mut store, drafted)?;
        let sealed = SealedKey::new(store.reader().sealed_key(&name)?, authority.key().clone());
        let closed = unseal::close_memory(terminal)?;
        let opener = self.unseal.opener(&sealed, &name, terminal, &closed)?;
        // The service's key is on the disk before the certificate that needs it.
        if let (Some(path), Some(key)) = (&self.key_out, &key) {
            files::create_secret(path, 0o600, key.to_pem()?.as_bytes())?;
        }
        let issued = sealed.with(&opener.unlock(), |ca| store.issue_to(Some(&holder), draft, &ca));
        let certificate = match issued {
            Ok(certificate) => certificate,
            Err(error) => {
                if let Some(path) = &self.key_out {
                    // A key without a certificate is of no use to anybody; that it stays is no harm either.
                    let _ = std::fs::remove_file(path);
                }
                return Err(error.into());
            }
        };
        let (pem, chain) = (certificate.to_pem()?, authority.certificate().to_pem()?);
        if let Some(out) = &self.out {
            files::replace(out, format!("{pem}{chain}").as_bytes())?;
        }
        let due = pki::renewal::due_at(&certificate.validity(), &certificate.fingerprint())?;
        let serial = certificate.serial()?.to_string();
        let names: Vec<_> =
            certificate.names()?.iter().flat_map(|names| names.iter().map(ToString::to_string)).collect();
        let mut text = format!(
            "{holder}: issued by {name}\nnames:   {}\nserial:  {serial}\nsha256:  {}\nvalid:   {} to {}\nrenew:   from {due}",
            names.join(", "),
            certificate.fingerprint(),
            certificate.validity().not_before(),
            certificate.validity().not_after(),
        );
        match &self.out {
            Some(out) => text.push_str(&format!("\nwritten: {}", out.display())),
            None => text.push_str(&format!("\nnext: `provision pki export {holder}` prints it with its chain")),
        }
        let json = json!({
            "holder": holder.to_string(), "intermediate": name, "serial": serial, "sha256": certificate.fingerprint(),
            "names": names, "not_before": certificate.validity().not_before().to_string(),
            "not_after": certificate.validity().not_after().to_string(), "renew_due": due.to_string(),
            "certificate": pem, "chain": chain,
        });
        Ok(Done::well(text, json))
    }
}

type Drafted = (Draft, Option<PrivateKey>);

impl Arguments {
    fn draft<F: pki::store::Files>(
        &self,
        index: &Index,
        reader: &pki::store::Reader<'_, F>,
        csr: Option<&[u8]>,
        now: Moment,
    ) -> pki::Result<Drafted> {
        let names = match (self.names.as_slice(), &self.host) {
            ([], Some(host)) => std::slice::from_ref(host),
            (names, _) => names,
        };
        let order = Order {
            intermediate: self.intermediate.as_deref(),
            names,
            wildcards: if self.wildcard { Wildcards::Leftmost } else { Wildcards::Refused },
            role: self.role.into(),
            key: self.key.into(),
            days: self.days,
        };
        let issuing = order.issuing(index, reader, now)?;
        let (request, key) = match csr {
            Some(bytes) => (read_request(bytes)?, None),
            None => {
                let key = PrivateKey::generate(self.key.into(), &mut SystemRandom)?;
                (SigningRequest::build(&Subject::default(), None, &key)?, Some(key))
            }
        };
        let serial = Serial::generate(&mut SystemRandom)?;
        Ok((order.draft(index, issuing, &request, serial, now)?, key))
    }
}

fn read_request(bytes: &[u8]) -> pki::Result<SigningRequest> {
    match std::str::from_utf8(bytes) {
        Ok(pem) if pem.contains("-----BEGIN ") => SigningRequest::from_pem(pem),
        _ => SigningRequest::from_der(bytes),
    }
}
