//! Jinja2's grammar: tokens in, a tree out.

mod expressions;
mod statements;

use std::{collections::HashMap, rc::Rc};

use super::{
    ast::{Applied, Args, BlockDef, Expr, Name, Place, Stmt},
    lexer::{Lexer, Tok, Token},
};
use crate::{Environment, Error, environment::Options, error::Kind};

/// How deep expressions and statements may nest.
const MAX_NESTING: usize = 100;

/// How high an expression's tree may grow; Python's own parser gives up at as many parentheses.
const MAX_HEIGHT: usize = 200;

/// Reads one template.
pub(crate) struct Parser<'s, 'e> {
    lexer: Lexer<'s>,
    current: Token<'s>,
    ahead: Option<Token<'s>>,
    env: &'e Environment,
    options: &'s Options,
    names: HashMap<&'s str, Rc<str>>,
    tags: Vec<&'s str>,
    ends: Vec<&'static [&'static str]>,
    nesting: usize,
    /// How high the tree of the last expression is.
    height: usize,
    /// How many conditions stand around: an unknown filter there is an error only when it is reached.
    conditions: usize,
    /// How many loops stand around in this function.
    loops: usize,
    /// How often each of the special names was read so far.
    reads: [usize; SPECIAL.len()],
    /// The first filter or test that is not known.
    unknown: Option<Error>,
    pub(crate) blocks: Vec<Rc<BlockDef>>,
}

/// Names that loops, macros and blocks define if their bodies read them.
const SPECIAL: [&str; 6] = ["loop", "caller", "kwargs", "varargs", "self", "super"];

type Result<T> = std::result::Result<T, Error>;

impl<'s, 'e> Parser<'s, 'e> {
    /// A parser of a normalized source; `expression`: of what stands between `{{` and `}}`.
    pub(crate) fn new(env: &'e Environment, source: &'s str, options: &'s Options, expression: bool) -> Result<Self> {
        let mut lexer = Lexer::new(source, options, expression);
        let current = lexer.next()?;
        Ok(Self {
            lexer,
            current,
            ahead: None,
            env,
            options,
            names: HashMap::new(),
            tags: Vec::new(),
            ends: Vec::new(),
            nesting: 0,
            height: 0,
            conditions: 0,
            loops: 0,
            reads: [0; SPECIAL.len()],
            unknown: None,
            blocks: Vec::new(),
        })
    }

    /// A whole template.
    pub(crate) fn template(&mut self) -> Result<Vec<Stmt>> {
        let body = self.subparse(None)?;
        self.unknown.take().map_or(Ok(body), Err)
    }

    /// Whether anything so far reads `self`.
    pub(crate) fn reads_self(&self) -> bool {
        self.reads_since([0; SPECIAL.len()], "self")
    }

    fn reads_since(&self, before: [usize; SPECIAL.len()], name: &str) -> bool {
        SPECIAL
            .iter()
            .zip(before.iter().zip(&self.reads))
            .any(|(special, (before, now))| *special == name && before < now)
    }

    /// An expression alone.
    pub(crate) fn expression_alone(&mut self) -> Result<Expr> {
        let expr = self.expression()?;
        if !matches!(self.current.kind, Tok::End) {
            return Err(self.fail_at("chunk after expression", self.current.line));
        }
        self.unknown.take().map_or(Ok(expr), Err)
    }

    fn fail_at(&self, message: impl Into<String>, line: usize) -> Error {
        let mut error = Error::new(Kind::Syntax, message);
        error.line = line;
        error
    }

    fn fail(&self, message: impl Into<String>) -> Error {
        self.fail_at(message, self.current.line)
    }

    fn bump(&mut self) -> Result<Token<'s>> {
        let next = match self.ahead.take() {
            Some(token) => token,
            None if matches!(self.current.kind, Tok::End) => self.current.clone(),
            None => self.lexer.next()?,
        };
        Ok(std::mem::replace(&mut self.current, next))
    }

    fn look(&mut self) -> Result<&Tok<'s>> {
        if self.ahead.is_none() {
            self.ahead = Some(self.lexer.next()?);
        }
        Ok(self.ahead.as_ref().map_or(&Tok::End, |token| &token.kind))
    }

    fn is_op(&self, op: &str) -> bool {
        matches!(self.current.kind, Tok::Op(found) if found == op)
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.current.kind, Tok::Name(found) if found == name)
    }

    fn skip_op(&mut self, op: &str) -> Result<bool> {
        let there = self.is_op(op);
        if there {
            self.bump()?;
        }
        Ok(there)
    }

    fn skip_name(&mut self, name: &str) -> Result<bool> {
        let there = self.is_name(name);
        if there {
            self.bump()?;
        }
        Ok(there)
    }

    fn unexpected(&self, wanted: &str) -> Error {
        if matches!(self.current.kind, Tok::End) {
            return self.fail(format!("unexpected end of template, expected {}.", quoted(wanted)));
        }
        self.fail(format!("expected token {}, got {}", quoted(wanted), quoted(&self.current.kind.describe())))
    }

    fn expect_op(&mut self, op: &str) -> Result<()> {
        if self.skip_op(op)? { Ok(()) } else { Err(self.unexpected(op)) }
    }

    fn expect_name(&mut self, name: &str) -> Result<()> {
        if self.skip_name(name)? { Ok(()) } else { Err(self.unexpected(name)) }
    }

    fn expect_any_name(&mut self) -> Result<&'s str> {
        if let Tok::Name(name) = self.current.kind {
            self.bump()?;
            Ok(name)
        } else {
            Err(self.unexpected("name"))
        }
    }

    fn expect_block_end(&mut self) -> Result<()> {
        if matches!(self.current.kind, Tok::BlockEnd) {
            self.bump()?;
            Ok(())
        } else {
            Err(self.unexpected("end of statement block"))
        }
    }

    fn intern(&mut self, name: &'s str) -> Rc<str> {
        Rc::clone(self.names.entry(name).or_insert_with(|| Rc::from(name)))
    }

    fn name(&mut self, name: &'s str) -> Name {
        Name { name: self.intern(name), place: Place::Unbound }
    }

    fn line(&self) -> u32 {
        u32::try_from(self.current.line).unwrap_or(u32::MAX)
    }

    fn nest<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= MAX_NESTING {
            return Err(too_deep(self.current.line));
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    /// Notes a node above trees of the heights so far.
    fn above(&mut self, height: usize) -> Result<()> {
        self.height = height + 1;
        if self.height > MAX_HEIGHT { Err(too_deep(self.current.line)) } else { Ok(()) }
    }

    // ---- statements ----
}

enum Subscribed {
    Expr(Expr),
    Slice([Option<Expr>; 3]),
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    crate::value::quote(text, &mut out);
    out
}

fn too_deep(line: usize) -> Error {
    let mut error = Error::new(Kind::Limit, "maximum recursion depth exceeded");
    error.line = line;
    error
}

/// Filters and tests that are not known, where nothing conditional stands around them.
fn check_known(expr: &Expr) -> Result<()> {
    let all = |args: &Args| -> Result<()> {
        args.positional.iter().try_for_each(check_known)?;
        args.keyword.iter().try_for_each(|(_, value)| check_known(value))?;
        args.star.iter().chain(&args.double_star).try_for_each(|value| check_known(value))
    };
    let known = |what: &str, applied: &Applied| -> Result<()> {
        if applied.registered.is_some() {
            return Ok(());
        }
        let mut error = Error::new(Kind::Syntax, format!("No {what} named {}.", quoted(&applied.name)));
        error.line = applied.line as usize;
        Err(error)
    };
    match expr {
        Expr::Const(_) | Expr::TemplateConst(_) | Expr::Name(_) | Expr::If(_) => Ok(()),
        Expr::List(items) | Expr::Tuple(items) | Expr::Concat(items) => items.iter().try_for_each(check_known),
        Expr::Dict(items) => items.iter().try_for_each(|(key, value)| {
            check_known(key)?;
            check_known(value)
        }),
        Expr::Attribute(node) => check_known(&node.0),
        Expr::Item(node) | Expr::And(node) | Expr::Or(node) => {
            check_known(&node.0)?;
            check_known(&node.1)
        }
        Expr::Slice(node) => {
            check_known(&node.0)?;
            node.1.iter().flatten().try_for_each(check_known)
        }
        Expr::Call(node) => {
            check_known(&node.0)?;
            all(&node.1)
        }
        Expr::Filter(node) => {
            node.0.iter().try_for_each(check_known)?;
            known("filter", &node.1)?;
            all(&node.1.args)
        }
        Expr::Test(node) => {
            check_known(&node.0)?;
            known("test", &node.1)?;
            all(&node.1.args)
        }
        Expr::Not(inner) | Expr::Neg(inner) | Expr::Pos(inner) => check_known(inner),
        Expr::Binary(node) => {
            check_known(&node.1)?;
            check_known(&node.2)
        }
        Expr::Compare(node) => {
            check_known(&node.0)?;
            node.1.iter().try_for_each(|(_, value)| check_known(value))
        }
    }
}
