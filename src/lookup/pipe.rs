//! `pipe` and `lines`: what a command of the control node prints.
//!
//! Source: Ansible documentation, the lookups `ansible.builtin.pipe` and `ansible.builtin.lines`.

use std::process::{Command, Stdio};

use jinja::{Error, Value};

use super::{Answer, Request};

/// Runs a command in the playbook's folder with the surroundings that the program was started in.
fn output(request: &Request<'_>, plugin: &str, term: &Value) -> Result<Vec<u8>, Error> {
    let term = term.to_str()?;
    let output = Command::new("/bin/sh")
        .args(["-c", &term])
        .current_dir(request.basedir()?)
        .env_clear()
        .envs(&request.registry.config.environment.vars)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Error::other(format!("{error}: '{term}'")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    let code = output.status.code().unwrap_or_else(|| -signal.unwrap_or(1));
    Err(Error::other(format!("lookup_plugin.{plugin}({term}) returned {code}")))
}

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        let text = String::from_utf8(output(request, "pipe", term)?)
            .map_err(|error| Error::value_error(format!("the output is not UTF-8: {error}")))?;
        found.push(Value::from(text.trim_end()));
    }
    Ok(found)
}

pub(super) fn lines(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        let bytes = output(request, "lines", term)?;
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").replace('\r', "\n");
        found
            .extend(text.strip_suffix('\n').unwrap_or(&text).split('\n').filter(|_| !text.is_empty()).map(Value::from));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{Place, answer, refusal};

    #[test]
    fn a_command_runs_in_the_playbooks_folder() {
        let place = Place::with(&[("a", "")]);
        assert_eq!(place.answer("lookup('pipe', 'ls; echo $HOME')"), "'a\\n/home/me'");
        assert_eq!(answer("q('lines', 'echo a; echo b')"), "['a', 'b']");
        assert_eq!(answer("q('lines', 'true')"), "[]");
    }

    #[test]
    fn a_command_that_fails_is_an_error() {
        assert_eq!(
            refusal("lookup('pipe', 'exit 3')"),
            "The lookup plugin 'pipe' failed: lookup_plugin.pipe(exit 3) returned 3"
        );
    }
}
