//! The tree of a template: what the parser makes, with names bound to slots by the resolver.

use std::rc::Rc;

use crate::{Value, environment::Registered};

/// Where a name's value is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Not bound yet.
    Unbound,
    /// A slot of the frame that many functions up.
    Slot { up: u32, index: u32 },
    /// The template's context, under the name with this number.
    Context(u32),
}

/// A name in the source.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) name: Rc<str>,
    pub(crate) place: Place,
}

/// How a name that a scope sets starts out, before it is set.
#[derive(Debug, Clone)]
pub(crate) enum Initial {
    /// Not there.
    Undefined,
    /// What it is outside of the scope.
    Outer(Place),
    /// What the context has.
    Context(u32),
}

/// A slot that a scope owns.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) name: Rc<str>,
    pub(crate) initial: Initial,
}

/// Slots `start..end` of a frame, cleared each time the scope is entered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slots {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A function of its own: the template's root, a macro, a block, a recursive loop.
#[derive(Debug, Default)]
pub(crate) struct Function {
    /// Its slots, each with how it starts out.
    pub(crate) slots: Rc<Vec<Slot>>,
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

/// Arguments of a call.
#[derive(Debug, Default)]
pub(crate) struct Args {
    pub(crate) positional: Vec<Expr>,
    pub(crate) keyword: Vec<(Rc<str>, Expr)>,
    pub(crate) star: Option<Box<Expr>>,
    pub(crate) double_star: Option<Box<Expr>>,
}

/// A filter or test, and its arguments.
pub(crate) struct Applied {
    pub(crate) name: Rc<str>,
    /// As it was known when the template was compiled; one that was not is an error when it is reached.
    pub(crate) registered: Option<Rc<Registered>>,
    pub(crate) args: Args,
    pub(crate) line: u32,
}

impl std::fmt::Debug for Applied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.name, self.args)
    }
}

/// An expression.
#[derive(Debug)]
pub(crate) enum Expr {
    Const(Value),
    /// A text that looks like a template itself.
    TemplateConst(Value),
    Name(Name),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Attribute(Box<(Expr, Rc<str>)>),
    Item(Box<(Expr, Expr)>),
    Slice(Box<(Expr, [Option<Expr>; 3])>),
    Call(Box<(Expr, Args, u32)>),
    /// `None` as its value is the body of a filter block.
    Filter(Box<(Option<Expr>, Applied)>),
    Test(Box<(Expr, Applied)>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    Pos(Box<Expr>),
    Binary(Box<(Binary, Expr, Expr)>),
    Compare(Box<(Expr, Vec<(Compare, Expr)>)>),
    And(Box<(Expr, Expr)>),
    Or(Box<(Expr, Expr)>),
    Concat(Vec<Expr>),
    /// test, then, else
    If(Box<(Expr, Expr, Option<Expr>)>),
}

/// What may be assigned to.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Name(Name),
    Tuple(Vec<Target>),
    /// `namespace.attribute`
    Attribute(Name, Rc<str>),
}

/// A piece of output.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Value),
    Expr(Expr),
}

/// A statement and its line.
#[derive(Debug)]
pub(crate) struct Stmt {
    pub(crate) line: u32,
    pub(crate) kind: StmtKind,
}

/// Names that are visible at a place: what includes and imports with context are given.
pub(crate) type Visible = Vec<(Rc<str>, Place)>;

/// A statement.
#[derive(Debug)]
pub(crate) enum StmtKind {
    /// The second: whether it is dropped in a template that extends another (in none of its macros and blocks).
    Output(Vec<Piece>, bool),
    If(Vec<(Expr, Vec<Stmt>)>, Vec<Stmt>),
    For(Rc<For>),
    Set(Target, Expr, bool),
    SetBlock(Box<SetBlock>),
    With(Box<With>),
    Macro(Box<Macro>),
    Call(Box<CallBlock>),
    Filter(Box<FilterBlock>),
    Block(Box<BlockRef>),
    Extends(Expr, bool),
    Include(Box<Include>),
    Import(Box<Import>),
    FromImport(Box<FromImport>),
    Scope(Slots, Vec<Stmt>),
    Do(Expr),
    Break,
    Continue,
}

#[derive(Debug)]
pub(crate) struct For {
    pub(crate) target: Target,
    pub(crate) iter: Expr,
    pub(crate) test: Option<Expr>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) otherwise: Vec<Stmt>,
    pub(crate) slots: Slots,
    pub(crate) else_slots: Slots,
    pub(crate) test_slots: Slots,
    /// The target where the loop's test stands, in slots of its own.
    pub(crate) test_target: Option<Target>,
    /// Whether anything in it reads `loop`.
    pub(crate) uses_loop: bool,
    /// The slot of `loop`, if anything reads it.
    pub(crate) loop_slot: Option<u32>,
    /// Its function, if it is recursive: each level has names of its own.
    pub(crate) function: Option<Function>,
}

#[derive(Debug)]
pub(crate) struct SetBlock {
    pub(crate) target: Target,
    pub(crate) filter: Option<Expr>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) slots: Slots,
    pub(crate) toplevel: bool,
}

#[derive(Debug)]
pub(crate) struct With {
    pub(crate) targets: Vec<(Target, Expr)>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) slots: Slots,
}

#[derive(Debug)]
pub(crate) struct Macro {
    pub(crate) definition: Rc<MacroDef>,
    pub(crate) target: Name,
    pub(crate) toplevel: bool,
}

/// A macro's or call block's body.
#[derive(Debug)]
pub(crate) struct MacroDef {
    pub(crate) name: Option<Rc<str>>,
    pub(crate) params: Vec<(Name, Option<Expr>)>,
    /// Which of `caller`, `kwargs` and `varargs` its body reads.
    pub(crate) uses: [bool; 3],
    pub(crate) caller: Option<u32>,
    /// Whether `caller` is a parameter written out.
    pub(crate) explicit_caller: bool,
    pub(crate) kwargs: Option<u32>,
    pub(crate) varargs: Option<u32>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) function: Function,
}

#[derive(Debug)]
pub(crate) struct CallBlock {
    pub(crate) definition: Rc<MacroDef>,
    pub(crate) callee: Expr,
    pub(crate) args: Args,
}

#[derive(Debug)]
pub(crate) struct FilterBlock {
    pub(crate) filter: Expr,
    pub(crate) body: Vec<Stmt>,
    pub(crate) slots: Slots,
}

#[derive(Debug)]
pub(crate) struct BlockRef {
    pub(crate) name: Rc<str>,
    pub(crate) scoped: bool,
    /// What a scoped block sees.
    pub(crate) visible: Visible,
    pub(crate) toplevel: bool,
}

/// A block's body.
#[derive(Debug)]
pub(crate) struct BlockDef {
    pub(crate) name: Rc<str>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) function: Function,
    /// Whether its body reads `self` and `super`.
    pub(crate) uses: [bool; 2],
    /// The slots of `self` and `super`, if they are read.
    pub(crate) self_slot: Option<u32>,
    pub(crate) super_slot: Option<u32>,
    pub(crate) required: bool,
}

#[derive(Debug)]
pub(crate) struct Include {
    pub(crate) template: Expr,
    pub(crate) ignore_missing: bool,
    pub(crate) with_context: bool,
    pub(crate) visible: Visible,
}

#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) template: Expr,
    pub(crate) target: Name,
    pub(crate) with_context: bool,
    pub(crate) visible: Visible,
    pub(crate) toplevel: bool,
}

#[derive(Debug)]
pub(crate) struct FromImport {
    pub(crate) template: Expr,
    pub(crate) names: Vec<(Rc<str>, Name)>,
    pub(crate) with_context: bool,
    pub(crate) visible: Visible,
    pub(crate) toplevel: bool,
}
