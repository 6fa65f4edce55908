//! `add_host`: adds a host to the inventory of this run.
//!
//! Source: Ansible documentation, `ansible.builtin.add_host`.

use jinja::Value;
use protocol::{Data, Map, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Effect, Local};
use crate::template::data::to_data;

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let args = context.args;
        let new_name = ["name", "hostname", "host"].iter().find_map(|key| context.text(key));
        let Some(new_name) = new_name else {
            return Err(ActionError::refused("name, host or hostname needs to be provided"));
        };
        let (name, port) = split_port(&new_name);
        let groups = ["groupname", "groups", "group"].iter().find_map(|key| context.arg(key));
        let listed: Vec<String> = match groups {
            None => Vec::new(),
            Some(Value::Str(text)) if text.is_empty() => Vec::new(),
            Some(Value::Str(text)) => text.split(',').map(|group| group.trim().to_owned()).collect(),
            Some(Value::List(list)) => {
                let values = list.values().map_err(|error| ActionError::failed(error.message))?;
                values.iter().filter_map(|group| group.to_str().ok()).map(|group| group.trim().to_owned()).collect()
            }
            Some(_) => return Err(ActionError::refused("Groups must be specified as a list.")),
        };
        let mut groups: Vec<String> = Vec::new();
        for group in listed {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        let mut variables = Map::new();
        for (key, value) in args.raw_items() {
            let key = key.to_str().unwrap_or_default();
            if !matches!(key.as_str(), "name" | "hostname" | "groupname" | "groups") {
                variables.insert(key, to_data(&value)?);
            }
        }
        if let Some(port) = port {
            variables.insert("ansible_ssh_port".to_owned(), Data::Int(port));
        }
        let mut outcome = Outcome::changed(false);
        let mut added = Map::new();
        added.insert("host_name".to_owned(), Data::from(name.clone()));
        added.insert("groups".to_owned(), Data::from(groups.clone()));
        added.insert("host_vars".to_owned(), Data::Map(variables.clone()));
        outcome.set("add_host", added);
        let effect = Effect::AddHost { name, groups, variables: variables.into_iter().collect() };
        Ok(ActionOutcome { outcome, effects: vec![effect], ..ActionOutcome::default() })
    })
}

/// Takes `:port` off a host name; IPv6 addresses keep their colons unless they are in brackets.
fn split_port(text: &str) -> (String, Option<i64>) {
    if let Some(rest) = text.strip_prefix('[') {
        if let Some((inside, after)) = rest.split_once(']') {
            let port = after.strip_prefix(':').and_then(|port| port.parse().ok());
            if after.is_empty() || port.is_some() {
                return (inside.to_owned(), port);
            }
        }
    } else if text.matches(':').count() == 1
        && let Some((name, port)) = text.split_once(':')
        && let Ok(port) = port.parse()
    {
        return (name.to_owned(), Some(port));
    }
    (text.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::split_port;

    #[test]
    fn a_port_is_taken_off_the_name() {
        assert_eq!(split_port("web1:2222"), ("web1".to_owned(), Some(2222)));
        assert_eq!(split_port("[::1]:22"), ("::1".to_owned(), Some(22)));
        assert_eq!(split_port("fe80::1"), ("fe80::1".to_owned(), None));
        assert_eq!(split_port("web1"), ("web1".to_owned(), None));
    }
}
