//! `ansible.posix.profile_roles`: how long each role took.

use std::{cmp::Reverse, time::Duration};

use jiff::ZonedDateTime;

use super::{
    Callback, Screen,
    screen::Stream,
    timing::{Stopwatch, between, entry, filled},
};
use crate::event::{Event, TaskInfo};

/// How wide its list is; not as wide as the screen.
const WIDTH: usize = 79;

/// Times roles; tasks that belong to none count under their action.
pub struct ProfileRoles {
    screen: Screen,
    summary_only: bool,
    watch: Stopwatch,
    totals: Vec<(String, Duration)>,
    current: Option<(String, ZonedDateTime)>,
}

impl ProfileRoles {
    /// Counts from now on. `summary_only`: no line before each task (`[callback_profile_roles] summary_only`); `now`
    /// tells the time.
    #[must_use]
    pub fn new(screen: Screen, summary_only: bool, now: fn() -> ZonedDateTime) -> Self {
        Self { screen, summary_only, watch: Stopwatch::start(now), totals: Vec::new(), current: None }
    }

    fn begin(&mut self, task: &TaskInfo) {
        if !self.summary_only {
            let line = self.watch.line();
            self.print(&line);
        }
        self.end_current();
        let name = task.role.as_ref().unwrap_or(&task.action).clone();
        self.current = Some((name, self.watch.now()));
    }

    fn end_current(&mut self) {
        let Some((name, started)) = self.current.take() else { return };
        let took = between(&started, &self.watch.now());
        match self.totals.iter_mut().find(|(known, _)| *known == name) {
            Some((_, total)) => *total += took,
            None => self.totals.push((name, took)),
        }
    }

    fn finish(&mut self) {
        self.screen.banner("ROLES RECAP");
        let line = self.watch.line();
        self.print(&line);
        self.print(&filled("", '='));
        self.end_current();
        let mut totals = std::mem::take(&mut self.totals);
        totals.sort_by_key(|(_, took)| Reverse(*took));
        for (name, took) in &totals {
            self.print(&entry(name, *took, WIDTH));
        }
        self.print(&filled("", '~'));
        self.print(&entry("total", totals.iter().map(|(_, took)| took).sum(), WIDTH));
    }

    fn print(&mut self, text: &str) {
        self.screen.display(text, None, Stream::Out);
    }
}

impl Callback for ProfileRoles {
    fn event(&mut self, event: &Event) {
        match event {
            Event::TaskStarted(task) => self.begin(task),
            Event::Finished { .. } => self.finish(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::{
        testing::{run, run_of_many_cases},
        timing::testing::clock,
    };

    #[test]
    fn tasks_count_under_their_role_or_their_action() {
        let (out, _) = run(|screen| ProfileRoles::new(screen, true, clock), &run_of_many_cases());
        insta::assert_snapshot!(out);
    }
}
