//! Python's `strftime` in the C locale.

use yaml::DateTime;

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A date and time in a format (`%Y-%m-%d`); what is no directive stays as it is.
#[must_use]
pub fn strftime(format: &str, time: &DateTime) -> String {
    let mut out = String::with_capacity(format.len() + 16);
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        match characters.next() {
            None => out.push('%'),
            // GNU's `-` takes the padding away.
            Some('-') => match characters.next() {
                Some(directive) => {
                    let mut text = String::new();
                    push(&mut text, directive, time);
                    let trimmed = text.trim_start_matches(['0', ' ']);
                    out.push_str(if trimmed.is_empty() { "0" } else { trimmed });
                }
                None => out.push_str("%-"),
            },
            Some(directive) => push(&mut out, directive, time),
        }
    }
    out
}

fn push(out: &mut String, directive: char, time: &DateTime) {
    let date = time.date;
    let weekday = weekday(time);
    let hour12 = if time.hour.is_multiple_of(12) { 12 } else { time.hour % 12 };
    let name = |names: &[&'static str], index: usize| names.get(index).copied().unwrap_or_default();
    let short = |text: &'static str| text.get(..3).unwrap_or(text);
    let month = name(&MONTHS, usize::from(date.month) - 1);
    let text = match directive {
        'Y' => date.year.to_string(),
        'm' => format!("{:02}", date.month),
        'd' => format!("{:02}", date.day),
        'H' => format!("{:02}", time.hour),
        'M' => format!("{:02}", time.minute),
        'S' => format!("{:02}", time.second),
        'f' => format!("{:06}", time.microsecond),
        'y' => format!("{:02}", date.year % 100),
        'C' => format!("{:02}", date.year / 100),
        'e' => format!("{:2}", date.day),
        'I' => format!("{hour12:02}"),
        'l' => format!("{hour12:2}"),
        'k' => format!("{:2}", time.hour),
        'p' => (if time.hour < 12 { "AM" } else { "PM" }).to_owned(),
        'P' => (if time.hour < 12 { "am" } else { "pm" }).to_owned(),
        'j' => format!("{:03}", day_of_year(time)),
        'a' => short(name(&DAYS, weekday)).to_owned(),
        'A' => name(&DAYS, weekday).to_owned(),
        'b' | 'h' => short(month).to_owned(),
        'B' => month.to_owned(),
        'w' => weekday.to_string(),
        'u' => (if weekday == 0 { 7 } else { weekday }).to_string(),
        'U' => format!("{:02}", (day_of_year(time) + 6 - weekday as i64) / 7),
        'W' => format!("{:02}", (day_of_year(time) + 6 - (weekday as i64 + 6) % 7) / 7),
        'G' => iso_week(time).0.to_string(),
        'V' => format!("{:02}", iso_week(time).1),
        'z' => offset(time, ""),
        'Z' => match time.offset_minutes {
            None => String::new(),
            Some(0) => "UTC".to_owned(),
            Some(_) => format!("UTC{}", offset(time, ":")),
        },
        's' => timestamp(time).to_string(),
        'F' => date.to_string(),
        'T' | 'X' => format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second),
        'R' => format!("{:02}:{:02}", time.hour, time.minute),
        'r' => strftime("%I:%M:%S %p", time),
        'D' | 'x' => strftime("%m/%d/%y", time),
        'c' => strftime("%a %b %e %H:%M:%S %Y", time),
        'n' => "\n".to_owned(),
        't' => "\t".to_owned(),
        '%' => "%".to_owned(),
        other => format!("%{other}"),
    };
    out.push_str(&text);
}

fn offset(time: &DateTime, separator: &str) -> String {
    time.offset_minutes.map_or_else(String::new, |offset| {
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.unsigned_abs();
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    })
}

/// Days since 1970-01-01 (Howard Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn day_number(time: &DateTime) -> i64 {
    days(i64::from(time.date.year), i64::from(time.date.month), i64::from(time.date.day))
}

/// Seconds since 1970-01-01 UTC; a naive time is taken as UTC.
pub(super) fn timestamp(time: &DateTime) -> i64 {
    let seconds = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second);
    day_number(time) * 86_400 + seconds - i64::from(time.offset_minutes.unwrap_or(0)) * 60
}

fn day_of_year(time: &DateTime) -> i64 {
    day_number(time) - days(i64::from(time.date.year), 1, 1) + 1
}

/// 0 is Sunday.
pub(super) fn weekday(time: &DateTime) -> usize {
    usize::try_from((day_number(time) + 4).rem_euclid(7)).unwrap_or(0)
}

/// ISO 8601's year and week.
fn iso_week(time: &DateTime) -> (i64, i64) {
    let monday_first = (weekday(time) as i64 + 6) % 7;
    let thursday = day_number(time) - monday_first + 3;
    let mut year = i64::from(time.date.year);
    if thursday < days(year, 1, 1) {
        year -= 1;
    } else if thursday >= days(year + 1, 1, 1) {
        year += 1;
    }
    (year, (thursday - days(year, 1, 1)) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use yaml::Date;

    use super::*;

    #[test]
    fn formats_are_pythons() {
        let time = DateTime::new(Date::new(2001, 12, 4).unwrap(), (21, 5, 3), 120_000, Some(-300)).unwrap();
        let all = "%Y %m %d %H %M %S %f %y %e %I %p %j %a %A %b %B %w %u %U %W %G %V %z %Z %D %F %T %c %% %-d %-H %Q";
        let wanted = "2001 12 04 21 05 03 120000 01  4 09 PM 338 Tue Tuesday Dec December 2 2 48 49 2001 49 -0500 UTC-05:00 12/04/01 \
                      2001-12-04 21:05:03 Tue Dec  4 21:05:03 2001 % 4 21 %Q";
        assert_eq!(strftime(all, &time), wanted);
        assert_eq!(strftime("%s", &time), "1007517903");
    }

    #[test]
    fn weeks_at_the_turn_of_the_year_belong_to_the_iso_year() {
        let time = |year, month, day| DateTime::new(Date::new(year, month, day).unwrap(), (0, 0, 0), 0, None).unwrap();
        assert_eq!(strftime("%G-%V", &time(2021, 1, 3)), "2020-53");
        assert_eq!(strftime("%G-%V", &time(2018, 12, 31)), "2019-01");
    }
}
