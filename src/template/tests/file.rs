//! Files on the control node: `file`, `directory`, `link`, `exists`, `link_exists`, `mount`, `same_file`, `abs`.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use jinja::{Call, Environment, Error, Value};

use super::super::filters::{Result, class_name, only, or_none};

pub(super) fn add(env: &mut Environment) {
    add_both(env, ["directory", "is_dir"], "isdir", "s", |path| path.is_dir());
    add_both(env, ["file", "is_file"], "isfile", "path", |path| path.is_file());
    add_both(env, ["link", "is_link"], "islink", "path", |path| path.is_symlink());
    add_both(env, ["mount", "is_mount"], "ismount", "path", is_mount);
    env.add_test("exists", |call| Ok(path(call, "exists", "path")?.is_some_and(|path| Path::new(&path).exists())));
    env.add_test("link_exists", |call| {
        Ok(path(call, "lexists", "path")?.is_some_and(|path| fs::symlink_metadata(path).is_ok()))
    });
    for name in ["abs", "is_abs"] {
        env.add_test(name, |call| match only(call, "isabs", "s")? {
            Value::Str(path) => Ok(path.starts_with('/')),
            other => {
                let name = class_name(&other);
                Err(Error::type_error(format!("expected str, bytes or os.PathLike object, not {name}")))
            }
        });
    }
    for name in ["same_file", "is_same_file"] {
        env.add_test(name, |call| {
            let [first, second] = call.bind("samefile", 2, ["f1", "f2"])?;
            let (first, second) = (meta(&or_none(first))?, meta(&or_none(second))?);
            Ok((first.dev(), first.ino()) == (second.dev(), second.ino()))
        });
    }
}

fn add_both(
    env: &mut Environment,
    names: [&str; 2],
    function: &'static str,
    parameter: &'static str,
    test: fn(&Path) -> bool,
) {
    for name in names {
        env.add_test(name, move |call| Ok(path(call, function, parameter)?.is_some_and(|path| test(Path::new(&path)))));
    }
}

/// The path; none for a number, which Python takes for an open file.
fn path(call: &mut Call<'_>, function: &str, parameter: &str) -> Result<Option<String>> {
    match only(call, function, parameter)? {
        Value::Str(path) => Ok(Some(path.as_str().to_owned())),
        Value::Int(_) | Value::Bool(_) => Ok(None),
        other => Err(refused(if function == "islink" || function == "lexists" { "lstat" } else { "stat" }, &other)),
    }
}

fn refused(function: &str, value: &Value) -> Error {
    let integer = if function == "lstat" { "" } else { " or integer" };
    let or = if function == "lstat" { " or" } else { "," };
    let name = class_name(value);
    Error::type_error(format!("{function}: path should be string, bytes{or} os.PathLike{integer}, not {name}"))
}

fn meta(value: &Value) -> Result<fs::Metadata> {
    let Value::Str(path) = value else { return Err(refused("stat", value)) };
    fs::metadata(path.as_str()).map_err(|error| {
        let number = error.raw_os_error().unwrap_or(2);
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        Error::other(format!("[Errno {number}] {text}: '{}'", path.as_str()))
    })
}

fn is_mount(path: &Path) -> bool {
    let Ok(own) = fs::symlink_metadata(path) else { return false };
    if own.is_symlink() {
        return false;
    }
    let Ok(parent) = fs::canonicalize(path.join("..")).and_then(fs::symlink_metadata) else { return false };
    own.dev() != parent.dev() || own.ino() == parent.ino()
}
