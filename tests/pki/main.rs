//! `provision pki` as its users meet it: the operator at a screen, a timer, another program. Every exit code of docs/pki.md
//! is pinned here, and what is refused.

mod desk;
mod judges;
#[path = "../support/mod.rs"]
mod support;

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use desk::{Desk, NOW};
use serde_json::Value;
use support::pki::{Answer, answer};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_certificate_is_issued_verified_exported_and_seen_in_the_status() {
    let desk = Desk::new();
    desk.issue("nginx", &["--host", "web1.example.org", "--san", "web1.example.org", "--san", "10.0.0.7"]).says(
        0,
        &["nginx@web1.example.org: issued by services-1", "web1.example.org, 10.0.0.7", "2026-11-25T18:00:00Z"],
    );
    assert_eq!(mode(&desk.path("nginx.key")), 0o600);
    desk.at(NOW, &["verify", "nginx.pem", "--hostname", "web1.example.org"])
        .says(0, &["holds at 2026-11-25T19:00:00Z", "revocation: looked up"]);
    desk.at(NOW, &["verify", "nginx.pem", "--hostname", "web2.example.org"])
        .says(4, &["verification failed", "web2.example.org is not among its names", "help"]);
    desk.at(NOW, &["verify", "nginx.pem", "--purpose", "client"]).says(4, &["extKeyUsage", "it is not for clientAuth"]);
    desk.at("2027-03-01T00:00:00Z", &["verify", "nginx.pem"]).says(4, &["validity.notAfter"]);
    let exported = desk.run(&["export", "nginx"]);
    assert_eq!(exported.says(0, &[]).out, desk.read("nginx.pem"), "a service of one host needs no host to be named");
    desk.at(NOW, &["status"]).says(0, &["nginx@web1.example.org", "services-1", "root", "fresh", "nothing is due"]);
    desk.run(&["log", "verify"]).says(0, &["lines, whole"]);
    desk.run(&["lint", "nginx.pem"]).says(0, &["2 looked at, no fault found"]);
    desk.run(&["inspect", "nginx.pem"])
        .says(0, &["digitalSignature", "serverAuth", "http://pki.example.org/services-1.crl"]);
}

/// A file that is the user's alone.
fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
}

#[test]
fn a_container_takes_the_certificates_own_key_from_a_private_file() {
    let desk = Desk::new();
    desk.issue("nginx", &["--host", "web1.example.org", "--san", "web1.example.org"]).says(0, &[]);
    desk.issue("redis", &["--host", "web1.example.org", "--san", "web1.example.org"]).says(0, &[]);
    private(&desk.path("passphrase"), "open sesame\n");
    let container = ["export", "nginx", "--format", "p12", "--passphrase-file", "passphrase"];
    let export = |more: &[&str]| desk.run(&[&container[..], more].concat());
    export(&["--key", "nginx.key"]).says(2, &["it is no text for a terminal"]);
    export(&["--key", "nginx.key", "--out", "nginx.p12"]).says(0, &["written: nginx.p12"]);
    assert_eq!(mode(&desk.path("nginx.p12")), 0o400);
    export(&["--key", "nginx.key", "--out", "nginx.p12"]).says(3, &["there is one already"]);
    export(&["--key", "redis.key", "--out", "other.p12"]).says(3, &["it is not the key of nginx"]);
    export(&["--out", "trust.p12"]).says(0, &["written: trust.p12"]);
    fs::set_permissions(desk.path("nginx.key"), fs::Permissions::from_mode(0o644)).unwrap();
    export(&["--key", "nginx.key", "--out", "other.p12"]).says(3, &["it is 0644, not 0400 or 0600"]);
    assert!(!desk.path("other.p12").exists());
    desk.run(&["export", "nginx", "--key", "nginx.key"]).says(2, &["give --format p12"]);
    desk.run(&["export", "nginx", "--format", "p12", "--out", "other.p12"]).says(2, &["--passphrase-file"]);
}

#[test]
fn a_request_gives_its_key_and_the_operator_the_names() {
    let desk = Desk::new();
    desk.issue("web", &["--san", "web.example.org"]).says(0, &[]);
    // A request by another program, of the intermediate's own making: the CSR of a new intermediate is a P-384 one.
    desk.at(NOW, &["intermediate", "csr", "services-2", "--recipient", &desk.recipient, "--out", "other.csr"])
        .says(0, &[]);
    let before = desk.log().len();
    desk.signed(&["issue", "db", "--san", "db.example.org", "--csr", "other.csr"])
        .says(3, &["its key is P-384", "take P-256"]);
    assert_eq!(desk.log()[before]["event"], "refused", "on record, and nothing announced");
    assert_eq!(desk.log().len(), before + 1);
    desk.signed(&["issue", "db", "--san", "db.example.org", "--csr", "other.csr", "--key", "p384"]).says(0, &[]);
}

#[test]
fn what_no_service_may_have_is_refused_and_on_record() {
    let desk = Desk::new();
    for (more, words) in [
        (&["--san", "web.example.com"][..], &["web.example.com is outside of what its issuer may certify"][..]),
        (&["--san", "11.0.0.1"], &["11.0.0.1 is outside"]),
        (&["--san", "2001:db8::1"], &["2001:db8::1 is outside"]),
        (&["--san", "*.example.org"], &["wildcard"]),
        (&["--san", "bücher.example.org"], &["U-label"]),
        (&["--san", "web.example.org", "--days", "91"], &["it would hold for 91 days", "ask for 90 days at most"]),
        (&[], &["it names nobody"]),
    ] {
        let before = desk.log().len();
        desk.issue("web", more).says(3, words).says(3, &["refused", "help"]);
        let log = desk.log();
        assert_eq!((log.len(), &log[before]["event"]), (before + 1, &Value::from("refused")), "{more:?}");
        assert!(!desk.path("web.key").exists() && !desk.path("web.pem").exists(), "nothing was written");
    }
    desk.issue("web", &["--san", "*.example.org", "--allow-wildcard"]).says(0, &[]);
    // The intermediate ends 2031-11-25; a certificate of the last days would outlive it.
    let late = ["issue", "late", "--san", "late.example.org", "--key-out", "late.key", "--identity", "identity"];
    desk.at("2031-11-01T00:00:00Z", &late).says(3, &["validity.notAfter", "nothing outlives its issuer"]);
}

#[test]
fn a_store_for_production_takes_no_clock_of_tests_and_no_throw_away_chain() {
    let desk = Desk::bare();
    desk.init(&["--clock", NOW]).says(3, &["it is for production, and this clock is one of tests"]);
    assert!(!desk.path("pki").exists(), "nothing was made");
    desk.init(&["--chain"]).says(2, &["--rehearsal"]);
    desk.init(&[]).says(0, &["new store for production"]);
    desk.init(&[]).says(2, &["it is not empty"]);
    for verb in
        [&["status"][..], &["crl", "build"], &["intermediate", "csr", "services-1", "--recipient", &desk.recipient]]
    {
        desk.at(NOW, verb).says(3, &["clock", "only a store made for rehearsal"]);
    }
    assert!(desk.log().iter().all(|record| record.get("clock").is_none()));
    desk.run(&["issue", "web", "--san", "web.example.org", "--key-out", "web.key"]).says(3, &["none issues"]);
    desk.run(&["intermediate", "csr", "services-1", "--recipient", &desk.recipient]).says(0, &["key made and sealed"]);
    desk.run(&["status"]).says(0, &["services-1", "sign its request in a ceremony"]);
    assert_eq!(mode(&desk.path("pki")), 0o700);
    assert_eq!(mode(&desk.path("pki/keys/services-1.age")), 0o600);
}

#[test]
fn a_clock_of_tests_is_recorded_line_by_line() {
    let desk = Desk::new();
    assert!(desk.log().iter().all(|record| record["clock"] == "rehearsal"));
    desk.at("2025-11-25T19:00:00Z", &["intermediate", "retire", "services-1"]).says(3, &["time does not go back"]);
}

#[test]
fn an_identity_that_others_could_read_opens_nothing() {
    let desk = Desk::new();
    assert_eq!(mode(&desk.path("identity")), 0o400);
    for bad in [0o440, 0o404, 0o600, 0o444] {
        fs::set_permissions(desk.path("identity"), fs::Permissions::from_mode(bad)).unwrap();
        desk.signed(&["crl", "build"]).says(3, &[&format!("it is {bad:04o}, not 0400"), "chmod 0400"]);
    }
    fs::set_permissions(desk.path("identity"), fs::Permissions::from_mode(0o400)).unwrap();
    std::os::unix::fs::symlink("identity", desk.path("link")).unwrap();
    desk.at(NOW, &["crl", "build", "--identity", "link"]).says(7, &["link"]);
    desk.at(NOW, &["crl", "build", "--identity", "nowhere"]).says(2, &["nowhere", "check the path"]);
    desk.at(NOW, &["crl", "build"]).says(2, &["nothing opens it here", "--identity FILE"]);
    let other = Desk::bare();
    fs::copy(other.path("identity"), desk.path("other")).unwrap();
    desk.at(NOW, &["crl", "build", "--identity", "other"]).says(2, &["neither this passphrase nor this identity"]);
    let lines = desk.log().len();
    desk.signed(&["crl", "build"]).says(0, &["services-1: list 2"]);
    assert_eq!(desk.log().len(), lines + 2, "what was not opened left no announcement");
}

#[test]
fn the_credential_of_systemd_opens_unattended() {
    let desk = Desk::new();
    fs::create_dir(desk.path("credentials")).unwrap();
    fs::copy(desk.path("identity"), desk.path("credentials/pki-identity")).unwrap();
    let run = || answer(desk.command(&["crl", "build", "--clock", NOW]).env("CREDENTIALS_DIRECTORY", "credentials"));
    run().says(0, &["list 2"]);
    fs::set_permissions(desk.path("credentials/pki-identity"), fs::Permissions::from_mode(0o604)).unwrap();
    run().says(3, &["mode", "it is 0604"]);
}

#[test]
fn a_passphrase_comes_from_the_terminal_only() {
    let desk = Desk::new();
    let arguments = ["intermediate", "csr", "services-2", "--clock", NOW];
    // A session without a terminal, whatever this test runs in.
    let without = answer(
        Command::new("setsid")
            .arg("-w")
            .arg(env!("CARGO_BIN_EXE_provision"))
            .arg("pki")
            .args(arguments)
            .current_dir(desk.folder.path())
            .stdin(Stdio::null()),
    );
    without.says(2, &["passphrase", "run it at a terminal", "--recipient"]);
    assert!(!desk.path("pki/keys/services-2.age").exists());
}

#[test]
fn two_at_once_are_one_that_works_and_one_that_names_it() {
    let desk = Desk::new();
    let lock = fs::OpenOptions::new().write(true).open(desk.path("pki/lock")).unwrap();
    lock.lock().unwrap();
    fs::write(desk.path("pki/lock"), "provision pki issue (process 4711, since 2026-11-25T19:00:00Z)").unwrap();
    let locked = desk.signed(&["crl", "build", "--format", "json"]);
    locked.says(6, &["locked by provision pki issue (process 4711, since 2026-11-25T19:00:00Z)", "wait for it to end"]);
    assert_eq!(locked.json()["error"]["code"], 6);
    desk.at(NOW, &["status"]).says(0, &["nothing is due"]);
    drop(lock);
    desk.signed(&["crl", "build"]).says(0, &[]);
    assert_eq!(desk.read("pki/lock"), "", "who is gone is not named");
}

#[test]
fn two_processes_at_once_both_end_well_or_locked_and_the_log_chains() {
    let desk = Desk::new();
    let build = || {
        desk.command(&["crl", "build", "--identity", "identity", "--clock", NOW])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..4).map(|_| build()).collect();
    let mut codes: Vec<_> =
        children.into_iter().map(|child| child.wait_with_output().unwrap().status.code().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes[0], 0, "{codes:?}");
    assert!(codes.iter().all(|code| [0, 6].contains(code)), "{codes:?}");
    desk.run(&["log", "verify"]).says(0, &["whole"]);
}

#[test]
fn a_revoked_certificate_is_listed_due_and_its_servers_are_named() {
    let desk = Desk::new();
    desk.issue("redis", &["--san", "redis.example.org", "--role", "both"]).says(0, &[]);
    desk.issue("web", &["--san", "web.example.org"]).says(0, &[]);
    desk.at(NOW, &["revoke", "web", "--reason", "superseded"])
        .says(0, &["checked by: nginx (ssl_crl)", "checked by gunicorn only with an ssl_context hook"]);
    desk.at(NOW, &["revoke", "redis", "--reason", "lost"]).says(2, &["keyCompromise"]);
    desk.at(NOW, &["revoke", "postgresql", "--reason", "keyCompromise"]).says(2, &["no certificate of that name"]);
    desk.at(NOW, &["revoke", "redis", "--reason", "keyCompromise"]).says(
        0,
        &[
            "redis: ",
            "revoked (keyCompromise)",
            "not checked by: redis",
            "one of those that check no list",
            "crl build",
        ],
    );
    desk.at(NOW, &["revoke", "redis", "--reason", "superseded"]).says(0, &["the first revocation holds"]);
    desk.at(NOW, &["status", "--due"]).says(0, &["DUE: it is revoked"]);
    desk.signed(&["crl", "build"]).says(0, &["services-1: list 2 with 2 revoked"]);
    desk.at(NOW, &["crl", "show"]).says(0, &["keyCompromise", "redis"]);
    desk.at(NOW, &["verify", "redis.pem"]).says(4, &["it was revoked 2026-11-25T19:00:00Z (keyCompromise)"]);
    desk.at(NOW, &["needs-renewal", "redis.pem"]).says(0, &["due: it is revoked"]);
}

#[test]
fn a_revoked_intermediate_makes_all_below_it_due_and_issues_no_more() {
    let desk = Desk::new();
    desk.issue("web", &["--san", "web.example.org"]).says(0, &[]);
    desk.at(NOW, &["revoke", "services-1", "--reason", "cACompromise"])
        .says(0, &["root's list signed in a ceremony", "1 certificates below it are due at once"]);
    desk.at(NOW, &["status"]).says(0, &["above it is revoked", "something was revoked after it was made"]);
    desk.at(NOW, &["needs-renewal", "web.pem", "--format", "json"]).says(0, &["chain_revoked"]);
    desk.issue("db", &["--san", "db.example.org"]).says(3, &["none issues"]);
    desk.signed(&["crl", "build", "root"]).says(0, &["root: list 2 with 1 revoked"]);
    desk.at(NOW, &["verify", "web.pem"]).says(4, &["cACompromise"]);
}

#[test]
fn a_bundle_of_lists_is_whole_and_fresh_or_refused() {
    let desk = Desk::new();
    desk.at(NOW, &["crl", "show", "--bundle", "both.crl"]).says(0, &["written: both.crl"]);
    assert_eq!(desk.read("both.crl").matches("BEGIN X509 CRL").count(), 2);
    let stale = "2026-12-03T00:00:00Z";
    desk.at(stale, &["crl", "show", "--bundle", "both.crl"]).says(3, &["the list of services-1 is missing or expired"]);
    desk.at(stale, &["status"]).says(0, &["it expired 2026-12-02T18:00:00Z: who checks lists refuses every client"]);
    desk.at("2026-11-26T19:00:00Z", &["status", "--due"]).says(0, &["the next one is due since 2026-11-26T18:00:00Z"]);
    let production = Desk::bare();
    production.init(&[]).says(0, &[]);
    production.run(&["crl", "show", "--bundle", "both.crl"]).says(3, &["every authority"]);
    desk.at(NOW, &["crl", "install", "both.crl"]).says(2, &["several lists"]);
    production.run(&["crl", "install", "nowhere.crl"]).says(2, &["nowhere.crl"]);
}

#[test]
fn a_roots_list_is_taken_once_from_its_own_root_only() {
    let (desk, other) = (Desk::new(), Desk::new());
    let root_list = |desk: &Desk| {
        let all = desk.at(NOW, &["crl", "show", "--bundle", "-"]);
        let first = all.out.split_inclusive("-----END X509 CRL-----\n").next().unwrap().to_owned();
        fs::write(desk.path("root.crl"), first).unwrap();
    };
    root_list(&desk);
    desk.at(NOW, &["crl", "install", "root.crl"]).says(3, &["1 does not come after 1"]);
    root_list(&other);
    fs::copy(other.path("root.crl"), desk.path("other.crl")).unwrap();
    desk.at(NOW, &["crl", "install", "other.crl"]).says(4, &["no trusted root signed it"]);
}

#[test]
fn whether_a_certificate_is_due_is_an_exit_code() {
    let desk = Desk::new();
    desk.issue("web", &["--san", "web.example.org"]).says(0, &[]);
    desk.at(NOW, &["needs-renewal", "web.pem"]).says(1, &["not due, to be renewed from 2027-01-2"]);
    // Day 57 to 60 of 90 begins 2027-01-21T18:00:00Z.
    desk.run(&["needs-renewal", "web.pem", "--at", "2027-01-21T17:00:00Z"]).says(1, &["not due"]);
    desk.run(&["needs-renewal", "web.pem", "--at", "2027-01-24T18:00:00Z"]).says(0, &["due: it is due since"]);
    desk.run(&["needs-renewal", "web.pem", "--at", "2027-05-01T00:00:00Z"]).says(0, &["due: it expired"]);
    desk.at(NOW, &["needs-renewal", "web.pem", "--san", "web.example.org", "--role", "server"]).says(1, &[]);
    desk.at(NOW, &["needs-renewal", "web.pem", "--san", "www.example.org"])
        .says(0, &["+www.example.org -web.example.org"]);
    desk.at(NOW, &["needs-renewal", "web.pem", "--role", "both"]).says(0, &["it is not for both"]);
    desk.issue("db", &["--san", "db.example.org"]).says(0, &[]);
    desk.at(NOW, &["needs-renewal", "web.pem", "--key-of", "db.pem"]).says(0, &["its key is not the service's"]);
    desk.at(NOW, &["needs-renewal", "web.pem", "--key-of", "web.pem"]).says(1, &[]);
    desk.run(&["needs-renewal", "nowhere.pem"]).says(2, &["nowhere.pem", "check the path"]);
    desk.run(&["needs-renewal", "web.key"]).says(2, &["private keys are never shown"]);
}

#[test]
fn an_intermediate_of_another_key_root_or_store_is_not_installed() {
    let (desk, other) = (Desk::new(), Desk::new());
    let production = Desk::bare();
    production.init(&[]).says(0, &[]);
    let certificate = other.run(&["export", "services-1", "--part", "certificate"]).says(0, &[]).out.clone();
    fs::write(production.path("int.pem"), &certificate).unwrap();
    fs::write(desk.path("int.pem"), &certificate).unwrap();
    production.run(&["intermediate", "install", "int.pem"]).says(3, &["its key is that of no request of this store"]);
    desk.at(NOW, &["intermediate", "install", "int.pem"]).says(3, &["its key is that of no request"]);
    desk.at(NOW, &["intermediate", "csr", "services-1", "--recipient", &desk.recipient, "--common-name", "X"])
        .says(3, &["there is one of that name"]);
    desk.at(NOW, &["intermediate", "csr", "root", "--recipient", &desk.recipient])
        .says(2, &["take a name with its generation"]);
    desk.at(
        NOW,
        &[
            "intermediate",
            "csr",
            "services-2",
            "--recipient",
            &desk.recipient,
            "--common-name",
            "Example Services CA 1",
        ],
    )
    .says(3, &["two intermediates in a rollover never share a name"]);
    other.run(&["trust", "bundle", "--clock", NOW, "--out", "root.pem"]).says(0, &["sha256", "words"]);
    fs::copy(other.path("root.pem"), desk.path("other-root.pem")).unwrap();
    desk.at(NOW, &["trust", "add", "other-root.pem", "--fingerprint", &"00".repeat(32)])
        .says(3, &["a root is trusted by its fingerprint"]);
    let fingerprint = desk.run(&["fingerprint", "other-root.pem", "--format", "json"]).says(0, &[]).json();
    let fingerprint = fingerprint["fingerprints"][0]["sha256"].as_str().unwrap().to_owned();
    desk.at(NOW, &["trust", "add", "other-root.pem", "--fingerprint", &fingerprint]).says(0, &["trusted"]);
    assert_eq!(desk.at(NOW, &["trust", "bundle"]).out.matches("BEGIN CERTIFICATE").count(), 2);
}

#[test]
fn an_intermediate_goes_from_pending_to_retired() {
    let desk = Desk::new();
    desk.at(NOW, &["intermediate", "csr", "services-2", "--recipient", &desk.recipient, "--out", "services-2.csr"])
        .says(0, &["CN=Example Services CA 2", "words:", "written: services-2.csr"]);
    desk.at(NOW, &["intermediate", "list"]).says(0, &["services-1  issuing", "services-2  pending"]);
    desk.at(NOW, &["intermediate", "retire", "services-1"]).says(0, &["no other intermediate issues"]);
    desk.issue("web", &["--san", "web.example.org"]).says(3, &["none issues"]);
    desk.issue("web", &["--san", "web.example.org", "--intermediate", "services-1"]).says(3, &["it is retired"]);
    desk.issue("web", &["--san", "web.example.org", "--intermediate", "services-2"])
        .says(2, &["it has no certificate yet"]);
    desk.issue("web", &["--san", "web.example.org", "--intermediate", "nobody"])
        .says(2, &["take one of services-1, services-2"]);
    desk.signed(&["crl", "build"]).says(0, &["services-1: list 2"]);
}

#[test]
fn a_log_that_was_changed_or_cut_is_named_by_its_line() {
    let desk = Desk::new();
    let head =
        desk.run(&["log", "verify", "--format", "json"]).says(0, &[]).json()["head"].as_str().unwrap().to_owned();
    desk.issue("web", &["--san", "web.example.org"]).says(0, &[]);
    desk.run(&["log", "verify", "--head", &head]).says(0, &[]);
    let log = desk.read("pki/log.jsonl");
    fs::write(desk.path("changed.jsonl"), log.replacen("services-1", "services-7", 1)).unwrap();
    desk.run(&["log", "verify", "changed.jsonl"]).says(4, &["log.jsonl line", "its hash is not that of its text"]);
    let lines: Vec<_> = log.split_inclusive('\n').collect();
    fs::write(desk.path("cut.jsonl"), lines[..lines.len() - 2].concat()).unwrap();
    desk.run(&["log", "verify", "cut.jsonl"]).says(0, &["whole"]);
    let head = desk.run(&["log", "verify", "--format", "json"]).json()["head"].as_str().unwrap().to_owned();
    desk.run(&["log", "verify", "cut.jsonl", "--head", &head]).says(4, &["lines were cut off"]);
    fs::write(desk.path("pki/log.jsonl"), log.replacen("services-1", "services-7", 1)).unwrap();
    desk.at(NOW, &["status"]).says(4, &["log.jsonl line"]);
    desk.signed(&["crl", "build"]).says(4, &["log.jsonl line"]);
}

#[test]
fn the_status_is_a_textfile_for_prometheus_that_is_replaced_in_one_step() {
    let desk = Desk::new();
    desk.issue("nginx", &["--host", "web1.example.org"]).says(0, &[]);
    fs::write(desk.path("pki.prom"), "old").unwrap();
    desk.at(NOW, &["status", "--format", "prometheus", "--out", "pki.prom"]).says(0, &["written: pki.prom"]);
    let text = desk.read("pki.prom");
    for line in [
        "# TYPE provision_pki_not_after_seconds gauge",
        "provision_pki_not_after_seconds{tier=\"service\",name=\"nginx@web1.example.org\",service=\"nginx\",host=\"web1.example.org\"} 1803405599",
        "provision_pki_due{tier=\"intermediate\",name=\"services-1\"} 0",
        "provision_pki_crl_next_update_seconds{name=\"root\"} 1827165600",
        "provision_pki_orphans 0",
    ] {
        assert!(text.lines().any(|have| have == line), "{line}\n{text}");
    }
    assert_eq!(mode(&desk.path("pki.prom")), 0o644);
    assert_eq!(
        fs::read_dir(desk.folder.path()).unwrap().count(),
        5,
        "identity, store, key, chain, textfile: nothing beside"
    );
    desk.at(NOW, &["status", "--format", "prometheus", "--out", "nowhere/pki.prom"]).says(7, &["nowhere/pki.prom"]);
    let json = desk.at(NOW, &["status", "--format", "json"]).says(0, &[]).json();
    assert_eq!((&json["kind"], &json["due"]), (&Value::from("rehearsal"), &Value::from(0)));
    assert_eq!(json["services"][0]["host"], "web1.example.org");
}

#[test]
fn faults_are_told_to_programs_too() {
    let desk = Desk::new();
    let refused = desk.issue("web", &["--san", "web.example.com", "--format", "json"]);
    let error = &refused.says(3, &[]).json()["error"];
    assert_eq!((&error["code"], &error["kind"]), (&Value::from(3), &Value::from("refused")));
    assert_eq!(error["findings"][0]["field"], "subjectAltName");
    desk.run(&["status", "--store", "elsewhere"]).says(2, &["elsewhere: it is no store", "PROVISION_PKI_STORE"]);
    desk.run(&["issue", "web", "--san", "web.example.org"]).says(2, &["--csr"]);
    desk.issue("a b", &["--san", "web.example.org"]).says(2, &["service \"a b\""]);
}

#[test]
fn a_key_is_never_written_over() {
    let desk = Desk::new();
    fs::write(desk.path("web.key"), "precious").unwrap();
    desk.issue("web", &["--san", "web.example.org"]).says(3, &["web.key", "a secret is never written over"]);
    assert_eq!(desk.read("web.key"), "precious");
    desk.run(&["identity", "identity"]).says(3, &["a secret is never written over"]);
}

/// What is kept and printed has no private key in it: of the authorities' keys nothing at all, of a service's only the file
/// that was asked for.
#[test]
fn no_private_key_is_in_any_file_of_the_store_or_on_the_screen() {
    let desk = Desk::new();
    let said = desk.issue("web", &["--san", "web.example.org"]);
    let body: String = desk.read("web.key").lines().filter(|line| !line.starts_with("-----")).collect();
    let secret = &body[40..80];
    assert!(!said.out.contains(secret) && !said.err.contains(secret));
    let mut open = vec![desk.path("pki")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("PRIVATE KEY") && !text.contains(secret), "{}", path.display());
        assert!(!text.contains("AGE-SECRET-KEY"), "{}", path.display());
    }
}

#[test]
fn a_device_or_a_pipe_is_written_to_and_never_replaced() {
    let desk = Desk::new();
    let pipe = desk.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    desk.at(NOW, &["trust", "bundle", "--out", "pipe"]).says(0, &["written: pipe"]);
    assert!(reader.join().unwrap().contains("BEGIN CERTIFICATE"));
    assert!(std::os::unix::fs::FileTypeExt::is_fifo(&fs::metadata(&pipe).unwrap().file_type()));
}

#[test]
fn a_certificate_is_never_written_over_a_key() {
    let desk = Desk::new();
    let same = ["issue", "a", "--host", "a.example.org", "--key-out", "a.pem", "--out", "a.pem"];
    desk.signed(&same).says(2, &["--key-out and --out name the same file"]);
    assert!(!desk.path("a.pem").exists());
    desk.issue("b", &["--host", "b.example.org"]).says(0, &[]);
    let key = desk.read("b.key");
    for taken in ["b.key", "identity"] {
        let bundle = ["trust", "bundle", "--out", taken];
        desk.at(NOW, &bundle).says(3, &["there is a private key in it", "a secret is never written over"]);
    }
    assert_eq!(desk.read("b.key"), key);
}

#[test]
fn a_log_that_was_cut_or_came_from_a_backup_uses_no_number_twice() {
    let desk = Desk::new();
    let log = desk.read("pki/log.jsonl");
    desk.signed(&["crl", "build"]).says(0, &[": list 2"]);
    fs::write(desk.path("pki/log.jsonl"), &log).unwrap();
    desk.signed(&["crl", "build"]).says(0, &[": list 3"]);
    fs::write(desk.path("empty.jsonl"), "").unwrap();
    desk.run(&["log", "verify", "empty.jsonl"]).says(4, &["line 1", "there is none"]);
}

#[test]
fn what_certificates_name_is_published_in_der_and_written_only_where_it_changed() {
    let desk = Desk::new();
    let first = desk.at(NOW, &["publish", "www"]);
    first.says(0, &["root.cer: written", "root.crl: written", "services-1.cer: written", "services-1.crl: written"]);
    for name in ["root.cer", "root.crl", "services-1.cer", "services-1.crl"] {
        assert_eq!(fs::read(desk.path("www").join(name)).unwrap().first(), Some(&0x30), "{name} is a DER sequence");
    }
    let second = desk.at(NOW, &["publish", "www", "--format", "json"]);
    let published = second.says(0, &[]).json()["published"].as_array().unwrap().clone();
    assert!(published.iter().all(|one| one["changed"] == false), "{published:?}");
    desk.signed(&["crl", "build", "services-1"]).says(0, &[]);
    desk.at(NOW, &["publish", "www"]).says(0, &["services-1.crl: written", "services-1.cer: as it was"]);
    let empty = Desk::bare();
    empty.init(&[]).says(0, &[]);
    empty.run(&["publish", "www"]).says(2, &["there is no authority in it", "make the root in a ceremony"]);
}

#[test]
fn only_a_store_for_rehearsals_signs_an_intermediate_by_itself() {
    let desk = Desk::bare();
    desk.init(&[]).says(0, &[]);
    let recipient = desk.recipient.clone();
    desk.run(&["intermediate", "csr", "services-1", "--recipient", &recipient]).says(0, &[]);
    desk.run(&["intermediate", "sign", "services-1", "--identity", "identity"])
        .says(3, &["its key is not here", "the root is offline", "have it signed in a ceremony"]);
    desk.run(&["intermediate", "list"]).says(0, &["pending"]);
    let rehearsal = Desk::new();
    rehearsal.signed(&["intermediate", "sign", "services-9"]).says(2, &["services-9"]);
}
