//! What options a module takes, as static tables.
//!
//! The tables are made from a module's argument struct (`#[derive(Arguments)]`, crate macros), which is the only place
//! where an option is written. The check of a task's arguments against them, with Ansible's coercions, is
//! [`validate`].
//!
//! Source: Ansible documentation, "Ansible module architecture: argument spec".

mod argument;
mod check;
mod coerce;
pub mod python;
mod secrets;
mod table;
mod validate;
mod written;

pub use argument::{Argument, ArgumentValueError, Arguments, ByteSize, Choice, JsonText, PathArg, take};
pub use coerce::coerce;
pub use secrets::{remove_values, secrets_of};
pub use validate::{ArgumentError, Validated, validate, validate_written};
pub use written::WrittenOption;

use crate::Data;

/// All that is known of a module's interface.
#[derive(Debug, Clone, Copy)]
pub struct Specification {
    /// The module's short name: `copy`.
    pub module: &'static str,
    /// One line that says what it does.
    pub short_description: &'static str,
    /// The module file's documentation, paragraphs of plain text.
    pub description: &'static str,
    /// The options, in the order of the struct.
    pub options: &'static [OptionSpec],
    /// Names of which at most one may be given, per group.
    pub mutually_exclusive: &'static [&'static [&'static str]],
    /// Names of which at least one must be given, per group.
    pub required_one_of: &'static [&'static [&'static str]],
    /// Names that are given all or none, per group.
    pub required_together: &'static [&'static [&'static str]],
    /// Requirements that depend on an option's value.
    pub required_if: &'static [RequiredIf],
    /// Requirements that depend on an option being given.
    pub required_by: &'static [(&'static str, &'static [&'static str])],
    /// The module can say what it would do without doing it.
    pub check_mode: CheckMode,
    /// The module takes free text (`command: ls -l`) under this option.
    pub free_form: Option<&'static str>,
    /// A runnable example, YAML of a list of tasks.
    pub examples: &'static str,
}

/// What a module does in check mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckMode {
    /// It says what would change.
    Full,
    /// It is skipped, as Ansible skips modules without `supports_check_mode`.
    Skipped,
}

/// One option.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    /// Its name.
    pub name: &'static str,
    /// Other names for it, in Ansible's order.
    pub aliases: &'static [&'static str],
    /// Its documentation.
    pub doc: &'static str,
    /// What type the value is brought to.
    pub kind: Kind,
    /// For lists: the type of the elements.
    pub elements: Option<Kind>,
    /// It must be given.
    pub required: bool,
    /// The value where none is given.
    pub default: Option<Default>,
    /// The values that are allowed (of each element, for lists); empty for any.
    pub choices: &'static [&'static str],
    /// The value is a secret.
    pub no_log: bool,
    /// Options of a dictionary, or of each dictionary in a list.
    pub options: &'static [OptionSpec],
    /// What must hold between those options.
    pub rules: Rules,
    /// A dictionary that is not given is made of its options' defaults.
    pub apply_defaults: bool,
    /// The control node's half of the module sets it; users are not told of it.
    pub internal: bool,
}

/// A text that documents a module or an option, for a constant; empty in a program that shows none, which does not ask for
/// this crate's feature `documentation` and so carries none.
#[must_use]
pub const fn documentation(text: &'static str) -> &'static str {
    if cfg!(feature = "documentation") { text } else { "" }
}

impl OptionSpec {
    /// An option without a name: what tables are filled from.
    pub const EMPTY: Self = Self {
        name: "",
        aliases: &[],
        doc: "",
        kind: Kind::Str,
        elements: None,
        required: false,
        default: None,
        choices: &[],
        no_log: false,
        options: &[],
        rules: Rules::NONE,
        apply_defaults: false,
        internal: false,
    };
}

/// What must hold between options.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Names of which at most one may be given, per group.
    pub mutually_exclusive: &'static [&'static [&'static str]],
    /// Names of which at least one must be given, per group.
    pub required_one_of: &'static [&'static [&'static str]],
    /// Names that are given all or none, per group.
    pub required_together: &'static [&'static [&'static str]],
    /// Requirements that depend on an option's value.
    pub required_if: &'static [RequiredIf],
    /// Requirements that depend on an option being given.
    pub required_by: &'static [(&'static str, &'static [&'static str])],
}

impl Rules {
    /// No rules.
    pub const NONE: Self = Self {
        mutually_exclusive: &[],
        required_one_of: &[],
        required_together: &[],
        required_if: &[],
        required_by: &[],
    };
}

/// How many options the parts of a table have together; for the derive.
#[must_use]
pub const fn count_options(parts: &[&[OptionSpec]]) -> usize {
    let mut total = 0;
    let mut part = 0;
    while part < parts.len() {
        total += parts[part].len();
        part += 1;
    }
    total
}

/// One table of the parts, in order; for the derive, which flattens shared options into a module's own.
#[must_use]
pub const fn join_options<const N: usize>(parts: &[&[OptionSpec]]) -> [OptionSpec; N] {
    let mut all = [OptionSpec::EMPTY; N];
    let mut at = 0;
    let mut part = 0;
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            all[at] = parts[part][index];
            at += 1;
            index += 1;
        }
        part += 1;
    }
    all
}

/// The types of options, with Ansible's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `str`
    Str,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `list`
    List,
    /// `dict`
    Dict,
    /// `path`: text with `~` and variables of the environment expanded on the host
    Path,
    /// `raw`: any value
    Raw,
    /// `json`: a value or its JSON text, brought to text
    Json,
    /// `jsonarg`
    JsonArg,
    /// `bytes`: a size, `1K` is 1024
    Bytes,
    /// `bits`
    Bits,
}

/// A default, as a constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Default {
    /// Text.
    Str(&'static str),
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// A list of texts.
    List(&'static [&'static str]),
    /// An empty dictionary.
    EmptyDict,
}

impl Specification {
    /// The rules between the options.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        Rules {
            mutually_exclusive: self.mutually_exclusive,
            required_one_of: self.required_one_of,
            required_together: self.required_together,
            required_if: self.required_if,
            required_by: self.required_by,
        }
    }
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::Str,
        Self::Bool,
        Self::Int,
        Self::Float,
        Self::List,
        Self::Dict,
        Self::Path,
        Self::Raw,
        Self::Json,
        Self::JsonArg,
        Self::Bytes,
        Self::Bits,
    ];

    /// The type of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name that Ansible gives the type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Path => "path",
            Self::Raw => "raw",
            Self::Json => "json",
            Self::JsonArg => "jsonarg",
            Self::Bytes => "bytes",
            Self::Bits => "bits",
        }
    }
}

impl Default {
    /// The default as a value.
    #[must_use]
    pub fn to_data(self) -> Data {
        match self {
            Self::Str(text) => Data::from(text),
            Self::Bool(value) => Data::Bool(value),
            Self::Int(value) => Data::Int(value),
            Self::Float(value) => Data::Float(value),
            Self::List(items) => Data::List(items.iter().map(|item| Data::from(*item)).collect()),
            Self::EmptyDict => Data::Map(crate::Map::new()),
        }
    }
}

/// `required_if`: where `option` has `value`, the `required` ones must be given (all, or any).
#[derive(Debug, Clone, Copy)]
pub struct RequiredIf {
    /// The option that decides.
    pub option: &'static str,
    /// The value that decides.
    pub value: &'static str,
    /// What must then be given.
    pub required: &'static [&'static str],
    /// One of them is enough.
    pub any: bool,
}
