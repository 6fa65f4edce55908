//! Ranges in host names: `web[01:10]`, `db-[a:f:2]`.

use super::Fault;

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// All names that a pattern stands for, its first range outermost; the pattern alone if it has none.
///
/// # Errors
///
/// A range has no end, is the wrong way round, or is none.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, Fault> {
    if !pattern.contains('[') {
        return Ok(vec![pattern.to_owned()]);
    }
    let mut names = Vec::new();
    let (head, range, tail) = split(pattern)?;
    for value in values(range)? {
        names.extend(expand(&format!("{head}{value}{tail}"))?);
    }
    Ok(names)
}

fn split(pattern: &str) -> Result<(&str, &str, &str), Fault> {
    let whole = || {
        let (head, rest) = pattern.split_once('[')?;
        let (range, tail) = rest.split_once(']')?;
        (!head.contains([']', '|']) && !range.contains('|') && !tail.contains('|')).then_some((head, range, tail))
    };
    whole().ok_or_else(|| {
        Fault::new(format!("'{pattern}' has no complete range in brackets"))
            .help("write ranges as name[BEGIN:END] or name[BEGIN:END:STEP]")
            .python()
    })
}

fn values(range: &str) -> Result<Vec<String>, Fault> {
    let parts: Vec<_> = range.split(':').collect();
    let (begin, end, step) = match parts.as_slice() {
        [begin, end] => (*begin, *end, "1"),
        [begin, end, step] => (*begin, *end, *step),
        _ => {
            return Err(Fault::new("host range must be begin:end or begin:end:step")
                .help(format!("'[{range}]' is neither; a colon stands between begin and end")));
        }
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err(Fault::new("host range must specify end value"));
    }
    let width = if begin.starts_with('0') && begin.len() > 1 { begin.len() } else { 0 };
    if width > 0 && width != end.len() {
        return Err(Fault::new("host range must specify equal-length begin and end formats"));
    }
    if let (Some(from), Some(to)) = (LETTERS.find(begin), LETTERS.find(end)) {
        if from > to {
            return Err(Fault::new("host range must have begin <= end"));
        }
        if let Some(step) = step.parse::<usize>().ok().filter(|step| *step > 0) {
            let letters = LETTERS.get(from..=to).unwrap_or_default();
            return Ok(letters.chars().step_by(step).map(String::from).collect());
        }
    }
    let (from, to, step) = (integer(begin)?, integer(end)?, integer(step)?);
    let Ok(step @ 1..) = usize::try_from(step) else {
        return if step == 0 { Err(Fault::new("range() arg 3 must not be zero").python()) } else { Ok(Vec::new()) };
    };
    Ok((from..=to).step_by(step).map(|number| format!("{number:0width$}")).collect())
}

fn integer(text: &str) -> Result<i64, Fault> {
    text.parse().map_err(|_| Fault::new(format!("invalid literal for int() with base 10: '{text}'")).python())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_numbers_and_letters() {
        for (pattern, names) in [
            ("web", "web"),
            ("web[1:3]", "web1 web2 web3"),
            ("web[08:11].x", "web08.x web09.x web10.x web11.x"),
            ("web[:2]", "web0 web1 web2"),
            ("db[a:e:2]", "dba dbc dbe"),
            ("x[y:B]", "xy xz xA xB"),
            ("[1:2]-[a:b]", "1-a 1-b 2-a 2-b"),
            ("n[0:10:5]", "n0 n5 n10"),
        ] {
            assert_eq!(expand(pattern).unwrap().join(" "), names);
        }
        assert!(expand("web[5:1]").unwrap().is_empty());
    }

    #[test]
    fn broken_ranges_say_what_is_wrong() {
        for (pattern, message) in [
            ("web[1-5]", "host range must be begin:end or begin:end:step"),
            ("web[1:]", "host range must specify end value"),
            ("web[01:100]", "host range must specify equal-length begin and end formats"),
            ("web[c:a]", "host range must have begin <= end"),
            ("web[1:c]", "invalid literal for int() with base 10: 'c'"),
            ("web[1:5:0]", "range() arg 3 must not be zero"),
            ("web[1:5", "'web[1:5' has no complete range in brackets"),
        ] {
            assert_eq!(expand(pattern).unwrap_err().message, message, "{pattern}");
        }
    }
}
