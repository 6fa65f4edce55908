//! `date_time`: the host's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use tz::{DateTime, TimeZone};

use super::gathering::{Gathering, map};
use crate::prelude::*;

/// `date_time`: the host's clock.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let zone = match gathering.ctx.variable("TZ") {
        Some("") => Ok(TimeZone::utc()),
        Some(name) => TimeZone::from_posix_tz(name),
        None => TimeZone::local(),
    };
    let zone = zone.unwrap_or_else(|_| TimeZone::utc());
    let seconds = i64::try_from(since.as_secs()).unwrap_or(0);
    if let Some(facts) = facts(seconds, since.subsec_micros(), &zone) {
        gathering.set("date_time", facts);
    }
}

fn facts(seconds: i64, micros: u32, zone: &TimeZone) -> Option<Map> {
    const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    let now = DateTime::from_timespec(seconds, 0, zone.as_ref()).ok()?;
    let utc = DateTime::from_timespec(seconds, 0, TimeZone::utc().as_ref()).ok()?;
    let date = |time: &DateTime| format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.month_day());
    let clock = |time: &DateTime| format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    let local = now.local_time_type();
    let offset = local.ut_offset();
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    let name = local.time_zone_designation().to_owned();
    let weekday = now.week_day();
    // Weeks start on Monday; the days before the first one are week 0.
    let week = (u32::from(now.year_day()) + 7 - (u32::from(weekday) + 6) % 7) / 7;
    let compact = format!("{}T{}", date(&now), clock(&now)).replace(['-', ':'], "");
    Some(map([
        ("year", now.year().to_string().into()),
        ("month", format!("{:02}", now.month()).into()),
        ("weekday", DAYS.get(usize::from(weekday)).copied().unwrap_or_default().into()),
        ("weekday_number", weekday.to_string().into()),
        ("weeknumber", format!("{week:02}").into()),
        ("day", format!("{:02}", now.month_day()).into()),
        ("hour", format!("{:02}", now.hour()).into()),
        ("minute", format!("{:02}", now.minute()).into()),
        ("second", format!("{:02}", now.second()).into()),
        ("epoch", seconds.to_string().into()),
        ("epoch_int", seconds.to_string().into()),
        ("date", date(&now).into()),
        ("time", clock(&now).into()),
        ("iso8601_micro", format!("{}T{}.{micros:06}Z", date(&utc), clock(&utc)).into()),
        ("iso8601", format!("{}T{}Z", date(&utc), clock(&utc)).into()),
        ("iso8601_basic", format!("{compact}{micros:06}").into()),
        ("iso8601_basic_short", compact.into()),
        ("tz", name.into()),
        ("tz_dst", summer_name(seconds, zone)?.into()),
        ("tz_offset", format!("{sign}{:02}{:02}", minutes / 60, minutes % 60).into()),
    ]))
}

/// The name of the zone's summer time, or of its only time, as Python's `time.tzname` has it: of the times at the turn
/// of the year and half a year later, the one that is farther east.
fn summer_name(seconds: i64, zone: &TimeZone) -> Option<String> {
    const YEAR: i64 = (365 * 24 + 6) * 3600;
    let turn = seconds / YEAR * YEAR;
    let winter = zone.find_local_time_type(turn).ok()?;
    let summer = zone.find_local_time_type(turn + YEAR / 2).ok()?;
    let name = if winter.ut_offset() > summer.ut_offset() { winter } else { summer };
    Some(name.time_zone_designation().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_all_forms() {
        let facts = facts(1_795_470_226, 443_692, &TimeZone::utc()).unwrap();
        assert_eq!(facts["iso8601_micro"], Data::from("2026-11-23T21:43:46.443692Z"));
        assert_eq!(facts["iso8601_basic"], Data::from("20261123T214346443692"));
        assert_eq!(facts["weekday"], Data::from("Monday"));
        assert_eq!(facts["weeknumber"], Data::from("47"));
        assert_eq!(facts["tz_offset"], Data::from("+0000"));
    }

    #[test]
    fn summer_time_has_its_name_all_the_year() {
        let zone = TimeZone::from_posix_tz("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let facts = facts(1_795_470_226, 0, &zone).unwrap();
        assert_eq!((&facts["tz"], &facts["tz_dst"]), (&Data::from("CET"), &Data::from("CEST")));
        let south = TimeZone::from_posix_tz("AEST-10AEDT,M10.1.0,M4.1.0/3").unwrap();
        assert_eq!(summer_name(1_795_470_226, &south).as_deref(), Some("AEDT"));
    }
}
