//! What the engine finds for a case, in the form in which Python's answers are kept.

use pyregex::{BytesRegex, Error, Flags, Haystack, Match, Pattern, Regex};
use serde_json::{Value, json};

/// The answer to a case (`p` pattern, `t` text, `r` replacement, `flags`, `bytes`).
pub(crate) fn answer_case(case: &Value) -> Value {
    let field = |name: &str| case.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let mut flags = Flags::NONE;
    for letter in field("flags").chars() {
        flags |= match letter {
            'i' => Flags::IGNORECASE,
            'm' => Flags::MULTILINE,
            's' => Flags::DOTALL,
            'x' => Flags::VERBOSE,
            _ => Flags::ASCII,
        };
    }
    let (pattern, text, replacement) = (field("p"), field("t"), field("r"));
    let answer = if case.get("bytes").is_some() {
        let latin = |text: &str| text.chars().map(|character| character as u8).collect::<Vec<u8>>();
        let (text, replacement) = (latin(&text), latin(&replacement));
        BytesRegex::new(&latin(&pattern), flags)
            .map(|regex| answer(&regex, &text[..], &replacement[..], |out| json!(out)))
    } else {
        Regex::new(&pattern, flags).map(|regex| answer(&regex, text.as_str(), replacement.as_str(), |out| json!(out)))
    };
    answer.unwrap_or_else(|error| json!({ "error": error.to_string() }))
}

fn answer<T: Haystack + ?Sized>(
    regex: &Pattern<T>,
    text: &T,
    replacement: &T,
    show: impl Fn(T::Owned) -> Value,
) -> Value {
    let spans = |found: Match<'_, T>| -> Value {
        (0..=regex.groups()).map(|group| found.span(group).map(|span| json!([span.start, span.end]))).collect()
    };
    let one = |found: Result<Option<Match<'_, T>>, Error>| match found {
        Ok(found) => found.map_or(Value::Null, spans),
        Err(error) => json!(error.to_string()),
    };
    let sub = match regex.sub(replacement, text, 0) {
        Ok((out, count)) => json!([show(out), count]),
        Err(error) => json!(error.to_string()),
    };
    let split = regex
        .split(text, 2)
        .map_or(Value::Null, |parts| parts.into_iter().map(|part| part.map(|part| part.length())).collect::<Value>());
    json!({
        "search": one(regex.search(text)),
        "match": one(regex.match_(text)),
        "full": one(regex.fullmatch(text)),
        "all": regex.find_iter(text).map(|found| found.map_or_else(|error| json!(error.to_string()), spans)).collect::<Value>(),
        "sub": sub,
        "split": split,
        "names": regex.group_names(),
    })
}
