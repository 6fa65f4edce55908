//! Which styles a text allows.

use crate::source::is_break;

/// What a text allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Analysis {
    pub(super) multiline: bool,
    pub(super) flow_plain: bool,
    pub(super) block_plain: bool,
    pub(super) single_quoted: bool,
    pub(super) block: bool,
}

/// What libyaml prints as it is; unlike YAML's own rule nothing beyond the basic plane is.
pub(super) fn is_printable(character: char) -> bool {
    matches!(
        character,
        '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}'
    )
}

fn ends_word(character: Option<char>) -> bool {
    character.is_none_or(|character| matches!(character, ' ' | '\t') || is_break(character))
}

pub(super) fn analyze(text: &str, allow_unicode: bool) -> Analysis {
    if text.is_empty() {
        return Analysis { multiline: false, flow_plain: false, block_plain: true, single_quoted: true, block: false };
    }
    let marker = text.starts_with("---") || text.starts_with("...");
    let (mut block_indicators, mut flow_indicators) = (marker, marker);
    let (mut line_breaks, mut special) = (false, false);
    let (mut outer_blank, mut trailing_space) = (false, false);
    let (mut break_space, mut space_break) = (false, false);
    let (mut after_space, mut after_break, mut after_blank) = (false, false, true);
    let mut characters = text.chars().peekable();
    let mut first = true;
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        let before_blank = ends_word(next);
        match character {
            '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' if first => {
                (flow_indicators, block_indicators) = (true, true);
            }
            ',' | '[' | ']' | '{' | '}' => {
                flow_indicators = true;
                block_indicators |= first;
            }
            '?' => {
                flow_indicators = true;
                block_indicators |= first && before_blank;
            }
            ':' => {
                flow_indicators = true;
                block_indicators |= before_blank;
            }
            '-' if first && before_blank => (flow_indicators, block_indicators) = (true, true),
            '#' if after_blank => (flow_indicators, block_indicators) = (true, true),
            _ => {}
        }
        special |= !is_printable(character) || (!character.is_ascii() && !allow_unicode);
        let breaks = is_break(character);
        line_breaks |= breaks;
        if character == ' ' || breaks {
            outer_blank |= first || next.is_none();
        }
        if character == ' ' {
            trailing_space |= next.is_none();
            break_space |= after_break;
        } else if breaks {
            space_break |= after_space;
        }
        after_space = character == ' ';
        after_break = breaks;
        after_blank = ends_word(Some(character));
        first = false;
    }
    let plain = !(outer_blank || break_space || space_break || special || line_breaks);
    Analysis {
        multiline: line_breaks,
        flow_plain: plain && !flow_indicators,
        block_plain: plain && !block_indicators,
        single_quoted: !(break_space || space_break || special),
        block: !(trailing_space || space_break || special),
    }
}
