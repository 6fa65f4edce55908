//! What a run is told by the command line beyond the configuration, over which flags were put already.

use protocol::Secret;

/// What a run is told beyond its configuration.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// The playbooks, as the operator named them.
    pub playbooks: Vec<String>,
    /// `--limit`
    pub limit: Option<String>,
    /// `--check`
    pub check: bool,
    /// `--start-at-task`
    pub start_at_task: Option<String>,
    /// `--syntax-check`
    pub syntax_check: bool,
    /// Answer to `--ask-pass`.
    pub connection_password: Option<Secret>,
    /// Answer to `--ask-become-pass`.
    pub become_password: Option<Secret>,
}
