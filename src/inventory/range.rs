//! Ranges in host names: `web[01:10]`, `db-[a:f:2]`.

use super::Fault;

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// How many names a pattern may stand for. A slip of the pen (`[1:10000000000]`) is to be an error and not the end of the
/// machine's memory.
const MOST_NAMES: usize = if cfg!(fuzzing) { 10_000 } else { 1_000_000 };
/// How many letters all names of a pattern may have together.
const MOST_LETTERS: usize = 256 * 1024 * 1024;
/// How many digits the numbers of a range may have.
const WIDEST: usize = 255;

/// All names that a pattern stands for, its first range outermost; the pattern alone if it has none.
///
/// # Errors
///
/// A range has no end, is the wrong way round, or is none; or there are too many names.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, Fault> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    while rest.contains('[') {
        let (head, range, tail) = split(rest)?;
        let values = values(range)?;
        let longest = head.len() + values.iter().map(String::len).max().unwrap_or(0);
        let begun = names.first().map_or(0, String::len) + longest;
        let count = names.len().saturating_mul(values.len());
        if count > MOST_NAMES || count.saturating_mul(begun + tail.len()) > MOST_LETTERS {
            return Err(too_many(pattern));
        }
        if let [value] = values.as_slice() {
            // In place: a pattern may have any number of those.
            names.iter_mut().for_each(|name| name.extend([head, value]));
        } else {
            let longer =
                |begun: &String| values.iter().map(|value| format!("{begun}{head}{value}")).collect::<Vec<_>>();
            names = names.iter().flat_map(longer).collect();
        }
        rest = tail;
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    Ok(names)
}

fn too_many(pattern: &str) -> Fault {
    Fault::new(format!("'{pattern}' stands for more than {MOST_NAMES} hosts, or for names that are too long"))
        .help("look for a slip in the numbers of its ranges")
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
    if width > WIDEST {
        return Err(Fault::new(format!("a number of a host range has more than {WIDEST} digits")));
    }
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
    let numbers = (from..=to).step_by(step);
    if numbers.clone().nth(MOST_NAMES).is_some() {
        return Err(too_many(&format!("[{range}]")));
    }
    Ok(numbers.map(|number| format!("{number:0width$}")).collect())
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
    fn a_range_beyond_all_reason_is_refused_and_takes_no_memory() {
        let letters = "[a:z]".repeat(40);
        let long = format!("{}[1:999999]", "x".repeat(4000));
        for pattern in ["web[0:999999999999]", "[1:2000]-[1:2000]", "[1:1000001]", &letters, &long] {
            let message = expand(pattern).unwrap_err().message;
            assert!(message.contains("stands for more than 1000000 hosts"), "{message}");
        }
        let wide = format!("[{}:{}]", "0".repeat(70_000), "9".repeat(70_000));
        assert_eq!(expand(&wide).unwrap_err().message, "a number of a host range has more than 255 digits");
        assert_eq!(expand(&"[a:a]".repeat(100_000)).unwrap(), ["a".repeat(100_000)]);
        assert_eq!(expand("[9223372036854775806:9223372036854775807]").unwrap().len(), 2);
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
