//! Letting go of containers that stand in each other: without recursion, for a template can nest them as deep as memory
//! allows.

use super::Value;

/// Lets go of the elements of a container that nobody shares any more.
pub(super) fn release(mut waiting: Vec<Value>) {
    while let Some(value) = waiting.pop() {
        match value {
            Value::List(list) => waiting.extend(list.into_unshared()),
            Value::Dict(dict) => waiting.extend(dict.into_unshared()),
            _ => {}
        }
    }
}

/// Whether letting go of a value may go on to others.
pub(super) fn nests(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Dict(_))
}

#[cfg(test)]
mod tests {
    use crate::{Dict, List, Value};

    #[test]
    fn a_very_deep_list_is_let_go_without_overflowing_the_stack() {
        let mut deep = Value::None;
        for level in 0..300_000 {
            deep = if level % 2 == 0 {
                Value::List(List::new(vec![deep]))
            } else {
                Value::Dict([("k", deep)].into_iter().collect::<Dict>())
            };
        }
        drop(deep);
    }
}
