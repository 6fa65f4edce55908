//! `facter` and `ohai`: the facts of other systems, where their program is there.

use super::gathering::Gathering;
use crate::{prelude::*, support::json};

/// `facter`: Puppet's, under `facter_`.
pub(super) fn facter(gathering: &mut Gathering<'_>) {
    let find = |name: &str| gathering.ctx.require_bin_in(name, &["/opt/puppetlabs/bin"]).ok();
    let Some(program) = find("cfacter").or_else(|| find("facter")) else { return };
    // Some have no `--puppet`, or no Puppet.
    let answer =
        gathering.output_of(&program, &["--puppet", "--json"]).or_else(|| gathering.output_of(&program, &["--json"]));
    put(gathering, "facter_", answer, "Failed to parse facter facts");
}

/// `ohai`: Chef's, under `ohai_`.
pub(super) fn ohai(gathering: &mut Gathering<'_>) {
    let answer = gathering.output("ohai", &[]);
    put(gathering, "ohai_", answer, "Failed to gather ohai facts");
}

fn put(gathering: &mut Gathering<'_>, prefix: &str, answer: Option<String>, complaint: &str) {
    let Some(answer) = answer else { return };
    match json::loads(&answer) {
        Some(Data::Map(facts)) => {
            for (name, value) in facts {
                gathering.set_as(prefix, &name, value);
            }
        }
        Some(_) => {}
        None => gathering.ctx.warn(complaint),
    }
}
