//! `update_cache` and `cache_valid_time`: the lists of packages are got anew.

use std::{
    fs,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::arguments::AptArgs;
use crate::{
    prelude::*,
    support::apt::update::{self, End, LISTS, Retries},
};

/// What hooks of apt touch after a successful update, where there are such hooks.
const STAMP: &str = "/var/lib/apt/periodic/update-success-stamp";
/// The pause before another try where another process has the lists.
const LOCKED: Duration = Duration::from_millis(250);

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refreshed {
    /// The lists are newer than before, or would be.
    pub(super) updated: bool,
    /// When they were got, in seconds since 1970; 0 where that is not known.
    pub(super) time: i64,
}

/// Gets the lists anew where the options say so and they are too old.
///
/// # Errors
///
/// They cannot be got, or another process has them until the time for locks is over.
pub(super) fn refresh(ctx: &mut Context, args: &AptArgs, started: Instant) -> Result<Refreshed, Failure> {
    let before = changed_at();
    let seconds = seconds_since_1970(before);
    let wanted = args.update_cache == Some(true) || args.cache_valid_time != 0;
    if !wanted || !is_too_old(before, args.cache_valid_time) {
        return Ok(Refreshed { updated: false, time: seconds });
    }
    if ctx.check_mode {
        return Ok(Refreshed { updated: true, time: seconds });
    }
    let patience = Duration::from_secs(u64::try_from(args.lock_timeout).unwrap_or(0));
    let retries = Retries {
        count: args.update_cache_retries,
        longest_pause: args.update_cache_retry_max_delay,
        failed: |number, reason| format!("Failed to update cache after {number} retries due to {reason}, retrying"),
        before: "refresh the cache again",
    };
    loop {
        match update::update(ctx, &retries)? {
            End::Done => break,
            End::Locked(_) if started.elapsed() < patience => ctx.sleep(LOCKED)?,
            End::Locked(said) | End::Denied(said) => {
                return Err(Failure::new(format!("Failed to lock apt for exclusive operation: {said}")));
            }
            End::Unreadable(said) => return Err(Failure::new(said)),
            End::GivenUp(reason) => {
                let reason = if reason.is_empty() { "unknown reason" } else { &reason };
                let count = retries.count;
                return Err(Failure::new(format!("Failed to update apt cache after {count} retries: {reason}")));
            }
        }
    }
    let after = changed_at();
    // To the full, not to the second: two updates may well fall into one.
    Ok(Refreshed { updated: after != before, time: seconds_since_1970(after) })
}

/// When the lists were got.
fn changed_at() -> Option<SystemTime> {
    let changed = |path: &str| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    changed(STAMP).or_else(|| changed(LISTS))
}

fn seconds_since_1970(time: Option<SystemTime>) -> i64 {
    let seconds = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|past| past.as_secs());
    seconds.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(0)
}

fn is_too_old(changed: Option<SystemTime>, valid: i64) -> bool {
    let changed = changed.unwrap_or(UNIX_EPOCH);
    let span = Duration::from_secs(valid.unsigned_abs());
    let until = if valid < 0 { changed.checked_sub(span) } else { changed.checked_add(span) };
    until.is_some_and(|until| until < SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_too_old_once_their_time_is_over() {
        let ago = |seconds| SystemTime::now().checked_sub(Duration::from_secs(seconds));
        assert!(is_too_old(ago(10), 5));
        assert!(!is_too_old(ago(10), 3600));
        assert!(!is_too_old(ago(10), i64::MAX));
        assert!(is_too_old(ago(0), 0));
        assert!(is_too_old(None, 3600));
    }
}
