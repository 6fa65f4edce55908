//! Sets: `[a-z]`.

use super::{Node, OCTAL, Parser};
use crate::{
    charset::{Category, Item},
    error::Error,
    tokenizer::Token,
};

impl Parser {
    pub(super) fn set(&mut self) -> Result<Node, Error> {
        let here = self.source.tell() - 1;
        let negate = self.source.take('^')?;
        let mut items: Vec<Item> = Vec::new();
        loop {
            let this = self.set_token(here)?;
            if this == Token::Char(']') && !items.is_empty() {
                break;
            }
            let item = self.set_item(this)?;
            if !self.source.take('-')? {
                items.push(item);
                continue;
            }
            let that = self.set_token(here)?;
            if that == Token::Char(']') {
                items.push(item);
                items.push(Item::Char(u32::from('-')));
                break;
            }
            // Python measures what it read before the escape was completed.
            let (this, that_text) = (this.text(), that.text());
            let end = self.set_item(that)?;
            match (item, end) {
                (Item::Char(low), Item::Char(high)) if low <= high => items.push(Item::Range(low, high)),
                _ => {
                    let back = this.chars().count() + 1 + that_text.chars().count();
                    return Err(self.source.error(&format!("bad character range {this}-{that_text}"), back));
                }
            }
        }
        let mut unique: Vec<Item> = Vec::with_capacity(items.len());
        for item in items {
            if !unique.contains(&item) {
                unique.push(item);
            }
        }
        match unique.as_slice() {
            [Item::Char(code)] if !negate => Ok(Node::Literal(*code)),
            _ => Ok(Node::Set { negate, items: unique }),
        }
    }

    fn set_token(&mut self, here: usize) -> Result<Token, Error> {
        match self.source.get()? {
            Some(token) => Ok(token),
            None => Err(self.source.error("unterminated character set", self.source.tell() - here)),
        }
    }

    fn set_item(&mut self, token: Token) -> Result<Item, Error> {
        let escape = match token {
            Token::Char(character) => return Ok(Item::Char(u32::from(character))),
            Token::Escape(escape) => escape,
        };
        if let Some(category) = Category::of(escape) {
            return Ok(Item::Category(category));
        }
        if escape == 'b' {
            return Ok(Item::Char(8));
        }
        if let Some(code) = self.common_escape(escape)? {
            return Ok(Item::Char(code));
        }
        if OCTAL(escape) {
            let rest = self.source.get_while(2, OCTAL)?;
            return self.octal(&format!("{escape}{rest}")).map(Item::Char);
        }
        if escape.is_ascii_digit() {
            return Err(self.source.error(&format!("bad escape \\{escape}"), 2));
        }
        self.plain_escape(escape).map(Item::Char)
    }
}
