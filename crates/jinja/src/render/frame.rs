//! What a render keeps: contexts, frames of slots, output.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use indexmap::IndexMap;

use crate::{
    Environment, Error, List, Scope, Undefined, Value,
    compiler::{
        Compiled,
        ast::{BlockDef, Function, Slot},
    },
    value::{MAX_DEPTH, too_deep},
};

/// Names given to an included or imported template: the variables that were set around it.
pub(crate) type Locals = HashMap<Rc<str>, Value>;

/// What a template and those it extends share.
pub(crate) struct Context {
    /// What was set at the outermost level.
    pub(crate) vars: RefCell<IndexMap<Rc<str>, Value>>,
    /// Names in `vars` that others may import.
    pub(crate) exported: RefCell<Vec<Rc<str>>>,
    /// What the including template gave, innermost first.
    pub(crate) locals: Vec<Rc<Locals>>,
    /// Whether it sees the scope's names.
    pub(crate) with_scope: bool,
    /// Each block's bodies, the most derived first.
    pub(crate) blocks: RefCell<HashMap<Rc<str>, Vec<Block>>>,
}

/// A block's body and the template it is from.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) template: Rc<Compiled>,
    pub(crate) definition: Rc<BlockDef>,
}

impl Context {
    pub(crate) fn new(template: &Rc<Compiled>, locals: Vec<Rc<Locals>>, with_scope: bool) -> Rc<Self> {
        let context = Self {
            vars: RefCell::default(),
            exported: RefCell::default(),
            locals,
            with_scope,
            blocks: RefCell::default(),
        };
        context.add_blocks(template);
        Rc::new(context)
    }

    pub(crate) fn add_blocks(&self, template: &Rc<Compiled>) {
        let mut blocks = self.blocks.borrow_mut();
        for definition in &template.blocks {
            let block = Block { template: Rc::clone(template), definition: Rc::clone(definition) };
            blocks.entry(Rc::clone(&definition.name)).or_default().push(block);
        }
    }

    /// The same blocks and names, with more names.
    pub(crate) fn derived(&self, locals: Locals) -> Rc<Self> {
        Rc::new(Self {
            vars: RefCell::default(),
            exported: RefCell::default(),
            locals: self.layers(locals),
            with_scope: self.with_scope,
            blocks: RefCell::new(self.blocks.borrow().clone()),
        })
    }

    /// Its names as layers for another context, with more names on top.
    pub(crate) fn layers(&self, locals: Locals) -> Vec<Rc<Locals>> {
        let mut layers = Vec::with_capacity(self.locals.len() + 2);
        if !locals.is_empty() {
            layers.push(Rc::new(locals));
        }
        let vars = self.vars.borrow();
        if !vars.is_empty() {
            layers.push(Rc::new(vars.iter().map(|(name, value)| (Rc::clone(name), value.clone())).collect()));
        }
        layers.extend(self.locals.iter().cloned());
        layers
    }

    /// Sets a name at the outermost level.
    pub(crate) fn export(&self, name: &Rc<str>, value: Value, import: bool) {
        self.vars.borrow_mut().insert(Rc::clone(name), value);
        let mut exported = self.exported.borrow_mut();
        if import {
            exported.retain(|known| known != name);
        } else if !name.starts_with('_') && !exported.contains(name) {
            exported.push(Rc::clone(name));
        }
    }

    /// A name that was set or given, without asking the scope.
    pub(crate) fn own(&self, name: &str) -> Option<Value> {
        let vars = self.vars.borrow();
        if !vars.is_empty()
            && let Some(value) = vars.get(name)
        {
            return Some(value.clone());
        }
        self.locals.iter().find_map(|layer| layer.get(name).cloned())
    }

    /// A name's value, wherever it comes from; undefined if there is none.
    pub(crate) fn resolve(&self, name: &str, env: &Environment, scope: &dyn Scope) -> Result<Value, Error> {
        if let Some(value) = self.own(name) {
            return Ok(value);
        }
        if self.with_scope
            && let Some(value) = scope.lookup(name)?
        {
            return Ok(value);
        }
        Ok(match env.globals.get(name) {
            Some(value) => value.clone(),
            None => Value::Undefined(Rc::new(Undefined::name(name))),
        })
    }
}

/// A template in a context, and what it has looked up there.
pub(crate) struct Unit {
    pub(crate) template: Rc<Compiled>,
    pub(crate) context: Rc<Context>,
    cache: RefCell<Vec<Option<Value>>>,
}

impl Unit {
    pub(crate) fn new(template: &Rc<Compiled>, context: &Rc<Context>) -> Rc<Self> {
        let cache = RefCell::new(vec![None; template.names.len()]);
        Rc::new(Self { template: Rc::clone(template), context: Rc::clone(context), cache })
    }

    /// The value of one of the template's names.
    pub(crate) fn lookup(&self, number: u32, env: &Environment, scope: &dyn Scope) -> Result<Value, Error> {
        let number = number as usize;
        let Some(name) = self.template.names.get(number) else { return Ok(Value::None) };
        if let Some(value) = self.context.own(name) {
            return Ok(value);
        }
        if let Some(Some(value)) = self.cache.borrow().get(number) {
            return Ok(value.clone());
        }
        let value = self.context.resolve(name, env, scope)?;
        if let Some(slot) = self.cache.borrow_mut().get_mut(number) {
            *slot = Some(value.clone());
        }
        Ok(value)
    }
}

/// The slots of a running function, and the function it stands in.
pub(crate) struct Frame {
    pub(crate) slots: RefCell<Vec<Option<Value>>>,
    /// How each slot starts out.
    pub(crate) definitions: Rc<Vec<Slot>>,
    pub(crate) parent: Option<Rc<Frame>>,
}

impl Frame {
    pub(crate) fn new(function: &Function, parent: Option<Rc<Frame>>) -> Rc<Self> {
        let slots = RefCell::new(vec![None; function.slots.len()]);
        Rc::new(Self { slots, definitions: Rc::clone(&function.slots), parent })
    }

    pub(crate) fn get(&self, index: u32) -> Option<Value> {
        self.slots.borrow().get(index as usize).and_then(Clone::clone)
    }

    pub(crate) fn set(&self, index: u32, value: Value) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(index as usize) {
            *slot = Some(value);
        }
    }

    pub(crate) fn clear(&self, start: u32, end: u32) {
        if start < end
            && let Some(slots) = self.slots.borrow_mut().get_mut(start as usize..end as usize)
        {
            slots.fill(None);
        }
    }

    /// The frame of the function that many levels out.
    pub(crate) fn up(self: &Rc<Self>, levels: u32) -> Option<&Rc<Self>> {
        let mut frame = self;
        for _ in 0..levels {
            frame = frame.parent.as_ref()?;
        }
        Some(frame)
    }
}

/// How many bytes a template may print.
const MAX_OUTPUT: usize = if cfg!(fuzzing) { 1024 * 1024 } else { 512 * 1024 * 1024 };

/// What a template prints: one piece keeps its type, several are joined to text.
#[derive(Default)]
pub(crate) struct Output {
    first: Option<Value>,
    text: String,
    count: usize,
    /// The first undefined piece, which is all that is left of the rest.
    failed: Option<Value>,
}

impl Output {
    /// Adds a piece. `None` prints nothing.
    pub(crate) fn push(&mut self, value: Value) -> Result<(), Error> {
        if self.failed.is_some() {
            return Ok(());
        }
        match value {
            Value::None => return Ok(()),
            Value::Undefined(_) => {
                // What stands before it may fail first.
                if let Some(first) = self.first.take() {
                    self.write(&first);
                }
                self.failed.get_or_insert(value);
                return Ok(());
            }
            value => {
                self.count += 1;
                match self.count {
                    1 => self.first = Some(value),
                    2 => {
                        if let Some(first) = self.first.take() {
                            self.write(&first);
                        }
                        self.write(&value);
                    }
                    _ => self.write(&value),
                }
            }
        }
        if self.text.len() > MAX_OUTPUT {
            return Err(Error::new(crate::Kind::Limit, "the template prints too much"));
        }
        Ok(())
    }

    fn write(&mut self, value: &Value) {
        if let Err(error) = join(value, &mut self.text) {
            self.failed = Some(Value::Undefined(Rc::new(Undefined::failed(error))));
        }
    }

    /// What was printed; `None` if nothing was.
    pub(crate) fn finish(self) -> Value {
        if let Some(failed) = self.failed {
            return failed;
        }
        match self.count {
            0 => Value::None,
            1 => self.first.unwrap_or(Value::None),
            _ => Value::from(self.text),
        }
    }

    /// What was printed until an error ended it.
    pub(crate) fn fail(self, error: Error) -> Value {
        self.failed.unwrap_or_else(|| Value::Undefined(Rc::new(Undefined::failed(error))))
    }
}

/// Appends a value as it prints beside others: tuples print as lists, what vanishes does not print in containers.
fn join(value: &Value, text: &mut String) -> Result<(), Error> {
    match value {
        Value::Str(part) => text.push_str(part),
        Value::List(_) | Value::Tuple(_) | Value::Dict(_) => plain(value, 0)?.write_str(text)?,
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(part) => text.push_str(part),
            Err(error) => return Err(Error::value_error(error.to_string())),
        },
        Value::Object(object) if object.is_mapping() => match object.finalize()? {
            Some(value) => value.write_str(text)?,
            None => value.write_str(text)?,
        },
        value => value.write_str(text)?,
    }
    Ok(())
}

fn plain(value: &Value, depth: usize) -> Result<Value, Error> {
    if depth > MAX_DEPTH {
        return Err(too_deep("while getting the repr of an object"));
    }
    let vanishes = |value: &Value| matches!(value, Value::Object(object) if object.vanishes());
    Ok(match value {
        Value::List(_) | Value::Tuple(_) => {
            let mut values = Vec::new();
            for value in value.elements()? {
                if !vanishes(&value) {
                    values.push(plain(&value, depth + 1)?);
                }
            }
            Value::List(List::new(values))
        }
        Value::Dict(dict) => {
            let result = crate::Dict::with_capacity(dict.len());
            for (key, value) in dict.items()? {
                if !vanishes(&value) {
                    result.insert(crate::Key::new(key)?, plain(&value, depth + 1)?);
                }
            }
            Value::Dict(result)
        }
        value => value.clone(),
    })
}
