//! What Ansible changes of how the engine works: the words for filters and tests that fail, and texts in a template that
//! look like templates themselves.

use jinja::{Error, Hooks, Kind, Origin, Plugin, State, Str, Tags, Value};

use super::{Notice, VariableScope};

/// The hooks of Ansible's environment.
pub(super) struct AnsibleHooks;

impl Hooks for AnsibleHooks {
    fn plugin_error(&self, plugin: Plugin, name: &str, error: Error) -> Error {
        if matches!(error.kind, Kind::Undefined | Kind::Limit) {
            return error;
        }
        let plugin = match plugin {
            Plugin::Filter => "filter",
            Plugin::Test => "test",
        };
        failed(&format!("{plugin} plugin 'ansible.builtin.{name}'"), error)
    }

    fn constant(&self, text: &Str, state: &State<'_>) -> Result<Value, Error> {
        let Some(scope) = state.scope().as_any().and_then(|scope| scope.downcast_ref::<VariableScope>()) else {
            return Ok(Value::Str(text.clone()));
        };
        let (origin, conditional) = scope.templar().rendering();
        if !conditional {
            // Lookups render it, should it become a term of theirs.
            return Ok(Value::Str(text.with_tags(Tags { origin, constant: true, ..Tags::default() })));
        }
        let help = "Use inline expressions, for example: `when: \"{{ a_var }}\" == 42` becomes `when: a_var == 42`";
        scope.notice(notice(origin.as_ref(), help));
        render(text, origin, scope)
    }
}

/// The error of a plugin (`filter plugin 'x'`), from what it said.
#[must_use]
pub fn failed(plugin: &str, mut error: Error) -> Error {
    let mut outer = Error::other(format!("The {plugin} failed."));
    outer.template = error.template.take();
    outer.line = error.line;
    if !error.has_details() {
        outer.origin = error.origin.take();
    }
    outer.because_of(error)
}

/// Renders a text that stands in a template, as some functions do with their arguments, and says that it will not be
/// done for ever.
///
/// # Errors
///
/// A limit was reached.
pub fn render_constant(text: &Str, scope: &VariableScope) -> Result<Value, Error> {
    let help = "Use inline expressions, for example: `msg: \"{{ lookup('env', '{{ a_var }}') }}\"` becomes `msg: \"{{ \
                lookup('env', a_var) }}\"`";
    scope.notice(notice(text.origin(), help));
    render(text, text.origin().cloned(), scope)
}

fn notice(origin: Option<&Origin>, help: &str) -> Notice {
    Notice::warning(
        "Jinja constant strings should not contain embedded templates. This feature will be disabled by default in \
         ansible-core 2.23.",
    )
    .at(origin)
    .help(help)
}

fn render(text: &Str, origin: Option<Origin>, scope: &VariableScope) -> Result<Value, Error> {
    scope.resolve_raw(&Value::Str(Str::trusted(text.shared(), origin)))
}
