//! What the check of arguments asks of a table of options, be it a module's or one that a role's author wrote.

use std::borrow::Cow;

use super::{Kind, OptionSpec, Rules, python};
use crate::Data;

/// One option of a table.
pub(super) trait Table: Sized {
    /// Its name.
    fn name(&self) -> &str;
    /// Other names for it.
    fn aliases(&self) -> impl Iterator<Item = &str>;
    /// What type the value is brought to.
    fn kind(&self) -> Named<'_>;
    /// For lists: the type of the elements.
    fn elements(&self) -> Option<Named<'_>>;
    /// It must be given.
    fn required(&self) -> bool;
    /// The value where none is given.
    fn default(&self) -> Option<Data>;
    /// The values that are allowed; none for any.
    fn choices(&self) -> Option<Vec<Choice<'_>>>;
    /// What stands in the place of choices and is no list.
    fn unusable_choices(&self) -> Option<String> {
        None
    }
    /// Options of a dictionary, or of each dictionary in a list; none where nothing is said of them.
    fn options(&self) -> Option<&[Self]>;
    /// What must hold between those options.
    fn rules(&self) -> RuleTable<'_>;
    /// A dictionary that is not given is made of its options' defaults.
    fn apply_defaults(&self) -> bool;
    /// What is wrong with the table itself, in Ansible's words.
    fn mistake(&self) -> Option<String> {
        None
    }

    /// Whether it takes a dictionary, or a list of them.
    fn takes_maps(&self) -> bool {
        match self.kind().kind {
            Some(Kind::Dict) => true,
            Some(Kind::List) => self.elements().is_some_and(|elements| elements.kind == Some(Kind::Dict)),
            _ => false,
        }
    }
}

/// A type and the name it was given; the type is none where there is none of that name.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) kind: Option<Kind>,
    pub(super) name: &'a str,
}

impl From<Kind> for Named<'static> {
    fn from(kind: Kind) -> Self {
        Self { kind: Some(kind), name: kind.name() }
    }
}

/// A value that is allowed, or that decides.
#[derive(Clone, Copy)]
pub(super) enum Choice<'a> {
    /// A word of a module's.
    Word(&'a str),
    /// Any value.
    Value(&'a Data),
}

impl<'a> Choice<'a> {
    /// Whether a value is it.
    pub(super) fn is(self, value: &Data) -> bool {
        match self {
            Self::Word(word) => python::str(value) == word,
            Self::Value(choice) => python::equal(choice, value),
        }
    }

    /// Python's `str()`.
    pub(super) fn text(self) -> Cow<'a, str> {
        match self {
            Self::Word(word) => Cow::Borrowed(word),
            Self::Value(Data::Str(text)) => Cow::Borrowed(text),
            Self::Value(value) => Cow::Owned(python::str(value)),
        }
    }

    /// The word, if it is one.
    pub(super) fn word(self) -> Option<&'a str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Value(Data::Str(text)) => Some(text),
            Self::Value(_) => None,
        }
    }
}

/// `required_if`
pub(super) struct Requirement<'a> {
    pub(super) option: &'a str,
    pub(super) value: Choice<'a>,
    pub(super) required: Vec<&'a str>,
    pub(super) any: bool,
}

/// Rules between options.
#[derive(Default)]
pub(super) struct RuleTable<'a> {
    pub(super) mutually_exclusive: Vec<Vec<&'a str>>,
    pub(super) required_one_of: Vec<Vec<&'a str>>,
    pub(super) required_together: Vec<Vec<&'a str>>,
    pub(super) required_if: Vec<Requirement<'a>>,
    pub(super) required_by: Vec<(&'a str, Vec<&'a str>)>,
}

impl Rules {
    pub(super) fn table(self) -> RuleTable<'static> {
        let groups = |groups: &'static [&'static [&'static str]]| groups.iter().map(|group| group.to_vec()).collect();
        RuleTable {
            mutually_exclusive: groups(self.mutually_exclusive),
            required_one_of: groups(self.required_one_of),
            required_together: groups(self.required_together),
            required_if: self
                .required_if
                .iter()
                .map(|rule| Requirement {
                    option: rule.option,
                    value: Choice::Word(rule.value),
                    required: rule.required.to_vec(),
                    any: rule.any,
                })
                .collect(),
            required_by: self.required_by.iter().map(|(option, required)| (*option, required.to_vec())).collect(),
        }
    }
}

impl Table for OptionSpec {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> impl Iterator<Item = &str> {
        self.aliases.iter().copied()
    }

    fn kind(&self) -> Named<'_> {
        self.kind.into()
    }

    fn elements(&self) -> Option<Named<'_>> {
        self.elements.map(Named::from)
    }

    fn required(&self) -> bool {
        self.required
    }

    fn default(&self) -> Option<Data> {
        self.default.map(super::Default::to_data)
    }

    fn choices(&self) -> Option<Vec<Choice<'_>>> {
        (!self.choices.is_empty()).then(|| self.choices.iter().map(|choice| Choice::Word(choice)).collect())
    }

    fn options(&self) -> Option<&[Self]> {
        (!self.options.is_empty()).then_some(self.options)
    }

    fn rules(&self) -> RuleTable<'_> {
        self.rules.table()
    }

    fn apply_defaults(&self) -> bool {
        self.apply_defaults
    }
}
