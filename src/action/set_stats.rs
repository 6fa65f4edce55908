//! `set_stats`: custom statistics for the end of the run.
//!
//! Source: Ansible documentation, `ansible.builtin.set_stats`.

use jinja::Value;
use protocol::{Data, Map, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Effect, Local, module::check_names};
use crate::template::data::to_data;

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        check_names(context, &["aggregate", "data", "per_host"])?;
        let data = match context.arg("data") {
            Some(Value::Dict(dict)) => match to_data(&Value::Dict(dict))? {
                Data::Map(map) => map,
                _ => Map::new(),
            },
            None => Map::new(),
            Some(_) => {
                let msg = "The 'data' option needs to be a dictionary/hash".to_owned();
                return Ok(Outcome { failed: true, msg: Some(msg), ..Outcome::default() }.into());
            }
        };
        for name in data.keys() {
            super::set_fact::check_variable_name(name, None)?;
        }
        let per_host = context.flag("per_host", false);
        let aggregate = context.flag("aggregate", true);
        let mut outcome = Outcome::changed(false);
        let mut stats = Map::new();
        stats.insert("data".to_owned(), Data::Map(data.clone()));
        stats.insert("per_host".to_owned(), Data::Bool(per_host));
        stats.insert("aggregate".to_owned(), Data::Bool(aggregate));
        outcome.set("ansible_stats", stats);
        let effects = vec![Effect::Stats { data, per_host, aggregate }];
        Ok(ActionOutcome { outcome, effects, ..ActionOutcome::default() })
    })
}
