//! debconf's database, as its programs show and set it.

use crate::prelude::*;

/// The questions of a package, with what is shown of their answers.
pub(super) type Selections = Map;

/// What debconf-show(1) shows of a package: nothing of a password but that it is there.
///
/// # Errors
///
/// It cannot be run, or what it says are no questions.
pub(super) fn selections(package: &str, ctx: &Context) -> Result<Selections, Failure> {
    let program = ctx.require_bin("debconf-show")?;
    let output = ctx.command_line(&format!("{program} {package}"))?.run()?;
    if !output.success() {
        return Err(Failure::new(output.stderr_text()));
    }
    shown(&output.stdout_text())
}

/// Reads lines such as `* tzdata/Areas: Etc`.
fn shown(said: &str) -> Result<Selections, Failure> {
    let mut selections = Map::new();
    for line in said.lines() {
        let (question, answer) = line
            .split_once(':')
            .ok_or_else(|| Failure::raised("not enough values to unpack (expected 2, got 1)", None))?;
        selections.insert(question.trim_matches('*').trim().to_owned(), answer.trim().into());
    }
    Ok(selections)
}

/// The password that answers a question, from debconf-get-selections(1), which shows those too.
///
/// # Errors
///
/// The program is not there, or fails.
pub(super) fn password(package: &str, question: &str, ctx: &Context) -> Result<Option<String>, Failure> {
    let output = ctx.command([ctx.require_bin("debconf-get-selections")?]).run()?;
    if !output.success() {
        let error = output.stderr_text();
        return Err(Failure::new(format!("Failed to get the value '{question}' from '{package}': {error}")));
    }
    Ok(password_in(&output.stdout_text(), package, question))
}

/// A line is `PACKAGE\tQUESTION\tTYPE\tANSWER`. A shorter one of the package, before that of the question, is taken for no
/// password at all, as by Ansible.
fn password_in(said: &str, package: &str, question: &str) -> Option<String> {
    said.split('\n').filter(|line| line.starts_with(package)).find_map(|line| {
        let mut fields = line.split('\t').skip(1);
        match (fields.next(), fields.next(), fields.next()) {
            (Some(name), Some(kind), Some(answer)) => {
                (name == question && kind == "password").then(|| answer.to_owned())
            }
            _ => Some(String::new()),
        }
    })
}

/// Has debconf-set-selections(1) take a line; what it says.
///
/// # Errors
///
/// The program is not there, or does not take it.
pub(super) fn set(line: &str, unseen: bool, ctx: &Context) -> Result<String, Failure> {
    let mut argv = vec![ctx.require_bin("debconf-set-selections")?];
    if unseen {
        argv.push("-u".to_owned());
    }
    let output = ctx.command(&argv).stdin(format!("{line}\n")).run()?;
    if !output.success() {
        return Err(Failure::new(output.stderr_text()));
    }
    Ok(output.stdout_text().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_shown_with_and_without_a_star() {
        let selections = shown("* a/b: x: y\n  a/c:\n** d:  z \n").unwrap();
        let want = "{'a/b': 'x: y', 'a/c': '', 'd': 'z'}";
        assert_eq!(protocol::arguments::python::str(&Data::Map(selections)), want);
        assert!(shown("nothing\n").is_err());
    }

    #[test]
    fn a_password_is_that_of_the_question() {
        let said =
            "# x\nother\tp/w\tpassword\tno\npkg\tp/x\tpassword\tno\npkg\tp/w\tstring\tno\npkg\tp/w\tpassword\tyes\n";
        assert_eq!(password_in(said, "pkg", "p/w").as_deref(), Some("yes"));
        assert_eq!(password_in(said, "pkg", "p/y"), None);
        assert_eq!(password_in(said, "none", "p/w"), None);
        assert_eq!(password_in("pkg\tp/v\tnote\npkg\tp/w\tpassword\tyes\n", "pkg", "p/w").as_deref(), Some(""));
    }
}
