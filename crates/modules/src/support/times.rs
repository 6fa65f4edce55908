//! Access and modification times: `now`, `preserve`, or a moment in a format of strptime(3).

use std::{
    fs,
    os::unix::fs::MetadataExt,
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
use tz::{DateTime, TimeZone};

use super::attributes::AttributeDiff;
use crate::{
    Context, Failure,
    module::{os_error, os_error_bytes},
};

/// A time that a file shall have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stamp {
    /// The one it has.
    Preserve,
    /// The time of the change.
    Now,
    /// Seconds since 1970.
    At(f64),
}

impl Stamp {
    /// Reads an option.
    ///
    /// # Errors
    ///
    /// Ansible's words where the text is no time of that format.
    pub fn parse(text: &str, format: &str, zone: Option<&str>) -> Result<Self, Failure> {
        match text {
            "preserve" => Ok(Self::Preserve),
            "now" => Ok(Self::Now),
            _ => local_moment(text, format, zone).map(Self::At).map_err(|reason| {
                Failure::new(format!("Error while obtaining timestamp for time {text} using format {format}: {reason}"))
            }),
        }
    }
}

/// Gives a path (or what it links to) its times; true where that was or would be a change.
///
/// # Errors
///
/// Ansible's words where the system refuses.
pub fn update(
    ctx: &Context,
    path: &str,
    modification: Stamp,
    access: Stamp,
    diff: Option<&mut AttributeDiff>,
) -> Result<bool, Failure> {
    let failed = |reason: String| {
        Failure::new(format!("Error while updating modification or access time: {reason}")).with("path", path)
    };
    if (modification, access) == (Stamp::Preserve, Stamp::Preserve) {
        return Ok(false);
    }
    let metadata = fs::metadata(path).map_err(|error| failed(os_error_bytes(&error, path)))?;
    let before_modification = float(metadata.mtime(), metadata.mtime_nsec());
    let before_access = float(metadata.atime(), metadata.atime_nsec());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let moment = |stamp, before| match stamp {
        Stamp::Preserve => before,
        Stamp::Now => now,
        Stamp::At(seconds) => seconds,
    };
    let after_modification = moment(modification, before_modification);
    let after_access = moment(access, before_access);
    if after_modification == before_modification && after_access == before_access {
        return Ok(false);
    }
    if !ctx.check_mode {
        // Setting both to now needs no ownership, so the kernel is told `now` and no number.
        let times = if (modification, access) == (Stamp::Now, Stamp::Now) {
            let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
            Timestamps { last_access: now, last_modification: now }
        } else {
            Timestamps { last_access: timespec(after_access), last_modification: timespec(after_modification) }
        };
        // Python's utime() does not name the path.
        utimensat(CWD, path, &times, AtFlags::empty()).map_err(|error| failed(os_error(&error.into(), None)))?;
    }
    if let Some(diff) = diff {
        if after_modification != before_modification {
            diff.set("mtime", before_modification, after_modification);
        }
        if after_access != before_access {
            diff.set("atime", before_access, after_access);
        }
    }
    Ok(true)
}

/// A time of a file as Python's floats have it (`st_mtime`), in seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "as Python's st_mtime")]
#[must_use]
pub fn float(seconds: i64, nanoseconds: i64) -> f64 {
    seconds as f64 + 1e-9 * nanoseconds as f64
}

#[expect(clippy::cast_possible_truncation, reason = "the fraction is below 1e9")]
fn timespec(seconds: f64) -> Timespec {
    let whole = seconds.floor();
    Timespec { tv_sec: whole as i64, tv_nsec: ((seconds - whole) * 1e9) as i64 }
}

/// Python's `mktime(strptime(text, format))`, with the directives for numbers.
fn local_moment(text: &str, format: &str, zone: Option<&str>) -> Result<f64, String> {
    let mismatch = || format!("time data '{text}' does not match format '{format}'");
    let mut fields = Fields { year: 1900, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    let mut rest = text;
    let mut directives = format.chars();
    while let Some(character) = directives.next() {
        if character != '%' {
            if character.is_whitespace() {
                rest = rest.trim_start();
            } else {
                rest = rest.strip_prefix(character).ok_or_else(mismatch)?;
            }
            continue;
        }
        let directive = directives.next().ok_or_else(|| format!("stray % in format '{format}'"))?;
        let width = match directive {
            'Y' => 4,
            'm' | 'd' | 'H' | 'M' | 'S' | 'y' => 2,
            'a' | 'A' | 'b' | 'B' => 0,
            '%' => {
                rest = rest.strip_prefix('%').ok_or_else(mismatch)?;
                continue;
            }
            other => return Err(format!("'{other}' is a directive that provision does not know in format '{format}'")),
        };
        if let Some((names, numbered)) = names_of(directive) {
            let found = names.iter().position(|name| starts_with(rest, name)).ok_or_else(mismatch)?;
            rest = names.get(found).and_then(|name| rest.get(name.len()..)).unwrap_or_default();
            if numbered {
                fields.month = u8::try_from(found).unwrap_or(0) + 1;
            }
            continue;
        }
        let digits = rest.bytes().take(width).take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let number: u16 = number.parse().map_err(|_| mismatch())?;
        rest = after;
        let small = u8::try_from(number).unwrap_or(u8::MAX);
        match directive {
            'Y' => fields.year = i32::from(number),
            'y' => fields.year = i32::from(number) + if number < 69 { 2000 } else { 1900 },
            'm' => fields.month = small,
            'd' => fields.day = small,
            'H' => fields.hour = small,
            'M' => fields.minute = small,
            _ => fields.second = small,
        }
    }
    if !rest.is_empty() {
        return Err(format!("unconverted data remains: {rest}"));
    }
    let zone = match zone {
        Some(name) if !name.is_empty() => TimeZone::from_posix_tz(name),
        _ => TimeZone::local(),
    };
    let zone = zone.unwrap_or_else(|_| TimeZone::utc());
    let Fields { year, month, day, hour, minute, second } = fields;
    let found = DateTime::find(year, month, day, hour, minute, second, 0, zone.as_ref()).map_err(|_| mismatch())?;
    let moment = found.unique().or_else(|| found.earliest()).ok_or_else(mismatch)?;
    #[expect(clippy::cast_precision_loss, reason = "as Python's mktime")]
    Ok(moment.unix_time() as f64)
}

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
const SHORT_MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const SHORT_DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The names that a directive stands for, and whether they are those of months.
fn names_of(directive: char) -> Option<(&'static [&'static str], bool)> {
    Some(match directive {
        'B' => (&MONTHS, true),
        'b' => (&SHORT_MONTHS, true),
        'A' => (&DAYS, false),
        'a' => (&SHORT_DAYS, false),
        _ => return None,
    })
}

fn starts_with(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

struct Fields {
    year: i32,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_hosts_zone() {
        assert_eq!(local_moment("202311142213.20", "%Y%m%d%H%M.%S", Some("UTC0")), Ok(1_700_000_000.0));
        assert_eq!(local_moment("2023-11-14 23:13", "%Y-%m-%d %H:%M", Some("XXX-1")), Ok(1_699_999_980.0));
        assert_eq!(local_moment("Tue 14 NOV 2023", "%a %d %b %Y", Some("UTC0")), Ok(1_699_920_000.0));
    }

    #[test]
    fn what_does_not_match_is_said_in_pythons_words() {
        assert_eq!(local_moment("x", "%Y", Some("UTC0")).unwrap_err(), "time data 'x' does not match format '%Y'");
    }
}
