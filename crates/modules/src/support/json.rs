//! JSON as Python's `json.loads` reads it: integers of any size, `NaN` and `Infinity`, of a key that comes twice the last
//! value.
//!
//! Source: <https://docs.python.org/3/library/json.html>.

use protocol::{Data, Map};

/// Deeper than this is no JSON, as Python's recursion limit has it.
const DEPTH: usize = 900;

/// The value of a text; `None` where it is no JSON.
#[must_use]
pub fn loads(text: &str) -> Option<Data> {
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.blanks();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// Whether the text goes on with this, which is then read.
    fn take(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Data> {
        if depth > DEPTH {
            return None;
        }
        self.blanks();
        const WORDS: [(&str, Data); 6] = [
            ("null", Data::Null),
            ("true", Data::Bool(true)),
            ("false", Data::Bool(false)),
            ("NaN", Data::Float(f64::NAN)),
            ("Infinity", Data::Float(f64::INFINITY)),
            ("-Infinity", Data::Float(f64::NEG_INFINITY)),
        ];
        if let Some((_, value)) = WORDS.iter().find(|(word, _)| self.take(word)) {
            return Some(value.clone());
        }
        match self.rest.chars().next()? {
            '"' => self.text().map(Data::Str),
            '[' => self.list(depth),
            '{' => self.map(depth),
            _ => self.number(),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Data> {
        self.take("[");
        let mut items = Vec::new();
        self.blanks();
        if self.take("]") {
            return Some(Data::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.take("]") {
                return Some(Data::List(items));
            }
            self.take(",").then_some(())?;
        }
    }

    fn map(&mut self, depth: usize) -> Option<Data> {
        self.take("{");
        let mut map = Map::new();
        self.blanks();
        if self.take("}") {
            return Some(Data::Map(map));
        }
        loop {
            self.blanks();
            let key = self.text()?;
            self.blanks();
            self.take(":").then_some(())?;
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.blanks();
            if self.take("}") {
                return Some(Data::Map(map));
            }
            self.take(",").then_some(())?;
        }
    }

    fn number(&mut self) -> Option<Data> {
        let text = self.rest;
        let digits = |from: usize| {
            let rest = text.get(from..).unwrap_or_default();
            from + rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len()
        };
        let start = usize::from(text.starts_with('-'));
        // A zero at the front is the whole of an integer.
        let whole = if text.get(start..)?.starts_with('0') { start + 1 } else { digits(start) };
        if whole == start {
            return None;
        }
        let mut end = whole;
        if text.get(end..)?.starts_with('.') && digits(end + 1) > end + 1 {
            end = digits(end + 1);
        }
        if text.get(end..)?.starts_with(['e', 'E']) {
            let sign = usize::from(text.get(end + 1..)?.starts_with(['+', '-']));
            let exponent = digits(end + 1 + sign);
            if exponent > end + 1 + sign {
                end = exponent;
            }
        }
        let number = text.get(..end)?;
        self.rest = text.get(end..)?;
        if end > whole {
            return number.parse().ok().map(Data::Float);
        }
        Some(match number.parse() {
            Ok(value) => Data::Int(value),
            Err(_) => Data::BigInt(number.to_owned()),
        })
    }

    /// Text in quotes; control characters have to be escaped in it.
    fn text(&mut self) -> Option<String> {
        let inner = self.rest.strip_prefix('"')?;
        let mut end = None;
        let mut escaped = false;
        for (at, character) in inner.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    end = Some(at + 2);
                    break;
                }
                _ => {}
            }
        }
        let (quoted, rest) = self.rest.split_at_checked(end?)?;
        self.rest = rest;
        serde_json::from_str(quoted).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_takes_beyond_the_standard_is_taken() {
        assert!(matches!(loads("[NaN, -Infinity]"), Some(Data::List(items)) if items.len() == 2));
        assert_eq!(loads(" 12345678901234567890123 "), Some(Data::BigInt("12345678901234567890123".to_owned())));
        assert_eq!(loads("1e400"), Some(Data::Float(f64::INFINITY)));
        let Some(Data::Map(map)) = loads("{\"a\": 1, \"b\": [], \"a\": -2.5}") else { panic!("a map") };
        assert_eq!(map["a"], Data::Float(-2.5));
        assert_eq!(loads("\"\\u00fc\\n\""), Some(Data::from("ü\n")));
    }

    #[test]
    fn what_is_no_json_is_not_taken() {
        for text in
            ["", "{\"a\":1} more", "[1,]", "{a: 1}", "01", "'a'", "\"a\tb\"", "\"open", "tru", "-", "1.", "nullx"]
        {
            assert_eq!(loads(text), None, "{text}");
        }
        assert_eq!(loads(&"[".repeat(100_000)), None);
    }
}
