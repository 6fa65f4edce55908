//! `int`, `float`, `round`, `abs`, `filesizeformat`.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use super::{Result, flag, integer, only};
use crate::{
    Call, Environment, Error, Kind, Value,
    value::{float_from_text, float_to_int, int_from_text, ops},
};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("int", int);
    env.add_filter("float", float);
    env.add_filter("round", round);
    env.add_filter("abs", |call| match only(call, "abs", "x")? {
        Value::Float(number) => Ok(Value::Float(number.abs())),
        value => match value.as_bigint() {
            Some(number) => Ok(Value::from(number.abs())),
            None => Err(Error::type_error(format!("bad operand type for abs(): '{}'", value.type_name()))),
        },
    });
    env.add_filter("filesizeformat", file_size);
}

fn int(call: &mut Call<'_>) -> Result<Value> {
    let [value, default, base] = call.bind("do_int", 1, ["value", "default", "base"])?;
    let value = value.unwrap_or(Value::None);
    let base = integer(base, 10)?;
    let exact = match &value {
        Value::Str(text) => int_from_text(text, base),
        Value::Float(number) if number.is_nan() => None,
        Value::Float(number) => Some(float_to_int(*number)?),
        other => other.as_bigint(),
    };
    // "42.23" is an integer too, to Jinja2.
    let rounded = || match &value {
        Value::Str(text) => float_from_text(text).and_then(|number| float_to_int(number).ok()),
        _ => None,
    };
    Ok(match exact.or_else(rounded) {
        Some(number) => Value::from(number),
        None => default.unwrap_or(Value::Int(0)),
    })
}

fn float(call: &mut Call<'_>) -> Result<Value> {
    let [value, default] = call.bind("do_float", 1, ["value", "default"])?;
    let value = value.unwrap_or(Value::None);
    let number = match &value {
        Value::Str(text) => float_from_text(text),
        other if other.is_number() => Some(ops::to_float(other)?),
        _ => None,
    };
    Ok(match number {
        Some(number) => Value::Float(number),
        None => default.unwrap_or(Value::Float(0.0)),
    })
}

fn round(call: &mut Call<'_>) -> Result<Value> {
    let [value, precision, method] = call.bind("do_round", 1, ["value", "precision", "method"])?;
    let value = value.unwrap_or(Value::None);
    let precision = integer(precision, 0)?;
    let method = method.map_or(Ok("common".to_owned()), |method| method.to_str())?;
    if !matches!(method.as_str(), "common" | "ceil" | "floor") {
        return Err(Error::other("method must be common, ceil or floor"));
    }
    if !value.is_number() {
        let name = value.type_name();
        return Err(Error::type_error(if method == "common" {
            format!("type {name} doesn't define __round__ method")
        } else {
            format!("must be real number, not {name}")
        }));
    }
    if method == "common" {
        return match &value {
            Value::Float(number) => Ok(Value::Float(round_float(*number, precision))),
            value => Ok(Value::from(round_int(&value.as_bigint().unwrap_or_default(), precision))),
        };
    }
    let scale = ops::pow(&Value::Int(10), &Value::Int(precision))?;
    let scaled = ops::to_float(&ops::mul(&value, &scale)?)?;
    let whole = float_to_int(if method == "ceil" { scaled.ceil() } else { scaled.floor() })?;
    ops::div(&Value::from(whole), &scale)
}

fn round_float(number: f64, precision: i64) -> f64 {
    if !number.is_finite() || precision > 323 {
        return number;
    }
    if precision < -308 {
        return 0.0_f64.copysign(number);
    }
    if let Ok(digits) = usize::try_from(precision) {
        return format!("{number:.digits$}").parse().unwrap_or(number);
    }
    let scale = 10_f64.powi(i32::try_from(-precision).unwrap_or(308));
    let scaled = number / scale;
    let mut whole = scaled.round();
    if (scaled - whole).abs() == 0.5 {
        whole = 2.0 * (scaled / 2.0).round();
    }
    whole * scale
}

fn round_int(number: &BigInt, precision: i64) -> BigInt {
    if precision >= 0 {
        return number.clone();
    }
    let digits = u32::try_from(precision.unsigned_abs()).unwrap_or(u32::MAX);
    if u64::from(digits) > number.bits() {
        return BigInt::zero();
    }
    let scale = BigInt::from(10).pow(digits);
    let mut quotient = number / &scale;
    let mut rest = number % &scale;
    if rest.is_negative() {
        rest += &scale;
        quotient -= 1;
    }
    let twice: BigInt = &rest * 2;
    if twice > scale || twice == scale && quotient.bit(0) {
        quotient += 1;
    }
    quotient * scale
}

fn file_size(call: &mut Call<'_>) -> Result<Value> {
    let [value, binary] = call.bind("do_filesizeformat", 1, ["value", "binary"])?;
    let value = value.unwrap_or(Value::None);
    let binary = flag(binary, false)?;
    let bytes = match &value {
        Value::Str(text) => float_from_text(text).ok_or_else(|| {
            Error::value_error(format!("could not convert string to float: {}", value.repr().unwrap_or_default()))
        })?,
        other if other.is_number() => ops::to_float(other)?,
        other => {
            let name = other.type_name();
            let message = format!("float() argument must be a string or a real number, not '{name}'");
            return Err(Error::type_error(message));
        }
    };
    let base = if binary { 1024.0 } else { 1000.0 };
    if bytes == 1.0 {
        return Ok(Value::from("1 Byte"));
    }
    if bytes < base {
        return Ok(Value::from(format!("{} Bytes", float_to_int(bytes)?)));
    }
    if bytes.is_nan() {
        return Err(Error::new(Kind::Value, "cannot convert float NaN to integer"));
    }
    let prefixes: [&str; 8] = if binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    let mut unit = base;
    let mut shown = String::new();
    for prefix in prefixes {
        unit *= base;
        shown = format!("{:.1} {prefix}", base * bytes / unit);
        if bytes < unit {
            break;
        }
    }
    Ok(Value::from(shown))
}
