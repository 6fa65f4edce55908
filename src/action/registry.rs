//! The table of actions.

use super::{ActionContext, ActionError, ActionOutcome, Local};

/// Runs an action.
pub(super) type Run = for<'a> fn(&'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>>;

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Action {
    /// The short name.
    pub name: &'static str,
    /// It needs no connection to the host.
    pub local: bool,
    /// It runs once for all hosts of the play (Ansible's BYPASS_HOST_LOOP).
    pub bypass_host_loop: bool,
    /// These arguments it renders itself.
    pub raw_arguments: &'static [&'static str],
    /// Runs it.
    pub run: Run,
}

impl Action {
    /// Its work may become a job in the background (`async`).
    #[must_use]
    pub fn supports_async(&self) -> bool {
        matches!(self.name, "async_status" | "package" | "service" | "uri")
    }
}

const ACTIONS: &[Action] = &[
    Action { name: "add_host", local: true, bypass_host_loop: true, raw_arguments: &[], run: super::add_host::run },
    Action { name: "assemble", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::assemble::run },
    Action { name: "assert", local: true, bypass_host_loop: false, raw_arguments: &["that"], run: super::assert::run },
    Action {
        name: "async_status",
        local: false,
        bypass_host_loop: false,
        raw_arguments: &[],
        run: super::async_status::run,
    },
    Action {
        name: "certificate",
        local: false,
        bypass_host_loop: false,
        raw_arguments: &[],
        run: super::certificate::run,
    },
    Action { name: "copy", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::copy::run },
    Action { name: "debug", local: true, bypass_host_loop: false, raw_arguments: &[], run: super::debug::run },
    Action { name: "fail", local: true, bypass_host_loop: false, raw_arguments: &[], run: super::fail::run },
    Action { name: "fetch", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::fetch::run },
    Action {
        name: "gather_facts",
        local: false,
        bypass_host_loop: false,
        raw_arguments: &[],
        run: super::gather_facts::run,
    },
    Action { name: "group_by", local: true, bypass_host_loop: false, raw_arguments: &[], run: super::group_by::run },
    Action {
        name: "include_vars",
        local: true,
        bypass_host_loop: false,
        raw_arguments: &[],
        run: super::include_vars::run,
    },
    Action { name: "package", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::package::run },
    Action { name: "pause", local: true, bypass_host_loop: true, raw_arguments: &[], run: super::pause::run },
    Action { name: "raw", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::raw::run },
    Action { name: "reboot", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::reboot::run },
    Action { name: "script", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::script::run },
    Action { name: "service", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::service::run },
    Action { name: "set_fact", local: true, bypass_host_loop: false, raw_arguments: &[], run: super::set_fact::run },
    Action { name: "set_stats", local: true, bypass_host_loop: false, raw_arguments: &[], run: super::set_stats::run },
    Action { name: "template", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::template::run },
    Action { name: "unarchive", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::unarchive::run },
    Action { name: "uri", local: false, bypass_host_loop: false, raw_arguments: &[], run: super::uri::run },
    Action {
        name: "validate_argument_spec",
        local: true,
        bypass_host_loop: false,
        raw_arguments: &[],
        run: super::validate_argument_spec::run,
    },
    Action {
        name: "wait_for_connection",
        local: false,
        bypass_host_loop: false,
        raw_arguments: &[],
        run: super::wait_for_connection::run,
    },
];

/// The action of a short name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// All names.
pub fn names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|action| action.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_name_twice() {
        let names: Vec<_> = names().collect();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
    }
}
