//! Numbers as digits, as C's printf and Python's format write them.

use num_bigint::BigInt;
use num_traits::FromPrimitive;

use crate::{Error, error::Kind};

/// Where text stands in its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
    Center,
    /// Blanks go between the sign and the digits.
    AfterSign,
}

/// A field of a format.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) fill: char,
    pub(crate) align: Option<Align>,
    pub(crate) sign: char,
    /// Whether the sign was written out.
    pub(crate) explicit_sign: bool,
    pub(crate) alternate: bool,
    pub(crate) zero: bool,
    pub(crate) width: usize,
    pub(crate) grouping: Option<char>,
    pub(crate) precision: Option<usize>,
    pub(crate) kind: Option<char>,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            fill: ' ',
            align: None,
            sign: '-',
            explicit_sign: false,
            alternate: false,
            zero: false,
            width: 0,
            grouping: None,
            precision: None,
            kind: None,
        }
    }
}

/// Appends text in its field; `sign` stands before it, and before the fill under [`Align::AfterSign`].
pub(crate) fn pad(text: &str, sign: &str, spec: &Spec, default: Align, out: &mut String) {
    let blank = spec.width.saturating_sub(text.chars().count() + sign.chars().count());
    let (left, between, right) = match spec.align.unwrap_or(default) {
        Align::Left => (0, 0, blank),
        Align::Right => (blank, 0, 0),
        Align::Center => (blank / 2, 0, blank - blank / 2),
        Align::AfterSign => (0, blank, 0),
    };
    let fill = |count: usize| std::iter::repeat_n(spec.fill, count);
    out.extend(fill(left));
    out.push_str(sign);
    out.extend(fill(between));
    out.push_str(text);
    out.extend(fill(right));
}

/// No double has more digits behind its point than 1074; what is asked beyond that is zeros. (`format!` takes no more
/// than 65,535.)
const MOST_DIGITS: usize = 1100;

/// `%.*f` of a number that is not negative.
pub(crate) fn fixed(number: f64, precision: usize, alternate: bool) -> String {
    let digits = precision.min(MOST_DIGITS);
    let mut text = format!("{number:.digits$}");
    text.extend(std::iter::repeat_n('0', precision - digits));
    if alternate && precision == 0 {
        text.push('.');
    }
    text
}

/// `%.*e` of a number that is not negative.
pub(crate) fn exponent(number: f64, precision: usize, alternate: bool) -> String {
    let known = precision.min(MOST_DIGITS);
    let text = format!("{number:.known$e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let dot = if alternate && precision == 0 { "." } else { "" };
    let sign = if exponent < 0 { '-' } else { '+' };
    let zeros = "0".repeat(precision - known);
    format!("{digits}{zeros}{dot}e{sign}{:02}", exponent.abs())
}

/// `%.*g` of a number that is not negative.
pub(crate) fn general(number: f64, precision: usize, alternate: bool) -> String {
    let precision = precision.max(1);
    let scientific = format!("{number:.*e}", (precision - 1).min(MOST_DIGITS));
    let power: i64 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let limit = i64::try_from(precision).unwrap_or(i64::MAX);
    let mut text = if number == 0.0 || (-4..limit).contains(&power) {
        let after = usize::try_from(limit - 1 - if number == 0.0 { 0 } else { power }).unwrap_or(0);
        fixed(number, after, alternate)
    } else {
        exponent(number, precision - 1, alternate)
    };
    if !alternate {
        let (digits, power) = match text.split_once('e') {
            Some((digits, power)) => (digits.to_owned(), format!("e{power}")),
            None => (text.clone(), String::new()),
        };
        if digits.contains('.') {
            text = format!("{}{power}", digits.trim_end_matches('0').trim_end_matches('.'));
        }
    }
    text
}

/// Python's `int()` of a float.
pub(crate) fn float_to_int(number: f64) -> Result<BigInt, Error> {
    if number.is_nan() {
        return Err(Error::value_error("cannot convert float NaN to integer"));
    }
    BigInt::from_f64(number.trunc())
        .ok_or_else(|| Error::new(Kind::Overflow, "cannot convert float infinity to integer"))
}

/// Digits with a mark between groups, as `{:,}` writes them.
pub(crate) fn group(digits: &str, mark: char, size: usize) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / size);
    for (index, c) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(size) {
            out.push(mark);
        }
        out.push(c);
    }
    out
}

/// Python's `int(text, base)`; `None` where it is no integer.
pub(crate) fn int_from_text(text: &str, base: i64) -> Option<BigInt> {
    let text = text.trim_matches(crate::compiler::is_space);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = |mark: [&str; 2]| digits.strip_prefix(mark[0]).or_else(|| digits.strip_prefix(mark[1]));
    let hex = prefixed(["0x", "0X"]);
    let octal = prefixed(["0o", "0O"]);
    let binary = prefixed(["0b", "0B"]);
    let (radix, body, after_prefix) = match (base, hex, octal, binary) {
        (0 | 16, Some(body), _, _) => (16, body, true),
        (0 | 8, _, Some(body), _) => (8, body, true),
        (0 | 2, _, _, Some(body)) => (2, body, true),
        (0, ..) if digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|b| !matches!(b, b'0' | b'_')) => {
            return None;
        }
        (0, ..) => (10, digits, false),
        (2..=36, ..) => (u32::try_from(base).ok()?, digits, false),
        _ => return None,
    };
    let body = if after_prefix { body.strip_prefix('_').unwrap_or(body) } else { body };
    let plain = plain_digits(body, |c| c.is_digit(radix))?;
    if radix == 10 && plain.len() > 4300 {
        return None;
    }
    let number = BigInt::parse_bytes(plain.as_bytes(), radix)?;
    Some(if negative { -number } else { number })
}

/// Digits without the marks between them; `None` where something else stands there.
fn plain_digits(text: &str, fits: impl Fn(char) -> bool) -> Option<String> {
    if text.starts_with('_') || text.ends_with('_') || text.contains("__") || text.is_empty() {
        return None;
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    plain.chars().all(fits).then_some(plain)
}

/// Python's `float(text)`; `None` where it is no number.
pub(crate) fn float_from_text(text: &str) -> Option<f64> {
    let text = text.trim_matches(crate::compiler::is_space);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text).to_ascii_lowercase();
    let number = match unsigned.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        other => {
            let shaped =
                other.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-' | b'_'));
            let between = |at: usize| {
                let beside =
                    |at: Option<usize>| at.and_then(|at| other.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
                beside(at.checked_sub(1)) && beside(Some(at + 1))
            };
            if !shaped || other.char_indices().any(|(at, c)| c == '_' && !between(at)) {
                return None;
            }
            other.replace('_', "").parse().ok()?
        }
    };
    Some(if text.starts_with('-') { -number } else { number })
}

#[cfg(test)]
mod tests {
    use crate::{Dict, Environment, Options};

    fn said(expression: &str) -> String {
        let env = Environment::new(Options::default());
        let value = env.compile_expression(expression).unwrap().render(&env, &Dict::new());
        value.map_or_else(|error| error.to_string(), |value| value.to_str().unwrap())
    }

    #[test]
    fn digits_beyond_what_a_double_has_are_zeros() {
        for (expression, length) in [
            ("'{:.99999f}'.format(0.1)", 100_001),
            ("'%.99999e' % 0.1", 100_005),
            ("'{:.99999%}'.format(0.5)", 100_003),
            ("'{:.99999g}'.format(0.5)", 3),
            ("'{:#.99999g}'.format(0.5)", 100_001),
            ("'{:.99999}'.format(2.5)", 3),
        ] {
            assert_eq!(said(expression).len(), length, "{expression}");
        }
    }

    #[test]
    fn a_wide_field_is_filled_at_once() {
        assert_eq!(said("'{:013,}'.format(1234)"), "0,000,001,234");
        assert_eq!(said("'{:012,}'.format(1234)"), "0,000,001,234");
        assert_eq!(said("'{:01000000,}'.format(1) | length"), "1000001");
    }

    #[test]
    fn a_number_is_rounded_to_any_place() {
        assert_eq!(said("1.5 | round(9223372036854775807)"), "1.5");
        assert_eq!(said("15 | round(-9223372036854775807 - 1)"), "0");
    }
}
