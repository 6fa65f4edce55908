//! Methods of text and bytes.

use super::{Result, format::Fields, integer, list::unknown, positional};
use crate::{
    Call, Dict, Error, Key, Kind, List, Str, Value,
    compiler::is_space,
    value::{is_printable, ops::tuple},
};

pub(super) const NAMES: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

pub(super) const BYTES_NAMES: &[&str] =
    &["decode", "hex", "split", "startswith", "endswith", "strip", "upper", "lower"];

/// A text argument.
fn text<'v>(value: &'v Option<Value>, function: &str) -> Result<&'v str> {
    match value {
        Some(Value::Str(text)) => Ok(text),
        Some(Value::Undefined(undefined)) => Err(undefined.error()),
        other => {
            let name = other.as_ref().map_or("NoneType", Value::type_name);
            Err(Error::type_error(format!("{function} must be str, not {name}")))
        }
    }
}

/// Where a character is, in bytes.
fn offset(text: &str, chars: usize) -> usize {
    if text.is_ascii() {
        return chars.min(text.len());
    }
    text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at)
}

fn char_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// The part of a text that `start` and `end` leave, and how many characters stand before it. `None` where `start` is
/// past the end, so that not even an empty text is found there.
fn part<'t>(whole: &'t str, start: Option<&Value>, end: Option<&Value>) -> Result<Option<(&'t str, usize)>> {
    let len = char_len(whole);
    let bound = |value: Option<&Value>, default: usize| -> Result<usize> {
        match value {
            None | Some(Value::None) => Ok(default),
            Some(value) => {
                let at = integer(value).map_err(|_| {
                    Error::type_error("slice indices must be integers or None or have an __index__ method")
                })?;
                let magnitude = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
                Ok(if at < 0 { len.saturating_sub(magnitude) } else { magnitude })
            }
        }
    };
    let (start, end) = (bound(start, 0)?, bound(end, len)?.min(len));
    if start > len || start > end {
        return Ok(None);
    }
    Ok(whole.get(offset(whole, start)..offset(whole, end)).map(|found| (found, start)))
}

fn is_title_letter(c: char) -> bool {
    c.is_alphabetic() && (c.is_lowercase() || c.is_uppercase() || c.to_lowercase().next() != Some(c))
}

/// A character as it begins a word: two letters in one have a form of their own for that.
fn title_case(c: char, out: &mut String) {
    match c {
        'Ǆ'..='ǆ' => out.push('ǅ'),
        'Ǉ'..='ǉ' => out.push('ǈ'),
        'Ǌ'..='ǌ' => out.push('ǋ'),
        'Ǳ'..='ǳ' => out.push('ǲ'),
        'ß' => out.push_str("Ss"),
        c => out.extend(c.to_uppercase()),
    }
}

/// Python's `str.title()`.
pub(crate) fn title(whole: &str) -> String {
    let mut out = String::with_capacity(whole.len());
    let mut inside = false;
    for c in whole.chars() {
        let cased = is_title_letter(c);
        if cased && !inside {
            title_case(c, &mut out);
        } else {
            out.extend(c.to_lowercase());
        }
        inside = cased;
    }
    out
}

/// Python's `str.capitalize()`.
pub(crate) fn capitalize(whole: &str) -> String {
    let mut chars = whole.chars();
    let mut out = String::with_capacity(whole.len());
    if let Some(first) = chars.next() {
        title_case(first, &mut out);
        out.push_str(&chars.as_str().to_lowercase());
    }
    out
}

/// Python's `str.splitlines()`.
pub(crate) fn split_lines(whole: &str, keep_ends: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut chars = whole.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            continue;
        }
        let mut end = at + c.len_utf8();
        if c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n') {
            chars.next();
            end += 1;
        }
        lines.push(whole.get(start..if keep_ends { end } else { at }).unwrap_or(""));
        start = end;
    }
    if start < whole.len() {
        lines.push(whole.get(start..).unwrap_or(""));
    }
    lines
}

/// Python's `str.strip()` with characters, or blanks where there are none.
pub(crate) fn strip<'t>(whole: &'t str, chars: Option<&str>, left: bool, right: bool) -> &'t str {
    let fits = |c: char| chars.map_or_else(|| is_space(c), |chars| chars.contains(c));
    let mut rest = whole;
    if left {
        rest = rest.trim_start_matches(fits);
    }
    if right {
        rest = rest.trim_end_matches(fits);
    }
    rest
}

/// Python's `str.split()`.
pub(crate) fn split<'t>(whole: &'t str, separator: Option<&str>, most: Option<usize>) -> Vec<&'t str> {
    let most = most.unwrap_or(usize::MAX);
    let Some(separator) = separator else {
        let mut parts = Vec::new();
        let mut rest = whole.trim_start_matches(is_space);
        while !rest.is_empty() {
            if parts.len() == most {
                parts.push(rest);
                break;
            }
            let end = rest.find(is_space).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            parts.push(part);
            rest = after.trim_start_matches(is_space);
        }
        return parts;
    };
    whole.splitn(most.saturating_add(1), separator).collect()
}

fn rsplit<'t>(whole: &'t str, separator: Option<&str>, most: Option<usize>) -> Vec<&'t str> {
    let most = most.unwrap_or(usize::MAX);
    let mut parts: Vec<&str> = match separator {
        Some(separator) => whole.rsplitn(most.saturating_add(1), separator).collect(),
        None => {
            let mut parts = Vec::new();
            let mut rest = whole.trim_end_matches(is_space);
            while !rest.is_empty() {
                if parts.len() == most {
                    parts.push(rest);
                    break;
                }
                let start =
                    rest.char_indices().rev().find(|(_, c)| is_space(*c)).map_or(0, |(at, c)| at + c.len_utf8());
                let (before, part) = rest.split_at(start);
                parts.push(part);
                rest = before.trim_end_matches(is_space);
            }
            parts
        }
    };
    parts.reverse();
    parts
}

fn strings<'t>(parts: impl IntoIterator<Item = &'t str>) -> Value {
    Value::List(parts.into_iter().map(Value::from).collect())
}

fn fill(call: &mut Call<'_>, function: &str) -> Result<(usize, char)> {
    let [width, fill] = positional(call, function, 1)?;
    let width = usize::try_from(integer(&width.unwrap_or(Value::None))?.max(0)).unwrap_or(usize::MAX);
    if width > crate::value::ops::MAX_SIZE {
        return Err(Error::new(Kind::Limit, "the result would be too large"));
    }
    let fill = match &fill {
        None => ' ',
        Some(Value::Str(fill)) => {
            let mut chars = fill.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => c,
                _ => return Err(Error::type_error("The fill character must be exactly one character long")),
            }
        }
        Some(other) => {
            let name = other.type_name();
            return Err(Error::type_error(format!("The fill character must be a unicode character, not {name}")));
        }
    };
    Ok((width, fill))
}

/// Python's `str.center()`.
pub(crate) fn center(whole: &str, width: usize, fill: char) -> String {
    let blank = width.saturating_sub(char_len(whole));
    let left = blank / 2 + (blank & width & 1);
    let mut out: String = std::iter::repeat_n(fill, left).collect();
    out.push_str(whole);
    out.extend(std::iter::repeat_n(fill, blank - left));
    out
}

/// The most times a split may be done; negative: as often as it can be.
fn most(value: Option<Value>) -> Result<Option<usize>> {
    match value {
        None => Ok(None),
        Some(value) => Ok(usize::try_from(integer(&value)?).ok()),
    }
}

fn separator(value: Option<Value>) -> Result<Option<Str>> {
    match value {
        None | Some(Value::None) => Ok(None),
        Some(Value::Str(text)) if text.is_empty() => Err(Error::value_error("empty separator")),
        Some(Value::Str(text)) => Ok(Some(text)),
        Some(Value::Undefined(undefined)) => Err(undefined.error()),
        Some(other) => Err(Error::type_error(format!("must be str or None, not {}", other.type_name()))),
    }
}

fn affix(whole: &str, call: &mut Call<'_>, name: &'static str) -> Result<Value> {
    let [affix, start, end] = positional(call, name, 1)?;
    let fits =
        |text: &str, affix: &str| if name == "startswith" { text.starts_with(affix) } else { text.ends_with(affix) };
    let found = part(whole, start.as_ref(), end.as_ref())?;
    match affix {
        Some(Value::Str(affix)) => Ok(Value::Bool(found.is_some_and(|(text, _)| fits(text, &affix)))),
        Some(Value::Tuple(affixes)) => {
            for affix in affixes.iter() {
                let Value::Str(affix) = affix else {
                    let other = affix.type_name();
                    let message = format!("tuple for {name} must only contain str, not {other}");
                    return Err(Error::type_error(message));
                };
                if found.is_some_and(|(text, _)| fits(text, affix)) {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        Some(Value::Undefined(undefined)) => Err(undefined.error()),
        other => {
            let other = other.as_ref().map_or("NoneType", Value::type_name);
            Err(Error::type_error(format!("{name} first arg must be str or a tuple of str, not {other}")))
        }
    }
}

fn find(whole: &str, call: &mut Call<'_>, name: &str) -> Result<Option<usize>> {
    let [wanted, start, end] = positional(call, name, 1)?;
    let wanted = text(&wanted, &format!("{name}() argument 1"))?;
    let Some((found, before)) = part(whole, start.as_ref(), end.as_ref())? else { return Ok(None) };
    let at = if name.starts_with('r') { found.rfind(wanted) } else { found.find(wanted) };
    Ok(at.map(|at| before + char_len(found.get(..at).unwrap_or(""))))
}

#[expect(clippy::too_many_lines, reason = "one arm a method")]
pub(super) fn call(whole: &Str, name: &str, call: &mut Call<'_>) -> Result<Value> {
    let all = |fits: fn(char) -> bool| Ok(Value::Bool(!whole.is_empty() && whole.chars().all(fits)));
    match name {
        "upper" | "lower" | "casefold" | "capitalize" | "title" | "swapcase" => {
            let [] = positional(call, &format!("str.{name}"), 0)?;
            Ok(Value::from(match name {
                "upper" => whole.to_uppercase(),
                "lower" => whole.to_lowercase(),
                "casefold" => whole.to_lowercase().replace('ß', "ss"),
                "capitalize" => capitalize(whole),
                "title" => title(whole),
                _ => whole
                    .chars()
                    .flat_map(|c| {
                        let swapped: Vec<char> =
                            if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() };
                        swapped
                    })
                    .collect(),
            }))
        }
        "isalnum" => all(|c| c.is_alphanumeric()),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => Ok(Value::Bool(whole.is_ascii())),
        "isdecimal" => all(|c| c.is_ascii_digit() || (!c.is_ascii() && is_decimal(c))),
        "isdigit" => all(|c| c.is_ascii_digit() || (!c.is_ascii() && (is_decimal(c) || is_superscript(c)))),
        "isnumeric" => all(|c| c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric())),
        "isspace" => all(is_space),
        "isprintable" => Ok(Value::Bool(whole.chars().all(is_printable))),
        "isidentifier" => {
            let mut chars = whole.chars();
            let first = chars.next().is_some_and(|c| c == '_' || c.is_alphabetic());
            Ok(Value::Bool(first && chars.all(|c| c == '_' || c.is_alphanumeric())))
        }
        "islower" => Ok(Value::Bool(whole.chars().any(char::is_lowercase) && !whole.chars().any(char::is_uppercase))),
        "isupper" => Ok(Value::Bool(whole.chars().any(char::is_uppercase) && !whole.chars().any(char::is_lowercase))),
        "istitle" => Ok(Value::Bool(whole.chars().any(is_title_letter) && title(whole) == whole.as_str())),
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = positional(call, name, 0)?;
            let chars = match chars {
                None | Some(Value::None) => None,
                Some(Value::Str(chars)) => Some(chars),
                Some(_) => return Err(Error::type_error(format!("{name} arg must be None or str"))),
            };
            let (left, right) = (name != "rstrip", name != "lstrip");
            Ok(Value::from(strip(whole, chars.as_deref(), left, right)))
        }
        "split" | "rsplit" => {
            let given = call.args.len() + call.kwargs.len();
            if given > 2 {
                return Err(Error::type_error(format!("{name}() takes at most 2 arguments ({given} given)")));
            }
            if let Some((wrong, _)) = call.kwargs.iter().find(|(key, _)| !matches!(&**key, "sep" | "maxsplit")) {
                return Err(Error::type_error(format!("'{wrong}' is an invalid keyword argument for {name}()")));
            }
            let [sep, maxsplit] = call.bind(name, 0, ["sep", "maxsplit"])?;
            let sep = separator(sep)?;
            let most = most(maxsplit)?;
            let parts =
                if name == "split" { split(whole, sep.as_deref(), most) } else { rsplit(whole, sep.as_deref(), most) };
            Ok(strings(parts))
        }
        "splitlines" => {
            let [keep] = call.bind("splitlines", 0, ["keepends"])?;
            let keep = keep.map_or(Ok(false), |keep| keep.truthy())?;
            Ok(strings(split_lines(whole, keep)))
        }
        "partition" | "rpartition" => {
            let [sep] = positional(call, &format!("str.{name}"), 1)?;
            let sep = text(&sep, &format!("{name}() argument"))?;
            if sep.is_empty() {
                return Err(Error::value_error("empty separator"));
            }
            let found = if name == "partition" { whole.split_once(sep) } else { whole.rsplit_once(sep) };
            Ok(match found {
                Some((before, after)) => tuple(vec![before.into(), sep.into(), after.into()]),
                None if name == "partition" => tuple(vec![Value::Str(whole.clone()), "".into(), "".into()]),
                None => tuple(vec!["".into(), "".into(), Value::Str(whole.clone())]),
            })
        }
        "join" => {
            let [values] = positional(call, "str.join", 1)?;
            let values = values.unwrap_or(Value::None);
            if !values.is_iterable() && !values.is_undefined() {
                return Err(Error::type_error("can only join an iterable"));
            }
            let mut out = String::new();
            for (index, value) in values.iterate()?.iter().enumerate() {
                if index > 0 {
                    out.push_str(whole);
                }
                match value {
                    Value::Str(part) => out.push_str(part),
                    Value::Undefined(undefined) => return Err(undefined.error()),
                    other => {
                        let other = other.type_name();
                        let message = format!("sequence item {index}: expected str instance, {other} found");
                        return Err(Error::type_error(message));
                    }
                }
            }
            Ok(Value::from(out))
        }
        "replace" => {
            let [old, new, count] = positional(call, "replace", 2)?;
            let (old, new) = (text(&old, "replace() argument 1")?, text(&new, "replace() argument 2")?);
            Ok(Value::from(replace(whole, old, new, most(count)?)))
        }
        "startswith" => affix(whole, call, "startswith"),
        "endswith" => affix(whole, call, "endswith"),
        "removeprefix" => {
            let [prefix] = positional(call, "str.removeprefix", 1)?;
            let prefix = text(&prefix, "removeprefix() argument")?;
            Ok(Value::from(whole.strip_prefix(prefix).unwrap_or(whole)))
        }
        "removesuffix" => {
            let [suffix] = positional(call, "str.removesuffix", 1)?;
            let suffix = text(&suffix, "removesuffix() argument")?;
            Ok(Value::from(whole.strip_suffix(suffix).unwrap_or(whole)))
        }
        "find" | "rfind" => Ok(find(whole, call, name)?.map_or(Value::Int(-1), Value::from)),
        "index" | "rindex" => match find(whole, call, name)? {
            Some(at) => Ok(Value::from(at)),
            None => Err(Error::value_error("substring not found")),
        },
        "count" => {
            let [wanted, start, end] = positional(call, "count", 1)?;
            let wanted = text(&wanted, "count() argument 1")?;
            let Some((found, _)) = part(whole, start.as_ref(), end.as_ref())? else { return Ok(Value::Int(0)) };
            Ok(Value::from(if wanted.is_empty() { char_len(found) + 1 } else { found.matches(wanted).count() }))
        }
        "ljust" | "rjust" | "center" => {
            let (width, fill) = fill(call, name)?;
            if name == "center" {
                return Ok(Value::from(center(whole, width, fill)));
            }
            let blank: String = std::iter::repeat_n(fill, width.saturating_sub(char_len(whole))).collect();
            Ok(Value::from(if name == "ljust" { format!("{whole}{blank}") } else { format!("{blank}{whole}") }))
        }
        "zfill" => {
            let [width] = positional(call, "str.zfill", 1)?;
            let width = usize::try_from(integer(&width.unwrap_or(Value::None))?.max(0))
                .unwrap_or(0)
                .min(crate::value::ops::MAX_SIZE);
            let zeros = "0".repeat(width.saturating_sub(char_len(whole)));
            let (sign, digits) = whole.split_at(usize::from(whole.starts_with(['+', '-'])));
            Ok(Value::from(format!("{sign}{zeros}{digits}")))
        }
        "expandtabs" => {
            let [size] = call.bind("expandtabs", 0, ["tabsize"])?;
            let size = usize::try_from(size.map_or(Ok(8), |size| integer(&size))?).unwrap_or(0).min(10_000);
            let mut out = String::with_capacity(whole.len());
            let mut column = 0;
            for c in whole.chars() {
                match c {
                    '\t' if size > 0 => {
                        let blank = size - column % size;
                        out.extend(std::iter::repeat_n(' ', blank));
                        column += blank;
                    }
                    '\t' => {}
                    c => {
                        out.push(c);
                        column = if matches!(c, '\n' | '\r') { 0 } else { column + 1 };
                    }
                }
            }
            Ok(Value::from(out))
        }
        "format" => Ok(like(whole, Fields::new(&call.args, &call.kwargs, None).format(whole, 2)?)),
        "format_map" => {
            let [mapping] = positional(call, "str.format_map", 1)?;
            let kwargs = crate::Kwargs::new();
            Ok(like(whole, Fields::new(&[], &kwargs, mapping.as_ref()).format(whole, 2)?))
        }
        "encode" => {
            let [encoding, errors] = call.bind("encode", 0, ["encoding", "errors"])?;
            encode(whole, encoding, errors)
        }
        "maketrans" => {
            let [from, to, drop] = positional(call, "maketrans", 1)?;
            let table = Dict::new();
            if let (Some(Value::Dict(given)), None) = (&from, &to) {
                for (key, value) in given.items()? {
                    let key = match key.as_str().map(|key| (key.chars().next(), key.chars().count())) {
                        Some((Some(c), 1)) => Value::from(u32::from(c)),
                        Some(_) => {
                            return Err(Error::value_error("string keys in translate table must be of length 1"));
                        }
                        None => key,
                    };
                    table.insert(Key::new(key)?, value);
                }
                return Ok(Value::Dict(table));
            }
            let (from, to) = (text(&from, "maketrans() argument 1")?, text(&to, "maketrans() argument 2")?);
            if from.chars().count() != to.chars().count() {
                return Err(Error::value_error("the first two maketrans arguments must have equal length"));
            }
            for (from, to) in from.chars().zip(to.chars()) {
                table.insert(i64::from(u32::from(from)), Value::from(u32::from(to)));
            }
            if drop.is_some() {
                for c in text(&drop, "maketrans() argument 3")?.chars() {
                    table.insert(i64::from(u32::from(c)), Value::None);
                }
            }
            Ok(Value::Dict(table))
        }
        "translate" => {
            let [table] = positional(call, "str.translate", 1)?;
            let Some(Value::Dict(table)) = table else {
                return Err(Error::type_error("translate() wants a dict"));
            };
            let mut out = String::new();
            for c in whole.chars() {
                match table.get_key(&Key::from(i64::from(u32::from(c))))? {
                    None => out.push(c),
                    Some(Value::None) => {}
                    Some(Value::Str(text)) => out.push_str(&text),
                    Some(value) => {
                        let code = u32::try_from(integer(&value)?).ok().and_then(char::from_u32);
                        out.push(
                            code.ok_or_else(|| Error::value_error("character mapping must be in range(0x110000)"))?,
                        );
                    }
                }
            }
            Ok(Value::from(out))
        }
        name => Err(unknown("str", name)),
    }
}

/// Text that is safe HTML where its source is.
fn like(source: &Str, text: String) -> Value {
    Value::Str(if source.is_markup() { Str::markup(text) } else { Str::new(text) })
}

/// Python's `str.replace()`.
pub(crate) fn replace(whole: &str, old: &str, new: &str, most: Option<usize>) -> String {
    match most {
        None => whole.replace(old, new),
        Some(most) => whole.replacen(old, new, most),
    }
}

/// A decimal digit of another script: those come in runs of ten, from 0.
fn is_decimal(c: char) -> bool {
    c.is_numeric() && !is_superscript(c) && {
        const ZEROS: &[u32] = &[
            0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
            0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
            0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
        ];
        ZEROS.iter().any(|zero| (*zero..zero + 10).contains(&u32::from(c)))
    }
}

fn is_superscript(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '₀'..='₉' | '①'..='⑨')
}

fn encode(whole: &str, encoding: Option<Value>, errors: Option<Value>) -> Result<Value> {
    let encoding = encoding.map_or(Ok("utf-8".to_owned()), |encoding| encoding.to_str())?;
    let errors = errors.map_or(Ok("strict".to_owned()), |errors| errors.to_str())?;
    let limit = match encoding.to_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" => return Ok(Value::Bytes(whole.as_bytes().into())),
        "utf-16-le" | "utf-16le" => return Ok(Value::Bytes(whole.encode_utf16().flat_map(u16::to_le_bytes).collect())),
        "utf-16-be" | "utf-16be" => return Ok(Value::Bytes(whole.encode_utf16().flat_map(u16::to_be_bytes).collect())),
        "utf-16" => {
            let units = std::iter::once(0xfeff).chain(whole.encode_utf16());
            return Ok(Value::Bytes(units.flat_map(u16::to_le_bytes).collect()));
        }
        "ascii" | "us-ascii" => 0x80,
        "latin-1" | "latin1" | "iso-8859-1" => 0x100,
        _ => return Err(Error::new(Kind::Other, format!("unknown encoding: {encoding}"))),
    };
    let mut bytes = Vec::with_capacity(whole.len());
    for (at, c) in whole.chars().enumerate() {
        match u8::try_from(u32::from(c)) {
            Ok(byte) if u32::from(byte) < limit => bytes.push(byte),
            _ => match errors.as_str() {
                "ignore" => {}
                "replace" => bytes.push(b'?'),
                "xmlcharrefreplace" => bytes.extend(format!("&#{};", u32::from(c)).bytes()),
                _ => {
                    let name = if limit == 0x80 { "ascii" } else { "latin-1" };
                    let shown = match u32::from(c) {
                        code @ ..=0xff => format!("\\x{code:02x}"),
                        code @ ..=0xffff => format!("\\u{code:04x}"),
                        code => format!("\\U{code:08x}"),
                    };
                    let message = format!(
                        "'{name}' codec can't encode character '{shown}' in position {at}: ordinal not in range({limit})"
                    );
                    return Err(Error::value_error(message));
                }
            },
        }
    }
    Ok(Value::Bytes(bytes.into()))
}

pub(super) fn call_bytes(bytes: &[u8], name: &str, call: &mut Call<'_>) -> Result<Value> {
    match name {
        "decode" => {
            let [encoding, errors] = call.bind("decode", 0, ["encoding", "errors"])?;
            let encoding = encoding.map_or(Ok("utf-8".to_owned()), |encoding| encoding.to_str())?;
            let errors = errors.map_or(Ok("strict".to_owned()), |errors| errors.to_str())?;
            match encoding.to_lowercase().replace('_', "-").as_str() {
                "utf-8" | "utf8" | "ascii" => match std::str::from_utf8(bytes) {
                    Ok(text) => Ok(Value::from(text)),
                    Err(_) if errors == "replace" => Ok(Value::from(String::from_utf8_lossy(bytes).into_owned())),
                    Err(_) if errors == "ignore" => {
                        Ok(Value::from(String::from_utf8_lossy(bytes).replace('\u{fffd}', "")))
                    }
                    Err(error) => {
                        let at = error.valid_up_to();
                        let byte = bytes.get(at).copied().unwrap_or(0);
                        Err(Error::value_error(format!(
                            "'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: invalid start byte"
                        )))
                    }
                },
                "latin-1" | "latin1" | "iso-8859-1" => {
                    Ok(Value::from(bytes.iter().map(|byte| char::from(*byte)).collect::<String>()))
                }
                _ => Err(Error::new(Kind::Other, format!("unknown encoding: {encoding}"))),
            }
        }
        "hex" => {
            let [] = positional(call, "bytes.hex", 0)?;
            Ok(Value::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
        }
        "upper" => Ok(Value::Bytes(bytes.to_ascii_uppercase().into())),
        "lower" => Ok(Value::Bytes(bytes.to_ascii_lowercase().into())),
        "strip" => Ok(Value::Bytes(bytes.trim_ascii().into())),
        "startswith" | "endswith" => {
            let [affix] = positional(call, name, 1)?;
            match affix {
                Some(Value::Bytes(affix)) if name == "startswith" => Ok(bytes.starts_with(&affix).into()),
                Some(Value::Bytes(affix)) => Ok(bytes.ends_with(&affix).into()),
                other => {
                    let other = other.as_ref().map_or("NoneType", Value::type_name);
                    let message = format!("{name} first arg must be bytes or a tuple of bytes, not {other}");
                    Err(Error::type_error(message))
                }
            }
        }
        "split" => {
            let [sep, _most] = call.bind("split", 0, ["sep", "maxsplit"])?;
            match sep {
                Some(Value::Bytes(sep)) if sep.len() == 1 => {
                    let parts = bytes.split(|byte| sep.first() == Some(byte));
                    Ok(Value::List(List::new(parts.map(|part| Value::Bytes(part.into())).collect())))
                }
                None | Some(Value::None) => {
                    let parts = bytes.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty());
                    Ok(Value::List(List::new(parts.map(|part| Value::Bytes(part.into())).collect())))
                }
                Some(_) => Err(Error::type_error("a bytes-like object is required")),
            }
        }
        name => Err(unknown("bytes", name)),
    }
}
