//! `provision pki renew` and the action `certificate`: what is due is renewed on its host and served, what breaks the service is
//! rolled back, and nobody renews twice. The services are small ones of this test, which take a pair when they are told to.

mod support;

use std::{
    fs,
    io::Read,
    net::TcpListener,
    os::unix::fs::{MetadataExt as _, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use rustls::{
    ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::Value;
use support::pki::{Answer, answer};

const NOW: &str = "2026-11-25T19:00:00Z";
const LATER: &str = "2026-11-25T20:00:00Z";

/// A control node with a rehearsal store, and hosts that are folders.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder };
        let made = desk.run(&["identity", "identity", "--format", "json"]);
        let recipient = made.says(0, &[]).json()["recipient"].as_str().unwrap().to_owned();
        desk.run(&[
            "init",
            "pki",
            "--organization",
            "Example",
            "--url",
            "http://pki.example.org/",
            "--dns",
            "example.org",
            "--recipient",
            &recipient,
            "--rehearsal",
            "--chain",
            "--clock",
            NOW,
        ])
        .says(0, &["rehearsal"]);
        desk
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.folder.path());
        if let Some(helper) = support::helper() {
            command.env("PROVISION_HELPER", helper);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        answer(&mut self.command(&[&["pki"], arguments].concat()))
    }

    /// With the clock at that time, the inventory and the identity.
    fn renewing(&self, time: &str, arguments: &[&str]) -> Command {
        self.command(
            &[&["pki", "renew", "-i", "inventory.yml", "--identity", "identity", "--clock", time], arguments].concat(),
        )
    }

    fn renew(&self, time: &str, arguments: &[&str]) -> Answer {
        answer(&mut self.renewing(time, arguments))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// An inventory of local hosts, each with those lines of variables; `{folder}` is this desk's.
    fn inventory(&self, certificates: &str, hosts: &[(&str, String)]) {
        let folder = self.folder.path().display().to_string();
        let mut text = format!(
            "all:\n  vars:\n    ansible_connection: local\n    pki_certificates:\n{certificates}\n  hosts:\n",
            certificates = certificates.replace("{folder}", &folder),
        );
        for (host, variables) in hosts {
            text.push_str(&format!("    {host}: {{{}}}\n", variables.replace("{folder}", &folder)));
        }
        self.write("inventory.yml", &text);
    }

    fn status(&self, time: &str) -> Value {
        self.run(&["status", "--format", "json", "--clock", time]).json()
    }

    fn serial(&self, directory: &str) -> String {
        let link = fs::read_link(self.path(directory).join("current")).unwrap();
        link.file_name().unwrap().to_str().unwrap().to_owned()
    }

    fn releases(&self, directory: &str) -> usize {
        fs::read_dir(self.path(directory).join("releases")).unwrap().count()
    }
}

/// How a service takes a new pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taking {
    /// As it should.
    Well,
    /// Not at all, though it says that it did.
    Never,
    /// Only if its group may read the key.
    GroupReadable,
}

/// A TLS server that reads `current` when somebody writes into its pipe `reload`, and goes on with what it has where it cannot.
struct Service {
    port: u16,
}

fn read_pair(directory: &Path, taking: Taking) -> Option<ServerConfig> {
    let current = directory.join("current");
    if taking == Taking::GroupReadable && fs::metadata(current.join("key.pem")).ok()?.permissions().mode() & 0o040 == 0
    {
        return None;
    }
    let key = PrivateKeyDer::from_pem_file(current.join("key.pem")).ok()?;
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(current.join("fullchain.pem")).ok()?.collect::<Result<_, _>>().ok()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .ok()
}

impl Service {
    /// Starts it on what is in use now.
    fn start(directory: &Path, taking: Taking) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let first = read_pair(directory, Taking::Well).expect("there is a pair");
        let served = Arc::new(Mutex::new(Arc::new(first)));
        let pipe = directory.join("reload");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (directory, reloaded) = (directory.to_owned(), Arc::clone(&served));
        thread::spawn(move || {
            let mut word = String::new();
            while fs::File::open(&pipe).and_then(|mut pipe| pipe.read_to_string(&mut word)).is_ok() {
                if taking != Taking::Never
                    && let Some(config) = read_pair(&directory, taking)
                {
                    *reloaded.lock().unwrap() = Arc::new(config);
                }
            }
        });
        let serving = served;
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let config = Arc::clone(&serving.lock().unwrap());
                let Ok(mut connection) = ServerConnection::new(config) else { continue };
                while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
            }
        });
        Self { port }
    }
}

const WEB: &str = "    - service: web
      names: [\"{{ inventory_hostname }}\", www.example.org]
      directory: \"{folder}/{{ inventory_hostname }}\"
      mode: \"{{ mode | default('0600') }}\"
      server_name: \"{{ name | default('www.example.org') }}\"
      port: \"{{ port | default(omit) }}\"
      reload: \"sh -c 'echo reload > {folder}/{{ inventory_hostname }}/reload'\"
      timeout: \"{{ timeout | default(20) }}\"";

#[test]
fn what_is_due_is_renewed_and_served_and_the_second_run_does_nothing() {
    let desk = Desk::new();
    desk.inventory(WEB, &[("web1.example.org", String::new())]);
    desk.renew(NOW, &["--dry-run"])
        .says(0, &["web@web1.example.org: due: there is none yet", "nothing was changed: 1 due"]);
    assert!(!desk.path("web1.example.org").exists());
    desk.renew(NOW, &[]).says(0, &["web@web1.example.org: renewed: there is none yet", "done: 1 renewed"]);
    let first = desk.serial("web1.example.org");
    let service = Service::start(&desk.path("web1.example.org"), Taking::Well);
    desk.inventory(WEB, &[("web1.example.org", format!("port: {}", service.port))]);
    let kept = desk.renew(NOW, &["--due", "--format", "json"]).json();
    assert_eq!((&kept["kept"], &kept["renewed"]), (&1.into(), &0.into()), "{kept:#}");
    // On day 60 of 90.
    let day_60 = "2027-01-24T19:00:00Z";
    let renewed = desk.renew(day_60, &["--due", "--format", "json"]);
    let renewed = renewed.says(0, &[]).json();
    let one = &renewed["certificates"][0];
    assert_eq!(
        (&one["state"], &one["changed"], &one["previous"]),
        (&"renewed".into(), &true.into(), &first.into()),
        "{one:#}"
    );
    assert_eq!(one["reasons"][0]["reason"], "age");
    assert_eq!(one["serial"], desk.serial("web1.example.org").as_str());
    assert!(one["served"].is_string(), "{one:#}");
    let status = desk.status(day_60);
    assert_eq!(status["services"][0]["serial"], one["serial"]);
    assert_eq!(status["services"][0]["last_renewal"], day_60);
    desk.renew(day_60, &[]).says(0, &["not due", "done: 1 not due"]);
}

#[test]
fn whatever_a_certificate_depends_on_makes_it_due_at_once() {
    let desk = Desk::new();
    desk.inventory(WEB, &[("web1.example.org", String::new()), ("web2.example.org", String::new())]);
    desk.renew(NOW, &[]).says(0, &["done: 2 renewed"]);
    let more = WEB.replace("www.example.org]", "www.example.org, new.example.org]");
    desk.inventory(&more, &[("web1.example.org", String::new())]);
    desk.renew(LATER, &["--dry-run"]).says(0, &["due: its names changed: +new.example.org"]);
    desk.inventory(&format!("{WEB}\n      key_type: p384"), &[("web1.example.org", String::new())]);
    desk.renew(LATER, &["--dry-run"]).says(0, &["due: its key is P-256, not P-384"]);
    desk.inventory(&format!("{WEB}\n      role: both"), &[("web1.example.org", String::new())]);
    desk.renew(LATER, &["--dry-run"]).says(0, &["due: it is not for both"]);
    desk.inventory(WEB, &[("web1.example.org", String::new()), ("web2.example.org", String::new())]);
    desk.run(&["revoke", "web@web1.example.org", "--reason", "keyCompromise", "--clock", LATER]).says(0, &[]);
    desk.renew(LATER, &[]).says(0, &["web@web1.example.org: renewed: it is revoked", "web2.example.org: not due"]);
    let key = desk.path("web1.example.org/current/key.pem");
    fs::write(&key, fs::read(desk.path("web2.example.org/current/key.pem")).unwrap()).unwrap();
    desk.renew(LATER, &[]).says(0, &["renewed: refused: ", "not the certificate of the key"]);
    desk.renew(LATER, &["web@web2.example.org", "--force"])
        .says(0, &["web@web2.example.org: renewed: it is asked for"]);
    desk.renew(LATER, &["mail"]).says(2, &["no host has a certificate of that name"]);
}

#[test]
fn an_intermediate_that_is_revoked_takes_all_its_certificates_with_it() {
    let desk = Desk::new();
    desk.inventory(WEB, &[("web1.example.org", String::new()), ("web2.example.org", String::new())]);
    desk.renew(NOW, &[]).says(0, &["done: 2 renewed"]);
    desk.run(&["revoke", "services-1", "--reason", "keyCompromise", "--clock", LATER]).says(0, &[]);
    // There is no other that could sign: nothing is touched, and it is said before any host is asked for a key.
    desk.renew(LATER, &[]).says(3, &["web1.example.org: FAILED", "none issues", "done: 2 failed"]);
    assert_eq!(desk.releases("web1.example.org"), 1);
}

#[test]
fn a_rollover_to_another_intermediate_is_due_until_it_is_done_and_only_then_the_old_one_is_revoked() {
    let desk = Desk::new();
    desk.inventory(WEB, &[("web1.example.org", String::new())]);
    desk.renew(NOW, &[]).says(0, &["done: 1 renewed"]);
    let identity = fs::read_to_string(desk.path("identity")).unwrap();
    let recipient = identity.split_whitespace().find(|word| word.starts_with("age1")).unwrap();
    desk.run(&["intermediate", "csr", "services-2", "--recipient", recipient, "--clock", LATER]).says(0, &[]);
    desk.run(&["intermediate", "sign", "services-2", "--identity", "identity", "--clock", LATER])
        .says(0, &["signed by the throw-away root and installed, with list 1"]);
    // The old one still issues if it is asked for by name; a certificate that it signed is no reason by itself.
    desk.renew(LATER, &[]).says(0, &["not due"]);
    desk.inventory(&format!("{WEB}\n      intermediate: services-2"), &[("web1.example.org", String::new())]);
    desk.renew(LATER, &["--dry-run"]).says(0, &["due: services-2 is to be its issuer"]);
    desk.renew(LATER, &[]).says(0, &["done: 1 renewed"]);
    desk.renew(LATER, &[]).says(0, &["not due"]);
    desk.run(&["revoke", "services-1", "--reason", "superseded", "--clock", LATER]).says(0, &[]);
    desk.renew(LATER, &[]).says(0, &["not due"]);
}

/// Three hosts that serve; the second breaks with the next certificate.
fn three(taking: Taking) -> (Desk, Vec<Service>) {
    let desk = Desk::new();
    let hosts = ["web1.example.org", "web2.example.org", "web3.example.org"];
    desk.inventory(&WEB.replace("0600", "0640"), &hosts.map(|host| (host, String::new())));
    desk.renew(NOW, &[]).says(0, &["done: 3 renewed"]);
    let services =
        hosts.map(|host| Service::start(&desk.path(host), if host == hosts[1] { taking } else { Taking::Well }));
    (desk, Vec::from(services))
}

/// Renews all three and looks at what is left: the first is renewed, the second as it was, the third untouched.
fn rolls_back(desk: &Desk, services: &[Service], second: &str, words: &[&str]) {
    let hosts = ["web1.example.org", "web2.example.org", "web3.example.org"];
    let before = hosts.map(|host| desk.serial(host));
    let variables = |at: usize| format!("port: {}{}", services[at].port, if at == 1 { second } else { "" });
    desk.inventory(&WEB.replace("0600", "0640"), &[0, 1, 2].map(|at| (hosts[at], variables(at))));
    let answer = desk.renew(LATER, &["--all"]);
    answer.says(5, words).says(
        5,
        &[
            "web@web1.example.org: renewed",
            "web@web2.example.org: FAILED: ",
            "The old certificate is in use again.",
            "done: 1 renewed, 1 failed",
            "not tried after the failure: web3.example.org",
        ],
    );
    let after = hosts.map(|host| desk.serial(host));
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1..], before[1..]);
    // The key that nobody uses is gone.
    assert_eq!([desk.releases(hosts[0]), desk.releases(hosts[1])], [2, 1]);
    let status = desk.status(LATER);
    let of = |host: &str| {
        let name = format!("web@{host}");
        status["services"].as_array().unwrap().iter().find(|one| one["name"] == name.as_str()).unwrap().clone()
    };
    assert_eq!((&of(hosts[1])["serial"], &of(hosts[1])["failed_renewals"]), (&before[1].as_str().into(), &1.into()));
    assert_eq!(of(hosts[0])["failed_renewals"], Value::Null);
}

#[test]
fn a_certificate_that_does_not_speak_for_the_services_name_is_rolled_back() {
    let (desk, services) = three(Taking::Well);
    rolls_back(
        &desk,
        &services,
        ", name: mail.example.org, timeout: 5",
        &["the certificate does not speak for mail.example.org"],
    );
}

#[test]
fn a_service_that_goes_on_with_the_old_certificate_is_seen_and_rolled_back() {
    let (desk, services) = three(Taking::Never);
    rolls_back(&desk, &services, ", timeout: 1", &["still serves another certificate", "after the reload"]);
    // It is left alone for a while, longer each time, unless it is named.
    desk.renew(LATER, &["--due"]).says(0, &["web2.example.org: not due"]);
    desk.run(&["revoke", "web@web2.example.org", "--reason", "superseded", "--clock", LATER]).says(0, &[]);
    desk.renew(LATER, &["--due"]).says(0, &["web@web2.example.org: waits until 2026-11-25T20:15:00Z: it is revoked"]);
    desk.renew("2026-11-25T20:15:01Z", &["--due"]).says(5, &["web@web2.example.org: FAILED"]);
    desk.renew("2026-11-25T20:15:01Z", &["--due"]).says(0, &["waits until 2026-11-25T20:45:01Z"]);
    desk.renew("2026-11-25T20:15:01Z", &["web@web2.example.org"]).says(5, &["web@web2.example.org: FAILED"]);
}

#[test]
fn files_that_the_service_cannot_read_are_rolled_back() {
    let (desk, services) = three(Taking::GroupReadable);
    rolls_back(&desk, &services, ", mode: \"0600\", timeout: 1", &["still serves another certificate"]);
}

#[test]
fn a_check_of_the_services_own_that_fails_comes_before_the_reload() {
    let desk = Desk::new();
    desk.inventory(WEB, &[("web1.example.org", String::new())]);
    desk.renew(NOW, &[]).says(0, &[]);
    let service = Service::start(&desk.path("web1.example.org"), Taking::Well);
    let before = desk.serial("web1.example.org");
    let port = format!("port: {}", service.port);
    for (option, words) in [
        (
            "check: \"sh -c 'echo no good >&2; exit 3'\"",
            "FAILED: check ended with 3. The old certificate is in use again.\n  no good",
        ),
        ("validate: \"grep -q NOTHING %s/cert.pem\"", "FAILED: validate ended with 1"),
    ] {
        desk.inventory(&format!("{WEB}\n      {option}"), &[("web1.example.org", port.clone())]);
        desk.renew(LATER, &["--all"]).says(5, &[words]);
        assert_eq!((desk.serial("web1.example.org"), desk.releases("web1.example.org")), (before.clone(), 1));
    }
}

#[test]
fn a_host_that_cannot_be_reached_stops_nobody() {
    let desk = Desk::new();
    let nowhere =
        "ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1, ansible_ssh_timeout: 5".to_owned();
    desk.inventory(WEB, &[("web1.example.org", nowhere), ("web2.example.org", String::new())]);
    let answer = desk.renew(NOW, &[]);
    answer.says(
        7,
        &["host web1.example.org cannot be reached", "web@web2.example.org: renewed", "done: 1 renewed, 1 failed"],
    );
    assert!(!answer.out.contains("not tried"), "{answer:#?}");
}

/// Waits for a file to be there.
fn await_file(path: &Path, child: &mut Child) {
    while !path.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before {} was there", path.display());
        thread::yield_now();
    }
}

#[test]
fn of_two_renewals_at_once_one_works_and_the_other_is_told_who() {
    let desk = Desk::new();
    desk.inventory(WEB, &[("web1.example.org", String::new())]);
    desk.renew(NOW, &[]).says(0, &[]);
    let service = Service::start(&desk.path("web1.example.org"), Taking::Well);
    let check = format!("{WEB}\n      check: \"sh -c 'touch {{folder}}/begun; cat {{folder}}/go'\"");
    desk.inventory(&check, &[("web1.example.org", format!("port: {}", service.port))]);
    assert!(Command::new("mkfifo").arg(desk.path("go")).status().unwrap().success());
    let mut first = desk.renewing(LATER, &["--all"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    await_file(&desk.path("begun"), &mut first);
    desk.renew(LATER, &["--all"]).says(6, &["renewal: locked by provision pki renew (process ", "wait for it to end"]);
    // Others are not kept from the store meanwhile.
    desk.run(&["crl", "build", "--identity", "identity", "--clock", LATER]).says(0, &[]);
    fs::write(desk.path("go"), "go").unwrap();
    let first = first.wait_with_output().unwrap();
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
}

#[test]
fn in_ninety_days_each_certificate_is_renewed_once_and_a_clock_that_goes_back_is_refused() {
    let desk = Desk::new();
    let hosts = ["web1.example.org", "web2.example.org", "web3.example.org"];
    desk.inventory(WEB, &hosts.map(|host| (host, String::new())));
    desk.renew(NOW, &[]).says(0, &["done: 3 renewed"]);
    let mut renewals = 0;
    let first = pki::clock::Moment::parse(NOW).unwrap();
    for day in 1..=90 {
        let at = first.after(day * pki::clock::DAY).unwrap().to_string();
        let answer = desk.renew(&at, &["--due", "--serial", "3", "--format", "json"]).says(0, &[]).json();
        renewals += answer["renewed"].as_u64().unwrap();
        for one in answer["certificates"].as_array().unwrap() {
            assert!(one["not_after"].as_str().unwrap() > at.as_str(), "day {day}: {one:#}");
        }
    }
    assert_eq!(renewals, 3);
    assert!(hosts.iter().all(|host| desk.releases(host) == 2));
    let back = desk.renew("2026-02-23T19:00:00Z", &["--due"]);
    back.says(3, &["time does not go back", "it says 2026-02-23T19:00:00Z"]);
}

/// A renewal that is killed once its check runs; the new pair is in use then, and nobody has been told of it.
fn interrupted() -> (Desk, String) {
    let desk = Desk::new();
    desk.inventory(WEB, &[("web1.example.org", String::new())]);
    desk.renew(NOW, &[]).says(0, &[]);
    let before = desk.serial("web1.example.org");
    // Without a port nothing is compared, and what was not reloaded could not be seen.
    let check =
        WEB.replace("      reload: ", "      check: \"sh -c 'touch {folder}/begun; cat {folder}/go'\"\n      reload: ");
    desk.inventory(&check, &[("web1.example.org", String::new())]);
    assert!(Command::new("mkfifo").arg(desk.path("go")).status().unwrap().success());
    let mut killed = desk.renewing(LATER, &["--all"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    await_file(&desk.path("begun"), &mut killed);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_ne!(desk.serial("web1.example.org"), before);
    (desk, before)
}

#[test]
fn a_renewal_that_died_before_the_reload_is_finished_by_the_next_one() {
    let (desk, _) = interrupted();
    let reload =
        WEB.replace("sh -c 'echo reload > {folder}/{{ inventory_hostname }}/reload'", "touch {folder}/reloaded");
    desk.inventory(&reload, &[("web1.example.org", String::new())]);
    let why = "an earlier renewal was interrupted before the service took it";
    desk.renew(LATER, &["--due", "--dry-run"]).says(0, &["to be reloaded", why]);
    desk.renew(LATER, &["--due"]).says(0, &["web@web1.example.org: reloaded", why]);
    assert!(desk.path("reloaded").exists());
    assert_eq!(desk.status(LATER)["services"][0]["serial"], desk.serial("web1.example.org").as_str());
    desk.renew(LATER, &["--due"]).says(0, &["not due"]);
}

#[test]
fn a_renewal_that_died_is_rolled_back_where_the_service_does_not_take_it() {
    let (desk, before) = interrupted();
    let bad = WEB.replace(
        "sh -c 'echo reload > {folder}/{{ inventory_hostname }}/reload'",
        "sh -c 'grep -q \\\"$0\\\" /dev/null'",
    );
    desk.inventory(&bad, &[("web1.example.org", String::new())]);
    desk.renew(LATER, &["--due"]).says(5, &["web@web1.example.org: FAILED: reload ended with 1"]);
    assert_eq!(desk.serial("web1.example.org"), before);
    let status = desk.status(LATER);
    assert_eq!(
        (&status["services"][0]["serial"], &status["services"][0]["failed_renewals"]),
        (&before.into(), &1.into())
    );
    desk.renew(LATER, &["--due"]).says(0, &["not due"]);
}

#[test]
fn a_host_that_is_set_up_wrongly_stops_nobody_and_is_on_record() {
    let desk = Desk::new();
    desk.inventory(
        &format!("{WEB}\n      owner: \"{{{{ owner | default(omit) }}}}\""),
        &[("web1.example.org", "owner: nobody-of-that-name".to_owned()), ("web2.example.org", String::new())],
    );
    desk.renew(NOW, &[]).says(7, &["this host has no user nobody-of-that-name", "web@web2.example.org: renewed"]);
    assert!(fs::read_to_string(desk.path("pki/log.jsonl")).unwrap().contains("this host has no user"));
    // A key that is unknown, and a template that fails.
    desk.inventory(
        &format!("{WEB}\n      mood: \"{{{{ mood | default(omit) }}}}\""),
        &[
            ("web1.example.org", "mood: good".to_owned()),
            ("web2.example.org", "mood: \"{{ nothing }}\"".to_owned()),
            ("web3.example.org", String::new()),
        ],
    );
    desk.renew(NOW, &[]).says(2, &["Unsupported parameters", "mood", "web@web3.example.org: renewed"]);
    desk.renew(NOW, &["--list-hosts"]).says(0, &["hosts (3):", "web3.example.org"]);
}

#[test]
fn what_somebody_did_to_the_files_is_seen() {
    let desk = Desk::new();
    desk.inventory(WEB, &[("web1.example.org", String::new())]);
    desk.renew(NOW, &[]).says(0, &[]);
    let current = desk.path("web1.example.org/current");
    fs::remove_file(current.join("pair.pem")).unwrap();
    desk.renew(NOW, &[]).says(0, &["renewed: ", "pair.pem: it is not there"]);
    fs::write(current.join("chain.pem"), fs::read(current.join("cert.pem")).unwrap()).unwrap();
    desk.renew(NOW, &[]).says(0, &["renewed: ", "chain.pem: it is not of the pair"]);
    fs::set_permissions(current.join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    desk.renew(NOW, &[]).says(0, &["renewed: key.pem: others may read or write the key (mode 0644)"]);
    desk.renew(NOW, &[]).says(0, &["not due"]);
    // What others may write into could lead us anywhere.
    let folder = desk.path("web1.example.org");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    desk.renew(NOW, &["--all"]).says(7, &["others may write into it (mode 0777)"]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    desk.write("precious", "of another");
    fs::remove_file(folder.join(".lock")).unwrap();
    std::os::unix::fs::symlink(desk.path("precious"), folder.join(".lock")).unwrap();
    desk.renew(NOW, &["--all"]).says(7, &["could not be locked"]);
    assert_eq!(fs::read_to_string(desk.path("precious")).unwrap(), "of another");
}

#[test]
fn what_a_command_says_is_shown_shortened_and_kept_out_of_the_audit_log() {
    let desk = Desk::new();
    desk.inventory(WEB, &[("web1.example.org", String::new())]);
    desk.renew(NOW, &[]).says(0, &[]);
    let says = "sh -c 'printf hunter2-%05000d-\\\\033 1; exit 1'";
    desk.inventory(&format!("{WEB}\n      check: \"{says}\""), &[("web1.example.org", String::new())]);
    let answer = desk.renew(NOW, &["--all"]);
    answer.says(5, &["FAILED: check ended with 1"]);
    assert!(answer.out.len() < 2000 && !answer.out.contains('\u{1b}'), "{answer:?}");
    assert!(!fs::read_to_string(desk.path("pki/log.jsonl")).unwrap().contains("hunter2"));
}

#[test]
fn roots_and_lists_are_put_on_the_hosts_that_want_them() {
    let desk = Desk::new();
    desk.inventory("    - {}", &[("web1.example.org", String::new()), ("web2.example.org", String::new())]);
    let deploy = |time: &str| desk.run(&["trust", "deploy", "-i", "inventory.yml", "--clock", time]);
    deploy(NOW).says(2, &["pki_trust is set for none"]);
    let wanted = "pki_trust: {directory: \"{folder}/trust\", reload: \"touch {folder}/reloaded\"}";
    desk.inventory("    - {}", &[("web1.example.org", wanted.to_owned()), ("web2.example.org", String::new())]);
    deploy(NOW).says(0, &["web1.example.org: put in place"]);
    assert!(desk.path("reloaded").exists());
    let read = |name: &str| fs::read_to_string(desk.path("trust").join(name)).unwrap();
    desk.run(&["trust", "bundle", "--out", "roots.pem", "--clock", NOW]).says(0, &[]);
    assert_eq!(read("roots.pem"), fs::read_to_string(desk.path("roots.pem")).unwrap());
    assert_eq!(read("lists.crl").matches("BEGIN X509 CRL").count(), 2);
    fs::remove_file(desk.path("reloaded")).unwrap();
    deploy(NOW).says(0, &["web1.example.org: as it should be"]);
    assert!(!desk.path("reloaded").exists());
    // Eight days later the intermediate's list is over: shipping it would shut every client out.
    deploy("2026-12-04T19:00:00Z").says(3, &["the list of services-1 is missing or expired"]);
    desk.inventory("    - {}", &[("web1.example.org", wanted.replace("touch", "false"))]);
    fs::remove_file(desk.path("trust/lists.crl")).unwrap();
    // A reload that failed is tried again by the next run.
    for _ in 0..2 {
        deploy(NOW).says(7, &["web1.example.org: FAILED: non-zero return code"]);
    }
}

#[test]
fn a_playbook_keeps_a_certificate_fresh_and_notifies_who_cares() {
    let desk = Desk::new();
    desk.inventory("    - {}", &[("web1.example.org", String::new())]);
    desk.write(
        "site.yml",
        &format!(
            "- hosts: all
  gather_facts: false
  tasks:
  - provision.pki.certificate:
      service: web
      directory: {}/web
      store: pki
      identity: identity
      clock: \"{NOW}\"
    notify: told
  handlers:
  - name: told
    debug: {{msg: a new certificate}}
",
            desk.folder.path().display()
        ),
    );
    let apply =
        |more: &[&str]| answer(&mut desk.command(&[&["apply", "-i", "inventory.yml", "site.yml"], more].concat()));
    apply(&["--check"]).says(0, &["changed: [web1.example.org]"]);
    assert!(!desk.path("web").exists());
    apply(&[]).says(0, &["changed: [web1.example.org]", "a new certificate"]);
    let again = apply(&[]);
    again.says(0, &["ok: [web1.example.org]", "changed=0"]);
    desk.write(
        "pki/../site2.yml",
        &fs::read_to_string(desk.path("site.yml")).unwrap().replace("service: web", "service: a/b"),
    );
    let refused = answer(&mut desk.command(&["apply", "-i", "inventory.yml", "site2.yml"]));
    refused.says(2, &["service \\\"a/b\\\"", "take a name such as nginx"]);
}

#[test]
fn variables_beside_the_playbooks_count_where_their_folder_is_named_and_an_owner_may_be_a_mere_number() {
    let desk = Desk::new();
    desk.write("inventory.yml", "all: {vars: {ansible_connection: local}, hosts: {web1.example.org: {}}}\n");
    fs::create_dir_all(desk.path("playbooks/group_vars")).unwrap();
    // One that no user of the host has, where the test may give files away.
    let own = fs::metadata(desk.folder.path()).unwrap().uid();
    let owner = if own == 0 { 64_321 } else { own };
    let web = WEB.replace("{folder}", &desk.folder.path().display().to_string());
    let text = format!("pki_certificates:\n{web}\n      owner: \"{owner}\"\n      group: \"{owner}\"\n");
    desk.write(
        "playbooks/group_vars/all.yml",
        if own == 0 { &text } else { text.split("      group").next().unwrap() },
    );
    desk.renew(NOW, &[]).says(2, &[]);
    desk.renew(NOW, &["--playbook-dir", "playbooks"]).says(0, &["done: 1 renewed"]);
    let key = fs::metadata(desk.path("web1.example.org/current/key.pem")).unwrap();
    assert_eq!((key.uid(), key.mode() & 0o777), (owner, 0o600));
    desk.renew(LATER, &["--playbook-dir", "playbooks"]).says(0, &["not due"]);
}

#[test]
fn a_task_can_call_the_program_that_runs_it() {
    let desk = Desk::new();
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_provision")).unwrap().display().to_string();
    let task = ["exec", "localhost", "-m", "debug", "-a", "msg=<{{ provision_program }}>"];
    answer(&mut desk.command(&task)).says(0, &[&format!("<{program}>")]);
    answer(&mut desk.command(&[&task[..], &["-e", "provision_program=/bin/false"]].concat()))
        .says(0, &[&format!("<{program}>")]);
}
