//! What tests of modules share: a call from JSON, run through the registry.

use std::{fs, os::unix::fs::PermissionsExt, sync::Arc};

use protocol::{Data, Invocation, Map, Outcome, invocation::Content};
use tempfile::TempDir;

use crate::{Cancellation, NoLink, registry};

/// A call in the making.
pub(crate) struct Call(Invocation);

/// A call of a module with arguments.
pub(crate) fn call(module: &str, arguments: serde_json::Value) -> Call {
    let arguments = match Data::from_json(arguments) {
        Data::Map(map) => map,
        _ => Map::new(),
    };
    Call(Invocation { module: module.to_owned(), arguments, diff_mode: true, ..Invocation::default() })
}

impl Call {
    pub(crate) fn check(mut self) -> Self {
        self.0.check_mode = true;
        self
    }

    pub(crate) fn content(mut self, bytes: &[u8]) -> Self {
        self.0.content = Some(Content::Inline(bytes.to_vec()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With these programs in front of the machine's own.
    pub(crate) fn with_programs(self, programs: &TempDir) -> Self {
        self.env("PATH", &format!("{}:/usr/bin:/bin", programs.path().display()))
    }

    pub(crate) fn run(self) -> Outcome {
        registry::ALL.run(&self.0, Arc::new(NoLink), Cancellation::default())
    }
}

/// A folder of programs: names, and what the shell does in their place; `$HERE` is the folder.
pub(crate) fn programs(scripts: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, script) in scripts {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\nHERE=${{0%/*}}\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// Runs a module.
pub(crate) fn run(module: &str, arguments: serde_json::Value) -> Outcome {
    call(module, arguments).run()
}

/// Runs a module in check mode.
pub(crate) fn check(module: &str, arguments: serde_json::Value) -> Outcome {
    call(module, arguments).check().run()
}
