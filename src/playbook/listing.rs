//! What `--list-hosts`, `--list-tasks` and `--list-tags` print, to the letter.

use std::fmt::Write;

use jinja::Value;

use super::{Block, Entry, Ids, Kind, Play, Playbook, Task, tags, tags::TagFilter};

/// What is listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// `--list-hosts`
    pub hosts: bool,
    /// `--list-tasks`
    pub tasks: bool,
    /// `--list-tags`
    pub tags: bool,
}

/// What the listing asks of those who know more than the playbook.
pub trait Knowledge {
    /// A value of the play rendered with its variables: its name, hosts or tags.
    ///
    /// # Errors
    ///
    /// Its template fails: the message.
    fn render(&self, play: &Play, value: &Value) -> Result<Value, String>;

    /// The hosts that a pattern means, in the inventory's order.
    fn hosts(&self, patterns: &[String]) -> Vec<String>;
}

/// The listing of a playbook.
///
/// # Errors
///
/// A name, a pattern or a tag cannot be rendered: the message.
pub fn list(
    playbook: &Playbook,
    wanted: Wanted,
    filter: &TagFilter,
    knowledge: &dyn Knowledge,
) -> Result<String, String> {
    let filter = if wanted.tags { &filter.with_never() } else { filter };
    let mut out = format!("\nplaybook: {}\n", playbook.path);
    for (number, play) in playbook.plays.iter().enumerate() {
        let hosts = patterns(play, knowledge)?;
        let name = match &play.scope.directives.name {
            Some(name) => text(&knowledge.render(play, name)?),
            None => String::new(),
        };
        let joined = hosts.join(",");
        let name = if name.is_empty() { &joined } else { &name };
        let own = rendered_tags(&play.scope.directives.tags, play, knowledge)?;
        let _ = writeln!(out, "\n  play #{} ({joined}): {name}\tTAGS: [{}]", number + 1, own.join(","));
        if wanted.hosts {
            let shown: Vec<String> = hosts.iter().map(|host| format!("{:?}", Value::from(host.as_str()))).collect();
            let found = knowledge.hosts(&hosts);
            let _ = writeln!(out, "    pattern: [{}]\n    hosts ({}):", shown.join(", "), found.len());
            for host in found {
                let _ = writeln!(out, "      {host}");
            }
        }
        if wanted.tasks || wanted.tags {
            tasks(&mut out, play, wanted, filter, &own, knowledge)?;
        }
    }
    Ok(out)
}

fn tasks(
    out: &mut String,
    play: &Play,
    wanted: Wanted,
    filter: &TagFilter,
    own: &[String],
    knowledge: &dyn Knowledge,
) -> Result<(), String> {
    if wanted.tasks {
        out.push_str("    tasks:\n");
    }
    let mut all: Vec<String> = own.to_vec();
    for block in play.compile(false, &Ids::default()) {
        for task in main_tasks(&block) {
            let mut tags = rendered_tags(&task.effective().tags, play, knowledge)?;
            if !filter.selects(&tags) || (task.implicit && matches!(task.kind, Kind::Meta(_))) {
                continue;
            }
            all.extend(tags.iter().cloned());
            if wanted.tasks {
                tags.extend(own.iter().cloned());
                tags.sort();
                tags.dedup();
                let _ = writeln!(out, "      {}\tTAGS: [{}]", listed_name(&task), tags.join(", "));
            }
        }
    }
    if wanted.tags {
        all.sort();
        all.dedup();
        let _ = writeln!(out, "      TASK TAGS: [{}]", all.join(", "));
    }
    Ok(())
}

/// The tasks of a block as Ansible lists them: without those of `rescue` and `always`.
fn main_tasks(block: &Block) -> Vec<std::rc::Rc<Task>> {
    let mut tasks = Vec::new();
    for entry in &block.block {
        match entry {
            Entry::Task(task) => tasks.push(std::rc::Rc::clone(task)),
            Entry::Block(block) => tasks.extend(main_tasks(block)),
        }
    }
    tasks
}

/// The name as written, with its role; the bare action where there is none.
fn listed_name(task: &Task) -> String {
    match &task.directives.name {
        Some(name) if !text(name).is_empty() => task.display_name(&text(name)),
        _ => task.action.name.as_str().to_owned(),
    }
}

fn patterns(play: &Play, knowledge: &dyn Knowledge) -> Result<Vec<String>, String> {
    let mut patterns = Vec::new();
    for host in &play.hosts {
        match knowledge.render(play, host)? {
            Value::List(list) => patterns.extend(list.raw_values().iter().map(text)),
            other => patterns.push(text(&other)),
        }
    }
    Ok(patterns)
}

fn rendered_tags(tags: &[Value], play: &Play, knowledge: &dyn Knowledge) -> Result<Vec<String>, String> {
    let rendered = tags.iter().map(|tag| knowledge.render(play, tag)).collect::<Result<Vec<_>, _>>()?;
    Ok(tags::names(&rendered))
}

fn text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.as_str().to_owned(),
        Value::None => String::new(),
        other => format!("{other:?}"),
    }
}
