//! Every keyword that ansible-core 2.19 knows, where it may stand, and of what type its value is.
//!
//! Source: Ansible documentation, "Playbook Keywords".

use std::ops::BitOr;

/// Where a keyword may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct On(u16);

impl On {
    /// A play.
    pub const PLAY: Self = Self(1);
    /// A line of `roles:` or a dependency; other keys there are parameters.
    pub const ROLE: Self = Self(1 << 1);
    /// A block.
    pub const BLOCK: Self = Self(1 << 2);
    /// A task.
    pub const TASK: Self = Self(1 << 3);
    /// A handler.
    pub const HANDLER: Self = Self(1 << 4);
    /// `import_playbook`
    pub const IMPORT_PLAYBOOK: Self = Self(1 << 5);
    /// `meta/main.yml` of a role.
    pub const ROLE_META: Self = Self(1 << 6);
    /// `loop_control`
    pub const LOOP_CONTROL: Self = Self(1 << 7);
    /// `include_tasks` and `include_role`, which take fewer than other tasks.
    pub const INCLUDE: Self = Self(1 << 8);

    /// Whether all of `other` is in this.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOr for On {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

/// The type of a keyword's value, once rendered (Ansible's `isa`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// Text.
    String,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// One of Ansible's words for true and false.
    Bool,
    /// A number with or without `%`.
    Percent,
    /// A list; one value stands for a list of it.
    List,
    /// A mapping.
    Dict,
}

/// Whether this program does what the keyword asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Done,
    /// Not yet: its use stops a run before any host is touched.
    NotYet,
}

/// A keyword.
#[derive(Debug, Clone, Copy)]
pub struct Keyword {
    /// As it is written.
    pub name: &'static str,
    /// The type of its value.
    pub isa: Isa,
    /// Where it may stand.
    pub on: On,
    /// Whether it is done.
    pub status: Status,
}

const EACH_TASK: On = On::TASK.and(On::HANDLER);
const IN_BLOCKS: On = On::BLOCK.and(EACH_TASK);
/// What Ansible's `Base` has.
const BASE: On = On::PLAY.and(On::ROLE).and(IN_BLOCKS).and(On::IMPORT_PLAYBOOK).and(On::ROLE_META);
const DELEGATABLE: On = On::ROLE.and(IN_BLOCKS);

const fn done(name: &'static str, isa: Isa, on: On) -> Keyword {
    Keyword { name, isa, on, status: Status::Done }
}

const fn not_yet(name: &'static str, isa: Isa, on: On) -> Keyword {
    Keyword { name, isa, on, status: Status::NotYet }
}

/// All keywords, in the order of their names.
pub static KEYWORDS: &[Keyword] = &[
    done("action", Isa::String, EACH_TASK.and(On::INCLUDE)),
    done("allow_duplicates", Isa::Bool, On::ROLE_META),
    done("always", Isa::List, On::BLOCK),
    done("any_errors_fatal", Isa::Bool, BASE),
    done("args", Isa::Dict, EACH_TASK.and(On::INCLUDE)),
    done("argument_specs", Isa::Dict, On::ROLE_META),
    done("async", Isa::Int, EACH_TASK),
    done("async_val", Isa::Int, EACH_TASK),
    done("become", Isa::Bool, BASE),
    done("become_exe", Isa::String, BASE),
    done("become_flags", Isa::String, BASE),
    done("become_method", Isa::String, BASE),
    done("become_user", Isa::String, BASE),
    done("block", Isa::List, On::BLOCK),
    done("break_when", Isa::List, On::LOOP_CONTROL),
    done("changed_when", Isa::List, EACH_TASK),
    done("check_mode", Isa::Bool, BASE),
    done("collections", Isa::List, On::PLAY.and(On::ROLE).and(IN_BLOCKS).and(On::ROLE_META).and(On::INCLUDE)),
    done("connection", Isa::String, BASE),
    not_yet("debugger", Isa::String, BASE.and(On::INCLUDE)),
    done("delay", Isa::Float, EACH_TASK),
    done("delegate_facts", Isa::Bool, DELEGATABLE),
    done("delegate_to", Isa::String, DELEGATABLE),
    done("dependencies", Isa::List, On::ROLE_META),
    done("diff", Isa::Bool, BASE),
    done("environment", Isa::List, BASE),
    done("extended", Isa::Bool, On::LOOP_CONTROL),
    done("extended_allitems", Isa::Bool, On::LOOP_CONTROL),
    done("fact_path", Isa::String, On::PLAY),
    done("failed_when", Isa::List, EACH_TASK),
    done("force_handlers", Isa::Bool, On::PLAY),
    done("galaxy_info", Isa::Dict, On::ROLE_META),
    done("gather_facts", Isa::Bool, On::PLAY),
    done("gather_subset", Isa::List, On::PLAY),
    done("gather_timeout", Isa::Int, On::PLAY),
    done("handlers", Isa::List, On::PLAY),
    done("hosts", Isa::List, On::PLAY),
    done("ignore_errors", Isa::Bool, BASE.and(On::INCLUDE)),
    done("ignore_unreachable", Isa::Bool, BASE),
    done("import_playbook", Isa::String, On::IMPORT_PLAYBOOK),
    done("index_var", Isa::String, On::LOOP_CONTROL),
    done("label", Isa::String, On::LOOP_CONTROL),
    done("listen", Isa::List, On::HANDLER),
    done("local_action", Isa::String, EACH_TASK.and(On::INCLUDE)),
    done("loop", Isa::List, EACH_TASK.and(On::INCLUDE)),
    done("loop_control", Isa::Dict, EACH_TASK.and(On::INCLUDE)),
    done("loop_var", Isa::String, On::LOOP_CONTROL),
    done("loop_with", Isa::String, EACH_TASK.and(On::INCLUDE)),
    done("max_fail_percentage", Isa::Percent, On::PLAY),
    done("module_defaults", Isa::List, BASE),
    done("name", Isa::String, BASE.and(On::INCLUDE)),
    done("no_log", Isa::Bool, BASE.and(On::INCLUDE)),
    done("notify", Isa::List, IN_BLOCKS),
    done("order", Isa::String, On::PLAY),
    done("pause", Isa::Float, On::LOOP_CONTROL),
    done("poll", Isa::Int, EACH_TASK),
    done("port", Isa::Int, BASE),
    done("post_tasks", Isa::List, On::PLAY),
    done("pre_tasks", Isa::List, On::PLAY),
    done("register", Isa::String, EACH_TASK.and(On::INCLUDE)),
    done("remote_user", Isa::String, BASE),
    done("rescue", Isa::List, On::BLOCK),
    done("retries", Isa::Int, EACH_TASK),
    done("role", Isa::String, On::ROLE),
    done("roles", Isa::List, On::PLAY),
    done("run_once", Isa::Bool, BASE.and(On::INCLUDE)),
    done("serial", Isa::List, On::PLAY),
    done("strategy", Isa::String, On::PLAY),
    done("tags", Isa::List, On::PLAY.and(On::ROLE).and(IN_BLOCKS).and(On::IMPORT_PLAYBOOK).and(On::INCLUDE)),
    done("tasks", Isa::List, On::PLAY),
    done("throttle", Isa::Int, BASE),
    done("timeout", Isa::Int, BASE.and(On::INCLUDE)),
    done("until", Isa::List, EACH_TASK),
    done("user", Isa::String, On::PLAY),
    done("vars", Isa::Dict, BASE.and(On::INCLUDE)),
    done("vars_files", Isa::List, On::PLAY),
    done("vars_prompt", Isa::List, On::PLAY),
    done("when", Isa::List, On::ROLE.and(IN_BLOCKS).and(On::IMPORT_PLAYBOOK).and(On::INCLUDE)),
];

/// The keyword of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.binary_search_by(|keyword| keyword.name.cmp(name)).ok().and_then(|index| KEYWORDS.get(index))
}

/// Whether a keyword may stand there.
#[must_use]
pub fn is_known(name: &str, on: On) -> bool {
    find(name).is_some_and(|keyword| keyword.on.has(on))
}

/// The names of the keywords that may stand there.
pub fn names(on: On) -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().filter(move |keyword| keyword.on.has(on)).map(|keyword| keyword.name)
}

/// What to do about a keyword that may not stand there.
#[must_use]
pub fn cure(name: &str, on: On) -> Option<String> {
    if let Some(keyword) = find(name) {
        let places = [
            (On::PLAY, "plays"),
            (On::BLOCK, "blocks"),
            (On::TASK, "tasks"),
            (On::HANDLER, "handlers"),
            (On::LOOP_CONTROL, "`loop_control`"),
            (On::ROLE_META, "a role's meta/main.yml"),
        ];
        let places: Vec<&str> =
            places.iter().filter(|(place, _)| keyword.on.has(*place)).map(|(_, words)| *words).collect();
        return (!places.is_empty()).then(|| format!("`{name}` is a keyword of {}", places.join(", ")));
    }
    crate::diagnostic::suggest::nearest(name, names(on)).map(|near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_it_can_be_searched() {
        assert!(KEYWORDS.is_sorted_by(|left, right| left.name < right.name));
        for keyword in KEYWORDS {
            assert_eq!(find(keyword.name).map(|found| found.name), Some(keyword.name));
        }
    }

    #[test]
    fn a_wrong_word_gets_the_nearest_and_a_misplaced_one_its_place() {
        assert_eq!(cure("whenn", On::TASK).as_deref(), Some("did you mean `when`?"));
        assert_eq!(cure("loop", On::BLOCK).as_deref(), Some("`loop` is a keyword of tasks, handlers"));
        assert_eq!(cure("qqqqqq", On::TASK), None);
    }
}
