//! One task without a playbook: `provision exec`, `ansible`.

use std::sync::Arc;

use protocol::{Data, Map};

use super::{Failure, Result, options::ExecOptions};
use crate::{
    callback::Callback,
    diagnostic::{Diagnostic, ErrorChain, Origin},
    event::Event,
    playbook::arguments::parse_kv,
    python_json::{self, Style},
    python_repr,
};

/// The name of the playbook that is made of the task.
pub const ADHOC: &str = "<adhoc>";

/// Actions whose arguments are a command.
const FREE_FORM: [&str; 6] = ["command", "shell", "script", "raw", "win_command", "win_shell"];

/// The task as a playbook, in which each thing that an error can point to has a line of its own.
#[derive(Debug)]
pub struct Written {
    /// The playbook: YAML, of which every value is JSON.
    pub text: String,
    module: String,
    module_line: usize,
    arguments: Map,
    first_argument_line: usize,
    /// The whole task, as ansible-core shows it.
    shown: String,
}

impl Written {
    /// Writes the task.
    ///
    /// # Errors
    ///
    /// The arguments cannot be read.
    pub fn new(options: &ExecOptions) -> Result<Self> {
        let module = &options.module;
        let arguments = arguments(options)?;
        let timeout = options.run.config.task_timeout;
        let shown = [
            ("action", Data::from(module.as_str())),
            ("args", Data::Map(arguments.clone())),
            ("timeout", Data::from(timeout)),
            ("async_val", Data::from(options.background)),
            ("poll", Data::from(options.poll)),
        ];
        let mut lines = vec![
            "- name: Ansible Ad-Hoc".to_owned(),
            format!("  hosts: {}", json(&Data::from(options.pattern.as_str()))),
            "  gather_facts: false".to_owned(),
            "  tasks:".to_owned(),
            format!("  - timeout: {timeout}"),
        ];
        if options.background > 0 {
            lines.push(format!("    async: {}", options.background));
            lines.push(format!("    poll: {}", options.poll));
        }
        lines.push(format!("    action: {}", json(&Data::from(module.as_str()))));
        let module_line = lines.len();
        if !arguments.is_empty() {
            lines.push("    args:".to_owned());
        }
        let first_argument_line = lines.len() + 1;
        lines.extend(
            arguments.iter().map(|(key, value)| format!("      {}: {}", json(&Data::from(key.as_str())), json(value))),
        );
        lines.push(String::new());
        let shown = shown.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Ok(Self {
            text: lines.join("\n"),
            module: module.clone(),
            module_line,
            arguments,
            first_argument_line,
            shown: python_repr::repr(&Data::Map(shown)),
        })
    }

    /// What stands on a line of the text, as ansible-core names it.
    fn origin(&self, line: usize) -> Origin {
        let argument = line.checked_sub(self.first_argument_line).and_then(|index| self.arguments.get_index(index));
        let (name, value) = match argument {
            Some((_, value)) => ("<CLI option '-a'>".to_owned(), python_repr::str(value)),
            None if line == self.module_line => ("<CLI option '-m'>".to_owned(), self.module.clone()),
            None => (format!("<adhoc '{}' task>", self.module), self.shown.clone()),
        };
        Origin::Named { name, value }
    }
}

/// The arguments: a JSON object, or pairs.
fn arguments(options: &ExecOptions) -> Result<Map> {
    let text = &options.arguments;
    if text.starts_with('{') && text.ends_with('}') {
        return match serde_json::from_str(text).map(Data::from_json) {
            Ok(Data::Map(map)) => Ok(map),
            Ok(_) => Ok(Map::new()),
            // ansible-core lets the error of its JSON reader through.
            Err(error) => Err(Failure::Unexpected(error.to_string())),
        };
    }
    let short = options.module.rsplit('.').next().unwrap_or(&options.module);
    let split = parse_kv(text, FREE_FORM.contains(&short))
        .map_err(|error| Failure::Parser(vec![Diagnostic::error(error.to_string())]))?;
    let mut map: Map = split.options.into_iter().map(|(key, value)| (key, Data::from(value))).collect();
    if let Some(raw) = split.raw {
        map.insert("_raw_params".to_owned(), Data::from(raw));
    }
    Ok(map)
}

fn json(value: &Data) -> String {
    python_json::dumps(value, Style { ensure_ascii: false, ..Style::default() })
}

/// Hears a run of one task: errors name the task instead of a place in a playbook that nobody wrote.
pub struct Adhoc<C> {
    inner: C,
    written: Written,
}

impl<C: Callback> Adhoc<C> {
    /// Hands events on to `inner`.
    pub fn new(inner: C, written: Written) -> Self {
        Self { inner, written }
    }

    fn rename(&self, chain: &mut ErrorChain) {
        for link in &mut chain.links {
            let line = match &link.origin {
                Some(Origin::File(span)) if span.file.ends_with(ADHOC) => span.line as usize,
                _ => continue,
            };
            link.origin = Some(self.written.origin(line));
        }
    }
}

impl<C: Callback> Callback for Adhoc<C> {
    fn event(&mut self, event: &Event) {
        let Event::Result(result) = event else { return self.inner.event(event) };
        let mut result = result.clone();
        if let Some(error) = &mut result.error {
            self.rename(error);
        }
        for warning in result.warnings.iter_mut().chain(&mut result.deprecations) {
            self.rename(warning);
        }
        let mut task = (*result.task).clone();
        task.path.clear();
        result.task = Arc::new(task);
        self.inner.event(&Event::Result(result));
    }
}
