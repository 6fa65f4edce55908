//! Which tasks `--tags` and `--skip-tags` let through.
//!
//! Source: Ansible documentation, "Tags".

use std::collections::BTreeSet;

use jinja::Value;

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagFilter {
    only: BTreeSet<String>,
    skip: BTreeSet<String>,
}

impl TagFilter {
    /// `--tags` and `--skip-tags`, each word a tag; no `--tags` is `all`.
    pub fn new<S: Into<String>>(only: impl IntoIterator<Item = S>, skip: impl IntoIterator<Item = S>) -> Self {
        let mut only: BTreeSet<String> = only.into_iter().map(Into::into).collect();
        if only.is_empty() {
            only.insert("all".to_owned());
        }
        Self { only, skip: skip.into_iter().map(Into::into).collect() }
    }

    /// The filter of `--list-tags`: where `--tags` is not set, tasks that never run are listed too.
    #[must_use]
    pub fn with_never(&self) -> Self {
        let mut filter = self.clone();
        if filter.only.len() == 1 && filter.only.contains("all") {
            filter.only.insert("never".to_owned());
        }
        filter
    }

    /// `--tags`, sorted (`ansible_run_tags`).
    pub fn only(&self) -> impl Iterator<Item = &str> {
        self.only.iter().map(String::as_str)
    }

    /// `--skip-tags`, sorted (`ansible_skip_tags`).
    pub fn skip(&self) -> impl Iterator<Item = &str> {
        self.skip.iter().map(String::as_str)
    }

    /// Whether a task with these tags runs: the task's own and all that it inherits (see [`names`]).
    #[must_use]
    pub fn selects(&self, tags: &[String]) -> bool {
        let has = |tag: &str| if tags.is_empty() { tag == "untagged" } else { tags.iter().any(|own| own == tag) };
        let in_common = |wanted: &BTreeSet<String>| wanted.iter().any(|tag| has(tag));
        let wants = |wanted: &BTreeSet<String>, tag: &str| wanted.contains(tag);
        let tagged = !tags.is_empty() && tags.iter().any(|tag| tag != "untagged");

        let wanted = has("always")
            || (wants(&self.only, "all") && !has("never"))
            || in_common(&self.only)
            || (wants(&self.only, "tagged") && tagged && !has("never"));
        if !wanted {
            return false;
        }
        if self.skip.is_empty() {
            return true;
        }
        if wants(&self.skip, "all") {
            return has("always") && !wants(&self.skip, "always");
        }
        !(in_common(&self.skip) || wants(&self.skip, "tagged") && tagged)
    }
}

/// The names of rendered tags: lists within the list opened, each once, in order. What is not text is left as Python
/// prints it.
#[must_use]
pub fn names(tags: &[Value]) -> Vec<String> {
    fn add(names: &mut Vec<String>, tag: &Value) {
        let name = match tag {
            Value::Str(text) => text.as_str().to_owned(),
            other => format!("{other:?}"),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut found = Vec::new();
    for tag in tags {
        match tag {
            Value::List(list) => list.raw_values().iter().for_each(|tag| add(&mut found, tag)),
            other => add(&mut found, other),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(only: &[&str], skip: &[&str], tags: &[&str]) -> bool {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        TagFilter::new(only.iter().copied(), skip.iter().copied()).selects(&tags)
    }

    #[test]
    fn without_tags_all_runs_but_what_is_never_to_run() {
        assert!(selects(&[], &[], &[]));
        assert!(selects(&[], &[], &["a"]));
        assert!(!selects(&[], &[], &["never", "a"]));
        assert!(selects(&["a"], &[], &["never", "a"]));
    }

    #[test]
    fn always_runs_unless_it_is_skipped_by_name() {
        assert!(selects(&["a"], &[], &["always"]));
        assert!(!selects(&["a"], &["always"], &["always"]));
        assert!(selects(&[], &["all"], &["always"]));
        assert!(!selects(&[], &["all", "always"], &["always"]));
        assert!(!selects(&[], &["all"], &["a"]));
    }

    #[test]
    fn tagged_and_untagged_are_told_apart() {
        assert!(selects(&["tagged"], &[], &["a"]));
        assert!(!selects(&["tagged"], &[], &[]));
        assert!(selects(&["untagged"], &[], &[]));
        assert!(!selects(&["untagged"], &[], &["a"]));
        assert!(!selects(&[], &["tagged"], &["a"]));
        assert!(!selects(&[], &["untagged"], &[]));
    }

    #[test]
    fn lists_of_tags_that_templates_give_are_opened() {
        let inner = Value::from(vec![Value::from("b"), Value::from("a")]);
        assert_eq!(names(&[Value::from("a"), inner, Value::Int(1)]), ["a", "b", "1"]);
    }
}
