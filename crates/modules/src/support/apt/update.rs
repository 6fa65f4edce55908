//! The lists of packages are got anew: `apt-get update`, as often as told.

use std::time::Duration;

use super::messages::Messages;
use crate::{Context, Failure};

/// Where the lists are.
pub const LISTS: &str = "/var/lib/apt/lists";

/// How often to try, and what to say of it.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    /// How often.
    pub count: i64,
    /// The longest pause between two tries, in seconds; pauses double up to it.
    pub longest_pause: i64,
    /// The warning after a try of that number that failed for that reason.
    pub failed: fn(i64, &str) -> String,
    /// What the pause is before: the end of its warning.
    pub before: &'static str,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The lists are there.
    Done,
    /// apt cannot read its sources: its own words.
    Unreadable(String),
    /// Another process has the lists: what apt's library says about it.
    Locked(String),
    /// This user may not get them: the same.
    Denied(String),
    /// No try was successful: why the last was not, and nothing where there was none.
    GivenUp(String),
}

/// Tries until it is done, with longer and longer pauses.
///
/// # Errors
///
/// There is no apt-get, or the call is cancelled.
pub fn update(ctx: &mut Context, retries: &Retries) -> Result<End, Failure> {
    let mut messages = Messages::default();
    let mut reason = String::new();
    let chance = chance();
    for retry in 0..retries.count {
        match attempt(ctx, &mut messages)? {
            End::GivenUp(said) => reason = said,
            end => return Ok(end),
        }
        ctx.warn((retries.failed)(retry + 1, &reason));
        let pause = pause(retry, retries.longest_pause, chance);
        ctx.sleep(Duration::try_from_secs_f64(pause).unwrap_or_default())?;
        let (shown, before) = (pause.round_ties_even(), retries.before);
        ctx.warn(format!("Sleeping for {shown} seconds, before attempting to {before}"));
    }
    Ok(End::GivenUp(reason))
}

/// One try.
fn attempt(ctx: &Context, messages: &mut Messages) -> Result<End, Failure> {
    // Remarks are shown on terminals alone, unless asked for.
    let output = super::run(ctx, &[ctx.require_bin("apt-get")?.as_str(), "update", "-q=0"])?;
    if output.success() {
        return Ok(End::Done);
    }
    let stderr = output.stderr_text();
    let lock = stderr.lines().filter_map(|line| line.strip_prefix("E: ")).find(|line| line.contains("/lists/lock"));
    if let Some(line) = lock {
        let said = format!("Failed to lock directory {LISTS}/: E:{line}");
        return Ok(if line.starts_with("Could not get lock") { End::Locked(said) } else { End::Denied(said) });
    }
    messages.add_update(&stderr);
    let said = messages.take();
    Ok(if said.contains("E:The list of sources could not be read.") {
        End::Unreadable(said)
    } else {
        End::GivenUp(said)
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
}
