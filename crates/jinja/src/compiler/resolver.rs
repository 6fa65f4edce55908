//! Binds names to slots, by Jinja2's rules of scope.
//!
//! A scope first looks at all that stands directly in it (not in inner loops, macros, blocks), then at the inner
//! scopes: so an inner scope knows every name that its outer scopes set, wherever they set it.

use std::{collections::HashMap, rc::Rc};

use super::ast::{
    Applied, Args, BlockDef, Expr, For, Function, Initial, MacroDef, Name, Piece, Place, Slot, Slots, Stmt, StmtKind,
    Target, Visible,
};
use crate::{Error, error::Kind};

type Result<T> = std::result::Result<T, Error>;

/// A name in a scope.
struct Entry {
    slot: Option<u32>,
    initial: Initial,
    stored: bool,
}

#[derive(Default)]
struct Scope {
    /// Which function of the stack it belongs to.
    function: usize,
    entries: HashMap<Rc<str>, Entry>,
}

/// Binds the names of one template.
#[derive(Default)]
pub(crate) struct Resolver {
    /// The names that are looked up in the context.
    pub(crate) names: Vec<Rc<str>>,
    numbers: HashMap<Rc<str>, u32>,
    functions: Vec<Function>,
    scopes: Vec<Scope>,
    /// Whether output here is dropped once the template extends another.
    droppable: bool,
}

impl Resolver {
    /// Binds a template's body; gives its function and the slot of `self`.
    pub(crate) fn template(&mut self, body: &mut [Stmt], uses_self: bool) -> Result<(Function, Option<u32>)> {
        self.droppable = true;
        self.functions.push(Function::default());
        self.enter();
        let self_slot = uses_self.then(|| self.parameter(&Rc::from("self")));
        self.collect(body, false);
        self.bind_all(body, true, true)?;
        self.scopes.pop();
        Ok((self.functions.pop().unwrap_or_default(), self_slot))
    }

    /// Binds an expression that stands alone.
    pub(crate) fn expression(&mut self, expr: &mut Expr) {
        self.functions.push(Function::default());
        self.enter();
        self.load(expr);
        self.bind(expr);
        self.scopes.pop();
        self.functions.pop();
    }

    /// Binds a block, which sees nothing of what stands around it but the context.
    pub(crate) fn block(&mut self, block: &mut BlockDef) -> Result<()> {
        let scopes = std::mem::take(&mut self.scopes);
        let functions = std::mem::take(&mut self.functions);
        self.droppable = false;
        self.functions.push(Function::default());
        self.enter();
        let [uses_self, uses_super] = block.uses;
        block.self_slot = uses_self.then(|| self.parameter(&Rc::from("self")));
        block.super_slot = uses_super.then(|| self.parameter(&Rc::from("super")));
        self.collect(&block.body, false);
        self.bind_all(&mut block.body, false, false)?;
        block.function = self.functions.pop().unwrap_or_default();
        self.scopes = scopes;
        self.functions = functions;
        Ok(())
    }

    fn enter(&mut self) {
        self.scopes.push(Scope { function: self.functions.len().saturating_sub(1), entries: HashMap::new() });
    }

    fn number(&mut self, name: &Rc<str>) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(Rc::clone(name));
        self.numbers.insert(Rc::clone(name), number);
        number
    }

    fn new_slot(&mut self, name: &Rc<str>, initial: &Initial) -> u32 {
        let Some(function) = self.functions.last_mut() else { return 0 };
        Rc::make_mut(&mut function.slots).push(Slot { name: Rc::clone(name), initial: initial.clone() });
        u32::try_from(function.slots.len() - 1).unwrap_or(u32::MAX)
    }

    fn slots_so_far(&self) -> u32 {
        let len = self.functions.last().map_or(0, |function| function.slots.len());
        u32::try_from(len).unwrap_or(u32::MAX)
    }

    // ---- what a scope sets and reads ----

    /// Where a name is found from the innermost `depth` scopes on.
    fn find(&self, name: &str, depth: usize) -> Option<Place> {
        let current = self.functions.len().saturating_sub(1);
        for scope in self.scopes.iter().take(depth).rev() {
            if let Some(entry) = scope.entries.get(name) {
                return Some(match (entry.slot, &entry.initial) {
                    (Some(index), _) => {
                        Place::Slot { up: u32::try_from(current - scope.function).unwrap_or(u32::MAX), index }
                    }
                    (None, Initial::Context(number)) => Place::Context(*number),
                    (None, _) => continue,
                });
            }
        }
        None
    }

    fn note_load(&mut self, name: &Rc<str>) {
        if self.find(name, self.scopes.len()).is_none() {
            let initial = Initial::Context(self.number(name));
            if let Some(scope) = self.scopes.last_mut() {
                scope.entries.insert(Rc::clone(name), Entry { slot: None, initial, stored: false });
            }
        }
    }

    fn note_store(&mut self, name: &Rc<str>, in_branch: bool) {
        let outer = self.find(name, self.scopes.len().saturating_sub(1));
        let existing = self.scopes.last().and_then(|scope| scope.entries.get(name));
        let initial = match (existing, outer) {
            (Some(entry), _) if entry.slot.is_some() => {
                if let Some(entry) = self.scopes.last_mut().and_then(|scope| scope.entries.get_mut(name)) {
                    entry.stored = true;
                }
                return;
            }
            (Some(entry), _) => entry.initial.clone(),
            (None, Some(place)) => Initial::Outer(place),
            (None, None) if in_branch => Initial::Context(self.number(name)),
            (None, None) => Initial::Undefined,
        };
        let slot = Some(self.new_slot(name, &initial));
        if let Some(scope) = self.scopes.last_mut() {
            scope.entries.insert(Rc::clone(name), Entry { slot, initial, stored: true });
        }
    }

    fn parameter(&mut self, name: &Rc<str>) -> u32 {
        if let Some(slot) = self.scopes.last().and_then(|scope| scope.entries.get(name)).and_then(|entry| entry.slot) {
            return slot;
        }
        let slot = self.new_slot(name, &Initial::Undefined);
        if let Some(scope) = self.scopes.last_mut() {
            let entry = Entry { slot: Some(slot), initial: Initial::Undefined, stored: true };
            scope.entries.insert(Rc::clone(name), entry);
        }
        slot
    }

    fn target_parameters(&mut self, target: &Target) {
        match target {
            Target::Name(name) => {
                self.parameter(&name.name);
            }
            Target::Tuple(targets) => targets.iter().for_each(|target| self.target_parameters(target)),
            Target::Attribute(name, _) => self.note_load(&name.name),
        }
    }

    fn store_target(&mut self, target: &Target, in_branch: bool) {
        match target {
            Target::Name(name) => self.note_store(&name.name, in_branch),
            Target::Tuple(targets) => targets.iter().for_each(|target| self.store_target(target, in_branch)),
            Target::Attribute(name, _) => self.note_load(&name.name),
        }
    }

    fn collect(&mut self, body: &[Stmt], in_branch: bool) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::Output(pieces, _) => {
                    for piece in pieces {
                        if let Piece::Expr(expr) = piece {
                            self.load(expr);
                        }
                    }
                }
                StmtKind::If(branches, otherwise) => {
                    for (test, body) in branches {
                        self.load(test);
                        self.collect(body, true);
                    }
                    self.collect(otherwise, true);
                }
                StmtKind::For(node) => self.load(&node.iter),
                StmtKind::Set(target, value, _) => {
                    self.load(value);
                    self.store_target(target, in_branch);
                }
                StmtKind::SetBlock(node) => self.store_target(&node.target, in_branch),
                StmtKind::With(node) => node.targets.iter().for_each(|(_, value)| self.load(value)),
                StmtKind::Macro(node) => self.note_store(&node.target.name, in_branch),
                StmtKind::Call(node) => {
                    self.load(&node.callee);
                    self.load_args(&node.args);
                }
                StmtKind::Filter(node) => self.load(&node.filter),
                StmtKind::Extends(expr, _) | StmtKind::Do(expr) => self.load(expr),
                StmtKind::Include(node) => self.load(&node.template),
                StmtKind::Import(node) => {
                    self.load(&node.template);
                    self.note_store(&node.target.name, in_branch);
                }
                StmtKind::FromImport(node) => {
                    self.load(&node.template);
                    for (_, alias) in &node.names {
                        self.note_store(&alias.name, in_branch);
                    }
                }
                StmtKind::Block(_) | StmtKind::Scope(..) | StmtKind::Break | StmtKind::Continue => {}
            }
        }
    }

    fn load_args(&mut self, args: &Args) {
        args.positional.iter().for_each(|arg| self.load(arg));
        args.keyword.iter().for_each(|(_, arg)| self.load(arg));
        args.star.iter().chain(&args.double_star).for_each(|arg| self.load(arg));
    }

    fn load(&mut self, expr: &Expr) {
        match expr {
            Expr::Const(_) | Expr::TemplateConst(_) => {}
            Expr::Name(name) => self.note_load(&name.name),
            Expr::List(items) | Expr::Tuple(items) | Expr::Concat(items) => {
                items.iter().for_each(|item| self.load(item));
            }
            Expr::Dict(items) => {
                for (key, value) in items {
                    self.load(key);
                    self.load(value);
                }
            }
            Expr::Attribute(node) => self.load(&node.0),
            Expr::Item(node) | Expr::And(node) | Expr::Or(node) => {
                self.load(&node.0);
                self.load(&node.1);
            }
            Expr::Slice(node) => {
                self.load(&node.0);
                node.1.iter().flatten().for_each(|part| self.load(part));
            }
            Expr::Call(node) => {
                self.load(&node.0);
                self.load_args(&node.1);
            }
            Expr::Filter(node) => {
                node.0.iter().for_each(|value| self.load(value));
                self.load_args(&node.1.args);
            }
            Expr::Test(node) => {
                self.load(&node.0);
                self.load_args(&node.1.args);
            }
            Expr::Not(inner) | Expr::Neg(inner) | Expr::Pos(inner) => self.load(inner),
            Expr::Binary(node) => {
                self.load(&node.1);
                self.load(&node.2);
            }
            Expr::Compare(node) => {
                self.load(&node.0);
                node.1.iter().for_each(|(_, value)| self.load(value));
            }
            Expr::If(node) => {
                self.load(&node.0);
                self.load(&node.1);
                node.2.iter().for_each(|value| self.load(value));
            }
        }
    }

    // ---- binding ----

    fn bind_name(&mut self, name: &mut Name) {
        name.place = match self.find(&name.name, self.scopes.len()) {
            Some(place) => place,
            None => Place::Context(self.number(&name.name)),
        };
    }

    fn bind_target(&mut self, target: &mut Target) {
        match target {
            Target::Name(name) | Target::Attribute(name, _) => self.bind_name(name),
            Target::Tuple(targets) => targets.iter_mut().for_each(|target| self.bind_target(target)),
        }
    }

    fn bind_args(&mut self, args: &mut Args) {
        args.positional.iter_mut().for_each(|arg| self.bind(arg));
        args.keyword.iter_mut().for_each(|(_, arg)| self.bind(arg));
        args.star.iter_mut().chain(&mut args.double_star).for_each(|arg| self.bind(arg));
    }

    fn bind_applied(&mut self, applied: &mut Applied) {
        self.bind_args(&mut applied.args);
    }

    fn bind(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Const(_) | Expr::TemplateConst(_) => {}
            Expr::Name(name) => self.bind_name(name),
            Expr::List(items) | Expr::Tuple(items) | Expr::Concat(items) => {
                items.iter_mut().for_each(|item| self.bind(item));
            }
            Expr::Dict(items) => {
                for (key, value) in items {
                    self.bind(key);
                    self.bind(value);
                }
            }
            Expr::Attribute(node) => self.bind(&mut node.0),
            Expr::Item(node) | Expr::And(node) | Expr::Or(node) => {
                self.bind(&mut node.0);
                self.bind(&mut node.1);
            }
            Expr::Slice(node) => {
                self.bind(&mut node.0);
                node.1.iter_mut().flatten().for_each(|part| self.bind(part));
            }
            Expr::Call(node) => {
                self.bind(&mut node.0);
                self.bind_args(&mut node.1);
            }
            Expr::Filter(node) => {
                node.0.iter_mut().for_each(|value| self.bind(value));
                self.bind_applied(&mut node.1);
            }
            Expr::Test(node) => {
                self.bind(&mut node.0);
                self.bind_applied(&mut node.1);
            }
            Expr::Not(inner) | Expr::Neg(inner) | Expr::Pos(inner) => self.bind(inner),
            Expr::Binary(node) => {
                self.bind(&mut node.1);
                self.bind(&mut node.2);
            }
            Expr::Compare(node) => {
                self.bind(&mut node.0);
                node.1.iter_mut().for_each(|(_, value)| self.bind(value));
            }
            Expr::If(node) => {
                self.bind(&mut node.0);
                self.bind(&mut node.1);
                node.2.iter_mut().for_each(|value| self.bind(value));
            }
        }
    }

    /// The names that are set in the scopes around a place.
    fn visible(&self) -> Visible {
        let mut visible = Visible::new();
        for depth in (1..=self.scopes.len()).rev() {
            let Some(scope) = self.scopes.get(depth - 1) else { continue };
            for (name, entry) in &scope.entries {
                if entry.stored
                    && !visible.iter().any(|(known, _)| known == name)
                    && let Some(place) = self.find(name, depth)
                {
                    visible.push((Rc::clone(name), place));
                }
            }
        }
        visible
    }

    /// Binds a body in a scope of its own.
    fn scoped(&mut self, body: &mut [Stmt]) -> Result<Slots> {
        let start = self.slots_so_far();
        self.enter();
        self.collect(body, false);
        let end = self.slots_so_far();
        self.bind_all(body, false, false)?;
        self.scopes.pop();
        Ok(Slots { start, end })
    }

    fn bind_all(&mut self, body: &mut [Stmt], toplevel: bool, rootlevel: bool) -> Result<()> {
        for stmt in body {
            let line = stmt.line;
            match &mut stmt.kind {
                StmtKind::Output(pieces, checked) => {
                    *checked = self.droppable;
                    for piece in pieces {
                        if let Piece::Expr(expr) = piece {
                            self.bind(expr);
                        }
                    }
                }
                StmtKind::If(branches, otherwise) => {
                    for (test, body) in branches {
                        self.bind(test);
                        self.bind_all(body, toplevel, false)?;
                    }
                    self.bind_all(otherwise, toplevel, false)?;
                }
                StmtKind::For(node) => {
                    if let Some(node) = Rc::get_mut(node) {
                        self.for_loop(node)?;
                    }
                }
                StmtKind::Set(target, value, exported) => {
                    *exported = toplevel;
                    self.bind(value);
                    self.bind_target(target);
                }
                StmtKind::SetBlock(node) => {
                    node.toplevel = toplevel;
                    self.bind_target(&mut node.target);
                    let start = self.slots_so_far();
                    self.enter();
                    self.collect(&node.body, false);
                    node.slots = Slots { start, end: self.slots_so_far() };
                    if let Some(filter) = &mut node.filter {
                        self.load(filter);
                        self.bind(filter);
                    }
                    let droppable = std::mem::replace(&mut self.droppable, false);
                    self.bind_all(&mut node.body, false, false)?;
                    self.droppable = droppable;
                    self.scopes.pop();
                }
                StmtKind::With(node) => {
                    for (_, value) in &mut node.targets {
                        self.bind(value);
                    }
                    let start = self.slots_so_far();
                    self.enter();
                    for (target, _) in &node.targets {
                        self.target_parameters(target);
                    }
                    self.collect(&node.body, false);
                    node.slots = Slots { start, end: self.slots_so_far() };
                    for (target, _) in &mut node.targets {
                        self.bind_target(target);
                    }
                    self.bind_all(&mut node.body, false, false)?;
                    self.scopes.pop();
                }
                StmtKind::Macro(node) => {
                    node.toplevel = toplevel;
                    self.bind_name(&mut node.target);
                    if let Some(definition) = Rc::get_mut(&mut node.definition) {
                        self.macro_definition(definition)?;
                    }
                }
                StmtKind::Call(node) => {
                    self.bind(&mut node.callee);
                    self.bind_args(&mut node.args);
                    if let Some(definition) = Rc::get_mut(&mut node.definition) {
                        self.macro_definition(definition)?;
                    }
                }
                StmtKind::Filter(node) => {
                    self.bind(&mut node.filter);
                    node.slots = self.scoped(&mut node.body)?;
                }
                StmtKind::Block(node) => {
                    node.toplevel = toplevel;
                    if node.scoped {
                        node.visible = self.visible();
                    }
                }
                StmtKind::Extends(expr, root) => {
                    if !toplevel {
                        let message = "cannot use extend from a non top-level scope";
                        return Err(Error::new(Kind::Syntax, message).at(None, line as usize));
                    }
                    *root = rootlevel;
                    self.bind(expr);
                }
                StmtKind::Include(node) => {
                    self.bind(&mut node.template);
                    node.visible = self.visible();
                }
                StmtKind::Import(node) => {
                    node.toplevel = toplevel;
                    self.bind(&mut node.template);
                    self.bind_name(&mut node.target);
                    node.visible = self.visible();
                }
                StmtKind::FromImport(node) => {
                    node.toplevel = toplevel;
                    self.bind(&mut node.template);
                    for (_, alias) in &mut node.names {
                        self.bind_name(alias);
                    }
                    node.visible = self.visible();
                }
                StmtKind::Scope(slots, body) => *slots = self.scoped(body)?,
                StmtKind::Do(expr) => self.bind(expr),
                StmtKind::Break | StmtKind::Continue => {}
            }
        }
        Ok(())
    }

    fn for_loop(&mut self, node: &mut For) -> Result<()> {
        self.bind(&mut node.iter);
        let recursive = node.function.is_some();
        if recursive {
            self.functions.push(Function::default());
        }
        if let (Some(test), Some(target)) = (&mut node.test, &mut node.test_target) {
            let start = self.slots_so_far();
            self.enter();
            self.target_parameters(target);
            self.load(test);
            node.test_slots = Slots { start, end: self.slots_so_far() };
            self.bind_target(target);
            self.bind(test);
            self.scopes.pop();
        }
        let start = self.slots_so_far();
        self.enter();
        if node.uses_loop {
            node.loop_slot = Some(self.parameter(&Rc::from("loop")));
        }
        self.target_parameters(&node.target);
        self.collect(&node.body, false);
        node.slots = Slots { start, end: self.slots_so_far() };
        self.bind_target(&mut node.target);
        self.bind_all(&mut node.body, false, false)?;
        self.scopes.pop();
        node.else_slots = self.scoped(&mut node.otherwise)?;
        if recursive {
            node.function = self.functions.pop();
        }
        Ok(())
    }

    fn macro_definition(&mut self, definition: &mut MacroDef) -> Result<()> {
        self.functions.push(Function::default());
        self.enter();
        let [caller, kwargs, varargs] = definition.uses;
        for (param, _) in &definition.params {
            self.parameter(&param.name);
        }
        if caller || definition.explicit_caller {
            definition.caller = Some(self.parameter(&Rc::from("caller")));
        }
        if kwargs && !definition.params.iter().any(|(param, _)| &*param.name == "kwargs") {
            definition.kwargs = Some(self.parameter(&Rc::from("kwargs")));
        }
        if varargs && !definition.params.iter().any(|(param, _)| &*param.name == "varargs") {
            definition.varargs = Some(self.parameter(&Rc::from("varargs")));
        }
        for (_, default) in &definition.params {
            default.iter().for_each(|default| self.load(default));
        }
        self.collect(&definition.body, false);
        for (param, default) in &mut definition.params {
            self.bind_name(param);
            default.iter_mut().for_each(|default| self.bind(default));
        }
        let droppable = std::mem::replace(&mut self.droppable, false);
        self.bind_all(&mut definition.body, false, false)?;
        self.droppable = droppable;
        self.scopes.pop();
        definition.function = self.functions.pop().unwrap_or_default();
        Ok(())
    }
}
