//! What users see of `apt` before anything on a host counts. How it works on hosts is compared with ansible-core in the
//! differential cases `apt`, `apt_deb` and `users_and_packages`.

use serde_json::json;

use super::*;
use crate::testing::{call, check, run};

fn message(arguments: serde_json::Value) -> String {
    let outcome = check("apt", arguments);
    assert!(outcome.failed);
    outcome.msg.unwrap_or_default()
}

/// A folder with programs that stand in for apt's.
fn programs(list: &[(&str, &str)]) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for (name, script) in list {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

#[test]
fn what_does_not_go_together_is_refused() {
    assert_eq!(message(json!({"name": "x", "deb": "y"})), "parameters are mutually exclusive: deb|package|upgrade");
    assert_eq!(message(json!({"deb": "/x.deb", "state": "latest"})), "deb only supports state=present");
    assert_eq!(
        message(json!({"name": ["*", "x"], "state": "latest"})),
        "unable to install additional packages when upgrading all installed packages"
    );
    assert_eq!(message(json!({"name": "x=1=2"})), "invalid package spec: x=1=2");
}

#[test]
fn a_package_file_by_its_address_says_what_to_do_instead() {
    assert!(
        message(json!({"deb": "https://example.org/x.deb"}))
            .starts_with("Failure downloading https://example.org/x.deb, ")
    );
}

#[test]
fn an_upgrade_runs_apt_get_as_ansible_does() {
    let tools = programs(&[(
        "apt-get",
        "printf '%s\\n' \"$DEBIAN_FRONTEND\" \"$@\"; echo '0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.'",
    )]);
    let path = format!("{}:/usr/bin:/bin", tools.path().display());
    let outcome =
        call("apt", json!({"upgrade": "dist", "autoremove": true, "default_release": ""})).env("PATH", &path).run();
    assert_eq!(outcome.changed, Some(false));
    let stdout = outcome.values["stdout"].as_str().unwrap();
    assert_eq!(outcome.msg.as_deref(), Some(stdout));
    assert_eq!(
        stdout.lines().collect::<Vec<_>>()[..10],
        [
            "noninteractive",
            "-y",
            "-o",
            "Dpkg::Options::=--force-confdef",
            "-o",
            "Dpkg::Options::=--force-confold",
            "-o",
            "DPkg::Lock::Timeout=60",
            "dist-upgrade",
            "--auto-remove"
        ]
    );
    assert!(outcome.diff.is_empty());
}

#[test]
fn lists_that_another_process_has_are_waited_for_no_longer_than_told() {
    let script = "echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt)' >&2; exit 100";
    let tools = programs(&[("apt-get", script)]);
    let path = format!("{}:/usr/bin:/bin", tools.path().display());
    let outcome = call("apt", json!({"update_cache": true, "lock_timeout": 0})).env("PATH", &path).run();
    assert_eq!(
        outcome.msg.as_deref(),
        Some(
            "Failed to lock apt for exclusive operation: Failed to lock directory /var/lib/apt/lists/: E:Could not get \
             lock /var/lib/apt/lists/lock. It is held by process 7 (apt)"
        )
    );
}

#[test]
fn lists_that_cannot_be_got_are_tried_for_as_often_as_told() {
    let tools = programs(&[("apt-get", "echo 'E: No Release file.' >&2; echo 'N: See apt-secure(8).' >&2; exit 100")]);
    let path = format!("{}:/usr/bin:/bin", tools.path().display());
    let arguments = json!({"update_cache": true, "update_cache_retries": 2, "update_cache_retry_max_delay": -1});
    let outcome = call("apt", arguments).env("PATH", &path).run();
    assert_eq!(
        outcome.msg.as_deref(),
        Some("Failed to update apt cache after 2 retries: W:See apt-secure(8)., E:No Release file.")
    );
    assert_eq!(outcome.warnings[0], "Failed to update cache after 1 retries due to E:No Release file., retrying");
}

#[test]
fn check_mode_gets_no_lists() {
    let tools = programs(&[("apt-get", "exit 1")]);
    let outcome =
        call("apt", json!({"update_cache": true})).env("PATH", &tools.path().display().to_string()).check().run();
    assert_eq!(outcome.changed, Some(true));
    assert_eq!(outcome.values["cache_updated"], Data::Bool(true));
}

#[test]
fn cleaning_alone_says_that_it_cleaned() {
    let tools = programs(&[("apt-get", "test \"$*\" = clean")]);
    let path = format!("{}:/usr/bin:/bin", tools.path().display());
    let outcome = call("apt", json!({"clean": true})).env("PATH", &path).run();
    assert_eq!((outcome.changed, outcome.msg.as_deref()), (Some(true), Some("")));
    let tools = programs(&[("apt-get", "echo no >&2; exit 3")]);
    let path = format!("{}:/usr/bin:/bin", tools.path().display());
    let outcome = call("apt", json!({"clean": true})).env("PATH", &path).run();
    assert_eq!(outcome.msg.as_deref(), Some("apt-get clean failed"));
    assert_eq!(outcome.values["rc"], Data::Int(3));
    assert!(!run("apt", json!({"name": [], "policy_rc_d": "x"})).msg.unwrap_or_default().is_empty());
}
