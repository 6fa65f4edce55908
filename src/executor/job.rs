//! Jobs in the background that a task waits for (`async` with `poll` above 0).
//!
//! Source: Ansible documentation, "Asynchronous actions and polling".

use std::time::Duration;

use protocol::{Data, Map, arguments::python::truth};

use super::{
    result::{TaskResult, result_map},
    run::Run,
};
use crate::{
    action::{ActionContext, async_status},
    event::Event,
};

/// Asks for the job until it is finished or its time is over; the result becomes the job's. Returns whether what went
/// wrong is the job's own failure.
pub(super) async fn wait(run: &Run, context: &ActionContext<'_>, result: &mut TaskResult) -> bool {
    let Some(Data::Str(id)) = result.values.get("ansible_job_id").cloned() else {
        result.values.clear();
        result.set("failed", true);
        result.set("msg", "No job id was returned by the async task");
        return false;
    };
    let limit = context.settings.async_seconds;
    let mut left = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut polled = Map::new();
    while left > 0 {
        tokio::time::sleep(Duration::from_secs(context.settings.poll_seconds)).await;
        left -= i64::try_from(context.settings.poll_seconds).unwrap_or(1).max(1);
        match async_status::ask(context, &id, "status").await {
            Ok(answer) => polled = result_map(answer),
            // The connection may come back.
            Err(error) => {
                run.emit(&Event::Verbose {
                    level: 4,
                    host: Some(context.host.into()),
                    message: format!("Exception during async poll, retrying... ({error})"),
                });
                continue;
            }
        }
        if ["finished", "failed", "skipped"].iter().any(|key| polled.get(*key).is_some_and(truth)) {
            break;
        }
        let mut so_far = result.clone();
        so_far.values.clone_from(&polled);
        run.emit(&Event::JobPolled { result: Box::new(run.event_of(&so_far, None)) });
    }
    let finished = polled.get("finished").is_some_and(truth);
    if finished {
        // The file is all that is left of the job; that it stays does no harm.
        let _ = async_status::ask(context, &id, "cleanup").await;
        result.values = polled;
    } else {
        result.values.clear();
        result.set("failed", true);
        result.set("msg", format!("async task did not complete within the requested time - {limit}s"));
        result.set("async_result", Data::Map(polled));
    }
    let failed = result.flag("failed") || result.values.get("rc").is_some_and(|rc| !matches!(rc, Data::Int(0)));
    run.emit(&Event::JobEnded { result: Box::new(run.event_of(result, None)), failed });
    finished
}
