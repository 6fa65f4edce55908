//! Flags in a pattern: `(?i)`, `(?s-i:...)`.

use super::Parser;
use crate::{error::Error, flags::Flags, tokenizer::Token};

impl Parser {
    /// `(?i)` gives `None` (global), `(?i-s:` the flags that are added and taken away.
    pub(super) fn inline_flags(&mut self, first: char) -> Result<Option<(Flags, Flags)>, Error> {
        let (mut add, mut del) = (Flags::NONE, Flags::NONE);
        let mut character = first;
        if character != '-' {
            loop {
                let flag = Flags::of(character).unwrap_or(Flags::NONE);
                if self.is_text && character == 'L' {
                    return Err(self.source.error("bad inline flags: cannot use 'L' flag with a str pattern", 0));
                }
                if !self.is_text && character == 'u' {
                    return Err(self.source.error("bad inline flags: cannot use 'u' flag with a bytes pattern", 0));
                }
                add |= flag;
                if flag.is_type() && add.types() != flag {
                    return Err(self.source.error("bad inline flags: flags 'a', 'u' and 'L' are incompatible", 0));
                }
                character = self.flag_character("missing -, : or )")?;
                if matches!(character, ')' | '-' | ':') {
                    break;
                }
                self.check_flag(character, "missing -, : or )")?;
            }
        }
        if character == ')' {
            self.flags |= add;
            return Ok(None);
        }
        if character == '-' {
            character = self.flag_character("missing flag")?;
            self.check_flag(character, "missing flag")?;
            loop {
                let flag = Flags::of(character).unwrap_or(Flags::NONE);
                if flag.is_type() {
                    return Err(self.source.error("bad inline flags: cannot turn off flags 'a', 'u' and 'L'", 0));
                }
                del |= flag;
                character = self.flag_character("missing :")?;
                if character == ':' {
                    break;
                }
                self.check_flag(character, "missing :")?;
            }
        }
        if add.intersects(del) {
            return Err(self.source.error("bad inline flags: flag turned on and off", 1));
        }
        Ok(Some((add, del)))
    }

    fn flag_character(&mut self, missing: &str) -> Result<char, Error> {
        match self.source.get()? {
            None => Err(self.source.error(missing, 0)),
            Some(Token::Char(character)) => Ok(character),
            Some(Token::Escape(_)) => Err(self.source.error(missing, 2)),
        }
    }

    fn check_flag(&self, character: char, missing: &str) -> Result<(), Error> {
        if Flags::of(character).is_some() || character == 't' {
            return Ok(());
        }
        Err(self.source.error(if character.is_alphabetic() { "unknown flag" } else { missing }, 1))
    }

    pub(super) fn fix_flags(&mut self) -> Result<(), Error> {
        if self.is_text {
            if !self.flags.contains(Flags::ASCII) {
                self.flags |= Flags::UNICODE;
            } else if self.flags.contains(Flags::UNICODE) {
                return Err(Error::bare("ASCII and UNICODE flags are incompatible"));
            }
        } else if self.flags.contains(Flags::LOCALE) && self.flags.contains(Flags::ASCII) {
            return Err(Error::bare("ASCII and LOCALE flags are incompatible"));
        }
        Ok(())
    }
}
