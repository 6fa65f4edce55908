//! Python's operators on values.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::{Dict, Key, List, Str, Value, compare};
use crate::{Error, error::Kind};

type Result<T> = std::result::Result<T, Error>;

/// How many elements, characters or bits an operator may make.
pub(crate) const MAX_SIZE: usize = if cfg!(fuzzing) { 100_000 } else { 100_000_000 };

fn unsupported(op: &str, left: &Value, right: &Value) -> Error {
    let op = if op == "**" { "** or pow()" } else { op };
    let (left, right) = (left.type_name(), right.type_name());
    Error::type_error(format!("unsupported operand type(s) for {op}: '{left}' and '{right}'"))
}

fn too_big() -> Error {
    Error::new(Kind::Limit, "the result would be too large")
}

fn defined(left: &Value, right: &Value) -> Result<()> {
    match (left, right) {
        (Value::Undefined(undefined), _) | (_, Value::Undefined(undefined)) => Err(undefined.error()),
        _ => Ok(()),
    }
}

fn objects(op: &str, left: &Value, right: &Value) -> Option<Result<Value>> {
    if let Value::Object(object) = left
        && let Some(result) = object.binary(op, right, false)
    {
        return Some(result);
    }
    if let Value::Object(object) = right {
        return object.binary(op, left, true);
    }
    None
}

/// Two numbers as Python would compute with them.
enum Numbers {
    Small(i64, i64),
    Big(BigInt, BigInt),
    Float(f64, f64),
}

fn numbers(left: &Value, right: &Value) -> Result<Option<Numbers>> {
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return Ok(Some(Numbers::Small(left, right)));
    }
    if !left.is_number() || !right.is_number() {
        return Ok(None);
    }
    if matches!(left, Value::Float(_)) || matches!(right, Value::Float(_)) {
        return Ok(Some(Numbers::Float(to_float(left)?, to_float(right)?)));
    }
    Ok(left.as_bigint().zip(right.as_bigint()).map(|(left, right)| Numbers::Big(left, right)))
}

/// A number as a double.
pub(crate) fn to_float(value: &Value) -> Result<f64> {
    match value.as_float() {
        Some(number) if number.is_infinite() && matches!(value, Value::BigInt(_)) => {
            Err(Error::new(Kind::Overflow, "int too large to convert to float"))
        }
        number => Ok(number.unwrap_or(0.0)),
    }
}

/// `left + right`
pub(crate) fn add(left: &Value, right: &Value) -> Result<Value> {
    defined(left, right)?;
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => return Ok(concat(left, right)),
        (Value::List(left), Value::List(right)) => {
            let mut values = left.values()?;
            values.extend(right.values()?);
            return Ok(Value::List(List::new(values)));
        }
        (Value::Tuple(left), Value::Tuple(right)) => {
            return Ok(Value::Tuple(left.iter().chain(right.iter()).cloned().collect()));
        }
        (Value::Bytes(left), Value::Bytes(right)) => {
            return Ok(Value::Bytes(left.iter().chain(right.iter()).copied().collect()));
        }
        _ => {}
    }
    match numbers(left, right)? {
        Some(Numbers::Small(a, b)) => Ok(match a.checked_add(b) {
            Some(sum) => Value::Int(sum),
            None => Value::from_bigint(BigInt::from(a) + b),
        }),
        Some(Numbers::Big(a, b)) => Ok(Value::from_bigint(a + b)),
        Some(Numbers::Float(a, b)) => Ok(Value::Float(a + b)),
        None => objects("+", left, right).unwrap_or_else(|| {
            let other = right.type_name();
            Err(match left {
                Value::Str(_) => Error::type_error(format!("can only concatenate str (not \"{other}\") to str")),
                Value::List(_) => Error::type_error(format!("can only concatenate list (not \"{other}\") to list")),
                Value::Tuple(_) => Error::type_error(format!("can only concatenate tuple (not \"{other}\") to tuple")),
                Value::Bytes(_) => Error::type_error(format!("can't concat {other} to bytes")),
                _ => unsupported("+", left, right),
            })
        }),
    }
}

fn concat(left: &Str, right: &Str) -> Value {
    let mut text = String::with_capacity(left.len() + right.len());
    match (left.is_markup(), right.is_markup()) {
        (false, false) => {
            text.push_str(left);
            text.push_str(right);
            return Value::from(text);
        }
        (left_safe, right_safe) => {
            for (part, safe) in [(left, left_safe), (right, right_safe)] {
                if safe { text.push_str(part) } else { text.push_str(&crate::value::escape(part)) }
            }
        }
    }
    Value::Str(Str::markup(text))
}

/// `left - right`
pub(crate) fn sub(left: &Value, right: &Value) -> Result<Value> {
    defined(left, right)?;
    match numbers(left, right)? {
        Some(Numbers::Small(a, b)) => Ok(match a.checked_sub(b) {
            Some(difference) => Value::Int(difference),
            None => Value::from_bigint(BigInt::from(a) - b),
        }),
        Some(Numbers::Big(a, b)) => Ok(Value::from_bigint(a - b)),
        Some(Numbers::Float(a, b)) => Ok(Value::Float(a - b)),
        None => objects("-", left, right).unwrap_or_else(|| Err(unsupported("-", left, right))),
    }
}

/// `left * right`
pub(crate) fn mul(left: &Value, right: &Value) -> Result<Value> {
    defined(left, right)?;
    match numbers(left, right)? {
        Some(Numbers::Small(a, b)) => {
            return Ok(match a.checked_mul(b) {
                Some(product) => Value::Int(product),
                None => Value::from_bigint(BigInt::from(a) * b),
            });
        }
        Some(Numbers::Big(a, b)) => {
            if a.bits() + b.bits() > MAX_SIZE as u64 {
                return Err(too_big());
            }
            return Ok(Value::from_bigint(a * b));
        }
        Some(Numbers::Float(a, b)) => return Ok(Value::Float(a * b)),
        None => {}
    }
    let repeat = |sequence: &Value, count: &Value| -> Option<Result<Value>> {
        if !matches!(sequence, Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Bytes(_)) {
            return None;
        }
        let count = match count {
            Value::BigInt(number) if number.is_negative() => 0,
            Value::BigInt(_) => usize::MAX,
            count => usize::try_from(count.as_int()?.max(0)).unwrap_or(usize::MAX),
        };
        Some(repeated(sequence, count))
    };
    if let Some(result) = repeat(left, right).or_else(|| repeat(right, left)) {
        return result;
    }
    if let Some(result) = objects("*", left, right) {
        return result;
    }
    let sequence = |value: &Value| matches!(value, Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Bytes(_));
    if sequence(left) {
        return Err(Error::type_error(format!("can't multiply sequence by non-int of type '{}'", right.type_name())));
    }
    if sequence(right) {
        return Err(Error::type_error(format!("can't multiply sequence by non-int of type '{}'", left.type_name())));
    }
    Err(unsupported("*", left, right))
}

fn repeated(sequence: &Value, count: usize) -> Result<Value> {
    let len = match sequence {
        Value::Str(text) => text.as_str().len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Tuple(items) => items.len(),
        _ => 0,
    };
    if len.checked_mul(count).is_none_or(|size| size > MAX_SIZE) {
        return Err(too_big());
    }
    let cycle = |values: &[Value]| (0..count).flat_map(|_| values.iter().cloned()).collect::<Vec<_>>();
    Ok(match sequence {
        Value::Str(text) => Value::from(text.repeat(count)),
        Value::Bytes(bytes) => Value::Bytes(bytes.repeat(count).into()),
        Value::List(list) => Value::List(List::new(cycle(&list.values()?))),
        Value::Tuple(items) => Value::Tuple(cycle(items).into()),
        _ => Value::None,
    })
}

/// `left / right`
pub(crate) fn div(left: &Value, right: &Value) -> Result<Value> {
    defined(left, right)?;
    let zero = |message| Error::new(Kind::ZeroDivision, message);
    match numbers(left, right)? {
        Some(Numbers::Small(_, 0)) => Err(zero("division by zero")),
        Some(Numbers::Small(a, b)) => Ok(Value::Float(a as f64 / b as f64)),
        Some(Numbers::Big(a, b)) => {
            if b.is_zero() {
                return Err(zero("division by zero"));
            }
            match (a.to_f64(), b.to_f64()) {
                (Some(a), Some(b)) if a.is_finite() && b.is_finite() => Ok(Value::Float(a / b)),
                _ => {
                    let whole = (&a / &b).to_f64().filter(|number| number.is_finite());
                    whole
                        .map(Value::Float)
                        .ok_or_else(|| Error::new(Kind::Overflow, "integer division result too large for a float"))
                }
            }
        }
        Some(Numbers::Float(_, 0.0)) => Err(zero("float division by zero")),
        Some(Numbers::Float(a, b)) => Ok(Value::Float(a / b)),
        None => objects("/", left, right).unwrap_or_else(|| Err(unsupported("/", left, right))),
    }
}

/// `left // right`
pub(crate) fn floor_div(left: &Value, right: &Value) -> Result<Value> {
    defined(left, right)?;
    let zero = |message| Error::new(Kind::ZeroDivision, message);
    match numbers(left, right)? {
        Some(Numbers::Small(_, 0)) => Err(zero("integer division or modulo by zero")),
        Some(Numbers::Small(a, b)) => Ok(match a.checked_div(b) {
            Some(quotient) => Value::Int(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }),
            None => Value::from_bigint(-BigInt::from(a)),
        }),
        Some(Numbers::Big(a, b)) => {
            if b.is_zero() {
                return Err(zero("integer division or modulo by zero"));
            }
            Ok(Value::from_bigint(floor_div_big(&a, &b)))
        }
        Some(Numbers::Float(_, 0.0)) => Err(zero("float floor division by zero")),
        Some(Numbers::Float(a, b)) => Ok(Value::Float(float_divmod(a, b).0)),
        None => objects("//", left, right).unwrap_or_else(|| Err(unsupported("//", left, right))),
    }
}

fn floor_div_big(a: &BigInt, b: &BigInt) -> BigInt {
    let quotient = a / b;
    if (a % b).is_zero() || a.is_negative() == b.is_negative() { quotient } else { quotient - 1 }
}

/// Python's `divmod` of floats.
fn float_divmod(a: f64, b: f64) -> (f64, f64) {
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != 0.0 {
        if (b < 0.0) != (rest < 0.0) {
            rest += b;
            quotient -= 1.0;
        }
    } else {
        rest = 0.0_f64.copysign(b);
    }
    let floor = if quotient == 0.0 {
        0.0_f64.copysign(a / b)
    } else {
        let floor = quotient.floor();
        if quotient - floor > 0.5 { floor + 1.0 } else { floor }
    };
    (floor, rest)
}

/// `left % right`: the rest of a division, or text formatted as C's printf does.
pub(crate) fn rem(left: &Value, right: &Value) -> Result<Value> {
    if let Value::Undefined(undefined) = left {
        return Err(undefined.error());
    }
    if let Value::Str(format) = left {
        return super::printf::format(format, right).map(Value::from);
    }
    defined(left, right)?;
    let zero = |message| Error::new(Kind::ZeroDivision, message);
    match numbers(left, right)? {
        Some(Numbers::Small(_, 0)) => Err(zero("integer modulo by zero")),
        Some(Numbers::Small(a, b)) => {
            let rest = a.checked_rem(b).unwrap_or(0);
            Ok(Value::Int(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }))
        }
        Some(Numbers::Big(a, b)) => {
            if b.is_zero() {
                return Err(zero("integer modulo by zero"));
            }
            Ok(Value::from_bigint(&a - floor_div_big(&a, &b) * &b))
        }
        Some(Numbers::Float(_, 0.0)) => Err(zero("float modulo")),
        Some(Numbers::Float(a, b)) => Ok(Value::Float(float_divmod(a, b).1)),
        None => objects("%", left, right).unwrap_or_else(|| Err(unsupported("%", left, right))),
    }
}

/// `left ** right`
pub(crate) fn pow(left: &Value, right: &Value) -> Result<Value> {
    defined(left, right)?;
    let (base, exponent) = match numbers(left, right)? {
        Some(Numbers::Small(a, b)) => (BigInt::from(a), BigInt::from(b)),
        Some(Numbers::Big(a, b)) => (a, b),
        Some(Numbers::Float(a, b)) => return float_pow(a, b).map(Value::Float),
        None => return objects("**", left, right).unwrap_or_else(|| Err(unsupported("**", left, right))),
    };
    if exponent.is_negative() {
        return float_pow(to_float(left)?, to_float(right)?).map(Value::Float);
    }
    if base.bits() <= 1 {
        let odd = exponent.bit(0);
        return Ok(Value::from_bigint(match (base.is_zero(), base.is_negative()) {
            (true, _) => BigInt::from(i32::from(exponent.is_zero())),
            (false, true) if odd => base,
            (false, _) => BigInt::from(1),
        }));
    }
    match exponent.to_u32() {
        Some(exponent) if base.bits().saturating_mul(u64::from(exponent)) <= 4_000_000 => {
            Ok(Value::from_bigint(base.pow(exponent)))
        }
        _ => Err(too_big()),
    }
}

fn float_pow(a: f64, b: f64) -> Result<f64> {
    if a == 0.0 && b < 0.0 {
        return Err(Error::new(Kind::ZeroDivision, "0.0 cannot be raised to a negative power"));
    }
    if a < 0.0 && b.is_finite() && b.fract() != 0.0 {
        return Err(Error::value_error("complex numbers are not supported"));
    }
    let result = a.powf(b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(Error::new(Kind::Overflow, "(34, 'Numerical result out of range')"));
    }
    Ok(result)
}

/// `-value`
pub(crate) fn neg(value: &Value) -> Result<Value> {
    match value {
        Value::Undefined(undefined) => Err(undefined.error()),
        Value::Float(number) => Ok(Value::Float(-number)),
        value => match value.as_bigint() {
            Some(number) => Ok(Value::from_bigint(-number)),
            None => Err(Error::type_error(format!("bad operand type for unary -: '{}'", value.type_name()))),
        },
    }
}

/// `+value`
pub(crate) fn pos(value: &Value) -> Result<Value> {
    match value {
        Value::Undefined(undefined) => Err(undefined.error()),
        Value::Bool(yes) => Ok(Value::Int(i64::from(*yes))),
        value if value.is_number() => Ok(value.clone()),
        value => Err(Error::type_error(format!("bad operand type for unary +: '{}'", value.type_name()))),
    }
}

/// `value in container`
pub(crate) fn contains(container: &Value, value: &Value) -> Result<bool> {
    let any = |values: Vec<Value>| -> Result<bool> {
        for item in values {
            if item.is_same(value) || compare::equals(&item, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    match container {
        Value::Undefined(undefined) => Err(undefined.error()),
        Value::Str(text) => match value {
            Value::Str(part) => Ok(text.contains(part.as_str())),
            Value::Undefined(undefined) => Err(undefined.error()),
            other => {
                let name = other.type_name();
                Err(Error::type_error(format!("'in <string>' requires string as left operand, not {name}")))
            }
        },
        Value::Dict(dict) => Ok(dict.contains_key(&Key::new(value.clone())?)),
        Value::Bytes(bytes) => match value {
            Value::Bytes(part) if part.is_empty() => Ok(true),
            Value::Bytes(part) => Ok(bytes.windows(part.len()).any(|window| window == &**part)),
            Value::Int(byte) => Ok(u8::try_from(*byte).is_ok_and(|byte| bytes.contains(&byte))),
            other => Err(Error::type_error(format!("a bytes-like object is required, not '{}'", other.type_name()))),
        },
        Value::Object(object) => match object.contains(value) {
            Some(result) => result,
            None => match object.values()? {
                Some(values) => any(values),
                None => Err(not_container(container)),
            },
        },
        Value::List(list) => any(list.values()?),
        Value::Tuple(items) => any(items.to_vec()),
        _ => Err(not_container(container)),
    }
}

fn not_container(value: &Value) -> Error {
    Error::type_error(format!("argument of type '{}' is not iterable", value.type_name()))
}

/// The element at an index, which may count from the end; `None` out of range.
pub(crate) fn index(len: usize, at: i64) -> Option<usize> {
    let at = if at < 0 { at.checked_add(i64::try_from(len).ok()?)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// `value[start:stop:step]`
pub(crate) fn slice(value: &Value, parts: &[Value; 3]) -> Result<Value> {
    let bound = |part: &Value| -> Result<Option<i64>> {
        match part {
            Value::None => Ok(None),
            Value::BigInt(number) => Ok(Some(if number.is_negative() { i64::MIN } else { i64::MAX })),
            Value::Undefined(undefined) => Err(undefined.error()),
            part => part
                .as_int()
                .map(Some)
                .ok_or_else(|| Error::type_error("slice indices must be integers or None or have an __index__ method")),
        }
    };
    let [start, stop, step] = [bound(&parts[0])?, bound(&parts[1])?, bound(&parts[2])?];
    let indices = |len: usize| slice_indices(len, start, stop, step);
    Ok(match value {
        Value::Str(text) if text.is_ascii() => {
            let bytes = text.as_bytes();
            let picked =
                indices(bytes.len())?.filter_map(|at| bytes.get(at).copied()).map(char::from).collect::<String>();
            Value::from(picked)
        }
        Value::Str(text) => {
            let chars: Vec<char> = text.chars().collect();
            Value::from(indices(chars.len())?.filter_map(|at| chars.get(at)).collect::<String>())
        }
        Value::Bytes(bytes) => Value::Bytes(indices(bytes.len())?.filter_map(|at| bytes.get(at).copied()).collect()),
        Value::List(list) => {
            let mut values = Vec::new();
            for at in indices(list.len())? {
                values.extend(list.get(at)?);
            }
            Value::List(List::new(values))
        }
        Value::Tuple(items) => Value::Tuple(indices(items.len())?.filter_map(|at| items.get(at).cloned()).collect()),
        Value::Object(object) if object.is_sequence() => {
            let values = object.values()?.unwrap_or_default();
            Value::List(indices(values.len())?.filter_map(|at| values.get(at).cloned()).collect())
        }
        Value::Undefined(undefined) => return Err(undefined.error()),
        Value::Dict(_) => return Err(Error::type_error("unhashable type: 'slice'")),
        other => return Err(Error::type_error(format!("'{}' object is not subscriptable", other.type_name()))),
    })
}

fn slice_indices(
    len: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: Option<i64>,
) -> Result<impl Iterator<Item = usize>> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Error::value_error("slice step cannot be zero"));
    }
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let (lowest, highest) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let clamp = |bound: i64| {
        let bound = if bound < 0 { bound.saturating_add(len) } else { bound };
        bound.clamp(lowest, highest)
    };
    let start = start.map_or(if step > 0 { lowest } else { highest }, clamp);
    let stop = stop.map_or(if step > 0 { highest } else { lowest }, clamp);
    let mut at = start;
    Ok(std::iter::from_fn(move || {
        if (step > 0 && at >= stop) || (step < 0 && at <= stop) {
            return None;
        }
        let index = usize::try_from(at).ok()?;
        at = at.saturating_add(step);
        Some(index)
    }))
}

/// A dict from pairs, as `dict(...)` and `update` take them.
pub(crate) fn update_dict(dict: &Dict, source: &Value) -> Result<()> {
    match source {
        Value::Dict(other) => {
            for (key, value) in other.defined_items()? {
                dict.insert(Key::new(key)?, value);
            }
            return Ok(());
        }
        Value::Object(object) if object.is_mapping() => {
            for key in object.values()?.unwrap_or_default() {
                let value = object.item(&key)?.unwrap_or(Value::None);
                dict.insert(Key::new(key)?, value);
            }
            return Ok(());
        }
        _ => {}
    }
    for (index, pair) in source.iterate()?.into_iter().enumerate() {
        if !pair.is_iterable() && !pair.is_undefined() {
            let message = format!("cannot convert dictionary update sequence element #{index} to a sequence");
            return Err(Error::type_error(message));
        }
        let pair = pair.iterate()?;
        let [key, value] = pair.as_slice() else {
            let len = pair.len();
            let message = format!("dictionary update sequence element #{index} has length {len}; 2 is required");
            return Err(Error::value_error(message));
        };
        dict.insert(Key::new(key.clone())?, value.clone());
    }
    Ok(())
}

/// A tuple of values.
pub(crate) fn tuple(values: Vec<Value>) -> Value {
    Value::Tuple(Rc::from(values))
}
