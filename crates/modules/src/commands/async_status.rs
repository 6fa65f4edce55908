//! `async_status`: what has become of a background job.

use std::fs;

use crate::{
    module::os_error,
    prelude::*,
    support::{job_file, paths},
};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Mode {
    /// Remove the job's file.
    Cleanup,
    /// Tell the job's state and, once it ended, its result.
    Status,
}

/// Obtain status of an asynchronous task.
///
/// Gives the result of a task that was started with `async`, once it has finished.
#[derive(Debug, Arguments)]
pub struct AsyncStatusArgs {
    /// The job's id, as the task that started it returned it.
    #[arg(required)]
    jid: String,
    /// Tell the job's state, or remove its file.
    #[arg(default = "status")]
    mode: Mode,
    /// The folder of job files; set by the control node.
    #[arg(default = "~/.ansible_async")]
    _async_dir: PathArg,
}

/// The module.
pub struct AsyncStatus;

impl Module for AsyncStatus {
    type Args = AsyncStatusArgs;
    const NAME: &'static str = "async_status";
    const EXAMPLES: &'static str = "\
- name: Look whether a job has finished
  ansible.builtin.async_status:
    jid: '{{ sleeper.ansible_job_id }}'
  register: job
  until: job is finished
  retries: 30
";

    fn run(args: AsyncStatusArgs, _ctx: &mut Context) -> Result<Outcome, Failure> {
        let path = paths::join(&args._async_dir, &args.jid);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(_) => {
                return Err(Failure::new("could not find job")
                    .with("ansible_job_id", args.jid)
                    .with("started", true)
                    .with("finished", true));
            }
        };
        if args.mode == Mode::Cleanup {
            fs::remove_file(&path).map_err(|error| Failure::raised(&os_error(&error, Some(&path)), None))?;
            return Ok(Outcome::default().with("ansible_job_id", args.jid).with("erased", path));
        }
        let Ok(Data::Map(mut map)) = serde_json::from_str(&text).map(Data::from_json) else {
            return Ok(Outcome::default()
                .with("results_file", path)
                .with("ansible_job_id", args.jid)
                .with("started", true)
                .with("finished", false));
        };
        if !map.contains_key("started") {
            map.insert("finished".to_owned(), true.into());
            map.insert("ansible_job_id".to_owned(), args.jid.into());
        } else if !map.contains_key("finished") {
            map.insert("finished".to_owned(), false.into());
        }
        map.entry("started".to_owned()).or_insert(Data::Bool(true));
        map.entry("results_file".to_owned()).or_insert(Data::from(path));
        Ok(job_file::from_map(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    #[test]
    fn a_job_is_unknown_then_running_then_finished_then_gone() {
        let folder = tempfile::tempdir().unwrap();
        let ask = |mode: &str| run("async_status", json!({"jid": "j1", "_async_dir": folder.path(), "mode": mode}));
        assert_eq!(ask("status").msg.as_deref(), Some("could not find job"));

        let path = folder.path().join("j1");
        job_file::write(&path, job_file::Record::Started { id: "j1" }).unwrap();
        assert_eq!(ask("status").values["finished"], Data::Bool(false));

        let outcome = Outcome::changed(true).with("rc", 0);
        job_file::write(&path, job_file::Record::Finished { outcome: &outcome, arguments: Map::new() }).unwrap();
        let seen = ask("status");
        assert_eq!((seen.changed, &seen.values["finished"]), (Some(true), &Data::Bool(true)));
        assert_eq!(seen.values["ansible_job_id"], Data::from("j1"));

        assert!(ask("cleanup").values.contains_key("erased"));
        assert!(!path.exists());
    }
}
