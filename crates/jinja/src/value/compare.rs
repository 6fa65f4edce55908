//! Equality and order, as Python has them.

use std::{cmp::Ordering, rc::Rc};

use num_bigint::BigInt;
use num_traits::FromPrimitive;

use super::{Key, Value};
use crate::{Error, error::Kind};

/// How deep containers may nest before comparing, printing or walking them is an error.
pub(crate) const MAX_DEPTH: usize = 300;

/// An error for containers that nest too deeply.
pub(crate) fn too_deep(doing: &str) -> Error {
    Error::new(Kind::Limit, format!("maximum recursion depth exceeded {doing}"))
}

/// Python's `==`.
pub(super) fn equals(left: &Value, right: &Value) -> Result<bool, Error> {
    equals_at(left, right, 0)
}

fn equals_at(left: &Value, right: &Value, depth: usize) -> Result<bool, Error> {
    if depth > MAX_DEPTH {
        return Err(too_deep("in comparison"));
    }
    Ok(match (left, right) {
        (Value::Undefined(undefined), _) | (_, Value::Undefined(undefined)) => return Err(undefined.error()),
        (Value::Str(left), Value::Str(right)) => left == right,
        (Value::None, Value::None) => true,
        (Value::Bytes(left), Value::Bytes(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            left.ptr_eq(right) || left.len() == right.len() && all_equal(&left.values()?, &right.values()?, depth)?
        }
        (Value::Tuple(left), Value::Tuple(right)) => Rc::ptr_eq(left, right) || all_equal(left, right, depth)?,
        (Value::Dict(left), Value::Dict(right)) => {
            if left.ptr_eq(right) {
                return Ok(true);
            }
            if left.len() != right.len() {
                return Ok(false);
            }
            for (key, value) in left.items()? {
                match right.get_key(&Key::new(key)?)? {
                    Some(other) if equals_at(&value, &other, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Value::Object(object), other) | (other, Value::Object(object)) => match object.equals(other) {
            Some(equal) => equal?,
            None => match other {
                Value::Object(other) => match other.equals(&Value::Object(Rc::clone(object))) {
                    Some(equal) => equal?,
                    None => std::ptr::addr_eq(Rc::as_ptr(object), Rc::as_ptr(other)),
                },
                _ => false,
            },
        },
        _ => matches!(numbers(left, right), Some(Some(Ordering::Equal))),
    })
}

fn all_equal(left: &[Value], right: &[Value], depth: usize) -> Result<bool, Error> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (left, right) in left.iter().zip(right) {
        if !equals_at(left, right, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of two numbers: outer `None` where one is not a number, inner `None` where one is NaN.
fn numbers(left: &Value, right: &Value) -> Option<Option<Ordering>> {
    if let (Some(left), Some(right)) = (small(left), small(right)) {
        return Some(Some(left.cmp(&right)));
    }
    Some(match (left, right) {
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Float(left), right) => float_to_int(*left, &big(right)?),
        (left, Value::Float(right)) => float_to_int(*right, &big(left)?).map(Ordering::reverse),
        (left, right) => Some(big(left)?.cmp(&big(right)?)),
    })
}

fn small(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(yes) => Some(i64::from(*yes)),
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

fn big(value: &Value) -> Option<BigInt> {
    match value {
        Value::BigInt(number) => Some((**number).clone()),
        value => small(value).map(BigInt::from),
    }
}

fn float_to_int(float: f64, int: &BigInt) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.is_infinite() {
        return Some(if float > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let whole = BigInt::from_f64(float.floor())?;
    Some(match whole.cmp(int) {
        Ordering::Equal if float.fract() != 0.0 => Ordering::Greater,
        order => order,
    })
}

/// The order of two values under an operator (`<`, `<=`, `>`, `>=`), which only its error names; `None` where they have
/// none (NaN).
pub(super) fn order(left: &Value, right: &Value, operator: &str) -> Result<Option<Ordering>, Error> {
    order_at(left, right, operator, 0)
}

fn order_at(left: &Value, right: &Value, operator: &str, depth: usize) -> Result<Option<Ordering>, Error> {
    if depth > MAX_DEPTH {
        return Err(too_deep("in comparison"));
    }
    match (left, right) {
        (Value::Undefined(undefined), _) | (_, Value::Undefined(undefined)) => return Err(undefined.error()),
        // Code points in order are UTF-8 bytes in order.
        (Value::Str(left), Value::Str(right)) => return Ok(Some(left.as_str().cmp(right.as_str()))),
        (Value::Bytes(left), Value::Bytes(right)) => return Ok(Some(left.cmp(right))),
        (Value::List(left), Value::List(right)) => {
            return order_all(&left.values()?, &right.values()?, operator, depth);
        }
        (Value::Tuple(left), Value::Tuple(right)) => return order_all(left, right, operator, depth),
        (Value::Object(object), other) => {
            if let Some(order) = object.compare(other) {
                return order;
            }
        }
        _ => {
            if let Some(order) = numbers(left, right) {
                return Ok(order);
            }
        }
    }
    let (left, right) = (left.type_name(), right.type_name());
    let message = format!("'{operator}' not supported between instances of '{left}' and '{right}'");
    Err(Error::new(Kind::Type, message))
}

fn order_all(left: &[Value], right: &[Value], operator: &str, depth: usize) -> Result<Option<Ordering>, Error> {
    for (left, right) in left.iter().zip(right) {
        if !equals_at(left, right, depth + 1)? {
            return order_at(left, right, operator, depth + 1);
        }
    }
    Ok(Some(left.len().cmp(&right.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dict, List};

    fn list(values: &[i64]) -> Value {
        Value::List(List::new(values.iter().map(|n| Value::Int(*n)).collect()))
    }

    #[test]
    fn numbers_of_all_types_compare_by_what_they_are() {
        assert_eq!(Value::from(1), Value::from(true));
        assert_eq!(Value::from(2.0), Value::from(2));
        assert_ne!(Value::from("1"), Value::from(1));
        let big = Value::BigInt(Rc::new(BigInt::from(1u8) << 70));
        assert_eq!(big, Value::from(2f64.powi(70)));
        assert_eq!(Value::from(3).compare(&big).unwrap(), Ordering::Less);
        assert_ne!(Value::from(f64::NAN), Value::from(f64::NAN));
    }

    #[test]
    fn lists_compare_element_by_element() {
        assert_eq!(list(&[1, 2]).compare(&list(&[1, 3])).unwrap(), Ordering::Less);
        assert_eq!(list(&[1, 2]).compare(&list(&[1])).unwrap(), Ordering::Greater);
    }

    #[test]
    fn what_has_no_order_says_so_in_pythons_words() {
        let error = Value::from(1).compare(&"a".into()).unwrap_err();
        assert_eq!(error.message, "'<' not supported between instances of 'int' and 'str'");
        let error = Value::Dict(Dict::new()).order(&Value::None, ">=").unwrap_err();
        assert_eq!(error.message, "'>=' not supported between instances of 'dict' and 'NoneType'");
    }

    #[test]
    fn lists_that_contain_themselves_do_not_overflow() {
        let (left, right) = (List::new(vec![]), List::new(vec![]));
        left.push(Value::List(left.clone()));
        right.push(Value::List(right.clone()));
        let error = Value::List(left.clone()).equals(&Value::List(right.clone())).unwrap_err();
        assert_eq!(error.message, "maximum recursion depth exceeded in comparison");
        left.clear();
        right.clear();
    }
}
