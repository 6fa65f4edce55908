//! `to_yaml`, `to_nice_yaml`, `from_yaml`, `from_yaml_all`.

use jinja::{Call, Environment, Error, Value};
use yaml::{Options, Source, emit, load_all, load_one};

use super::{Result, flag, only};
use crate::{
    template::Notice,
    yaml::{Trust, dump, value},
};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("to_yaml", |call| to_yaml(call, "to_yaml", emit::Options::to_yaml()));
    env.add_filter("to_nice_yaml", |call| to_yaml(call, "to_nice_yaml", emit::Options::to_nice_yaml()));
    env.add_filter("from_yaml", |call| from_yaml(call, false));
    env.add_filter("from_yaml_all", |call| from_yaml(call, true));
}

fn to_yaml(call: &mut Call<'_>, function: &str, mut options: emit::Options) -> Result<Value> {
    let value = call.first(function, "a")?;
    let positional = if function == "to_nice_yaml" { call.args.first().cloned() } else { None };
    if let Some(indent) = positional.or_else(|| call.take("indent")) {
        options.indent = whole(&indent)?.unwrap_or(2);
    }
    if let Some(width) = call.take("width") {
        options.width = match width {
            Value::Float(number) if number == f64::INFINITY => -1,
            other => whole(&other)?.unwrap_or(80),
        };
    }
    if let Some(flow) = call.take("default_flow_style") {
        options.default_flow_style = if flow.is_none() { None } else { Some(flow.truthy()?) };
    }
    if let Some(style) = call.take("default_style") {
        options.default_style = style.as_str().and_then(|style| style.chars().next());
    }
    options.sort_keys = flag(call.take("sort_keys"), options.sort_keys)?;
    options.explicit_start = flag(call.take("explicit_start"), false)?;
    options.explicit_end = flag(call.take("explicit_end"), false)?;
    for name in ["vault_to_text", "dump_vault_tags", "encoding"] {
        call.take(name);
    }
    if let Some((name, _)) = call.kwargs.first() {
        return Err(Error::type_error(if &**name == "allow_unicode" {
            "yaml.dump() got multiple values for keyword argument 'allow_unicode'".to_owned()
        } else {
            format!("dump_all() got an unexpected keyword argument '{name}'")
        }));
    }
    dump(&value, &options).map(Value::from)
}

/// A whole number; none for `None`.
fn whole(value: &Value) -> Result<Option<i64>> {
    match value {
        Value::None => Ok(None),
        value => value.as_int().map(Some).ok_or_else(|| Error::type_error("an integer is required")),
    }
}

fn from_yaml(call: &mut Call<'_>, all: bool) -> Result<Value> {
    let function = if all { "from_yaml_all" } else { "from_yaml" };
    let data = only(call, function, "data")?;
    let text = match &data {
        Value::None if all => return Ok(Value::from(Vec::new())),
        Value::Str(text) => text,
        Value::None => return Ok(data),
        other => {
            let kind = other.type_name();
            let message = format!("The {function} filter ignored non-string input of type '{kind}'.");
            Notice::deprecated(message, "2.23").about(&data).raise(call);
            return Ok(data);
        }
    };
    let source = Source::new("<unicode string>", text);
    let failed = |error: yaml::Error| Error::value_error(error.python.clone());
    if all {
        let loaded = load_all(&source, &Options::filter()).map_err(failed)?;
        return Ok(Value::List(loaded.documents.iter().map(|node| value(node, None, Trust::Untrusted)).collect()));
    }
    let loaded = load_one(&source, &Options::filter()).map_err(failed)?;
    Ok(value(&loaded.root(), None, Trust::Untrusted))
}
