//! What a module sees of its call and of the world: modes, environment, content, processes, temporary files.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io::{self, Cursor, Read},
    sync::Arc,
    time::Duration,
};

use protocol::{Data, Invocation, Map, invocation::Content};

use crate::{
    cancel::Cancellation,
    module::Failure,
    support::{checksum::Algorithm, command::Command, locale, paths, selinux::Selinux, shlex},
};

/// The way to the control node, for content that is streamed. A module never sees it but through [`Context`].
pub trait Link: Send + Sync {
    /// Asks for the call's content.
    ///
    /// # Errors
    ///
    /// Where the control node is gone.
    fn request_content(&self) -> io::Result<()>;

    /// The next piece of it; an empty one ends it.
    ///
    /// # Errors
    ///
    /// Where the control node is gone, cannot read the content, or the call is cancelled.
    fn next_chunk(&self) -> io::Result<Vec<u8>>;

    /// Sends a piece of a file to the control node, waiting for room; an empty piece ends it.
    ///
    /// # Errors
    ///
    /// Where the control node is gone or the call is cancelled.
    fn send_chunk(&self, bytes: Vec<u8>) -> io::Result<()>;
}

/// No way to a control node: background jobs and tests.
#[derive(Debug, Clone, Copy)]
pub struct NoLink;

impl Link for NoLink {
    fn request_content(&self) -> io::Result<()> {
        Err(io::Error::other("there is no control node to ask for content"))
    }

    fn next_chunk(&self) -> io::Result<Vec<u8>> {
        self.request_content().map(|()| Vec::new())
    }

    fn send_chunk(&self, _bytes: Vec<u8>) -> io::Result<()> {
        self.request_content()
    }
}

/// A module's surroundings for one call.
pub struct Context {
    /// Say what would change, change nothing.
    pub check_mode: bool,
    /// Return before and after of what changes.
    pub diff_mode: bool,
    /// Bytes beyond which a file is left out of a diff; 0 for no limit.
    pub max_diff_size: u64,
    /// Ansible's verbosity, 0 without `-v`.
    pub verbosity: u8,
    /// Nothing of the arguments may be logged.
    pub no_log: bool,
    /// The Python that is set for the host, if one is.
    pub python: Option<String>,
    /// The call's mark: long work checks it.
    pub cancel: Cancellation,
    /// SELinux on this host.
    pub selinux: Selinux,
    environment: BTreeMap<String, String>,
    content: Option<Content>,
    content_sha1: Option<String>,
    link: Arc<dyn Link>,
    warnings: Vec<String>,
    deprecations: Vec<String>,
    arguments: Map,
}

impl Context {
    /// The surroundings of an invocation: the helper's environment with the task's on top.
    #[must_use]
    pub fn new(invocation: &Invocation, link: Arc<dyn Link>, cancel: Cancellation) -> Self {
        let mut environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        environment.extend(invocation.environment.iter().cloned());
        locale::correct(&mut environment);
        Self {
            check_mode: invocation.check_mode,
            diff_mode: invocation.diff_mode,
            max_diff_size: invocation.max_diff_size,
            verbosity: invocation.verbosity,
            no_log: invocation.no_log,
            python: invocation.python.clone(),
            cancel,
            selinux: Selinux::detect(),
            environment,
            content: invocation.content.clone(),
            content_sha1: invocation.content_sha1.clone(),
            link,
            warnings: Vec::new(),
            deprecations: Vec::new(),
            arguments: Map::new(),
        }
    }

    /// A variable of the task's environment.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// The task's environment.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// A process to run, in the task's environment, in a group of its own that dies with the call.
    #[must_use]
    pub fn command<I, S>(&self, argv: I) -> Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        Command::new(argv, &self.environment, self.cancel.clone())
    }

    /// As [`Self::command`], from one line: split into words as a shell would, `~` and variables expanded in each (what
    /// Ansible's `run_command` makes of a text).
    ///
    /// # Errors
    ///
    /// A quotation is not closed.
    pub fn command_line(&self, line: &str) -> Result<Command, Failure> {
        let words = shlex::split(line).map_err(|reason| Failure::raised(reason, None))?;
        Ok(self.command(words.iter().map(|word| self.expand(word))))
    }

    /// The executable of that name in PATH and the usual folders of administrators.
    #[must_use]
    pub fn find_bin(&self, name: &str) -> Option<String> {
        paths::find_bin(name, &[], self.variable("PATH").unwrap_or_default()).ok()
    }

    /// As [`Self::find_bin`], where the module cannot do without.
    ///
    /// # Errors
    ///
    /// Ansible's `Failed to find required executable ...`.
    pub fn require_bin(&self, name: &str) -> Result<String, Failure> {
        paths::find_bin(name, &[], self.variable("PATH").unwrap_or_default()).map_err(Failure::new)
    }

    /// As [`Self::require_bin`], looking into these folders first.
    ///
    /// # Errors
    ///
    /// Ansible's `Failed to find required executable ...`.
    pub fn require_bin_in(&self, name: &str, folders: &[&str]) -> Result<String, Failure> {
        paths::find_bin(name, folders, self.variable("PATH").unwrap_or_default()).map_err(Failure::new)
    }

    /// `~` and variables expanded, as for a `path` option.
    #[must_use]
    pub fn expand(&self, text: &str) -> String {
        paths::expand(text, &self.environment)
    }

    /// Whether content belongs to the call.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.content.is_some()
    }

    /// Takes an option's text for the call's content.
    pub(crate) fn provide_content(&mut self, bytes: Vec<u8>) {
        self.content = Some(Content::Inline(bytes));
    }

    /// The content's length in bytes.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        match self.content.as_ref()? {
            Content::Inline(bytes) => Some(bytes.len() as u64),
            Content::OnRequest { length } => Some(*length),
        }
    }

    /// The content's SHA-1, where it is known before the content is read.
    #[must_use]
    pub fn content_sha1(&self) -> Option<String> {
        match self.content.as_ref()? {
            Content::Inline(bytes) => Some(Algorithm::Sha1.of_bytes(bytes)),
            Content::OnRequest { .. } => self.content_sha1.clone(),
        }
    }

    /// The call's content, streamed from the control node where it was not sent along; once.
    ///
    /// # Errors
    ///
    /// Where there is none, or the control node is gone.
    pub fn content(&mut self) -> io::Result<Box<dyn Read + Send>> {
        match self.content.take() {
            None => Err(io::Error::other("no content belongs to this call")),
            Some(Content::Inline(bytes)) => Ok(Box::new(Cursor::new(bytes))),
            Some(Content::OnRequest { .. }) => {
                self.link.request_content()?;
                Ok(Box::new(ContentReader { link: self.link.clone(), chunk: Cursor::default(), ended: false }))
            }
        }
    }

    /// Sends a piece of a file to the control node; an empty piece ends it.
    ///
    /// # Errors
    ///
    /// Where the control node is gone or the call is cancelled.
    pub fn send_chunk(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.link.send_chunk(bytes)
    }

    /// Waits, unless the call is cancelled meanwhile.
    ///
    /// # Errors
    ///
    /// [`Failure::cancelled`].
    pub fn sleep(&self, time: Duration) -> Result<(), Failure> {
        self.cancel.sleep(time)
    }

    /// Tells the operator something.
    pub fn warn(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Tells the operator that something will go away.
    pub fn deprecate(&mut self, text: impl Into<String>) {
        self.deprecations.push(text.into());
    }

    /// Shows an option in `invocation.module_args` with another value than was given (Ansible's modules that write into
    /// their parameters).
    pub fn show_argument(&mut self, option: &str, value: impl Into<Data>) {
        self.arguments.insert(option.to_owned(), value.into());
    }

    pub(crate) fn take_notes(&mut self) -> (Vec<String>, Vec<String>, Map) {
        (
            std::mem::take(&mut self.warnings),
            std::mem::take(&mut self.deprecations),
            std::mem::take(&mut self.arguments),
        )
    }
}

/// Content as it comes from the control node.
struct ContentReader {
    link: Arc<dyn Link>,
    chunk: Cursor<Vec<u8>>,
    ended: bool,
}

impl Read for ContentReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(into)?;
            if read > 0 || self.ended || into.is_empty() {
                return Ok(read);
            }
            let chunk = self.link.next_chunk()?;
            self.ended = chunk.is_empty();
            self.chunk = Cursor::new(chunk);
        }
    }
}
