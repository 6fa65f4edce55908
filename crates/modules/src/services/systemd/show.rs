//! What `systemctl show` says of a unit.

use crate::prelude::*;

/// A unit's properties, in systemd's order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Properties(Map);

impl Properties {
    /// Reads lines of `NAME=VALUE`. A value of `Exec...` that begins with a brace ends at the line that ends with one.
    pub(super) fn read(text: &str) -> Self {
        let mut properties = Map::new();
        let mut open: Option<(&str, Vec<&str>)> = None;
        for line in text.split('\n') {
            if let Some((name, mut lines)) = open.take() {
                lines.push(line);
                if line.trim_end().ends_with('}') {
                    properties.insert(name.to_owned(), lines.join("\n").trim().into());
                } else {
                    open = Some((name, lines));
                }
                continue;
            }
            let Some((name, value)) = line.split_once('=') else { continue };
            if name.starts_with("Exec") && value.trim_start().starts_with('{') && !value.trim_end().ends_with('}') {
                open = Some((name, vec![value]));
            } else {
                properties.insert(name.to_owned(), value.trim().into());
            }
        }
        Self(properties)
    }

    /// A property.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Data::as_str)
    }

    /// Sets a property that was asked for in another way.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// All of them, as the result's `status`.
    pub(super) fn to_data(&self) -> Data {
        Data::Map(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_over_several_lines_is_one_value_and_a_lone_brace_is_none() {
        let text =
            "Type=simple\nExecStart={ path=/bin/sh ; argv[]=/bin/sh -c a\nb ; pid=0 }\nDescription={ odd\nId=x\n";
        let properties = Properties::read(text);
        assert_eq!(properties.get("ExecStart"), Some("{ path=/bin/sh ; argv[]=/bin/sh -c a\nb ; pid=0 }"));
        assert_eq!(properties.get("Description"), Some("{ odd"));
        assert_eq!(properties.get("Id"), Some("x"));
        assert_eq!(properties.get("b"), None);
    }
}
