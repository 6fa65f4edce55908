//! Facts of several managers, and what is said where there are none.

use serde_json::json;

use super::*;
use crate::testing::{call, programs};

fn packages(outcome: &Outcome) -> String {
    python::str(&outcome.facts.as_ref().unwrap()["packages"])
}

#[test]
fn versions_of_a_package_stand_together_with_their_source() {
    let programs = programs(&[("apk", "printf 'kernel-1-r0\\nmusl-1.2-r4\\nkernel-2-r0\\n'")]);
    let outcome = call("package_facts", json!({"manager": "APK"})).with_programs(&programs).run();
    let want = "{'kernel': [{'name': 'kernel', 'version': '1', 'release': 'r0', 'source': 'apk'}, {'name': 'kernel', \
                'version': '2', 'release': 'r0', 'source': 'apk'}], 'musl': [{'name': 'musl', 'version': '1.2', 'release': \
                'r4', 'source': 'apk'}]}";
    assert_eq!(packages(&outcome), want);
    assert_eq!((outcome.changed, outcome.warnings.len()), (None, 0));
}

#[test]
fn the_first_manager_that_knows_packages_is_enough_unless_all_are_asked() {
    let programs = programs(&[
        ("apk", "true"),
        ("pkg_info", "echo 'a-1 text'; echo 'b-2 text'"),
        ("rpm", "printf 'a\\t3\\t4\\t(none)\\tnoarch\\n'"),
    ]);
    let ask = |strategy: &str| {
        let arguments = json!({"manager": ["apk", "openbsd_pkg", "yum", "rpm"], "strategy": strategy});
        call("package_facts", arguments).with_programs(&programs).run()
    };
    let first = ask("first");
    assert_eq!(first.warnings, ["Found \"apk\" but no associated packages"]);
    assert!(!packages(&first).contains("rpm"));
    let all = packages(&ask("all"));
    assert_eq!(all.matches("'name': 'a'").count(), 2, "{all}");
    assert_eq!(all.matches("'source': 'rpm'").count(), 1, "{all}");
}

#[test]
fn a_manager_that_is_named_and_not_there_is_told_of() {
    let outcome = call("package_facts", json!({"manager": ["pacman", "pkgng"]})).run();
    assert!(outcome.failed);
    assert_eq!(
        outcome.msg.as_deref(),
        Some(
            "Could not detect a supported package manager from the following list: ['pacman', 'pkgng'], or the required \
             Python library is not installed. Check warnings for details."
        )
    );
    let [warning] = outcome.warnings.as_slice() else { panic!("{:?}", outcome.warnings) };
    let beginning = "Requested package manager pacman was not usable by this module: Failed to find required executable \
                     \"pacman\" in paths: ";
    assert!(warning.starts_with(beginning), "{warning}");
}

#[test]
fn a_list_that_cannot_be_had_is_told_of() {
    let programs = programs(&[("pkg", "echo locked >&2; exit 3")]);
    let outcome = call("package_facts", json!({"manager": ["pkg"]})).with_programs(&programs).run();
    let warnings = [
        "Failed to retrieve packages with pkg: Unable to list packages rc=3 : locked\n",
        "Found \"pkg\" but no associated packages",
    ];
    assert_eq!(outcome.warnings, warnings);
}

#[test]
fn names_that_are_none_are_refused() {
    let msg = |managers: serde_json::Value| call("package_facts", json!({"manager": managers})).run().msg.unwrap();
    assert_eq!(msg(json!(["nix", "apt", "nix", "brew"])), "Unsupported package managers requested: nix, brew");
    assert_eq!(
        msg(json!(["auto", "nix"])),
        "Could not auto detect a usable package manager, check warnings for details."
    );
}

#[test]
fn auto_has_all_behind_what_is_named() {
    let given = ["rpm".to_owned(), "Auto".to_owned()];
    let names = names(&given);
    assert_eq!(names[..3], ["rpm", "apk", "apt"]);
    assert!(!names.contains(&"auto".to_owned()));
}
