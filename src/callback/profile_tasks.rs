//! `ansible.posix.profile_tasks`: how long each task took, and the longest at the end.

use std::{cmp::Reverse, time::Duration};

use jiff::ZonedDateTime;

use super::{
    Callback, Screen,
    screen::Stream,
    timing::{Stopwatch, between, dashed, entry, filled},
};
use crate::event::{Event, TaskInfo};

/// In which order the tasks are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The longest first.
    #[default]
    Descending,
    /// The shortest first.
    Ascending,
    /// As they came.
    AsTheyCame,
}

/// What the operator can set, with ansible.cfg's names (section `[callback_profile_tasks]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileTasksOptions {
    /// `task_output_limit`: how many tasks are listed; `None`: all.
    pub limit: Option<usize>,
    /// `sort_order`
    pub order: Order,
    /// `summary_only`: no line before each task.
    pub summary_only: bool,
    /// With `-vv` the list says where each task stands.
    pub paths: bool,
}

/// Times tasks.
pub struct ProfileTasks {
    screen: Screen,
    options: ProfileTasksOptions,
    watch: Stopwatch,
    tasks: Vec<Timed>,
    current: Option<usize>,
}

struct Timed {
    id: u64,
    name: String,
    path: String,
    started: ZonedDateTime,
    took: Duration,
}

impl ProfileTasks {
    /// Counts from now on. `now` tells the time.
    #[must_use]
    pub fn new(screen: Screen, options: ProfileTasksOptions, now: fn() -> ZonedDateTime) -> Self {
        Self { screen, options, watch: Stopwatch::start(now), tasks: Vec::new(), current: None }
    }

    fn begin(&mut self, task: &TaskInfo) {
        if !self.options.summary_only {
            let line = self.watch.line();
            self.print(&line);
        }
        self.end_current();
        let started = self.watch.now();
        self.current = self.tasks.iter().position(|timed| timed.id == task.id);
        match self.current.and_then(|at| self.tasks.get_mut(at)) {
            // With `serial` a task comes again; its times are added.
            Some(timed) => timed.started = started,
            None => {
                self.current = Some(self.tasks.len());
                let (name, path) = (task.name.clone(), task.path.clone());
                self.tasks.push(Timed { id: task.id, name, path, started, took: Duration::ZERO });
            }
        }
    }

    fn end_current(&mut self) {
        let now = self.watch.now();
        if let Some(timed) = self.current.take().and_then(|at| self.tasks.get_mut(at)) {
            timed.took += between(&timed.started, &now);
        }
    }

    fn finish(&mut self) {
        self.screen.banner("TASKS RECAP");
        let line = self.watch.line();
        self.print(&line);
        self.print(&filled("", '='));
        self.end_current();
        match self.options.order {
            Order::Descending => self.tasks.sort_by_key(|timed| Reverse(timed.took)),
            Order::Ascending => self.tasks.sort_by_key(|timed| timed.took),
            Order::AsTheyCame => {}
        }
        let columns = self.screen.columns;
        for timed in std::mem::take(&mut self.tasks).iter().take(self.options.limit.unwrap_or(usize::MAX)) {
            let mut text = entry(&timed.name, timed.took, columns);
            if self.options.paths {
                text += "\n";
                text += &dashed(&timed.path, columns);
            }
            self.print(&text);
        }
    }

    fn print(&mut self, text: &str) {
        self.screen.display(text, None, Stream::Out);
    }
}

impl Callback for ProfileTasks {
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

    const OPTIONS: ProfileTasksOptions =
        ProfileTasksOptions { limit: Some(20), order: Order::AsTheyCame, summary_only: false, paths: false };

    #[test]
    fn each_task_has_its_time_before_it_and_in_the_list() {
        let (out, _) = run(|screen| ProfileTasks::new(screen, OPTIONS, clock), &run_of_many_cases());
        insta::assert_snapshot!(out);
    }

    #[test]
    fn the_list_alone_with_the_longest_two_and_where_they_stand() {
        let options = ProfileTasksOptions { limit: Some(2), order: Order::Descending, summary_only: true, paths: true };
        let (out, _) = run(|screen| ProfileTasks::new(screen, options, clock), &run_of_many_cases());
        insta::assert_snapshot!(out);
    }
}
