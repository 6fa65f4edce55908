//! Python's `strftime` in the C locale.

use yaml::DateTime;

pub(super) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
pub(super) const MONTHS: [&str; 12] = [
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

/// What a time says of its zone, and of fractions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone<'a> {
    /// As Python's `datetime` has it: an offset or nothing, and microseconds (`%f`).
    OfTime,
    /// As Python's `time` has it: an offset in seconds, a name, and no fractions.
    Clock(i32, &'a str),
}

/// Where `%z`, `%f` and the like get what they print.
struct Moment<'a> {
    time: &'a DateTime,
    zone: Zone<'a>,
}

/// What stands between `%` and the letter: `%-d`, `%_H`, `%^a`, `%10Y`.
#[derive(Default)]
struct Flags {
    pad: Option<char>,
    upper: bool,
    swap: bool,
    width: usize,
}

/// A date and time in a format (`%Y-%m-%d`), with the flags of GNU's C library; what is no directive stays as it is.
#[must_use]
pub fn strftime(format: &str, time: &DateTime, zone: Zone<'_>) -> String {
    Moment { time, zone }.format(format)
}

impl Moment<'_> {
    fn format(&self, format: &str) -> String {
        let mut out = String::with_capacity(format.len() + 16);
        let mut rest = format;
        while let Some((text, after)) = rest.split_once('%') {
            out.push_str(text);
            rest = self.directive(after, &mut out);
        }
        out.push_str(rest);
        out
    }

    /// Prints the directive that a text starts with, the `%` being gone; returns what stands behind it.
    fn directive<'t>(&self, text: &'t str, out: &mut String) -> &'t str {
        let mut flags = Flags::default();
        let rest = text.trim_start_matches(|letter| {
            match letter {
                '_' | '-' | '0' => flags.pad = Some(letter),
                '^' => flags.upper = true,
                '#' => flags.swap = true,
                _ => return false,
            }
            true
        });
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (width, rest) = rest.split_at(digits);
        // A wider text than this is a mistake.
        flags.width = width.parse().map_or(0, |width: usize| width.min(10_000));
        let rest = rest.strip_prefix(['E', 'O']).unwrap_or(rest);
        let mut letters = rest.chars();
        let printed = letters.next().and_then(|letter| self.print(letter, &flags));
        match printed {
            Some(printed) => {
                out.push_str(&printed);
                letters.as_str()
            }
            // No directive: as it was written.
            None => {
                let written = text.len() - letters.as_str().len();
                let written = text.get(..written).unwrap_or(text);
                let blanks = flags.width.saturating_sub(written.chars().count() + 1);
                out.extend(std::iter::repeat_n(' ', blanks));
                out.push('%');
                out.push_str(written);
                letters.as_str()
            }
        }
    }

    fn print(&self, letter: char, flags: &Flags) -> Option<String> {
        let (time, date) = (self.time, self.time.date);
        let year = i64::from(date.year);
        let weekday = weekday(time);
        let hour12 = if time.hour.is_multiple_of(12) { 12 } else { time.hour % 12 };
        let named = |names: &[&'static str], index: usize| names.get(index).copied().unwrap_or_default();
        let short = |text: &'static str| text.get(..3).unwrap_or(text);
        let month = named(&MONTHS, usize::from(date.month) - 1);
        let number = |number: i64, digits: usize, pad: char| Some(flags.number(number, digits, pad));
        let word = |text: &str| Some(flags.word(text, text.to_uppercase()));
        match letter {
            'Y' => number(year, 1, '0'),
            'm' => number(date.month.into(), 2, '0'),
            'd' => number(date.day.into(), 2, '0'),
            'H' => number(time.hour.into(), 2, '0'),
            'M' => number(time.minute.into(), 2, '0'),
            'S' => number(time.second.into(), 2, '0'),
            'y' => number(year % 100, 2, '0'),
            'C' => number(year / 100, 1, '0'),
            'e' => number(date.day.into(), 2, '_'),
            'I' => number(hour12.into(), 2, '0'),
            'l' => number(hour12.into(), 2, '_'),
            'k' => number(time.hour.into(), 2, '_'),
            'j' => number(day_of_year(time), 3, '0'),
            'w' => number(weekday as i64, 1, '0'),
            'u' => number(if weekday == 0 { 7 } else { weekday as i64 }, 1, '0'),
            'U' => number((day_of_year(time) + 6 - weekday as i64) / 7, 2, '0'),
            'W' => number((day_of_year(time) + 6 - (weekday as i64 + 6) % 7) / 7, 2, '0'),
            'G' => number(iso_week(time).0, 1, '0'),
            'g' => number(iso_week(time).0.rem_euclid(100), 2, '0'),
            'V' => number(iso_week(time).1, 2, '0'),
            's' => number(self.timestamp(), 1, '_'),
            'p' => {
                let text = if time.hour < 12 { "AM" } else { "PM" };
                Some(flags.word(text, text.to_lowercase()))
            }
            'P' => word(if time.hour < 12 { "am" } else { "pm" }),
            'a' => word(short(named(&DAYS, weekday))),
            'A' => word(named(&DAYS, weekday)),
            'b' | 'h' => word(short(month)),
            'B' => word(month),
            'f' if self.zone == Zone::OfTime => Some(format!("{:06}", time.microsecond)),
            'z' => Some(self.offset(flags)),
            'Z' => {
                let name = self.zone_name();
                Some(flags.word(&name, name.to_lowercase()))
            }
            'F' => word(&self.format("%Y-%m-%d")),
            'T' | 'X' => word(&self.format("%H:%M:%S")),
            'R' => word(&self.format("%H:%M")),
            'r' => word(&self.format("%I:%M:%S %p")),
            'D' | 'x' => word(&self.format("%m/%d/%y")),
            'c' => word(&self.format("%a %b %e %H:%M:%S %Y")),
            'n' => word("\n"),
            't' => word("\t"),
            '%' => word("%"),
            _ => None,
        }
    }

    /// Seconds since 1970 in UTC; a time without a zone is one of this machine's.
    fn timestamp(&self) -> i64 {
        if self.zone == Zone::OfTime && self.time.offset_minutes.is_some() {
            return timestamp(self.time);
        }
        local_timestamp(self.time)
    }

    fn offset(&self, flags: &Flags) -> String {
        let seconds = match (self.zone, self.time.offset_minutes) {
            (Zone::OfTime, None) => return String::new(),
            (Zone::OfTime, Some(minutes)) => i32::from(minutes) * 60,
            (Zone::Clock(seconds, _), _) => seconds,
        };
        let sign = if seconds < 0 { "-" } else { "+" };
        let minutes = i64::from(seconds.unsigned_abs() / 60);
        // A width counts twice: for the sign, and for the number.
        let sign = Flags { pad: flags.pad, width: flags.width, ..Flags::default() }.word(sign, sign.to_owned());
        format!("{sign}{}", flags.number(minutes / 60 * 100 + minutes % 60, 4, '0'))
    }

    fn zone_name(&self) -> String {
        match (self.zone, self.time.offset_minutes) {
            (Zone::Clock(_, name), _) => name.to_owned(),
            (Zone::OfTime, None) => String::new(),
            (Zone::OfTime, Some(0)) => "UTC".to_owned(),
            (Zone::OfTime, Some(minutes)) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

impl Flags {
    fn number(&self, number: i64, digits: usize, pad: char) -> String {
        let width = digits.max(self.width);
        match self.pad.unwrap_or(pad) {
            '-' => number.to_string(),
            '_' => format!("{number:width$}"),
            _ => format!("{number:0width$}"),
        }
    }

    fn word(&self, text: &str, swapped: String) -> String {
        let text = match self {
            Self { swap: true, .. } => swapped,
            Self { upper: true, .. } => text.to_uppercase(),
            _ => text.to_owned(),
        };
        let blank = if self.pad == Some('0') { '0' } else { ' ' };
        let missing = if self.pad == Some('-') { 0 } else { self.width.saturating_sub(text.chars().count()) };
        std::iter::repeat_n(blank, missing).chain(text.chars()).collect()
    }
}

/// Seconds since 1970 in UTC of a time in this machine's zone.
pub(super) fn local_timestamp(time: &DateTime) -> i64 {
    let date = time.date;
    let civil = jiff::civil::DateTime::new(
        i16::try_from(date.year).unwrap_or(i16::MAX),
        date.month.cast_signed(),
        date.day.cast_signed(),
        time.hour.cast_signed(),
        time.minute.cast_signed(),
        time.second.cast_signed(),
        0,
    );
    let zoned = civil.and_then(|civil| civil.to_zoned_datetime(jiff::tz::TimeZone::system()));
    zoned.map_or_else(|_| timestamp(time), |zoned| zoned.timestamp().as_second())
}

/// Days since 1970-01-01 (Howard Hinnant's `days_from_civil`).
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01 (Howard Hinnant's `civil_from_days`).
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
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
        assert_eq!(strftime(all, &time, Zone::OfTime), wanted);
        assert_eq!(strftime("%s", &time, Zone::OfTime), "1007517903");
        assert_eq!(strftime("%f %z %Z", &time, Zone::Clock(3600, "CET")), "%f +0100 CET");
    }

    #[test]
    fn flags_and_widths_are_those_of_gnus_library() {
        let time = DateTime::new(Date::new(999, 2, 3).unwrap(), (4, 5, 6), 0, None).unwrap();
        let clock = |format| strftime(format, &time, Zone::Clock(0, "GMT"));
        assert_eq!(
            clock("%-d|%_d|%05d|%5d|%^a|%#a|%#p|%#Z|%10A|%010A"),
            "3| 3|00003|00003|SUN|SUN|am|gmt|    Sunday|0000Sunday"
        );
        assert_eq!(clock("%-j|%_j|%EY|%Od|%e|%-e|%0e|%k|%_H|%3H|%C|%g"), "34| 34|999|03| 3|3|03| 4| 4|004|9|99");
        assert_eq!(
            clock("%10F|%^c|%10%|%8z|%_z|%-z"),
            " 999-02-03|SUN FEB  3 04:05:06 999|         %|       +00000000|+   0|+0"
        );
        assert_eq!(clock("%Ef|%Q|%+4Y|%:z|%|%5|%-|%^"), "%Ef|%Q|%+4Y|%:z|%|  %5|%-|%^");
        assert_eq!(clock("a%"), "a%");
        assert_eq!(clock("%5"), "   %5");
    }

    #[test]
    fn weeks_at_the_turn_of_the_year_belong_to_the_iso_year() {
        let time = |year, month, day| DateTime::new(Date::new(year, month, day).unwrap(), (0, 0, 0), 0, None).unwrap();
        assert_eq!(strftime("%G-%V", &time(2021, 1, 3), Zone::OfTime), "2020-53");
        assert_eq!(strftime("%G-%V", &time(2018, 12, 31), Zone::OfTime), "2019-01");
    }
}
