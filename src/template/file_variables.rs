//! The variables that a template file sees of itself: `template_path` and the like.
//!
//! Source: Ansible documentation, `ansible.builtin.template` module.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use jinja::{Dict, Value};

use crate::accounts;

/// `template_host`, `template_path` and the like; `managed` asks for `ansible_managed` too.
#[must_use]
pub fn file_variables(name: &str, source: &Path, destination: Option<&str>, managed: bool) -> Dict {
    let variables = Dict::new();
    let absolute = std::path::absolute(source).unwrap_or_else(|_| source.to_owned());
    let metadata = fs::metadata(source).ok();
    let owner = metadata.as_ref().map_or_else(String::new, |metadata| user_name(metadata.uid()));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    variables.insert("template_host", Value::from(host));
    variables.insert("template_path", Value::from(name));
    variables.insert("template_fullpath", Value::from(absolute.display().to_string()));
    variables.insert("template_destpath", destination.map_or(Value::None, Value::from));
    variables.insert("template_uid", Value::from(owner));
    let modified = metadata.and_then(|metadata| jiff::Timestamp::from_second(metadata.mtime()).ok());
    if let Some(modified) = modified {
        let shown = modified.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        variables.insert("template_mtime", Value::from(shown));
    }
    let now = jiff::ZonedDateTime::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
    variables.insert("template_run_date", Value::from(now));
    if managed {
        variables.insert("ansible_managed", Value::from("Ansible managed"));
    }
    variables
}

fn user_name(uid: u32) -> String {
    accounts::by_uid(uid).map_or_else(|| uid.to_string(), |account| account.name)
}
