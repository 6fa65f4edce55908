//! The variables that a task on a host sees, rendered when they are asked for.

use std::{
    cell::Cell,
    rc::{Rc, Weak},
};

use jinja::{Dict, Error, Lazy, List, Scope, Value, error::Kind};

use super::{
    notice::{Notice, Notices},
    omit,
    templar::Templar,
};
use crate::vars::{Layer, Layers};

/// How deep variables may stand in each other.
const DEPTH: u32 = 100;

/// Names that are worked out and not written: `hostvars`, `vars`, `groups`.
pub trait Magic {
    /// The value of a name, or none.
    ///
    /// # Errors
    ///
    /// It cannot be worked out.
    fn lookup(&self, name: &str, scope: &Rc<VariableScope>) -> Result<Option<Value>, Error>;

    /// The names.
    fn names(&self) -> Vec<&'static str>;
}

/// The variables of one task on one host (or of a play, a host alone, a template that is debugged).
pub struct VariableScope {
    this: Weak<VariableScope>,
    templar: Rc<Templar>,
    layers: Layers,
    magic: Option<Rc<dyn Magic>>,
    depth: Cell<u32>,
    notices: Notices,
}

impl VariableScope {
    /// A scope over layers.
    #[must_use]
    pub fn new(templar: Rc<Templar>, layers: Layers, magic: Option<Rc<dyn Magic>>) -> Rc<Self> {
        Self::sharing(templar, layers, magic, Notices::default())
    }

    fn sharing(templar: Rc<Templar>, layers: Layers, magic: Option<Rc<dyn Magic>>, notices: Notices) -> Rc<Self> {
        Rc::new_cyclic(|this| Self { this: Weak::clone(this), templar, layers, magic, depth: Cell::new(0), notices })
    }

    /// The same variables and some more above them (`item`, a registered result).
    #[must_use]
    pub fn with(&self, layer: Layer, variables: Dict) -> Rc<Self> {
        let mut layers = self.layers.clone();
        layers.add(layer, variables);
        Self::sharing(Rc::clone(&self.templar), layers, self.magic.clone(), self.notices.clone())
    }

    /// Keeps a notice for whoever renders: of this scope, or of the one that asks this one (`hostvars`).
    pub fn notice(&self, notice: Notice) {
        self.templar.notices_or(&self.notices).push(notice);
    }

    /// What was said since the last call while this scope was rendered, or another with the same variables below it.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        self.notices.take()
    }

    pub(super) fn notices(&self) -> &Notices {
        &self.notices
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// What renders for this scope.
    #[must_use]
    pub fn templar(&self) -> &Rc<Templar> {
        &self.templar
    }

    /// This scope, to be kept.
    #[must_use]
    pub fn shared(&self) -> Rc<Self> {
        self.this()
    }

    fn this(&self) -> Rc<Self> {
        self.this.upgrade().unwrap_or_else(|| {
            let notices = self.notices.clone();
            Self::sharing(Rc::clone(&self.templar), self.layers.clone(), self.magic.clone(), notices)
        })
    }

    /// All variables, rendered when they are read (`vars`).
    #[must_use]
    pub fn as_dict(&self) -> Dict {
        let flat = self.layers.flatten();
        Dict::lazy(
            flat.raw_items().into_iter().filter_map(|(key, value)| Some((jinja::Key::new(key).ok()?, value))),
            self.this(),
        )
    }

    /// The value of a raw one: text that may be templated is rendered, containers render their elements when these are
    /// read.
    ///
    /// # Errors
    ///
    /// A template fails, or variables stand in each other too deep.
    pub fn resolve_raw(&self, raw: &Value) -> Result<Value, Error> {
        match raw {
            Value::Str(text) if Templar::is_template(text) => {
                if self.depth.get() >= DEPTH {
                    let mut error = Error::new(
                        Kind::Limit,
                        "Recursive loop detected in template: maximum recursion depth exceeded",
                    );
                    error.origin = text.origin().cloned();
                    return Err(error);
                }
                self.depth.set(self.depth.get() + 1);
                let value = self.templar.render_nested(text, &self.this());
                self.depth.set(self.depth.get() - 1);
                value
            }
            Value::List(list) if list.resolver().is_none() => {
                Ok(Value::List(List::lazy(list.raw_values(), self.this())))
            }
            Value::Dict(dict) if dict.resolver().is_none() => Ok(Value::Dict(Dict::lazy(
                dict.raw_items().into_iter().filter_map(|(key, value)| Some((jinja::Key::new(key).ok()?, value))),
                self.this(),
            ))),
            Value::Object(object) => Ok(self.templar.decrypt(object).unwrap_or_else(|| raw.clone())),
            other => Ok(other.clone()),
        }
    }
}

impl Scope for VariableScope {
    fn lookup(&self, name: &str) -> Result<Option<Value>, Error> {
        if let Some((_, raw)) = self.layers.raw(name) {
            return self.resolve_raw(&raw).map(Some);
        }
        if name == "omit" {
            return Ok(Some(omit::omit()));
        }
        match &self.magic {
            Some(magic) => magic.lookup(name, &self.this()),
            None if name == "vars" => Ok(Some(Value::Dict(self.as_dict()))),
            None => Ok(None),
        }
    }

    fn names(&self) -> Vec<Rc<str>> {
        let mut names: Vec<Rc<str>> = self.layers.names().into_iter().collect();
        if let Some(magic) = &self.magic {
            names.extend(magic.names().into_iter().map(Rc::from));
        }
        names
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

impl Lazy for VariableScope {
    fn resolve(&self, raw: &Value) -> Result<Value, Error> {
        self.resolve_raw(raw)
    }

    fn container_name(&self, plain: &str) -> Option<String> {
        let class = match plain {
            "list" => "_AnsibleLazyTemplateList",
            "dict" => "_AnsibleLazyTemplateDict",
            _ => return None,
        };
        Some(format!("ansible._internal._templating._lazy_containers.{class}"))
    }
}
