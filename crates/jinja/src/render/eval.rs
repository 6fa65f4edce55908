//! Expressions.

use std::rc::Rc;

use super::{Result, Run, stack_left};
use crate::{
    Dict, Error, Key, Kind, List, Value, access,
    call::Kwargs,
    compiler::ast::{Applied, Args, Binary, Compare, Expr},
    environment::{Plugin, Registered},
    value::ops,
};

impl Run<'_> {
    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Value> {
        match expr {
            Expr::Const(value) => Ok(value.clone()),
            Expr::TemplateConst(value) => match value {
                Value::Str(text) => self.env().hooks.clone().constant(text, &self.state),
                value => Ok(value.clone()),
            },
            Expr::Name(name) => self.read(name.place),
            Expr::Attribute(node) => {
                let object = self.eval(&node.0)?;
                access::attribute(&object, &node.1)
            }
            Expr::Item(node) => {
                let object = self.eval(&node.0)?;
                let key = self.eval(&node.1)?;
                access::item(&object, &key)
            }
            Expr::Filter(node) => self.filter(&node.0, &node.1, None),
            Expr::Test(node) => {
                let value = self.eval(&node.0)?;
                self.apply(Plugin::Test, &node.1, value)
            }
            Expr::Call(node) => self.call(&node.0, &node.1, None),
            Expr::Compare(node) => self.compare(&node.0, &node.1),
            Expr::And(node) => {
                let left = self.eval(&node.0)?;
                if left.truthy()? { self.eval(&node.1) } else { Ok(left) }
            }
            Expr::Or(node) => {
                let left = self.eval(&node.0)?;
                if left.truthy()? { Ok(left) } else { self.eval(&node.1) }
            }
            Expr::Not(inner) => Ok(Value::Bool(!self.eval(inner)?.truthy()?)),
            Expr::If(node) => {
                if self.eval(&node.0)?.truthy()? {
                    self.eval(&node.1)
                } else if let Some(otherwise) = &node.2 {
                    self.eval(otherwise)
                } else {
                    Ok(super::nothing::nothing())
                }
            }
            Expr::Concat(parts) => {
                let mut text = String::new();
                let values = parts.iter().map(|part| self.eval(part)).collect::<Result<Vec<_>>>()?;
                for value in &values {
                    value.write_str(&mut text)?;
                }
                Ok(Value::from(text))
            }
            Expr::Binary(node) => {
                let left = self.eval(&node.1)?;
                let right = self.eval(&node.2)?;
                binary(node.0, &left, &right)
            }
            Expr::Neg(inner) => ops::neg(&self.eval(inner)?),
            Expr::Pos(inner) => ops::pos(&self.eval(inner)?),
            Expr::List(items) => Ok(Value::List(List::new(self.eval_all(items)?))),
            Expr::Tuple(items) => Ok(Value::Tuple(self.eval_all(items)?.into())),
            Expr::Dict(items) => {
                let dict = Dict::with_capacity(items.len());
                for (key, value) in items {
                    let key = self.eval(key)?;
                    let value = self.eval(value)?;
                    dict.insert(Key::new(key)?, value);
                }
                Ok(Value::Dict(dict))
            }
            Expr::Slice(node) => {
                let object = self.eval(&node.0)?;
                let mut parts = [Value::None, Value::None, Value::None];
                for (part, expr) in parts.iter_mut().zip(&node.1) {
                    if let Some(expr) = expr {
                        *part = self.eval(expr)?;
                    }
                }
                access::slice(&object, &parts)
            }
        }
    }

    pub(super) fn eval_all(&mut self, exprs: &[Expr]) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(exprs.len());
        for expr in exprs {
            values.push(self.eval(expr)?);
        }
        Ok(values)
    }

    fn compare(&mut self, first: &Expr, others: &[(Compare, Expr)]) -> Result<Value> {
        let mut left = self.eval(first)?;
        for (op, expr) in others {
            let right = self.eval(expr)?;
            if !compare(*op, &left, &right)? {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    /// A call's arguments; `first` goes before them.
    pub(super) fn args(&mut self, args: &Args, first: Option<Value>) -> Result<(Vec<Value>, Kwargs)> {
        let mut positional = Vec::with_capacity(args.positional.len() + usize::from(first.is_some()));
        positional.extend(first);
        for arg in &args.positional {
            positional.push(self.eval(arg)?);
        }
        let mut kwargs = Kwargs::new();
        if let Some(star) = &args.star {
            let value = self.eval(star)?;
            if !value.is_iterable() && !value.is_undefined() {
                let message = format!("Value after * must be an iterable, not {}", value.type_name());
                return Err(Error::type_error(message));
            }
            positional.extend(value.elements()?);
        }
        for (name, arg) in &args.keyword {
            let value = self.eval(arg)?;
            kwargs.push((Rc::clone(name), value));
        }
        if let Some(double_star) = &args.double_star {
            let value = self.eval(double_star)?;
            if let Value::Undefined(undefined) = &value {
                return Err(undefined.error());
            }
            if !value.is_mapping() {
                let message = format!("argument after ** must be a mapping, not {}", value.type_name());
                return Err(Error::type_error(message));
            }
            let dict = Dict::new();
            ops::update_dict(&dict, &value)?;
            for (key, value) in dict.items()? {
                let Some(key) = key.as_str() else { return Err(Error::type_error("keywords must be strings")) };
                if kwargs.iter().any(|(known, _)| **known == *key) {
                    let message = format!("got multiple values for keyword argument '{key}'");
                    return Err(Error::type_error(message));
                }
                kwargs.push((key.into(), value));
            }
        }
        Ok((positional, kwargs))
    }

    pub(super) fn filter(&mut self, value: &Option<Expr>, applied: &Applied, body: Option<&Value>) -> Result<Value> {
        stack_left(self.env())?;
        let value = match value {
            Some(Expr::Filter(inner)) if body.is_some() => self.filter(&inner.0, &inner.1, body)?,
            Some(value) => self.eval(value)?,
            None => body.cloned().unwrap_or(Value::None),
        };
        self.apply(Plugin::Filter, applied, value)
    }

    fn apply(&mut self, plugin: Plugin, applied: &Applied, value: Value) -> Result<Value> {
        let found;
        let registered: &Rc<Registered> = match &applied.registered {
            Some(registered) => registered,
            None => {
                let (what, looked_up) = match plugin {
                    Plugin::Filter => ("filter", self.env().filter(&applied.name)),
                    Plugin::Test => ("test", self.env().test(&applied.name)),
                };
                found = looked_up.ok_or_else(|| {
                    let message = format!("No {what} named '{}' found.", applied.name);
                    Error::new(Kind::Value, message).at(None, applied.line as usize)
                })?;
                &found
            }
        };
        let (args, kwargs) = self.args(&applied.args, Some(value))?;
        self.state.invoke(plugin, registered, args, kwargs)
    }
}

fn binary(op: Binary, left: &Value, right: &Value) -> Result<Value> {
    match op {
        Binary::Add => ops::add(left, right),
        Binary::Sub => ops::sub(left, right),
        Binary::Mul => ops::mul(left, right),
        Binary::Div => ops::div(left, right),
        Binary::FloorDiv => ops::floor_div(left, right),
        Binary::Mod => ops::rem(left, right),
        Binary::Pow => ops::pow(left, right),
    }
}

fn compare(op: Compare, left: &Value, right: &Value) -> Result<bool> {
    Ok(match op {
        Compare::Eq => left.equals(right)?,
        Compare::Ne => !left.equals(right)?,
        Compare::Lt => left.order(right, "<")?.is_some_and(std::cmp::Ordering::is_lt),
        Compare::Le => left.order(right, "<=")?.is_some_and(std::cmp::Ordering::is_le),
        Compare::Gt => left.order(right, ">")?.is_some_and(std::cmp::Ordering::is_gt),
        Compare::Ge => left.order(right, ">=")?.is_some_and(std::cmp::Ordering::is_ge),
        Compare::In => ops::contains(right, left)?,
        Compare::NotIn => !ops::contains(right, left)?,
    })
}
