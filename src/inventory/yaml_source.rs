//! YAML inventories: groups with `hosts`, `vars` and `children`.
//!
//! See <https://docs.ansible.com/ansible-core/2.19/collections/ansible/builtin/yaml_inventory.html>.

use std::{rc::Rc, sync::Arc};

use yaml::{Node, Source};

use super::{
    Fault,
    data::{Data, Entity},
    error::span,
    ini, node,
};

/// Reads a source whose document has been composed.
pub(super) fn read(data: &mut Data, source: &Source, root: &Node) -> Result<(), Fault> {
    let reader = Reader { file: Arc::clone(source.name()), name: Rc::from(&**source.name()) };
    let Some(groups) = root.as_mapping() else {
        return Err(match is_empty(root) {
            true => Fault::new("Parsed empty YAML file"),
            false => reader.fault(
                root,
                format!("YAML inventory has invalid structure, it should be a dictionary, got: {}", root.type_name()),
            ),
        });
    };
    if groups.entries.is_empty() {
        return Err(Fault::new("Parsed empty YAML file"));
    }
    if groups.get("plugin").is_some_and(|plugin| !is_empty(plugin)) {
        return Err(Fault::new("Plugin configuration YAML file, not YAML inventory"));
    }
    for (group, content) in &groups.entries {
        reader.group(data, group, content)?;
    }
    Ok(())
}

/// Python's falsehood, as far as a document may be so.
fn is_empty(node: &Node) -> bool {
    node.is_null()
        || node.as_bool() == Some(false)
        || node.as_str().is_some_and(str::is_empty)
        || node.as_sequence().is_some_and(<[Node]>::is_empty)
        || node.as_mapping().is_some_and(|mapping| mapping.entries.is_empty())
}

struct Reader {
    file: Arc<str>,
    name: Rc<str>,
}

impl Reader {
    fn fault(&self, node: &Node, message: impl Into<String>) -> Fault {
        Fault::new(message).at(span(&self.file, node.span), "")
    }

    /// Reads a group; its name as it is used.
    fn group(&self, data: &mut Data, name: &Node, content: &Node) -> Result<Rc<str>, Fault> {
        let text = node::name(name);
        if !content.is_null() && content.as_mapping().is_none() {
            data.notes.insert(format!("Skipping '{text}' as this is not a valid group definition"));
            return Ok(text);
        }
        if name.as_str().is_none() {
            let kind = name.type_name();
            return Err(self.fault(name, format!(
                "Unable to add group {text}: Invalid group name supplied, expected a string but got <class '{kind}'> for \
                 {text}"
            )).help("put the name in quotes"));
        }
        let group = data
            .add_group(&text)
            .map_err(|fault| self.fault(name, format!("Unable to add group {text}: {}", fault.message)))?;
        let used = data.groups.get_index(group).map_or(text, |(used, _)| Rc::clone(used));
        let Some(sections) = content.as_mapping() else { return Ok(used) };
        for section in ["vars", "children", "hosts"] {
            let Some(content) = sections.get(section) else { continue };
            if !content.is_null() && content.as_mapping().is_none() && content.as_str().is_none() {
                return Err(self.fault(content, format!(
                    "Invalid \"{section}\" entry for \"{used}\" group, requires a dictionary, found \"{}\" instead.",
                    content.type_name()
                )).help(format!("write every name under `{section}` as a key of its own, with a colon after it")));
            }
        }
        for (key, content) in &sections.entries {
            let key = node::name(key);
            let known = matches!(&*key, "vars" | "children" | "hosts");
            if let Some(only) = content.as_str().filter(|_| known) {
                self.section(data, group, &key, &[(content.clone(), null_like(content))])
                    .map_err(|fault| fault.help(format!("'{only}' is taken as the only name under `{key}`")))?;
            } else if let Some(entries) = content.as_mapping() {
                if known {
                    self.section(data, group, &key, &entries.entries)?;
                } else {
                    data.notes.insert(format!(
                        "Skipping unexpected key ({key}) in group ({used}), only \"vars\", \"children\" and \"hosts\" \
                         are valid"
                    ));
                }
            } else if !content.is_null() {
                data.notes.insert(format!(
                    "Skipping key ({key}) in group ({used}) as it is not a mapping, it is a {}",
                    content.type_name()
                ));
            }
        }
        Ok(used)
    }

    fn section(&self, data: &mut Data, group: usize, key: &str, entries: &[(Node, Node)]) -> Result<(), Fault> {
        for (name, content) in entries {
            match key {
                "vars" => {
                    let value = node::value(content, &self.name);
                    data.set_variable(Entity::Group(group), &node::name(name), value)
                        .map_err(|fault| fault.at(span(&self.file, content.span), ""))?;
                }
                "children" => {
                    let child = self.group(data, name, content)?;
                    data.add_child_named(group, &child).map_err(|fault| fault.at(span(&self.file, name.span), ""))?;
                }
                _ => self.hosts(data, group, name, content)?,
            }
        }
        Ok(())
    }

    fn hosts(&self, data: &mut Data, group: usize, pattern: &Node, content: &Node) -> Result<(), Fault> {
        let Some(text) = pattern.as_str() else {
            let text = node::name(pattern);
            return Err(self.fault(
                pattern,
                format!("Host pattern {text} must be a string. Enclose integers/floats in quotation marks."),
            ));
        };
        let place = |fault: Fault| fault.at(span(&self.file, pattern.span), "");
        let (hosts, port) = ini::expand(text).map_err(place)?;
        let variables: Vec<_> = match content.as_mapping() {
            Some(mapping) => node::variables(mapping, &self.name).into_iter().collect(),
            None if is_empty(content) => Vec::new(),
            None => {
                let found = content.as_scalar().map_or("a list", |scalar| &scalar.text);
                return Err(
                    self.fault(content, format!("Invalid data from file, expected dictionary and got:\n\n{found}"))
                );
            }
        };
        data.populate(&hosts, Some(group), port, &variables).map_err(place)
    }
}

/// Nothing, at a node's place.
fn null_like(node: &Node) -> Node {
    yaml::Node { span: node.span, tag: None, ..yaml::Loaded::default().root() }
}
