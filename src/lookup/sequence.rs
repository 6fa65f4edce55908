//! `sequence`: numbers, formatted.
//!
//! Source: Ansible documentation, `ansible.builtin.sequence` lookup.

use jinja::{Error, State, Value};

use super::{Answer, Request, options::integer};
use crate::playbook::arguments::parse_kv;

const FIELDS: [&str; 5] = ["start", "end", "stride", "count", "format"];
const MOST: i64 = 10_000_000;

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let given = request.options.clone();
    let mut terms = std::mem::take(&mut request.terms);
    if terms.is_empty() && !given.is_empty() {
        terms.push(Value::from(""));
    }
    let mut found = Vec::new();
    for term in terms {
        request.options.clone_from(&given);
        let Value::Str(text) = &term else {
            let message = format!("expected string or bytes-like object, got '{}'", term.type_name());
            return Err(Error::other(format!(
                "unknown error parsing with_sequence arguments: {}. Error was: {message}",
                term.repr()?
            )));
        };
        read(request, text)?;
        one(request, &mut found)?;
    }
    Ok(found)
}

/// Puts a term's fields among the options: `4-16/2:host%02d`, or `start=4 end=16 stride=2 format=host%02d`.
fn read(request: &mut Request<'_>, text: &str) -> Result<(), Error> {
    const NUMBER: &str = "(0?x?[0-9a-f]+)";
    let pattern = format!("(?i)^({NUMBER}-)?{NUMBER}(/{NUMBER})?(:(.+))?$");
    let regex = pyregex::Regex::new(pattern.as_str(), pyregex::Flags::default())
        .map_err(|error| Error::other(error.to_string()))?;
    if let Some(found) = regex.match_(text).map_err(|error| Error::other(error.to_string()))? {
        for (name, group) in [("start", 2), ("end", 3), ("stride", 5), ("format", 7)] {
            if let Some(value) = found.group(group) {
                request.set(name, Value::from(value));
            }
        }
        return Ok(());
    }
    let pairs = parse_kv(text, false).map_err(|error| Error::other(error.to_string()))?;
    let unknown: Vec<String> = pairs
        .options
        .iter()
        .filter(|(key, _)| !FIELDS.contains(&key.as_str()))
        .map(|(key, _)| key.as_str())
        .chain(pairs.raw.as_ref().map(|_| "_raw_params"))
        .map(|key| format!("'{key}'"))
        .collect();
    if !unknown.is_empty() {
        return Err(Error::other(format!("unrecognized arguments to with_sequence: [{}]", unknown.join(", "))));
    }
    for (key, value) in pairs.options {
        request.set(&key, Value::from(value));
    }
    Ok(())
}

fn number(request: &Request<'_>, name: &str) -> Result<Option<i64>, Error> {
    match request.option(name) {
        None | Some(Value::None) => Ok(None),
        Some(Value::Str(text)) => {
            let digits = text.trim().to_lowercase();
            let (radix, digits) = match digits.split_at_checked(2) {
                Some(("0x", rest)) => (16, rest),
                Some(("0o", rest)) => (8, rest),
                Some(("0b", rest)) => (2, rest),
                _ => (10, digits.as_str()),
            };
            match i64::from_str_radix(digits, radix) {
                Ok(number) => Ok(Some(number)),
                Err(_) => integer("sequence", name, &Value::Str(text.clone())).map(Some),
            }
        }
        Some(value) => integer("sequence", name, value).map(Some),
    }
}

fn one(request: &Request<'_>, found: &mut Vec<Value>) -> Result<(), Error> {
    let start = number(request, "start")?.unwrap_or(1);
    let stride = number(request, "stride")?.unwrap_or(1);
    let format = request.text("format")?.unwrap_or_else(|| "%d".to_owned());
    let end = match (number(request, "count")?, number(request, "end")?) {
        (None, None) => return Err(Error::other("must specify count or end in with_sequence")),
        (Some(_), Some(_)) => return Err(Error::other("can't specify both count and end in with_sequence")),
        (Some(0), None) => return Ok(()),
        (Some(count), None) => start.saturating_add(count.saturating_mul(stride)).saturating_sub(1),
        (None, Some(end)) => end,
    };
    if stride > 0 && end < start {
        return Err(Error::other("to count backwards make stride negative"));
    }
    if stride < 0 && end > start {
        return Err(Error::other("to count forward don't make stride negative"));
    }
    if stride == 0 {
        return Ok(());
    }
    if format.matches('%').count() != 1 {
        return Err(Error::other(format!("bad formatting string: {format}")));
    }
    if end.abs_diff(start) / stride.unsigned_abs() > MOST.unsigned_abs() {
        return Err(Error::other(format!("the sequence has more than {MOST} elements")));
    }
    let limit = end.saturating_add(if stride > 0 { 1 } else { -1 });
    let environment = request.scope.templar().environment();
    let state = State::new(environment, request.scope.as_ref());
    let mut at = start;
    while if stride > 0 { at < limit } else { at > limit } {
        let number = Value::Int(at);
        let text = state.call_filter("format", vec![Value::from(format.as_str()), number], Vec::new())?;
        if text.is_undefined() {
            return Err(Error::other(format!("problem formatting {at} with {}", Value::from(format.as_str()).repr()?)));
        }
        found.push(text);
        let Some(next) = at.checked_add(stride) else { break };
        at = next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{answer, refusal};

    #[test]
    fn short_forms_and_pairs_give_numbers_as_text() {
        assert_eq!(answer("q('sequence', '3')"), "['1', '2', '3']");
        assert_eq!(answer("q('sequence', '2-10/4:h%02d')"), "['h02', 'h06', 'h10']");
        assert_eq!(
            answer("q('sequence', 'start=5 end=11 stride=2 format=0x%02x')"),
            "['0x05', '0x07', '0x09', '0x0b']"
        );
        assert_eq!(answer("q('sequence', 'start=0x0f00 count=2 format=%04x')"), "['0f00', '0f01']");
        assert_eq!(answer("q('sequence', start=2, end=0, stride=-1)"), "['2', '1', '0']");
        assert_eq!(answer("q('sequence', count=0)"), "[]");
        assert_eq!(answer("lookup('sequence', 'count=3')"), "'1,2,3'");
    }

    #[test]
    fn what_is_no_sequence_is_refused() {
        for (expression, message) in [
            ("q('sequence', 'foo')", "unrecognized arguments to with_sequence: ['_raw_params']"),
            ("q('sequence', 'foo=1')", "unrecognized arguments to with_sequence: ['foo']"),
            (
                "q('sequence', 'start=1 end=x')",
                "Config 'end' for 'sequence' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'integer': 'x'",
            ),
            ("q('sequence', 'start=1')", "must specify count or end in with_sequence"),
            ("q('sequence', '3-1')", "to count backwards make stride negative"),
            ("q('sequence', '3:x')", "bad formatting string: x"),
        ] {
            assert_eq!(refusal(expression), format!("The lookup plugin 'sequence' failed: {message}"), "{expression}");
        }
    }
}
