//! One module call, as it is sent to a host.

use serde::{Deserialize, Serialize};

use crate::Map;

/// One module call: everything the helper needs to do one task (or one loop item of it) on its host.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Invocation {
    /// The module's short name, as in the registry: `copy`, `lineinfile`.
    pub module: String,
    /// Arguments, templated and checked against the module's specification on the control node; the helper reads them
    /// into the module's typed struct.
    pub arguments: Map,
    /// The task's `environment`, in order; set for every process the module starts.
    pub environment: Vec<(String, String)>,
    /// Say what would change, change nothing.
    pub check_mode: bool,
    /// Return before and after of what changes.
    pub diff_mode: bool,
    /// Bytes beyond which a file is left out of a diff (`max_diff_size`); 0 for no limit.
    pub max_diff_size: u64,
    /// Nothing of the arguments may be shown or logged on the host.
    pub no_log: bool,
    /// Ansible's verbosity, 0 without `-v`.
    pub verbosity: u8,
    /// The Python that is set for the host (`ansible_python_interpreter`), for modules that tell of it.
    pub python: Option<String>,
    /// `async` seconds: run as a job that outlives the connection, result kept under the job's id.
    pub job: Option<Job>,
    /// The content that belongs to the call (the file of a `copy`, the text of a `template`), if there is any.
    pub content: Option<Content>,
    /// The content's SHA-1 in hexadecimal, so that content which is there already need not be sent; not needed with
    /// [`Content::Inline`].
    pub content_sha1: Option<String>,
}

/// A job that runs in the background (`async`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The job's id, `j` and digits, chosen by the control node.
    pub id: String,
    /// Seconds after which the job is killed.
    pub limit_seconds: u64,
    /// The folder for job files, `~/.ansible_async` unless configured.
    pub folder: String,
}

/// The bytes that go with a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Small: sent along.
    Inline(#[serde(with = "crate::bytes")] Vec<u8>),
    /// Large: the helper asks for it ([`crate::frame::FromHelper::NeedContent`]) when the module turns out to need it.
    OnRequest {
        /// Length in bytes.
        length: u64,
    },
}
