//! `provision doc`.

use clap::Args;
use protocol::arguments::{CheckMode, Default, Kind, OptionSpec, Specification};

use crate::{
    action,
    cli::{Failure, Result, terminal::Terminal},
    diagnostic::{Diagnostic, suggest},
    python_json::{self, Style},
};

/// Show a module's documentation: what it does, its options, an example
///
/// Without a module, all modules are listed.
///
/// Example: provision doc copy
#[derive(Debug, Args)]
pub struct Arguments {
    /// The modules
    #[arg(value_name = "MODULE")]
    modules: Vec<String>,
}

impl Arguments {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        if self.modules.is_empty() { list(&[], terminal) } else { show(&self.modules, terminal) }
    }
}

/// Every module that is here, in the order of their names.
fn specifications() -> Vec<&'static Specification> {
    let mut all: Vec<_> = modules::registry::MODULES.iter().map(|entry| &entry.specification).collect();
    all.sort_by_key(|specification| specification.module);
    all
}

/// The modules with a line each; only those whose full names begin with one of `filters`, where there are any.
///
/// # Errors
///
/// None.
pub fn list(filters: &[String], terminal: &mut Terminal) -> Result {
    for specification in specifications() {
        let name = format!("ansible.builtin.{}", specification.module);
        if filters.is_empty() || filters.iter().any(|filter| name.starts_with(filter.as_str())) {
            terminal.print(&format!("{name:<40} {}", specification.short_description));
        }
    }
    Ok(0)
}

/// The pages of modules.
///
/// # Errors
///
/// One of them is not known.
pub fn show(names: &[String], terminal: &mut Terminal) -> Result {
    let all = specifications();
    for name in names {
        let short =
            ["ansible.builtin.", "ansible.legacy."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        match all.iter().find(|specification| specification.module == short) {
            Some(specification) => terminal.print(&page(specification)),
            None if action::find(short).is_some() => {
                return Err(Failure::NotYet(format!("the documentation of the action {short}")));
            }
            None => {
                let mut error = Diagnostic::error(format!("there is no module `{name}`"));
                if let Some(near) =
                    suggest::nearest(short, all.iter().map(|specification| specification.module).chain(action::names()))
                {
                    error = error.help(format!("did you mean `{near}`?"));
                }
                return Err(Failure::Generic(Box::new(error)));
            }
        }
    }
    Ok(0)
}

fn page(specification: &Specification) -> String {
    let mut out = format!("MODULE ansible.builtin.{}\n\n", specification.module);
    out.push_str(&wrapped(specification.short_description, 2));
    for paragraph in specification.description.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        out.push('\n');
        out.push_str(&wrapped(paragraph, 2));
    }
    out.push_str("\nOPTIONS (= is required)\n");
    for option in specification.options.iter().filter(|option| !option.internal) {
        describe(&mut out, option, 0);
    }
    let rules = rules(specification);
    if !rules.is_empty() {
        out.push_str("\nRULES\n\n");
        for rule in rules {
            out.push_str(&wrapped(&rule, 2));
        }
    }
    out.push_str("\nCHECK MODE\n\n");
    out.push_str(match specification.check_mode {
        CheckMode::Full => "  It says what would change.\n",
        CheckMode::Skipped => "  It is skipped.\n",
    });
    out.push_str("\nEXAMPLES\n\n");
    out.push_str(specification.examples.trim_end());
    out.push('\n');
    out
}

fn describe(out: &mut String, option: &OptionSpec, depth: usize) {
    let indent = depth * 4;
    let mark = if option.required { '=' } else { '-' };
    out.push_str(&format!("\n{:indent$}{mark} {}\n", "", option.name));
    out.push_str(&wrapped(option.doc, indent + 6));
    let mut facts = Vec::new();
    if !option.aliases.is_empty() {
        facts.push(format!("aliases: {}", option.aliases.join(", ")));
    }
    if !option.choices.is_empty() {
        facts.push(format!("choices: {}", option.choices.join(", ")));
    }
    if let Some(default) = option.default {
        facts.push(format!("default: {}", shown(default)));
    }
    facts.push(match option.elements {
        Some(elements) => format!("type: list of {}", kind(elements)),
        None => format!("type: {}", kind(option.kind)),
    });
    if option.no_log {
        facts.push("secret: it is never shown".to_owned());
    }
    for fact in facts {
        out.push_str(&format!("{:width$}{fact}\n", "", width = indent + 6));
    }
    for option in option.options {
        describe(out, option, depth + 1);
    }
}

fn shown(default: Default) -> String {
    match default {
        Default::Str(text) => text.to_owned(),
        other => python_json::dumps(&other.to_data(), Style::default()),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Str => "str",
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::List => "list",
        Kind::Dict => "dict",
        Kind::Path => "path",
        Kind::Raw => "raw",
        Kind::Json => "json",
        Kind::JsonArg => "jsonarg",
        Kind::Bytes => "bytes",
        Kind::Bits => "bits",
    }
}

fn rules(specification: &Specification) -> Vec<String> {
    let mut rules = Vec::new();
    for group in specification.mutually_exclusive {
        rules.push(format!("At most one of: {}.", group.join(", ")));
    }
    for group in specification.required_one_of {
        rules.push(format!("At least one of: {}.", group.join(", ")));
    }
    for group in specification.required_together {
        rules.push(format!("All or none of: {}.", group.join(", ")));
    }
    for rule in specification.required_if {
        let how = if rule.any { "one of" } else { "all of" };
        rules.push(format!("Where {} is {}: {how} {}.", rule.option, rule.value, rule.required.join(", ")));
    }
    for (option, needed) in specification.required_by {
        rules.push(format!("Where {option} is given: {}.", needed.join(", ")));
    }
    if let Some(option) = specification.free_form {
        rules.push(format!("Free text goes to {option}."));
    }
    rules
}

/// Text in lines of 80 columns, indented.
fn wrapped(text: &str, indent: usize) -> String {
    const WIDTH: usize = 80;
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}
