//! Where one host stands in a play.
//!
//! A host walks the play's blocks in order. Inside, it is in a stack of blocks, each in one of three sections: its
//! tasks, its rescue, its always. A failure unwinds the stack to the nearest section that takes it up.

use std::rc::Rc;

use crate::playbook::{Block, Entry, Task};

/// What a host is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It has not begun.
    Setup,
    /// It runs tasks.
    Tasks,
    /// It runs notified handlers; afterwards it goes on with its tasks.
    Handlers,
    /// It has nothing left to do.
    Complete,
}

/// The section of a block that a host is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Tasks,
    Rescue,
    Always,
}

/// One block that a host is in.
#[derive(Debug, Clone)]
struct Frame {
    block: Rc<Block>,
    section: Section,
    /// The entry that comes next in the section.
    next: usize,
    /// A failure waits until `always` is through, then goes on to the block around.
    failed: bool,
}

impl Frame {
    fn new(block: Rc<Block>) -> Self {
        Self { block, section: Section::Tasks, next: 0, failed: false }
    }

    fn entries(&self) -> &[Entry] {
        match self.section {
            Section::Tasks => &self.block.block,
            Section::Rescue => &self.block.rescue,
            Section::Always => &self.block.always,
        }
    }
}

/// Where one host stands.
#[derive(Debug, Clone)]
pub struct HostState {
    phase: Phase,
    blocks: Rc<Vec<Rc<Block>>>,
    next_block: usize,
    stack: Vec<Frame>,
    failed: bool,
    handlers: Vec<Rc<Task>>,
    next_handler: usize,
}

impl HostState {
    /// A host at the start of these blocks.
    #[must_use]
    pub fn new(blocks: Rc<Vec<Rc<Block>>>) -> Self {
        Self {
            phase: Phase::Setup,
            blocks,
            next_block: 0,
            stack: Vec::new(),
            failed: false,
            handlers: Vec::new(),
            next_handler: 0,
        }
    }

    /// What the host is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The host failed and nothing rescued it (an `always` section may still have tasks for it).
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.failed || self.stack.iter().any(|frame| frame.failed)
    }

    /// The host runs tasks whose failure some block would rescue.
    #[must_use]
    pub fn has_rescue(&self) -> bool {
        self.stack.iter().any(|frame| frame.section == Section::Tasks && !frame.block.rescue.is_empty())
    }

    /// The next task; the state moves past it. `notified` says whether a handler is to run on this host.
    pub fn advance(&mut self, notified: &dyn Fn(&Task) -> bool) -> Option<Rc<Task>> {
        loop {
            match self.phase {
                Phase::Complete => return None,
                Phase::Setup => self.phase = Phase::Tasks,
                Phase::Handlers => {
                    while let Some(handler) = self.handlers.get(self.next_handler) {
                        self.next_handler += 1;
                        if notified(handler) {
                            return Some(Rc::clone(handler));
                        }
                    }
                    self.phase = Phase::Tasks;
                }
                Phase::Tasks => {
                    if let Some(task) = self.advance_in_blocks() {
                        return Some(task);
                    }
                }
            }
        }
    }

    /// One step through the blocks: a task, or a change of the state.
    fn advance_in_blocks(&mut self) -> Option<Rc<Task>> {
        let Some(frame) = self.stack.last_mut() else {
            if let Some(block) = self.blocks.get(self.next_block) {
                self.next_block += 1;
                self.stack.push(Frame::new(Rc::clone(block)));
            } else {
                self.phase = Phase::Complete;
            }
            return None;
        };
        if let Some(entry) = frame.entries().get(frame.next).cloned() {
            frame.next += 1;
            match entry {
                Entry::Task(task) => return Some(task),
                Entry::Block(block) => self.stack.push(Frame::new(block)),
            }
            return None;
        }
        match frame.section {
            Section::Tasks | Section::Rescue => {
                frame.section = Section::Always;
                frame.next = 0;
            }
            Section::Always => {
                let failed = frame.failed;
                self.stack.pop();
                if failed {
                    self.unwind();
                }
            }
        }
        None
    }

    /// The host's current task failed: it goes on in the nearest rescue, else in the nearest always, else it is done.
    pub fn fail(&mut self) {
        match self.phase {
            Phase::Complete => self.failed = true,
            Phase::Setup | Phase::Tasks | Phase::Handlers => {
                self.phase = Phase::Tasks;
                self.unwind();
            }
        }
    }

    fn unwind(&mut self) {
        while let Some(frame) = self.stack.last_mut() {
            let rescued = frame.section == Section::Tasks && !frame.block.rescue.is_empty();
            if rescued {
                frame.section = Section::Rescue;
                frame.next = 0;
                return;
            }
            if frame.section != Section::Always && !frame.block.always.is_empty() {
                frame.section = Section::Always;
                frame.next = 0;
                frame.failed = true;
                return;
            }
            self.stack.pop();
        }
        self.failed = true;
        self.phase = Phase::Complete;
    }

    /// Puts blocks before what comes next (dynamic includes).
    pub fn insert(&mut self, blocks: &[Rc<Block>]) {
        if self.phase == Phase::Handlers {
            let tasks: Vec<Rc<Task>> = blocks.iter().flat_map(|block| block.tasks()).collect();
            self.handlers.splice(self.next_handler..self.next_handler, tasks);
            return;
        }
        if self.phase == Phase::Complete {
            return;
        }
        self.stack.extend(blocks.iter().rev().map(|block| Frame::new(Rc::clone(block))));
    }

    /// Goes over to handlers; the tasks go on when they are through.
    pub fn flush_handlers(&mut self, handlers: Vec<Rc<Task>>) {
        self.handlers = handlers;
        self.next_handler = 0;
        self.phase = Phase::Handlers;
    }

    /// Nothing more for this host (`end_host`, `end_play`); it has not failed. Ending in a rescue counts as rescued.
    pub fn end(&mut self) {
        self.stack.clear();
        self.phase = Phase::Complete;
    }

    /// Forgets failures (`clear_host_errors`).
    pub fn clear_errors(&mut self) {
        self.failed = false;
        for frame in &mut self.stack {
            frame.failed = false;
        }
    }
}
