//! `uri`, `url`, `urn`.

use http::url::Url;
use jinja::{Call, Environment, Value};

use super::super::filters::{Result, or_none};

pub(super) fn add(env: &mut Environment) {
    env.add_test("uri", |call| Ok(uri(call, "is_uri")?.is_some()));
    env.add_test("url", |call| {
        Ok(uri(call, "is_url")?.is_some_and(|url| !url.netloc.is_empty() || url.scheme == "file"))
    });
    env.add_test("urn", |call| Ok(uri(call, "is_urn")?.is_some_and(|url| url.scheme == "urn")));
}

fn uri(call: &mut Call<'_>, function: &str) -> Result<Option<Url>> {
    let [value, schemes] = call.bind(function, 1, ["value", "schemes"])?;
    let Value::Str(text) = or_none(value) else { return Ok(None) };
    let url = Url::split(&text);
    Ok(match schemes {
        Some(schemes) if schemes.truthy()? => {
            let scheme = Value::from(url.scheme.as_str());
            let known = call.state().call_test("in", vec![scheme, schemes], Vec::new()).unwrap_or(false);
            known.then_some(url)
        }
        _ => Some(url),
    })
}
