//! `provision pki trust deploy`.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use clap::Args;
use pki::{Error, certificate::Certificate};
use protocol::Data;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::holding;
use crate::{
    callback::Callback,
    cli::{
        Result,
        arguments::{Hosts, PlaybookDir},
        exit,
        options::RunOptions,
        start,
        terminal::Terminal,
        verbs::pki::{
            Verb, crl,
            form::{self, Done, Form, Format},
            place::Place,
        },
    },
    event::{Event, Status},
};

/// The variable of hosts that says where they want it.
const VARIABLE: &str = "pki_trust";
/// The name of the playbook that is made here.
const PLAYBOOK: &str = "<pki trust deploy>";
/// The file that says for what the service was reloaded.
const RELOADED: &str = ".reloaded";
/// The exit code where a host could not take it, or could not be reached.
const NOT_EVERYWHERE: u8 = 7;

/// Put the trusted roots and the revocation lists on hosts
///
/// A host that wants them has `pki_trust` in the inventory: `directory`, and as it likes `owner`, `group`, `mode` and `reload`, a
/// command for when something changed. There, `roots.pem` and `lists.crl` are replaced in one step each. Nothing is shipped
/// where a list is missing or expired: who checks lists would refuse every client. One host after the other; the first that fails
/// ends it, one that cannot be reached does not (exit code 7 for both).
///
/// Example: provision pki trust deploy -i inventory
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// So many hosts at the same time; the next are begun when all of them went well
    #[arg(long = "serial", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    serial: u32,
    #[command(flatten)]
    directory: PlaybookDir,
    #[command(flatten)]
    hosts: Hosts,
}

/// What came of a host.
#[derive(Debug, Default)]
struct Host {
    changed: bool,
    /// Why it does not have it.
    problem: Option<String>,
}

type Report = Arc<Mutex<BTreeMap<String, Host>>>;

/// Hears the run.
struct Collector(Report);

impl Callback for Collector {
    fn event(&mut self, event: &Event) {
        let Event::Result(result) = event else { return };
        let problem = match result.status {
            Status::Skipped => return,
            Status::Ok => None,
            Status::Failed { .. } | Status::Unreachable { .. } => {
                Some(result.values.get("msg").and_then(Data::as_str).unwrap_or("it failed").to_owned())
            }
        };
        let mut report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let host = report.entry(result.host.to_string()).or_default();
        host.changed |= result.changed;
        host.problem = host.problem.take().or(problem);
    }
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let (view, now) = self.place.look(terminal)?;
        let roots = holding(&view, now)?.iter().map(Certificate::to_pem).collect::<pki::Result<String>>()?;
        let lists = crl::bundle(&view, now)?;
        let mut config = terminal.configure()?;
        crate::cli::options::put_verbosity(&self.hosts.verbosity, &mut config);
        crate::cli::options::put_playbook_dir(&self.directory, &mut config);
        let run = RunOptions::new(&self.hosts, config, !self.hosts.list_hosts.list_hosts, terminal)?;
        if run.list_hosts {
            return Ok(form::hosts(start::hosts(&run, terminal)?));
        }
        let report = Report::default();
        let collector = Collector(Arc::clone(&report));
        let text = self.playbook(&roots, &lists);
        let known = start::written(run, Path::new(PLAYBOOK), &text, Box::new(collector), terminal)?;
        let report = std::mem::take(&mut *report.lock().unwrap_or_else(PoisonError::into_inner));
        if report.is_empty() {
            return Err(Error::input(
                "inventory",
                format!("no host wants it: {VARIABLE} is set for none"),
                format!("set {VARIABLE}, as docs/pki.md shows, and check --limit"),
            )
            .into());
        }
        Ok(done(&report, &known))
    }
}

impl Arguments {
    fn playbook(&self, roots: &str, lists: &str) -> String {
        let state = format!("{}\n", pki::words::of(&Sha256::digest(format!("{roots}{lists}"))).join(" "));
        let file = |name: &str, content: &str| {
            json!({
                "name": name,
                "ansible.builtin.copy": {
                    "content": content,
                    "dest": format!("{{{{ {VARIABLE}.directory }}}}/{name}"),
                    "owner": format!("{{{{ {VARIABLE}.owner | default(omit) }}}}"),
                    "group": format!("{{{{ {VARIABLE}.group | default(omit) }}}}"),
                    "mode": format!("{{{{ {VARIABLE}.mode | default('0644') }}}}"),
                },
            })
        };
        let tasks = json!([
            {
                "name": "the folder",
                "ansible.builtin.file": {
                    "path": format!("{{{{ {VARIABLE}.directory }}}}"), "state": "directory", "mode": "0755",
                },
            },
            with(file("roots.pem", roots), "register", "pki_trust_roots".into()),
            with(file("lists.crl", lists), "register", "pki_trust_lists".into()),
            with(with(file(RELOADED, &state), "register", "pki_trust_reloaded".into()), "check_mode", true.into()),
            {
                "when": "pki_trust_roots is changed or pki_trust_lists is changed or pki_trust_reloaded is changed",
                "block": [
                    // Not before the reload went well is it noted: one that failed is tried again by the next run.
                    {"name": "forget", "ansible.builtin.file": {
                        "path": format!("{{{{ {VARIABLE}.directory }}}}/{RELOADED}"), "state": "absent",
                    }},
                    {
                        "name": "reload",
                        "ansible.builtin.command": {"cmd": format!("{{{{ {VARIABLE}.reload }}}}")},
                        "when": format!("{VARIABLE}.reload is defined"),
                    },
                    file(RELOADED, &state),
                ],
            },
        ]);
        json!([{
            "name": "Deploy the trusted roots and the revocation lists",
            "hosts": "all",
            "gather_facts": false,
            "serial": self.serial,
            "max_fail_percentage": 0,
            "tasks": [{"block": tasks, "when": format!("{VARIABLE} is defined"), "ignore_unreachable": true}],
        }])
        .to_string()
    }
}

fn with(mut task: Value, key: &str, value: Value) -> Value {
    if let Some(object) = task.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
    task
}

fn done(report: &BTreeMap<String, Host>, known: &[String]) -> Done {
    let line = |(name, host): (&String, &Host)| match &host.problem {
        Some(problem) => format!("{name}: FAILED: {problem}"),
        None => format!("{name}: {}", if host.changed { "put in place" } else { "as it should be" }),
    };
    let failed = report.values().any(|host| host.problem.is_some());
    let not_tried: Vec<_> = known.iter().filter(|name| failed && !report.contains_key(*name)).collect();
    let mut lines: Vec<_> = report.iter().map(line).collect();
    if !not_tried.is_empty() {
        let names: Vec<_> = not_tried.iter().map(|name| name.as_str()).collect();
        lines.push(format!("not tried after the failure, or not wanted there: {}", names.join(", ")));
    }
    let hosts: Vec<_> = report
        .iter()
        .map(|(name, host)| json!({"host": name, "changed": host.changed, "problem": host.problem}))
        .collect();
    let mut done = Done::well(lines.join("\n"), json!({"hosts": hosts, "not_tried": not_tried}));
    done.code = if failed { NOT_EVERYWHERE } else { exit::OK };
    done
}
