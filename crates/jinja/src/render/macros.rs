//! Macros, call blocks and blocks as values.

use std::{any::Any, fmt, rc::Rc};

use super::{
    Result, Run,
    frame::{Block, Context, Frame, Output, Unit},
    stack_left,
};
use crate::{Call, Dict, Error, Key, Kind, Object, State, Undefined, Value, compiler::ast::MacroDef};

/// A macro, or the body of a call block.
pub(super) struct Macro {
    unit: Rc<Unit>,
    frame: Rc<Frame>,
    definition: Rc<MacroDef>,
}

/// A macro as a value.
pub(super) fn define(unit: &Rc<Unit>, frame: &Rc<Frame>, definition: &Rc<MacroDef>) -> Value {
    Value::object(Macro { unit: Rc::clone(unit), frame: Rc::clone(frame), definition: Rc::clone(definition) })
}

impl fmt::Debug for Macro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.definition.name {
            Some(name) => write!(f, "<Macro '{name}'>"),
            None => write!(f, "<Macro anonymous>"),
        }
    }
}

impl Object for Macro {
    fn type_name(&self) -> &str {
        "Macro"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String> {
        Ok(format!("{self:?}"))
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        let definition = &self.definition;
        Ok(match name {
            "name" => Some(definition.name.as_deref().map_or(Value::None, Value::from)),
            "arguments" => {
                let names = definition.params.iter().map(|(param, _)| Value::from(&*param.name)).collect();
                Some(crate::value::ops::tuple(names))
            }
            "catch_kwargs" => Some(definition.kwargs.is_some().into()),
            "catch_varargs" => Some(definition.varargs.is_some().into()),
            "caller" => Some(definition.caller.is_some().into()),
            _ => None,
        })
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn sees_undefined(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Result<Value> {
        let state = call.state();
        stack_left(state.environment())?;
        state.environment().step()?;
        let definition = &self.definition;
        let frame = Frame::new(&definition.function, Some(Rc::clone(&self.frame)));
        let name = match &definition.name {
            Some(name) => Value::from(&**name).repr()?,
            None => "None".to_owned(),
        };
        let mut args = std::mem::take(&mut call.args).into_iter();
        let mut missing = Vec::new();
        for (param, default) in &definition.params {
            let crate::compiler::ast::Place::Slot { index, .. } = param.place else { continue };
            match args.next().or_else(|| call.take(&param.name)) {
                Some(value) => frame.set(index, value),
                None => missing.push((index, &param.name, default)),
            }
        }
        let rest: Vec<Value> = args.collect();
        if let Some(slot) = definition.caller
            && !definition.explicit_caller
        {
            let caller =
                call.take("caller").unwrap_or_else(|| Value::Undefined(Rc::new(Undefined::new("No caller defined"))));
            frame.set(slot, caller);
        }
        match definition.kwargs {
            Some(slot) => {
                let kwargs = Dict::with_capacity(call.kwargs.len());
                for (key, value) in call.kwargs.drain(..) {
                    kwargs.insert(Key::from(key), value);
                }
                frame.set(slot, Value::Dict(kwargs));
            }
            None => {
                if let Some((key, _)) = call.kwargs.first() {
                    if &**key == "caller" {
                        return Err(Error::type_error(format!(
                            "macro {name} was invoked with two values for the special caller argument. This is most likely a bug."
                        )));
                    }
                    let key = Value::from(&**key).repr()?;
                    return Err(Error::type_error(format!("macro {name} takes no keyword argument {key}")));
                }
            }
        }
        match definition.varargs {
            Some(slot) => frame.set(slot, crate::value::ops::tuple(rest)),
            None if !rest.is_empty() => {
                let most = definition.params.len();
                return Err(Error::type_error(format!("macro {name} takes not more than {most} argument(s)")));
            }
            None => {}
        }
        let running = State::running(state.environment(), state.scope(), &self.unit);
        let mut run = Run { state: running, unit: Rc::clone(&self.unit), frame, parent: None };
        for (index, param, default) in missing {
            let value = match default {
                Some(default) => run.eval(default)?,
                None => {
                    let param = Value::from(&**param).repr()?;
                    Value::Undefined(Rc::new(Undefined::new(format!("parameter {param} was not provided"))))
                }
            };
            run.frame.set(index, value);
        }
        let mut out = Output::default();
        run.exec(&definition.body, &mut out)?;
        Ok(out.finish())
    }
}

/// Runs a block, the `depth`th of its name.
pub(super) fn run_block(
    state: &State<'_>,
    context: &Rc<Context>,
    block: &Block,
    depth: usize,
    out: &mut Output,
) -> Result<()> {
    stack_left(state.environment())?;
    let unit = Unit::new(&block.template, context);
    let frame = Frame::new(&block.definition.function, None);
    if let Some(slot) = block.definition.self_slot {
        frame.set(slot, own_blocks(context));
    }
    if let Some(slot) = block.definition.super_slot {
        frame.set(slot, block_value(context, &block.definition.name, depth + 1));
    }
    let state = State::running(state.environment(), state.scope(), &unit);
    let mut run = Run { state, unit, frame, parent: None };
    run.exec(&block.definition.body, out)?;
    Ok(())
}

/// `super`, or a block by name; undefined if there is none.
fn block_value(context: &Rc<Context>, name: &Rc<str>, depth: usize) -> Value {
    let there = context.blocks.borrow().get(name).is_some_and(|blocks| depth < blocks.len());
    if there {
        return Value::object(BlockReference { context: Rc::clone(context), name: Rc::clone(name), depth });
    }
    let message = format!("there is no parent block called '{name}'.");
    Value::Undefined(Rc::new(Undefined::new(message)))
}

/// `self`
pub(super) fn own_blocks(context: &Rc<Context>) -> Value {
    Value::object(OwnBlocks(Rc::clone(context)))
}

struct OwnBlocks(Rc<Context>);

impl fmt::Debug for OwnBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<TemplateReference>")
    }
}

impl Object for OwnBlocks {
    fn type_name(&self) -> &str {
        "TemplateReference"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, _name: &str) -> Result<Option<Value>> {
        Ok(None)
    }

    fn item(&self, key: &Value) -> Result<Option<Value>> {
        let Some(name) = key.as_str() else { return Ok(None) };
        let known = self.0.blocks.borrow().get_key_value(name).map(|(name, _)| Rc::clone(name));
        Ok(known.map(|name| block_value(&self.0, &name, 0)))
    }
}

struct BlockReference {
    context: Rc<Context>,
    name: Rc<str>,
    depth: usize,
}

impl fmt::Debug for BlockReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<BlockReference {}>", self.name)
    }
}

impl Object for BlockReference {
    fn type_name(&self) -> &str {
        "BlockReference"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        Ok((name == "super").then(|| block_value(&self.context, &self.name, self.depth + 1)))
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Result<Value> {
        let found = self.context.blocks.borrow().get(&self.name).and_then(|blocks| blocks.get(self.depth).cloned());
        let Some(block) = found else {
            return Err(Error::new(Kind::Undefined, format!("there is no parent block called '{}'.", self.name)));
        };
        let mut out = Output::default();
        run_block(call.state(), &self.context, &block, self.depth, &mut out)?;
        Ok(out.finish())
    }
}
