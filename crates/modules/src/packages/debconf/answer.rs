//! An answer as a task has it, and whether it is the one that is there.

use std::cmp::Ordering;

use protocol::arguments::python;

use super::database;
use crate::prelude::*;

/// What a question is to be answered with.
pub(super) struct Answer {
    kind: String,
    value: Data,
}

impl Answer {
    /// An answer of that kind; a truth is written as debconf writes it.
    pub(super) fn new(kind: &str, value: Data) -> Self {
        let value = if kind == "boolean" { python::str(&value).to_lowercase().into() } else { value };
        Self { kind: kind.to_owned(), value }
    }

    /// Whether it is another than what is there, of which debconf shows `shown`. A choice of several is put in order.
    ///
    /// # Errors
    ///
    /// A choice has parts that have no order, or a password cannot be read.
    pub(super) fn differs(
        &mut self,
        shown: &Data,
        package: &str,
        question: &str,
        ctx: &Context,
    ) -> Result<bool, Failure> {
        let shown = shown.as_str().unwrap_or_default();
        let there = match (self.kind.as_str(), &mut self.value) {
            ("boolean", _) => shown.to_lowercase().into(),
            ("password", _) => database::password(package, question, ctx)?.into(),
            ("multiselect", Data::List(parts)) => {
                sort(parts)?;
                let mut there: Vec<&str> = shown.split(',').map(str::trim).collect();
                there.sort_unstable();
                Data::from(there)
            }
            _ => shown.into(),
        };
        Ok(!python::equal(&self.value, &there))
    }

    /// Makes one text of a choice of several, as debconf takes it.
    ///
    /// # Errors
    ///
    /// Not all of its parts are texts.
    pub(super) fn join(&mut self) -> Result<(), Failure> {
        if let ("multiselect", Data::List(parts)) = (self.kind.as_str(), &self.value) {
            let texts: Result<Vec<&str>, Failure> =
                parts.iter().enumerate().map(|(at, part)| text(part, at).map_err(|why| invalid(&why))).collect();
            self.value = texts?.join(", ").into();
        }
        Ok(())
    }

    /// The kind and the value, as debconf-set-selections(1) takes them.
    ///
    /// # Errors
    ///
    /// The value is no text.
    pub(super) fn text(&self) -> Result<String, Failure> {
        // The place is that in a line of package, question, kind and value.
        let value = text(&self.value, 3).map_err(|why| Failure::raised(&why, None))?;
        Ok(format!("{} {value}", self.kind))
    }

    pub(super) fn into_value(self) -> Data {
        self.value
    }
}

/// A part of a text that is put together, or what Python says of one that is none.
fn text(part: &Data, place: usize) -> Result<&str, String> {
    let other = || format!("sequence item {place}: expected str instance, {} found", python::type_name(part));
    part.as_str().ok_or_else(other)
}

fn invalid(why: &str) -> Failure {
    Failure::new(format!("Invalid value provided for 'multiselect': {why}"))
}

/// Python's `sorted`: texts with texts and numbers with numbers.
fn sort(parts: &mut [Data]) -> Result<(), Failure> {
    for pair in parts.windows(2) {
        if let [left, right] = pair
            && order(left, right).is_none()
        {
            // Python asks of each part whether it comes before the one that stands before it.
            let (left, right) = (python::type_name(left), python::type_name(right));
            return Err(invalid(&format!("'<' not supported between instances of '{right}' and '{left}'")));
        }
    }
    parts.sort_by(|left, right| order(left, right).unwrap_or(Ordering::Equal));
    Ok(())
}

/// Which of two values comes first; none where Python has no order for them.
fn order(left: &Data, right: &Data) -> Option<Ordering> {
    #[expect(clippy::cast_precision_loss, reason = "debconf takes no numbers: what follows is a refusal")]
    let number = |value: &Data| match value {
        Data::Bool(value) => Some(f64::from(u8::from(*value))),
        Data::Int(value) => Some(*value as f64),
        Data::BigInt(digits) => digits.parse().ok(),
        Data::Float(value) => Some(*value),
        _ => None,
    };
    match (left, right) {
        (Data::Str(left), Data::Str(right)) => Some(left.cmp(right)),
        _ => Some(number(left)?.total_cmp(&number(right)?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(parts: serde_json::Value) -> Result<String, String> {
        let Data::List(mut parts) = Data::from_json(parts) else { panic!("no list") };
        sort(&mut parts).map_err(|failure| failure.msg())?;
        Ok(python::str(&Data::List(parts)))
    }

    #[test]
    fn texts_and_numbers_have_their_orders_and_both_together_none() {
        assert_eq!(sorted(json!(["b", "a", "B"])).unwrap(), "['B', 'a', 'b']");
        assert_eq!(sorted(json!([3, true, 2.5])).unwrap(), "[True, 2.5, 3]");
        let why = "Invalid value provided for 'multiselect': '<' not supported between instances of 'int' and 'str'";
        assert_eq!(sorted(json!(["a", 1])).unwrap_err(), why);
    }

    #[test]
    fn a_choice_of_texts_becomes_one_and_one_of_numbers_is_refused() {
        let mut answer = Answer::new("multiselect", Data::from_json(json!(["a", "b"])));
        answer.join().unwrap();
        assert_eq!(answer.text().unwrap(), "multiselect a, b");
        let refused = Answer::new("multiselect", Data::from_json(json!(["a", 1]))).join().unwrap_err().msg();
        assert!(refused.ends_with("sequence item 1: expected str instance, int found"), "{refused}");
    }

    #[test]
    fn a_truth_is_written_in_small_letters_and_other_values_are_to_be_texts() {
        assert_eq!(Answer::new("boolean", Data::Bool(true)).text().unwrap(), "boolean true");
        let refused = Answer::new("string", Data::Int(5)).text().unwrap_err().msg();
        assert!(refused.ends_with("sequence item 3: expected str instance, int found"), "{refused}");
    }
}
