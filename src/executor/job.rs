//! Jobs in the background that a task waits for (`async` with `poll` above 0).
//!
//! Source: Ansible documentation, "Asynchronous actions and polling".

use std::time::{Duration, Instant};

use protocol::{Data, Map};

use super::{result::TaskResult, result::result_map, run::Run, task::job_event};
use crate::{action::ActionContext, event::Event};

/// Asks for the job until it is finished or its time is over; the result becomes the job's.
pub(super) async fn wait(run: &Run, context: &ActionContext<'_>, result: &mut TaskResult) {
    let Some(Data::Str(id)) = result.values.get("ansible_job_id").cloned() else {
        result.values.clear();
        result.set("failed", true);
        result.set("msg", "No job id was returned by the async task");
        return;
    };
    let mut arguments = Map::new();
    arguments.insert("jid".to_owned(), Data::Str(id.clone()));
    arguments.insert("mode".to_owned(), Data::from("status"));
    arguments.insert("_async_dir".to_owned(), Data::from(context.settings.async_folder.as_str()));
    let limit = Instant::now() + Duration::from_secs(context.settings.async_seconds);
    let mut left = i64::try_from(context.settings.async_seconds).unwrap_or(i64::MAX);
    loop {
        tokio::time::sleep(Duration::from_secs(context.settings.poll_seconds)).await;
        left -= i64::try_from(context.settings.poll_seconds).unwrap_or(1);
        let mut invocation = context.invocation("async_status", arguments.clone());
        invocation.check_mode = false;
        let polled = match context.target.call(invocation, None).await {
            Ok(outcome) => result_map(outcome),
            Err(error) => {
                run.warn(format!("polling job {id}: {error}"));
                if Instant::now() >= limit {
                    break;
                }
                continue;
            }
        };
        let finished = polled.get("finished").is_some_and(super::result::truthy);
        if finished {
            result.values = polled;
            let failed = result.flag("failed") || result.values.get("rc").is_some_and(|rc| !matches!(rc, Data::Int(0)));
            clean_up(context, &id).await;
            job_event(result, run, failed);
            return;
        }
        let mut so_far = result.clone();
        so_far.values = polled;
        run.emit(&Event::JobPolled { result: Box::new(run.event_of(&so_far, None)) });
        if left <= 0 {
            break;
        }
    }
    clean_up(context, &id).await;
    result.values.clear();
    result.set("failed", true);
    result.set("msg", "async task did not complete within the requested time");
    result.set("ansible_job_id", id);
    job_event(result, run, true);
}

/// Removes the job's file.
async fn clean_up(context: &ActionContext<'_>, id: &str) {
    let mut arguments = Map::new();
    arguments.insert("jid".to_owned(), Data::from(id));
    arguments.insert("mode".to_owned(), Data::from("cleanup"));
    arguments.insert("_async_dir".to_owned(), Data::from(context.settings.async_folder.as_str()));
    let mut invocation = context.invocation("async_status", arguments);
    invocation.check_mode = false;
    // The file is all that is left of the job; that it stays does no harm.
    let _ = context.target.call(invocation, None).await;
}
