//! Lists: shared by reference, changed in place, elements resolved when they are first read.

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt,
    rc::Rc,
};

use super::{Lazy, Origin, Slot, Value, release};
use crate::Error;

/// A list; clones share it.
#[derive(Clone)]
pub struct List(Rc<ListCell>);

struct ListCell {
    items: RefCell<Vec<Slot>>,
    lazy: Option<Rc<dyn Lazy>>,
    origin: OnceCell<Origin>,
}

impl Drop for ListCell {
    fn drop(&mut self) {
        let items = std::mem::take(self.items.get_mut());
        if items.iter().any(|slot| release::nests(&slot.value)) {
            release::release(items.into_iter().map(|slot| slot.value).collect());
        }
    }
}

impl List {
    /// The elements, if nobody else shares the list.
    pub(super) fn into_unshared(self) -> Vec<Value> {
        match Rc::try_unwrap(self.0) {
            Ok(mut cell) => std::mem::take(cell.items.get_mut()).into_iter().map(|slot| slot.value).collect(),
            Err(_) => Vec::new(),
        }
    }

    /// A list of values as they are.
    pub fn new(values: Vec<Value>) -> Self {
        Self::build(values, None)
    }

    /// A list whose elements `lazy` resolves when they are first read.
    pub fn lazy(raw: Vec<Value>, lazy: Rc<dyn Lazy>) -> Self {
        Self::build(raw, Some(lazy))
    }

    fn build(values: Vec<Value>, lazy: Option<Rc<dyn Lazy>>) -> Self {
        let resolved = lazy.is_none();
        let items = values.into_iter().map(|value| Slot { value, resolved: Cell::new(resolved) }).collect();
        Self(Rc::new(ListCell { items: RefCell::new(items), lazy, origin: OnceCell::new() }))
    }

    /// Where it was written, if that is known. It is known of the very list that was written, not of copies.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.origin.get()
    }

    /// Says where it was written; only the first word counts.
    pub fn set_origin(&self, origin: Origin) {
        let _ = self.0.origin.set(origin);
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.0.items.borrow().len()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at an index from 0; `None` past the end.
    ///
    /// # Errors
    ///
    /// The element's template fails.
    pub fn get(&self, index: usize) -> Result<Option<Value>, Error> {
        let raw = {
            let items = self.0.items.borrow();
            let Some(slot) = items.get(index) else { return Ok(None) };
            if slot.resolved.get() {
                return Ok(Some(slot.value.clone()));
            }
            slot.value.clone()
        };
        let value = match &self.0.lazy {
            Some(lazy) => lazy.resolve(&raw)?,
            None => raw,
        };
        if let Some(slot) = self.0.items.borrow_mut().get_mut(index)
            && !slot.resolved.get()
        {
            slot.value = value.clone();
            slot.resolved.set(true);
        }
        Ok(Some(value))
    }

    /// All elements, resolved.
    ///
    /// # Errors
    ///
    /// An element's template fails.
    pub fn values(&self) -> Result<Vec<Value>, Error> {
        if self.0.lazy.is_none() {
            return Ok(self.raw_values());
        }
        let mut values = Vec::with_capacity(self.len());
        let mut index = 0;
        while let Some(value) = self.get(index)? {
            values.push(value);
            index += 1;
        }
        Ok(values)
    }

    /// All elements as they stand, without resolving any.
    pub fn raw_values(&self) -> Vec<Value> {
        self.0.items.borrow().iter().map(|slot| slot.value.clone()).collect()
    }

    /// The elements that have been resolved.
    pub(crate) fn resolved_values(&self) -> Vec<Value> {
        let items = self.0.items.borrow();
        items.iter().filter(|slot| slot.resolved.get()).map(|slot| slot.value.clone()).collect()
    }

    /// What resolves its elements, if anything does.
    pub fn resolver(&self) -> Option<Rc<dyn Lazy>> {
        self.0.lazy.clone()
    }

    /// Puts a value at the end.
    pub fn push(&self, value: Value) {
        self.0.items.borrow_mut().push(Slot::done(value));
    }

    /// Puts values at the end.
    pub fn extend(&self, values: impl IntoIterator<Item = Value>) {
        let values: Vec<Slot> = values.into_iter().map(Slot::done).collect();
        self.0.items.borrow_mut().extend(values);
    }

    /// Puts a value before an index (at the end, if that is past it).
    pub fn insert(&self, index: usize, value: Value) {
        let mut items = self.0.items.borrow_mut();
        let index = index.min(items.len());
        items.insert(index, Slot::done(value));
    }

    /// Replaces the element at an index; false where there is none.
    pub fn set(&self, index: usize, value: Value) -> bool {
        match self.0.items.borrow_mut().get_mut(index) {
            Some(slot) => {
                *slot = Slot::done(value);
                true
            }
            None => false,
        }
    }

    /// Takes the last element out.
    ///
    /// # Errors
    ///
    /// The element's template fails.
    pub fn pop(&self) -> Result<Option<Value>, Error> {
        match self.len() {
            0 => Ok(None),
            len => self.remove(len - 1),
        }
    }

    /// Takes the element at an index out.
    ///
    /// # Errors
    ///
    /// The element's template fails.
    pub fn remove(&self, index: usize) -> Result<Option<Value>, Error> {
        let value = self.get(index)?;
        let mut items = self.0.items.borrow_mut();
        if index < items.len() {
            items.remove(index);
        }
        Ok(value)
    }

    /// Replaces all elements.
    pub fn replace(&self, values: Vec<Value>) {
        let slots = values.into_iter().map(Slot::done).collect();
        *self.0.items.borrow_mut() = slots;
    }

    /// Takes all elements out.
    pub fn clear(&self) {
        self.replace(Vec::new());
    }

    /// Whether both are the same list, not merely equal ones.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// An address that tells this list from others while it lives.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        Self::new(values.into_iter().collect())
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Value::List(self.clone()), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Count(Cell<u32>);

    impl Lazy for Count {
        fn resolve(&self, raw: &Value) -> Result<Value, Error> {
            self.0.set(self.0.get() + 1);
            Ok(Value::from(format!("<{}>", raw.to_str()?)))
        }
    }

    #[test]
    fn an_element_is_resolved_once_when_it_is_first_read() {
        let lazy = Rc::new(Count(Cell::new(0)));
        let list = List::lazy(vec!["a".into(), "b".into()], lazy.clone());
        assert_eq!(lazy.0.get(), 0);
        assert_eq!(list.get(1).unwrap(), Some("<b>".into()));
        assert_eq!(list.get(1).unwrap(), Some("<b>".into()));
        assert_eq!(lazy.0.get(), 1);
        list.push("c".into());
        assert_eq!(Value::List(list).repr().unwrap(), "['<a>', '<b>', 'c']");
        assert_eq!(lazy.0.get(), 2);
    }

    #[test]
    fn clones_share_their_elements() {
        let list = List::new(vec![1.into()]);
        let other = list.clone();
        other.push(2.into());
        assert_eq!(list.len(), 2);
        assert!(list.ptr_eq(&other));
    }
}
