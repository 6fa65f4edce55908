//! Runs a compiled template.

mod calls;
mod eval;
mod exec;
pub(crate) mod frame;
mod import;
mod loops;
mod macros;
pub(crate) mod nothing;

use std::rc::Rc;

use self::frame::{Context, Frame, Output, Unit};
use crate::{
    Environment, Error, Kind, Scope, State, Undefined, Value,
    compiler::{
        Compiled,
        ast::{Initial, Place, Slots},
    },
};

type Result<T> = std::result::Result<T, Error>;

/// How many bytes of stack a render may use, its nested renders included.
const MAX_STACK: usize = 1_000_000;

/// What a statement says of the loop around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// A running function: a template's root, a macro, a block.
struct Run<'a> {
    state: State<'a>,
    unit: Rc<Unit>,
    frame: Rc<Frame>,
    /// The template that this one extends, once it said so.
    parent: Option<Rc<Compiled>>,
}

/// Evaluates a template in a scope.
pub(crate) fn evaluate(template: &Rc<Compiled>, env: &Environment, scope: &dyn Scope) -> Result<Value> {
    let marker = 0_u8;
    let outermost = env.stack_base.get() == 0;
    if outermost {
        env.stack_base.set(std::ptr::from_ref(&marker).addr());
    }
    let result = stack_left(env).and_then(|()| {
        let context = Context::new(template, Vec::new(), true);
        let mut out = Output::default();
        let result = root(template, &context, env, scope, &mut out);
        match result {
            Err(error) if error.kind == Kind::Limit => Err(error),
            Err(error) => Ok(out.fail(error)),
            Ok(Some(value)) => Ok(value),
            Ok(None) => Ok(out.finish()),
        }
    });
    if outermost {
        env.stack_base.set(0);
    }
    result
}

/// An error where little of the stack is left.
pub(crate) fn stack_left(env: &Environment) -> Result<()> {
    let marker = 0_u8;
    let base = env.stack_base.get();
    if base != 0 && base.abs_diff(std::ptr::from_ref(&marker).addr()) > MAX_STACK {
        return Err(Error::new(Kind::Limit, "maximum recursion depth exceeded while calling a Python object"));
    }
    Ok(())
}

/// Runs a template's root, and the roots of those it extends; gives the value, if it is an expression.
fn root(
    template: &Rc<Compiled>,
    context: &Rc<Context>,
    env: &Environment,
    scope: &dyn Scope,
    out: &mut Output,
) -> Result<Option<Value>> {
    let mut template = Rc::clone(template);
    loop {
        let unit = Unit::new(&template, context);
        let frame = Frame::new(&template.function, None);
        if let Some(slot) = template.self_slot {
            frame.set(slot, macros::own_blocks(context));
        }
        let state = State::running(env, scope, &unit);
        let mut run = Run { state, unit, frame, parent: None };
        if let Some(expr) = &template.expression {
            return run.eval(expr).map(Some);
        }
        run.exec(&template.body, out)?;
        let Some(parent) = run.parent.take() else { return Ok(None) };
        drop(run);
        stack_left(env)?;
        template = parent;
    }
}

impl Run<'_> {
    fn env(&self) -> &Environment {
        self.state.environment()
    }

    fn read(&self, place: Place) -> Result<Value> {
        match place {
            Place::Slot { up, index } => self.slot(&self.frame, up, index),
            Place::Context(number) => self.unit.lookup(number, self.env(), self.state.scope()),
            Place::Unbound => Err(Error::new(Kind::Limit, "a name was not bound")),
        }
    }

    /// What is in a slot, or what its name is before it is set.
    fn slot(&self, frame: &Rc<Frame>, up: u32, index: u32) -> Result<Value> {
        let Some(frame) = frame.up(up) else { return Ok(Value::None) };
        if let Some(value) = frame.get(index) {
            return Ok(value);
        }
        let Some(slot) = frame.definitions.get(index as usize) else { return Ok(Value::None) };
        match slot.initial {
            Initial::Undefined => Ok(Value::Undefined(Rc::new(Undefined::name(&slot.name)))),
            Initial::Outer(Place::Slot { up, index }) => self.slot(frame, up, index),
            Initial::Context(number) | Initial::Outer(Place::Context(number)) => {
                self.unit.lookup(number, self.env(), self.state.scope())
            }
            Initial::Outer(Place::Unbound) => Err(Error::new(Kind::Limit, "a name was not bound")),
        }
    }

    fn clear(&self, slots: Slots) {
        self.frame.clear(slots.start, slots.end);
    }
}
