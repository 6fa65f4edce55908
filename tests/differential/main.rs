//! The same playbooks run by ansible-core and by provision; what they print, return and leave behind must be equal.
//!
//! Every folder of `cases/` is one test; docs/testing.md says what stands in it and how to run one by hand.

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
    let trials = case::all()
        .into_iter()
        .map(|case| {
            let name = format!("{}::{}", case.tier(), case.name);
            Trial::test(name, move || compare::run(&case).map_err(Failed::from))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
