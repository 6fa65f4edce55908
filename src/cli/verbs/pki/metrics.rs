//! Metrics for node-exporter's textfile collector.

use std::fmt::Write;

use pki::{
    overview::{Certificate, Overview},
    store::Holder,
};

/// Metrics in Prometheus' text format (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
pub(super) fn of(overview: &Overview) -> String {
    let mut out = String::new();
    let tiers = [("root", &overview.roots), ("intermediate", &overview.intermediates), ("service", &overview.services)];
    let mut gauge = |name: &str, help: &str, samples: Vec<(String, u64)>| gauge(&mut out, name, help, samples);
    let each = |value: fn(&Certificate) -> Option<u64>| -> Vec<(String, u64)> {
        let lines = tiers.iter().flat_map(|(tier, lines)| lines.iter().map(move |line| (*tier, line)));
        lines.filter_map(|(tier, line)| Some((labels(tier, line), value(line)?))).collect()
    };
    gauge(
        "provision_pki_not_before_seconds",
        "When the certificate begins to hold, in seconds since 1970.",
        each(|line| Some(line.unix.not_before)),
    );
    gauge(
        "provision_pki_not_after_seconds",
        "When the certificate expires, in seconds since 1970.",
        each(|line| Some(line.unix.not_after)),
    );
    gauge(
        "provision_pki_renew_due_seconds",
        "When the certificate is to be renewed, in seconds since 1970.",
        each(|line| Some(line.unix.renew_due)),
    );
    gauge(
        "provision_pki_due",
        "1 where the certificate is due, for whatever reason.",
        each(|line| Some(u64::from(!line.due.is_empty()))),
    );
    gauge(
        "provision_pki_renewals_failed",
        "Renewals that failed since the last success.",
        each(|line| Some(u64::from(line.failed_renewals.unwrap_or(0)))),
    );
    gauge(
        "provision_pki_last_renew_success_seconds",
        "When a renewal last went through to the end, in seconds since 1970.",
        each(|line| line.unix.last_renewal),
    );
    gauge(
        "provision_pki_crl_next_update_seconds",
        "When the list expires, in seconds since 1970; 0 where there is none.",
        overview
            .lists
            .iter()
            .map(|list| (format!("{{name=\"{}\"}}", escaped(&list.name)), list.unix.unwrap_or(0)))
            .collect(),
    );
    gauge(
        "provision_pki_orphans",
        "Serial numbers that were announced and not settled, to be revoked.",
        vec![(String::new(), overview.orphans.len() as u64)],
    );
    out
}

fn labels(tier: &str, line: &Certificate) -> String {
    let service = line.service.as_deref().map(|service| ("service", service));
    let host = line.host.as_deref().map(|host| ("host", host));
    labelled([Some(("tier", tier)), Some(("name", line.name.as_str())), service, host].into_iter().flatten())
}

/// What the services present, as a renewal saw it: 1 where it is the certificate that they should.
pub(super) fn served(seen: &[(Holder, bool)]) -> String {
    let samples = seen.iter().map(|(holder, matches)| {
        let name = holder.to_string();
        let host = holder.host().map(|host| ("host", host));
        let labels = [Some(("name", name.as_str())), Some(("service", holder.service())), host];
        (labelled(labels.into_iter().flatten()), u64::from(*matches))
    });
    let mut out = String::new();
    let help = "1 where the service presented the certificate that it should, when it was last looked at.";
    gauge(&mut out, "provision_pki_served_matches", help, samples.collect());
    out
}

fn gauge(out: &mut String, name: &str, help: &str, samples: Vec<(String, u64)>) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
    for (labels, value) in samples {
        let _ = writeln!(out, "{name}{labels} {value}");
    }
}

fn labelled<'a>(labels: impl Iterator<Item = (&'static str, &'a str)>) -> String {
    let labels: Vec<_> = labels.map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", labels.join(","))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
