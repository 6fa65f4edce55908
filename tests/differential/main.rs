//! The same playbooks run by ansible-core and by provision; what they print, return and leave behind must be equal.
//!
//! Every folder of `cases/` is one test; those that equal.txt names hold and run by default, the others are still to be
//! made equal and run with `--run-ignored all`; docs/testing.md says what stands in it and how to run one by hand.

#[path = "../support/mod.rs"]
mod support;

mod case;
mod compare;
mod order;
mod side;
mod tree;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let equal: Vec<&'static str> =
        include_str!("equal.txt").lines().filter(|line| !line.starts_with('#')).map(str::trim).collect();
    let trials = case::all()
        .into_iter()
        .map(|case| {
            let name = format!("{}::{}", case.tier(), case.name);
            let proven = equal.contains(&case.name.as_str());
            Trial::test(name, move || compare::run(&case).map_err(Failed::from)).with_ignored_flag(!proven)
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
