//! Methods of numbers.

use num_bigint::{BigInt, Sign};
use num_traits::{FromPrimitive, One, Signed, ToPrimitive};

use super::{Result, integer, list::unknown, positional};
use crate::{
    Call, Error, Kind, Value,
    value::{float_to_int, ops::tuple},
};

pub(super) const INT_NAMES: &[&str] = &[
    "bit_length",
    "bit_count",
    "conjugate",
    "as_integer_ratio",
    "to_bytes",
    "__and__",
    "__or__",
    "__xor__",
    "__lshift__",
    "__rshift__",
];

pub(super) const FLOAT_NAMES: &[&str] = &["is_integer", "hex", "conjugate", "as_integer_ratio"];

pub(super) fn call(value: &Value, name: &str, call: &mut Call<'_>) -> Result<Value> {
    if let Value::Float(number) = value {
        return float(*number, name, call);
    }
    let number = value.as_bigint().unwrap_or_default();
    match name {
        "bit_length" => {
            let [] = positional(call, "int.bit_length", 0)?;
            Ok(Value::from(number.bits()))
        }
        "bit_count" => {
            let [] = positional(call, "int.bit_count", 0)?;
            Ok(Value::from(number.magnitude().count_ones()))
        }
        "conjugate" => {
            let [] = positional(call, "int.conjugate", 0)?;
            Ok(Value::from(number))
        }
        "as_integer_ratio" => {
            let [] = positional(call, "int.as_integer_ratio", 0)?;
            Ok(tuple(vec![Value::from(number), Value::Int(1)]))
        }
        "to_bytes" => {
            let signed = call.take("signed").map_or(Ok(false), |signed| signed.truthy())?;
            let [length, order] = call.bind("to_bytes", 0, ["length", "byteorder"])?;
            let length = usize::try_from(length.map_or(Ok(1), |length| integer(&length))?)
                .map_err(|_| Error::value_error("length argument must be non-negative"))?;
            let order = order.map_or(Ok("big".to_owned()), |order| order.to_str())?;
            to_bytes(&number, length.min(1_000_000), &order, signed)
        }
        "__and__" | "__or__" | "__xor__" | "__lshift__" | "__rshift__" => {
            let [other] = positional(call, "expected", 1)?;
            let other = other.unwrap_or(Value::None);
            let Some(other) = other.as_bigint() else { return Ok(Value::from("NotImplemented")) };
            Ok(Value::from(match name {
                "__and__" => number & other,
                "__or__" => number | other,
                "__xor__" => number ^ other,
                _ if other.is_negative() => return Err(Error::value_error("negative shift count")),
                "__lshift__" => {
                    let by = other.to_u32().filter(|by| u64::from(*by) + number.bits() <= 4_000_000);
                    number << by.ok_or_else(|| Error::new(Kind::Limit, "the result would be too large"))?
                }
                _ => match other.to_u32() {
                    Some(by) => number >> by,
                    None => BigInt::from(if number.is_negative() { -1 } else { 0 }),
                },
            }))
        }
        name => Err(unknown(value.type_name(), name)),
    }
}

fn to_bytes(number: &BigInt, length: usize, order: &str, signed: bool) -> Result<Value> {
    if !signed && number.sign() == Sign::Minus {
        return Err(Error::new(Kind::Overflow, "can't convert negative int to unsigned"));
    }
    let mut bytes = if signed { number.to_signed_bytes_le() } else { number.magnitude().to_bytes_le() };
    let fill = if number.is_negative() { 0xff } else { 0 };
    while bytes.len() > length && bytes.last() == Some(&fill) {
        bytes.pop();
    }
    if bytes.len() > length {
        return Err(Error::new(Kind::Overflow, "int too big to convert"));
    }
    bytes.resize(length, fill);
    match order {
        "little" => {}
        "big" => bytes.reverse(),
        _ => return Err(Error::value_error("byteorder must be either 'little' or 'big'")),
    }
    Ok(Value::Bytes(bytes.into()))
}

fn float(number: f64, name: &str, call: &mut Call<'_>) -> Result<Value> {
    match name {
        "is_integer" => {
            let [] = positional(call, "float.is_integer", 0)?;
            Ok(Value::Bool(number.is_finite() && number.fract() == 0.0))
        }
        "conjugate" => {
            let [] = positional(call, "float.conjugate", 0)?;
            Ok(Value::Float(number))
        }
        "hex" => {
            let [] = positional(call, "float.hex", 0)?;
            Ok(Value::from(hex(number)))
        }
        "as_integer_ratio" => {
            let [] = positional(call, "float.as_integer_ratio", 0)?;
            if number.is_nan() {
                return Err(Error::value_error("cannot convert NaN to integer ratio"));
            }
            if number.is_infinite() {
                return Err(Error::new(Kind::Overflow, "cannot convert Infinity to integer ratio"));
            }
            let mut denominator = BigInt::one();
            let mut scaled = number;
            while scaled.fract() != 0.0 {
                scaled *= 2.0;
                denominator <<= 1;
            }
            let numerator = BigInt::from_f64(scaled).map_or_else(|| float_to_int(scaled), Ok)?;
            Ok(tuple(vec![Value::from(numerator), Value::from(denominator)]))
        }
        name => Err(unknown("float", name)),
    }
}

fn hex(number: f64) -> String {
    if !number.is_finite() {
        return crate::value::float_repr(number);
    }
    let bits = number.to_bits();
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let exponent = i64::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let mantissa = bits & 0x000f_ffff_ffff_ffff;
    match (exponent, mantissa) {
        (0, 0) => format!("{sign}0x0.0p+0"),
        (0, _) => format!("{sign}0x0.{mantissa:013x}p-1022"),
        _ => format!("{sign}0x1.{mantissa:013x}p{:+}", exponent - 1023),
    }
}
