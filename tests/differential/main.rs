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
    let known: Vec<&'static str> = include_str!("known.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let trials = case::all()
        .into_iter()
        .map(|case| {
            let name = format!("{}::{}", case.tier(), case.name);
            let known = known.iter().any(|known| *known == case.name);
            Trial::test(name, move || match compare::run(&case) {
                Err(difference) if known => {
                    eprintln!("{} differs as known.txt says:\n{difference}", case.name);
                    Ok(())
                }
                Ok(()) if known => {
                    eprintln!("{} is equal now: take it out of known.txt", case.name);
                    Ok(())
                }
                result => result.map_err(Failed::from),
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
