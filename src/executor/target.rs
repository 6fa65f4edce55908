//! Hosts as actions see them: a connection, a user, a helper.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    rc::Rc,
    time::Duration,
};

use connection::{CallError, ConnectError, Connection, ContentSource, Pool, RawOutput, RawRequest, Step};
use modules::Bundle;
use protocol::{Data, Invocation, Outcome};
use tokio::io::AsyncWriteExt;

use crate::{
    action::{Local, Target, TargetError},
    helper_binary::Helpers,
};

/// A host, as one task reaches it.
pub(super) struct HostTarget {
    /// The connections of the run.
    pub pool: Rc<Pool>,
    /// How it is reached.
    pub settings: connection::Target,
    /// How long connecting may take for now, where that is not what the settings say.
    pub connect_timeout: Cell<Option<Duration>>,
    /// As whom the work is done, if not as the user who logs in.
    pub become_: Option<connection::Become>,
    /// The helpers to start, each with the first task that needs it.
    pub helpers: Rc<Helpers>,
    /// The Python that is set for it.
    pub python: Option<String>,
    /// The connection, once it is open.
    pub open: RefCell<Option<Connection>>,
}

impl HostTarget {
    /// Whether ansible-core would get a file by SFTP.
    fn is_sftp(&self) -> bool {
        self.become_.is_none() && matches!(self.settings.kind, connection::Kind::Ssh(_))
    }

    /// How it is reached for now.
    fn way(&self) -> Cow<'_, connection::Target> {
        match self.connect_timeout.get() {
            None => Cow::Borrowed(&self.settings),
            Some(connect_timeout) => Cow::Owned(connection::Target { connect_timeout, ..self.settings.clone() }),
        }
    }

    async fn connection(&self) -> Result<Connection, TargetError> {
        let known = self.open.borrow().clone();
        if let Some(connection) = known.filter(|connection| !connection.is_closed()) {
            return Ok(connection);
        }
        let connection = self.pool.get(&self.way()).await.map_err(|error| connect_error(&error))?;
        *self.open.borrow_mut() = Some(connection.clone());
        Ok(connection)
    }

    /// The helper that has a module.
    async fn helper(&self, module: &str) -> Result<connection::HelperHandle, TargetError> {
        // One that is in no bundle is for the helper to refuse.
        let bundle = modules::registry::find(module).map_or(Bundle::Base, |entry| entry.bundle);
        let binary = self.helpers.of(bundle).map_err(TargetError::Failed)?;
        let connection = self.connection().await?;
        connection.helper(self.become_.as_ref(), binary).await.map_err(|error| connect_error(&error))
    }
}

fn connect_error(error: &ConnectError) -> TargetError {
    if error.is_unreachable() {
        TargetError::Unreachable(error.to_string())
    } else {
        TargetError::Failed(error.to_string())
    }
}

fn call_error(error: &CallError) -> TargetError {
    match error {
        CallError::Unreachable { .. } => TargetError::Unreachable(error.to_string()),
        other => TargetError::Failed(other.to_string()),
    }
}

impl Target for HostTarget {
    fn python(&self) -> Option<&str> {
        self.python.as_deref()
    }

    fn call<'a>(
        &'a self,
        invocation: Invocation,
        content: Option<ContentSource>,
    ) -> Local<'a, Result<Outcome, TargetError>> {
        Box::pin(async move {
            let helper = self.helper(&invocation.module).await?;
            helper.call(invocation, content).await.map_err(|error| call_error(&error))
        })
    }

    fn receive<'a>(&'a self, invocation: Invocation, destination: PathBuf) -> Local<'a, Result<Outcome, TargetError>> {
        Box::pin(async move {
            let failed = |error: std::io::Error| TargetError::Failed(format!("{}: {error}", destination.display()));
            let helper = self.helper(&invocation.module).await?;
            let mut call = helper.start(invocation, None, None).await.map_err(|error| call_error(&error))?;
            let folder = destination.parent().map_or_else(|| PathBuf::from("."), PathBuf::from);
            let mut partial: Option<(tempfile::TempPath, tokio::fs::File)> = None;
            loop {
                match call.next_chunk().await.map_err(|error| call_error(&error))? {
                    Step::Chunk(bytes) => {
                        if partial.is_none() {
                            std::fs::create_dir_all(&folder).map_err(failed)?;
                            let (file, path) = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?.into_parts();
                            partial = Some((path, tokio::fs::File::from_std(file)));
                        }
                        if let Some((_, file)) = &mut partial {
                            file.write_all(&bytes).await.map_err(failed)?;
                        }
                    }
                    Step::Done(outcome) => {
                        if let Some((path, mut file)) = partial.take().filter(|_| !outcome.failed) {
                            file.flush().await.map_err(failed)?;
                            // A file that is there keeps its mode, and a link its place. A new one has that of the host,
                            // as SFTP gives it; through become ansible-core reads the content alone.
                            let kept = outcome.values.get("_mode").and_then(Data::as_int);
                            let kept = kept.and_then(|mode| u32::try_from(mode).ok()).filter(|_| self.is_sftp());
                            let mode = kept.map_or(0o666, |mode| mode & 0o777 | 0o200);
                            let target = std::fs::canonicalize(&destination).unwrap_or_else(|_| destination.clone());
                            let mode = std::fs::metadata(&target).map_or_else(
                                |_| std::fs::Permissions::from_mode(mode & !modules::support::mode::umask()),
                                |there| there.permissions(),
                            );
                            file.set_permissions(mode).await.map_err(failed)?;
                            file.sync_all().await.map_err(failed)?;
                            path.persist(&target).map_err(|error| failed(error.error))?;
                        }
                        return Ok(*outcome);
                    }
                }
            }
        })
    }

    fn raw<'a>(&'a self, command: String, input: Option<Vec<u8>>) -> Local<'a, Result<RawOutput, TargetError>> {
        Box::pin(async move {
            let connection = self.connection().await?;
            let request = RawRequest {
                command,
                become_: self.become_.clone(),
                stdin: input.map(Into::into),
                tty: matches!(self.settings.kind, connection::Kind::Ssh(_)),
            };
            connection.raw(request).await.map_err(|error| connect_error(&error))
        })
    }

    fn shell(&self) -> &str {
        &self.settings.shell
    }

    fn terminal_farewell<'a>(&'a self) -> Local<'a, Result<Option<String>, TargetError>> {
        Box::pin(async move { Ok(self.connection().await?.terminal_farewell()) })
    }

    fn reset(&self) -> Local<'_, ()> {
        Box::pin(async move {
            self.open.borrow_mut().take();
            self.pool.reset(&self.way()).await;
        })
    }

    fn is_local(&self) -> bool {
        matches!(self.settings.kind, connection::Kind::Local)
    }

    fn limit_connecting(&self, limit: Option<Duration>) {
        self.connect_timeout.set(limit);
    }
}

/// The control node itself, for actions that need no host.
pub(super) struct NoTarget;

const NO_TARGET: &str = "this action asks no host";

impl Target for NoTarget {
    fn call<'a>(&'a self, _: Invocation, _: Option<ContentSource>) -> Local<'a, Result<Outcome, TargetError>> {
        Box::pin(async { Err(TargetError::Failed(NO_TARGET.to_owned())) })
    }

    fn receive<'a>(&'a self, _: Invocation, _: PathBuf) -> Local<'a, Result<Outcome, TargetError>> {
        Box::pin(async { Err(TargetError::Failed(NO_TARGET.to_owned())) })
    }

    fn raw<'a>(&'a self, _: String, _: Option<Vec<u8>>) -> Local<'a, Result<RawOutput, TargetError>> {
        Box::pin(async { Err(TargetError::Failed(NO_TARGET.to_owned())) })
    }

    fn shell(&self) -> &str {
        "/bin/sh"
    }

    fn terminal_farewell<'a>(&'a self) -> Local<'a, Result<Option<String>, TargetError>> {
        Box::pin(async { Ok(None) })
    }

    fn reset(&self) -> Local<'_, ()> {
        Box::pin(async {})
    }
}
