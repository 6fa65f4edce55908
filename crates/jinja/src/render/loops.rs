//! `for`, and the `loop` it defines.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

use super::{
    Flow, Result, Run,
    frame::{Frame, Output, Unit},
    stack_left,
};
use crate::{
    Call, Error, Object, State, Undefined, Value,
    compiler::{Compiled, ast::For},
    function::{function, function_seeing_undefined},
};

impl Run<'_> {
    pub(super) fn for_loop(&mut self, node: &Rc<For>, iter: &Value, out: &mut Output) -> Result<()> {
        if node.function.is_none() {
            return self.loop_over(node, iter, out, None);
        }
        let recursion = Recursion {
            unit: Rc::clone(&self.unit),
            outer: Rc::clone(&self.frame),
            node: Rc::clone(node),
            parent: self.parent.clone(),
        };
        recursion.run(&self.state, iter, 0, out)
    }

    /// Runs a loop in this function's frame.
    fn loop_over(
        &mut self,
        node: &For,
        iter: &Value,
        out: &mut Output,
        again: Option<(Recursion, usize)>,
    ) -> Result<()> {
        let mut items = iter.elements()?;
        if let (Some(test), Some(target)) = (&node.test, &node.test_target) {
            let mut kept = Vec::with_capacity(items.len());
            for item in items {
                self.env().step()?;
                self.clear(node.test_slots);
                self.assign(target, item.clone(), false)?;
                if self.eval(test)?.truthy()? {
                    kept.push(item);
                }
            }
            items = kept;
        }
        if items.is_empty() {
            self.clear(node.else_slots);
            self.exec(&node.otherwise, out)?;
            return Ok(());
        }
        let position = node.loop_slot.map(|slot| {
            let depth = again.as_ref().map_or(0, |(_, depth)| *depth);
            let position = Rc::new(Position {
                items: items.clone(),
                index: Cell::new(0),
                depth,
                changed: RefCell::new(None),
                again: again.map(|(recursion, _)| recursion),
            });
            (slot, Value::Object(Rc::new(Loop(Rc::clone(&position)))), position)
        });
        for (index, item) in items.into_iter().enumerate() {
            self.env().step()?;
            self.clear(node.slots);
            if let Some((slot, value, position)) = &position {
                position.index.set(index);
                self.frame.set(*slot, value.clone());
            }
            self.assign(&node.target, item, false)?;
            if self.exec(&node.body, out)? == Flow::Break {
                break;
            }
        }
        Ok(())
    }
}

/// What a recursive loop needs to run again.
struct Recursion {
    unit: Rc<Unit>,
    outer: Rc<Frame>,
    node: Rc<For>,
    /// The template that this one extends: its own output is dropped.
    parent: Option<Rc<Compiled>>,
}

impl Recursion {
    fn run(&self, state: &State<'_>, iter: &Value, depth: usize, out: &mut Output) -> Result<()> {
        stack_left(state.environment())?;
        let Some(function) = &self.node.function else { return Ok(()) };
        let frame = Frame::new(function, Some(Rc::clone(&self.outer)));
        let state = State::running(state.environment(), state.scope(), &self.unit);
        let mut run = Run { state, unit: Rc::clone(&self.unit), frame, parent: self.parent.clone() };
        let again = Self {
            unit: Rc::clone(&self.unit),
            outer: Rc::clone(&self.outer),
            node: Rc::clone(&self.node),
            parent: self.parent.clone(),
        };
        run.loop_over(&self.node, iter, out, Some((again, depth)))
    }
}

/// Where a loop stands.
struct Position {
    items: Vec<Value>,
    index: Cell<usize>,
    depth: usize,
    changed: RefCell<Option<Vec<Value>>>,
    again: Option<Recursion>,
}

/// `loop`
struct Loop(Rc<Position>);

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<LoopContext {}/{}>", self.0.index.get() + 1, self.0.items.len())
    }
}

impl Object for Loop {
    fn type_name(&self) -> &str {
        "LoopContext"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String> {
        Ok(format!("{self:?}"))
    }

    fn len(&self) -> Option<usize> {
        Some(self.0.items.len())
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        let (index, len) = (self.0.index.get(), self.0.items.len());
        let beside = |item: Option<&Value>, message: &str| match item {
            Some(item) => item.clone(),
            None => Value::Undefined(Rc::new(Undefined::new(message))),
        };
        Ok(Some(match name {
            "index" => Value::from(index + 1),
            "index0" => Value::from(index),
            "revindex" => Value::from(len - index),
            "revindex0" => Value::from(len - index - 1),
            "first" => Value::Bool(index == 0),
            "last" => Value::Bool(index + 1 == len),
            "length" => Value::from(len),
            "depth" => Value::from(self.0.depth + 1),
            "depth0" => Value::from(self.0.depth),
            "previtem" => {
                let item = index.checked_sub(1).and_then(|index| self.0.items.get(index));
                beside(item, "there is no previous item")
            }
            "nextitem" => beside(self.0.items.get(index + 1), "there is no next item"),
            "cycle" => function("cycle", move |call| {
                if call.args.is_empty() {
                    return Err(Error::type_error("no items for cycling given"));
                }
                Ok(call.args.swap_remove(index % call.args.len()))
            }),
            "changed" => {
                let position = Rc::clone(&self.0);
                function_seeing_undefined("changed", move |call| {
                    let values = std::mem::take(&mut call.args);
                    let mut last = position.changed.borrow_mut();
                    let same = last.as_ref().is_some_and(|last| *last == values);
                    if !same {
                        *last = Some(values);
                    }
                    Ok(Value::Bool(!same))
                })
            }
            _ => return Ok(None),
        }))
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Result<Value> {
        let Some(recursion) = &self.0.again else {
            return Err(Error::type_error("The loop must have the 'recursive' marker to be called recursively."));
        };
        let iter = call.first("LoopContext.__call__", "iterable")?;
        let mut out = Output::default();
        recursion.run(call.state(), &iter, self.0.depth + 1, &mut out)?;
        Ok(out.finish())
    }
}
