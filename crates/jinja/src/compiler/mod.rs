//! From a template's source to a tree with bound names.

pub(crate) mod ast;
mod lexer;
mod parser;
mod resolver;
mod unescape;

use std::rc::Rc;

pub(crate) use self::lexer::is_space;
use self::{
    ast::{BlockDef, Expr, Function, Stmt},
    parser::Parser,
    resolver::Resolver,
};
use crate::{Environment, Error, environment::Options};

/// A template, read and bound.
pub(crate) struct Compiled {
    pub(crate) name: Option<Rc<str>>,
    /// The name under which another template asked for it.
    pub(crate) asked: Option<Rc<str>>,
    /// How it was read: what it includes is read likewise.
    pub(crate) options: Rc<Options>,
    pub(crate) body: Vec<Stmt>,
    /// The expression, if it is one that stands alone.
    pub(crate) expression: Option<Expr>,
    pub(crate) function: Function,
    pub(crate) self_slot: Option<u32>,
    pub(crate) blocks: Vec<Rc<BlockDef>>,
    /// The names it looks up in its context, by number.
    pub(crate) names: Vec<Rc<str>>,
}

/// Compiles a template or an expression.
pub(crate) fn compile(
    env: &Environment,
    source: &str,
    name: Option<&str>,
    options: &Rc<Options>,
    expression: bool,
) -> Result<Compiled, Error> {
    compile_at(env, source, name, options, expression).map_err(|mut error| {
        if error.template.is_none() {
            error.template = name.map(str::to_owned);
        }
        error
    })
}

fn compile_at(
    env: &Environment,
    source: &str,
    name: Option<&str>,
    options: &Rc<Options>,
    expression: bool,
) -> Result<Compiled, Error> {
    let source = lexer::normalize(source, options);
    let mut parser = Parser::new(env, &source, options, expression)?;
    let mut resolver = Resolver::default();
    let mut compiled = Compiled {
        name: name.map(Rc::from),
        asked: None,
        options: Rc::clone(options),
        body: Vec::new(),
        expression: None,
        function: Function::default(),
        self_slot: None,
        blocks: Vec::new(),
        names: Vec::new(),
    };
    if expression {
        let mut expr = parser.expression_alone()?;
        resolver.expression(&mut expr);
        compiled.expression = Some(expr);
    } else {
        compiled.body = parser.template()?;
        (compiled.function, compiled.self_slot) = resolver.template(&mut compiled.body, parser.reads_self())?;
        compiled.blocks = std::mem::take(&mut parser.blocks);
        for block in &mut compiled.blocks {
            if let Some(block) = Rc::get_mut(block) {
                resolver.block(block)?;
            }
        }
    }
    compiled.names = resolver.names;
    Ok(compiled)
}
