//! `group_by`: puts the host into a group that depends on a variable.
//!
//! Source: Ansible documentation, `ansible.builtin.group_by`.

use jinja::Value;
use protocol::{Data, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Effect, Local, module::check_names};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        check_names(context, &["key", "parents"])?;
        let Some(key) = context.text("key") else {
            let msg = "the 'key' param is required when using group_by".to_owned();
            return Ok(Outcome { failed: true, msg: Some(msg), ..Outcome::default() }.into());
        };
        let parents = match context.arg("parents") {
            None => vec!["all".to_owned()],
            Some(Value::Str(text)) => vec![text.as_str().to_owned()],
            Some(list) => {
                let items = list.iterate().map_err(|error| ActionError::failed(error.message))?;
                items.iter().filter_map(|item| item.to_str().ok()).collect()
            }
        };
        let dashed = |name: &str| name.replace(' ', "-");
        let group = dashed(&key);
        let parents: Vec<String> = parents.iter().map(|name| dashed(name)).collect();
        let mut outcome = Outcome::changed(false);
        outcome.set("add_group", group.clone());
        outcome.set("parent_groups", Data::from(parents.clone()));
        Ok(ActionOutcome { outcome, effects: vec![Effect::AddGroup { group, parents }], ..ActionOutcome::default() })
    })
}
