//! What the user of the command line sees.

use clap::{Command, CommandFactory};

use super::Cli;
use crate::{
    callback::testing::Buffer,
    cli::{ansible, program::Program, terminal::Terminal},
    config::Environment,
};

/// Runs a command line in an empty environment and directory; exit code, standard output, standard error.
fn run(line: &[&str]) -> (u8, String, String) {
    let (out, err) = (Buffer::default(), Buffer::default());
    let directory = tempfile::tempdir().unwrap();
    let environment = Environment { cwd: directory.path().to_owned(), ..Environment::default() };
    let mut terminal = Terminal::new(environment, out.clone(), err.clone());
    let arguments: Vec<_> = line.iter().map(Into::into).collect();
    let program = Program::of(&arguments);
    let code = program.run(arguments, &mut terminal).unwrap_or_else(|failure| {
        terminal.failure(&failure, program.is_ansible());
        failure.code()
    });
    (code, out.text(), err.text())
}

fn each(command: &Command, check: &mut dyn FnMut(&Command)) {
    check(command);
    command.get_subcommands().for_each(|command| each(command, check));
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
    ansible::commands().into_iter().for_each(Command::debug_assert);
}

#[test]
fn every_help_text_has_an_example() {
    let mut commands = ansible::commands();
    commands.push(Cli::command());
    for command in &commands {
        each(command, &mut |command| {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example: "), "{}: {help}", command.get_name());
        });
    }
}

#[test]
fn every_flag_is_explained() {
    each(&Cli::command(), &mut |command| {
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
        }
    });
}

#[test]
fn a_verb_that_comes_later_says_so_and_fails() {
    let (code, out, err) = run(&["provision", "runs", "--anything", "goes"]);
    assert_eq!((code, out.as_str()), (69, ""));
    insta::assert_snapshot!(err, @r"
    error: provision runs is not supported yet
     |
     = help: nothing was done and no host was touched
    ");
}

#[test]
fn an_unknown_verb_is_a_usage_error_with_the_nearest_known_one() {
    let (code, _, err) = run(&["provision", "aply"]);
    assert_eq!(code, 2);
    assert!(err.contains("'apply'"), "{err}");
}

#[test]
fn a_program_of_ansible_that_comes_later_is_named() {
    for name in ["ansible-galaxy", "ansible-console", "ansible-pull", "ansible-test"] {
        let (code, _, err) = run(&[name, "x"]);
        assert_eq!(code, 69);
        assert!(err.starts_with(&format!("[ERROR]: {name} is not supported yet")), "{err}");
    }
}

#[test]
fn a_flag_that_is_not_done_stops_the_program_before_anything_is_read() {
    let (code, _, err) = run(&["ansible-playbook", "--step", "nowhere.yml"]);
    assert_eq!(code, 69);
    assert!(err.contains("the flag --step is not supported yet"), "{err}");
    let (code, _, err) = run(&["provision", "apply", "--scp-extra-args", "-l 100", "nowhere.yml"]);
    assert_eq!(code, 69);
    assert!(err.contains("the flag --scp-extra-args is not supported yet"), "{err}");
}

#[test]
fn the_version_reads_as_ansible_cores_for_ansible_programs() {
    let (code, out, _) = run(&["ansible-playbook", "--version"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("ansible-playbook [core 2.19.14]\n  config file = None\n"), "{out}");
    let (_, out, _) = run(&["provision", "--version"]);
    assert!(out.starts_with("provision 0."), "{out}");
}

#[test]
fn a_playbook_that_is_not_there_is_an_error_with_ansibles_words_and_code() {
    let (code, _, err) = run(&["ansible-playbook", "-i", "a,", "nowhere.yml"]);
    assert_eq!((code, err.as_str()), (1, "[ERROR]: the playbook: nowhere.yml could not be found\n"));
}

#[test]
fn flags_may_stand_together_be_cut_short_and_follow_the_playbook() {
    let (code, _, err) =
        run(&["ansible-playbook", "nowhere.yml", "-CDvvv", "--lim", "a", "-ia,", "--ssh-common-args", "-o A=b"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("nowhere.yml could not be found"), "{err}");
}

#[test]
fn a_command_without_arguments_is_refused() {
    let (code, _, err) = run(&["ansible", "all", "-i", "a,", "-m", "command"]);
    assert_eq!((code, err.as_str()), (5, "[ERROR]: No argument passed to command module\n"));
}

#[test]
fn the_configuration_is_dumped_as_ansible_config_prints_it() {
    let (code, out, _) = run(&["ansible-config", "dump", "--only-changed"]);
    assert_eq!((code, out.as_str()), (0, "CONFIG_FILE() = None\n\nGALAXY_SERVERS:\n"));
    let (_, out, _) = run(&["provision", "config", "dump"]);
    assert!(out.contains("DEFAULT_FORKS(default) = 5\n") && !out.contains("\n_Z_TEST"), "{out}");
}

#[test]
fn an_inventory_is_listed_and_drawn() {
    let (code, out, err) = run(&["ansible-inventory", "-i", "web1,db1,", "--graph"]);
    assert_eq!((code, out.as_str()), (0, "@all:\n  |--@ungrouped:\n  |  |--web1\n  |  |--db1\n"), "{err}");
    let (code, out, _) = run(&["provision", "inventory", "-i", "web1,db1,", "--list", "--limit", "web*"]);
    assert_eq!(code, 0);
    assert!(out.contains("\"web1\"") && !out.contains("\"db1\""), "{out}");
}

#[test]
fn extra_variables_go_over_a_hosts_own_in_a_listing() {
    let (code, out, err) = run(&["ansible-inventory", "-i", "a,", "--host", "a", "-e", "x=1", "-e", "{y: [2]}"]);
    assert_eq!((code, out.replace([' ', '\n'], "").as_str()), (0, r#"{"x":"1","y":[2]}"#), "{err}");
}

#[test]
fn hosts_of_a_pattern_are_listed_without_touching_them() {
    let (code, out, _) = run(&["ansible", "web*", "-i", "web1,db1,", "--list-hosts"]);
    assert_eq!((code, out.as_str()), (0, "  hosts (1):\n    web1\n"));
    let (code, out, err) = run(&["ansible", "nobody", "-i", "web1,", "--list-hosts"]);
    assert_eq!((code, out.as_str()), (0, "  hosts (0):\n"));
    assert!(err.ends_with("[WARNING]: No hosts matched, nothing to do\n"), "{err}");
    let (code, _, err) = run(&["ansible", "web1", "-i", "web1,", "--limit", "db1", "--list-hosts"]);
    assert_eq!(code, 1);
    assert!(err.contains("[ERROR]: Specified inventory, host pattern and/or --limit leaves us with no hosts"), "{err}");
}

#[test]
fn a_playbook_is_listed_and_checked_without_running_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("site.yml");
    std::fs::write(
        &path,
        "- name: Web\n  hosts: web1\n  tags: t\n  tasks:\n    - name: one\n      debug:\n      tags: a\n",
    )
    .unwrap();
    let playbook = path.to_str().unwrap();
    let (code, out, err) = run(&["ansible-playbook", "-i", "web1,", playbook, "--list-tasks", "--list-hosts"]);
    let listed = "  play #1 (web1): Web\tTAGS: [t]\n    pattern: ['web1']\n    hosts (1):\n      web1\n    tasks:\n      one\tTAGS: [a, t]\n";
    assert_eq!((code, out), (0, format!("\nplaybook: {playbook}\n\n{listed}")), "{err}");
}

#[test]
fn a_listing_of_the_inventory_needs_exactly_one_action() {
    let (code, _, err) = run(&["ansible-inventory", "-i", "a,"]);
    assert_eq!(code, 5);
    assert!(err.starts_with("[ERROR]: No action selected, at least one of --host, --graph or --list"), "{err}");
    let (code, _, err) = run(&["ansible-inventory", "-i", "a,", "--list", "--graph"]);
    assert_eq!(code, 5);
    assert!(err.starts_with("[ERROR]: Conflicting options used"), "{err}");
    let (code, _, err) = run(&["ansible-inventory", "-i", "a,", "--host", "b"]);
    assert_eq!(code, 5);
    assert!(err.contains("[ERROR]: You must pass a single valid host to --host parameter"), "{err}");
}

#[test]
fn an_unknown_module_gets_the_nearest_known_one() {
    let (code, _, err) = run(&["provision", "doc", "stta"]);
    assert_eq!(code, 1);
    assert!(err.contains("there is no module `stta`") && err.contains("did you mean `stat`?"), "{err}");
}

#[test]
fn a_modules_page_shows_its_options_and_an_example() {
    let (code, out, _) = run(&["provision", "doc", "ansible.builtin.stat"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(out);
}

#[test]
fn completions_and_man_pages_name_every_verb() {
    let (_, out, _) = run(&["provision", "completions", "bash"]);
    assert!(out.contains("provision") && out.contains("render"), "{out}");
    let (_, out, _) = run(&["provision", "man"]);
    assert!(out.contains(".TH provision 1") && out.contains("provision\\-apply(1)"), "{out}");
    let (_, out, _) = run(&["provision", "man", "apply"]);
    assert!(out.contains("\\-\\-check"), "{out}");
}
