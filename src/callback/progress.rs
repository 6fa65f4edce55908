//! On a terminal: a line below the output that says which hosts are at work.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Callback;
use crate::event::Event;

/// How often the line is drawn anew while nothing happens.
const TICK: Duration = Duration::from_millis(250);

/// Shows the hosts in flight. Text must go through [`Progress::above`], or it is drawn over.
pub struct Progress {
    display: MultiProgress,
    line: ProgressBar,
    task: String,
    hosts: BTreeMap<Arc<str>, ()>,
    width: usize,
}

impl Progress {
    /// Shows itself on standard error.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self::on(ProgressDrawTarget::stderr(), width)
    }

    fn on(target: ProgressDrawTarget, width: usize) -> Self {
        let display = MultiProgress::with_draw_target(target);
        let line = display.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            line.set_style(style);
        }
        Self { display, line, task: String::new(), hosts: BTreeMap::new(), width }
    }

    /// A writer that writes above the line.
    pub fn above<W: Write>(&self, writer: W) -> Above<W> {
        Above { display: self.display.clone(), writer, buffer: Vec::new() }
    }

    fn show(&mut self) {
        if self.hosts.is_empty() {
            self.line.disable_steady_tick();
            self.line.set_message(String::new());
            self.line.finish_and_clear();
            return;
        }
        self.line.set_message(summary(&self.task, self.hosts.keys(), self.width));
        self.line.enable_steady_tick(TICK);
    }
}

/// The task and as many of its hosts as there is room for.
fn summary<'a>(task: &str, hosts: impl ExactSizeIterator<Item = &'a Arc<str>>, width: usize) -> String {
    let total = hosts.len();
    let mut text = format!("{task}: {total} at work: ");
    // Room for the spinner, the elapsed time and the rest's number.
    let room = width.saturating_sub(24);
    for (shown, host) in hosts.enumerate() {
        if shown > 0 && text.chars().count() + host.chars().count() + 2 > room {
            text.push_str(&format!(" +{}", total - shown));
            break;
        }
        if shown > 0 {
            text.push_str(", ");
        }
        text.push_str(host);
    }
    text
}

impl Callback for Progress {
    fn event(&mut self, event: &Event) {
        match event {
            Event::TaskStarted(task) => self.task.clone_from(&task.name),
            Event::HostStarted { task, host } => {
                if self.hosts.is_empty() {
                    self.line.reset();
                }
                self.task.clone_from(&task.name);
                self.hosts.insert(Arc::clone(host), ());
                self.show();
            }
            Event::Result(result) => {
                self.hosts.remove(&result.host);
                self.show();
            }
            // A prompt needs the line for itself.
            Event::Prompt(_) | Event::Finished { .. } => {
                self.hosts.clear();
                self.show();
            }
            _ => {}
        }
    }
}

/// Writes above the line, a flush at a time.
pub struct Above<W> {
    display: MultiProgress,
    writer: W,
    buffer: Vec<u8>,
}

impl<W: Write> Write for Above<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let Self { display, writer, buffer } = self;
        display.suspend(|| writer.write_all(buffer).and_then(|()| writer.flush()))?;
        buffer.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Arc};

    use indicatif::ProgressDrawTarget;

    use super::{Progress, summary};
    use crate::{
        callback::{
            Callback,
            testing::{Buffer, end, task},
        },
        event::{Event, Status},
    };

    #[test]
    fn hosts_that_have_no_room_are_counted() {
        let hosts: Vec<Arc<str>> = (1..=30).map(|number| Arc::from(format!("web{number:02}"))).collect();
        assert_eq!(summary("copy", hosts[..2].iter(), 80), "copy: 2 at work: web01, web02");
        assert_eq!(summary("copy", hosts.iter(), 80), "copy: 30 at work: web01, web02, web03, web04, web05 +25");
    }

    #[test]
    fn a_host_is_in_flight_from_its_start_to_its_result() {
        let mut progress = Progress::on(ProgressDrawTarget::hidden(), 80);
        let task = task(1, "copy", "copy");
        progress.event(&Event::HostStarted { task: Arc::new(task.clone()), host: Arc::from("h1") });
        assert_eq!(progress.line.message(), "copy: 1 at work: h1");
        progress.event(&end(&task, Status::Ok, r#"{"changed": false}"#));
        assert!(progress.hosts.is_empty());
    }

    #[test]
    fn text_above_the_line_arrives_whole() {
        let out = Buffer::default();
        let progress = Progress::on(ProgressDrawTarget::hidden(), 80);
        let mut above = progress.above(out.clone());
        above.write_all(b"one\n").unwrap();
        assert_eq!(out.text(), "");
        above.flush().unwrap();
        assert_eq!(out.text(), "one\n");
    }
}
