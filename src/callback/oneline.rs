//! Ansible's `oneline` stdout callback: `ansible -o`.

use protocol::Map;

use super::{Callback, Options, Screen, dump, minimal::prints_output};
use crate::{
    diagnostic::{ErrorChain, Link},
    event::{Event, ResultEvent, Status},
    python_repr,
};

/// Prints each result on one line.
pub struct Oneline {
    screen: Screen,
    options: Options,
}

impl Oneline {
    /// Prints on the screen, as the options say.
    #[must_use]
    pub fn new(mut screen: Screen, options: Options) -> Self {
        let message =
            "The oneline callback plugin is deprecated. This feature will be removed from ansible-core version 2.23.";
        screen.deprecation(&ErrorChain::new(Link::new(message)), &options);
        Self { screen, options }
    }

    fn result(&mut self, result: &ResultEvent) {
        let values = dump::callback_values(result);
        let host = &result.host;
        let shown = dump::results(&values, Some(0), &self.options).replace('\n', "");
        let theme = &self.options.theme;
        let (text, colour) = match result.status {
            Status::Failed { .. } => {
                if result.error.is_some() {
                    // The plugin shows what stands in the place of Python's traceback, not the error.
                    let traceback = "(traceback unavailable)";
                    let text = if prints_output(result) && !values.contains_key("module_stderr") {
                        command(host, &values, "FAILED")
                    } else if self.options.verbosity < 3 {
                        format!(
                            "An exception occurred during task execution. To see the full traceback, use -vvv. The error was: {traceback}"
                        )
                    } else {
                        format!("An exception occurred during task execution. The full traceback is:\n{traceback}")
                    };
                    self.screen.line(&text, &theme.error);
                }
                (format!("{host} | FAILED! => {shown}"), &theme.error)
            }
            Status::Ok => {
                let (word, colour) = if result.changed { ("CHANGED", &theme.changed) } else { ("SUCCESS", &theme.ok) };
                let text = if prints_output(result) && !values.contains_key("ansible_job_id") {
                    command(host, &values, word)
                } else {
                    format!("{host} | {word} => {shown}")
                };
                (text, colour)
            }
            Status::Unreachable { .. } => {
                let message = values.get("msg").map(python_repr::str).unwrap_or_default();
                (format!("{host} | UNREACHABLE!: {message}"), &theme.unreachable)
            }
            Status::Skipped => (format!("{host} | SKIPPED"), &theme.skip),
        };
        self.screen.line(&text, colour);
    }
}

fn command(host: &str, values: &Map, word: &str) -> String {
    let text =
        |key| values.get(key).map(python_repr::str).unwrap_or_default().replace('\n', "\\n").replace('\r', "\\r");
    let code = values.get("rc").map_or_else(|| "-1".to_owned(), python_repr::str);
    let mut line = format!("{host} | {word} | rc={code} | (stdout) {}", text("stdout"));
    let errors = text("stderr");
    if !errors.is_empty() {
        line.push_str(&format!(" (stderr) {errors}"));
    }
    line
}

impl Callback for Oneline {
    fn event(&mut self, event: &Event) {
        if !self.screen.common(event, &self.options)
            && let Event::Result(result) = event
        {
            self.result(result);
        }
    }
}
