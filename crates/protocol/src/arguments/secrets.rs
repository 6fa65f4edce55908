//! Values of `no_log` options, and their removal from what is shown.
//!
//! Source: Ansible documentation, "Ansible module architecture: `no_log`".

use std::collections::BTreeSet;

use super::{OptionSpec, python};
use crate::{Data, Map};

/// The texts that must not be seen: values of options with `no_log`, those inside dictionaries included.
#[must_use]
pub fn secrets_of(options: &[OptionSpec], arguments: &Map) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(options, arguments, &mut found);
    found
}

fn collect(options: &[OptionSpec], arguments: &Map, found: &mut BTreeSet<String>) {
    for option in options {
        let Some(value) = arguments.get(option.name) else { continue };
        if option.no_log {
            texts(value, found);
        }
        if !option.options.is_empty() {
            let items = match value {
                Data::List(items) => items.as_slice(),
                other => std::slice::from_ref(other),
            };
            for map in items.iter().filter_map(Data::as_map) {
                collect(option.options, map, found);
            }
        }
    }
}

fn texts(value: &Data, found: &mut BTreeSet<String>) {
    match value {
        Data::Null | Data::Bool(_) => {}
        Data::Str(text) if text.is_empty() => {}
        Data::List(items) => items.iter().for_each(|item| texts(item, found)),
        Data::Map(map) => map.values().for_each(|item| texts(item, found)),
        other => {
            found.insert(python::str(other));
        }
    }
}

/// Takes the secrets out of a value, at any depth: a value that is one becomes `VALUE_SPECIFIED_IN_NO_LOG_PARAMETER`,
/// a text that holds one gets stars in its place.
pub fn remove_values(value: &mut Data, secrets: &BTreeSet<String>) {
    if secrets.is_empty() {
        return;
    }
    match value {
        Data::Null | Data::Bool(_) => {}
        Data::Str(text) => {
            if secrets.contains(text) {
                *text = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER".to_owned();
                return;
            }
            for secret in secrets {
                if text.contains(secret) {
                    *text = text.replace(secret, "********");
                }
            }
        }
        Data::Int(_) | Data::BigInt(_) | Data::Float(_) => {
            let text = python::str(value);
            if secrets.iter().any(|secret| text.contains(secret)) {
                *value = Data::from("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER");
            }
        }
        Data::List(items) => items.iter_mut().for_each(|item| remove_values(item, secrets)),
        Data::Map(map) => map.values_mut().for_each(|item| remove_values(item, secrets)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_vanish_from_texts_lists_and_maps() {
        let secrets = BTreeSet::from(["hunter2".to_owned()]);
        let mut value = Data::List(vec![Data::from("hunter2"), Data::from("pw=hunter2!"), Data::from("other")]);
        remove_values(&mut value, &secrets);
        assert_eq!(
            value,
            Data::List(vec![
                Data::from("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"),
                Data::from("pw=********!"),
                Data::from("other")
            ])
        );
    }
}
