//! Escapes: characters by number, classes, references to groups.

use super::{At, DIGIT, HEX, Node, OCTAL, Parser};
use crate::{
    charset::{Category, Item},
    error::Error,
};

impl Parser {
    fn numeric_escape(&mut self, kind: char, digits: usize) -> Result<u32, Error> {
        let text = self.source.get_while(digits, HEX)?;
        let length = text.len() + 2;
        if text.len() != digits {
            return Err(self.source.error(&format!("incomplete escape \\{kind}{text}"), length));
        }
        let code = u32::from_str_radix(&text, 16).unwrap_or(u32::MAX);
        if code > 0x0010_ffff {
            return Err(self.source.error(&format!("bad escape \\{kind}{text}"), length));
        }
        Ok(code)
    }

    /// Escapes that mean a character, the same within a set and without; `None` where it is none of them.
    pub(super) fn common_escape(&mut self, escape: char) -> Result<Option<u32>, Error> {
        Ok(Some(match escape {
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '\\' => u32::from('\\'),
            'x' => self.numeric_escape('x', 2)?,
            'u' if self.is_text => self.numeric_escape('u', 4)?,
            'U' if self.is_text => self.numeric_escape('U', 8)?,
            'N' if self.is_text => {
                return Err(self.source.error("named characters (\\N{...}) are not supported", 2));
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn octal(&mut self, text: &str) -> Result<u32, Error> {
        let code = u32::from_str_radix(text, 8).unwrap_or(0);
        if code > 0o377 {
            let message = format!("octal escape value \\{text} outside of range 0-0o377");
            return Err(self.source.error(&message, text.len() + 1));
        }
        Ok(code)
    }

    pub(super) fn plain_escape(&mut self, escape: char) -> Result<u32, Error> {
        if escape.is_ascii_alphabetic() {
            return Err(self.source.error(&format!("bad escape \\{escape}"), 2));
        }
        Ok(u32::from(escape))
    }

    pub(super) fn escape(&mut self, escape: char) -> Result<Node, Error> {
        let at = match escape {
            'A' => At::BeginningOfString,
            'b' => At::Boundary,
            'B' => At::NonBoundary,
            'Z' => At::EndOfString,
            _ => {
                if let Some(category) = Category::of(escape) {
                    return Ok(Node::Set { negate: false, items: vec![Item::Category(category)] });
                }
                if let Some(code) = self.common_escape(escape)? {
                    return Ok(Node::Literal(code));
                }
                if escape == '0' {
                    let rest = self.source.get_while(2, OCTAL)?;
                    return Ok(Node::Literal(u32::from_str_radix(&format!("0{rest}"), 8).unwrap_or(0)));
                }
                if escape.is_ascii_digit() {
                    return self.octal_or_reference(escape);
                }
                return self.plain_escape(escape).map(Node::Literal);
            }
        };
        Ok(Node::At(at))
    }

    fn octal_or_reference(&mut self, first: char) -> Result<Node, Error> {
        let mut text = first.to_string();
        if let Some(second) = self.source.next_if(DIGIT)? {
            text.push(second);
            if OCTAL(first)
                && OCTAL(second)
                && let Some(third) = self.source.next_if(OCTAL)?
            {
                text.push(third);
                return self.octal(&text).map(Node::Literal);
            }
        }
        let group: usize = text.parse().unwrap_or(usize::MAX);
        if group < self.widths.len() {
            if !self.is_closed(group) {
                return Err(self.source.error("cannot refer to an open group", text.len() + 1));
            }
            self.check_lookbehind_group(group)?;
            return Ok(Node::BackReference(group));
        }
        Err(self.source.error(&format!("invalid group reference {group}"), text.len()))
    }

    pub(super) fn is_closed(&self, group: usize) -> bool {
        self.widths.get(group).is_some_and(Option::is_some)
    }

    pub(super) fn check_lookbehind_group(&self, group: usize) -> Result<(), Error> {
        if let Some(first) = self.lookbehind_groups {
            if !self.is_closed(group) {
                return Err(self.source.error("cannot refer to an open group", 0));
            }
            if group >= first {
                return Err(self.source.error("cannot refer to group defined in the same lookbehind subpattern", 0));
            }
        }
        Ok(())
    }
}
