//! `dpkg_selections`: what dpkg is told to do with a package.

use crate::prelude::*;

/// What is to become of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Selection {
    /// It is to be there, in its newest version.
    Install,
    /// It is to stay as it is.
    Hold,
    /// It is to go, but for its configuration.
    Deinstall,
    /// It is to go with its configuration.
    Purge,
}

/// Change what dpkg has selected for a package.
///
/// The selection is noted in dpkg's database and heeded by the next run of apt or dselect; nothing is installed or removed here.
#[derive(Debug, Arguments)]
pub struct DpkgSelectionsArgs {
    /// The package.
    #[arg(required)]
    name: String,
    /// What is to become of it.
    #[arg(required)]
    selection: Selection,
}

/// The module.
pub struct DpkgSelections;

impl Module for DpkgSelections {
    type Args = DpkgSelectionsArgs;
    const NAME: &'static str = "dpkg_selections";
    const EXAMPLES: &'static str = "\
- name: Keep the kernel as it is
  ansible.builtin.dpkg_selections:
    name: linux-image-amd64
    selection: hold

- name: Let it have updates again
  ansible.builtin.dpkg_selections:
    name: linux-image-amd64
    selection: install
";

    fn run(args: DpkgSelectionsArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let (name, selection) = (args.name.as_str(), args.selection.name());
        let dpkg = ctx.require_bin("dpkg")?;

        // Observe.
        let argv = [dpkg.as_str(), "--get-selections", &ctx.expand(name)];
        let output = ctx.command(argv).best_locale_throughout().run()?.checked(&argv)?;
        if output.stderr_text().contains("no packages found matching") {
            return Err(Failure::new(format!("Failed to find package '{name}' to perform selection '{selection}'.")));
        }
        let listed = output.stdout_text();
        let before = if listed.is_empty() {
            "not present"
        } else {
            let second = listed.split_whitespace().nth(1);
            second.ok_or_else(|| Failure::raised("list index out of range", None))?
        };

        // Apply.
        let changed = before != selection;
        if changed && !ctx.check_mode {
            let argv = [dpkg.as_str(), "--set-selections"];
            let line = format!("{name} {selection}\n");
            ctx.command(argv).best_locale_throughout().stdin(line).run()?.checked(&argv)?;
        }
        Ok(Outcome::changed(changed).with("before", before).with("after", selection))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::testing::{Call, call, programs};

    /// A dpkg that has `there` installed, and notes what it is told.
    fn dpkg() -> TempDir {
        programs(&[(
            "dpkg",
            "case $* in\n\
             --set-selections) cat >>\"$HERE/told\" ;;\n\
             *there) printf 'there\\t\\t\\t\\t\\tinstall\\n' ;;\n\
             *broken) echo 'dpkg: database is locked' >&2; exit 2 ;;\n\
             *) echo \"dpkg: no packages found matching $2\" >&2 ;;\n\
             esac",
        )])
    }

    fn select(programs: &TempDir, name: &str, selection: &str) -> Call {
        call("dpkg_selections", json!({"name": name, "selection": selection})).with_programs(programs)
    }

    #[test]
    fn a_selection_is_told_where_it_is_another() {
        let programs = dpkg();
        let told = programs.path().join("told");
        assert_eq!(select(&programs, "there", "install").run().changed, Some(false));
        let outcome = select(&programs, "there", "hold").check().run();
        assert_eq!(outcome.changed, Some(true));
        assert!(!told.exists());
        let outcome = select(&programs, "there", "hold").run();
        assert_eq!(outcome.values["before"], Data::from("install"));
        assert_eq!(outcome.values["after"], Data::from("hold"));
        assert_eq!(fs::read_to_string(told).unwrap(), "there hold\n");
    }

    #[test]
    fn a_package_that_is_not_known_is_named() {
        let programs = dpkg();
        let outcome = select(&programs, "nowhere", "purge").run();
        assert_eq!(outcome.msg.as_deref(), Some("Failed to find package 'nowhere' to perform selection 'purge'."));
    }

    #[test]
    fn what_dpkg_says_of_its_troubles_is_shown() {
        let programs = dpkg();
        let outcome = select(&programs, "broken", "hold").run();
        assert_eq!(outcome.msg.as_deref(), Some("dpkg: database is locked"));
        assert_eq!(outcome.values["rc"], Data::from(2));
    }
}
