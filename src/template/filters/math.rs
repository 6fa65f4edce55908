//! `log`, `pow`, `root`, `human_readable`, `human_to_bytes`.

use jinja::{Call, Environment, Error, Value};

use super::{Result, flag, given, or_none};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("log", |call| {
        let [x, base] = call.bind("logarithm", 1, ["x", "base"])?;
        let (x, base) = (number(x, "log")?, base.map(|base| number(Some(base), "log")).transpose()?);
        if x <= 0.0 || base.is_some_and(|base| base <= 0.0) {
            return Err(Error::value_error("math domain error"));
        }
        Ok(Value::Float(match base {
            None => x.ln(),
            Some(10.0) => x.log10(),
            Some(1.0) => return Err(Error::new(jinja::Kind::ZeroDivision, "float division by zero")),
            Some(base) => x.ln() / base.ln(),
        }))
    });
    env.add_filter("pow", |call| {
        let [x, y] = call.bind("power", 2, ["x", "y"])?;
        power(number(x, "pow")?, number(y, "pow")?)
    });
    env.add_filter("root", |call| {
        let [x, base] = call.bind("inversepower", 1, ["x", "base"])?;
        let (x, base) = (number(x, "root")?, base.map_or(Ok(2.0), |base| number(Some(base), "root"))?);
        if base == 2.0 && x >= 0.0 {
            return Ok(Value::Float(x.sqrt()));
        }
        if base == 0.0 {
            return Err(Error::new(jinja::Kind::ZeroDivision, "float division by zero"));
        }
        power(x, 1.0 / base).map_err(|_| Error::other("root() can only be used on numbers: math domain error"))
    });
    env.add_filter("human_readable", human_readable);
    env.add_filter("human_to_bytes", human_to_bytes);
}

fn number(value: Option<Value>, filter: &str) -> Result<f64> {
    let value = or_none(value);
    value.as_float().ok_or_else(|| {
        let name = value.type_name();
        Error::other(format!("{filter}() can only be used on numbers: must be real number, not {name}"))
    })
}

fn power(x: f64, y: f64) -> Result<Value> {
    let out = x.powf(y);
    if (out.is_nan() && !x.is_nan() && !y.is_nan()) || (x == 0.0 && y < 0.0) {
        return Err(Error::value_error("math domain error"));
    }
    if out.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(Error::new(jinja::Kind::Overflow, "math range error"));
    }
    Ok(Value::Float(out))
}

/// Letters of sizes, and how many powers of 1024 they are.
const SIZES: [(char, i32); 9] =
    [('Y', 8), ('Z', 7), ('E', 6), ('P', 5), ('T', 4), ('G', 3), ('M', 2), ('K', 1), ('B', 0)];

fn limit(power: i32) -> f64 {
    1024_f64.powi(power)
}

fn human_readable(call: &mut Call<'_>) -> Result<Value> {
    let [size, is_bits, unit] = call.bind("human_readable", 1, ["size", "isbits", "unit"])?;
    let size = or_none(size);
    let unit = given(unit).map(|unit| unit.to_str()).transpose()?;
    let Some(number) = size.as_float() else {
        let name = size.type_name();
        let cause = format!("'>=' not supported between instances of '{name}' and 'int'");
        return Err(Error::other(format!("human_readable() failed on bad input: {cause}")));
    };
    let base = if flag(is_bits, false)? { "bits" } else { "Bytes" };
    let found = SIZES.into_iter().find(|(letter, power)| match &unit {
        None => number >= limit(*power),
        Some(unit) => unit.to_uppercase() == letter.to_string(),
    });
    let (letter, power) = found.unwrap_or(('B', 0));
    let suffix = if power == 0 { base.to_owned() } else { format!("{letter}{}", base.get(..1).unwrap_or_default()) };
    Ok(Value::from(format!("{:.2} {suffix}", number / limit(power))))
}

fn human_to_bytes(call: &mut Call<'_>) -> Result<Value> {
    let [size, default_unit, is_bits] = call.bind("human_to_bytes", 1, ["size", "default_unit", "isbits"])?;
    let text = or_none(size).to_str()?;
    let default_unit = given(default_unit).map(|unit| unit.to_str()).transpose()?;
    bytes_of(&text, default_unit, flag(is_bits, false)?)
        .map_err(|cause| Error::other("human_to_bytes() can't interpret the input").because_of(cause))
}

fn bytes_of(text: &str, default_unit: Option<String>, is_bits: bool) -> Result<Value> {
    let refused = || Error::value_error(format!("human_to_bytes() can't interpret following string: {text}"));
    let trimmed = text.trim_end();
    let end = trimmed.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(trimmed.len());
    let (digits, unit) = trimmed.split_at(end);
    let unit = unit.trim_start();
    if digits.ends_with('.') || !unit.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(refused());
    }
    let number: f64 = digits.parse().map_err(|_| refused())?;
    let unit = if unit.is_empty() { default_unit } else { Some(unit.to_owned()) };
    let whole = |number: f64| {
        let even = number.round_ties_even();
        num_traits::FromPrimitive::from_f64(even).map_or(Value::Float(even), Value::from_bigint)
    };
    let Some(unit) = unit else { return Ok(whole(number)) };
    let first = unit.chars().next().unwrap_or(' ').to_ascii_uppercase();
    let Some((_, power)) = SIZES.into_iter().find(|(letter, _)| *letter == first) else {
        let letters: Vec<String> = SIZES.iter().map(|(letter, _)| letter.to_string()).collect();
        let message = format!(
            "human_to_bytes() failed to convert {text} (unit = {unit}). The suffix must be one of {}",
            letters.join(", ")
        );
        return Err(Error::value_error(message).while_handling());
    };
    if unit.chars().count() > 1 {
        let (class, name) = if is_bits { ("b", "bit") } else { ("B", "byte") };
        let prefix = ["", "kilo", "mega", "giga", "tera", "peta", "exa", "zeta", "yotta"];
        let prefix = prefix.get(usize::try_from(power).unwrap_or(0)).copied().unwrap_or_default();
        let short = if power == 0 { class.to_owned() } else { format!("{first}{class}") };
        if unit.to_lowercase() != format!("{prefix}{name}") && unit != short {
            let expect = if power == 0 {
                format!("expect {class} or {name}")
            } else {
                format!("expect {first}{class} or {first}")
            };
            let message = format!("human_to_bytes() failed to convert {text}. Value is not a valid string ({expect})");
            return Err(Error::value_error(message));
        }
    }
    Ok(whole(number * limit(power)))
}
