//! What the user of the default callback sees.

use super::Default as Screenful;
use crate::{
    callback::{
        Options,
        screen::Theme,
        testing::{end, run, run_of_many_cases, start, task},
    },
    event::{Event, PlayInfo, Status},
};

fn shown(options: Options) -> (String, String) {
    run(|screen| Screenful::new(screen, options), &run_of_many_cases())
}

#[test]
fn a_run_reads_as_ansible_prints_it() {
    let (out, err) = shown(Options::default());
    insta::assert_snapshot!(out);
    insta::assert_snapshot!(err, @"[WARNING]: mind the gap");
}

#[test]
fn more_is_shown_the_more_is_asked_for() {
    insta::assert_snapshot!("v", shown(Options { verbosity: 1, ..Options::default() }).0);
    insta::assert_snapshot!("vvv", shown(Options { verbosity: 3, ..Options::default() }).0);
}

#[test]
fn hosts_that_did_nothing_can_be_left_out_with_their_banners() {
    let options = Options { display_ok_hosts: false, display_skipped_hosts: false, ..Options::default() };
    let (out, _) = shown(options);
    assert!(!out.contains("TASK [say]"), "{out}");
    assert!(!out.contains("skipping: [h1]"), "{out}");
    assert!(out.contains("TASK [base : refuse]"), "{out}");
    assert!(out.contains("changed: [h1]"), "{out}");
}

#[test]
fn failures_can_go_to_standard_error() {
    let (out, err) = shown(Options { display_failed_stderr: true, ..Options::default() });
    assert!(!out.contains("fatal:") && !out.contains("failed: [h1]"), "{out}");
    assert!(err.contains("fatal: [h1]: UNREACHABLE!") && err.contains("failed: [h1] (item=3)"), "{err}");
}

#[test]
fn custom_stats_and_check_marks_are_shown_on_request() {
    let options = Options { show_custom_stats: true, check_mode_markers: true, check_mode: true, ..Options::default() };
    let (out, _) = shown(options);
    assert!(out.starts_with("\nDRY RUN ****"), "{out}");
    assert!(out.contains("\nPLAY [CHECK MODE] ****"), "{out}");
    assert!(out.contains("\nCUSTOM STATS: ****"), "{out}");
    assert!(out.contains("\th1: { \"n\": 1}\n\n\tRUN: { \"total\": [  1,  2 ]}\n\n"), "{out}");
}

#[test]
fn a_free_play_prints_a_banner_with_each_change_of_task() {
    let (one, two) = (task(1, "one", "command"), task(2, "two", "command"));
    let ok = r#"{"changed": false}"#;
    let events = [
        Event::PlayStarted(PlayInfo {
            name: "p".to_owned(),
            check_mode: false,
            strategy: "ansible.builtin.free".to_owned(),
        }),
        start(&one),
        start(&two),
        end(&two, Status::Ok, ok),
        end(&one, Status::Ok, ok),
        end(&one, Status::Ok, ok),
    ];
    let (out, _) = run(|screen| Screenful::new(screen, Options::default()), &events);
    let heads: Vec<&str> = out.lines().filter(|line| !line.is_empty()).map(|line| &line[..8]).collect();
    assert_eq!(heads, ["PLAY [p]", "TASK [tw", "ok: [h1]", "TASK [on", "ok: [h1]", "ok: [h1]"]);
}

#[test]
fn each_line_has_its_own_colour() {
    let (out, _) = run(
        |mut screen| {
            screen.colour = true;
            Screenful::new(screen, Options::default())
        },
        &run_of_many_cases(),
    );
    assert!(out.contains("\u{1b}[0;32mok: [h1] => {\u{1b}[0m\n\u{1b}[0;32m    \"msg\": \"hé\"\u{1b}[0m\n"), "{out}");
    assert!(out.contains("\u{1b}[0;32m+a\u{1b}[0m\n\u{1b}[0;32m\u{1b}[0m\u{1b}[0;32m+b\u{1b}[0m\n"), "{out:?}");
    assert!(out.contains("\u{1b}[0;31mh1\u{1b}[0m                         : \u{1b}[0;32mok=12  \u{1b}[0m "), "{out}");
    assert_eq!(Theme::default().ok, "green");
}
