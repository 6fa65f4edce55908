//! The machine that a ceremony runs on.

use crate::{Result, clock::Clock};

/// What a ceremony asks of it, and has it do.
pub trait Machine: Clock {
    /// Its name, for the transcript.
    fn name(&self) -> String;

    /// The version of this program.
    fn tool_version(&self) -> String;

    /// The SHA-256 of the program's file, in hexadecimal.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn tool_sha256(&self) -> Result<String>;

    /// Network interfaces that are up, loopback left out.
    ///
    /// # Errors
    ///
    /// It cannot be told.
    fn interfaces_up(&self) -> Result<Vec<String>>;

    /// Core dumps off, and memory closed to other processes.
    ///
    /// # Errors
    ///
    /// It cannot be done; there is no way around this one.
    fn close_memory(&self) -> Result<()>;

    /// Keeps all memory of this process, now and later, from being written to a swap device; why not, where it cannot be done.
    ///
    /// # Errors
    ///
    /// Why not.
    fn lock_memory(&self) -> Result<(), String>;
}
