use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::*;
use crate::testing::{Call, call};

/// A folder with a crontab(1) that keeps one table, in a file of it.
struct Bench {
    folder: tempfile::TempDir,
}

const CRONTAB: &str = "#!/bin/sh
cd \"${0%/*}\" || exit 3
[ \"$1\" = -u ] && { echo \"$2\" >user; shift 2; }
case $1 in
-l) [ -f table ] || exit 1; cat table ;;
*) grep -q bad \"$1\" && { echo 'bad minute' >&2; exit 4; }; cp \"$1\" table ;;
esac
";

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(bench.path("crontab"), CRONTAB).unwrap();
        fs::set_permissions(bench.path("crontab"), fs::Permissions::from_mode(0o755)).unwrap();
        bench
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn call(&self, arguments: serde_json::Value) -> Call {
        let path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        call("cron", arguments).env("PATH", &path).env("TMPDIR", &self.path(""))
    }

    fn table(&self) -> String {
        fs::read_to_string(self.path("table")).unwrap()
    }
}

#[test]
fn a_job_is_made_changed_and_removed() {
    let bench = Bench::new();
    fs::write(bench.path("table"), "# (/tmp/x installed on Monday)\nMAILTO=root\n").unwrap();
    let outcome = bench.call(json!({"name": "job", "hour": "5,2", "job": "ls -l"})).run();
    assert_eq!(outcome.changed, Some(true), "{outcome:?}");
    assert_eq!(outcome.values["jobs"], Data::from(vec!["job"]));
    assert_eq!(outcome.values["envs"], Data::from(vec!["MAILTO"]));
    assert_eq!(bench.table(), "MAILTO=root\n#Ansible: job\n* 5,2 * * * ls -l\n");
    assert_eq!(bench.call(json!({"name": "job", "hour": "5,2", "job": "ls -l"})).run().changed, Some(false));
    bench.call(json!({"name": "job", "special_time": "daily", "job": "ls", "disabled": true})).run();
    assert_eq!(bench.table(), "MAILTO=root\n#Ansible: job\n#@daily ls\n");
    let outcome = bench.call(json!({"name": "job", "state": "absent", "backup": true})).run();
    assert_eq!(bench.table(), "MAILTO=root\n");
    let backup = fs::read_to_string(outcome.values["backup_file"].as_str().unwrap()).unwrap();
    assert_eq!(backup, "MAILTO=root\n#Ansible: job\n#@daily ls\n");
}

#[test]
fn a_job_that_is_there_without_a_name_gets_one() {
    let bench = Bench::new();
    fs::write(bench.path("table"), "A=1\n* * * * * ls\n").unwrap();
    assert_eq!(bench.call(json!({"name": "job", "job": "ls"})).run().changed, Some(true));
    assert_eq!(bench.table(), "A=1\n#Ansible: job\n* * * * * ls\n");
}

#[test]
fn variables_have_their_places() {
    let bench = Bench::new();
    let set = |arguments: serde_json::Value| bench.call(arguments).run();
    set(json!({"name": "B", "env": true, "value": "b"}));
    set(json!({"name": "A", "env": true, "value": "a", "insertbefore": "B"}));
    set(json!({"name": "C", "env": true, "value": "c", "insertafter": "B"}));
    set(json!({"name": "B", "env": true, "value": "b2"}));
    assert_eq!(bench.table(), "A=\"a\"\nB=\"b2\"\nC=\"c\"\n");
    set(json!({"name": "B", "env": true, "state": "absent"}));
    assert_eq!(bench.table(), "A=\"a\"\nC=\"c\"\n");
    let outcome = set(json!({"name": "D", "env": true, "value": "d", "insertafter": "Z"}));
    assert_eq!(outcome.msg.as_deref(), Some("Variable named 'Z' not found."));
}

#[test]
fn a_file_of_its_own_goes_with_its_last_job() {
    let bench = Bench::new();
    let path = bench.path("rotate");
    let arguments = |state| json!({"name": "r", "user": "root", "job": "x", "cron_file": path, "state": state});
    let outcome = bench.call(arguments("present")).run();
    assert_eq!(outcome.values["cron_file"], Data::from(path.as_str()));
    assert_eq!(fs::read_to_string(&path).unwrap(), "#Ansible: r\n* * * * * root x\n");
    assert_eq!(bench.call(arguments("absent")).check().run().changed, Some(true));
    assert!(Path::new(&path).exists());
    assert_eq!(bench.call(arguments("absent")).run().changed, Some(true));
    assert!(!Path::new(&path).exists());
}

#[test]
fn what_cannot_be_is_told() {
    let bench = Bench::new();
    let said = |arguments: serde_json::Value| bench.call(arguments).run().msg.unwrap_or_default();
    let combined = "You cannot combine special_time with any of the time or day/date parameters.";
    assert_eq!(said(json!({"name": "j", "job": "x", "special_time": "daily", "hour": "2"})), combined);
    assert_eq!(said(json!({"name": "j"})), "You must specify 'job' to install a new cron job or variable");
    assert!(said(json!({"name": "j", "job": "x", "minute": "bad"})).starts_with("Failed to install new cronfile: "));
    bench.call(json!({"name": "j", "job": "x", "user": "somebody"})).run();
    assert_eq!(fs::read_to_string(bench.path("user")).unwrap(), "somebody\n");
}
