//! `pprint`, as Python's pprint lays text and tuples out in 80 columns.

use super::Result;
use crate::Value;

const WIDTH: usize = 80;

/// The value over as many lines as it needs. Lists and dicts stay on one: ansible-core's have their own `repr()`, which
/// keeps pprint from looking into them.
pub(super) fn pformat(value: &Value) -> Result<String> {
    let mut out = String::new();
    format(value, 0, 0, &mut out)?;
    Ok(out)
}

fn format(value: &Value, indent: usize, after: usize, out: &mut String) -> Result<()> {
    let flat = value.repr()?;
    let room = WIDTH.saturating_sub(indent + after);
    if flat.chars().count() <= room {
        out.push_str(&flat);
        return Ok(());
    }
    match value {
        Value::Tuple(items) if !items.is_empty() => {
            all(items, ('(', if items.len() == 1 { ",)" } else { ")" }), indent, after, out)?;
        }
        Value::Str(text) if indent > 0 || text.contains('\n') || text.contains(' ') => {
            long_text(text, indent, after, out)?;
        }
        _ => out.push_str(&flat),
    }
    Ok(())
}

fn all(values: &[Value], marks: (char, &str), indent: usize, after: usize, out: &mut String) -> Result<()> {
    out.push(marks.0);
    for (index, value) in values.iter().enumerate() {
        let last = index + 1 == values.len();
        format(value, indent + 1, if last { after + marks.1.len() } else { 1 }, out)?;
        if !last {
            out.push_str(",\n");
            out.extend(std::iter::repeat_n(' ', indent + 1));
        }
    }
    out.push_str(marks.1);
    Ok(())
}

fn long_text(text: &str, indent: usize, after: usize, out: &mut String) -> Result<()> {
    let repr = |text: &str| Value::from(text).repr();
    let (indent, after) = if indent == 0 { (1, after + 1) } else { (indent, after) };
    let parens = indent == 1;
    let mut chunks: Vec<String> = Vec::new();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (index, line) in lines.iter().enumerate() {
        let last_line = index + 1 == lines.len();
        let mut room = WIDTH.saturating_sub(indent);
        let shown = repr(line)?;
        if last_line {
            room = room.saturating_sub(after);
        }
        if shown.chars().count() <= room {
            chunks.push(shown);
            continue;
        }
        // Words with the blanks after them.
        let mut parts: Vec<String> = Vec::new();
        let mut blank = false;
        for c in line.chars() {
            let is_blank = c.is_whitespace();
            if parts.is_empty() || blank && !is_blank {
                parts.push(String::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push(c);
            }
            blank = is_blank;
        }
        let full = WIDTH.saturating_sub(indent);
        let mut current = String::new();
        for (number, part) in parts.iter().enumerate() {
            let candidate = format!("{current}{part}");
            let last = last_line && number + 1 == parts.len();
            let room = if last { full.saturating_sub(after) } else { full };
            if repr(&candidate)?.chars().count() > room {
                if !current.is_empty() {
                    chunks.push(repr(&current)?);
                }
                current = part.clone();
            } else {
                current = candidate;
            }
        }
        if !current.is_empty() {
            chunks.push(repr(&current)?);
        }
    }
    if let [only] = chunks.as_slice() {
        out.push_str(only);
        return Ok(());
    }
    if parens {
        out.push('(');
    }
    for (index, chunk) in chunks.iter().enumerate() {
        if index > 0 {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(chunk);
    }
    if parens {
        out.push(')');
    }
    Ok(())
}
