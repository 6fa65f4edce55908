//! Derives for the argument structs of modules: the struct is the only place where an option is written.
//!
//! - [`Arguments`](derive@Arguments) makes a table of options and a reader from a struct.
//! - [`Choice`](derive@Choice) makes an option's type from an enum without fields.
//!
//! Both write paths into crate `protocol`, which the deriving crate must depend on under that name.

mod arguments;
mod choice;

use proc_macro::TokenStream;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// Makes `protocol::arguments::Arguments` (and `Argument`, for suboptions) of a struct with named fields.
///
/// A field is an option: its name, its `///` documentation, and its type, which gives Ansible's type. An `Option` or a
/// `Data` may be left out; any other field needs `required` or a `default`.
///
/// On a field, `#[arg(...)]` takes `required`, `default = LITERAL` (a text, a number, a boolean, `["a", "b"]`, `{}`),
/// `aliases("a", "b")`, `choices("a", "b")`, `no_log`, `rename = "name"`, `kind = "jsonarg"`, `apply_defaults`,
/// `internal` (the control node's half of a module sets it, users are not told of it), and `flatten` (the options of
/// another such struct stand here).
///
/// On the struct, `#[arguments(...)]` takes `mutually_exclusive("a", "b")`, `required_one_of("a", "b")`,
/// `required_together("a", "b")`, `required_if("option", "value", ["a", "b"])`, `required_if_any(...)` (one of them is
/// enough) and `required_by("option", ["a"])`, each as often as needed.
#[proc_macro_derive(Arguments, attributes(arg, arguments))]
pub fn derive_arguments(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    arguments::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes `protocol::arguments::Argument` of an enum without fields: an option with these choices, in this order.
///
/// A variant is called by its name in snake case, or by `#[choice("name")]`. `protocol::arguments::Choice::name` gives it back.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    choice::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// The `///` lines of an item, one leading blank taken off each.
fn documentation(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
        {
            let line = text.value();
            lines.push(line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned());
        }
    }
    lines.join("\n").trim().to_owned()
}
