//! Expressions, from conditions down to names, with their filters and tests.

use std::rc::Rc;

use super::super::{
    ast::{Applied, Args, Binary, Compare, Expr},
    lexer::Tok,
};
use super::{Parser, Result, SPECIAL, Subscribed, check_known, quoted};
use crate::Value;

impl<'s, 'e> Parser<'s, 'e> {
    pub(super) fn is_tuple_end(&self, ends: &[&str]) -> bool {
        match self.current.kind {
            Tok::VariableEnd | Tok::BlockEnd | Tok::Op(")") => true,
            Tok::Name(name) => ends.contains(&name),
            _ => false,
        }
    }

    /// One expression, or several with commas between them.
    pub(super) fn tuple(&mut self, parens: bool, conditional: bool, ends: &[&str], _simplified: bool) -> Result<Expr> {
        let mut items = Vec::new();
        let mut is_tuple = false;
        let mut height = 0;
        loop {
            if !items.is_empty() {
                self.expect_op(",")?;
            }
            if self.is_tuple_end(ends) {
                break;
            }
            items.push(if conditional { self.expression()? } else { self.nest(Self::or)? });
            height = height.max(self.height);
            if self.is_op(",") {
                is_tuple = true;
            } else {
                break;
            }
        }
        if !is_tuple {
            if let Some(item) = items.pop() {
                return Ok(item);
            }
            if !parens {
                let got = quoted(&self.current.kind.describe());
                return Err(self.fail(format!("Expected an expression, got {got}")));
            }
        }
        self.above(height)?;
        Ok(Expr::Tuple(items))
    }

    pub(super) fn expression(&mut self) -> Result<Expr> {
        self.nest(Self::conditional)
    }

    fn conditional(&mut self) -> Result<Expr> {
        // What stands before `if` is read before it is known that it is conditional: filters in it are looked up again
        // at the end, where that is known.
        self.conditions += 1;
        let mut expr = self.or()?;
        self.conditions -= 1;
        if !self.is_name("if") {
            if self.conditions == 0
                && let Err(error) = check_known(&expr)
            {
                self.unknown.get_or_insert(error);
            }
            return Ok(expr);
        }
        let mut height = self.height;
        self.conditions += 1;
        while self.skip_name("if")? {
            let test = self.or()?;
            height = height.max(self.height);
            let otherwise = if self.skip_name("else")? {
                let otherwise = self.nest(Self::conditional)?;
                height = height.max(self.height);
                Some(otherwise)
            } else {
                None
            };
            self.above(height)?;
            height = self.height;
            expr = Expr::If(Box::new((test, expr, otherwise)));
        }
        self.conditions -= 1;
        Ok(expr)
    }

    fn or(&mut self) -> Result<Expr> {
        let mut left = self.and()?;
        while self.is_name("or") {
            let height = self.height;
            self.bump()?;
            let right = self.and()?;
            self.above(height.max(self.height))?;
            left = Expr::Or(Box::new((left, right)));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr> {
        let mut left = self.not()?;
        while self.is_name("and") {
            let height = self.height;
            self.bump()?;
            let right = self.not()?;
            self.above(height.max(self.height))?;
            left = Expr::And(Box::new((left, right)));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr> {
        if self.is_name("not") {
            self.bump()?;
            let expr = self.nest(Self::not)?;
            self.above(self.height)?;
            return Ok(Expr::Not(Box::new(expr)));
        }
        self.compare()
    }

    fn compare(&mut self) -> Result<Expr> {
        let left = self.math1()?;
        let mut height = self.height;
        let mut others = Vec::new();
        loop {
            let not_in = self.is_name("not") && matches!(self.look()?, Tok::Name("in"));
            let op = match self.current.kind {
                Tok::Op("==") => Compare::Eq,
                Tok::Op("!=") => Compare::Ne,
                Tok::Op("<") => Compare::Lt,
                Tok::Op("<=") => Compare::Le,
                Tok::Op(">") => Compare::Gt,
                Tok::Op(">=") => Compare::Ge,
                Tok::Name("in") => Compare::In,
                Tok::Name("not") if not_in => {
                    self.bump()?;
                    Compare::NotIn
                }
                _ => break,
            };
            self.bump()?;
            others.push((op, self.math1()?));
            height = height.max(self.height);
        }
        if others.is_empty() {
            return Ok(left);
        }
        self.above(height)?;
        Ok(Expr::Compare(Box::new((left, others))))
    }

    fn math1(&mut self) -> Result<Expr> {
        let mut left = self.concat()?;
        loop {
            let op = match self.current.kind {
                Tok::Op("+") => Binary::Add,
                Tok::Op("-") => Binary::Sub,
                _ => return Ok(left),
            };
            let height = self.height;
            self.bump()?;
            let right = self.concat()?;
            self.above(height.max(self.height))?;
            left = Expr::Binary(Box::new((op, left, right)));
        }
    }

    fn concat(&mut self) -> Result<Expr> {
        let first = self.math2()?;
        if !self.is_op("~") {
            return Ok(first);
        }
        let mut parts = vec![first];
        let mut height = self.height;
        while self.skip_op("~")? {
            parts.push(self.math2()?);
            height = height.max(self.height);
        }
        self.above(height)?;
        Ok(Expr::Concat(parts))
    }

    fn math2(&mut self) -> Result<Expr> {
        let mut left = self.pow()?;
        loop {
            let op = match self.current.kind {
                Tok::Op("*") => Binary::Mul,
                Tok::Op("/") => Binary::Div,
                Tok::Op("//") => Binary::FloorDiv,
                Tok::Op("%") => Binary::Mod,
                _ => return Ok(left),
            };
            let height = self.height;
            self.bump()?;
            let right = self.pow()?;
            self.above(height.max(self.height))?;
            left = Expr::Binary(Box::new((op, left, right)));
        }
    }

    fn pow(&mut self) -> Result<Expr> {
        let mut left = self.unary(true)?;
        while self.is_op("**") {
            let height = self.height;
            self.bump()?;
            let right = self.unary(true)?;
            self.above(height.max(self.height))?;
            left = Expr::Binary(Box::new((Binary::Pow, left, right)));
        }
        Ok(left)
    }

    fn unary(&mut self, filters: bool) -> Result<Expr> {
        let mut expr = match self.current.kind {
            Tok::Op(sign @ ("-" | "+")) => {
                self.bump()?;
                let inner = self.nest(|parser| parser.unary(false))?;
                self.above(self.height)?;
                if sign == "-" { Expr::Neg(Box::new(inner)) } else { Expr::Pos(Box::new(inner)) }
            }
            _ => self.primary()?,
        };
        expr = self.postfix(expr)?;
        if filters {
            expr = self.filter_expr(expr)?;
        }
        Ok(expr)
    }

    pub(super) fn primary(&mut self) -> Result<Expr> {
        self.height = 1;
        match &self.current.kind {
            Tok::Name(name) => {
                let name = *name;
                self.bump()?;
                Ok(match name {
                    "true" | "True" => Expr::Const(Value::Bool(true)),
                    "false" | "False" => Expr::Const(Value::Bool(false)),
                    "none" | "None" => Expr::Const(Value::None),
                    name => {
                        for (special, reads) in SPECIAL.iter().zip(&mut self.reads) {
                            *reads += usize::from(*special == name);
                        }
                        Expr::Name(self.name(name))
                    }
                })
            }
            Tok::Text(_) => {
                let mut text = String::new();
                while let Tok::Text(part) = &self.current.kind {
                    text.push_str(part);
                    self.bump()?;
                }
                let options = self.options;
                let starts =
                    [&options.variable_start_string, &options.block_start_string, &options.comment_start_string];
                let is_template = starts.iter().any(|start| text.contains(start.as_str()));
                let value = Value::from(text);
                Ok(if is_template { Expr::TemplateConst(value) } else { Expr::Const(value) })
            }
            Tok::Integer(_) | Tok::Float(_) => Ok(match self.bump()?.kind {
                Tok::Integer(value) => Expr::Const(value),
                Tok::Float(number) => Expr::Const(Value::Float(number)),
                _ => Expr::Const(Value::None),
            }),
            Tok::Op("(") => {
                self.bump()?;
                let expr = self.tuple(true, true, &[], false)?;
                self.expect_op(")")?;
                Ok(expr)
            }
            Tok::Op("[") => {
                self.bump()?;
                let mut items = Vec::new();
                let mut height = 0;
                while !self.is_op("]") {
                    if !items.is_empty() {
                        self.expect_op(",")?;
                    }
                    if self.is_op("]") {
                        break;
                    }
                    items.push(self.expression()?);
                    height = height.max(self.height);
                }
                self.expect_op("]")?;
                self.above(height)?;
                Ok(Expr::List(items))
            }
            Tok::Op("{") => {
                self.bump()?;
                let mut items = Vec::new();
                let mut height = 0;
                while !self.is_op("}") {
                    if !items.is_empty() {
                        self.expect_op(",")?;
                    }
                    if self.is_op("}") {
                        break;
                    }
                    let key = self.expression()?;
                    height = height.max(self.height);
                    self.expect_op(":")?;
                    items.push((key, self.expression()?));
                    height = height.max(self.height);
                }
                self.expect_op("}")?;
                self.above(height)?;
                Ok(Expr::Dict(items))
            }
            other => Err(self.fail(format!("unexpected {}", quoted(&other.describe())))),
        }
    }

    fn postfix(&mut self, mut expr: Expr) -> Result<Expr> {
        loop {
            expr = match self.current.kind {
                Tok::Op("." | "[") => self.subscript(expr)?,
                Tok::Op("(") => self.call(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    fn filter_expr(&mut self, mut expr: Expr) -> Result<Expr> {
        loop {
            expr = match self.current.kind {
                Tok::Op("|") => self.filters(Some(expr))?,
                Tok::Name("is") => self.test(expr)?,
                Tok::Op("(") => self.call(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    fn subscript(&mut self, expr: Expr) -> Result<Expr> {
        let height = self.height;
        if self.skip_op(".")? {
            let token = self.bump()?;
            self.above(height)?;
            return match token.kind {
                Tok::Name(name) => {
                    let name = self.intern(name);
                    Ok(Expr::Attribute(Box::new((expr, name))))
                }
                Tok::Integer(index) => Ok(Expr::Item(Box::new((expr, Expr::Const(index))))),
                _ => Err(self.fail_at("expected name or number", token.line)),
            };
        }
        self.bump()?;
        let mut args = Vec::new();
        let mut most = height;
        let mut slice = None;
        while !self.is_op("]") {
            if !args.is_empty() || slice.is_some() {
                self.expect_op(",")?;
            }
            match self.subscribed()? {
                Subscribed::Expr(expr) => args.push(expr),
                Subscribed::Slice(parts) => slice = Some(parts),
            }
            most = most.max(self.height);
        }
        self.expect_op("]")?;
        self.above(most)?;
        if let Some(parts) = slice {
            if args.is_empty() {
                return Ok(Expr::Slice(Box::new((expr, parts))));
            }
            return Err(self.fail("a slice beside other subscripts is not supported"));
        }
        let arg = if args.len() == 1 { args.pop() } else { None };
        Ok(Expr::Item(Box::new((expr, arg.unwrap_or(Expr::Tuple(args))))))
    }

    fn subscribed(&mut self) -> Result<Subscribed> {
        let mut height = 1;
        let first = if self.is_op(":") {
            None
        } else {
            let expr = self.expression()?;
            if !self.is_op(":") {
                return Ok(Subscribed::Expr(expr));
            }
            height = self.height;
            Some(expr)
        };
        self.bump()?;
        let ends = |parser: &Self| parser.is_op("]") || parser.is_op(",");
        let mut second = None;
        if !self.is_op(":") && !ends(self) {
            second = Some(self.expression()?);
            height = height.max(self.height);
        }
        let mut third = None;
        if self.skip_op(":")? && !ends(self) {
            third = Some(self.expression()?);
            height = height.max(self.height);
        }
        self.height = height;
        Ok(Subscribed::Slice([first, second, third]))
    }

    fn args(&mut self) -> Result<Args> {
        let line = self.current.line;
        let invalid = |parser: &Self| parser.fail_at("invalid syntax for function call expression", line);
        self.expect_op("(")?;
        let mut args = Args::default();
        let mut comma = false;
        let mut height = 0;
        while !self.is_op(")") {
            if comma {
                self.expect_op(",")?;
                if self.is_op(")") {
                    break;
                }
            }
            if self.is_op("*") {
                if args.star.is_some() || args.double_star.is_some() {
                    return Err(invalid(self));
                }
                self.bump()?;
                args.star = Some(Box::new(self.expression()?));
            } else if self.is_op("**") {
                if args.double_star.is_some() {
                    return Err(invalid(self));
                }
                self.bump()?;
                args.double_star = Some(Box::new(self.expression()?));
            } else if let Tok::Name(name) = self.current.kind
                && matches!(self.look()?, Tok::Op("="))
            {
                if args.double_star.is_some() {
                    return Err(invalid(self));
                }
                self.bump()?;
                self.bump()?;
                let name = self.intern(name);
                if args.keyword.iter().any(|(known, _)| *known == name) {
                    return Err(self.fail(format!("keyword argument repeated: {name}")));
                }
                let value = self.expression()?;
                args.keyword.push((name, value));
            } else {
                if args.star.is_some() || args.double_star.is_some() || !args.keyword.is_empty() {
                    return Err(invalid(self));
                }
                let value = self.expression()?;
                args.positional.push(value);
            }
            height = height.max(self.height);
            comma = true;
        }
        self.expect_op(")")?;
        self.height = height;
        Ok(args)
    }

    fn call(&mut self, callee: Expr) -> Result<Expr> {
        let height = self.height;
        let line = self.line();
        let args = self.args()?;
        self.above(height.max(self.height))?;
        Ok(Expr::Call(Box::new((callee, args, line))))
    }

    /// The filters that stand here, each with its bar.
    pub(super) fn filters(&mut self, mut value: Option<Expr>) -> Result<Expr> {
        loop {
            if !self.skip_op("|")? {
                return value.ok_or_else(|| self.unexpected("|"));
            }
            value = Some(self.one_filter(value)?);
        }
    }

    fn plugin_name(&mut self) -> Result<Rc<str>> {
        let mut name = self.expect_any_name()?.to_owned();
        while self.skip_op(".")? {
            name.push('.');
            name.push_str(self.expect_any_name()?);
        }
        Ok(name.into())
    }

    pub(super) fn one_filter(&mut self, value: Option<Expr>) -> Result<Expr> {
        let height = self.height;
        let line = self.line();
        let name = self.plugin_name()?;
        let args = if self.is_op("(") { self.args()? } else { Args::default() };
        self.above(height.max(self.height))?;
        let registered = self.env.filter(&name);
        if registered.is_none() && self.conditions == 0 {
            let error = self.fail_at(format!("No filter named {}.", quoted(&name)), line as usize);
            self.unknown.get_or_insert(error);
        }
        Ok(Expr::Filter(Box::new((value, Applied { name, registered, args, line }))))
    }

    fn test(&mut self, value: Expr) -> Result<Expr> {
        let mut height = self.height;
        let line = self.line();
        self.bump()?;
        let negated = self.skip_name("not")?;
        let name = self.plugin_name()?;
        let mut args = Args::default();
        match self.current.kind {
            Tok::Op("(") => args = self.args()?,
            Tok::Name("else" | "or" | "and") => {}
            Tok::Name("is") => return Err(self.fail("You cannot chain multiple tests with is")),
            Tok::Name(_) | Tok::Text(_) | Tok::Integer(_) | Tok::Float(_) | Tok::Op("[" | "{") => {
                let arg = self.primary()?;
                let arg = self.postfix(arg)?;
                height = height.max(self.height);
                args.positional.push(arg);
            }
            _ => {}
        }
        self.above(height.max(self.height))?;
        let registered = self.env.test(&name);
        if registered.is_none() && self.conditions == 0 {
            let error = self.fail_at(format!("No test named {}.", quoted(&name)), line as usize);
            self.unknown.get_or_insert(error);
        }
        let test = Expr::Test(Box::new((value, Applied { name, registered, args, line })));
        Ok(if negated { Expr::Not(Box::new(test)) } else { test })
    }
}
