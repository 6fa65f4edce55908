//! Statements: what stands between `{%` and `%}`, and the text around it.

use std::rc::Rc;

use super::super::{
    ast::{
        BlockDef, BlockRef, CallBlock, Expr, FilterBlock, For, FromImport, Function, Import, Include, Macro, MacroDef,
        Name, Piece, SetBlock, Slots, Stmt, StmtKind, Target, With,
    },
    lexer::{Tok, is_space},
};
use super::{Parser, Result, quoted};
use crate::{Error, Value};

impl<'s, 'e> Parser<'s, 'e> {
    pub(super) fn subparse(&mut self, ends: Option<&'static [&'static str]>) -> Result<Vec<Stmt>> {
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
        let blank = |piece: &Piece| matches!(piece, Piece::Data(Value::Str(text)) if text.chars().all(is_space));
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
}
