//! Replacement texts: `\1`, `\g<name>` and escapes, as Python reads them.

use crate::{
    error::Error,
    haystack::Haystack,
    tokenizer::{Token, Tokenizer, is_identifier, repr},
};

/// A part of a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<O> {
    Literal(O),
    Group(usize),
}

/// The parts of a replacement for a pattern with so many groups under these names.
pub(crate) fn parse<T: Haystack + ?Sized>(
    template: &T,
    groups: usize,
    names: &[(String, usize)],
) -> Result<Vec<Piece<T::Owned>>, Error> {
    let mut source = Tokenizer::new(template.characters())?;
    let mut pieces = Vec::new();
    let mut literal = T::empty();
    let mut plain = true;
    while let Some(token) = source.get()? {
        let escape = match token {
            Token::Char(character) => {
                T::push(&mut literal, character);
                plain = false;
                continue;
            }
            Token::Escape(escape) => escape,
        };
        match reference_or_character(&mut source, escape, groups, names)? {
            Part::Character(character) => {
                T::push(&mut literal, character);
                plain = false;
            }
            Part::Both => {
                T::push(&mut literal, '\\');
                T::push(&mut literal, escape);
                plain = false;
            }
            Part::Group(group) => {
                if !plain {
                    pieces.push(Piece::Literal(std::mem::replace(&mut literal, T::empty())));
                    plain = true;
                }
                pieces.push(Piece::Group(group));
            }
        }
    }
    if !plain {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

enum Part {
    Character(char),
    Group(usize),
    /// The escape has no meaning: backslash and character stand for themselves.
    Both,
}

fn octal_character(digits: &str) -> char {
    let code = u32::from_str_radix(digits, 8).unwrap_or(0) & 0xff;
    char::from_u32(code).unwrap_or('\0')
}

fn reference_or_character(
    source: &mut Tokenizer,
    escape: char,
    groups: usize,
    names: &[(String, usize)],
) -> Result<Part, Error> {
    let is_octal = |character: char| matches!(character, '0'..='7');
    Ok(match escape {
        'g' => named(source, groups, names)?,
        '0' => Part::Character(octal_character(&source.get_while(2, is_octal)?)),
        '1'..='9' => {
            let mut text = escape.to_string();
            if let Some(second) = source.next_if(|character| character.is_ascii_digit())? {
                text.push(second);
                if is_octal(escape)
                    && is_octal(second)
                    && let Some(third) = source.next_if(is_octal)?
                {
                    text.push(third);
                    if u32::from_str_radix(&text, 8).is_ok_and(|code| code > 0o377) {
                        let message = format!("octal escape value \\{text} outside of range 0-0o377");
                        return Err(source.error(&message, 4));
                    }
                    return Ok(Part::Character(octal_character(&text)));
                }
            }
            let group: usize = text.parse().unwrap_or(usize::MAX);
            if group > groups {
                return Err(source.error(&format!("invalid group reference {group}"), text.len()));
            }
            Part::Group(group)
        }
        'a' => Part::Character('\u{7}'),
        'b' => Part::Character('\u{8}'),
        'f' => Part::Character('\u{c}'),
        'n' => Part::Character('\n'),
        'r' => Part::Character('\r'),
        't' => Part::Character('\t'),
        'v' => Part::Character('\u{b}'),
        '\\' => Part::Character('\\'),
        _ if escape.is_ascii_alphabetic() => return Err(source.error(&format!("bad escape \\{escape}"), 2)),
        _ => Part::Both,
    })
}

fn named(source: &mut Tokenizer, groups: usize, names: &[(String, usize)]) -> Result<Part, Error> {
    if !source.take('<')? {
        return Err(source.error("missing <", 0));
    }
    let name = source.get_until('>', "group name")?;
    let back = name.chars().count() + 1;
    let group = if is_identifier(&name) {
        match names.iter().find(|(known, _)| *known == name) {
            Some((_, group)) => *group,
            None => return Err(Error::Group(format!("unknown group name {}", repr(&name)))),
        }
    } else {
        name.trim()
            .trim_start_matches('+')
            .parse()
            .map_err(|_| source.error(&format!("bad character in group name {}", repr(&name)), back))?
    };
    if group > groups {
        return Err(source.error(&format!("invalid group reference {group}"), back));
    }
    Ok(Part::Group(group))
}
