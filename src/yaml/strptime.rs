//! Python's `datetime.strptime` in the C locale.
//!
//! Source: <https://docs.python.org/3/library/datetime.html#strftime-and-strptime-format-codes>.

use pyregex::{Flags, Match, Regex};
use yaml::{Date, DateTime};

use super::strftime::{self, DAYS, MONTHS};

/// What a directive matches.
fn pattern(directive: char) -> Option<String> {
    let names = |names: &[&str], length: usize| {
        let names: Vec<&str> = names.iter().map(|name| name.get(..length.min(name.len())).unwrap_or(name)).collect();
        names.join("|")
    };
    Some(match directive {
        'd' => "3[01]|[12]\\d|0[1-9]|[1-9]| [1-9]".to_owned(),
        'f' => "[0-9]{1,6}".to_owned(),
        'H' => "2[0-3]|[01]\\d|\\d".to_owned(),
        'I' => "1[0-2]|0[1-9]|[1-9]".to_owned(),
        'G' | 'Y' => "\\d{4}".to_owned(),
        'j' => "36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]".to_owned(),
        'm' => "1[0-2]|0[1-9]|[1-9]".to_owned(),
        'M' => "[0-5]\\d|\\d".to_owned(),
        'S' => "6[01]|[0-5]\\d|\\d".to_owned(),
        'U' | 'W' => "5[0-3]|[0-4]\\d|\\d".to_owned(),
        'w' => "[0-6]".to_owned(),
        'u' => "[1-7]".to_owned(),
        'V' => "5[0-3]|0[1-9]|[1-4]\\d|\\d".to_owned(),
        'y' => "\\d\\d".to_owned(),
        'z' => "[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|(?-i:Z)".to_owned(),
        'A' => names(&DAYS, 20),
        'a' => names(&DAYS, 3),
        // The longest first.
        'B' => "september|february|november|december|january|october|august|march|april|june|july|may".to_owned(),
        'b' => names(&MONTHS, 3),
        'p' => "am|pm".to_owned(),
        'Z' => "utc|gmt".to_owned(),
        _ => return None,
    })
}

/// A format as a regular expression: a run of blanks matches any other, directives are groups of their names.
fn compile(format: &str) -> Result<Regex, String> {
    let mut out = String::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_whitespace() {
            while letters.next_if(|next| next.is_whitespace()).is_some() {}
            out.push_str("\\s+");
            continue;
        }
        if letter != '%' {
            out.push_str(&pyregex::escape(letter.encode_utf8(&mut [0; 4])));
            continue;
        }
        let bad = |directive: char| format!("'{directive}' is a bad directive in format '{format}'");
        match letters.next() {
            None => return Err(format!("stray % in format '{format}'")),
            Some('%') => out.push('%'),
            Some(whole @ ('c' | 'x' | 'X')) => out.push_str(&match whole {
                'c' => group("a b d H M S Y", "{a}\\s+{b}\\s+{d}\\s+{H}:{M}:{S}\\s+{Y}"),
                'x' => group("m d y", "{m}/{d}/{y}"),
                _ => group("H M S", "{H}:{M}:{S}"),
            }),
            Some(directive) if directive.is_whitespace() => return Err(bad('%')),
            Some(directive) => {
                let pattern = pattern(directive).ok_or_else(|| bad(directive))?;
                out.push_str(&format!("(?P<{directive}>{pattern})"));
            }
        }
    }
    Regex::new(&out, Flags::IGNORECASE).map_err(|error| error.to_string())
}

/// A template with the groups of directives in the place of their letters.
fn group(directives: &str, template: &str) -> String {
    directives.split(' ').fold(template.to_owned(), |text, letter| {
        let pattern = letter.chars().next().and_then(pattern).unwrap_or_default();
        text.replace(&format!("{{{letter}}}"), &format!("(?P<{letter}>{pattern})"))
    })
}

/// What was found, by directive.
struct Found<'r, 't> {
    regex: &'r Regex,
    found: Match<'t, str>,
}

impl Found<'_, '_> {
    fn text(&self, directive: &str) -> Option<&str> {
        self.found.group(self.regex.group_index(directive)?)
    }

    /// Digits may be of any script, as Python's `int` takes them.
    fn number(&self, directive: &str) -> Option<i64> {
        let text = self.text(directive)?;
        text.trim().chars().try_fold(0_i64, |number, digit| {
            let value = digit.to_digit(10).or_else(|| unicode_digit(digit))?;
            number.checked_mul(10)?.checked_add(value.into())
        })
    }

    fn named(&self, directive: &str, names: &[&str]) -> Option<i64> {
        let text = self.text(directive)?.to_lowercase();
        let at = names.iter().position(|name| name.to_lowercase().starts_with(&text))?;
        i64::try_from(at).ok()
    }
}

/// The value of a decimal digit of another script: they stand in runs of ten.
fn unicode_digit(digit: char) -> Option<u32> {
    let digits = Regex::new("\\d", Flags::NONE).ok()?;
    let is_digit = |code: u32| {
        char::from_u32(code).is_some_and(|letter| digits.is_match(letter.encode_utf8(&mut [0; 4])).unwrap_or(false))
    };
    let code = u32::from(digit);
    (0..10).find(|value| !is_digit(code.wrapping_sub(value + 1))).filter(|_| is_digit(code))
}

fn repr(text: &str) -> String {
    crate::python_repr::repr(&text.into())
}

/// Monday is 0.
fn weekday_of(days: i64) -> i64 {
    (days + 3).rem_euclid(7)
}

fn days_of(year: i64, month: i64, day: i64) -> i64 {
    strftime::days(year, month, day)
}

/// A date and time that stands in a text in a format.
///
/// # Errors
///
/// The text of Python's `ValueError`.
pub fn strptime(text: &str, format: &str) -> Result<DateTime, String> {
    let regex = compile(format)?;
    let found = regex.match_(text).map_err(|error| error.to_string())?;
    let Some(found) = found else {
        return Err(format!("time data {} does not match format {}", repr(text), repr(format)));
    };
    if let Some(rest) = text.get(found.end()..).filter(|rest| !rest.is_empty()) {
        return Err(format!("unconverted data remains: {rest}"));
    }
    let found = Found { regex: &regex, found };
    let date = date(&found)?;
    let hour = match (found.number("H"), found.number("I")) {
        (_, Some(hour)) => {
            let afternoon = found.text("p").is_some_and(|half| half.eq_ignore_ascii_case("pm"));
            hour % 12 + if afternoon { 12 } else { 0 }
        }
        (hour, None) => hour.unwrap_or(0),
    };
    let part = |number: i64| u8::try_from(number).unwrap_or(u8::MAX);
    let time = (part(hour), part(found.number("M").unwrap_or(0)), part(found.number("S").unwrap_or(0)));
    let fraction = found.text("f").and_then(|digits| format!("{digits:0<6}").parse().ok()).unwrap_or(0);
    DateTime::new(date, time, fraction, offset(&found)?)
}

fn date(found: &Found<'_, '_>) -> Result<Date, String> {
    let year = found.number("Y").or_else(|| found.number("y").map(|year| year + if year <= 68 { 2000 } else { 1900 }));
    let month = found
        .number("m")
        .or_else(|| found.named("B", &MONTHS).map(|at| at + 1))
        .or_else(|| found.named("b", &MONTHS).map(|at| at + 1))
        .unwrap_or(1);
    let day = found.number("d").unwrap_or(1);
    let weekday = found
        .named("A", &DAYS)
        .or_else(|| found.named("a", &DAYS))
        .or_else(|| found.number("w"))
        .map(|sunday_first| (sunday_first + 6) % 7)
        .or_else(|| found.number("u").map(|day| day - 1));
    let (iso_year, iso_week) = (found.number("G"), found.number("V"));
    let week = found.number("U").map(|week| (week, true)).or_else(|| found.number("W").map(|week| (week, false)));
    let of_year = found.number("j");
    if year.is_none() && iso_year.is_some() {
        if iso_week.is_none() || weekday.is_none() {
            return Err(
                "ISO year directive '%G' must be used with the ISO week directive '%V' and a weekday directive \
                        ('%A', '%a', '%w', or '%u')."
                    .to_owned(),
            );
        }
        if of_year.is_some() {
            return Err("Day of the year directive '%j' is not compatible with ISO year directive '%G'. Use '%Y' \
                        instead."
                .to_owned());
        }
    } else if week.is_none() && iso_week.is_some() {
        return Err(if weekday.is_none() {
            "ISO week directive '%V' must be used with the ISO year directive '%G' and a weekday directive ('%A', \
             '%a', '%w', or '%u')."
        } else {
            "ISO week directive '%V' is incompatible with the year directive '%Y'. Use the ISO year '%G' instead."
        }
        .to_owned());
    }
    let year_or_default = year.unwrap_or(1900);
    let new_year = days_of(year_or_default, 1, 1);
    let days = match (of_year, weekday, week, iso_year, iso_week) {
        (Some(of_year), ..) => new_year + of_year - 1,
        (None, Some(weekday), Some((week, from_sunday)), ..) => {
            let shift = i64::from(from_sunday);
            let (first, weekday) = ((weekday_of(new_year) + shift) % 7, (weekday + shift) % 7);
            if week == 0 { new_year + weekday - first } else { new_year + (7 - first) % 7 + 7 * (week - 1) + weekday }
        }
        (None, Some(weekday), None, Some(iso_year), Some(iso_week)) => {
            // The week of January the 4th is the first.
            let fourth = days_of(iso_year, 1, 4);
            fourth - weekday_of(fourth) + 7 * (iso_week - 1) + weekday
        }
        _ => return checked(year_or_default, month, day),
    };
    let (year, month, day) = strftime::civil(days);
    checked(year, month, day)
}

fn checked(year: i64, month: i64, day: i64) -> Result<Date, String> {
    let part = |number: i64| u8::try_from(number).unwrap_or(u8::MAX);
    let short = u16::try_from(year).map_err(|_| format!("year {year} is out of range"))?;
    Date::new(short, part(month), part(day))
}

/// Minutes east of Greenwich. (Seconds, which Python's offsets may have, are dropped.)
fn offset(found: &Found<'_, '_>) -> Result<Option<i16>, String> {
    let Some(text) = found.text("z") else { return Ok(None) };
    if text == "Z" {
        return Ok(Some(0));
    }
    let colons = text.get(3..4) == Some(":");
    let seconds = text.get(if colons { 6.. } else { 5.. }).unwrap_or_default();
    if colons && !seconds.is_empty() && !seconds.starts_with(':') {
        return Err(format!("Inconsistent use of : in {text}"));
    }
    if !colons && seconds.starts_with(':') {
        let digits: String = seconds.chars().take(2).collect();
        return Err(format!("invalid literal for int() with base 10: {}", repr(&digits)));
    }
    let digits: Vec<i16> = text.chars().filter_map(|letter| letter.to_digit(10)?.try_into().ok()).collect();
    let &[tens, hours, ten_minutes, minutes, ..] = digits.as_slice() else { return Ok(None) };
    let minutes = (tens * 10 + hours) * 60 + ten_minutes * 10 + minutes;
    if minutes >= 24 * 60 {
        let days = format!("days={}, seconds={}", minutes / 1440, i32::from(minutes % 1440) * 60);
        return Err(format!(
            "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not \
             datetime.timedelta({days})."
        ));
    }
    Ok(Some(if text.starts_with('-') { -minutes } else { minutes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, format: &str) -> String {
        strptime(text, format).map_or_else(|error| error, |time| time.repr().replace("datetime.datetime", ""))
    }

    #[test]
    fn directives_are_read_as_python_reads_them() {
        for (text, format, wanted) in [
            ("2021-3-4", "%Y-%m-%d", "(2021, 3, 4, 0, 0)"),
            ("111", "%d%m", "(1900, 1, 11, 0, 0)"),
            ("12 31 PM", "%I %M %p", "(1900, 1, 1, 12, 31)"),
            ("12 31 am", "%I %M %p", "(1900, 1, 1, 0, 31)"),
            ("70", "%y", "(1970, 1, 1, 0, 0)"),
            ("68", "%y", "(2068, 1, 1, 0, 0)"),
            ("2021 53 1", "%G %V %u", "(2022, 1, 3, 0, 0)"),
            ("2021 10 1", "%Y %U %w", "(2021, 3, 8, 0, 0)"),
            ("2021 10 1", "%Y %W %w", "(2021, 3, 8, 0, 0)"),
            ("2021 0 1", "%Y %U %w", "(2020, 12, 28, 0, 0)"),
            ("2021 366", "%Y %j", "(2022, 1, 1, 0, 0)"),
            ("1.5", "%S.%f", "(1900, 1, 1, 0, 0, 1, 500000)"),
            (
                "2020-01-01T00:00:00+0200",
                "%Y-%m-%dT%H:%M:%S%z",
                "(2020, 1, 1, 0, 0, tzinfo=datetime.timezone(datetime.timedelta(seconds=7200)))",
            ),
            ("2020-01-01T00:00:00Z", "%Y-%m-%dT%H:%M:%S%z", "(2020, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"),
            ("Tue Feb  3 04:05:06 2009", "%c", "(2009, 2, 3, 4, 5, 6)"),
            ("4/5/21 01:02:03", "%x %X", "(2021, 4, 5, 1, 2, 3)"),
            ("tue FEBRUARY 3", "%a %B %d", "(1900, 2, 3, 0, 0)"),
            ("5 10", "%u %U", "(1900, 3, 16, 0, 0)"),
            ("2021  01", "%Y %m", "(2021, 1, 1, 0, 0)"),
            ("a%b", "a%%b", "(1900, 1, 1, 0, 0)"),
            ("２０２１", "%Y", "(2021, 1, 1, 0, 0)"),
            ("UTC", "%Z", "(1900, 1, 1, 0, 0)"),
        ] {
            assert_eq!(read(text, format), wanted, "{text} {format}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_in_pythons_words() {
        for (text, format, wanted) in [
            ("2021-13-01", "%Y-%m-%d", "time data '2021-13-01' does not match format '%Y-%m-%d'"),
            ("2021-02-30", "%Y-%m-%d", "day is out of range for month"),
            ("2021-01-01 x", "%Y-%m-%d", "unconverted data remains:  x"),
            ("x", "%Q", "'Q' is a bad directive in format '%Q'"),
            ("x", "% Y", "'%' is a bad directive in format '% Y'"),
            ("x", "abc%", "stray % in format 'abc%'"),
            ("5:6:61", "%H:%M:%S", "second must be in 0..59"),
            ("02/29", "%m/%d", "day is out of range for month"),
            ("0000", "%Y", "year 0 is out of range"),
            ("+0230:15", "%z", "invalid literal for int() with base 10: ':1'"),
            ("CET", "%Z", "time data 'CET' does not match format '%Z'"),
            (
                "2021 53",
                "%G %V",
                "ISO year directive '%G' must be used with the ISO week directive '%V' and a weekday directive ('%A', \
                 '%a', '%w', or '%u').",
            ),
        ] {
            assert_eq!(read(text, format), wanted, "{text} {format}");
        }
    }
}
