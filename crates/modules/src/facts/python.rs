//! `python`: what the host's Python tells of itself, where there is one.

use super::gathering::{Gathering, map};
use crate::prelude::*;

/// A Python's answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Python {
    /// `3.11.2`
    version: String,
    facts: Map,
}

impl Python {
    /// Its version with the suffix of a release that is not final.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Its own path, as it has it.
    pub(super) fn program(&self) -> Option<String> {
        self.facts.get("executable").and_then(Data::as_str).map(str::to_owned)
    }
}

/// Names that Ansible looks for where none is set (`INTERPRETER_PYTHON_FALLBACK`), the first that is there.
const CANDIDATES: [&str; 8] =
    ["python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "/usr/bin/python3", "python3"];

/// What is asked, a word a line. The module of TLS is looked for, not loaded: loading takes longer than all else here.
const QUESTION: &str = "\
import sys, posix
def has(folder):
    try: return any(name.partition('.')[0] == '_ssl' for name in posix.listdir(folder))
    except OSError: return False
tls = '_ssl' in sys.builtin_module_names or any(map(has, sys.path))
print(sys.executable, sys.implementation.name, int(tls), *sys.version_info, sep='\\n')
";

/// `python`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    if let Some(facts) = gathering.python().map(|python| python.facts.clone()) {
        gathering.set("python", facts);
    }
}

/// Asks the interpreter that is set for the host, or the first that Ansible would discover.
pub(super) fn ask(ctx: &Context) -> Option<Python> {
    let program = match &ctx.python {
        Some(path) => path.clone(),
        None => CANDIDATES.iter().find_map(|name| ctx.find_bin(name))?,
    };
    let output = ctx.command([program.as_str(), "-I", "-S", "-c", QUESTION]).run().ok()?;
    output.success().then(|| parse(&output.stdout_text()))?
}

fn parse(answer: &str) -> Option<Python> {
    let mut lines = answer.lines();
    let executable = lines.next()?;
    let implementation = lines.next()?;
    let has_ssl = lines.next()? == "1";
    let mut number = || lines.next()?.parse::<i64>().ok();
    let (major, minor, micro) = (number()?, number()?, number()?);
    let level = lines.next()?;
    let serial: i64 = lines.next()?.parse().ok()?;
    let suffix = match level {
        "alpha" => format!("a{serial}"),
        "beta" => format!("b{serial}"),
        "candidate" => format!("rc{serial}"),
        _ => String::new(),
    };
    let version = map([
        ("major", major.into()),
        ("minor", minor.into()),
        ("micro", micro.into()),
        ("releaselevel", level.into()),
        ("serial", serial.into()),
    ]);
    let version_info = Data::List(version.values().cloned().collect());
    let facts = map([
        ("version", version.into()),
        ("version_info", version_info),
        ("executable", executable.into()),
        ("has_sslcontext", has_ssl.into()),
        ("type", implementation.into()),
    ]);
    Some(Python { version: format!("{major}.{minor}.{micro}{suffix}"), facts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_tells_its_version() {
        let python = parse("/usr/bin/python3\ncpython\n1\n3\n14\n0\ncandidate\n2\n").expect("a full answer");
        assert_eq!(python.version(), "3.14.0rc2");
        assert_eq!(python.facts["version_info"].as_list().map(<[Data]>::len), Some(5));
        assert_eq!(parse("/usr/bin/python3\ncpython"), None);
    }
}
