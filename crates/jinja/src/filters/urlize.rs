//! `urlize`: addresses in text become links.

use super::{Result, flag, size};
use crate::{Call, Error, Value, compiler::is_space, value::escape};

pub(super) fn filter(call: &mut Call<'_>) -> Result<Value> {
    let names = ["value", "trim_url_limit", "nofollow", "target", "rel", "extra_schemes"];
    let [value, limit, nofollow, target, rel, schemes] = call.bind("do_urlize", 1, names)?;
    let limit = match limit.filter(|limit| !limit.is_none()) {
        Some(limit) => Some(size(super::integer(Some(limit), 0)?)?),
        None => None,
    };
    let text = |value: Option<Value>| match value {
        None | Some(Value::None) => Ok(None),
        Some(value) => value.to_str().map(Some),
    };
    let mut rels: Vec<String> =
        text(rel)?.unwrap_or_default().split(is_space).filter(|rel| !rel.is_empty()).map(str::to_owned).collect();
    if flag(nofollow, false)? {
        rels.push("nofollow".to_owned());
    }
    rels.push("noopener".to_owned());
    rels.sort();
    rels.dedup();
    let mut attributes = format!(" rel=\"{}\"", escape(&rels.join(" ")));
    if let Some(target) = text(target)? {
        attributes += &format!(" target=\"{}\"", escape(&target));
    }
    let mut extra = Vec::new();
    if let Some(schemes) = schemes.filter(|schemes| !schemes.is_none()) {
        for scheme in schemes.iterate()? {
            let scheme = scheme.to_str()?;
            let body = scheme.trim_end_matches('/').strip_suffix(':').unwrap_or("");
            let slashes = scheme.len() - scheme.trim_end_matches('/').len();
            let fits = body.len() >= 2 && body.chars().all(|c| c.is_alphanumeric() || "_.+-".contains(c));
            if !fits || slashes > 2 {
                let scheme = Value::from(scheme).repr()?;
                return Err(Error::other(format!("{scheme} is not a valid URI scheme prefix.")));
            }
            extra.push(scheme);
        }
    }
    let source = value.unwrap_or(Value::None);
    let escaped = match &source {
        Value::Str(text) if text.is_markup() => text.to_string(),
        source => escape(&source.to_str()?),
    };
    let mut out = String::with_capacity(escaped.len());
    for part in escaped.split_inclusive(is_space) {
        let word = part.trim_end_matches(is_space);
        out.push_str(&link(word, &attributes, limit, &extra));
        out.push_str(part.get(word.len()..).unwrap_or(""));
    }
    Ok(Value::from(out))
}

/// Removes the tokens that stand at the end, as often as they do.
fn trim_end<'t>(mut text: &'t str, tokens: &[&str]) -> &'t str {
    while let Some(rest) = tokens.iter().find_map(|token| text.strip_suffix(token)) {
        text = rest;
    }
    text
}

fn link(word: &str, attributes: &str, limit: Option<usize>, extra: &[String]) -> String {
    let mut rest = word;
    while let Some(after) = ["(", "<", "&lt;"].iter().find_map(|token| rest.strip_prefix(token)) {
        rest = after;
    }
    let head = word.get(..word.len() - rest.len()).unwrap_or("");
    let mut middle = trim_end(rest, &[")", "&gt;", ">", ".", ",", "\n"]).to_owned();
    let mut tail = rest.get(middle.len()..).unwrap_or("").to_owned();
    for (start, end) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
        let open = middle.matches(start).count();
        if open <= middle.matches(end).count() {
            continue;
        }
        for _ in 0..open.min(tail.matches(end).count()) {
            let Some(at) = tail.find(end) else { break };
            let moved: String = tail.drain(..at + end.len()).collect();
            middle.push_str(&moved);
        }
    }
    let shown = |text: &str| match limit {
        Some(limit) if text.chars().count() > limit => text.chars().take(limit).collect::<String>() + "...",
        _ => text.to_owned(),
    };
    let linked = if is_address(&middle) {
        let scheme = if middle.starts_with("http://") || middle.starts_with("https://") { "" } else { "https://" };
        format!("<a href=\"{scheme}{middle}\"{attributes}>{}</a>", shown(&middle))
    } else if let Some(mail) = middle.strip_prefix("mailto:").filter(|mail| is_mail(mail)) {
        format!("<a href=\"{middle}\">{mail}</a>")
    } else if middle.contains('@')
        && !middle.starts_with("www.")
        && !middle.starts_with('@')
        && !middle.contains(':')
        && is_mail(&middle)
    {
        format!("<a href=\"mailto:{middle}\">{middle}</a>")
    } else if extra.iter().any(|scheme| middle != *scheme && middle.starts_with(scheme.as_str())) {
        format!("<a href=\"{middle}\"{attributes}>{middle}</a>")
    } else {
        middle
    };
    format!("{head}{linked}{tail}")
}

fn is_mail(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let Some((domain, last)) = host.rsplit_once('.') else { return false };
    let word = |c: char| c == '_' || c.is_alphanumeric();
    !name.is_empty()
        && domain.starts_with(word)
        && domain.chars().all(|c| word(c) || c == '.' || c == '-')
        && !last.is_empty()
        && last.chars().all(word)
}

fn is_address(text: &str) -> bool {
    let lower = text.to_lowercase();
    let (scheme, rest) = match ["https://", "http://", "www."].iter().find_map(|start| lower.strip_prefix(start)) {
        Some(rest) => (true, rest),
        None => (false, lower.as_str()),
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest.get(..host_end).unwrap_or("");
    let host = match host.rsplit_once(':') {
        Some((host, port)) if (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    if scheme && !lower.starts_with("www.") {
        let parts: Vec<&str> = host.split('.').collect();
        let number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if parts.len() == 4 && parts.iter().all(number) {
            return true;
        }
        if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            return inner.matches(':').count() >= 2 && inner.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        }
    }
    let label =
        |part: &str| !part.is_empty() && part.chars().all(|c| c == '_' || c == '%' || c == '-' || c.is_alphanumeric());
    let mut labels: Vec<&str> = host.split('.').collect();
    let Some(top) = labels.pop() else { return false };
    if scheme {
        let tld = (2..=63).contains(&top.len()) && top.bytes().all(|byte| byte.is_ascii_lowercase())
            || top.strip_prefix("xn--").is_some_and(|rest| (2..=59).contains(&rest.len()) && label(rest));
        return tld && labels.iter().all(|part| label(part));
    }
    let basic = ["com", "net", "int", "edu", "gov", "org", "info", "mil"];
    !labels.is_empty() && basic.contains(&top) && labels.iter().all(|part| part.len() >= 2 && label(part))
}
