//! Text and what is known of it beside its characters.

use std::{fmt, rc::Rc};

/// Text with its tags. Cloning is cheap.
#[derive(Clone)]
pub struct Str {
    text: Rc<str>,
    tags: Option<Rc<Tags>>,
}

/// What is known of a text beside its characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// It was written by the operator (playbook, inventory, template) and may be templated. Text without this tag is
    /// data for ever.
    pub trusted: bool,
    /// Where it was written.
    pub origin: Option<Origin>,
    /// It came out of a vault: the text that was encrypted, so that it can be written back unopened, and a sign for
    /// whatever prints it.
    pub vault: Option<Rc<str>>,
    /// It is safe HTML (`Markup`): made by `escape`, `safe` and their like.
    pub markup: bool,
    /// It stood in a template's source and looks like a template itself. (Some functions take it for one.)
    pub constant: bool,
}

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file, as the user named it.
    pub file: Rc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Str {
    /// Text without tags: data.
    pub fn new(text: impl Into<Rc<str>>) -> Self {
        Self { text: text.into(), tags: None }
    }

    /// Text that the operator wrote: it may be templated.
    pub fn trusted(text: impl Into<Rc<str>>, origin: Option<Origin>) -> Self {
        Self { text: text.into(), tags: Some(Rc::new(Tags { trusted: true, origin, ..Tags::default() })) }
    }

    /// Safe HTML: it is not escaped again.
    pub fn markup(text: impl Into<Rc<str>>) -> Self {
        Self { text: text.into(), tags: Some(Rc::new(Tags { markup: true, ..Tags::default() })) }
    }

    /// The same characters with other tags.
    #[must_use]
    pub fn with_tags(&self, tags: Tags) -> Self {
        let tags = (tags != Tags::default()).then(|| Rc::new(tags));
        Self { text: Rc::clone(&self.text), tags }
    }

    /// The same characters with the tags of another text.
    #[must_use]
    pub fn with_tags_of(&self, other: &Self) -> Self {
        Self { text: Rc::clone(&self.text), tags: other.tags.clone() }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The characters, shared.
    pub fn shared(&self) -> Rc<str> {
        Rc::clone(&self.text)
    }

    /// Whether it may be templated.
    pub fn is_trusted(&self) -> bool {
        self.tags.as_ref().is_some_and(|tags| tags.trusted)
    }

    /// Whether it is safe HTML.
    pub fn is_markup(&self) -> bool {
        self.tags.as_ref().is_some_and(|tags| tags.markup)
    }

    /// Its tags, if it has any.
    pub fn tags(&self) -> Option<&Tags> {
        self.tags.as_deref()
    }

    /// Where it was written, if that is known.
    pub fn origin(&self) -> Option<&Origin> {
        self.tags.as_ref().and_then(|tags| tags.origin.as_ref())
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Str {}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::ops::Deref for Str {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_that_says_so_is_trusted() {
        assert!(!Str::new("{{ x }}").is_trusted());
        let origin = Origin { file: "site.yml".into(), line: 3, column: 5 };
        let text = Str::trusted("{{ x }}", Some(origin.clone()));
        assert!(text.is_trusted());
        assert_eq!(text.origin(), Some(&origin));
        assert!(!text.with_tags(Tags::default()).is_trusted());
    }
}
