//! `wait_for_connection`: waits until the host can be worked on.
//!
//! Source: Ansible documentation, `ansible.builtin.wait_for_connection`.

use std::time::{Duration, Instant};

use jinja::Value;
use protocol::{Map, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Local, TargetError, module::check_names};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        check_names(context, &["connect_timeout", "delay", "sleep", "timeout"])?;
        let connect_timeout = seconds(context, "connect_timeout", 5)?;
        let delay = seconds(context, "delay", 0)?;
        let sleep = seconds(context, "sleep", 1)?;
        let timeout = seconds(context, "timeout", 600)?;
        if context.settings.check_mode {
            return Ok(Outcome { skipped: true, ..Outcome::default() }.into());
        }
        let start = Instant::now();
        if delay > 0 {
            tokio::time::sleep(Duration::from_secs(delay)).await;
        }
        let limit = start + Duration::from_secs(timeout);
        let mut last = String::new();
        let mut tries = 0;
        loop {
            if tries > 0 {
                context.target.reset().await;
            }
            tries += 1;
            let mut invocation = context.invocation("ping", Map::new());
            invocation.check_mode = false;
            let ping = context.target.call(invocation, None);
            match tokio::time::timeout(Duration::from_secs(connect_timeout.max(1) + 10), ping).await {
                Ok(Ok(outcome)) if !outcome.failed => {
                    let mut done = Outcome::changed(false);
                    done.set("elapsed", i64::try_from(start.elapsed().as_secs()).unwrap_or(i64::MAX));
                    return Ok(done.into());
                }
                Ok(Ok(outcome)) => last = outcome.msg.unwrap_or_default(),
                Ok(Err(TargetError::Unreachable(message) | TargetError::Failed(message))) => last = message,
                Err(_) => "no answer in time".clone_into(&mut last),
            }
            if Instant::now() >= limit {
                let mut failure = Outcome { failed: true, ..Outcome::default() };
                failure.msg = Some(format!("timed out waiting for ping module test: {last}"));
                failure.set("elapsed", i64::try_from(start.elapsed().as_secs()).unwrap_or(i64::MAX));
                return Ok(failure.into());
            }
            tokio::time::sleep(Duration::from_secs(sleep.max(1))).await;
        }
    })
}

fn seconds(context: &ActionContext<'_>, name: &str, default: u64) -> Result<u64, ActionError> {
    let Some(value) = context.arg(name) else { return Ok(default) };
    let parsed = match &value {
        Value::Str(text) => text.trim().parse::<u64>().ok(),
        other => other.as_int().and_then(|number| u64::try_from(number).ok()),
    };
    parsed.ok_or_else(|| {
        ActionError::failed(format!("{name} must be a number of seconds, not {}", value.repr().unwrap_or_default()))
    })
}
