//! Shell patterns, as Python's `fnmatch` has them: `*`, `?`, `[abc]`, `[!a-c]`; case counts.

/// Whether the whole of a name is what a pattern says.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (tokens(pattern), name.chars().collect::<Vec<_>>());
    // Where the last `*` stands, and how much of the name it has taken: all the backtracking that is needed.
    let (mut at, mut seen, mut star) = (0, 0, None);
    while let Some(character) = name.get(seen) {
        match pattern.get(at) {
            Some(Token::Any) => {
                star = Some((at, seen));
                at += 1;
            }
            Some(token) if token.matches(*character) => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                at = place + 1;
                seen = taken + 1;
            }
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|token| matches!(token, Token::Any)))
}

enum Token {
    Any,
    One,
    Literal(char),
    Set { ranges: Vec<(char, char)>, negated: bool },
}

impl Token {
    fn matches(&self, character: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Literal(literal) => *literal == character,
            Self::Set { ranges, negated } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&character)) != *negated
            }
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = characters.get(at) {
        at += 1;
        tokens.push(match character {
            '*' => Token::Any,
            '?' => Token::One,
            '[' => match set(characters.get(at..).unwrap_or_default()) {
                Some((token, length)) => {
                    at += length;
                    token
                }
                // A bracket that is never closed stands for itself.
                None => Token::Literal('['),
            },
            other => Token::Literal(*other),
        });
    }
    tokens
}

/// What stands behind an opening bracket, and how long it is with the closing one.
fn set(characters: &[char]) -> Option<(Token, usize)> {
    let negated = characters.first() == Some(&'!');
    let start = usize::from(negated);
    // A closing bracket in the first place is an element.
    let end = start + 1 + characters.get(start + 1..)?.iter().position(|character| *character == ']')?;
    let mut inside = characters.get(start..end)?;
    let mut ranges = Vec::new();
    loop {
        match inside {
            [from, '-', to, rest @ ..] => {
                ranges.push((*from, *to));
                inside = rest;
            }
            [one, rest @ ..] => {
                ranges.push((*one, *one));
                inside = rest;
            }
            [] => return Some((Token::Set { ranges, negated }, end + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, want) in [
            ("web*", "web01", true),
            ("web*", "aweb", false),
            ("*.example.*", "a.example.com", true),
            ("w?b", "web", true),
            ("web[12]", "web2", true),
            ("web[!12]", "web2", false),
            ("web[0-3]x", "web2x", true),
            ("web[]a]", "web]", true),
            ("web[1", "web[1", true),
            ("*a*b*c", "xaxbxbc", true),
            ("WEB", "web", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} {name}");
        }
    }
}
