//! `provision pki lint`.

use clap::Args;
use pki::{Finding, certificate::Certificate, lint};
use serde_json::json;

use super::{
    Verb,
    files::{self, Object},
    form::{self, Done, Form, Format},
};
use crate::cli::{Result, exit::Failure, terminal::Terminal};

/// Find faults in certificates, requests and lists; certificates of one file also beside each other
///
/// Exit code 4 means that there are some; each is named with its rule and cure.
///
/// Example: provision pki lint fullchain.pem
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    /// The files, PEM or DER
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, _: &mut Terminal) -> Result<Done> {
        let (mut findings, mut looked_at) = (Vec::new(), 0);
        for file in &self.files {
            let objects = files::objects(file)?;
            looked_at += objects.len();
            let certificates: Vec<&Certificate> = objects
                .iter()
                .filter_map(|object| match object {
                    Object::Certificate(one) => Some(&**one),
                    _ => None,
                })
                .collect();
            for object in &objects {
                findings.extend(of_object(object, &certificates));
            }
        }
        if findings.is_empty() {
            let text = format!("{looked_at} looked at, no fault found");
            return Ok(Done::well(text, json!({"looked_at": looked_at, "findings": []})));
        }
        let told: Vec<_> = findings.iter().map(form::finding).collect();
        let text = findings.iter().map(|finding| format!("{finding}")).collect::<Vec<_>>().join("\n");
        let code = Failure::from(pki::Error::Failed(findings)).code();
        Ok(Done { text, json: json!({"looked_at": looked_at, "findings": told}), code })
    }
}

fn of_object(object: &Object, beside: &[&Certificate]) -> Vec<Finding> {
    match object {
        Object::Certificate(one) => {
            let mut findings = lint::certificate(one.tbs());
            let issuer = beside.iter().find(|issuer| issuer.subject() == one.issuer() && !one.is_self_issued());
            findings.extend(issuer.into_iter().flat_map(|issuer| lint::pair(issuer, one.tbs())));
            findings
        }
        Object::List(list) => {
            let issuer = beside.iter().find(|issuer| issuer.subject() == list.issuer());
            lint::list(list, issuer.copied())
        }
        Object::Request(request) => {
            let names = request.names(pki::dns::Wildcards::Leftmost).map(drop);
            [request.refuse_authority(), names]
                .into_iter()
                .filter_map(pki::Result::err)
                .flat_map(|error| faults(&error))
                .collect()
        }
    }
}

fn faults(error: &pki::Error) -> Vec<Finding> {
    match error.findings() {
        [] => vec![Finding::new("signing request", "extensionRequest", error.to_string(), "RFC 2986", "make it anew")],
        findings => findings.to_vec(),
    }
}
