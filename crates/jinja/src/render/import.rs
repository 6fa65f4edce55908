//! `import` and `from ... import`.

use std::{any::Any, cell::RefCell, fmt, rc::Rc};

use super::{
    Result, Run,
    frame::{Context, Locals, Output},
    root, stack_left,
};
use crate::{
    Object, Undefined, Value,
    compiler::ast::{FromImport, Import, Name, Place, Visible},
};

/// An imported template: its exported names, and what it printed.
pub(super) struct Module {
    name: Option<Rc<str>>,
    context: Rc<Context>,
    printed: RefCell<Value>,
}

impl Module {
    /// Prints what the template printed.
    pub(super) fn print(&self, out: &mut Output) -> Result<()> {
        out.push(self.printed.borrow().clone())
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "<TemplateModule '{name}'>"),
            None => write!(f, "<TemplateModule memory:0>"),
        }
    }
}

impl Object for Module {
    fn type_name(&self) -> &str {
        "TemplateModule"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String> {
        Ok(format!("{self:?}"))
    }

    fn to_str(&self) -> Result<String> {
        match &*self.printed.borrow() {
            Value::None => Ok(String::new()),
            value => value.to_str(),
        }
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        let exported = self.context.exported.borrow().iter().any(|known| **known == *name);
        Ok(if exported { self.context.vars.borrow().get(name).cloned() } else { None })
    }
}

impl Run<'_> {
    fn module(&mut self, name: &Value, with_context: bool, visible: &Visible) -> Result<Module> {
        stack_left(self.env())?;
        let template = self.load(name)?;
        let context = if with_context {
            let layers = self.unit.context.layers(self.locals(visible));
            Context::new(&template, layers, self.unit.context.with_scope)
        } else {
            Context::new(&template, Vec::<Rc<Locals>>::new(), false)
        };
        let mut out = Output::default();
        root(&template, &context, self.state.environment(), self.state.scope(), &mut out)?;
        Ok(Module { name: template.asked.clone(), context, printed: RefCell::new(out.finish()) })
    }

    fn store_import(&mut self, name: &Name, value: Value, toplevel: bool) {
        if let Place::Slot { up: 0, index } = name.place {
            if toplevel {
                self.unit.context.export(&name.name, value.clone(), true);
            }
            self.frame.set(index, value);
        }
    }

    pub(super) fn import(&mut self, node: &Import) -> Result<()> {
        let name = self.eval(&node.template)?;
        let module = self.module(&name, node.with_context, &node.visible)?;
        self.store_import(&node.target, Value::object(module), node.toplevel);
        Ok(())
    }

    pub(super) fn import_from(&mut self, node: &FromImport, line: u32) -> Result<()> {
        let name = self.eval(&node.template)?;
        let module = self.module(&name, node.with_context, &node.visible)?;
        for (wanted, alias) in &node.names {
            let value = match module.attribute(wanted)? {
                Some(value) => value,
                None => {
                    let own = |name: Option<&str>| name.map_or(Ok("None".to_owned()), |name| Value::from(name).repr());
                    let place = match self.unit.template.asked.as_deref() {
                        Some(name) => format!("line {line} in {}", Value::from(name).repr()?),
                        None => format!("line {line}"),
                    };
                    let message = format!(
                        "the template {} (imported on {place}) does not export the requested name {}",
                        own(module.name.as_deref())?,
                        Value::from(&**wanted).repr()?
                    );
                    Value::Undefined(Rc::new(Undefined::new(message)))
                }
            };
            self.store_import(alias, value, node.toplevel);
        }
        Ok(())
    }
}
