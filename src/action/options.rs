//! The options of actions that check them themselves, as modules check theirs.

use protocol::{
    Map,
    arguments::{CheckMode, OptionSpec, Rules, Specification, validate},
};

use super::{ActionContext, ActionError, module};

/// The task's arguments, checked against a table and with its defaults.
///
/// # Errors
///
/// Ansible's words for the first thing that is wrong.
pub(super) fn validated(
    context: &ActionContext<'_>,
    options: &'static [OptionSpec],
    mutually_exclusive: &'static [&'static [&'static str]],
) -> Result<Map, ActionError> {
    let specification = Specification {
        module: "",
        short_description: "",
        description: "",
        options,
        mutually_exclusive,
        required_one_of: Rules::NONE.required_one_of,
        required_together: Rules::NONE.required_together,
        required_if: Rules::NONE.required_if,
        required_by: Rules::NONE.required_by,
        check_mode: CheckMode::Full,
        free_form: None,
        examples: "",
    };
    match validate(&specification, module::to_map(context.args)?) {
        Ok(validated) => Ok(validated.arguments),
        Err(error) => Err(ActionError::refused(error.message(context.written_name))),
    }
}
