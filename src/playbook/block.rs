//! Blocks, and what stands around a task.

use std::{cell::OnceCell, fmt, rc::Rc};

use super::{Directives, PlayScope, RoleInstance, Task};
use crate::diagnostic::Span;

/// Tasks that share keywords, with what to do when one fails.
pub struct Block {
    /// What its tasks inherit.
    pub scope: Rc<BlockScope>,
    /// The tasks.
    pub block: Vec<Entry>,
    /// Run on a host where a task of `block` failed.
    pub rescue: Vec<Entry>,
    /// Run in any case.
    pub always: Vec<Entry>,
}

impl Block {
    /// The block's number, unique within a load.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.scope.id
    }

    /// Whether it has no task at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.block.is_empty() && self.rescue.is_empty() && self.always.is_empty()
    }

    /// All tasks within, those of nested blocks too, in the order of the file.
    #[must_use]
    pub fn tasks(&self) -> Vec<Rc<Task>> {
        fn collect(block: &Block, tasks: &mut Vec<Rc<Task>>) {
            for entry in block.block.iter().chain(&block.rescue).chain(&block.always) {
                match entry {
                    Entry::Task(task) => tasks.push(Rc::clone(task)),
                    Entry::Block(block) => collect(block, tasks),
                }
            }
        }
        let mut tasks = Vec::new();
        collect(self, &mut tasks);
        tasks
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Block")
            .field("id", &self.scope.id)
            .field("block", &self.block)
            .field("rescue", &self.rescue)
            .field("always", &self.always)
            .finish()
    }
}

/// What stands in a block.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A task.
    Task(Rc<Task>),
    /// A block.
    Block(Rc<Block>),
}

/// What the tasks of a block inherit from it: the block without its tasks.
pub struct BlockScope {
    /// Unique within a load.
    pub id: u64,
    /// The block's keywords.
    pub directives: Directives,
    /// What it stands in.
    pub parent: Parent,
    /// The play that it runs in.
    pub play: Rc<PlayScope>,
    /// The role it belongs to.
    pub role: Option<Rc<RoleInstance>>,
    /// It is not in the file: bare tasks are put into one.
    pub implicit: bool,
    /// Its tasks are handlers.
    pub handlers: bool,
    /// Where it was written.
    pub span: Option<Span>,
    pub(super) effective: OnceCell<Rc<Directives>>,
}

/// What a block stands in.
#[derive(Clone)]
pub enum Parent {
    /// The play's or the role's own list of tasks.
    Play,
    /// A block.
    Block(Rc<BlockScope>),
    /// A file of tasks or a role that this task includes or imports.
    Include(Rc<Task>),
}

impl BlockScope {
    /// The first include or import above this block.
    #[must_use]
    pub fn include(&self) -> Option<&Rc<Task>> {
        match &self.parent {
            Parent::Play => None,
            Parent::Block(block) => block.include(),
            Parent::Include(task) => Some(task),
        }
    }
}
