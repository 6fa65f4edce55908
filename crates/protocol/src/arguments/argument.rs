//! What a Rust type says of an option, and how a checked value becomes one; the derive builds on it.

use std::{ops::Deref, path::Path};

use super::{Kind, OptionSpec, Rules};
use crate::{Data, Map};

/// A struct whose fields are the options of a module (or of a dictionary option). Derived, see crate `macros`.
pub trait Arguments: Sized {
    /// The struct's documentation; its first paragraph is the short description.
    const DOC: &'static str;
    /// The options, in the order of the fields.
    const OPTIONS: &'static [OptionSpec];
    /// What must hold between them.
    const RULES: Rules;

    /// Reads values that passed [`super::validate`].
    ///
    /// # Errors
    ///
    /// [`ArgumentValueError`] where a value is not of its option's type: the check was left out.
    fn from_map(map: &mut Map) -> Result<Self, ArgumentValueError>;
}

/// An option's type that has only certain words. Derived, see crate `macros`.
pub trait Choice {
    /// The word that users write for this choice.
    #[must_use]
    fn name(&self) -> &'static str;
}

/// A type that an option can have.
pub trait Argument: Sized {
    /// What Ansible calls the type.
    const KIND: Kind;
    /// For lists: the type of the elements.
    const ELEMENTS: Option<Kind> = None;
    /// For dictionaries and lists of them: their options.
    const OPTIONS: &'static [OptionSpec] = &[];
    /// What must hold between those.
    const RULES: Rules = Rules::NONE;
    /// The values that are allowed; empty for any.
    const CHOICES: &'static [&'static str] = &[];
    /// The option may be left out without having a default.
    const OPTIONAL: bool = false;

    /// Reads a value that passed [`super::validate`]; `None` where it is of another type.
    fn from_data(value: Data) -> Option<Self>;
}

/// A value that is not of its option's type although the arguments were said to be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of option {option} was not checked against the module's specification")]
pub struct ArgumentValueError {
    /// The option.
    pub option: &'static str,
}

/// Takes one option out of the map; for the derive.
///
/// # Errors
///
/// [`ArgumentValueError`] where the value is of another type.
pub fn take<T: Argument>(map: &mut Map, option: &'static str) -> Result<T, ArgumentValueError> {
    let value = map.get_mut(option).map(std::mem::take).unwrap_or_default();
    T::from_data(value).ok_or(ArgumentValueError { option })
}

impl Argument for String {
    const KIND: Kind = Kind::Str;

    fn from_data(value: Data) -> Option<Self> {
        match value {
            Data::Str(text) => Some(text),
            _ => None,
        }
    }
}

impl Argument for bool {
    const KIND: Kind = Kind::Bool;

    fn from_data(value: Data) -> Option<Self> {
        value.as_bool()
    }
}

impl Argument for i64 {
    const KIND: Kind = Kind::Int;

    fn from_data(value: Data) -> Option<Self> {
        match value {
            Data::Int(number) => Some(number),
            // Python's booleans are integers, and Ansible lets them through.
            Data::Bool(value) => Some(Self::from(value)),
            _ => None,
        }
    }
}

impl Argument for f64 {
    const KIND: Kind = Kind::Float;

    fn from_data(value: Data) -> Option<Self> {
        match value {
            Data::Float(number) => Some(number),
            _ => None,
        }
    }
}

impl Argument for Map {
    const KIND: Kind = Kind::Dict;

    fn from_data(value: Data) -> Option<Self> {
        match value {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }
}

/// Any value: `raw`.
impl Argument for Data {
    const KIND: Kind = Kind::Raw;
    const OPTIONAL: bool = true;

    fn from_data(value: Data) -> Option<Self> {
        Some(value)
    }
}

impl<T: Argument> Argument for Option<T> {
    const KIND: Kind = T::KIND;
    const ELEMENTS: Option<Kind> = T::ELEMENTS;
    const OPTIONS: &'static [OptionSpec] = T::OPTIONS;
    const RULES: Rules = T::RULES;
    const CHOICES: &'static [&'static str] = T::CHOICES;
    const OPTIONAL: bool = true;

    fn from_data(value: Data) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_data(value).map(Some) }
    }
}

impl<T: Argument> Argument for Vec<T> {
    const KIND: Kind = Kind::List;
    const ELEMENTS: Option<Kind> = Some(T::KIND);
    const OPTIONS: &'static [OptionSpec] = T::OPTIONS;
    const RULES: Rules = T::RULES;
    const CHOICES: &'static [&'static str] = T::CHOICES;

    fn from_data(value: Data) -> Option<Self> {
        match value {
            Data::List(items) => items.into_iter().map(T::from_data).collect(),
            _ => None,
        }
    }
}

macro_rules! text_argument {
    ($(#[$doc:meta])* $name:ident, $kind:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub String);

        impl Argument for $name {
            const KIND: Kind = Kind::$kind;

            fn from_data(value: Data) -> Option<Self> {
                String::from_data(value).map(Self)
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }
    };
}

text_argument!(
    /// A `path` option: text in which `~` and variables were expanded on the host.
    PathArg, Path
);
text_argument!(
    /// A `json` option: JSON text.
    JsonText, Json
);

impl AsRef<Path> for PathArg {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

/// A `bytes` option: a size in bytes, written `10M` by people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub i64);

impl Argument for ByteSize {
    const KIND: Kind = Kind::Bytes;

    fn from_data(value: Data) -> Option<Self> {
        value.as_int().map(Self)
    }
}
