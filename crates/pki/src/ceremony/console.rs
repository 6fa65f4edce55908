//! Those who sit in front of the machine: what they are shown, asked and entrusted with.

use zeroize::Zeroizing;

use crate::Result;

/// A secret on its way to paper or from a keyboard: wiped when dropped, never printed by accident.
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// Of that text.
    #[must_use]
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden(...)")
    }
}

/// A terminal, or a script of tests.
pub trait Console {
    /// Shows text, of any number of lines.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    fn say(&mut self, text: &str) -> Result<()>;

    /// Asks for one line, which may be seen.
    ///
    /// # Errors
    ///
    /// Nobody answers.
    fn ask(&mut self, question: &str) -> Result<String>;

    /// Asks for one line that is not echoed.
    ///
    /// # Errors
    ///
    /// Nobody answers.
    fn secret(&mut self, question: &str) -> Result<Hidden>;

    /// Shows a secret to the one person that it is for, until they say that they have it; then it leaves the screen.
    ///
    /// # Errors
    ///
    /// It cannot be written; nobody answers.
    fn reveal(&mut self, title: &str, secret: &Hidden) -> Result<()>;
}
