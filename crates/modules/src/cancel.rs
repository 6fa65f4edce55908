//! The end of a call before its time: a mark that long work looks at, and what must not outlive the call.
//!
//! A call's processes (each the leader of a group of its own) and temporary files are noted here. Cancelling marks the
//! call, sends SIGTERM to the groups and wakes what sleeps; SIGKILL follows from [`Cancellation::kill`].

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::module::Failure;

/// A call's mark; clones are the same mark.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    groups: Vec<Pid>,
    temporaries: Vec<PathBuf>,
}

impl Cancellation {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the call was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    /// Stops a module whose call was cancelled; long work asks often.
    ///
    /// # Errors
    ///
    /// [`Failure::cancelled`].
    pub fn check(&self) -> Result<(), Failure> {
        if self.is_cancelled() { Err(Failure::cancelled()) } else { Ok(()) }
    }

    /// Waits, unless the call is cancelled meanwhile.
    ///
    /// # Errors
    ///
    /// [`Failure::cancelled`].
    pub fn sleep(&self, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        let mut state = self.state();
        loop {
            if state.cancelled {
                return Err(Failure::cancelled());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            (state, _) = self.0.woken.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Cancels the call: SIGTERM to its processes.
    pub fn cancel(&self) {
        let mut state = self.state();
        state.cancelled = true;
        for group in &state.groups {
            let _ = kill_process_group(*group, Signal::TERM);
        }
        drop(state);
        self.0.woken.notify_all();
    }

    /// SIGKILL to what is left of the call's processes.
    pub fn kill(&self) {
        for group in &self.state().groups {
            let _ = kill_process_group(*group, Signal::KILL);
        }
    }

    /// Removes what is left of the call's temporary files.
    pub fn remove_temporaries(&self) {
        for path in self.state().temporaries.drain(..) {
            remove(&path);
        }
    }

    /// Whether processes or temporary files of the call are left.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let state = self.state();
        state.groups.is_empty() && state.temporaries.is_empty()
    }

    /// Notes a process group; it dies at once where the call is cancelled already.
    pub(crate) fn adopt(&self, group: Pid) {
        let mut state = self.state();
        if state.cancelled {
            let _ = kill_process_group(group, Signal::KILL);
        }
        state.groups.push(group);
    }

    /// Forgets a process group that has ended.
    pub(crate) fn release(&self, group: Pid) {
        self.state().groups.retain(|other| *other != group);
    }

    /// Makes a temporary file and notes it in one step, so that none is made after a sweep.
    ///
    /// # Errors
    ///
    /// What making it says; [`io::ErrorKind::Interrupted`] where the call is cancelled.
    pub(crate) fn note_temporary<T>(&self, make: impl FnOnce() -> io::Result<(T, PathBuf)>) -> io::Result<T> {
        let mut state = self.state();
        if state.cancelled {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "cancelled"));
        }
        let (made, path) = make()?;
        state.temporaries.push(path);
        Ok(made)
    }

    /// Forgets a temporary file that is gone or has become permanent.
    pub(crate) fn forget_temporary(&self, path: &Path) {
        self.state().temporaries.retain(|other| other != path);
    }
}

/// Removes a file or a folder with all that is in it.
fn remove(path: &Path) {
    if std::fs::remove_file(path).is_err() {
        let _ = std::fs::remove_dir_all(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelling_wakes_what_sleeps() {
        let mark = Cancellation::default();
        let sleeper = {
            let mark = mark.clone();
            std::thread::spawn(move || mark.sleep(Duration::from_secs(3600)))
        };
        mark.cancel();
        assert_eq!(sleeper.join().unwrap(), Err(Failure::cancelled()));
    }

    #[test]
    fn no_temporary_file_is_made_once_cancelled() {
        let mark = Cancellation::default();
        mark.cancel();
        assert!(mark.note_temporary(|| Ok(((), PathBuf::from("/x")))).is_err());
        assert!(mark.is_idle());
    }
}
