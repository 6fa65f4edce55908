//! `provision pki revoke`.

use clap::Args;
use pki::{
    Error, Result as PkiResult,
    crl::Reason,
    serial::Serial,
    store::{Holder, Index, Issued, State, Tier},
};
use serde_json::json;

use super::{
    Verb,
    form::{Done, Form, Format},
    place::Place,
};
use crate::cli::{Result, terminal::Terminal};

/// Servers that refuse what is on a list, and what they want: both lists, of root and intermediate.
const CHECK: [(&str, &str); 2] = [("nginx", "ssl_crl"), ("postgresql", "ssl_crl_file")];
/// Servers that check lists where their own code does it, and what that takes. gunicorn has had the hook since version 21.
const CHECK_IF_TOLD: [(&str, &str); 1] = [("gunicorn", "an ssl_context hook that sets VERIFY_CRL_CHECK_CHAIN")];
/// Servers that know no lists; a service is one of them if its name has one of these in it. All but Redis are programs in Go,
/// whose TLS reads none.
const IGNORE: [&str; 9] = [
    "redis",
    "prometheus",
    "alertmanager",
    "grafana",
    "node_exporter",
    "blackbox_exporter",
    "postgres_exporter",
    "redis_exporter",
    "registry",
];

/// Revoke a certificate: the next list of its issuer carries it
///
/// Who presents it is refused only by servers that check lists (nginx, PostgreSQL, and gunicorn where a hook tells it to), once
/// they have the new list. Redis 7.0, and programs in Go such as Prometheus and Grafana, check none: there revoking means
/// issuing anew and changing what is trusted. The answer says so, for that service first.
///
/// Example: provision pki revoke nginx@web1.example.org --reason keyCompromise
///
/// Example: provision pki revoke 4b1d6a --reason superseded
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// Why, by RFC 5280's names: unspecified, keyCompromise, cACompromise, affiliationChanged, superseded,
    /// cessationOfOperation, privilegeWithdrawn
    #[arg(long = "reason", value_name = "REASON")]
    reason: String,
    /// A serial number, SERVICE or SERVICE@HOST (its newest certificate), or an intermediate's name
    #[arg(value_name = "SERIAL|NAME")]
    name: String,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let reason = Reason::parse(&self.reason)?;
        let mut store = self.place.open("revoke", terminal)?;
        let (serial, issued) = {
            let serial = find(store.index(), &self.name)?;
            let issued = store.index().get(&serial).cloned();
            (serial, issued.ok_or_else(|| unknown(&self.name))?)
        };
        if issued.tier == Tier::Root {
            return Err(Error::refused(pki::Finding::new(
                issued.label,
                "root",
                "a root cannot be revoked: nobody stands above it",
                "RFC 5280 section 6.1",
                "take it out of every trust bundle",
            ))
            .into());
        }
        let before = matches!(issued.state, State::Revoked { .. });
        store.revoke(&serial, reason)?;
        let what = called(&issued);
        let mut lines = vec![if before {
            format!("{what}: {serial} was revoked before; the first revocation holds")
        } else {
            format!("{what}: {serial} revoked ({})", reason.name())
        }];
        let below = store.index().iter().filter(|(_, one)| one.tier == Tier::Service && one.issuer == issued.label);
        let due = if issued.tier == Tier::Intermediate { below.count() } else { 0 };
        if issued.tier == Tier::Intermediate {
            lines.push("next: have the root's list signed in a ceremony, then `provision pki crl install`".to_owned());
            lines
                .push(format!("      {due} certificates below it are due at once: install another intermediate first"));
        } else {
            lines.push(
                "next: `provision pki crl build`, and ship the bundle of `provision pki crl show --bundle`".to_owned(),
            );
        }
        let service = issued.holder.as_ref().map(Holder::service).unwrap_or_default();
        let end = issued.validity.not_after();
        if CHECK.iter().any(|(name, _)| service.contains(name)) || service.is_empty() || !ignores(service) {
            let shown: Vec<_> = CHECK.iter().map(|(name, directive)| format!("{name} ({directive})")).collect();
            lines.push(format!(
                "checked by: {}, once they have the new lists of root and intermediate",
                shown.join(", ")
            ));
            for (name, what) in CHECK_IF_TOLD {
                lines.push(format!("checked by {name} only with {what}"));
            }
        }
        lines.push(format!(
            "not checked by: {} and other programs in Go; they take it until {end}: issue anew, and where the key is lost \
             change what they trust",
            IGNORE.join(", ")
        ));
        if ignores(service) {
            lines.push(format!("{service} is one of those that check no list"));
        }
        let json = json!({
            "serial": serial.to_string(), "name": what, "reason": reason.name(), "already": before,
            "not_after": end.to_string(), "due": due, "lists_checked_by": CHECK.map(|(name, _)| name),
            "lists_checked_if_told_by": CHECK_IF_TOLD.map(|(name, _)| name), "lists_not_checked_by": IGNORE,
        });
        Ok(Done::well(lines.join("\n"), json))
    }
}

fn ignores(service: &str) -> bool {
    IGNORE.iter().any(|name| service.contains(name))
}

/// The serial number that a person means: a holder's newest certificate, an intermediate's, or the number itself.
pub(super) fn find(index: &Index, name: &str) -> PkiResult<Serial> {
    if let Some(serial) = Holder::parse(name).ok().and_then(|holder| index.held_by(&holder)) {
        return Ok(serial.clone());
    }
    if let Some(one) = index.intermediate(name) {
        return one.serial.clone().ok_or_else(|| {
            Error::input(format!("intermediate {name:?}"), "it has no certificate yet", "there is nothing to be done")
        });
    }
    let of_service: Vec<_> = index.holders().filter(|(holder, _)| holder.service() == name).collect();
    match of_service.as_slice() {
        [(_, serial)] => return Ok((*serial).clone()),
        [] => {}
        several => {
            let names: Vec<_> = several.iter().map(|(holder, _)| holder.to_string()).collect();
            let problem = format!("{} hosts have one", several.len());
            return Err(Error::input(
                format!("service {name:?}"),
                problem,
                format!("take one of {}", names.join(", ")),
            ));
        }
    }
    match Serial::parse(name) {
        Ok(serial) if index.get(&serial).is_some() => Ok(serial),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Error {
    Error::input(
        format!("{name:?}"),
        "no certificate of that name or number is in this store",
        "look at `provision pki status`",
    )
}

/// What a certificate is called: its holder, else its label.
pub(super) fn called(issued: &Issued) -> String {
    issued.holder.as_ref().map_or_else(|| issued.label.clone(), ToString::to_string)
}
