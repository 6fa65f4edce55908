//! `random_choice`: one of its terms.
//!
//! Source: Ansible documentation, `ansible.builtin.random_choice` lookup.

use super::{Answer, Request, password};

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    if request.terms.is_empty() {
        return Ok(Vec::new());
    }
    let chosen = password::below(request.terms.len())?;
    Ok(request.terms.get(chosen).cloned().into_iter().collect())
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::answer;

    #[test]
    fn one_of_the_terms_is_chosen() {
        assert!(["1", "2"].contains(&answer("lookup('random_choice', 1, 2)").as_str()));
        assert_eq!(answer("q('random_choice')"), "[]");
    }
}
