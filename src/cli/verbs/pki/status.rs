//! `provision pki status`.

use std::{fmt::Write, path::PathBuf};

use clap::{Args, ValueEnum};
use pki::{
    clock::DAY,
    overview::{self, Certificate, Overview},
};
use serde_json::json;

use super::{
    Verb, files,
    form::{Done, Form},
    init::named,
    metrics,
    place::Place,
    table::table,
};
use crate::cli::{Result, terminal::Terminal};

/// Show roots, intermediates, services and lists, and what is due
///
/// The exit code is 0 whether something is due or not. `--format prometheus --out FILE.prom` writes a textfile for
/// node-exporter in one step.
///
/// Example: provision pki status --due
///
/// Example: provision pki status --format prometheus --out /var/lib/prometheus/node-exporter/pki.prom
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How the answer is printed
    #[arg(long = "format", value_name = "FORM", value_enum, default_value_t)]
    format: StatusForm,
    #[command(flatten)]
    place: Place,
    /// Only what is due
    #[arg(long = "due")]
    due: bool,
    /// Write the answer there, in one step
    #[arg(long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The forms of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum StatusForm {
    /// For a person
    #[default]
    Table,
    /// One JSON object, for other programs (docs/pki.md)
    Json,
    /// Metrics in Prometheus' text format
    Prometheus,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        if self.format == StatusForm::Json { Form::Json } else { Form::Text }
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let (view, now) = self.place.look(terminal)?;
        let mut overview = overview::of(view.index(), now)?;
        if self.due {
            for lines in [&mut overview.roots, &mut overview.intermediates, &mut overview.services] {
                lines.retain(|line| !line.due.is_empty());
            }
            overview.lists.retain(|list| !list.due.is_empty());
        }
        let mut done = Done::well(String::new(), serde_json::Value::Null);
        match self.format {
            StatusForm::Table => {
                let root = self.place.root(terminal);
                let kind = overview.kind.map(named).unwrap_or_default();
                let head = format!("{} ({kind}), log of {} lines, head {}", root.display(), view.lines(), view.head());
                done.text = format!("{head}\n\n{}", text(&overview, now.unix()));
            }
            StatusForm::Json => {
                let mut value = serde_json::to_value(&overview).unwrap_or_default();
                if let Some(object) = value.as_object_mut() {
                    object.insert("head".to_owned(), view.head().into());
                    object.insert("lines".to_owned(), view.lines().into());
                }
                done.json = value;
            }
            StatusForm::Prometheus => done.text = metrics::of(&overview).trim_end().to_owned(),
        }
        if let Some(out) = &self.out {
            let bytes = match self.format {
                StatusForm::Json => format!("{}\n", done.json),
                _ => format!("{}\n", done.text),
            };
            files::replace(out, bytes.as_bytes())?;
            done.text = format!("written: {}", out.display());
            done.json = json!({"written": out});
        }
        Ok(done)
    }
}

fn text(overview: &Overview, now: u64) -> String {
    let mut sections = Vec::new();
    let rows: Vec<_> =
        [("root", &overview.roots), ("intermediate", &overview.intermediates), ("service", &overview.services)]
            .into_iter()
            .flat_map(|(tier, lines)| lines.iter().map(move |line| row(tier, line, now)))
            .collect();
    if !rows.is_empty() {
        sections.push(table(["TIER", "NAME", "NOT AFTER", "LEFT", "RENEW FROM", "STATE"], &rows));
    }
    if !overview.pending.is_empty() {
        let rows: Vec<_> = overview
            .pending
            .iter()
            .map(|one| [one.name.clone(), one.since.clone(), "sign its request in a ceremony, then install".to_owned()])
            .collect();
        sections.push(table(["PENDING", "SINCE", "NEXT"], &rows));
    }
    if !overview.lists.is_empty() {
        let dash = || "-".to_owned();
        let rows: Vec<_> = overview
            .lists
            .iter()
            .map(|list| {
                [
                    list.name.clone(),
                    list.number.map_or_else(dash, |number| number.to_string()),
                    list.next_update.clone().unwrap_or_else(dash),
                    list.renew_due.clone().unwrap_or_else(dash),
                    if list.due.is_empty() { "fresh".to_owned() } else { format!("DUE: {}", list.due.join("; ")) },
                ]
            })
            .collect();
        sections.push(table(["LIST", "NUMBER", "HOLDS UNTIL", "NEXT FROM", "STATE"], &rows));
    }
    if !overview.orphans.is_empty() {
        let rows: Vec<_> =
            overview.orphans.iter().map(|serial| [serial.clone(), "DUE: revoke it".to_owned()]).collect();
        sections.push(table(["ORPHAN (announced, and perhaps signed, before a power loss)", "STATE"], &rows));
    }
    sections.push(match overview.due {
        0 => "nothing is due".to_owned(),
        1 => "1 is due".to_owned(),
        many => format!("{many} are due"),
    });
    sections.join("\n\n")
}

fn row(tier: &str, line: &Certificate, now: u64) -> [String; 6] {
    let left = line.unix.not_after.saturating_sub(now) / DAY;
    let mut state = if line.due.is_empty() { line.state.to_owned() } else { format!("DUE: {}", line.due.join("; ")) };
    if let (Some(failed), Some(next)) = (line.failed_renewals, &line.next_try) {
        let _ = write!(state, " ({failed} failed, next try {next})");
    }
    [tier.to_owned(), line.name.clone(), line.not_after.clone(), format!("{left} d"), line.renew_due.clone(), state]
}
