//! Calls in expressions.

use std::rc::Rc;

use super::{Result, Run, stack_left};
use crate::{
    Call, Undefined, Value, access,
    compiler::ast::{Args, Expr},
    methods,
    state::{first_undefined, settle},
};

impl Run<'_> {
    /// Calls what an expression gives; `caller` is the body of a call block.
    pub(super) fn call(&mut self, callee: &Expr, args: &Args, caller: Option<Value>) -> Result<Value> {
        stack_left(self.env())?;
        if let Expr::Attribute(node) = callee {
            let object = self.eval(&node.0)?;
            if methods::has(&object, &node.1) {
                let (args, kwargs) = self.args(args, None)?;
                if let Some(undefined) = first_undefined(&args, &kwargs) {
                    return Ok(undefined);
                }
                let mut call = Call::new(&self.state, args, kwargs);
                return settle(methods::call(&object, &node.1, &mut call));
            }
            let callee = access::attribute(&object, &node.1)?;
            return self.call_value(&callee, args, caller);
        }
        let callee = self.eval(callee)?;
        self.call_value(&callee, args, caller)
    }

    fn call_value(&mut self, callee: &Value, args: &Args, caller: Option<Value>) -> Result<Value> {
        let (args, mut kwargs) = self.args(args, None)?;
        if let Some(caller) = caller {
            kwargs.push((Rc::from("caller"), caller));
        }
        if let Value::Undefined(undefined) = callee {
            return Ok(Value::Undefined(Rc::new(Undefined::clone(undefined))));
        }
        self.state.call(callee, args, kwargs)
    }
}
