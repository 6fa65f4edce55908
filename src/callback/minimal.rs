//! Ansible's `minimal` stdout callback: what `ansible` (ad hoc) prints.

use protocol::Map;

use super::{Callback, Options, Screen, diff, dump, screen::Stream};
use crate::{
    event::{Event, ResultEvent, Status},
    python_repr,
};

/// Prints results as `ansible` does.
pub struct Minimal {
    screen: Screen,
    options: Options,
}

impl Minimal {
    /// Prints on the screen, as the options say.
    #[must_use]
    pub fn new(screen: Screen, options: Options) -> Self {
        Self { screen, options }
    }

    fn result(&mut self, result: &ResultEvent) {
        let mut values = dump::callback_values(result);
        let host = &result.host;
        if result.task.diff_mode
            && result.status == Status::Ok
            && let Some(diff) = values.get("diff").filter(|diff| python_repr::truth(diff))
        {
            let text = diff::text(diff, &self.screen, &self.options);
            self.screen.display(&text, None, Stream::Out);
        }
        self.screen.asides(result, &self.options, Stream::Out);
        let theme = &self.options.theme;
        let (text, colour) = match result.status {
            Status::Failed { .. } if prints_output(result) && !values.contains_key("module_stderr") => {
                (command(host, &values, "FAILED"), theme.error.clone())
            }
            Status::Failed { .. } => {
                (format!("{host} | FAILED! => {}", dump::results(&values, Some(4), &self.options)), theme.error.clone())
            }
            Status::Ok => {
                dump::clean(&mut values, &result.task);
                let (word, colour) = if result.changed { ("CHANGED", &theme.changed) } else { ("SUCCESS", &theme.ok) };
                let text = if prints_output(result) && !values.contains_key("ansible_job_id") {
                    command(host, &values, word)
                } else {
                    format!("{host} | {word} => {}", dump::results(&values, Some(4), &self.options))
                };
                (text, colour.clone())
            }
            Status::Skipped => (format!("{host} | SKIPPED"), theme.skip.clone()),
            Status::Unreachable { .. } => {
                let shown = dump::results(&values, Some(4), &self.options);
                (format!("{host} | UNREACHABLE! => {shown}"), theme.unreachable.clone())
            }
        };
        self.screen.line(&text, &colour);
    }
}

/// Whether the action's result is text rather than values: `command`, `shell`, `raw` and the like.
pub(super) fn prints_output(result: &ResultEvent) -> bool {
    matches!(&*result.task.short_action, "command" | "win_command" | "shell" | "win_shell" | "raw")
}

fn command(host: &str, values: &Map, word: &str) -> String {
    let text = |key| values.get(key).map(python_repr::str).unwrap_or_default();
    let code = values.get("rc").map_or_else(|| "-1".to_owned(), python_repr::str);
    format!("{host} | {word} | rc={code} >>\n{}{}{}\n", text("stdout"), text("stderr"), text("msg"))
}

impl Callback for Minimal {
    fn event(&mut self, event: &Event) {
        if self.screen.common(event, &self.options) {
            return;
        }
        match event {
            Event::Result(result) => self.result(result),
            Event::NoHostsMatched
            | Event::NoHostsRemaining
            | Event::PlaybookStarted { .. }
            | Event::PlayStarted(_)
            | Event::TaskStarted(_)
            | Event::HostStarted { .. }
            | Event::ItemResult(_)
            | Event::Retry { .. }
            | Event::JobPolled { .. }
            | Event::JobEnded { .. }
            | Event::Included { .. }
            | Event::Notified { .. }
            | Event::Finished { .. }
            | Event::Warning(_)
            | Event::Deprecation(_)
            | Event::Error(_)
            | Event::Verbose { .. }
            | Event::RetryFile { .. }
            | Event::Prompt(_) => {}
        }
    }
}
