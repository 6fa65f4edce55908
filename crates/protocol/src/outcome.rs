//! What came of a module call.

use serde::{Deserialize, Serialize};

use crate::{Data, Map};

/// What came of a module call. The control flags are fields of their own; `values` holds the module's return keys.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Something changed, or would change in check mode. `None`: the module does not say (its result has no `changed`
    /// key; the control node takes it as false).
    pub changed: Option<bool>,
    /// The module failed; `msg` says why.
    pub failed: bool,
    /// The module skipped its work (`creates` exists, check mode not supported).
    pub skipped: bool,
    /// The module's message, if any.
    pub msg: Option<String>,
    /// Return keys, in the order in which the module set them, without those that have a field here.
    pub values: Map,
    /// Facts to set on the host (`ansible_facts`).
    pub facts: Option<Map>,
    /// Before and after, where diff mode asked for it.
    pub diff: Vec<Diff>,
    /// Warnings for the operator.
    pub warnings: Vec<String>,
    /// Deprecations for the operator.
    pub deprecations: Vec<String>,
    /// The error behind `msg`, where Ansible's module hands over an exception: shown after it, never part of it. Where a
    /// failure has no `msg`, it is an exception that the module did not catch.
    pub cause: Option<String>,
    /// Arguments as the module used them, where that differs from what was sent (`path` options with `~` and variables
    /// expanded on the host, modes that the module worked out); the control node shows them in
    /// `invocation.module_args`.
    pub arguments: Map,
}

impl Outcome {
    /// An outcome that says `changed: VALUE`.
    #[must_use]
    pub fn changed(changed: bool) -> Self {
        Self { changed: Some(changed), ..Self::default() }
    }

    /// A failure with its message, `changed: false`.
    #[must_use]
    pub fn failure(msg: impl Into<String>) -> Self {
        Self { changed: Some(false), failed: true, msg: Some(msg.into()), ..Self::default() }
    }

    /// The message as results have it: where there is an error alone, Ansible's whole chain of reasons.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        let raised = || Some(format!("Task failed: Module failed: {}", self.cause.as_deref().filter(|_| self.failed)?));
        self.msg.clone().or_else(raised)
    }

    /// Sets a return key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Data>) -> Self {
        self.set(key, value);
        self
    }

    /// Sets the message.
    #[must_use]
    pub fn with_msg(mut self, msg: impl Into<String>) -> Self {
        self.msg = Some(msg.into());
        self
    }

    /// Sets a return key in place.
    pub fn set(&mut self, key: &str, value: impl Into<Data>) {
        self.values.insert(key.to_owned(), value.into());
    }
}

/// One before-and-after, with the keys that Ansible's modules use in `diff`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Diff {
    /// Two texts.
    Text {
        /// What the left side is called, if it has a name.
        before_header: Option<String>,
        /// What the right side is called.
        after_header: Option<String>,
        /// The text that is there.
        before: String,
        /// The text that comes.
        after: String,
    },
    /// Two states as data (`file`: path, mode, owner ...), shown as sorted JSON.
    State {
        /// What the left side is called, if it has a name.
        before_header: Option<String>,
        /// What the right side is called.
        after_header: Option<String>,
        /// The state that is there.
        before: Map,
        /// The state that comes.
        after: Map,
    },
    /// A text prepared by the module (`prepared`).
    Prepared(String),
    /// What is none of these: Ansible's own keys (`dst_larger`, `src_binary` ... where no text is shown, or one side of a
    /// text alone).
    Keys(Map),
}

impl Diff {
    /// The mapping that Ansible's modules put into a result's `diff`.
    #[must_use]
    pub fn to_data(&self) -> Data {
        let mut map = Map::new();
        let (before_header, after_header, before, after) = match self {
            Self::Prepared(text) => return Data::Map(Map::from([("prepared".to_owned(), Data::from(text.as_str()))])),
            Self::Keys(keys) => return Data::Map(keys.clone()),
            Self::Text { before_header, after_header, before, after } => {
                (before_header, after_header, Data::from(before.as_str()), Data::from(after.as_str()))
            }
            Self::State { before_header, after_header, before, after } => {
                (before_header, after_header, Data::Map(before.clone()), Data::Map(after.clone()))
            }
        };
        for (key, header) in [("before_header", before_header), ("after_header", after_header)] {
            if let Some(header) = header {
                map.insert(key.to_owned(), Data::from(header.as_str()));
            }
        }
        map.insert("before".to_owned(), before);
        map.insert("after".to_owned(), after);
        Data::Map(map)
    }
}
