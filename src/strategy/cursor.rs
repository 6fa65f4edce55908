//! Where a host stands in a list of blocks, and in the blocks within them.
//!
//! A host walks the blocks in order, each through its tasks, its rescue (after a failure) and its always. A nested block
//! has a cursor of its own. A failure is noted in the innermost cursor; the ones around it learn of it when the host's
//! next task is asked for. Which section a failure leads to, and when a host counts as failed, is ansible-core's rule,
//! corner cases included (its `PlayIterator`; seen by running it).

use std::rc::Rc;

use crate::playbook::{Block, Entry, Task};

/// The section of a block that a host is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Tasks,
    Rescue,
    Always,
    /// It is through with all blocks, or failed for good.
    Complete,
}

/// What failed in the current block.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    setup: bool,
    tasks: bool,
    rescue: bool,
    always: bool,
}

impl Failures {
    fn any(self) -> bool {
        self.setup || self.tasks || self.rescue || self.always
    }
}

/// How far one section is done.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// The entry that comes next.
    next: usize,
    /// The nested block that the host is in.
    child: Option<Box<Cursor>>,
}

/// Where a host stands in a list of blocks.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    blocks: Rc<Vec<Rc<Block>>>,
    block: usize,
    section: Section,
    tasks: Progress,
    rescue: Progress,
    always: Progress,
    failures: Failures,
    /// The rescue of this block went through.
    rescued: bool,
}

impl Cursor {
    /// At the start of these blocks.
    pub(super) fn new(blocks: Rc<Vec<Rc<Block>>>) -> Self {
        Self {
            blocks,
            block: 0,
            section: Section::Tasks,
            tasks: Progress::default(),
            rescue: Progress::default(),
            always: Progress::default(),
            failures: Failures::default(),
            rescued: false,
        }
    }

    pub(super) fn section(&self) -> Section {
        self.section
    }

    /// Goes on to the next block.
    pub(super) fn next_block(&mut self) {
        self.block += 1;
        self.section = Section::Tasks;
        self.tasks = Progress::default();
        self.rescue = Progress::default();
        self.always = Progress::default();
    }

    /// Begins the current block's tasks anew, as far as they are not done.
    pub(super) fn restart(&mut self) {
        self.section = Section::Tasks;
    }

    /// The block that gathers facts.
    pub(super) fn first_block(&self) -> Option<&Rc<Block>> {
        self.blocks.first()
    }

    pub(super) fn current_block(&self) -> Option<&Rc<Block>> {
        self.blocks.get(self.block)
    }

    /// The next task for which `skips` does not hold; the cursor moves past it.
    pub(super) fn advance(&mut self, skips: &dyn Fn(&Task) -> bool) -> Option<Rc<Task>> {
        loop {
            let Some(block) = self.blocks.get(self.block).map(Rc::clone) else {
                self.section = Section::Complete;
                return None;
            };
            let found = match self.section {
                Section::Complete => return None,
                Section::Tasks if self.tasks.child.is_some() => self.nested(skips),
                Section::Rescue if self.rescue.child.is_some() => self.nested(skips),
                Section::Always if self.always.child.is_some() => self.nested(skips),
                Section::Tasks if self.is_failed() => {
                    self.section = Section::Rescue;
                    None
                }
                Section::Tasks => self.tasks.step(&block.block).unwrap_or_else(|| {
                    self.section = Section::Always;
                    None
                }),
                Section::Rescue if self.failures.rescue => {
                    self.section = Section::Always;
                    None
                }
                Section::Rescue => self.rescue.step(&block.rescue).unwrap_or_else(|| {
                    if !block.rescue.is_empty() {
                        self.failures = Failures::default();
                    }
                    self.section = Section::Always;
                    self.rescued = true;
                    None
                }),
                Section::Always => self.always.step(&block.always).unwrap_or_else(|| {
                    if self.failures.any() {
                        self.section = Section::Complete;
                    } else {
                        self.next_block();
                        self.rescued = false;
                    }
                    None
                }),
            };
            if let Some(task) = found
                && !skips(&task)
            {
                return Some(task);
            }
        }
    }

    /// The next task of the nested block; a failure within it becomes one of this block.
    fn nested(&mut self, skips: &dyn Fn(&Task) -> bool) -> Option<Rc<Task>> {
        let progress = self.progress()?;
        let child = progress.child.as_mut()?;
        let task = child.advance(skips);
        if child.is_failed() {
            progress.child = None;
            self.fail();
        } else if task.is_none() {
            progress.child = None;
        }
        task
    }

    fn progress(&mut self) -> Option<&mut Progress> {
        match self.section {
            Section::Tasks => Some(&mut self.tasks),
            Section::Rescue => Some(&mut self.rescue),
            Section::Always => Some(&mut self.always),
            Section::Complete => None,
        }
    }

    /// The nested cursor in which the host's task stands.
    fn child(&self) -> Option<&Self> {
        match self.section {
            Section::Tasks => self.tasks.child.as_deref(),
            Section::Rescue => self.rescue.child.as_deref(),
            Section::Always => self.always.child.as_deref(),
            Section::Complete => None,
        }
    }

    /// The current task failed: the host goes on in the rescue of the block it stands in, else in its always, else it is
    /// through with the block.
    pub(super) fn fail(&mut self) {
        if let Some(child) = self.progress().and_then(|progress| progress.child.as_mut()) {
            child.fail();
            return;
        }
        let (rescue, always) =
            self.current_block().map_or((false, false), |block| (!block.rescue.is_empty(), !block.always.is_empty()));
        let then = if always { Section::Always } else { Section::Complete };
        match self.section {
            Section::Tasks => {
                self.failures.tasks = true;
                self.section = if rescue { Section::Rescue } else { then };
            }
            Section::Rescue => {
                self.failures.rescue = true;
                self.section = then;
            }
            Section::Always => {
                self.failures.always = true;
                self.section = Section::Complete;
            }
            Section::Complete => {}
        }
    }

    /// The host failed before its first task.
    pub(super) fn fail_setup(&mut self) {
        self.failures.setup = true;
        self.section = Section::Complete;
    }

    /// Something failed and is not rescued, nor may it be yet.
    pub(super) fn is_failed(&self) -> bool {
        let child_failed = |progress: &Progress| progress.child.as_ref().is_some_and(|child| child.is_failed());
        match self.section {
            Section::Rescue if child_failed(&self.rescue) => true,
            Section::Always if child_failed(&self.always) => true,
            Section::Rescue if !self.failures.rescue => false,
            Section::Always if !self.failures.always => false,
            _ if self.failures.any() => self.has_failed_outright(),
            Section::Tasks if child_failed(&self.tasks) => {
                self.current_block().is_none_or(|block| block.rescue.is_empty())
            }
            _ => false,
        }
    }

    /// Something failed, wherever the host stands now.
    pub(super) fn has_failed_outright(&self) -> bool {
        self.failures.any() && (!self.rescued || self.failures.always)
    }

    /// A block around the current task would rescue its failure.
    pub(super) fn would_rescue(&self) -> bool {
        (self.section == Section::Tasks && self.current_block().is_some_and(|block| !block.rescue.is_empty()))
            || self.child().is_some_and(Self::would_rescue)
    }

    /// Puts blocks before what comes next, where nothing has failed.
    pub(super) fn insert(&mut self, blocks: &[Rc<Block>]) {
        if blocks.is_empty() || (self.section == Section::Tasks && self.failures.any()) {
            return;
        }
        let Some(progress) = self.progress() else { return };
        if let Some(child) = &mut progress.child {
            child.insert(blocks);
            return;
        }
        let next = progress.next;
        let Some(block) = self.current_block() else { return };
        let mut block = Block {
            scope: Rc::clone(&block.scope),
            block: block.block.clone(),
            rescue: block.rescue.clone(),
            always: block.always.clone(),
        };
        let entries = match self.section {
            Section::Tasks => &mut block.block,
            Section::Rescue => &mut block.rescue,
            Section::Always => &mut block.always,
            Section::Complete => return,
        };
        let next = next.min(entries.len());
        entries.splice(next..next, blocks.iter().map(|block| Entry::Block(Rc::clone(block))));
        if let Some(slot) = Rc::make_mut(&mut self.blocks).get_mut(self.block) {
            *slot = Rc::new(block);
        }
    }

    /// Nothing more. Ending in a rescue counts as rescued.
    pub(super) fn end(&mut self) {
        if self.innermost_section() == Section::Rescue {
            self.failures = Failures::default();
        }
        self.section = Section::Complete;
    }

    fn innermost_section(&self) -> Section {
        self.child().map_or(self.section, Self::innermost_section)
    }

    /// Forgets failures.
    pub(super) fn clear_errors(&mut self) {
        self.failures = Failures::default();
        let child = [&mut self.tasks, &mut self.rescue, &mut self.always]
            .into_iter()
            .find_map(|progress| progress.child.as_mut());
        if let Some(child) = child {
            child.clear_errors();
        }
    }
}

impl Progress {
    /// The next entry: a task, or `Some(None)` where it is a block, which becomes the child. `None`: there is none left.
    fn step(&mut self, entries: &[Entry]) -> Option<Option<Rc<Task>>> {
        let entry = entries.get(self.next)?;
        self.next += 1;
        Some(match entry {
            Entry::Task(task) => Some(Rc::clone(task)),
            Entry::Block(block) => {
                self.child = Some(Box::new(Cursor::new(Rc::new(vec![Rc::clone(block)]))));
                None
            }
        })
    }
}
