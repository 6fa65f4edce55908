//! `provision pki renew`.

mod report;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use clap::Args;
use pki::{
    Error,
    store::{Files as _, Holder, Locking},
};
use serde_json::{Value, json};

use super::{
    Verb, files,
    form::{self, Done, Form, Format},
    metrics,
    place::{self, Place},
    unseal::Unseal,
};
use crate::cli::{
    Failure, Result,
    arguments::{Hosts, PlaybookDir},
    options::RunOptions,
    start,
    terminal::Terminal,
};
use report::{Collector, Report};

/// The variable of hosts that lists their certificates.
const VARIABLE: &str = "pki_certificates";
/// Held by one renewal at a time, beside the store's own lock, which is held for moments only.
const LOCK: &str = "renewal.lock";
/// The name of the playbook that is made here.
const PLAYBOOK: &str = "<pki renew>";

/// Renew the certificates of services on their hosts
///
/// What a host's services need is the list `pki_certificates` of the inventory; each entry is what the action `certificate`
/// takes (`provision doc certificate`). One host after the other: the key is made there, the certificate signed here, both
/// come into use in one step, the service is reloaded, and what it serves is compared. If it does not serve the new one, the
/// old one is put back and no further host is touched (exit code 5). A host that cannot be reached stops nobody (exit code 7).
///
/// Example: provision pki renew --due -i inventory --identity /etc/provision/pki-identity
///
/// Example: provision pki renew nginx@web1.example.org -i inventory --dry-run
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    unseal: Unseal,
    /// Those that are due; one that failed before is waited with, longer each time. This is what happens if nothing is said
    #[arg(long = "due", conflicts_with_all = ["all", "names"])]
    due: bool,
    /// All of them, due or not
    #[arg(long = "all", conflicts_with = "names")]
    all: bool,
    /// Say what would be renewed, and why; change nothing
    #[arg(long = "dry-run")]
    dry_run: bool,
    /// Renew what is named even if it is not due
    #[arg(long = "force")]
    force: bool,
    /// So many hosts at the same time; the next are begun when all of them went well
    #[arg(long = "serial", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    serial: u32,
    /// Write metrics of what the services present there, in one step, for node-exporter
    #[arg(long = "textfile", value_name = "FILE")]
    textfile: Option<PathBuf>,
    #[command(flatten)]
    directory: PlaybookDir,
    #[command(flatten)]
    hosts: Hosts,
    /// A service, or service@host; may be repeated
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        for name in &self.names {
            Holder::parse(name)?;
        }
        let root = self.place.root(terminal);
        // Whether there is a store is said before any host is asked.
        self.place.look(terminal)?;
        let mut config = terminal.configure()?;
        crate::cli::options::put_verbosity(&self.hosts.verbosity, &mut config);
        crate::cli::options::put_playbook_dir(&self.directory, &mut config);
        let mut run = RunOptions::new(&self.hosts, config, !self.hosts.list_hosts.list_hosts, terminal)?;
        if run.list_hosts {
            return Ok(form::hosts(start::hosts(&run, terminal)?));
        }
        let _lock = if self.is_dry() { None } else { Some(lock(&root)?) };
        run.check |= self.dry_run;
        let report = Arc::new(Mutex::new(Report::default()));
        let screen = (self.form() == Form::Text).then(|| terminal.screen(None));
        let collector = Collector::new(Arc::clone(&report), screen, terminal.options.clone());
        let known = start::written(run, Path::new(PLAYBOOK), &self.playbook(&root), Box::new(collector), terminal)?;
        let report = std::mem::take(&mut *report.lock().unwrap_or_else(PoisonError::into_inner));
        if report.is_empty() {
            return Err(self.nothing(&known).into());
        }
        if let Some(path) = &self.textfile {
            files::replace(path, metrics::served(report.served()).as_bytes())?;
        }
        let left: BTreeSet<_> = known.iter().filter(|host| !report.has_seen(host)).cloned().collect();
        let not_tried = if report.has_stopped() { left } else { BTreeSet::new() };
        Ok(report.done(not_tried, self.is_dry()))
    }
}

impl Arguments {
    fn is_dry(&self) -> bool {
        self.dry_run || self.hosts.check.check
    }

    /// The run as a playbook. What the operator's inventory says is data in it, never text.
    fn playbook(&self, root: &Path) -> String {
        let (_, clock) = self.place.given();
        let mut options = json!({"store": root.display().to_string()});
        let mut put = |name: &str, value: Option<Value>| {
            if let (Some(object), Some(value)) = (options.as_object_mut(), value) {
                object.insert(name.to_owned(), value);
            }
        };
        put("identity", self.unseal.identity().map(|path| path.display().to_string().into()));
        put("clock", clock.map(Into::into));
        put("force", (self.all || self.force).then(|| true.into()));
        put("back_off", (!self.all && self.names.is_empty()).then(|| true.into()));
        let play = json!([{
            "name": "Renew certificates",
            "hosts": "all",
            "gather_facts": false,
            "serial": self.serial,
            "max_fail_percentage": 0,
            "vars": {"pki_renew_names": self.names, "pki_renew_options": options},
            "tasks": [{
                "block": [{
                    "name": "Renew",
                    "provision.pki.certificate": null,
                    "args": "{{ item | combine(pki_renew_options) }}",
                    "loop": format!("{{{{ {VARIABLE} | default([]) }}}}"),
                    "loop_control": {
                        "label": "{{ item.service | default('') }}@{{ item.host | default(inventory_hostname) }}",
                        "break_when": ["pki_renew_result.kind | default('') == 'rolled_back' or pki_renew_result is unreachable"],
                    },
                    "when": "pki_renew_names | length == 0 or item.service in pki_renew_names or \
                             item.service ~ '@' ~ (item.host | default(inventory_hostname)) in pki_renew_names",
                    "register": "pki_renew_result",
                    "ignore_unreachable": true,
                }],
                // A host that is set up wrongly is no reason to let the certificates of all others expire; a service that
                // cannot take its new certificate is, for it may be the certificate.
                "rescue": [{
                    "name": "Stop",
                    "ansible.builtin.fail": {"msg": "a service could not take its certificate"},
                    "when": "pki_renew_result.results | default([]) | selectattr('kind', 'defined') | \
                             selectattr('kind', 'equalto', 'rolled_back') | list | length > 0",
                }],
            }],
        }]);
        play.to_string()
    }

    /// Why nothing was looked at.
    fn nothing(&self, hosts: &[String]) -> Error {
        match (hosts, self.names.as_slice()) {
            ([], _) => Error::input("inventory", "no host matches", "check --inventory and --limit"),
            (_, []) => Error::input(
                "inventory",
                format!("no host has certificates: {VARIABLE} is set for none"),
                format!("list them in {VARIABLE}, as docs/pki.md shows"),
            ),
            (_, names) => Error::input(
                names.join(", "),
                "no host has a certificate of that name",
                format!("take the name of a service in {VARIABLE}, or service@host"),
            ),
        }
    }
}

/// Keeps other renewals off.
fn lock(root: &Path) -> Result<pki::store::SystemLock> {
    let files = place::working(root.to_owned(), "renew")?;
    match files.lock(Path::new(LOCK)) {
        Ok(Locking::Ours(lock)) => Ok(lock),
        Ok(Locking::Theirs(holder)) => Err(Error::Locked {
            object: "renewal".to_owned(),
            holder: if holder.is_empty() { "another process".to_owned() } else { holder },
        }
        .into()),
        Err(error) => {
            let object = root.join(LOCK).display().to_string();
            Err(Failure::from(Error::io(object, error, "check who may write into the store")))
        }
    }
}
