//! Background jobs (`async`): a module that outlives the connection.
//!
//! The helper starts itself once more, in a session of its own, and hands it the call. That process notes in the job's
//! file that it began, runs the module, and writes the result there, as Ansible's own jobs do, so that `async_status`
//! of either reads either. Nothing else of it is seen.

use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use modules::{Cancellation, NoLink, registry::Table, support::job_file};
use protocol::{Invocation, Outcome, frame, invocation::Job};

use crate::complain;

/// The argument that makes the program a job.
pub const WORD: &str = "job";

/// Starts a job and answers as Ansible does: it has started.
#[must_use]
pub fn start(invocation: &Invocation, job: &Job) -> Outcome {
    let path = path_of(job);
    match launch(invocation) {
        Ok(()) => Outcome::changed(true)
            .with("started", true)
            .with("finished", false)
            .with("ansible_job_id", job.id.as_str())
            .with("results_file", path.to_string_lossy().into_owned()),
        Err(reason) => Outcome::failure(format!("the job could not be started: {reason}")),
    }
}

fn path_of(job: &Job) -> PathBuf {
    let environment = std::env::vars().collect();
    PathBuf::from(modules::support::paths::expand(&job.folder, &environment)).join(&job.id)
}

fn launch(invocation: &Invocation) -> Result<(), String> {
    let bytes = frame::encode(invocation).map_err(|error| error.to_string())?;
    let mut child = Command::new("/proc/self/exe")
        .arg(WORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut said = String::new();
    let talked = child
        .stdin
        .take()
        .map_or(Ok(()), |mut input| input.write_all(&bytes))
        .and_then(|()| child.stdout.take().map_or(Ok(0), |mut output| output.read_to_string(&mut said)));
    // Reap it when it ends, if this helper is still there then.
    thread::spawn(move || child.wait());
    match talked {
        Ok(_) if said == "started" => Ok(()),
        Ok(_) => Err(said),
        Err(error) => Err(error.to_string()),
    }
}

/// The job's process: reads its call, leaves the helper's session, runs to its end.
#[must_use]
pub fn run_stdin(modules: Table) -> ExitCode {
    let mut bytes = Vec::new();
    let read = std::io::stdin().read_to_end(&mut bytes);
    let invocation = read.ok().and_then(|_| frame::decode::<Invocation>(bytes.get(4..)?).ok());
    let Some((invocation, job)) = invocation.and_then(|i| i.job.clone().map(|job| (i, job))) else {
        complain("no job was handed over");
        return ExitCode::FAILURE;
    };
    let _ = rustix::process::setsid();
    // As Ansible's jobs, whatever the login's umask.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let path = path_of(&job);
    let began = job_file::Record::Started { id: &job.id };
    let prepared = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| job_file::write(&path, began));
    if let Err(error) = prepared {
        say(&format!("{}: {error}", path.display()));
        return ExitCode::FAILURE;
    }
    say("started");
    leave_pipes();

    let cancel = Cancellation::default();
    if job.limit_seconds > 0 {
        let (cancel, path) = (cancel.clone(), path.clone());
        let limit = Duration::from_secs(job.limit_seconds);
        thread::spawn(move || {
            thread::sleep(limit);
            cancel.cancel();
            cancel.kill();
            cancel.remove_temporaries();
            let _ = job_file::write(&path, job_file::Record::TimedOut { child: std::process::id() });
            std::process::exit(1);
        });
    }
    let outcome = modules.run(&invocation, Arc::new(NoLink), cancel);
    let arguments = modules.module_args(&invocation, &outcome);
    match job_file::write(&path, job_file::Record::Finished { outcome: &outcome, arguments }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn say(text: &str) {
    let mut output = std::io::stdout();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

/// Lets go of the pipes to the helper, which waits for their end.
fn leave_pipes() {
    if let Ok(null) = fs::OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
}
