//! Rules, chains and policies, with a program in iptables' place that notes what it is told.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::testing::{call, programs};

/// Programs that note their words and answer as a filter with one rule: that of port 22.
fn filter() -> TempDir {
    let program = "\
        echo \"${0##*/} $*\" >>\"$HERE/log\"\n\
        case $* in\n\
        --version) echo \"${0##*/} v1.8.9 (nf_tables)\" ;;\n\
        *-C*' 22'*) ;;\n\
        *-C*|*'-L MISSING'*) exit 1 ;;\n\
        *-L*) echo 'Chain INPUT (policy ACCEPT)' ;;\n\
        *REFUSED*) echo 'no such target' >&2; exit 2 ;;\n\
        esac";
    programs(&[("iptables", program), ("ip6tables", program)])
}

fn run(programs: &TempDir, arguments: Value, check: bool) -> Outcome {
    let call = call("iptables", arguments).with_programs(programs);
    if check { call.check().run() } else { call.run() }
}

/// What was told, but for questions of the version.
fn told(programs: &TempDir) -> Vec<String> {
    let log = fs::read_to_string(programs.path().join("log")).unwrap();
    log.lines().filter(|line| !line.ends_with("--version")).map(str::to_owned).collect()
}

#[test]
fn a_rule_that_is_missing_is_appended_and_one_that_is_there_is_not() {
    let programs = filter();
    let rule = |port: &str| json!({"chain": "INPUT", "protocol": "tcp", "destination_port": port, "jump": "ACCEPT"});
    assert_eq!(run(&programs, rule("22"), false).changed, Some(false));
    let added = run(&programs, rule("23"), false);
    assert_eq!(added.changed, Some(true));
    assert_eq!(added.values["rule"], Data::from("-p tcp -j ACCEPT --destination-port 23"));
    assert_eq!(
        told(&programs),
        [
            "iptables -t filter -C INPUT -p tcp -j ACCEPT --destination-port 22",
            "iptables -t filter -C INPUT -p tcp -j ACCEPT --destination-port 23",
            "iptables -t filter -A INPUT -p tcp -j ACCEPT --destination-port 23",
        ]
    );
}

#[test]
fn in_check_mode_it_is_asked_for_alone() {
    let programs = filter();
    let outcome = run(&programs, json!({"chain": "INPUT", "source": "10.0.0.1"}), true);
    assert_eq!(outcome.changed, Some(true));
    assert_eq!(told(&programs), ["iptables -t filter -C INPUT -s 10.0.0.1"]);
}

#[test]
fn an_inserted_rule_has_its_number_and_both_programs_their_turn() {
    let programs = filter();
    let rule = json!({"chain": "INPUT", "action": "insert", "rule_num": 2, "ip_version": "both", "wait": "5",
                      "table": "mangle", "log_prefix": "x: "});
    let outcome = run(&programs, rule, false);
    assert_eq!(outcome.values["rule"], Data::from("--log-prefix x: "));
    let want = |name: &str, action: &str| format!("{name} -t mangle {action} -w 5 -j LOG --log-prefix x: ");
    assert_eq!(
        told(&programs),
        [
            want("iptables", "-C INPUT"),
            want("iptables", "-I INPUT 2"),
            want("ip6tables", "-C INPUT"),
            want("ip6tables", "-I INPUT 2")
        ]
    );
}

#[test]
fn a_chain_without_rules_is_made_only_where_that_is_allowed() {
    let programs = filter();
    let chain = |managed: bool| json!({"chain": "MISSING", "chain_management": managed, "numeric": true});
    assert_eq!(run(&programs, chain(false), false).changed, Some(true));
    assert_eq!(run(&programs, chain(true), false).changed, Some(true));
    let listed = "iptables -t filter -L MISSING --numeric";
    assert_eq!(told(&programs), [listed, listed, "iptables -t filter -N MISSING"]);
}

#[test]
fn a_policy_is_set_where_it_is_another() {
    let programs = filter();
    let policy = |name: &str| json!({"chain": "INPUT", "policy": name});
    assert_eq!(run(&programs, policy("ACCEPT"), false).changed, Some(false));
    assert_eq!(run(&programs, policy("DROP"), false).changed, Some(true));
    assert_eq!(told(&programs).last().unwrap(), "iptables -t filter -P INPUT DROP");
}

#[test]
fn a_table_is_flushed_without_a_chain() {
    let programs = filter();
    assert_eq!(run(&programs, json!({"flush": true, "table": "nat"}), false).changed, Some(true));
    assert_eq!(told(&programs), ["iptables -t nat -F"]);
}

#[test]
fn a_refusal_has_the_programs_words() {
    let programs = filter();
    let outcome = run(&programs, json!({"chain": "INPUT", "jump": "REFUSED"}), false);
    assert!(outcome.failed);
    assert_eq!(outcome.msg.as_deref(), Some("no such target"));
    assert_eq!(outcome.values["rc"], Data::from(2));
}

#[test]
fn options_of_log_want_its_target() {
    let programs = filter();
    let outcome = run(&programs, json!({"chain": "INPUT", "jump": "DROP", "log_level": "info"}), false);
    assert_eq!(outcome.msg.as_deref(), Some("Logging options can only be used with the LOG jump target."));
}

#[test]
fn the_policy_is_read_from_the_first_line_alone() {
    assert_eq!(policy_of("Chain INPUT (policy DROP)\ntarget\n"), Some("DROP"));
    assert_eq!(policy_of("Chain MINE (1 references)\n(policy DROP)\n"), None);
}
