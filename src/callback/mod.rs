//! What hears a run's events: the screen, and documents for other programs.
//!
//! - [`screen`]: the one writer through which all text goes, with Ansible's colours.
//! - [`default`], [`minimal`], [`oneline`]: Ansible's stdout callbacks of these names, to the letter.
//! - [`options`]: what the operator can set about them.
//! - [`dump`], [`diff`], [`difflib`]: how results and differences are written.

pub mod default;
pub mod diff;
pub mod difflib;
pub mod dump;
pub mod minimal;
pub mod oneline;
pub mod options;
pub mod screen;
#[cfg(test)]
pub(crate) mod testing;

use crate::event::Event;

pub use options::Options;
pub use screen::Screen;

/// Hears a run's events, in order.
pub trait Callback: Send {
    /// One thing happened.
    fn event(&mut self, event: &Event);
}

/// Several callbacks as one; each hears every event.
#[derive(Default)]
pub struct Sinks(Vec<Box<dyn Callback>>);

impl Sinks {
    /// Adds a callback.
    pub fn add(&mut self, callback: impl Callback + 'static) {
        self.0.push(Box::new(callback));
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
