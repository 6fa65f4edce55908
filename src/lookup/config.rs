//! `config`: settings, as `ansible.cfg`, the environment and flags have them.
//!
//! Source: Ansible documentation, `ansible.builtin.config` lookup.

use jinja::{Error, List, Value};

use super::{Answer, Request};
use crate::{
    config::Origin,
    template::{Notice, data::from_data},
};

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let kind = request.text("plugin_type")?.filter(|text| !text.is_empty());
    let name = request.text("plugin_name")?.filter(|text| !text.is_empty());
    let plugin = match (kind, name) {
        (Some(kind), Some(name)) => {
            let name = name.strip_prefix("ansible.builtin.").unwrap_or(&name).to_owned();
            format!("{kind}/{name}")
        }
        (None, None) => String::new(),
        _ => {
            return Err(Error::other(
                "Both plugin_type and plugin_name are required, cannot use one without the other.",
            ));
        }
    };
    let missing = request.text("on_missing")?.unwrap_or_else(|| "error".to_owned());
    let mut found = Vec::new();
    for term in &request.terms {
        let Value::Str(name) = term else {
            let kind = term.type_name();
            return Err(Error::other(format!(
                "Invalid setting identifier, {} is not a <class 'str'>, its a <class '{kind}'>.",
                term.repr()?
            )));
        };
        let Some(setting) = request.registry.config.settings.get(&plugin, name) else {
            let unknown = format!("No config definition exists for '{}'.", name.as_str());
            match missing.as_str() {
                "error" => return Err(Error::other(unknown)),
                "skip" => {}
                "warn" => {
                    request.scope.notice(Notice::error_as_warning(format!("Skipping {}.", name.as_str()), unknown))
                }
                _ => {
                    return Err(Error::other(format!(
                        "Invalid value '{missing}' for config 'on_missing' for 'config' lookup plugin."
                    )));
                }
            }
            continue;
        };
        let value = from_data(&setting.value);
        found.push(if request.flag("show_origin", false) {
            let origin = match &setting.origin {
                Origin::Default => "default".to_owned(),
                Origin::Env(name) => format!("env: {name}"),
                Origin::File { path, .. } => path.display().to_string(),
            };
            Value::List(List::new(vec![value, Value::from(origin)]))
        } else {
            value
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{answer, refusal};

    #[test]
    fn settings_are_had_by_name() {
        assert_eq!(answer("lookup('config', 'DEFAULT_FORKS')"), "5");
        assert_eq!(answer("lookup('config', 'DEFAULT_FORKS', show_origin=true)"), "[5, 'default']");
        assert_eq!(answer("q('config', 'NOPE', on_missing='skip')"), "[]");
        assert_eq!(
            refusal("lookup('config', 'NOPE')"),
            "The lookup plugin 'config' failed: No config definition exists for 'NOPE'."
        );
    }
}
