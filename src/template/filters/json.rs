//! `to_json`, `to_nice_json`, `from_json`.

use jinja::{Call, Environment, Error, Value};
use protocol::Data;

use super::{Result, class_name, flag, given, json_read, only};
use crate::{
    python_json::{Style, dumps},
    template::data::to_data,
};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("to_json", |call| to_json(call, false));
    env.add_filter("to_nice_json", |call| to_json(call, true));
    env.add_filter("from_json", from_json);
}

fn to_json(call: &mut Call<'_>, nice: bool) -> Result<Value> {
    let function = if nice { "to_nice_json" } else { "to_json" };
    let value = call.first(function, "a")?;
    if nice {
        for name in ["indent", "sort_keys"] {
            if !call.args.is_empty() {
                let given = call.args.remove(0);
                call.kwargs.push((name.into(), given));
            }
        }
        call.take("separators");
    } else if !call.args.is_empty() {
        call.args.remove(0);
    }
    let mut style = Style { indent: nice.then_some(4), sort_keys: nice, ensure_ascii: true };
    if let Some(indent) = call.take("indent") {
        style.indent = match &indent {
            Value::None => None,
            other => Some(usize::try_from(other.as_int().unwrap_or(0).clamp(0, 1000)).unwrap_or(0)),
        };
    }
    style.sort_keys = flag(call.take("sort_keys"), style.sort_keys)?;
    style.ensure_ascii = flag(call.take("ensure_ascii"), true)?;
    let separators = given(call.take("separators"));
    for name in ["profile", "vault_to_text", "preprocess_unsafe", "skipkeys", "check_circular", "allow_nan"] {
        call.take(name);
    }
    if let Some((name, _)) = call.kwargs.first() {
        let message = format!("JSONEncoder.__init__() got an unexpected keyword argument '{name}'");
        return Err(Error::type_error(message));
    }
    let data = to_data(&value)?;
    let Some(separators) = separators else { return Ok(Value::from(dumps(&data, style))) };
    let parts = separators.iterate()?;
    let [item, key] = parts.as_slice() else {
        return Err(Error::value_error(format!("not enough values to unpack (expected 2, got {})", parts.len())));
    };
    let (item, key) = (item.to_str()?, key.to_str()?);
    let mut writer = Writer { style, item: &item, key: &key, out: String::new() };
    writer.write(&data, 0);
    Ok(Value::from(writer.out))
}

/// JSON with separators of the user's.
struct Writer<'a> {
    style: Style,
    item: &'a str,
    key: &'a str,
    out: String,
}

impl Writer<'_> {
    fn newline(&mut self, level: usize) {
        if let Some(indent) = self.style.indent {
            self.out.push('\n');
            self.out.push_str(&" ".repeat(indent * level));
        }
    }

    fn write(&mut self, data: &Data, level: usize) {
        match data {
            Data::List(items) if !items.is_empty() => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(self.item);
                    }
                    self.newline(level + 1);
                    self.write(item, level + 1);
                }
                self.newline(level);
                self.out.push(']');
            }
            Data::Map(map) if !map.is_empty() => {
                let mut entries: Vec<_> = map.iter().collect();
                if self.style.sort_keys {
                    entries.sort_by(|left, right| left.0.cmp(right.0));
                }
                self.out.push('{');
                for (index, (key, item)) in entries.into_iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(self.item);
                    }
                    self.newline(level + 1);
                    self.out.push_str(&dumps(&Data::Str(key.clone()), self.style));
                    self.out.push_str(self.key);
                    self.write(item, level + 1);
                }
                self.newline(level);
                self.out.push('}');
            }
            plain => self.out.push_str(&dumps(plain, self.style)),
        }
    }
}

fn from_json(call: &mut Call<'_>) -> Result<Value> {
    call.take("profile");
    let value = only(call, "from_json", "a")?;
    match &value {
        Value::Str(text) => json_read::loads(text).map_err(Error::value_error),
        Value::Bytes(bytes) => json_read::loads(&String::from_utf8_lossy(bytes)).map_err(Error::value_error),
        other => {
            let name = class_name(other);
            Err(Error::type_error(format!("the JSON object must be str, bytes or bytearray, not {name}")))
        }
    }
}
