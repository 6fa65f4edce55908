//! `upper`, `lower`, `title`, `capitalize`, `trim`, `center`, `indent`, `replace`, `format`, `truncate`, `wordcount`,
//! `wordwrap`, `pprint`.

use super::{Result, flag, integer, only, pprint, size, wrap};
use crate::{
    Call, Environment, Error, Str, Value,
    compiler::is_space,
    methods::text as methods,
    value::{ops, printf},
};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("upper", |call| made(call, "do_upper", "s", |text| text.to_uppercase()));
    env.add_filter("lower", |call| made(call, "do_lower", "s", |text| text.to_lowercase()));
    env.add_filter("capitalize", |call| made(call, "do_capitalize", "s", methods::capitalize));
    env.add_filter("title", |call| {
        let value = only(call, "do_title", "s")?;
        Ok(Value::from(title(&value.to_str()?)))
    });
    env.add_filter("trim", |call| {
        let [value, chars] = call.bind("do_trim", 1, ["value", "chars"])?;
        let value = value.unwrap_or(Value::None);
        let chars = match chars {
            None | Some(Value::None) => None,
            Some(Value::Str(chars)) => Some(chars),
            Some(_) => return Err(Error::type_error("strip arg must be None or str")),
        };
        Ok(like(&value, methods::strip(&value.to_str()?, chars.as_deref(), true, true).to_owned()))
    });
    env.add_filter("center", |call| {
        let [value, width] = call.bind("do_center", 1, ["value", "width"])?;
        let value = value.unwrap_or(Value::None);
        let width = size(integer(width, 80)?)?;
        Ok(like(&value, methods::center(&value.to_str()?, width, ' ')))
    });
    env.add_filter("indent", indent);
    env.add_filter("replace", |call| {
        let [text, old, new, count] = call.bind("do_replace", 3, ["s", "old", "new", "count"])?;
        let text = text.unwrap_or(Value::None).to_str()?;
        let (old, new) = (old.unwrap_or(Value::None).to_str()?, new.unwrap_or(Value::None).to_str()?);
        let count = count.filter(|count| !count.is_none());
        let most = usize::try_from(integer(count, -1)?).ok();
        Ok(Value::from(methods::replace(&text, &old, &new, most)))
    });
    env.add_filter("format", format);
    env.add_filter("truncate", truncate);
    env.add_filter("wordcount", |call| {
        let text = only(call, "do_wordcount", "s")?.to_str()?;
        Ok(Value::from(
            text.split(|c: char| !(c == '_' || c.is_alphanumeric())).filter(|word| !word.is_empty()).count(),
        ))
    });
    env.add_filter("wordwrap", wrap::filter);
    env.add_filter("pprint", |call| pprint::pformat(&only(call, "do_pprint", "value")?).map(Value::from));
}

/// Text that is safe HTML where the value it was made of is.
fn like(value: &Value, text: String) -> Value {
    match value {
        Value::Str(source) if source.is_markup() => Value::Str(Str::markup(text)),
        _ => Value::from(text),
    }
}

fn made(call: &mut Call<'_>, function: &str, name: &str, make: impl Fn(&str) -> String) -> Result<Value> {
    let value = only(call, function, name)?;
    Ok(like(&value, make(&value.to_str()?)))
}

/// Words begin after blanks, hyphens and opening brackets.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        let between = is_space(c) || matches!(c, '-' | '(' | '{' | '[' | '<');
        if begins && !between {
            out.extend(c.to_uppercase());
        } else if between {
            out.push(c);
        } else {
            out.extend(c.to_lowercase());
        }
        begins = between;
    }
    out
}

fn indent(call: &mut Call<'_>) -> Result<Value> {
    let [text, width, first, blank] = call.bind("do_indent", 1, ["s", "width", "first", "blank"])?;
    let value = text.unwrap_or(Value::None);
    let Value::Str(text) = &value else {
        // What Python says to adding a newline to it.
        return Err(match ops::add(&value, &Value::from("\n")) {
            Err(error) => Error { message: error.message.replace("for +:", "for +=:"), ..error },
            Ok(_) => Error::type_error("indent wants text"),
        });
    };
    let indention = match width {
        Some(Value::Str(indention)) => indention.to_string(),
        width => " ".repeat(size(integer(width, 4)?)?),
    };
    let (first, blank) = (flag(first, false)?, flag(blank, false)?);
    let whole = format!("{text}\n");
    let mut out = String::with_capacity(whole.len());
    for (index, line) in methods::split_lines(&whole, false).into_iter().enumerate() {
        if index > 0 {
            out.push('\n');
            if blank || !line.is_empty() {
                out.push_str(&indention);
            }
        } else if first {
            out.push_str(&indention);
        }
        out.push_str(line);
    }
    Ok(like(&value, out))
}

fn format(call: &mut Call<'_>) -> Result<Value> {
    let value = call.first("do_format", "value")?;
    if !call.args.is_empty() && !call.kwargs.is_empty() {
        return Err(Error::other("can't handle positional and keyword arguments at the same time"));
    }
    let args = if call.kwargs.is_empty() {
        ops::tuple(std::mem::take(&mut call.args))
    } else {
        Value::Dict(call.kwargs.drain(..).collect())
    };
    printf::format(&value.to_str()?, &args).map(Value::from)
}

fn truncate(call: &mut Call<'_>) -> Result<Value> {
    let [text, length, kill_words, end, leeway] =
        call.bind("do_truncate", 1, ["s", "length", "killwords", "end", "leeway"])?;
    let value = text.unwrap_or(Value::None);
    let length = integer(length, 255)?;
    let kill_words = flag(kill_words, false)?;
    let end = end.map_or(Ok("...".to_owned()), |end| end.to_str())?;
    let leeway = integer(leeway.filter(|leeway| !leeway.is_none()), 5)?;
    let end_len = i64::try_from(end.chars().count()).unwrap_or(i64::MAX);
    if length < end_len {
        return Err(Error::other(format!("expected length >= {end_len}, got {length}")));
    }
    if leeway < 0 {
        return Err(Error::other(format!("expected leeway >= 0, got {leeway}")));
    }
    let len = i64::try_from(value.len()?).unwrap_or(i64::MAX);
    if len <= length.saturating_add(leeway) {
        return Ok(value);
    }
    let Value::Str(text) = &value else {
        return Err(Error::type_error(format!("'{}' object cannot be truncated", value.type_name())));
    };
    let kept: String = text.chars().take(usize::try_from(length - end_len).unwrap_or(0)).collect();
    let kept = if kill_words { kept.as_str() } else { kept.rsplit_once(' ').map_or(kept.as_str(), |(kept, _)| kept) };
    Ok(Value::from(format!("{kept}{end}")))
}
