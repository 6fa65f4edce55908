//! The nearest known word to one that is not known.

/// The candidate nearest to `word`, if one is near enough to be what was meant: at most a third of the word's letters
/// differ (one at least), counted by [`distance`]. Case does not count. Of two that are as near, the first wins.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.to_lowercase();
    let limit = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be inserted, deleted, replaced or swapped with their neighbour to turn one word into the other
/// (the restricted Damerau-Levenshtein distance).
#[must_use]
pub fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    let mut last_letter = None;
    for (row, letter) in left.chars().enumerate() {
        let mut current = Vec::with_capacity(above.len());
        current.push(row + 1);
        let mut cost = row + 1;
        let mut diagonal = above.first().copied().unwrap_or(0);
        for (column, other) in right.iter().enumerate() {
            let up = above.get(column + 1).copied().unwrap_or(usize::MAX - 1);
            let mut best = (cost + 1).min(up + 1).min(diagonal + usize::from(letter != *other));
            let swapped = column > 0 && last_letter == Some(*other) && right.get(column - 1) == Some(&letter);
            if swapped && let Some(corner) = before.get(column - 1) {
                best = best.min(corner + 1);
            }
            current.push(best);
            cost = best;
            diagonal = up;
        }
        before = std::mem::replace(&mut above, current);
        last_letter = Some(letter);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    const KEYWORDS: &[&str] = &["become", "become_user", "register", "notify", "when", "with_items", "tags"];

    #[test]
    fn a_slip_of_the_keyboard_finds_the_keyword() {
        assert_eq!(nearest("regsiter", KEYWORDS.iter().copied()), Some("register"));
        assert_eq!(nearest("becom", KEYWORDS.iter().copied()), Some("become"));
        assert_eq!(nearest("Notify", KEYWORDS.iter().copied()), Some("notify"));
        assert_eq!(nearest("tag", KEYWORDS.iter().copied()), Some("tags"));
    }

    #[test]
    fn a_word_that_resembles_nothing_gets_no_suggestion() {
        assert_eq!(nearest("frobnicate", KEYWORDS.iter().copied()), None);
        assert_eq!(nearest("", ["ab"]), None);
    }

    #[test]
    fn swapped_neighbours_count_once() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("ca", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
