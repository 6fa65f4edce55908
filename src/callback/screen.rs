//! The one writer through which all text goes: lines, banners and messages as Ansible's display prints them.

use std::{
    collections::HashSet,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use unicode_width::UnicodeWidthChar;

use super::{
    Options,
    log::{Level, Log},
};
use crate::{
    diagnostic::{ErrorChain, Link},
    event::{Event, ResultEvent},
};

/// The colours, by ansible.cfg's section `[colors]`; values are Ansible's names (`bright red`, `color202`, `rgb123`,
/// `gray5`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are ansible.cfg's and say all there is")]
pub struct Theme {
    pub changed: String,
    pub debug: String,
    pub deprecate: String,
    pub diff_add: String,
    pub diff_lines: String,
    pub diff_remove: String,
    pub error: String,
    pub included: String,
    pub ok: String,
    pub skip: String,
    pub unreachable: String,
    pub verbose: String,
    pub warn: String,
}

impl Default for Theme {
    fn default() -> Self {
        let name = str::to_owned;
        Self {
            changed: name("yellow"),
            debug: name("dark gray"),
            deprecate: name("purple"),
            diff_add: name("green"),
            diff_lines: name("cyan"),
            diff_remove: name("red"),
            error: name("red"),
            included: name("cyan"),
            ok: name("green"),
            skip: name("cyan"),
            unreachable: name("bright red"),
            verbose: name("blue"),
            warn: name("bright purple"),
        }
    }
}

const WARNING: &str = "[WARNING]: ";
const ERROR: &str = "[ERROR]: ";

/// Where a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Standard output and error of a run. When a reader goes away the run goes on in silence.
pub struct Screen {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    gone: bool,
    /// It could not be written, and somebody may miss it.
    lost: bool,
    /// Colours are used.
    pub colour: bool,
    /// How wide banners are.
    pub columns: usize,
    seen: Arc<Mutex<HashSet<String>>>,
    log: Option<Arc<Mutex<Log>>>,
}

impl Screen {
    /// A screen on two writers, without colour, as wide as Ansible's where there is no terminal: 79 columns.
    pub fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        let (out, err) = (Box::new(out), Box::new(err));
        Self { out, err, gone: false, lost: false, colour: false, columns: 79, seen: Arc::default(), log: None }
    }

    /// Everything that is shown from now on goes into the log as well.
    pub fn keep_log(&mut self, log: Log) {
        self.log = Some(Arc::new(Mutex::new(log)));
    }

    /// A screen on other writers that looks like this one, has the same log, and repeats no message which this one has
    /// shown.
    pub fn beside(&self, out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        let Self { colour, columns, .. } = *self;
        Self { colour, columns, seen: Arc::clone(&self.seen), log: self.log.clone(), ..Self::new(out, err) }
    }

    /// Prints text as lines, each in the colour.
    pub fn display(&mut self, text: &str, colour: Option<&str>, stream: Stream) {
        self.show(text, colour, stream, Level::Info);
    }

    fn show(&mut self, text: &str, colour: Option<&str>, stream: Stream, level: Level) {
        // Empty lines are for the eye alone.
        if let Some(log) = self.log.as_ref().filter(|_| !text.is_empty()) {
            log.lock().unwrap_or_else(PoisonError::into_inner).write(level, text);
        }
        let text = text.replace("\r\n", "\n");
        let mut text = self.paint(text.strip_suffix('\n').unwrap_or(&text), colour);
        text.push('\n');
        let writer = match stream {
            Stream::Out if self.gone => return,
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        };
        let written = writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
        if let (Stream::Out, Err(error)) = (stream, written) {
            self.gone = true;
            // Who reads no further has what he wanted.
            self.lost = error.kind() != std::io::ErrorKind::BrokenPipe;
        }
    }

    /// Whether something could not be written to standard output: the disk that it goes to is full.
    #[must_use]
    pub fn has_lost(&self) -> bool {
        self.lost
    }

    /// Prints a line on standard output.
    pub fn line(&mut self, text: &str, colour: &str) {
        self.display(text, Some(colour), Stream::Out);
    }

    /// A heading: an empty line, the text, and asterisks to the right edge.
    pub fn banner(&mut self, text: &str) {
        let text = text.trim();
        let stars = self.columns.saturating_sub(width(text)).max(3);
        self.display(&format!("\n{text} {}", "*".repeat(stars)), None, Stream::Out);
    }

    /// Each line of the text in the colour, if colours are used.
    #[must_use]
    pub fn paint(&self, text: &str, colour: Option<&str>) -> String {
        match colour.and_then(code).filter(|_| self.colour) {
            Some(code) => {
                text.split('\n').map(|line| format!("\u{1b}[{code}m{line}\u{1b}[0m")).collect::<Vec<_>>().join("\n")
            }
            None => text.to_owned(),
        }
    }

    /// `[WARNING]: ...` on standard error; each only once.
    pub fn warning(&mut self, warning: &ErrorChain, options: &Options) {
        self.message(WARNING, warning, &options.theme.warn, Stream::Err);
    }

    /// `[DEPRECATION WARNING]: ...` on standard error, unless they are off; each only once.
    pub fn deprecation(&mut self, deprecation: &ErrorChain, options: &Options) {
        if options.deprecation_warnings {
            let hint = "Deprecation warnings can be disabled by setting `deprecation_warnings=False` in ansible.cfg.";
            self.warning(&ErrorChain::new(Link::new(hint)), options);
            self.message("[DEPRECATION WARNING]: ", deprecation, &options.theme.deprecate, Stream::Err);
        }
    }

    /// `[ERROR]: ...`; each only once.
    pub fn error(&mut self, error: &ErrorChain, options: &Options, stream: Stream) {
        self.message(ERROR, error, &options.theme.error, stream);
    }

    /// What a result says beside its values: warnings, deprecations, the error with its place.
    pub fn asides(&mut self, result: &ResultEvent, options: &Options, stream: Stream) {
        for warning in &result.warnings {
            self.warning(warning, options);
        }
        for deprecation in &result.deprecations {
            self.deprecation(deprecation, options);
        }
        if let Some(error) = &result.error {
            self.error(error, options, stream);
        }
    }

    /// The events that every screen shows alike; `false` where the event is none of them.
    pub fn common(&mut self, event: &Event, options: &Options) -> bool {
        match event {
            Event::Warning(warning) => self.warning(warning, options),
            Event::Deprecation(deprecation) => self.deprecation(deprecation, options),
            Event::Error(error) => self.error(error, options, Stream::Err),
            Event::Verbose { level, host, message } => {
                if options.verbosity >= *level {
                    let text = host.as_ref().map_or_else(|| message.clone(), |host| format!("<{host}> {message}"));
                    let stream = if options.verbose_to_stderr { Stream::Err } else { Stream::Out };
                    self.display(&text, Some(&options.theme.verbose), stream);
                }
            }
            Event::RetryFile { path } => {
                self.display(&format!("\tto retry, use: --limit @{path}\n"), None, Stream::Out);
            }
            Event::Prompt(text) => self.display(text, None, Stream::Out),
            _ => return false,
        }
        true
    }

    fn message(&mut self, prefix: &str, chain: &ErrorChain, colour: &str, stream: Stream) {
        let text = format!("{prefix}{}", chain.verbose(&|path| std::fs::read_to_string(path).ok()));
        let new = self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone());
        if new {
            let level = match prefix {
                ERROR => Level::Error,
                WARNING => Level::Warning,
                _ => Level::Info,
            };
            self.show(&text, Some(colour), stream, level);
        }
    }
}

/// How many columns the text takes, as Ansible reckons it.
fn width(text: &str) -> usize {
    if text.chars().all(|character| character.width().is_some()) {
        return text.chars().filter_map(UnicodeWidthChar::width).sum();
    }
    let (mut width, mut counted) = (0_isize, false);
    for character in text.chars() {
        if matches!(character, '\u{8}' | '\u{7f}' | '\u{94}' | '\u{1b}') {
            width -= 1;
        } else {
            counted = true;
            width += isize::try_from(character.width().unwrap_or(0)).unwrap_or(0);
        }
    }
    if width == 0 && counted { text.chars().count() } else { usize::try_from(width).unwrap_or(0) }
}

/// The terminal's code for a colour's name; `None` for one that does not exist.
#[must_use]
pub fn code(name: &str) -> Option<String> {
    let number = |text: &str| text.parse::<u32>().ok();
    if let Some(value) = name.strip_prefix("color").and_then(number) {
        return Some(format!("38;5;{value}"));
    }
    if let Some(digits) = name.strip_prefix("rgb") {
        let digits: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(6)).collect();
        if let [red, green, blue, ..] = *digits {
            return Some(format!("38;5;{}", 16 + 36 * red + 6 * green + blue));
        }
    }
    if let Some(value) = name.strip_prefix("gray").and_then(number) {
        return Some(format!("38;5;{}", 232 + value));
    }
    let code = match name {
        "black" => "0;30",
        "bright gray" => "0;37",
        "blue" => "0;34",
        "white" => "1;37",
        "green" => "0;32",
        "bright blue" => "1;34",
        "cyan" => "0;36",
        "bright green" => "1;32",
        "red" => "0;31",
        "bright cyan" => "1;36",
        "purple" | "magenta" => "0;35",
        "bright red" => "1;31",
        "yellow" => "0;33",
        "bright purple" | "bright magenta" => "1;35",
        "dark gray" => "1;30",
        "bright yellow" => "1;33",
        "normal" => "0",
        _ => return None,
    };
    Some(code.to_owned())
}
