//! What `user` decides.

use protocol::arguments::Arguments;
use serde_json::json;

use super::*;
use crate::testing::{check, run};

fn args(json: serde_json::Value) -> UserArgs {
    let Data::Map(map) = Data::from_json(json) else { panic!("a map") };
    let specification = crate::module::specification::<User>();
    UserArgs::from_map(&mut protocol::arguments::validate(&specification, map).unwrap().arguments).unwrap()
}

fn group(name: &str, gid: u32) -> (String, accounts::Group) {
    (name.to_owned(), accounts::Group { name: name.to_owned(), gid, members: Vec::new() })
}

fn account(shadow: &str) -> Account {
    let user = accounts::User {
        name: "jo".into(),
        uid: 1000,
        gid: 1000,
        gecos: "Jo".into(),
        home: "/home/jo".into(),
        shell: "/bin/sh".into(),
    };
    Account { user, shadow: Shadow::find(shadow, "jo").unwrap() }
}

const SHADOW: &str = "root:*:1:0:99999:7:::\njo:$6$old:19000:0:99999:7:::\n";

#[test]
fn a_new_account_is_made_with_the_words_in_ansibles_order() {
    let args = args(json!({
        "name": "jo", "uid": 7, "non_unique": true, "group": "staff", "groups": ["a", "b"], "comment": "Jo B",
        "home": "/srv/jo", "shell": "/bin/bash", "expires": 1_700_000_000, "password": "$6$x", "password_lock": true,
        "umask": "077", "skeleton": "/etc/none", "system": true, "uid_min": 5
    }));
    let groups = Groups { wanted: vec![group("a", 1), group("b", 2)], ..Groups::default() };
    assert_eq!(
        plan::create(&args, &groups, true).unwrap(),
        [
            "-u",
            "7",
            "-o",
            "-g",
            "staff",
            "-G",
            "a,b",
            "-c",
            "Jo B",
            "-d",
            "/srv/jo",
            "-s",
            "/bin/bash",
            "-e",
            "2023-11-14",
            "-p",
            "!$6$x",
            "-m",
            "-k",
            "/etc/none",
            "-K",
            "UMASK=077",
            "-r",
            "-K",
            "UID_MIN=5",
            "jo"
        ]
    );
}

#[test]
fn a_group_of_the_accounts_name_is_not_made_again() {
    let args = args(json!({"name": "jo", "create_home": false}));
    assert_eq!(plan::create(&args, &Groups::default(), true).unwrap(), ["-N", "-M", "jo"]);
}

#[test]
fn an_account_that_is_as_wanted_is_left_alone() {
    let args = args(json!({
        "name": "jo", "uid": 1000, "comment": "Jo", "home": "/home/jo", "shell": "/bin/sh", "password": "$6$old",
        "password_lock": false, "expires": -1, "groups": ["a"], "append": true
    }));
    let groups = Groups { wanted: vec![group("a", 1)], current: vec!["b".into(), "a".into()], primary: Some(1000) };
    assert_eq!(plan::change(&args, &account(SHADOW), &groups).unwrap(), None);
}

#[test]
fn only_what_differs_is_changed() {
    let groups = Groups { wanted: vec![group("a", 1)], current: vec!["b".into()], primary: Some(9) };
    let all = args(json!({"name": "jo", "group": "x", "groups": ["a"], "append": true, "move_home": true,
        "home": "/srv/jo", "expires": 0}));
    assert_eq!(
        plan::change(&all, &account(SHADOW), &groups).unwrap().unwrap(),
        ["-g", "9", "-a", "-G", "a", "-d", "/srv/jo", "-m", "-e", "1970-01-01", "jo"]
    );
    let none = args(json!({"name": "jo", "groups": []}));
    let groups = Groups { current: vec!["b".into()], ..Groups::default() };
    assert_eq!(plan::change(&none, &account(SHADOW), &groups).unwrap().unwrap(), ["-G", "", "jo"]);
}

#[test]
fn a_lock_goes_with_a_new_password() {
    let change = |json| plan::change(&args(json), &account(SHADOW), &Groups::default()).unwrap();
    let lock = change(json!({"name": "jo", "password_lock": true}));
    assert_eq!(lock.unwrap(), ["-L", "jo"]);
    let both = change(json!({"name": "jo", "password_lock": true, "password": "$6$new"}));
    assert_eq!(both.unwrap(), ["-p", "!$6$new", "jo"]);
    assert_eq!(change(json!({"name": "jo", "password": "$6$new", "update_password": "on_create"})), None);
}

#[test]
fn ages_of_a_password_are_compared_with_shadow() {
    let args = args(json!({"name": "jo", "password_expire_min": 0, "password_expire_max": 30}));
    assert_eq!(plan::ages(&args, &account(SHADOW).shadow).unwrap(), ["-M", "30", "jo"]);
    assert_eq!(plan::ages(&args, &Shadow::default()), None);
}

#[test]
fn plain_passwords_are_told_from_encrypted_ones() {
    assert!(shadow::seems_plain("secret"));
    assert!(shadow::seems_plain("$6$salt$tooshort"));
    assert!(!shadow::seems_plain("!"));
    assert!(!shadow::seems_plain(&format!("$6$salt${}", "a".repeat(86))));
}

#[test]
fn the_home_gets_the_mode_of_login_defs() {
    assert_eq!(home::mode("# x\nUMASK\t\t027\nHOME_MODE 0700\n"), 0o700);
    assert_eq!(home::mode("UMASK 027\n#HOME_MODE 0700\n"), 0o750);
    assert_eq!(home::mode(""), 0o755);
}

#[test]
fn a_missing_account_is_absent_and_would_be_made() {
    let outcome = run("user", json!({"name": "no-such-user", "state": "absent"}));
    assert_eq!(outcome.changed, Some(false));
    assert_eq!(outcome.values["state"], Data::from("absent"));
    let outcome = check("user", json!({"name": "no-such-user"}));
    assert_eq!((outcome.changed, outcome.values.is_empty()), (Some(true), true));
}

#[test]
fn an_existing_account_is_described() {
    let outcome = check("user", json!({"name": "root", "create_home": false, "groups": [], "append": true}));
    assert_eq!(outcome.changed, Some(false));
    assert_eq!(outcome.values["uid"], Data::Int(0));
    assert_eq!(outcome.values["groups"], Data::from(""));
    assert_eq!(outcome.values["append"], Data::Bool(true));
}

#[test]
fn a_missing_group_is_named() {
    let outcome = check("user", json!({"name": "root", "groups": ["no-such-group"]}));
    assert_eq!(outcome.msg.as_deref(), Some("Group no-such-group does not exist"));
}
