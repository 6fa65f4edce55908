//! What hears a run's events: the screen, and documents for other programs.
//!
//! - [`screen`]: the one writer through which all text goes, with Ansible's colours.
//! - [`default`], [`minimal`], [`oneline`]: Ansible's stdout callbacks of these names, to the letter.
//! - [`tree`]: each host's result in a file.
//! - [`json`]: `ansible.posix.json`; [`events`]: `--output json`.
//! - [`timer`], [`profile_tasks`], [`profile_roles`]: how long it took, as ansible.posix has it.
//! - [`mod@log`]: what `log_path` asks for.
//! - [`progress`]: the hosts in flight, on a terminal.
//! - [`options`]: what the operator can set about them.
//! - [`dump`], [`diff`], [`difflib`]: how results and differences are written.

pub mod default;
pub mod diff;
pub mod difflib;
pub mod dump;
pub mod events;
pub mod json;
pub mod log;
pub mod minimal;
pub mod oneline;
pub mod options;
pub mod profile_roles;
pub mod profile_tasks;
pub mod progress;
pub mod screen;
#[cfg(test)]
pub(crate) mod testing;
pub mod timer;
mod timing;
pub mod tree;
mod yaml;

use crate::event::Event;

pub use crate::event::Callback;
pub use default::Default;
pub use events::Events;
pub use json::Json;
pub use log::Log;
pub use minimal::Minimal;
pub use oneline::Oneline;
pub use options::Options;
pub use profile_roles::ProfileRoles;
pub use profile_tasks::{ProfileTasks, ProfileTasksOptions};
pub use progress::Progress;
pub use screen::Screen;
pub use timer::Timer;
pub use tree::Tree;

/// Several callbacks as one; each hears every event.
#[derive(std::default::Default)]
pub struct Sinks(Vec<Box<dyn Callback>>);

impl Sinks {
    /// Adds a callback.
    pub fn add(&mut self, callback: impl Callback + 'static) {
        self.0.push(Box::new(callback));
    }

    /// Adds a callback whose type is not known.
    pub fn add_boxed(&mut self, callback: Box<dyn Callback>) {
        self.0.push(callback);
    }
}

impl Callback for Sinks {
    fn event(&mut self, event: &Event) {
        for callback in &mut self.0 {
            callback.event(event);
        }
    }
}

impl<T: Callback + ?Sized> Callback for Box<T> {
    fn event(&mut self, event: &Event) {
        (**self).event(event);
    }
}
