//! The store's online intermediate at work for services: what the verbs of `pki` and the action `certificate` share.

pub mod memory;
pub mod order;
pub mod place;
pub mod renewal;
pub mod unlock;

use std::{cell::RefCell, collections::HashMap, path::PathBuf, rc::Rc};

use pki::{
    Error, Result,
    clock::Clock,
    store::{Files, Store},
};
use unlock::Opener;

/// Notes a refusal in the audit log before it is told: what was asked for, and why nothing was signed.
///
/// # Errors
///
/// The result's own; the file system.
pub fn on_record<F: Files, C: Clock, T>(store: &mut Store<F, C>, result: Result<T>) -> Result<T> {
    if let Err(refusal @ (Error::Refused(_) | Error::Failed(_))) = &result {
        store.record_refusal(refusal)?;
    }
    result
}

/// What opened the keys of this run: a person types a passphrase once, not for each host.
#[derive(Debug, Default)]
pub struct Openers(RefCell<HashMap<(PathBuf, String), Rc<Opener>>>);

impl Openers {
    /// What opened the key of that intermediate of that store.
    #[must_use]
    pub fn known(&self, store: &std::path::Path, intermediate: &str) -> Option<Rc<Opener>> {
        self.0.borrow().get(&(store.to_owned(), intermediate.to_owned())).cloned()
    }

    /// Keeps it.
    pub fn keep(&self, store: &std::path::Path, intermediate: &str, opener: Opener) -> Rc<Opener> {
        let opener = Rc::new(opener);
        self.0.borrow_mut().insert((store.to_owned(), intermediate.to_owned()), Rc::clone(&opener));
        opener
    }
}
