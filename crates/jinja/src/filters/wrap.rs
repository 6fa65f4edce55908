//! `wordwrap`, by the rules of Python's textwrap.

use super::{Result, flag, integer};
use crate::{Call, Error, Value, methods::text::split_lines};

pub(super) fn filter(call: &mut Call<'_>) -> Result<Value> {
    let names = ["s", "width", "break_long_words", "wrapstring", "break_on_hyphens"];
    let [text, width, break_long, wrapper, on_hyphens] = call.bind("do_wordwrap", 1, names)?;
    let width = integer(width, 79)?;
    let (break_long, on_hyphens) = (flag(break_long, true)?, flag(on_hyphens, true)?);
    let wrapper = match wrapper {
        None | Some(Value::None) => "\n".to_owned(),
        Some(wrapper) => wrapper.to_str()?,
    };
    let text = text.unwrap_or(Value::None);
    let Value::Str(text) = &text else {
        let name = text.type_name();
        return Err(Error::new(crate::Kind::Attribute, format!("'{name}' object has no attribute 'splitlines'")));
    };
    let Some(width) = usize::try_from(width).ok().filter(|width| *width > 0) else {
        return Err(Error::value_error(format!("invalid width {width} (must be > 0)")));
    };
    let mut paragraphs = Vec::new();
    for line in split_lines(text, false) {
        paragraphs.push(wrap(line, width, break_long, on_hyphens).join(&wrapper));
    }
    Ok(Value::from(paragraphs.join(&wrapper)))
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\x0b' | '\x0c' | '\r' | ' ')
}

/// Blanks, words, parts of hyphenated words and dashes between words.
fn chunks(text: &str, on_hyphens: bool) -> Vec<Vec<char>> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied();
    let before = |index: usize, back: usize| index.checked_sub(back).and_then(at);
    let word = |c: Option<char>| c.is_some_and(|c| c == '_' || c.is_alphanumeric());
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let punctuated = |c: Option<char>| word(c) || c.is_some_and(|c| "!\"'&.,?".contains(c));
    let dashes = |from: usize| (from..).take_while(|index| at(*index) == Some('-')).count();
    let mut out = Vec::new();
    let mut start = 0;
    while start < chars.len() {
        let mut end = start + 1;
        if at(start).is_some_and(is_blank) {
            while at(end).is_some_and(is_blank) {
                end += 1;
            }
        } else if on_hyphens && dashes(start) >= 2 && punctuated(before(start, 1)) && word(at(start + dashes(start))) {
            end = start + dashes(start);
        } else {
            while end < chars.len() && !at(end).is_some_and(is_blank) {
                if on_hyphens {
                    let hyphenated = at(end) == Some('-')
                        && letter(before(end, 1))
                        && (letter(before(end, 2)) || before(end, 2) == Some('-') && letter(before(end, 3)))
                        && letter(at(end + 1))
                        && (letter(at(end + 2)) || at(end + 2) == Some('-') && letter(at(end + 3)));
                    if hyphenated {
                        end += 1;
                        break;
                    }
                    if punctuated(before(end, 1)) && dashes(end) >= 2 && word(at(end + dashes(end))) {
                        break;
                    }
                }
                end += 1;
            }
        }
        out.push(chars.get(start..end).unwrap_or_default().to_vec());
        start = end;
    }
    out
}

fn wrap(text: &str, width: usize, break_long: bool, on_hyphens: bool) -> Vec<String> {
    let mut rest = chunks(text, on_hyphens);
    rest.reverse();
    let blank = |chunk: &Vec<char>| chunk.iter().all(|c| is_blank(*c));
    let mut lines = Vec::new();
    while !rest.is_empty() {
        if !lines.is_empty() && rest.last().is_some_and(blank) {
            rest.pop();
        }
        let mut line: Vec<Vec<char>> = Vec::new();
        let mut len = 0;
        while let Some(chunk) = rest.last() {
            if len + chunk.len() > width {
                break;
            }
            len += chunk.len();
            line.extend(rest.pop());
        }
        if let Some(chunk) = rest.last_mut()
            && chunk.len() > width
        {
            let space = width - len;
            if break_long && space > 0 {
                let mut cut = space;
                if on_hyphens {
                    let hyphen = chunk.iter().take(space).rposition(|c| *c == '-');
                    if let Some(at) = hyphen.filter(|at| *at > 0 && chunk.iter().take(*at).any(|c| *c != '-')) {
                        cut = at + 1;
                    }
                }
                let left = chunk.split_off(cut.min(chunk.len()));
                line.push(std::mem::replace(chunk, left));
            } else if line.is_empty() {
                line.extend(rest.pop());
            }
        }
        if line.last().is_some_and(blank) {
            line.pop();
        }
        if !line.is_empty() {
            lines.push(line.into_iter().flatten().collect());
        }
    }
    lines
}
