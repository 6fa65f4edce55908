//! `log_path`: all that is shown goes into a file as well, as ansible-core's log has it.

use std::{fs::File, io::Write as _};

use jiff::ZonedDateTime;

/// How grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What happens, deprecations among it.
    Info,
    /// `[WARNING]`
    Warning,
    /// `[ERROR]`
    Error,
}

/// The log of a run.
#[derive(Debug)]
pub struct Log {
    file: File,
    user: String,
    now: fn() -> ZonedDateTime,
}

impl Log {
    /// Writes at the end of a file, in the name of a user. `now` tells the time.
    #[must_use]
    pub fn new(file: File, user: &str, now: fn() -> ZonedDateTime) -> Self {
        Self { file, user: user.to_owned(), now }
    }

    /// Writes one message. A log that cannot be written any more stops no run.
    pub(super) fn write(&mut self, level: Level, text: &str) {
        let level = match level {
            Level::Info => "INFO",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
        };
        let now = (self.now)().strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
        let (process, user) = (std::process::id(), &self.user);
        let line = format!("{now} p={process} u={user} n=ansible {level}| {}\n", text.trim_start_matches('\n'));
        let _ = self.file.write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        callback::{Options, Screen, timing::testing::clock},
        diagnostic::{ErrorChain, Link},
    };

    #[test]
    fn all_that_is_shown_is_in_the_log_without_colours_and_behind_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.log");
        std::fs::write(&path, "before\n").unwrap();
        let mut screen = Screen::new(std::io::sink(), std::io::sink());
        screen.colour = true;
        screen.keep_log(Log::new(File::options().append(true).open(&path).unwrap(), "ops", clock));
        screen.banner("PLAY [all]");
        let mut other = screen.beside(std::io::sink(), std::io::sink());
        other.line("ok: [web1]", "green");
        other.warning(&ErrorChain::new(Link::new("careful")), &Options::default());
        other.error(&ErrorChain::new(Link::new("broken")), &Options::default(), crate::callback::screen::Stream::Err);
        let text = std::fs::read_to_string(&path).unwrap();
        let pid = std::process::id().to_string();
        insta::assert_snapshot!(text.replace(&pid, "PID"));
    }
}
