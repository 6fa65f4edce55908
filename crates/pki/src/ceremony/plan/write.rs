//! From a plan to YAML: one spelling, in an order in which it can be read aloud.

use std::fmt::Write;

use super::{Numbers, Plan, Task};
use crate::{ceremony::custody::Custody, store::Kind};

pub(super) fn plan(plan: &Plan) -> String {
    let mut text = String::from(
        "# Plan of a key ceremony. Print it with its hash; bring it, and the files that it names by their hashes, to the\n\
         # offline machine: `provision pki ceremony run plan.yaml`. Any change asks for a new plan.\n",
    );
    let mut out = Out(&mut text);
    out.line(0, "ceremony", plan.task.name());
    out.line(0, "kind", if plan.kind == Kind::Production { "production" } else { "rehearsal" });
    out.line(0, "title", &plan.title);
    out.line(0, "at", &plan.at.to_string());
    out.line(0, "previous", &plan.previous);
    out.open("tool");
    out.line(1, "version", &plan.tool.version);
    out.line(1, "sha256", &plan.tool.sha256);
    if !plan.roles.is_empty() {
        out.open("roles");
        for role in &plan.roles {
            out.item(1, "role", &role.role);
            out.line(2, "name", &role.name);
        }
    }
    if !plan.witnesses.is_empty() {
        out.open("witnesses");
        for witness in &plan.witnesses {
            out.item(1, "name", &witness.name);
            out.line(2, "key", &witness.key.to_string());
        }
    }
    out.open("profile");
    out.line(1, "organization", &plan.settings.organization);
    if let Some(country) = &plan.settings.country {
        out.line(1, "country", country);
    }
    out.line(1, "url", &plan.settings.url);
    out.list("dns", &plan.settings.dns);
    out.list("ip", &plan.settings.ip);
    out.line(1, "sha256", &plan.profile_sha256());
    task(&mut out, &plan.task);
    if let Some(custody) = plan.custody() {
        self::custody(&mut out, custody);
    }
    if let Some(bytes) = plan.to_be_signed() {
        out.line(0, "to_be_signed", bytes);
    }
    text
}

fn task(out: &mut Out<'_>, task: &Task) {
    match task {
        Task::Root { common_name, numbers, .. } => certificate(out, Some(common_name), numbers),
        Task::Intermediate { root, request, common_name, numbers, .. } => {
            out.line(0, "root", root);
            out.line(0, "request", request);
            certificate(out, Some(common_name), numbers);
        }
        Task::CrossSign { root, other, numbers, .. } => {
            out.line(0, "root", root);
            out.line(0, "new_root", other);
            certificate(out, None, numbers);
        }
        Task::List { root, last, number, this_update, revoked, .. } => {
            out.line(0, "root", root);
            if let Some(last) = last {
                out.line(0, "last_list", last);
            }
            out.open("list");
            out.line(1, "number", &number.to_string());
            out.line(1, "this_update", &this_update.to_string());
            if !revoked.is_empty() {
                let _ = writeln!(out.0, "  revoked:");
            }
            for entry in revoked {
                out.item(2, "serial", &entry.serial.to_string());
                out.line(3, "since", &entry.revoked.to_string());
                out.line(3, "reason", entry.reason.name());
            }
        }
        Task::Rekey { root, .. } => out.line(0, "root", root),
    }
}

fn certificate(out: &mut Out<'_>, common_name: Option<&str>, numbers: &Numbers) {
    out.open("certificate");
    if let Some(common_name) = common_name {
        out.line(1, "common_name", common_name);
    }
    out.line(1, "serial", &numbers.serial.to_string());
    out.line(1, "not_before", &numbers.validity.not_before().to_string());
    out.line(1, "not_after", &numbers.validity.not_after().to_string());
}

fn custody(out: &mut Out<'_>, custody: &Custody) {
    out.open("custody");
    out.line(1, "mode", custody.name());
    let texts = |recipients: &[crate::seal::Recipient]| recipients.iter().map(ToString::to_string).collect::<Vec<_>>();
    match custody {
        Custody::Passphrase => {}
        Custody::Recipients(recipients) => out.list("recipients", &texts(recipients)),
        Custody::Shares { threshold, count, custodians } => {
            out.line(1, "threshold", &threshold.to_string());
            out.line(1, "shares", &count.to_string());
            out.list("custodians", &texts(custodians));
        }
    }
}

/// Lines of YAML; every value is quoted, so that none is read as anything but text.
struct Out<'a>(&'a mut String);

impl Out<'_> {
    fn line(&mut self, depth: usize, key: &str, value: &str) {
        let _ = writeln!(self.0, "{}{key}: {}", "  ".repeat(depth), quoted(value));
    }

    fn item(&mut self, depth: usize, key: &str, value: &str) {
        let _ = writeln!(self.0, "{}- {key}: {}", "  ".repeat(depth), quoted(value));
    }

    fn open(&mut self, key: &str) {
        let _ = writeln!(self.0, "{key}:");
    }

    fn list(&mut self, key: &str, values: &[String]) {
        if values.is_empty() {
            return;
        }
        let _ = writeln!(self.0, "  {key}:");
        for value in values {
            let _ = writeln!(self.0, "    - {}", quoted(value));
        }
    }
}

/// A JSON string is a double-quoted scalar of YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
