//! What is sent: JSON, a form, or bytes as they are.

use protocol::{
    Data, Map,
    arguments::python,
    python_json::{Style, dumps},
};

use super::{BodyFormat, UriArgs};
use crate::{
    Context, Failure,
    support::{ansible_tmp, multipart, paths},
};

/// Content to send, and the `Content-Type` that goes with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Prepared {
    pub(super) bytes: Option<Vec<u8>>,
    /// The type; `true` where it takes the place of one that is given.
    pub(super) content_type: Option<(String, bool)>,
}

/// Encodes the option `body` as `body_format` says.
pub(super) fn prepare(args: &UriArgs) -> Result<Prepared, Failure> {
    let text = |text: &str| Some(text.as_bytes().to_vec());
    Ok(match (args.body_format, &args.body) {
        (BodyFormat::Json, body) => Prepared {
            bytes: match body {
                Data::Str(json) => text(json),
                other => text(&dumps(other, Style::default())),
            },
            content_type: Some(("application/json".to_owned(), false)),
        },
        (BodyFormat::FormUrlencoded, body) => Prepared {
            bytes: match body {
                Data::Str(form) => text(form),
                Data::Map(_) | Data::List(_) => text(&form(body).map_err(|why| {
                    Failure::new(format!("failed to parse body as form_urlencoded: {why}")).with("elapsed", 0)
                })?),
                other => raw(other)?,
            },
            content_type: Some(("application/x-www-form-urlencoded".to_owned(), false)),
        },
        (BodyFormat::FormMultipart, body) => {
            let form = multipart::form(body)
                .map_err(|why| Failure::new(format!("failed to parse body as form-multipart: {why}")))?;
            Prepared { bytes: Some(form.body), content_type: Some((form.content_type, true)) }
        }
        (BodyFormat::Raw, body) => Prepared { bytes: raw(body)?, content_type: None },
    })
}

/// What is shown of a form whose files came with the call: their names among Ansible's temporary files.
pub(super) fn shown(body: &Data, ctx: &Context) -> Option<Data> {
    let Data::Map(fields) = body else { return None };
    let mut shown = fields.clone();
    let mut differs = false;
    for field in shown.values_mut() {
        if let Data::Map(field) = field
            && field.shift_remove(multipart::INLINE).is_some()
            && let Some(name) = field.get_mut("filename")
        {
            *name = ansible_tmp::shown(ctx, paths::basename(name.as_str().unwrap_or_default())).into();
            differs = true;
        }
    }
    differs.then_some(Data::Map(shown))
}

/// A body that is text already.
fn raw(body: &Data) -> Result<Option<Vec<u8>>, Failure> {
    match body {
        Data::Null => Ok(None),
        Data::Str(text) => Ok(Some(text.as_bytes().to_vec())),
        other => Err(Failure::new(format!(
            "body is a {}, which cannot be sent as it is: make text of it, or set body_format to json or form-urlencoded",
            python::type_name(other)
        ))),
    }
}

/// A form's fields: a dictionary, or a list of pairs; a field may have a list of values.
fn form(body: &Data) -> Result<String, String> {
    let mut fields: Vec<(&Data, &Data)> = Vec::new();
    let names: Vec<Data>;
    match body {
        Data::Map(map) => {
            names = map.keys().map(|name| Data::from(name.as_str())).collect();
            fields.extend(names.iter().zip(map.values()));
        }
        Data::List(pairs) => {
            for pair in pairs {
                match pair {
                    Data::List(pair) => match pair.as_slice() {
                        [name, value] => fields.push((name, value)),
                        [] | [_] => {
                            return Err(format!("not enough values to unpack (expected 2, got {})", pair.len()));
                        }
                        _ => return Err("too many values to unpack (expected 2)".to_owned()),
                    },
                    other => return Err(format!("cannot unpack {} into a name and a value", python::repr(other))),
                }
            }
        }
        _ => {}
    }
    let mut encoded = Vec::new();
    for (name, value) in fields {
        let values: Vec<Data> = match value {
            Data::List(values) => values.clone(),
            // Of a dictionary Python's loop sees the names alone.
            Data::Map(map) => names_of(map),
            one => vec![one.clone()],
        };
        for value in values.iter().filter(|value| !value.is_null()) {
            let [name, value] = [name, value].map(|part| http::url::quote_plus(&python::str(part)));
            encoded.push(format!("{name}={value}"));
        }
    }
    Ok(encoded.join("&"))
}

fn names_of(map: &Map) -> Vec<Data> {
    map.keys().map(|name| Data::from(name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_is_encoded_from_a_dictionary_or_pairs() {
        let form = |body| form(&Data::from_json(body));
        assert_eq!(form(json!({"a b": "c&d", "l": [1, null, true], "n": null})).unwrap(), "a+b=c%26d&l=1&l=True");
        assert_eq!(form(json!([["a", "ü"], ["a", 2]])).unwrap(), "a=%C3%BC&a=2");
        assert_eq!(form(json!([["a", "b", "c"]])).unwrap_err(), "too many values to unpack (expected 2)");
    }
}
