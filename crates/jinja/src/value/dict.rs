//! Dicts: in insertion order, shared by reference, changed in place, values resolved when they are first read.

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt,
    rc::Rc,
};

use indexmap::{Equivalent, IndexMap};

use super::{Key, Lazy, Origin, Slot, Value, key::KeyStr, release};
use crate::Error;

/// A dict in insertion order; clones share it.
#[derive(Clone)]
pub struct Dict(Rc<DictCell>);

struct DictCell {
    entries: RefCell<IndexMap<Key, Slot>>,
    lazy: Option<Rc<dyn Lazy>>,
    origin: OnceCell<Origin>,
}

impl Drop for DictCell {
    fn drop(&mut self) {
        let entries = std::mem::take(self.entries.get_mut());
        if entries.values().any(|slot| release::nests(&slot.value)) {
            release::release(entries.into_iter().map(|(_, slot)| slot.value).collect());
        }
    }
}

impl Dict {
    /// The values, if nobody else shares the dict.
    pub(super) fn into_unshared(self) -> Vec<Value> {
        match Rc::try_unwrap(self.0) {
            Ok(mut cell) => std::mem::take(cell.entries.get_mut()).into_iter().map(|(_, slot)| slot.value).collect(),
            Err(_) => Vec::new(),
        }
    }

    /// An empty dict.
    pub fn new() -> Self {
        Self::build(IndexMap::new(), None)
    }

    /// An empty dict with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self::build(IndexMap::with_capacity(capacity), None)
    }

    /// A dict whose values `lazy` resolves when they are first read.
    pub fn lazy<K: Into<Key>>(raw: impl IntoIterator<Item = (K, Value)>, lazy: Rc<dyn Lazy>) -> Self {
        let entries = raw.into_iter().map(|(key, value)| (key.into(), Slot { value, resolved: Cell::new(false) }));
        Self::build(entries.collect(), Some(lazy))
    }

    fn build(entries: IndexMap<Key, Slot>, lazy: Option<Rc<dyn Lazy>>) -> Self {
        Self(Rc::new(DictCell { entries: RefCell::new(entries), lazy, origin: OnceCell::new() }))
    }

    /// Where it was written, if that is known. It is known of the very dict that was written, not of copies.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.origin.get()
    }

    /// Says where it was written; only the first word counts.
    pub fn set_origin(&self, origin: Origin) {
        let _ = self.0.origin.set(origin);
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.0.entries.borrow().len()
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a text key.
    ///
    /// # Errors
    ///
    /// The value's template fails.
    pub fn get(&self, key: &str) -> Result<Option<Value>, Error> {
        self.find(&KeyStr(key))
    }

    /// The value of a key.
    ///
    /// # Errors
    ///
    /// The value's template fails.
    pub fn get_key(&self, key: &Key) -> Result<Option<Value>, Error> {
        self.find(key)
    }

    fn find<Q: std::hash::Hash + Equivalent<Key>>(&self, key: &Q) -> Result<Option<Value>, Error> {
        let raw = {
            let entries = self.0.entries.borrow();
            let Some(slot) = entries.get(key) else { return Ok(None) };
            if slot.resolved.get() {
                return Ok(Some(slot.value.clone()));
            }
            slot.value.clone()
        };
        let value = match &self.0.lazy {
            Some(lazy) => lazy.resolve(&raw)?,
            None => raw,
        };
        if let Some(slot) = self.0.entries.borrow_mut().get_mut(key)
            && !slot.resolved.get()
        {
            slot.value = value.clone();
            slot.resolved.set(true);
        }
        Ok(Some(value))
    }

    /// The value of a text key as it stands, without resolving it.
    pub fn raw(&self, key: &str) -> Option<Value> {
        self.0.entries.borrow().get(&KeyStr(key)).map(|slot| slot.value.clone())
    }

    /// Whether a text key is there.
    pub fn contains(&self, key: &str) -> bool {
        self.0.entries.borrow().contains_key(&KeyStr(key))
    }

    /// Whether a key is there.
    pub fn contains_key(&self, key: &Key) -> bool {
        self.0.entries.borrow().contains_key(key)
    }

    /// Sets a key's value; a key that is already there keeps its place.
    pub fn insert(&self, key: impl Into<Key>, value: Value) {
        self.0.entries.borrow_mut().insert(key.into(), Slot::done(value));
    }

    /// Takes a key out; its value as it stands (unresolved, if it was never read).
    pub fn remove(&self, key: &str) -> Option<Value> {
        self.0.entries.borrow_mut().shift_remove(&KeyStr(key)).map(|slot| slot.value)
    }

    /// Takes a key out; its value, resolved.
    ///
    /// # Errors
    ///
    /// The value's template fails.
    pub fn remove_key(&self, key: &Key) -> Result<Option<Value>, Error> {
        let value = self.get_key(key)?;
        self.0.entries.borrow_mut().shift_remove(key);
        Ok(value)
    }

    /// Its keys.
    pub fn keys(&self) -> Vec<Value> {
        self.0.entries.borrow().keys().map(|key| key.value().clone()).collect()
    }

    /// The key at a place from 0.
    pub fn key_at(&self, index: usize) -> Option<Value> {
        self.0.entries.borrow().get_index(index).map(|(key, _)| key.value().clone())
    }

    /// Its entries, resolved.
    ///
    /// # Errors
    ///
    /// A value's template fails.
    pub fn items(&self) -> Result<Vec<(Value, Value)>, Error> {
        if self.0.lazy.is_none() {
            return Ok(self.raw_items());
        }
        let keys: Vec<Key> = self.0.entries.borrow().keys().cloned().collect();
        let mut items = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(value) = self.get_key(&key)? {
                items.push((key.into_value(), value));
            }
        }
        Ok(items)
    }

    /// Its values, resolved.
    ///
    /// # Errors
    ///
    /// A value's template fails.
    pub fn values(&self) -> Result<Vec<Value>, Error> {
        Ok(self.items()?.into_iter().map(|(_, value)| value).collect())
    }

    /// Its entries as they stand, without resolving any.
    pub fn raw_items(&self) -> Vec<(Value, Value)> {
        self.0.entries.borrow().iter().map(|(key, slot)| (key.value().clone(), slot.value.clone())).collect()
    }

    /// What resolves its values, if anything does.
    pub fn resolver(&self) -> Option<Rc<dyn Lazy>> {
        self.0.lazy.clone()
    }

    /// Sets the keys of another dict.
    ///
    /// # Errors
    ///
    /// A value's template fails.
    pub fn update(&self, other: &Self) -> Result<(), Error> {
        for (key, value) in other.items()? {
            self.insert(Key::new(key)?, value);
        }
        Ok(())
    }

    /// Takes all entries out.
    pub fn clear(&self) {
        self.0.entries.borrow_mut().clear();
    }

    /// Whether both are the same dict, not merely equal ones.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// An address that tells this dict from others while it lives.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

impl Default for Dict {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Into<Key>> FromIterator<(K, Value)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), Slot::done(value)));
        Self::build(entries.collect(), None)
    }
}

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Value::Dict(self.clone()), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_one_key_and_the_first_keeps_its_place() {
        let dict = Dict::new();
        dict.insert(Key::new(1.into()).unwrap(), "a".into());
        dict.insert("x", "b".into());
        dict.insert(Key::new(true.into()).unwrap(), "c".into());
        assert_eq!(Value::Dict(dict).repr().unwrap(), "{1: 'c', 'x': 'b'}");
    }

    #[test]
    fn a_list_cannot_be_a_key() {
        let error = Key::new(Value::List(List::new(vec![]))).unwrap_err();
        assert_eq!(error.message, "unhashable type: 'list'");
    }

    use crate::List;
}
