//! Jinja2's grammar: tokens in, a tree out.

use std::{collections::HashMap, rc::Rc};

use super::{
    ast::{
        Applied, Args, Binary, BlockDef, BlockRef, CallBlock, Compare, Expr, FilterBlock, For, FromImport, Function,
        Import, Include, Macro, MacroDef, Name, Piece, Place, SetBlock, Slots, Stmt, StmtKind, Target, With,
    },
    lexer::{Lexer, Tok, Token},
};
use crate::{Environment, Error, Value, environment::Options, error::Kind};

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

    fn subparse(&mut self, ends: Option<&'static [&'static str]>) -> Result<Vec<Stmt>> {
        let mut body = Vec::new();
        let mut pieces: Vec<Piece> = Vec::new();
        let mut line = self.line();
        if let Some(ends) = ends {
            self.ends.push(ends);
        }
        loop {
            match self.current.kind {
                Tok::Data(_) => {
                    if pieces.is_empty() {
                        line = self.line();
                    }
                    if let Tok::Data(text) = self.bump()?.kind
                        && !text.is_empty()
                    {
                        self.add_data(&mut pieces, &text);
                    }
                }
                Tok::VariableBegin => {
                    if pieces.is_empty() {
                        line = self.line();
                    }
                    self.bump()?;
                    let expr = self.tuple(false, true, &[], false)?;
                    pieces.push(Piece::Expr(expr));
                    if matches!(self.current.kind, Tok::VariableEnd) {
                        self.bump()?;
                    } else {
                        return Err(self.unexpected("end of print statement"));
                    }
                }
                Tok::BlockBegin => {
                    if !pieces.is_empty() {
                        let pieces = std::mem::take(&mut pieces);
                        body.push(Stmt { line, kind: StmtKind::Output(pieces, false) });
                    }
                    self.bump()?;
                    if let (Some(ends), Tok::Name(name)) = (ends, &self.current.kind)
                        && ends.contains(name)
                    {
                        break;
                    }
                    let stmt = self.nest(Self::statement)?;
                    body.push(stmt);
                    self.expect_block_end()?;
                }
                _ => {
                    if !pieces.is_empty() {
                        body.push(Stmt { line, kind: StmtKind::Output(pieces, false) });
                    }
                    break;
                }
            }
        }
        if ends.is_some() {
            self.ends.pop();
        }
        Ok(body)
    }

    /// Adds text to output; text beside text (around comments, raw blocks) is one piece.
    fn add_data(&self, pieces: &mut Vec<Piece>, text: &str) {
        if let Some(Piece::Data(Value::Str(last))) = pieces.last_mut() {
            *last = format!("{last}{text}").into();
        } else {
            pieces.push(Piece::Data(text.into()));
        }
    }

    fn body(&mut self, ends: &'static [&'static str]) -> Result<Vec<Stmt>> {
        self.skip_op(":")?;
        self.expect_block_end()?;
        let body = self.subparse(Some(ends))?;
        if matches!(self.current.kind, Tok::End) {
            let mut stack = self.ends.clone();
            stack.push(ends);
            return Err(self.unknown_tag(None, &stack, self.current.line));
        }
        Ok(body)
    }

    /// A body up to its end tag, which is read too.
    fn body_to(&mut self, ends: &'static [&'static str]) -> Result<Vec<Stmt>> {
        let body = self.body(ends)?;
        self.bump()?;
        Ok(body)
    }

    fn unknown_tag(&self, name: Option<&str>, stack: &[&'static [&'static str]], line: usize) -> Error {
        let mut message = match name {
            None => "Unexpected end of template.".to_owned(),
            Some(name) => format!("Encountered unknown tag {}.", quoted(name)),
        };
        if let Some(ends) = stack.last() {
            let looking = ends.iter().map(|end| quoted(end)).collect::<Vec<_>>().join(" or ");
            if name.is_some_and(|name| stack.iter().any(|ends| ends.contains(&name))) {
                message +=
                    " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for ";
            } else {
                message += " Jinja was looking for the following tags: ";
            }
            message += &looking;
            message.push('.');
        }
        if let Some(tag) = self.tags.last() {
            message += &format!(" The innermost block that needs to be closed is {}.", quoted(tag));
        }
        self.fail_at(message, line)
    }

    fn statement(&mut self) -> Result<Stmt> {
        let Tok::Name(tag) = self.current.kind else { return Err(self.fail("tag name expected")) };
        let line = self.line();
        self.tags.push(tag);
        let kind = match tag {
            "for" => self.for_loop(),
            "if" => self.if_else(),
            "set" => self.set(),
            "with" => self.with(),
            "autoescape" => self.autoescape(),
            "block" => self.block(),
            "extends" => {
                self.bump()?;
                self.expression().map(|template| StmtKind::Extends(template, false))
            }
            "include" => self.include(),
            "import" => self.import(),
            "from" => self.import_from(),
            "macro" => self.macro_block(),
            "call" => self.call_block(),
            "filter" => self.filter_block(),
            "print" => self.print(),
            "do" if self.options.do_statement => {
                self.bump()?;
                self.tuple(false, true, &[], false).map(StmtKind::Do)
            }
            "break" | "continue" if self.options.loop_controls => {
                self.bump()?;
                if self.loops == 0 {
                    // Python's own words for what the generated code would be.
                    let message =
                        if tag == "break" { "'break' outside loop" } else { "'continue' not properly in loop" };
                    return Err(self.fail_at(message, line as usize));
                }
                Ok(if tag == "break" { StmtKind::Break } else { StmtKind::Continue })
            }
            tag => {
                self.tags.pop();
                return Err(self.unknown_tag(Some(tag), &self.ends, self.current.line));
            }
        }?;
        self.tags.pop();
        Ok(Stmt { line, kind })
    }

    fn for_loop(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let target = self.assign_target(&["in"], false)?;
        self.expect_name("in")?;
        let iter = self.tuple(false, false, &["recursive"], false)?;
        let test = if self.skip_name("if")? { Some(self.expression()?) } else { None };
        let recursive = self.skip_name("recursive")?;
        self.loops += 1;
        let before = self.reads;
        let body = self.body(&["endfor", "else"])?;
        let uses_loop = recursive || self.reads_since(before, "loop");
        self.loops -= 1;
        let otherwise = if self.is_name("endfor") {
            self.bump()?;
            Vec::new()
        } else {
            self.bump()?;
            self.body_to(&["endfor"])?
        };
        Ok(StmtKind::For(Rc::new(For {
            test_target: test.is_some().then(|| target.clone()),
            target,
            iter,
            test,
            body,
            otherwise,
            slots: Slots::default(),
            else_slots: Slots::default(),
            test_slots: Slots::default(),
            uses_loop,
            loop_slot: None,
            function: recursive.then(Function::default),
        })))
    }

    fn if_else(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        self.conditions += 1;
        loop {
            let test = self.tuple(false, false, &[], false)?;
            let body = self.body(&["elif", "else", "endif"])?;
            branches.push((test, body));
            let elif = self.is_name("elif");
            let has_else = self.is_name("else");
            self.bump()?;
            if elif {
                continue;
            }
            if has_else {
                otherwise = self.body_to(&["endif"])?;
            }
            break;
        }
        self.conditions -= 1;
        Ok(StmtKind::If(branches, otherwise))
    }

    fn set(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let target = self.assign_target(&[], true)?;
        if self.skip_op("=")? {
            let value = self.tuple(false, true, &[], false)?;
            return Ok(StmtKind::Set(target, value, false));
        }
        let filter = if self.is_op("|") { Some(self.filters(None)?) } else { None };
        let body = self.body_to(&["endset"])?;
        Ok(StmtKind::SetBlock(Box::new(SetBlock { target, filter, body, slots: Slots::default(), toplevel: false })))
    }

    fn with(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let mut targets = Vec::new();
        while !matches!(self.current.kind, Tok::BlockEnd) {
            if !targets.is_empty() {
                self.expect_op(",")?;
            }
            let target = self.assign_target(&[], false)?;
            self.expect_op("=")?;
            targets.push((target, self.expression()?));
        }
        let body = self.body_to(&["endwith"])?;
        Ok(StmtKind::With(Box::new(With { targets, body, slots: Slots::default() })))
    }

    fn autoescape(&mut self) -> Result<StmtKind> {
        self.bump()?;
        // Native rendering escapes nothing: what is switched has no effect.
        self.expression()?;
        let body = self.body_to(&["endautoescape"])?;
        Ok(StmtKind::Scope(Slots::default(), body))
    }

    fn block(&mut self) -> Result<StmtKind> {
        let line = self.current.line;
        self.bump()?;
        let name = self.expect_any_name()?;
        let interned = self.intern(name);
        let scoped = self.skip_name("scoped")?;
        let required = self.skip_name("required")?;
        if self.is_op("-") {
            return Err(self.fail(
                "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.",
            ));
        }
        let loops = std::mem::take(&mut self.loops);
        let before = self.reads;
        let body = self.body_to(&["endblock"])?;
        let uses = [self.reads_since(before, "self"), self.reads_since(before, "super")];
        if scoped && let Some(reads) = self.reads.first_mut() {
            // A scoped block sees the loop it stands in.
            *reads += 1;
        }
        self.loops = loops;
        let blank =
            |piece: &Piece| matches!(piece, Piece::Data(Value::Str(text)) if text.chars().all(super::lexer::is_space));
        if required
            && !body.iter().all(|stmt| matches!(&stmt.kind, StmtKind::Output(pieces, _) if pieces.iter().all(blank)))
        {
            return Err(self.fail("Required blocks can only contain comments or whitespace"));
        }
        self.skip_name(name)?;
        if self.blocks.iter().any(|block| *block.name == *name) {
            return Err(self.fail_at(format!("block {} defined twice", quoted(name)), line));
        }
        self.blocks.push(Rc::new(BlockDef {
            name: Rc::clone(&interned),
            body,
            function: Function::default(),
            uses,
            self_slot: None,
            super_slot: None,
            required,
        }));
        Ok(StmtKind::Block(Box::new(BlockRef { name: interned, scoped, visible: Vec::new(), toplevel: false })))
    }

    fn import_context(&mut self, default: bool) -> Result<bool> {
        let with = self.is_name("with");
        if (with || self.is_name("without")) && matches!(self.look()?, Tok::Name("context")) {
            self.bump()?;
            self.bump()?;
            return Ok(with);
        }
        Ok(default)
    }

    fn include(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let template = self.expression()?;
        let mut ignore_missing = false;
        if self.is_name("ignore") && matches!(self.look()?, Tok::Name("missing")) {
            self.bump()?;
            self.bump()?;
            ignore_missing = true;
        }
        let with_context = self.import_context(true)?;
        Ok(StmtKind::Include(Box::new(Include { template, ignore_missing, with_context, visible: Vec::new() })))
    }

    fn import(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let template = self.expression()?;
        self.expect_name("as")?;
        let target = self.target_name()?;
        let with_context = self.import_context(false)?;
        Ok(StmtKind::Import(Box::new(Import { template, target, with_context, visible: Vec::new(), toplevel: false })))
    }

    fn import_from(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let template = self.expression()?;
        self.expect_name("import")?;
        let mut names: Vec<(Rc<str>, Name)> = Vec::new();
        let with_context = loop {
            if !names.is_empty() {
                self.expect_op(",")?;
            }
            if !matches!(self.current.kind, Tok::Name(_)) {
                return Err(self.unexpected("name"));
            }
            let context = self.maybe_context()?;
            if context.is_some() {
                break context;
            }
            let line = self.current.line;
            let name = self.target_name()?;
            if name.name.starts_with('_') {
                return Err(self.fail_at("names starting with an underline can not be imported", line));
            }
            let alias = if self.skip_name("as")? { self.target_name()? } else { name.clone() };
            names.push((name.name, alias));
            let context = self.maybe_context()?;
            if context.is_some() || !self.is_op(",") {
                break context;
            }
        };
        Ok(StmtKind::FromImport(Box::new(FromImport {
            template,
            names,
            with_context: with_context.unwrap_or(false),
            visible: Vec::new(),
            toplevel: false,
        })))
    }

    fn maybe_context(&mut self) -> Result<Option<bool>> {
        let with = self.is_name("with");
        if (with || self.is_name("without")) && matches!(self.look()?, Tok::Name("context")) {
            self.bump()?;
            self.bump()?;
            return Ok(Some(with));
        }
        Ok(None)
    }

    fn signature(&mut self) -> Result<Vec<(Name, Option<Expr>)>> {
        let mut params: Vec<(Name, Option<Expr>)> = Vec::new();
        self.expect_op("(")?;
        while !self.is_op(")") {
            if !params.is_empty() {
                self.expect_op(",")?;
            }
            let name = self.target_name()?;
            let default = if self.skip_op("=")? {
                Some(self.expression()?)
            } else if params.iter().any(|(_, default)| default.is_some()) {
                return Err(self.fail("non-default argument follows default argument"));
            } else {
                None
            };
            params.push((name, default));
        }
        self.expect_op(")")?;
        Ok(params)
    }

    fn definition(
        &mut self,
        name: Option<Rc<str>>,
        params: Vec<(Name, Option<Expr>)>,
        end: &'static [&'static str],
    ) -> Result<Rc<MacroDef>> {
        let loops = std::mem::take(&mut self.loops);
        let before = self.reads;
        let body = self.body_to(end)?;
        let uses = ["caller", "kwargs", "varargs"].map(|name| self.reads_since(before, name));
        self.loops = loops;
        Ok(Rc::new(MacroDef {
            name,
            uses,
            explicit_caller: params.iter().any(|(param, _)| &*param.name == "caller"),
            params,
            caller: None,
            kwargs: None,
            varargs: None,
            body,
            function: Function::default(),
        }))
    }

    fn macro_block(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let target = self.target_name()?;
        let params = self.signature()?;
        let definition = self.definition(Some(Rc::clone(&target.name)), params, &["endmacro"])?;
        Ok(StmtKind::Macro(Box::new(Macro { definition, target, toplevel: false })))
    }

    fn call_block(&mut self) -> Result<StmtKind> {
        let line = self.line();
        self.bump()?;
        let params = if self.is_op("(") { self.signature()? } else { Vec::new() };
        let Expr::Call(call) = self.expression()? else {
            return Err(self.fail_at("expected call", line as usize));
        };
        let (callee, args, _) = *call;
        let definition = self.definition(None, params, &["endcall"])?;
        Ok(StmtKind::Call(Box::new(CallBlock { definition, callee, args })))
    }

    fn filter_block(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let first = self.one_filter(None)?;
        let filter = self.filters(Some(first))?;
        let body = self.body_to(&["endfilter"])?;
        Ok(StmtKind::Filter(Box::new(FilterBlock { filter, body, slots: Slots::default() })))
    }

    fn print(&mut self) -> Result<StmtKind> {
        self.bump()?;
        let mut pieces = Vec::new();
        while !matches!(self.current.kind, Tok::BlockEnd) {
            if !pieces.is_empty() {
                self.expect_op(",")?;
            }
            pieces.push(Piece::Expr(self.expression()?));
        }
        Ok(StmtKind::Output(pieces, false))
    }

    // ---- targets ----

    fn target_name(&mut self) -> Result<Name> {
        let line = self.current.line;
        let name = self.expect_any_name()?;
        self.check_assignable(name, line)?;
        Ok(self.name(name))
    }

    fn check_assignable(&self, name: &str, line: usize) -> Result<()> {
        match name {
            // `Name.can_assign`
            "true" | "false" | "none" | "True" | "False" | "None" => Err(self.fail_at("can't assign to 'name'", line)),
            _ => Ok(()),
        }
    }

    fn assign_target(&mut self, ends: &[&str], namespace: bool) -> Result<Target> {
        let line = self.current.line;
        let mut targets = Vec::new();
        let mut is_tuple = false;
        loop {
            if !targets.is_empty() {
                self.expect_op(",")?;
            }
            if self.is_tuple_end(ends) {
                break;
            }
            targets.push(self.primary_target(namespace)?);
            if self.is_op(",") {
                is_tuple = true;
            } else {
                break;
            }
        }
        if !is_tuple && let Some(target) = targets.pop() {
            return Ok(target);
        }
        if !is_tuple {
            let got = quoted(&self.current.kind.describe());
            return Err(self.fail_at(format!("Expected an expression, got {got}"), line));
        }
        Ok(Target::Tuple(targets))
    }

    fn primary_target(&mut self, namespace: bool) -> Result<Target> {
        let line = self.current.line;
        match self.current.kind {
            Tok::Name(name) => {
                self.bump()?;
                match name {
                    "true" | "false" | "none" | "True" | "False" | "None" => {
                        return Err(self.fail_at("can't assign to 'const'", line));
                    }
                    _ => {}
                }
                if namespace && self.skip_op(".")? {
                    let attribute = self.expect_any_name()?;
                    let attribute = self.intern(attribute);
                    return Ok(Target::Attribute(self.name(name), attribute));
                }
                Ok(Target::Name(self.name(name)))
            }
            Tok::Op("(") => {
                self.bump()?;
                let target = self.nest(|parser| parser.parenthesized_target())?;
                self.expect_op(")")?;
                Ok(target)
            }
            _ => {
                let what = match self.primary()? {
                    Expr::List(_) => "list",
                    Expr::Dict(_) => "dict",
                    _ => "const",
                };
                Err(self.fail_at(format!("can't assign to {}", quoted(what)), line))
            }
        }
    }

    fn parenthesized_target(&mut self) -> Result<Target> {
        let mut targets = Vec::new();
        let mut is_tuple = false;
        while !self.is_op(")") {
            targets.push(self.primary_target(false)?);
            if !self.skip_op(",")? {
                break;
            }
            is_tuple = true;
        }
        if !is_tuple && let Some(target) = targets.pop() {
            return Ok(target);
        }
        Ok(Target::Tuple(targets))
    }

    // ---- expressions ----

    fn is_tuple_end(&self, ends: &[&str]) -> bool {
        match self.current.kind {
            Tok::VariableEnd | Tok::BlockEnd | Tok::Op(")") => true,
            Tok::Name(name) => ends.contains(&name),
            _ => false,
        }
    }

    /// One expression, or several with commas between them.
    fn tuple(&mut self, parens: bool, conditional: bool, ends: &[&str], _simplified: bool) -> Result<Expr> {
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

    fn expression(&mut self) -> Result<Expr> {
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

    fn primary(&mut self) -> Result<Expr> {
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
    fn filters(&mut self, mut value: Option<Expr>) -> Result<Expr> {
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

    fn one_filter(&mut self, value: Option<Expr>) -> Result<Expr> {
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
