//! `update_cache` and `cache_valid_time`: the lists of packages are got anew.

use std::{
    fs,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::{arguments::AptArgs, messages::Messages, tool};
use crate::prelude::*;

/// What hooks of apt touch after a successful update, where there are such hooks.
const STAMP: &str = "/var/lib/apt/periodic/update-success-stamp";
/// Where the lists are.
const LISTS: &str = "/var/lib/apt/lists";
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

/// One try.
enum Try {
    Done,
    /// Another process has the lists: what apt's library says about it.
    Locked(String),
    /// It may not be done at all: the same.
    Denied(String),
    Failed(String),
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
    loop {
        match update(ctx, args)? {
            None => break,
            Some(Try::Locked(_)) if started.elapsed() < patience => ctx.sleep(LOCKED)?,
            Some(Try::Locked(said) | Try::Denied(said)) => {
                return Err(Failure::new(format!("Failed to lock apt for exclusive operation: {said}")));
            }
            Some(Try::Done | Try::Failed(_)) => {}
        }
    }
    let time = seconds_since_1970(changed_at());
    Ok(Refreshed { updated: time != seconds, time })
}

/// Tries until it is done, with longer and longer pauses; `Some` where the lists are locked.
fn update(ctx: &mut Context, args: &AptArgs) -> Result<Option<Try>, Failure> {
    let mut messages = Messages::default();
    let mut said = String::new();
    let chance = chance();
    for retry in 0..args.update_cache_retries {
        match attempt(ctx, &mut messages)? {
            Try::Done => return Ok(None),
            Try::Failed(reason) => said = reason,
            locked => return Ok(Some(locked)),
        }
        ctx.warn(format!("Failed to update cache after {} retries due to {said}, retrying", retry + 1));
        let pause = pause(retry, args.update_cache_retry_max_delay, chance);
        ctx.sleep(Duration::try_from_secs_f64(pause).unwrap_or_default())?;
        let shown = pause.round_ties_even();
        ctx.warn(format!("Sleeping for {shown} seconds, before attempting to refresh the cache again"));
    }
    let retries = args.update_cache_retries;
    let reason = if said.is_empty() { "unknown reason" } else { &said };
    Err(Failure::new(format!("Failed to update apt cache after {retries} retries: {reason}")))
}

fn attempt(ctx: &Context, messages: &mut Messages) -> Result<Try, Failure> {
    // Remarks are shown on terminals alone, unless asked for.
    let output = tool::run(ctx, &[ctx.require_bin("apt-get")?.as_str(), "update", "-q=0"])?;
    if output.success() {
        return Ok(Try::Done);
    }
    let stderr = output.stderr_text();
    let lock = stderr.lines().filter_map(|line| line.strip_prefix("E: ")).find(|line| line.contains("/lists/lock"));
    Ok(match lock {
        Some(line) => {
            let said = format!("Failed to lock directory {LISTS}/: E:{line}");
            if line.starts_with("Could not get lock") { Try::Locked(said) } else { Try::Denied(said) }
        }
        None => {
            messages.add(&stderr);
            Try::Failed(messages.take())
        }
    })
}

/// The pause after the try of that number, in seconds: 1, 2, 4 ... up to the longest, and a bit by chance.
fn pause(retry: i64, longest: i64, chance: f64) -> f64 {
    let doubled = 2_f64.powi(i32::try_from(retry).unwrap_or(i32::MAX)) + chance;
    #[expect(clippy::cast_precision_loss, reason = "a number of seconds")]
    let longest = longest as f64;
    if doubled > longest { longest + chance } else { doubled }
}

/// A fraction by chance, so that hosts do not ask a mirror all at once.
fn chance() -> f64 {
    let mut bytes = [0; 2];
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    f64::from(u16::from_le_bytes(bytes) % 1000) / 1000.0
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
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<f64> = (0..6).map(|retry| pause(retry, 12, 0.5)).collect();
        assert_eq!(pauses, [1.5, 2.5, 4.5, 8.5, 12.5, 12.5]);
        assert_eq!(pause(0, 0, 0.25), 0.25);
        assert_eq!(pause(i64::MAX, 3, 0.0), 3.0);
    }

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
