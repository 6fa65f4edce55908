//! Leaves of blocks what `--tags` and `--skip-tags` select.

use std::rc::Rc;

use crate::{
    playbook::{
        Block, Entry, Task,
        tags::{self, TagFilter},
    },
    template::{TemplateError, VariableScope},
};

/// The blocks with the tasks that are selected; blocks that lose all tasks go.
///
/// # Errors
///
/// The template of a tag fails.
pub(super) fn selected(
    blocks: &[Rc<Block>],
    filter: &TagFilter,
    scope: &Rc<VariableScope>,
) -> Result<Vec<Rc<Block>>, TemplateError> {
    let mut kept = Vec::new();
    for block in blocks {
        kept.extend(block_of(block, filter, scope)?);
    }
    Ok(kept)
}

/// A block with the tasks that are selected, which may be none.
///
/// # Errors
///
/// The template of a tag fails.
pub(super) fn filtered(
    block: &Rc<Block>,
    filter: &TagFilter,
    scope: &Rc<VariableScope>,
) -> Result<Rc<Block>, TemplateError> {
    Ok(Rc::new(Block {
        scope: Rc::clone(&block.scope),
        block: entries(&block.block, filter, scope)?,
        rescue: entries(&block.rescue, filter, scope)?,
        always: entries(&block.always, filter, scope)?,
    }))
}

fn block_of(
    block: &Rc<Block>,
    filter: &TagFilter,
    scope: &Rc<VariableScope>,
) -> Result<Option<Rc<Block>>, TemplateError> {
    let filtered = filtered(block, filter, scope)?;
    Ok((!filtered.is_empty()).then_some(filtered))
}

fn entries(entries: &[Entry], filter: &TagFilter, scope: &Rc<VariableScope>) -> Result<Vec<Entry>, TemplateError> {
    let mut kept = Vec::new();
    for entry in entries {
        match entry {
            Entry::Task(task) if selects(task, filter, scope)? => kept.push(Entry::Task(Rc::clone(task))),
            Entry::Task(_) => {}
            Entry::Block(block) => kept.extend(block_of(block, filter, scope)?.map(Entry::Block)),
        }
    }
    Ok(kept)
}

fn selects(task: &Task, filter: &TagFilter, scope: &Rc<VariableScope>) -> Result<bool, TemplateError> {
    if task.implicit && task.meta().is_some() {
        return Ok(true);
    }
    let mut rendered = Vec::new();
    for tag in &task.effective().tags {
        rendered.push(scope.templar().render(tag, scope)?);
    }
    Ok(filter.selects(&tags::names(&rendered)))
}
