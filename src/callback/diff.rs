//! How a result's `diff` is shown.

use protocol::{Data, Map};

use super::{
    difflib,
    options::{Options, ResultFormat},
    screen::Screen,
};
use crate::{
    python_json::{self, Style},
    python_repr,
};

/// The text of a `diff`: a mapping, or a list of them. Empty where nothing differs.
#[must_use]
pub fn text(diff: &Data, screen: &Screen, options: &Options) -> String {
    let single = std::slice::from_ref(diff);
    let mut out = String::new();
    for map in diff.as_list().unwrap_or(single).iter().filter_map(Data::as_map) {
        one(&mut out, map, screen, options);
    }
    out
}

fn one(out: &mut String, diff: &Map, screen: &Screen, options: &Options) {
    for (key, side) in [("dst", "destination"), ("src", "source")] {
        if diff.contains_key(&format!("{key}_binary")) {
            out.push_str(&format!("diff skipped: {side} file appears to be binary\n"));
        }
    }
    for (key, side) in [("dst", "destination"), ("src", "source")] {
        if let Some(size) = diff.get(&format!("{key}_larger")) {
            out.push_str(&format!("diff skipped: {side} file size is greater than {}\n", python_repr::str(size)));
        }
    }
    if let (Some(before), Some(after)) = (diff.get("before"), diff.get("after")) {
        let header = |side: &str| match diff.get(&format!("{side}_header")) {
            Some(header) => format!("{side}: {}", python_repr::str(header)),
            None => side.to_owned(),
        };
        let lines = difflib::unified(
            &side(before, options),
            &side(after, options),
            &header("before"),
            &header("after"),
            options.diff_context,
        );
        for line in &lines {
            let colour = match line {
                _ if line.starts_with('+') => Some(&*options.theme.diff_add),
                _ if line.starts_with('-') => Some(&*options.theme.diff_remove),
                _ if line.starts_with("@@") => Some(&*options.theme.diff_lines),
                _ => None,
            };
            out.push_str(&screen.paint(line, colour));
        }
        if !lines.is_empty() {
            out.push('\n');
        }
    }
    if let Some(Data::Str(prepared)) = diff.get("prepared") {
        out.push_str(prepared);
    }
}

/// One side as lines; a state is written as JSON first.
fn side(value: &Data, options: &Options) -> Vec<String> {
    let text = match value {
        Data::Null => String::new(),
        Data::Map(_) if options.result_format == ResultFormat::Yaml => {
            let lossy = options.pretty_results != Some(false);
            format!("{}\n", super::yaml::indented(value, lossy, Some(4), 4))
        }
        Data::Map(_) => {
            let style = Style { indent: Some(4), sort_keys: true, ensure_ascii: true };
            python_json::dumps(value, style) + "\n"
        }
        other => python_repr::str(other),
    };
    let mut lines = difflib::split_lines(&text);
    if let Some(last) = lines.last_mut().filter(|line| !line.ends_with('\n')) {
        last.push_str("\n\\ No newline at end of file\n");
    }
    lines
}
