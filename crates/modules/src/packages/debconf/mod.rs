//! `debconf`: answers to the questions that packages ask.

mod answer;
mod database;

use self::{
    answer::Answer,
    database::{Selections, selections, set},
};
use crate::prelude::*;

/// Have an answer in debconf's database, or see what answers are there.
///
/// An answer is set by debconf-set-selections(1) before the package asks for it. The package itself is not configured anew:
/// that is for `dpkg-reconfigure` to do, and some packages then take what their configuration has. Without a question, the
/// questions of the package and their answers are returned.
#[derive(Debug, Arguments)]
#[arguments(required_together("question", "vtype", "value"))]
pub struct DebconfArgs {
    /// The package that owns the question.
    #[arg(required, aliases("pkg"))]
    name: String,
    /// The question.
    #[arg(aliases("selection", "setting"))]
    question: Option<String>,
    /// What the question is answered with. With `password`, `no_log` belongs on the task.
    #[arg(choices(
        "boolean",
        "error",
        "multiselect",
        "note",
        "password",
        "seen",
        "select",
        "string",
        "text",
        "title"
    ))]
    vtype: Option<String>,
    /// The answer; a list is for `multiselect`.
    #[arg(aliases("answer"))]
    value: Data,
    /// Do not mark the question as asked already.
    #[arg(default = false)]
    unseen: bool,
}

/// The module.
pub struct Debconf;

impl Module for Debconf {
    type Args = DebconfArgs;
    const NAME: &'static str = "debconf";
    const EXAMPLES: &'static str = "\
- name: Say where the host is
  ansible.builtin.debconf:
    name: tzdata
    question: tzdata/Areas
    vtype: select
    value: Europe

- name: See what a package asks
  ansible.builtin.debconf:
    name: tzdata
  register: asked
";

    fn run(args: DebconfArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // Observe.
        let package = args.name.as_str();
        let there = selections(package, ctx)?;
        let Some(question) = args.question.as_deref() else { return Ok(unchanged(there)) };
        let (Some(kind), false) = (args.vtype.as_deref(), matches!(args.value, Data::Null)) else {
            return Err(Failure::new("when supplying a question you must supply a valid vtype and value"));
        };
        let mut answer = Answer::new(kind, args.value);
        let changed = match there.get(question) {
            None => true,
            Some(shown) => answer.differs(shown, package, question, ctx)?,
        };
        if !changed {
            return Ok(unchanged(there));
        }

        // Apply.
        let mut said = String::new();
        if !ctx.check_mode {
            answer.join()?;
            said = set(&format!("{package} {question} {}", answer.text()?), args.unseen, ctx)?;
        }
        let mut before = there;
        match before.get(question).cloned() {
            Some(shown) => before = Map::from([(question.to_owned(), shown)]),
            None => {
                before.insert(question.to_owned(), "".into());
            }
        }
        let current = Map::from([(question.to_owned(), answer.into_value())]);
        let mut outcome = Outcome::changed(true)
            .with_msg(said)
            .with("current", Data::Map(current.clone()))
            .with("previous", Data::Map(before.clone()));
        if ctx.diff_mode {
            let mut after = before.clone();
            after.extend(current);
            outcome.diff.push(Diff::State { before_header: None, after_header: None, before, after });
        } else {
            outcome.set("diff", Data::Map(Map::new()));
        }
        Ok(outcome)
    }
}

fn unchanged(there: Selections) -> Outcome {
    Outcome::changed(false).with_msg("").with("current", Data::Map(there))
}

#[cfg(test)]
mod tests;
