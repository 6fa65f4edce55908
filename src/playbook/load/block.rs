//! Lists of tasks and blocks.

use std::{cell::OnceCell, rc::Rc};

use jinja::Value;
use yaml::{Kind as NodeKind, Mapping, Node};

use super::{
    Loader,
    action::is_one_of,
    file::{File, this_is},
};
use crate::{
    diagnostic::Diagnostic,
    playbook::{
        Block, BlockScope, Directives, Entry, Kind, Parent, PlayScope, RoleInstance, Task, Written,
        keyword::{self, On},
    },
};

/// Where a list of blocks stands.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) play: Rc<PlayScope>,
    pub(super) parent: Parent,
    pub(super) role: Option<Rc<RoleInstance>>,
    pub(super) handlers: bool,
    /// Conditions that every block gets first: of `import_playbook`.
    pub(super) when: Vec<Written>,
}

impl Place {
    pub(super) fn scope(&self, loader: &Loader, directives: Directives) -> BlockScope {
        let mut directives = directives;
        directives.when.splice(0..0, self.when.iter().cloned());
        BlockScope {
            id: loader.ids.next(),
            directives,
            parent: self.parent.clone(),
            play: Rc::clone(&self.play),
            role: self.role.clone(),
            implicit: false,
            handlers: self.handlers,
            span: None,
            effective: OnceCell::new(),
        }
    }
}

/// Whether an entry of a list is a block.
fn is_block(node: &Node) -> bool {
    node.as_mapping()
        .is_some_and(|mapping| ["block", "rescue", "always"].iter().any(|name| mapping.get(name).is_some()))
}

/// A node as Python prints it in a message.
fn shown(file: &File, node: &Node) -> String {
    match file.value(node) {
        Value::Str(text) => text.as_str().to_owned(),
        value => format!("{value:?}"),
    }
}

impl Loader {
    /// A list of tasks and blocks; bare tasks side by side share an implicit block. `Err`: it is no list, in the words
    /// that Ansible appends to its message.
    pub(super) fn blocks(&mut self, file: &File, node: &Node, place: &Place) -> Result<Vec<Rc<Block>>, String> {
        if node.is_null() {
            return Ok(Vec::new());
        }
        let Some(items) = node.as_sequence() else {
            return Err(format!("{} should be a list or None but is {}", shown(file, node), node.type_name()));
        };
        let mut blocks = Vec::new();
        let mut bare: Vec<&Node> = Vec::new();
        for item in items {
            if item.is_null() || is_block(item) {
                self.implicit(file, &mut bare, place, &mut blocks);
                if let Some(mapping) = item.as_mapping() {
                    blocks.push(self.block(file, item, mapping, place));
                }
            } else {
                bare.push(item);
            }
        }
        self.implicit(file, &mut bare, place, &mut blocks);
        Ok(blocks)
    }

    /// Puts bare tasks into a block.
    fn implicit(&mut self, file: &File, bare: &mut Vec<&Node>, place: &Place, blocks: &mut Vec<Rc<Block>>) {
        if bare.is_empty() {
            return;
        }
        let mut scope = place.scope(self, Directives::default());
        scope.implicit = true;
        let scope = Rc::new(scope);
        let block = self.entries(file, &std::mem::take(bare), &scope, "a block");
        blocks.push(Rc::new(Block { scope, block, rescue: Vec::new(), always: Vec::new() }));
    }

    /// An explicit block.
    fn block(&mut self, file: &File, node: &Node, mapping: &Mapping, place: &Place) -> Rc<Block> {
        for (key, _) in &mapping.entries {
            if !key.as_str().is_some_and(|name| keyword::is_known(name, On::BLOCK)) {
                self.unknown_keyword(file, key, "Block", On::BLOCK);
            }
        }
        let directives = self.directives(file, node, mapping, "Block", On::BLOCK);
        let mut scope = place.scope(self, directives);
        scope.span = Some(file.span(node));
        let scope = Rc::new(scope);
        let [block, rescue, always] = [("block", "a block"), ("rescue", "rescue."), ("always", "always")].map(|(name, what)| {
            let Some((key, list)) = mapping.entry(name) else { return Vec::new() };
            match list.as_sequence() {
                Some(items) => self.entries(file, &items.iter().collect::<Vec<_>>(), &scope, what),
                None => {
                    self.refuse(
                        Diagnostic::error(format!(
                            "A malformed block was encountered while loading {what}: The ds ({}) should be a list but was \
                             a {}",
                            shown(file, list),
                            list.type_name()
                        ))
                        .at(file.span(if list.is_null() { key } else { list }), "this should be a list of tasks")
                        .help("begin each task with a dash"),
                    );
                    Vec::new()
                }
            }
        });
        if mapping.get("block").is_none_or(|list| list.as_sequence().is_some_and(<[Node]>::is_empty)) {
            for name in ["rescue", "always"] {
                if let Some((key, _)) = mapping.entry(name).filter(|(_, list)| !is_empty(list)) {
                    self.refuse(
                        Diagnostic::error(format!("'{name}' keyword cannot be used without 'block'"))
                            .at(file.span(key), "there is no task before this that could fail"),
                    );
                }
            }
        }
        Rc::new(Block { scope, block, rescue, always })
    }

    /// The tasks and blocks in a block.
    fn entries(&mut self, file: &File, items: &[&Node], scope: &Rc<BlockScope>, what: &str) -> Vec<Entry> {
        let mut entries = Vec::new();
        for node in items {
            let Some(mapping) = node.as_mapping() else {
                self.refuse(
                    Diagnostic::error(format!("A malformed block was encountered while loading {what}"))
                        .at(file.span(node), format!("a task is a mapping, {}", this_is(node)))
                        .help("write the module as a key, for example `- ansible.builtin.ping:`"),
                );
                continue;
            };
            if mapping.get("block").is_some() {
                if scope.handlers {
                    self.refuse(
                        Diagnostic::error("Using a block as a handler is not supported.")
                            .at(file.span(node), "this block"),
                    );
                    continue;
                }
                let place = Place {
                    play: Rc::clone(&scope.play),
                    parent: Parent::Block(Rc::clone(scope)),
                    role: scope.role.clone(),
                    handlers: false,
                    when: Vec::new(),
                };
                entries.push(Entry::Block(self.block(file, node, mapping, &place)));
                continue;
            }
            self.entry(file, node, mapping, scope, &mut entries);
        }
        entries
    }

    /// A task, or what an import of tasks or of a role brings.
    fn entry(&mut self, file: &File, node: &Node, mapping: &Mapping, scope: &Rc<BlockScope>, entries: &mut Vec<Entry>) {
        let Some(parsed) = self.action(file, node, mapping) else {
            return;
        };
        let name = parsed.action.name.as_str().to_owned();
        let mut task = self.plain_task(file, node, mapping, parsed, scope);
        if is_one_of(&name, &["include_tasks", "import_tasks"]) {
            self.tasks_file(file, node, mapping, task, entries);
            return;
        }
        if is_one_of(&name, &["include_role", "import_role"]) {
            self.role_task(file, node, mapping, task, entries);
            return;
        }
        if is_one_of(&name, &["meta"]) {
            let word = match task.action.args.raw("_raw_params") {
                Some(Value::Str(text)) => text.shared(),
                _ => Rc::from(""),
            };
            if &*word == "end_role" && (scope.handlers || scope.role.is_none()) {
                let place = if scope.handlers { "from a handler" } else { "from outside of a role" };
                self.refuse(
                    Diagnostic::error(format!("Cannot execute 'end_role' {place}"))
                        .at(file.span(node), "there is no role to end"),
                );
            }
            task.kind = Kind::Meta(word);
        }
        entries.push(Entry::Task(Rc::new(task)));
    }

    /// A block of one task that is in no file.
    pub(super) fn block_of(&self, task: impl FnOnce(&Rc<BlockScope>) -> Task, place: &Place) -> Rc<Block> {
        let mut scope = place.scope(self, Directives::default());
        scope.implicit = true;
        let scope = Rc::new(scope);
        let task = task(&scope);
        Rc::new(Block { scope, block: vec![Entry::Task(Rc::new(task))], rescue: Vec::new(), always: Vec::new() })
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Sequence(items) => items.is_empty(),
        NodeKind::Mapping(mapping) => mapping.entries.is_empty(),
        NodeKind::Scalar(_) => node.is_null(),
    }
}
