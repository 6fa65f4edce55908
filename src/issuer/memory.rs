//! Memory in which keys are opened: no core dump has it, no other process of this user reads it, no swap device gets it.

use pki::Result;
use rustix::mm::{MlockAllFlags, mlockall, munlockall};

use super::unlock;
use crate::diagnostic::Diagnostic;

/// What scrypt and the rest of a ceremony want at once, in bytes: it must be there under the limit of locked memory.
const ROOM: usize = 384 << 20;

/// That memory was closed: what opens a key, or makes one, asks for this.
#[derive(Debug)]
pub struct Closed(());

/// Closes this process's memory. Where it cannot be locked that is to be said, and no reason to stop: outside of ceremonies
/// keys are opened by unattended users, too, who may lock little.
///
/// # Errors
///
/// Core dumps cannot be switched off.
pub fn close() -> Result<(Closed, Option<Diagnostic>)> {
    unlock::no_core_dumps()?;
    let warning = lock().err().map(|why| {
        let message = format!("memory is not locked, and what is in it may get onto a swap device: {why}");
        let cure = "raise the limit (ulimit -l unlimited; LimitMEMLOCK=infinity in a unit of systemd)";
        Diagnostic::warning(message).help(cure)
    });
    Ok((Closed(()), warning))
}

/// Keeps all memory of this process, now and later, from being written to a swap device.
///
/// # Errors
///
/// Why not: nothing is locked then.
pub fn lock() -> Result<(), String> {
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    mlockall(flags).map_err(|error| format!("mlockall: {error}"))?;
    // A limit that is too small would end the program later, with the key open.
    let mut probe: Vec<u8> = Vec::new();
    probe.try_reserve_exact(ROOM).map_err(|_| {
        // Else everything after this fails for want of memory.
        let _ = munlockall();
        format!("the limit of locked memory leaves less than {} MiB", ROOM >> 20)
    })
}
