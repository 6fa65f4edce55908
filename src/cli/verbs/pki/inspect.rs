//! `provision pki inspect`.

use clap::Args;
use pki::describe::{self, CertificateText, ListText, RequestText};
use serde_json::{Value, json};

use super::{
    Verb,
    files::{self, Object},
    form::{Done, Form, Format},
};
use crate::cli::{Result, terminal::Terminal};

/// Show what certificates, requests and lists say; it says nothing about whether to trust them
///
/// Example: provision pki inspect fullchain.pem
///
/// Example: provision pki inspect root.crl --format json
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    /// The file, PEM or DER; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, _: &mut Terminal) -> Result<Done> {
        let (mut texts, mut values) = (Vec::new(), Vec::new());
        for object in files::objects(&self.file)? {
            let (text, value) = match &object {
                Object::Certificate(one) => {
                    let said = describe::certificate(one)?;
                    (certificate(&said), tagged("certificate", &said))
                }
                Object::Request(one) => {
                    let said = describe::request(one)?;
                    (request(&said), tagged("request", &said))
                }
                Object::List(one) => {
                    let said = describe::list(one)?;
                    (list(&said), tagged("crl", &said))
                }
            };
            texts.push(text);
            values.push(value);
        }
        Ok(Done::well(texts.join("\n\n"), json!({"objects": values})))
    }
}

fn tagged(kind: &str, said: &impl serde::Serialize) -> Value {
    let mut value = serde_json::to_value(said).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert("kind".to_owned(), kind.into());
    }
    value
}

/// One line for each field that says something.
fn lines(title: &str, fields: &[(&str, String)]) -> String {
    let said = fields.iter().filter(|(_, value)| !value.is_empty());
    let lines: Vec<_> = said.map(|(name, value)| format!("  {name:<14}{value}")).collect();
    format!("{title}\n{}", lines.join("\n"))
}

fn certificate(said: &CertificateText) -> String {
    let tier = match (said.authority, said.path_length) {
        (false, _) => "no".to_owned(),
        (true, None) => "yes".to_owned(),
        (true, Some(length)) => format!("yes, {length} authorities below it"),
    };
    lines(
        "certificate",
        &[
            ("subject", said.subject.clone()),
            ("issuer", said.issuer.clone()),
            ("serial", said.serial.clone()),
            ("not before", said.not_before.clone()),
            ("not after", said.not_after.clone()),
            ("names", said.names.join(", ")),
            ("authority", tier),
            ("key", said.key.clone()),
            ("key sha256", said.key_sha256.clone().unwrap_or_default()),
            ("signed with", said.signature_algorithm.clone()),
            ("key usage", said.key_usage.join(", ")),
            ("extended", said.extended_key_usage.join(", ")),
            ("permitted", said.permitted.join(", ")),
            ("excluded", said.excluded.join(", ")),
            ("CRL at", said.crl_distribution_points.join(", ")),
            ("issuer at", said.issuer_certificate.join(", ")),
            ("key id", said.subject_key_identifier.clone().unwrap_or_default()),
            ("issuer's id", said.authority_key_identifier.clone().unwrap_or_default()),
            ("not known", said.unknown_critical.join(", ")),
            ("sha256", said.sha256.clone()),
        ],
    )
}

fn request(said: &RequestText) -> String {
    lines(
        "signing request",
        &[
            ("subject", said.subject.clone()),
            ("names", said.names.join(", ")),
            ("key", said.key.clone()),
            ("key sha256", said.key_sha256.clone()),
            ("sha256", said.sha256.clone()),
        ],
    )
}

fn list(said: &ListText) -> String {
    let mut text = lines(
        "CRL",
        &[
            ("issuer", said.issuer.clone()),
            ("number", said.number.map(|number| number.to_string()).unwrap_or_default()),
            ("made", said.this_update.clone()),
            ("holds until", said.next_update.clone().unwrap_or_default()),
            ("signed with", said.signature_algorithm.clone()),
            ("issuer's id", said.authority_key_identifier.clone().unwrap_or_default()),
            ("revoked", said.revoked.len().to_string()),
            ("sha256", said.sha256.clone()),
        ],
    );
    for entry in &said.revoked {
        text.push_str(&format!("\n    {} since {} ({})", entry.serial, entry.since, entry.reason));
    }
    text
}
