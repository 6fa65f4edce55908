//! Ansible's `default` stdout callback.

use std::sync::Arc;

use protocol::{Data, Map};

use super::{Callback, Options, Screen, diff, dump, screen::Stream};
use crate::{
    event::{Event, HostTotals, PlayInfo, ResultEvent, Status, TaskInfo},
    python_repr,
};

/// Prints a run as `ansible-playbook` does.
pub struct Default {
    screen: Screen,
    options: Options,
    /// The play lets each host go on at its own pace.
    free: bool,
    /// The task whose banner was printed last.
    banner: Option<u64>,
}

impl Default {
    /// Prints on the screen, as the options say.
    #[must_use]
    pub fn new(screen: Screen, options: Options) -> Self {
        Self { screen, options, free: false, banner: None }
    }

    fn failures(&self) -> Stream {
        if self.options.display_failed_stderr { Stream::Err } else { Stream::Out }
    }

    fn play(&mut self, play: &PlayInfo) {
        let marker = self.check_marker(play.check_mode);
        let name = play.name.trim();
        self.free = matches!(play.strategy.rsplit('.').next(), Some("free" | "host_pinned"));
        self.screen.banner(&if name.is_empty() { format!("PLAY{marker}") } else { format!("PLAY [{name}]{marker}") });
    }

    fn check_marker(&self, check_mode: bool) -> &'static str {
        if check_mode && self.options.check_mode_markers { " [CHECK MODE]" } else { "" }
    }

    fn task_banner(&mut self, task: &TaskInfo) {
        if self.banner == Some(task.id) {
            return;
        }
        self.banner = Some(task.id);
        let prefix = if task.handler { "RUNNING HANDLER" } else { "TASK" };
        let arguments = task.arguments.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
        let marker = self.check_marker(task.check_mode);
        self.screen.banner(&format!("{prefix} [{}{arguments}]{marker}", task.name.trim()));
        if self.options.verbosity >= 2 {
            self.task_path(task);
        }
    }

    fn task_path(&mut self, task: &TaskInfo) {
        if !task.path.is_empty() {
            self.screen.line(&format!("task path: {}", task.path), &self.options.theme.debug);
        }
    }

    fn result(&mut self, result: &ResultEvent) {
        let mut values = dump::callback_values(result);
        match result.status {
            Status::Ok => self.ok(result, &mut values),
            Status::Failed { ignored } => self.failed(result, &mut values, ignored),
            Status::Skipped => self.skipped(result, &mut values),
            Status::Unreachable { ignored } => self.unreachable(result, &values, ignored),
        }
    }

    fn ok(&mut self, result: &ResultEvent, values: &mut Map) {
        self.diff(result, values);
        if matches!(&*result.task.short_action, "include_tasks" | "include_role" | "import_tasks" | "import_role") {
            self.task_banner(&result.task);
            return;
        }
        let (word, colour) = match result.changed {
            true => ("changed", self.options.theme.changed.clone()),
            false if !self.options.display_ok_hosts => return,
            false => ("ok", self.options.theme.ok.clone()),
        };
        self.task_banner(&result.task);
        self.screen.asides(result, &self.options, self.failures());
        if result.task.looped && values.contains_key("results") {
            return;
        }
        let mut text = format!("{word}: [{}]", dump::host_label(result));
        dump::clean(values, &result.task);
        if dump::is_verbose(values, &self.options, 0) {
            text.push_str(&format!(" => {}", dump::results(values, None, &self.options)));
        }
        self.screen.line(&text, &colour);
    }

    fn failed(&mut self, result: &ResultEvent, values: &mut Map, ignored: bool) {
        let stream = self.failures();
        self.task_banner(&result.task);
        self.screen.asides(result, &self.options, stream);
        dump::clean(values, &result.task);
        if !(result.task.looped && values.contains_key("results")) {
            if self.options.verbosity < 2 && self.options.show_task_path_on_failure {
                self.task_path(&result.task);
            }
            let shown = dump::results(values, None, &self.options);
            let text = format!("fatal: [{}]: FAILED! => {shown}", dump::host_label(result));
            self.screen.display(&text, Some(&self.options.theme.error), stream);
        }
        if ignored {
            self.screen.line("...ignoring", &self.options.theme.skip);
        }
    }

    fn skipped(&mut self, result: &ResultEvent, values: &mut Map) {
        if !self.options.display_skipped_hosts {
            return;
        }
        dump::clean(values, &result.task);
        self.task_banner(&result.task);
        self.screen.asides(result, &self.options, self.failures());
        if result.task.looped {
            values.shift_remove("results");
        }
        let mut text = format!("skipping: [{}]", result.host);
        if dump::is_verbose(values, &self.options, 0) {
            text.push_str(&format!(" => {}", dump::results(values, None, &self.options)));
        }
        self.screen.line(&text, &self.options.theme.skip);
    }

    fn unreachable(&mut self, result: &ResultEvent, values: &Map, ignored: bool) {
        let stream = self.failures();
        self.task_banner(&result.task);
        self.screen.asides(result, &self.options, stream);
        let shown = dump::results(values, None, &self.options);
        let text = format!("fatal: [{}]: UNREACHABLE! => {shown}", dump::host_label(result));
        self.screen.display(&text, Some(&self.options.theme.unreachable), stream);
        if ignored {
            self.screen.line("...ignoring", &self.options.theme.skip);
        }
    }

    fn item(&mut self, result: &ResultEvent) {
        let mut values = dump::callback_values(result);
        if result.status == Status::Ok {
            self.diff(result, &values);
        }
        let (word, colour) = match result.status {
            Status::Ok if matches!(&*result.task.short_action, "include_tasks" | "include_role") => return,
            Status::Ok if result.changed => ("changed", self.options.theme.changed.clone()),
            Status::Ok if !self.options.display_ok_hosts => return,
            Status::Ok => ("ok", self.options.theme.ok.clone()),
            Status::Skipped if !self.options.display_skipped_hosts => return,
            Status::Skipped => ("skipping", self.options.theme.skip.clone()),
            Status::Failed { .. } | Status::Unreachable { .. } => ("failed", self.options.theme.error.clone()),
        };
        self.task_banner(&result.task);
        self.screen.asides(result, &self.options, self.failures());
        let item = dump::item_label(result);
        dump::clean(&mut values, &result.task);
        let verbose = dump::is_verbose(&values, &self.options, 0);
        let shown = dump::results(&values, None, &self.options);
        match result.status {
            Status::Failed { .. } | Status::Unreachable { .. } => {
                let text = format!("{word}: [{}] (item={item}) => {shown}", dump::host_label(result));
                let stream = self.failures();
                self.screen.display(&text, Some(&colour), stream);
            }
            Status::Skipped => {
                let mut text = format!("{word}: [{}] => (item={item}) ", result.host);
                if verbose {
                    text.push_str(&format!(" => {shown}"));
                }
                self.screen.line(&text, &colour);
            }
            Status::Ok => {
                let mut text = format!("{word}: [{}] => (item={item})", dump::host_label(result));
                if verbose {
                    text.push_str(&format!(" => {shown}"));
                }
                self.screen.line(&text, &colour);
            }
        }
    }

    /// What changed, printed before the result itself.
    fn diff(&mut self, result: &ResultEvent, values: &Map) {
        if !result.task.diff_mode {
            return;
        }
        let changed = values.get("changed").is_some_and(python_repr::truth);
        if let Some(diff) = values.get("diff").filter(|diff| changed && python_repr::truth(diff)) {
            let text = diff::text(diff, &self.screen, &self.options);
            if !text.is_empty() {
                self.task_banner(&result.task);
                self.screen.display(&text, None, Stream::Out);
            }
        }
    }

    fn retry(&mut self, result: &ResultEvent, left: u32) {
        let name = result.task.own_name.as_deref().unwrap_or(&result.task.name);
        let mut text = format!("FAILED - RETRYING: [{}]: {name} ({left} retries left).", dump::host_label(result));
        let values = dump::callback_values(result);
        if dump::is_verbose(&values, &self.options, 2) {
            text.push_str(&format!("Result was: {}", dump::results(&values, None, &self.options)));
        }
        self.screen.line(&text, &self.options.theme.debug);
    }

    fn job_polled(&mut self, result: &ResultEvent) {
        let value = |key| result.values.get(key).map_or_else(|| "None".to_owned(), python_repr::str);
        let text = format!(
            "ASYNC POLL on {}: jid={} started={} finished={}",
            result.host,
            value("ansible_job_id"),
            value("started"),
            value("finished")
        );
        self.screen.line(&text, &self.options.theme.debug);
    }

    fn job_ended(&mut self, result: &ResultEvent, failed: bool) {
        let inner = result.values.get("async_result").and_then(Data::as_map).filter(|_| failed);
        let job = result
            .values
            .get("ansible_job_id")
            .filter(|job| python_repr::truth(job))
            .or_else(|| inner.and_then(|inner| inner.get("ansible_job_id")))
            .map_or_else(|| "None".to_owned(), python_repr::str);
        let word = if failed { "FAILED" } else { "OK" };
        self.screen.line(&format!("ASYNC {word} on {}: jid={job}", result.host), &self.options.theme.debug);
    }

    fn included(&mut self, path: &str, hosts: &[Arc<str>], label: Option<&Data>) {
        let mut text = format!("included: {path} for {}", hosts.join(", "));
        if let Some(label) = label.filter(|label| python_repr::truth(label)) {
            text.push_str(&format!(" => (item={})", python_repr::str(label)));
        }
        self.screen.line(&text, &self.options.theme.included);
    }

    fn playbook(&mut self, path: &str) {
        if self.options.verbosity > 1 {
            let name = path.rsplit('/').next().unwrap_or(path);
            self.screen.banner(&format!("PLAYBOOK: {name}"));
        }
        if self.options.verbosity > 3 {
            for (name, value) in &self.options.arguments {
                self.screen.line(&format!("{name}: {value}"), &self.options.theme.verbose);
            }
        }
        self.dry_run();
    }

    fn dry_run(&mut self) {
        if self.options.check_mode && self.options.check_mode_markers {
            self.screen.banner("DRY RUN");
        }
    }

    fn finished(&mut self, totals: &[HostTotals], custom_stats: &Map) {
        self.screen.banner("PLAY RECAP");
        let mut totals: Vec<&HostTotals> = totals.iter().collect();
        totals.sort_by(|one, two| one.host.cmp(&two.host));
        for host in totals {
            let line = self.recap(host);
            self.screen.display(&line, None, Stream::Out);
        }
        self.screen.display("", None, Stream::Out);
        if self.options.show_custom_stats && !custom_stats.is_empty() {
            self.custom_stats(custom_stats);
        }
        self.dry_run();
    }

    fn recap(&self, totals: &HostTotals) -> String {
        let theme = &self.options.theme;
        let colour = if totals.failed + totals.unreachable > 0 {
            &theme.error
        } else if totals.changed > 0 {
            &theme.changed
        } else {
            &theme.ok
        };
        let host = if self.screen.colour {
            format!("{:<37}", self.screen.paint(&totals.host, Some(colour)))
        } else {
            format!("{:<26}", totals.host)
        };
        let counts = [
            ("ok", totals.ok, &theme.ok),
            ("changed", totals.changed, &theme.changed),
            ("unreachable", totals.unreachable, &theme.unreachable),
            ("failed", totals.failed, &theme.error),
            ("skipped", totals.skipped, &theme.skip),
            ("rescued", totals.rescued, &theme.ok),
            ("ignored", totals.ignored, &theme.warn),
        ];
        let counts = counts.map(|(name, count, colour)| {
            let text = format!("{name}={count:<4}");
            if count > 0 { self.screen.paint(&text, Some(colour)) } else { text }
        });
        format!("{host} : {}", counts.join(" "))
    }

    fn custom_stats(&mut self, stats: &Map) {
        self.screen.banner("CUSTOM STATS: ");
        let mut hosts: Vec<_> = stats.iter().filter(|(host, _)| *host != "_run").collect();
        hosts.sort_by_key(|(host, _)| *host);
        for (host, values) in hosts {
            let text = self.one_line(values);
            self.screen.display(&format!("\t{host}: {text}"), None, Stream::Out);
        }
        if let Some(run) = stats.get("_run") {
            let text = self.one_line(run);
            self.screen.display("", None, Stream::Out);
            self.screen.display(&format!("\tRUN: {text}"), None, Stream::Out);
        }
        self.screen.display("", None, Stream::Out);
    }

    fn one_line(&self, values: &Data) -> String {
        let empty = Map::new();
        dump::results(values.as_map().unwrap_or(&empty), Some(1), &self.options).replace('\n', "")
    }
}

impl Callback for Default {
    fn event(&mut self, event: &Event) {
        if self.screen.common(event, &self.options) {
            return;
        }
        match event {
            Event::PlaybookStarted { path } => self.playbook(path),
            Event::PlayStarted(play) => self.play(play),
            Event::NoHostsMatched => self.screen.line("skipping: no hosts matched", &self.options.theme.skip),
            Event::NoHostsRemaining => self.screen.banner("NO MORE HOSTS LEFT"),
            Event::TaskStarted(task) => {
                // Where results decide whether a task is shown at all, its banner waits for the first one.
                if !self.free && self.options.display_skipped_hosts && self.options.display_ok_hosts {
                    self.banner = None;
                    self.task_banner(task);
                }
            }
            Event::HostStarted { task, host } => {
                if self.options.show_per_host_start {
                    let kind = if task.handler { "HANDLER" } else { "TASK" };
                    self.screen.line(&format!(" [started {kind}: {} on {host}]", task.name), &self.options.theme.ok);
                }
            }
            Event::Result(result) => self.result(result),
            Event::ItemResult(result) => self.item(result),
            Event::Retry { result, left } => self.retry(result, *left),
            Event::JobPolled { result } => self.job_polled(result),
            Event::JobEnded { result, failed } => self.job_ended(result, *failed),
            Event::Included { path, hosts, label } => self.included(path, hosts, label.as_ref()),
            Event::Notified { handler, host } => {
                if self.options.verbosity > 1 {
                    let text = format!("NOTIFIED HANDLER {handler} for {host}");
                    self.screen.line(&text, &self.options.theme.verbose);
                }
            }
            Event::Finished { totals, custom_stats } => self.finished(totals, custom_stats),
            Event::RetryFile { .. }
            | Event::Warning(_)
            | Event::Deprecation(_)
            | Event::Error(_)
            | Event::Verbose { .. }
            | Event::Prompt(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
