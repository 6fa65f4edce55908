//! Executable sources: `SCRIPT --list`, and `SCRIPT --host NAME` where the list has no `_meta`.
//!
//! See <https://docs.ansible.com/ansible-core/2.19/dev_guide/developing_inventory.html#inventory-scripts>.

use std::{
    process::{Command, Stdio},
    rc::Rc,
};

use indexmap::IndexSet;
use serde_json::{Map, Value as Json};

use super::{
    Fault,
    data::{Data, Entity},
    node,
};

/// Runs a script and reads what it prints. `stderr`: what the script says besides is told to the operator.
pub(super) fn read(data: &mut Data, path: &str, stderr: bool) -> Result<(), Fault> {
    let (output, said) = run(path, &["--list"])?;
    let list = parse(&output, said.as_deref())?;
    if stderr && let Some(said) = said {
        data.notes.insert(said);
    }
    let origin: Rc<str> = Rc::from(format!("<inventory script output from '{path}'>"));
    let mut reader = Reader { data, origin, hosts: IndexSet::new() };
    let mut variables = None;
    for (group, content) in &list {
        if group == "_meta" {
            variables = Some(hostvars(content)?);
        } else {
            reader.group(group, content)?;
        }
    }
    if variables.is_none() {
        reader.data.notes.insert(
            "Inventory scripts should always provide 'meta.hostvars'. Host variables will be collected by running the \
             inventory script with the '--host' option for each host."
                .to_owned(),
        );
    }
    for host in reader.hosts.clone() {
        match variables {
            Some(variables) => match variables.get(&host) {
                Some(Json::Object(found)) => reader.populate(&host, found)?,
                None => {}
                Some(other) => {
                    return Err(Fault::new(format!("Invalid data from file, expected dictionary and got:\n\n{other}")));
                }
            },
            None => reader.ask(path, &host)?,
        }
    }
    Ok(())
}

/// `_meta.hostvars`
fn hostvars(meta: &Json) -> Result<&Map<String, Json>, Fault> {
    let found = meta.get("hostvars");
    found.and_then(Json::as_object).ok_or_else(|| {
        Fault::new(format!(
            "Value contains '_meta.hostvars' which is '{}' instead of 'dict'.",
            found.map_or("NoneType", type_name)
        ))
    })
}

struct Reader<'a> {
    data: &'a mut Data,
    origin: Rc<str>,
    hosts: IndexSet<String>,
}

impl Reader<'_> {
    fn group(&mut self, name: &str, content: &Json) -> Result<(), Fault> {
        let group = self.data.add_group(name)?;
        let name = self.data.groups.get_index(group).map_or_else(|| Rc::from(name), |(name, _)| Rc::clone(name));
        let wrong = |part: &str, found: &Json, wanted: &str| {
            Fault::new(format!("Value contains '{name}.{part}' which is '{}' instead of '{wanted}'.", type_name(found)))
        };
        let Json::Object(content) = content else {
            // A list alone is the group's hosts.
            self.data.notes.insert(format!("Group '{name}' was converted to 'dict' from '{}'.", type_name(content)));
            let hosts = content.as_array().ok_or_else(|| wrong("hosts", content, "list"))?;
            return self.add_hosts(group, hosts);
        };
        if !["hosts", "vars", "children"].iter().any(|part| content.contains_key(*part)) {
            self.data.notes.insert(format!(
                "Treating malformed group '{name}' as the sole host of that group. Variables provided in this manner \
                 cannot be templated."
            ));
            self.add_hosts(group, &[Json::String(name.to_string())])?;
            return self.set(group, content, false);
        }
        if let Some(hosts) = content.get("hosts") {
            self.add_hosts(group, hosts.as_array().ok_or_else(|| wrong("hosts", hosts, "list"))?)?;
        }
        if let Some(variables) = content.get("vars") {
            self.set(group, variables.as_object().ok_or_else(|| wrong("vars", variables, "dict"))?, true)?;
        }
        let children: Vec<&str> = match content.get("children") {
            Some(Json::Array(children)) => children.iter().filter_map(Json::as_str).collect(),
            Some(Json::Object(children)) => children.keys().map(String::as_str).collect(),
            Some(other) => return Err(Fault::new(format!("'{}' object is not iterable", type_name(other)))),
            None => Vec::new(),
        };
        for child in children {
            let child = self.data.add_group(child)?;
            self.data.add_child(group, child)?;
        }
        Ok(())
    }

    fn add_hosts(&mut self, group: usize, hosts: &[Json]) -> Result<(), Fault> {
        for host in hosts {
            let Some(host) = host.as_str() else {
                return Err(Fault::new(format!(
                    "Invalid host name supplied, expected a string but got <class '{}'> for {host}",
                    type_name(host)
                )));
            };
            self.hosts.insert(host.to_owned());
            self.data.add_host(host, Some(group), None)?;
        }
        Ok(())
    }

    fn set(&mut self, group: usize, variables: &Map<String, Json>, trusted: bool) -> Result<(), Fault> {
        for (name, value) in variables {
            let value = node::json(value, trusted, &self.origin);
            self.data.set_variable(Entity::Group(group), name, value)?;
        }
        Ok(())
    }

    fn populate(&mut self, host: &str, variables: &Map<String, Json>) -> Result<(), Fault> {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (Rc::from(name.as_str()), node::json(value, true, &self.origin)))
            .collect();
        self.data.populate(&[host.to_owned()], None, None, &variables)
    }

    /// Host by host, for scripts without `_meta`.
    fn ask(&mut self, path: &str, host: &str) -> Result<(), Fault> {
        let (output, said) = run(path, &["--host", host])?;
        if output.trim().is_empty() {
            return Ok(());
        }
        match serde_json::from_str(&output) {
            Ok(Json::Object(variables)) => self.populate(host, &variables),
            Ok(other) => Err(Fault::new(format!("Invalid data from file, expected dictionary and got:\n\n{other}"))),
            Err(cause) => Err(with_stderr(
                Fault::new(format!("Inventory script result for host '{host}' could not be parsed as JSON. {cause}")),
                said.as_deref(),
            )),
        }
    }
}

fn parse(output: &str, said: Option<&str>) -> Result<Map<String, Json>, Fault> {
    let refuse = |why: String| {
        let message = format!("Unable to get JSON decoder for inventory script result. {why}");
        with_stderr(Fault::new(message), said)
    };
    let value: Json =
        serde_json::from_str(output).map_err(|cause| refuse(format!("Value could not be parsed as JSON. {cause}")))?;
    let Json::Object(list) = value else {
        return Err(refuse(format!("Value is '{}' instead of 'dict'.", type_name(&value))));
    };
    match list.get("_meta") {
        None => {}
        Some(Json::Object(meta)) => match meta.get("profile") {
            None => {}
            Some(Json::String(profile)) if profile == "inventory_legacy" => {}
            Some(Json::String(profile)) if profile.starts_with("inventory_") => {
                return Err(refuse(format!("Unknown profile '{profile}'.")));
            }
            Some(Json::String(profile)) => {
                return Err(refuse(format!("Non-inventory profile '{profile}' is not allowed.")));
            }
            Some(other) => {
                let found = type_name(other);
                return Err(refuse(format!("Value contains '_meta.profile' which is '{found}' instead of 'str'.")));
            }
        },
        Some(other) => {
            let found = type_name(other);
            return Err(refuse(format!("Value contains '_meta' which is '{found}' instead of 'dict'.")));
        }
    }
    Ok(list)
}

/// Standard output, and standard error if there is any.
fn run(path: &str, arguments: &[&str]) -> Result<(String, Option<String>), Fault> {
    let output = Command::new(path).args(arguments).stdin(Stdio::inherit()).output().map_err(|cause| {
        let command = [&[path], arguments].concat().join(" ");
        Fault::new(format!("Failed to execute inventory script command '{command}'. {cause}"))
            .help("give the script a first line such as #!/usr/bin/env python3, or take its executable bit away")
    })?;
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    let said = Some(said).filter(|said| !said.is_empty());
    if !output.status.success() {
        let code = output.status.code().map_or_else(|| "by a signal".to_owned(), |code| code.to_string());
        let message = format!("Inventory script returned non-zero exit code {code}.");
        return Err(with_stderr(Fault::new(message), said.as_deref()));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| {
        let message = "Inventory script result contained characters that cannot be interpreted as UTF-8.";
        with_stderr(Fault::new(message), said.as_deref())
    })?;
    Ok((text, said))
}

fn with_stderr(fault: Fault, said: Option<&str>) -> Fault {
    match said {
        Some(said) => fault.help(format!("Standard error from inventory script:\n{said}")),
        None => fault,
    }
}

fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_f64() => "float",
        Json::Number(_) => "int",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}
