//! Statements.

use std::rc::Rc;

use super::{
    Flow, Result, Run,
    frame::{Frame, Locals, Output},
    macros, root, stack_left,
};
use crate::{
    Error, Kind, Value,
    compiler::ast::{BlockRef, Expr, Name, Piece, Place, Slots, Stmt, StmtKind, Target, Visible},
};

impl Run<'_> {
    pub(super) fn exec(&mut self, body: &[Stmt], out: &mut Output) -> Result<Flow> {
        for stmt in body {
            match self.statement(stmt, out) {
                Ok(Flow::Next) => {}
                Ok(flow) => return Ok(flow),
                Err(error) => {
                    return Err(error.at(self.unit.template.name.as_deref(), stmt.line as usize));
                }
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, stmt: &Stmt, out: &mut Output) -> Result<Flow> {
        match &stmt.kind {
            StmtKind::Output(pieces, droppable) => {
                if *droppable && self.parent.is_some() {
                    return Ok(Flow::Next);
                }
                for piece in pieces {
                    match piece {
                        Piece::Data(text) => out.push(text.clone())?,
                        Piece::Expr(expr) => {
                            let value = self.eval(expr)?;
                            if let Some(module) = value.downcast::<super::import::Module>() {
                                module.print(out)?;
                            } else {
                                out.push(value)?;
                            }
                        }
                    }
                }
            }
            StmtKind::If(branches, otherwise) => {
                for (test, body) in branches {
                    if self.eval(test)?.truthy()? {
                        return self.exec(body, out);
                    }
                }
                return self.exec(otherwise, out);
            }
            StmtKind::For(node) => {
                let iter = self.eval(&node.iter)?;
                self.for_loop(node, &iter, out)?;
            }
            StmtKind::Set(target, value, toplevel) => {
                let value = self.eval(value)?;
                self.assign(target, value, *toplevel)?;
            }
            StmtKind::SetBlock(node) => {
                let mut value = self.capture(&node.body, node.slots)?;
                if let Some(Expr::Filter(filter)) = &node.filter {
                    value = self.filter(&filter.0, &filter.1, Some(&value))?;
                }
                self.assign(&node.target, value, node.toplevel)?;
            }
            StmtKind::With(node) => {
                let mut values = Vec::with_capacity(node.targets.len());
                for (_, value) in &node.targets {
                    values.push(self.eval(value)?);
                }
                self.clear(node.slots);
                for ((target, _), value) in node.targets.iter().zip(values) {
                    self.assign(target, value, false)?;
                }
                return self.exec(&node.body, out);
            }
            StmtKind::Macro(node) => {
                let value = macros::define(&self.unit, &self.frame, &node.definition);
                self.store(&node.target, value, node.toplevel);
            }
            StmtKind::Call(node) => {
                let caller = macros::define(&self.unit, &self.frame, &node.definition);
                let value = self.call(&node.callee, &node.args, Some(caller))?;
                out.push(value)?;
            }
            StmtKind::Filter(node) => {
                let value = self.capture(&node.body, node.slots)?;
                if let Expr::Filter(filter) = &node.filter {
                    let value = self.filter(&filter.0, &filter.1, Some(&value))?;
                    out.push(value)?;
                }
            }
            StmtKind::Block(node) => {
                if !(node.toplevel && self.parent.is_some()) {
                    self.block(node, out)?;
                }
            }
            StmtKind::Extends(template, _) => {
                if self.parent.is_some() {
                    return Err(Error::new(Kind::Value, "extended multiple times"));
                }
                let name = self.eval(template)?;
                let parent = self.load(&name)?;
                self.unit.context.add_blocks(&parent);
                self.parent = Some(parent);
            }
            StmtKind::Include(node) => self.include(node, out)?,
            StmtKind::Import(node) => self.import(node)?,
            StmtKind::FromImport(node) => self.import_from(node, stmt.line)?,
            StmtKind::Scope(slots, body) => {
                self.clear(*slots);
                return self.exec(body, out);
            }
            StmtKind::Do(expr) => {
                self.eval(expr)?;
            }
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    /// What a body prints, as a value.
    fn capture(&mut self, body: &[Stmt], slots: Slots) -> Result<Value> {
        self.clear(slots);
        let mut inner = Output::default();
        self.exec(body, &mut inner)?;
        Ok(inner.finish())
    }

    pub(super) fn store(&mut self, name: &Name, value: Value, toplevel: bool) {
        if let Place::Slot { up: 0, index } = name.place {
            if toplevel {
                self.unit.context.export(&name.name, value.clone(), false);
            }
            self.frame.set(index, value);
        }
    }

    pub(super) fn assign(&mut self, target: &Target, value: Value, toplevel: bool) -> Result<()> {
        match target {
            Target::Name(name) => self.store(name, value, toplevel),
            Target::Attribute(name, attribute) => match self.read(name.place)? {
                Value::Object(object) => object.set_attribute(attribute, value)?,
                _ => return Err(Error::new(Kind::Value, "cannot assign attribute on non-namespace object")),
            },
            Target::Tuple(targets) => {
                if !value.is_iterable() && !value.is_undefined() {
                    let message = format!("cannot unpack non-iterable {} object", value.type_name());
                    return Err(Error::type_error(message));
                }
                let values = value.elements()?;
                let (wanted, got) = (targets.len(), values.len());
                if got > wanted {
                    return Err(Error::value_error(format!("too many values to unpack (expected {wanted})")));
                }
                if got < wanted {
                    let message = format!("not enough values to unpack (expected {wanted}, got {got})");
                    return Err(Error::value_error(message));
                }
                for (target, value) in targets.iter().zip(values) {
                    self.assign(target, value, toplevel)?;
                }
            }
        }
        Ok(())
    }

    /// The variables that are set around a place.
    pub(super) fn locals(&self, visible: &Visible) -> Locals {
        let mut locals = Locals::new();
        for (name, place) in visible {
            if let Place::Slot { up, index } = place
                && let Some(value) = self.set_value(&self.frame, *up, *index)
            {
                locals.insert(Rc::clone(name), value);
            }
        }
        locals
    }

    /// A slot's value if it was set, in its own scope or further out.
    fn set_value(&self, frame: &Rc<Frame>, up: u32, index: u32) -> Option<Value> {
        let frame = frame.up(up)?;
        if let Some(value) = frame.get(index) {
            return Some(value);
        }
        match frame.definitions.get(index as usize)?.initial {
            crate::compiler::ast::Initial::Outer(Place::Slot { up, index }) => self.set_value(frame, up, index),
            _ => None,
        }
    }

    fn block(&mut self, node: &BlockRef, out: &mut Output) -> Result<()> {
        let context = if node.scoped {
            self.unit.context.derived(self.locals(&node.visible))
        } else {
            Rc::clone(&self.unit.context)
        };
        let found = context.blocks.borrow().get(&node.name).and_then(|blocks| blocks.first().cloned());
        let Some(block) = found else { return Ok(()) };
        if block.definition.required {
            let message = format!("Required block {} not found", Value::from(&*node.name).repr()?);
            return Err(Error::new(Kind::Other, message));
        }
        macros::run_block(&self.state, &context, &block, 0, out)
    }

    /// The template that a value names.
    pub(super) fn load(&self, name: &Value) -> Result<Rc<crate::compiler::Compiled>> {
        let name = match name {
            Value::Undefined(undefined) => return Err(undefined.error()),
            Value::Str(name) => name,
            other => {
                let message = format!("{} is no name of a template", other.repr()?);
                return Err(Error::new(Kind::TemplateNotFound, message));
            }
        };
        let Some(loader) = &self.env().loader else {
            return Err(Error::type_error("no loader for this environment specified"));
        };
        let (source, full) = loader.load(name, self.unit.template.name.as_deref())?;
        self.env().load_compiled(&source, &full, name, &self.unit.template.options)
    }

    fn include(&mut self, node: &crate::compiler::ast::Include, out: &mut Output) -> Result<()> {
        stack_left(self.env())?;
        let name = self.eval(&node.template)?;
        let template = match self.load_first(&name) {
            Ok(template) => template,
            Err(error) if error.kind == Kind::TemplateNotFound && node.ignore_missing => return Ok(()),
            Err(error) => return Err(error),
        };
        let context = if node.with_context {
            let layers = self.unit.context.layers(self.locals(&node.visible));
            super::frame::Context::new(&template, layers, self.unit.context.with_scope)
        } else {
            super::frame::Context::new(&template, Vec::new(), false)
        };
        root(&template, &context, self.state.environment(), self.state.scope(), out)?;
        Ok(())
    }

    /// The first template of a list that is there, or the one that is named.
    fn load_first(&self, name: &Value) -> Result<Rc<crate::compiler::Compiled>> {
        let names = match name {
            Value::Undefined(_) | Value::Str(_) => return self.load(name),
            Value::None => Vec::new(),
            other => other.elements()?,
        };
        for name in &names {
            match self.load(name) {
                Err(error) if error.kind == Kind::TemplateNotFound => {}
                result => return result,
            }
        }
        if names.is_empty() {
            let message = "Tried to select from an empty list of templates.";
            return Err(Error::new(Kind::TemplateNotFound, message));
        }
        let tried: Vec<String> = names.iter().map(Value::to_str).collect::<Result<_>>()?;
        let message = format!("none of the templates given were found: {}", tried.join(", "));
        Err(Error::new(Kind::TemplateNotFound, message))
    }
}
