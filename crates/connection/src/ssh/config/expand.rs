//! `%` tokens, `~` and `${NAME}` in values.
//!
//! Source: ssh_config(5), TOKENS and ENVIRONMENT VARIABLES.

use std::path::PathBuf;

use crate::environment::{self, Environment};

/// What the tokens stand for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens<'a> {
    /// `%h`: the host's name.
    pub(crate) host: &'a str,
    /// `%n`: the name as the user gave it.
    pub(crate) original: &'a str,
    /// `%p`: the port.
    pub(crate) port: u16,
    /// `%r`: the user there.
    pub(crate) remote_user: &'a str,
    /// `%k`: the name under which the host's key is kept.
    pub(crate) key_alias: &'a str,
    /// `%j`: the hosts to go through.
    pub(crate) jump: &'a str,
    /// Home folder, name, number and machine of the user here: `%d`, `%u`, `%i`, `%l`, `%L`.
    pub(crate) environment: Option<&'a Environment>,
}

/// A text with its `%` tokens replaced.
pub(crate) fn tokens(text: &str, tokens: &Tokens<'_>) -> Result<String, String> {
    let mut expanded = String::new();
    let mut characters = text.chars();
    let here = || tokens.environment.ok_or_else(|| format!("\"{text}\": only %h and %% are known here"));
    while let Some(c) = characters.next() {
        if c != '%' {
            expanded.push(c);
            continue;
        }
        match characters.next() {
            Some('%') => expanded.push('%'),
            Some('h') => expanded.push_str(tokens.host),
            Some('n') => expanded.push_str(tokens.original),
            Some('p') => expanded.push_str(&tokens.port.to_string()),
            Some('r') => expanded.push_str(tokens.remote_user),
            Some('k') => expanded.push_str(tokens.key_alias),
            Some('j') => expanded.push_str(tokens.jump),
            Some('d') => expanded.push_str(&here()?.home.to_string_lossy()),
            Some('u') => expanded.push_str(&here()?.user),
            Some('i') => expanded.push_str(&here()?.uid.to_string()),
            Some('l') => expanded.push_str(&here()?.machine),
            Some('L') => expanded.push_str(here()?.machine.split('.').next().unwrap_or_default()),
            Some(other) => return Err(format!("\"{text}\": %{other} is not known here")),
            None => return Err(format!("\"{text}\" ends in a single %")),
        }
    }
    Ok(expanded)
}

/// A path with `~/` and `${NAME}` replaced.
pub(crate) fn home(text: &str, environment: &Environment) -> PathBuf {
    match text.strip_prefix("~/") {
        Some(rest) => environment.home.join(rest),
        None if text == "~" => environment.home.clone(),
        None => PathBuf::from(text),
    }
}

/// A text with every `${NAME}` replaced; an unset variable is an error, as in OpenSSH.
pub(crate) fn variables(text: &str) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("\"{text}\": a ${{ is not closed"))?;
        let value = environment::variable(name).ok_or_else(|| format!("\"{text}\": the variable {name} is not set"))?;
        expanded.push_str(before);
        expanded.push_str(&value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_replaced_and_unknown_ones_are_errors() {
        let known = Tokens { host: "web1", port: 2222, ..Tokens::default() };
        assert_eq!(tokens("%h:%p 100%%", &known).unwrap(), "web1:2222 100%");
        assert!(tokens("%z", &known).unwrap_err().contains("%z"));
        assert!(tokens("%", &known).is_err());
    }
}
