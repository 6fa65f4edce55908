//! Whether a rendered value is of the type that its keyword has, and what it is then.

use jinja::{List, Str, Value};

use super::keyword::Isa;

impl Isa {
    /// The value as the keyword takes it: `yes` as true, `"3"` as 3, one value as a list of it. `None` stays `None`
    /// for the caller, who has a default.
    ///
    /// # Errors
    ///
    /// It cannot be that type, in Ansible's words (the cause beneath "Error processing keyword 'NAME'.").
    pub fn check(self, value: &Value) -> Result<Value, String> {
        let refused = || format!("The value {} could not be converted to '{}'.", shown(value), self.name());
        match self {
            Self::String => Ok(match value {
                Value::Str(_) => value.clone(),
                other => Value::from(text_of(other)),
            }),
            Self::Int => integer(value).map(Value::Int).ok_or_else(refused),
            Self::Float => float(value).map(Value::Float).ok_or_else(refused),
            Self::Percent => match value {
                Value::Str(text) => float(&Value::Str(Str::new(text.as_str().replace('%', "")))),
                other => float(other),
            }
            .map(Value::Float)
            .ok_or_else(refused),
            Self::Bool => boolean(value).map(Value::Bool).ok_or_else(refused),
            Self::List => Ok(match value {
                Value::List(_) => value.clone(),
                Value::Tuple(items) => Value::List(List::new(items.to_vec())),
                Value::None => Value::List(List::new(Vec::new())),
                other => Value::List(List::new(vec![other.clone()])),
            }),
            Self::Dict => match value {
                Value::Dict(_) => Ok(value.clone()),
                Value::None => Ok(Value::Dict(jinja::Dict::new())),
                other => Err(format!("{} is not a dictionary", shown(other))),
            },
        }
    }

    /// Ansible's name of the type.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Percent => "percent",
            Self::List => "list",
            Self::Dict => "dict",
        }
    }

    /// What is wanted, for a label.
    #[must_use]
    pub fn wanted(self) -> &'static str {
        match self {
            Self::String => "this should be text",
            Self::Int => "this should be a whole number",
            Self::Float => "this should be a number",
            Self::Bool => "this should be true or false",
            Self::Percent => "this should be a number, with or without %",
            Self::List => "this should be a list",
            Self::Dict => "this should be a mapping",
        }
    }
}

/// Ansible's words for true and false.
#[must_use]
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        Value::Float(number) if *number == 0.0 => Some(false),
        Value::Float(number) if *number == 1.0 => Some(true),
        Value::Str(text) => match text.as_str().to_lowercase().trim() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
        Value::Str(text) => {
            let text = text.as_str().trim().replace('_', "");
            text.parse().ok().or_else(|| {
                let number: f64 = text.parse().ok()?;
                (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
            })
        }
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Float(number) => Some(*number),
        Value::Str(text) => text.as_str().trim().replace('_', "").parse().ok(),
        _ => None,
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Str(text) => text.as_str().to_owned(),
        other => format!("{other:?}"),
    }
}

/// As Python's `repr`.
fn shown(value: &Value) -> String {
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_what_their_keywords_take() {
        assert_eq!(Isa::Bool.check(&Value::from("Yes")), Ok(Value::Bool(true)));
        assert_eq!(Isa::Int.check(&Value::from(" 3 ")), Ok(Value::Int(3)));
        assert_eq!(Isa::Percent.check(&Value::from("30%")), Ok(Value::Float(30.0)));
        assert_eq!(Isa::String.check(&Value::Int(5)), Ok(Value::from("5")));
        assert_eq!(Isa::List.check(&Value::from("a")), Ok(Value::from(vec![Value::from("a")])));
    }

    #[test]
    fn what_cannot_be_that_type_is_refused_in_ansibles_words() {
        assert_eq!(
            Isa::Bool.check(&Value::from("nope")).unwrap_err(),
            "The value 'nope' could not be converted to 'bool'."
        );
        assert_eq!(
            Isa::Int.check(&Value::from("1.5")).unwrap_err(),
            "The value '1.5' could not be converted to 'int'."
        );
    }
}
