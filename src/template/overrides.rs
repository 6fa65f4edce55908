//! The `#jinja2: key: value, ...` line that a template may begin with.
//!
//! Source: Ansible documentation, `template` module, notes on overriding Jinja2 settings.

use jinja::{Error, Kind, Options};

use crate::inventory::literal::{self, Literal};

/// What the line begins with.
const START: &str = "#jinja2:";

/// Takes the line off a template; returns the rest and the options that hold for it.
///
/// # Errors
///
/// The line is not well-formed, in Ansible's words.
pub(super) fn split_header<'a>(source: &'a str, options: &Options) -> Result<(&'a str, Options), Error> {
    let mut options = options.clone();
    let Some(rest) = source.strip_prefix(START) else { return Ok((source, options)) };
    let Some((line, body)) = rest.split_once('\n') else {
        return Err(refused(format!("Missing newline after '{START}' override.")));
    };
    for pair in line.split(',') {
        if pair.trim().is_empty() {
            return Err(refused(format!("Empty '{START}' override pair not allowed.")));
        }
        let Some((key, value)) = pair.split_once(':') else {
            return Err(refused(format!(
                "Missing key-value separator `:` in '{START}' override pair {}.",
                crate::python_repr::repr(&pair.into())
            )));
        };
        set(&mut options, key.trim(), value)?;
    }
    let starts = [&options.block_start_string, &options.variable_start_string, &options.comment_start_string];
    if starts[0] == starts[1] || starts[1] == starts[2] || starts[2] == starts[0] {
        return Err(refused("Block, variable and comment start strings must be different."));
    }
    Ok((body, options))
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(Kind::Syntax, message)
}

/// A value that is wanted to be of certain types.
struct Given<'a> {
    key: &'a str,
    value: Literal,
}

impl Given<'_> {
    fn wrong(&self, wanted: &str) -> Error {
        let kind = self.value.type_name();
        refused(format!("TemplateOverrides.{} must be {wanted} instead of <class '{kind}'>", self.key))
    }

    fn text(self) -> Result<String, Error> {
        match self.value {
            Literal::Str(text) => Ok(text),
            _ => Err(self.wrong("<class 'str'>")),
        }
    }

    fn text_or_none(self) -> Result<Option<String>, Error> {
        match self.value {
            Literal::None => Ok(None),
            Literal::Str(text) => Ok(Some(text)),
            _ => Err(self.wrong("<class 'str'> or <class 'NoneType'>")),
        }
    }

    fn flag(self) -> Result<bool, Error> {
        match self.value {
            Literal::Bool(flag) => Ok(flag),
            _ => Err(self.wrong("<class 'bool'>")),
        }
    }
}

fn set(options: &mut Options, key: &str, text: &str) -> Result<(), Error> {
    let given = || {
        let text = text.trim_start_matches([' ', '\t']);
        let malformed = |_| refused(format!("malformed node or string on line 1: {text}"));
        literal::parse(text).map(|value| Given { key, value }).map_err(malformed)
    };
    match key {
        "block_start_string" => options.block_start_string = given()?.text()?,
        "block_end_string" => options.block_end_string = given()?.text()?,
        "variable_start_string" => options.variable_start_string = given()?.text()?,
        "variable_end_string" => options.variable_end_string = given()?.text()?,
        "comment_start_string" => options.comment_start_string = given()?.text()?,
        "comment_end_string" => options.comment_end_string = given()?.text()?,
        "line_statement_prefix" => options.line_statement_prefix = given()?.text_or_none()?,
        "line_comment_prefix" => options.line_comment_prefix = given()?.text_or_none()?,
        "trim_blocks" => options.trim_blocks = given()?.flag()?,
        "lstrip_blocks" => options.lstrip_blocks = given()?.flag()?,
        "keep_trailing_newline" => options.keep_trailing_newline = given()?.flag()?,
        "newline_sequence" => match given()?.value {
            Literal::Str(text) if matches!(text.as_str(), "\n" | "\r\n" | "\r") => options.newline_sequence = text,
            other => {
                let shown = match other {
                    Literal::Str(text) => crate::python_repr::repr(&text.into()),
                    Literal::Int(number) => number.to_string(),
                    other => other.type_name().to_owned(),
                };
                let known = r"('\n', '\r\n', '\r')";
                return Err(refused(format!(
                    "TemplateOverrides.newline_sequence must be one of {known} instead of {shown}"
                )));
            }
        },
        _ => return Err(refused(format!("Invalid '{START}' override key '{key}'."))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> String {
        split_header(&format!("#jinja2:{line}\nx"), &Options::default()).unwrap_err().message
    }

    #[test]
    fn a_line_changes_options_and_is_gone() {
        let source = "#jinja2: trim_blocks: True, newline_sequence:'\\r\\n' ,line_statement_prefix:None\nrest\n";
        let (rest, options) = split_header(source, &Options::default()).unwrap();
        assert_eq!(rest, "rest\n");
        assert!(options.trim_blocks);
        assert_eq!(options.newline_sequence, "\r\n");
        assert_eq!(split_header(" #jinja2:x", &Options::default()).unwrap().0, " #jinja2:x");
    }

    #[test]
    fn a_line_that_is_wrong_is_refused() {
        assert_eq!(refusal(" bad"), "Missing key-value separator `:` in '#jinja2:' override pair ' bad'.");
        assert_eq!(refusal("nope:1"), "Invalid '#jinja2:' override key 'nope'.");
        assert_eq!(refusal("trim_blocks:True,"), "Empty '#jinja2:' override pair not allowed.");
        assert_eq!(
            refusal("trim_blocks:'x'"),
            "TemplateOverrides.trim_blocks must be <class 'bool'> instead of <class 'str'>"
        );
        assert_eq!(
            refusal("line_comment_prefix:5"),
            "TemplateOverrides.line_comment_prefix must be <class 'str'> or <class 'NoneType'> instead of <class 'int'>"
        );
        assert_eq!(
            refusal("newline_sequence:'x'"),
            r"TemplateOverrides.newline_sequence must be one of ('\n', '\r\n', '\r') instead of 'x'"
        );
        assert_eq!(
            refusal("comment_start_string:'{%'"),
            "Block, variable and comment start strings must be different."
        );
        let error = split_header("#jinja2:trim_blocks:True", &Options::default()).unwrap_err();
        assert_eq!(error.message, "Missing newline after '#jinja2:' override.");
    }
}
