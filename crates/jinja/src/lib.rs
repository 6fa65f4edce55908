//! A Jinja2 engine with the semantics of Python.
//!
//! It stands alone: it knows templates, values and functions, and nothing of hosts, files or playbooks. Whoever uses
//! it gives it a [`Scope`] (where names come from) and an [`Environment`] (filters, tests, globals, loader).

mod access;
pub mod call;
mod compiler;
pub mod environment;
pub mod error;
mod filters;
mod function;
mod globals;
mod methods;
mod render;
mod state;
mod template;
mod tests;
pub mod value;

pub use access::item;
pub use call::{Call, Kwargs};
pub use environment::{Environment, Function, Hooks, Loader, Options, Plugin};
pub use error::{Error, Kind, Note};
pub use function::{function, function_seeing_undefined};
pub use state::State;
pub use template::{Template, finalize, finalize_noting};
pub use value::{Dict, Key, Lazy, List, Object, Origin, Str, Tags, Undefined, Value};

/// Where a template's names come from.
pub trait Scope {
    /// The value of a name; `None` where it is not defined.
    ///
    /// # Errors
    ///
    /// The name is there and its value cannot be had (a template inside it fails).
    fn lookup(&self, name: &str) -> Result<Option<Value>, Error>;

    /// All names, for suggestions and for `vars`.
    fn names(&self) -> Vec<std::rc::Rc<str>>;

    /// The scope itself, for functions of the engine's user that know its type; none hides it.
    fn as_any(&self) -> Option<&dyn std::any::Any> {
        None
    }
}
