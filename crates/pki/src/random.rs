//! Chance, handed in like time: the kernel's in production, a repeatable one in tests.

use getrandom::{SysRng, rand_core::TryRng};

use crate::{Error, Result};

/// A cryptographically secure source of random bytes.
pub trait Random {
    /// Fills all of it.
    ///
    /// # Errors
    ///
    /// The source does not answer.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()>;
}

/// The kernel's generator, getrandom(2).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        SysRng.try_fill_bytes(bytes).map_err(|problem| {
            Error::crypto("the kernel's random numbers", problem, "this machine cannot make keys or serials")
        })
    }
}
