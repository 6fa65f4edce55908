//! `ansible.posix.timer`: how long the run took.

use jiff::ZonedDateTime;

use super::{Callback, Screen, screen::Stream, timing::between};
use crate::event::Event;

/// Says at the end how long the run took.
pub struct Timer {
    screen: Screen,
    now: fn() -> ZonedDateTime,
    start: ZonedDateTime,
}

impl Timer {
    /// Counts from now on. `now` tells the time.
    #[must_use]
    pub fn new(screen: Screen, now: fn() -> ZonedDateTime) -> Self {
        Self { screen, now, start: now() }
    }
}

impl Callback for Timer {
    fn event(&mut self, event: &Event) {
        if let Event::Finished { .. } = event {
            let seconds = between(&self.start, &(self.now)()).as_secs();
            let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
            self.screen.banner("PLAYBOOK RECAP");
            let text = format!(
                "Playbook run took {days} days, {hours} hours, {minutes} minutes, {} seconds\n\r",
                seconds % 60
            );
            self.screen.display(&text, None, Stream::Out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::{
        testing::{run, run_of_many_cases},
        timing::testing::clock,
    };

    #[test]
    fn the_end_says_how_long_it_took() {
        let (out, _) = run(|screen| Timer::new(screen, clock), &run_of_many_cases());
        insta::assert_snapshot!(out.replace('\r', "<CR>"));
    }
}
