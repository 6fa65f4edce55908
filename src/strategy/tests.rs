//! Which task a host does next, and what a failure, a rescue or an end makes of it.

use std::{fs, rc::Rc, sync::Arc};

use super::{Phase, PlayIterator};
use crate::playbook::{Ids, LoadOptions, Loader, NoTemplates, NoVault, Play, Task};

/// A play of these lines, and its hosts `a` and `b` at its start.
fn begin(lines: &str) -> (Rc<Play>, PlayIterator) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.yml");
    let indented: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    fs::write(&path, format!("- hosts: all\n{indented}")).unwrap();
    let mut loader = Loader::new(LoadOptions::default(), Rc::new(NoVault), Rc::new(NoTemplates), Ids::default());
    let play = Rc::clone(&loader.load_playbook(&path).unwrap().plays[0]);
    let mut blocks = vec![play.gather_facts_block(loader.ids())];
    blocks.extend(play.compile(false, loader.ids()));
    let hosts = [Arc::from("a"), Arc::from("b")];
    let iterator = PlayIterator::new(blocks, &play.all_handlers(), &hosts, &|_| false);
    (play, iterator)
}

fn name(task: &Task) -> String {
    if let Some(word) = task.meta() {
        return word.to_owned();
    }
    task.own_name().and_then(|name| name.to_str().ok()).unwrap_or_default()
}

/// The names of a host's tasks to its end; a task whose name begins with `fail` fails.
fn walk(iterator: &mut PlayIterator, host: &str) -> String {
    let mut names = Vec::new();
    while let Some(task) = iterator.advance(host) {
        if task.is_handler {
            iterator.clear_handler(task.id, host);
        }
        names.push(name(&task));
        if name(&task).starts_with("fail") {
            iterator.fail(&Arc::from(host));
        }
    }
    names.join(" ")
}

fn tasks(names: &[&str]) -> String {
    names.iter().map(|name| format!("{{name: {name}, debug: }}, ")).collect()
}

#[test]
fn a_failure_goes_to_the_rescue_then_to_the_always_and_on() {
    let (_, mut hosts) = begin(&format!(
        "tasks: [{{block: [{}], rescue: [{}], always: [{}]}}, {}]",
        tasks(&["one", "fail", "never"]),
        tasks(&["rescue"]),
        tasks(&["always"]),
        tasks(&["after"])
    ));
    assert_eq!(walk(&mut hosts, "a"), "one fail rescue always after");
    assert!(!hosts.is_removed("a"));
    assert_eq!(hosts.failed_hosts().count(), 0);
}

#[test]
fn a_failure_that_nothing_rescues_ends_the_host_after_every_always_around_it() {
    let (_, mut hosts) = begin(&format!(
        "tasks: [{{block: [{{block: [{}], always: [{}]}}, {}], always: [{}]}}, {}]",
        tasks(&["fail"]),
        tasks(&["inner"]),
        tasks(&["never"]),
        tasks(&["outer"]),
        tasks(&["never"])
    ));
    assert_eq!(walk(&mut hosts, "a"), "fail inner outer");
    assert!(hosts.is_removed("a"));
    assert!(hosts.is_done_and_failed("a"));
}

#[test]
fn a_failure_in_a_rescue_is_rescued_by_the_block_around() {
    let (_, mut hosts) = begin(&format!(
        "tasks: [{{block: [{{block: [{}], rescue: [{}]}}], rescue: [{}]}}]",
        tasks(&["fail one"]),
        tasks(&["fail two"]),
        tasks(&["outer"])
    ));
    assert_eq!(walk(&mut hosts, "a"), "fail one fail two outer");
    assert_eq!(hosts.failed_hosts().count(), 0);
}

#[test]
fn a_host_that_fails_with_others_leaves_the_play_even_where_a_rescue_takes_it_up() {
    let (_, mut hosts) =
        begin(&format!("tasks: [{{block: [{}], rescue: [{}]}}]", tasks(&["one", "two"]), tasks(&["rescue"])));
    let (first, second): (Arc<str>, Arc<str>) = (Arc::from("a"), Arc::from("b"));
    hosts.advance("a");
    hosts.advance("b");
    assert!(hosts.would_rescue("a"));
    hosts.fail_with_others(&first);
    hosts.fail_with_others(&second);
    hosts.take_back("a");
    assert!(!hosts.is_removed("a") && hosts.is_removed("b"));
    assert_eq!(walk(&mut hosts, "a"), "rescue");
}

#[test]
fn a_host_that_ends_in_a_rescue_is_rescued() {
    let (_, mut hosts) =
        begin(&format!("tasks: [{{block: [{}], rescue: [{}]}}]", tasks(&["fail"]), tasks(&["rescue", "never"])));
    let host = Arc::from("a");
    hosts.advance("a");
    hosts.fail(&host);
    hosts.advance("a");
    hosts.end_host(&host);
    assert_eq!(walk(&mut hosts, "a"), "");
    assert_eq!(hosts.failed_hosts().count(), 0);
}

#[test]
fn included_blocks_come_next_and_in_the_section_that_the_host_is_in() {
    let (_, mut hosts) =
        begin(&format!("tasks: [{{block: [{}], rescue: [{}]}}]", tasks(&["fail"]), tasks(&["rescue", "last"])));
    let (included, _) = begin(&format!("tasks: [{}]", tasks(&["in", "cluded"])));
    let host = Arc::from("a");
    hosts.advance("a");
    hosts.fail(&host);
    assert_eq!(name(&hosts.advance("a").unwrap()), "rescue");
    hosts.insert(&[host], &included.tasks);
    assert_eq!(walk(&mut hosts, "a"), "in cluded last");
}

#[test]
fn handlers_run_in_their_order_where_they_were_notified_and_the_tasks_go_on() {
    let (_, mut hosts) =
        begin(&format!("tasks: [{}]\nhandlers: [{}]", tasks(&["one", "two"]), tasks(&["h1", "h2", "h3"])));
    let host = Arc::from("a");
    assert_eq!(name(&hosts.advance("a").unwrap()), "one");
    let handlers: Vec<u64> = hosts.handlers().iter().map(|handler| handler.id).collect();
    hosts.notify_handler(handlers[2], &host);
    hosts.notify_handler(handlers[0], &host);
    hosts.flush_handlers("a");
    assert_eq!(hosts.phase("a"), Some(Phase::Handlers));
    // The end of the tasks is a flush of its own, which finds nothing notified.
    assert_eq!(walk(&mut hosts, "a"), "h1 h3 two");
}

#[test]
fn a_handler_that_fails_leaves_those_behind_it_for_the_next_flush() {
    let (_, mut hosts) = begin(&format!(
        "tasks: [{{block: [{}], rescue: [{}]}}]\nhandlers: [{}]",
        tasks(&["one", "never"]),
        tasks(&["rescue"]),
        tasks(&["fail h1", "h2"])
    ));
    let host = Arc::from("a");
    hosts.advance("a");
    let handlers: Vec<u64> = hosts.handlers().iter().map(|handler| handler.id).collect();
    for handler in handlers {
        hosts.notify_handler(handler, &host);
    }
    hosts.flush_handlers("a");
    // What is left of the notifications brings up the flushes at the ends of the play's parts.
    assert_eq!(walk(&mut hosts, "a"), "fail h1 rescue flush_handlers flush_handlers");
}

#[test]
fn all_hosts_do_the_same_task_before_any_goes_on() {
    let (_, mut hosts) = begin(&format!(
        "tasks: [{{block: [{}], rescue: [{}]}}, {}]",
        tasks(&["one"]),
        tasks(&["rescue"]),
        tasks(&["two"])
    ));
    let both = [Arc::from("a"), Arc::from("b")];
    let mut seen = Vec::new();
    loop {
        let next = hosts.next_in_lockstep(&both);
        let Some((_, task)) = next.first() else { break };
        let who: String = next.iter().map(|(host, _)| &**host).collect();
        seen.push(format!("{}:{who}", name(task)));
        if name(task) == "one" {
            hosts.fail(&both[0]);
        }
    }
    assert_eq!(seen.join(" "), "one:ab rescue:a two:ab");
}

#[test]
fn a_run_that_starts_at_a_task_begins_there_and_nowhere_where_it_is_not() {
    let (_, mut hosts) = begin(&format!("tasks: [{}]", tasks(&["one", "two", "three"])));
    assert!(hosts.start_at(&|task| name(task) == "two"));
    assert_eq!(walk(&mut hosts, "a"), "two three");
    let (_, mut hosts) = begin(&format!("tasks: [{}]", tasks(&["one"])));
    assert!(!hosts.start_at(&|task| name(task) == "nowhere"));
    assert_eq!(walk(&mut hosts, "a"), "");
}
