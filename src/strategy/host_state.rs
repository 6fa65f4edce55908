//! Where one host stands in a play: before its facts, in the blocks, or in handlers that were flushed.

use std::rc::Rc;

use super::cursor::{Cursor, Section};
use crate::playbook::{Block, Entry, Task};

/// What a host is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It has not begun, or gathers facts.
    Setup,
    /// It runs tasks.
    Tasks,
    /// It runs notified handlers; afterwards it goes on with its tasks.
    Handlers,
    /// It has nothing left to do.
    Complete,
}

/// The start of a play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setup {
    /// Facts are to be gathered, if the host gathers any.
    Ahead,
    /// They are being gathered.
    Begun,
    Done,
}

/// What a host's next task depends on beyond the host's own state.
pub(super) struct Surroundings<'a> {
    /// The host gathers facts in this play.
    pub(super) gathers: bool,
    /// A task that is passed over.
    pub(super) skips: &'a dyn Fn(&Task) -> bool,
    /// The handlers of the play, in order.
    pub(super) handlers: &'a [Rc<Task>],
    /// A handler that was notified on this host.
    pub(super) notified: &'a dyn Fn(&Task) -> bool,
}

/// Where one host stands.
#[derive(Debug, Clone)]
pub struct HostState {
    /// The blocks; the first one gathers facts.
    cursor: Cursor,
    setup: Setup,
    /// `--start-at-task` was found: the blocks before it are done, that of the facts is the current one.
    started_in_the_middle: bool,
    flushing: bool,
    /// The handlers of this flush, with what was included among them; none: as the play has them.
    handlers: Option<Rc<Vec<Rc<Task>>>>,
    /// A flush that a failure broke off goes on behind the handler that failed.
    next_handler: usize,
}

impl HostState {
    /// A host at the start of these blocks, of which the first gathers facts.
    #[must_use]
    pub fn new(blocks: Rc<Vec<Rc<Block>>>) -> Self {
        Self {
            cursor: Cursor::new(blocks),
            setup: Setup::Ahead,
            started_in_the_middle: false,
            flushing: false,
            handlers: None,
            next_handler: 0,
        }
    }

    /// What the host is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.cursor.section() == Section::Complete {
            Phase::Complete
        } else if self.flushing {
            Phase::Handlers
        } else if self.setup == Setup::Done {
            Phase::Tasks
        } else {
            Phase::Setup
        }
    }

    /// The host failed and nothing rescued it or may do so yet.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        if self.flushing { self.cursor.has_failed_outright() } else { self.cursor.is_failed() }
    }

    /// Some block would rescue a failure of the current task.
    #[must_use]
    pub fn would_rescue(&self) -> bool {
        if self.flushing && self.cursor.current_block().is_some_and(|block| !block.rescue.is_empty()) {
            return true;
        }
        self.cursor.would_rescue()
    }

    /// The next task; the state moves past it.
    pub(super) fn advance(&mut self, around: &Surroundings<'_>) -> Option<Rc<Task>> {
        loop {
            match self.phase() {
                Phase::Complete => return None,
                Phase::Setup => {
                    if let Some(task) = self.set_up(around.gathers)
                        && !(around.skips)(&task)
                    {
                        return Some(task);
                    }
                }
                Phase::Handlers => match self.next_handler(around) {
                    Some(handler) => return Some(handler),
                    None => self.flushing = false,
                },
                // The end of the tasks is the end; a flush begins with a task of its own.
                Phase::Tasks => return self.cursor.advance(around.skips),
            }
        }
    }

    fn set_up(&mut self, gathers: bool) -> Option<Rc<Task>> {
        if self.cursor.current_block().is_none() {
            self.cursor.end();
            return None;
        }
        if self.setup == Setup::Ahead {
            self.setup = Setup::Begun;
            return match self.cursor.first_block().and_then(|block| block.block.first()) {
                Some(Entry::Task(task)) if gathers => Some(Rc::clone(task)),
                _ => None,
            };
        }
        self.setup = Setup::Done;
        if self.started_in_the_middle {
            self.cursor.restart();
        } else {
            self.cursor.next_block();
        }
        None
    }

    fn next_handler(&mut self, around: &Surroundings<'_>) -> Option<Rc<Task>> {
        let handlers = Rc::clone(self.handlers.get_or_insert_with(|| Rc::new(around.handlers.to_vec())));
        while let Some(handler) = handlers.get(self.next_handler) {
            self.next_handler += 1;
            if (around.notified)(handler) {
                return Some(Rc::clone(handler));
            }
        }
        self.next_handler = 0;
        self.handlers = None;
        None
    }

    /// The host's current task failed: it goes on in the nearest rescue, else in the nearest always, else it is done.
    pub fn fail(&mut self) {
        if self.flushing {
            self.flushing = false;
            self.handlers = None;
        }
        if self.phase() == Phase::Setup {
            self.cursor.fail_setup();
        } else {
            self.cursor.fail();
        }
    }

    /// Puts blocks before what comes next (dynamic includes); among handlers, their tasks.
    pub fn insert(&mut self, blocks: &[Rc<Block>]) {
        match self.phase() {
            Phase::Tasks => self.cursor.insert(blocks),
            Phase::Handlers => {
                let tasks = blocks.iter().flat_map(|block| &block.block).filter_map(|entry| match entry {
                    Entry::Task(task) => Some(Rc::clone(task)),
                    Entry::Block(_) => None,
                });
                if let Some(handlers) = &mut self.handlers {
                    let next = self.next_handler.min(handlers.len());
                    Rc::make_mut(handlers).splice(next..next, tasks);
                }
            }
            Phase::Setup | Phase::Complete => {}
        }
    }

    /// Goes over to handlers; the tasks go on when they are through.
    pub fn flush_handlers(&mut self) {
        self.flushing = true;
    }

    /// Nothing more for this host (`end_host`, `end_play`); it has not failed. Ending in a rescue counts as rescued.
    pub fn end(&mut self) {
        self.flushing = false;
        self.cursor.end();
    }

    /// Forgets failures (`clear_host_errors`); a host that is done stays so for this play.
    pub fn clear_errors(&mut self) {
        self.cursor.clear_errors();
    }

    /// The host begins here (`--start-at-task`). ansible-core sends it back to the block of the facts first: they are
    /// gathered where the play gathers facts, and also where the task is the play's first.
    pub(super) fn start_here(&mut self) {
        self.flushing = false;
        self.started_in_the_middle = true;
        if self.setup == Setup::Done {
            self.setup = Setup::Ahead;
        }
        if self.cursor.section() == Section::Complete {
            self.cursor.restart();
        }
    }
}
