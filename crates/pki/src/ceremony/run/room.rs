//! The people, the machine and the transcript, together.

use super::super::{Aloud, Console, Machine, plan::Plan, transcript::Event};
use crate::{Error, Finding, Result, ceremony::transcript::Transcript, store::Files};

/// How often something is asked for again.
const TRIES: usize = 3;

pub(super) struct Room<'a, F> {
    pub(super) plan: &'a Plan,
    pub(super) transcript: Transcript<'a, F>,
    pub(super) machine: &'a dyn Machine,
    pub(super) console: &'a mut dyn Console,
    pub(super) rehearsal: bool,
}

impl<F: Files> Room<'_, F> {
    /// Writes a line of the transcript.
    pub(super) fn note(&mut self, event: Event) -> Result<()> {
        self.transcript.note(self.machine.now()?, self.machine.kind(), event)
    }

    /// Asks until the answer is that word; anything else three times is a no.
    pub(super) fn agree(&mut self, question: &str, word: &str, what: &str, value: &str) -> Result<()> {
        for _ in 0..TRIES {
            let answer = self.console.ask(&format!("{question} [{word}/no]: "))?;
            if answer.trim() == word {
                return self.note(Event::Confirmed { what: what.to_owned(), value: value.to_owned() });
            }
            if answer.trim() == "no" {
                break;
            }
            self.console.say(&format!("Answer {word} or no."))?;
        }
        Err(refused(what, "the room did not agree", "settle it, then begin again"))
    }

    /// Asks for the ends of a hash; three wrong answers are a refusal.
    pub(super) fn typed_back(&mut self, what: &str, spoken: &Aloud, cure: &str) -> Result<()> {
        for _ in 0..TRIES {
            let typed = self.console.ask("Type the first four and the last four words: ")?;
            if spoken.typed_back(&typed) {
                return self.note(Event::Confirmed { what: what.to_owned(), value: spoken.digits().to_owned() });
            }
            self.note(Event::Mistyped { what: what.to_owned() })?;
            self.console.say("That is something else.")?;
        }
        Err(refused(what, "its words were not typed back", cure))
    }
}

pub(super) fn refused(object: &str, problem: &str, cure: &str) -> Error {
    Error::refused(Finding::new(object, "ceremony", problem, "PKI policy: a ceremony goes by its plan", cure))
}
