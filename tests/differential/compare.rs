//! Runs both sides of a case and says what differs, command by command.

use crate::case::Case;
use crate::side::{self, Transcript};
use crate::support;
use std::fmt::Write as _;

/// Compares both sides; the error is a report to read.
pub(crate) fn run(case: &Case) -> Result<(), String> {
    let oracle = support::oracle_bin();
    if std::env::var_os("PROVISION_TEST_REFERENCE").is_some() {
        side::reference(case, &oracle);
        return Ok(());
    }
    // The harness proves itself with ansible-core on both sides: then every difference is its own.
    let own = if std::env::var_os("PROVISION_TEST_SELF").is_some() {
        oracle.clone()
    } else {
        support::provision_bin(&support::scratch(&format!("differential/{}/commands", case.name)))
    };
    let (reference, ours) = std::thread::scope(|scope| {
        let reference = scope.spawn(|| side::reference(case, &oracle));
        let ours = side::run(case, 'b', &own);
        (reference.join(), ours)
    });
    let reference = reference.map_err(|_| "the reference's side ended early (see above)".to_owned())?;
    let report = report(case, &reference, &ours);
    if report.is_empty() { Ok(()) } else { Err(report) }
}

fn report(case: &Case, reference: &Transcript, ours: &Transcript) -> String {
    let mut text = String::new();
    for (number, (theirs, own)) in reference.steps.iter().zip(&ours.steps).enumerate() {
        let place = format!("command {} of {}: {}", number + 1, reference.steps.len(), theirs.command);
        let before = text.len();
        if theirs.code != own.code {
            let _ = writeln!(text, "{place}\nexit code: ansible-core {}, provision {}", theirs.code, own.code);
        }
        difference(&mut text, &format!("{place}\nstandard output"), &theirs.stdout, &own.stdout);
        if case.stderr {
            difference(&mut text, &format!("{place}\nstandard error"), &theirs.stderr, &own.stderr);
        }
        if text.len() > before && !case.stderr && !own.stderr.is_empty() {
            let _ = writeln!(text, "provision's standard error:\n{}", own.stderr);
        }
    }
    difference(&mut text, "files in the work folder", &reference.files, &ours.files);
    for (theirs, own) in reference.hosts.iter().zip(&ours.hosts) {
        difference(&mut text, "files on a host", theirs, own);
    }
    text
}

fn difference(text: &mut String, what: &str, reference: &str, ours: &str) {
    if reference != ours {
        let diff = similar::TextDiff::from_lines(reference, ours);
        let unified = diff.unified_diff().context_radius(4).header("ansible-core", "provision").to_string();
        let _ = writeln!(text, "{what} differs:\n{unified}");
    }
}
