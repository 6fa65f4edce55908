//! What Arch Linux's pacman(8) tells: stanzas of `Name            : acl`.

use super::manager::Trouble;
use crate::{prelude::*, support::locale};

pub(super) fn installed(program: &str, ctx: &Context) -> Result<Vec<Map>, Trouble> {
    let output = ctx.command([program, "-Qi"]).env("LC_ALL", locale::best()).run()?;
    if !output.success() || !output.stderr.is_empty() {
        return Err(Trouble::of(&output));
    }
    let said = output.stdout_text();
    // What stands behind the last empty line is no package.
    let Some((stanzas, _)) = said.rsplit_once("\n\n") else { return Ok(Vec::new()) };
    stanzas.split("\n\n").map(package).collect()
}

fn package(stanza: &str) -> Result<Map, Trouble> {
    // Of a key that comes twice the last one counts.
    let mut details: Vec<(&str, String)> = Vec::new();
    for line in stanza.lines() {
        match (detail(line), details.last_mut()) {
            (Some((key, value)), _) => details.push((key, value.to_owned())),
            // A value goes on in the next line.
            (None, Some((_, value))) => {
                value.push_str("  ");
                value.push_str(line.trim_start());
            }
            (None, None) => return Err(Trouble::Told("None".to_owned())),
        }
    }
    let get = |key: &str| {
        let found = details.iter().rfind(|(there, _)| *there == key).map(|(_, value)| value.as_str());
        found.ok_or_else(|| Trouble::Told(format!("'{key}'")))
    };
    let provides = match get("Provides")? {
        "None" => Data::Null,
        all => all.split("  ").map(|one| one.split('=').next().unwrap_or_default()).collect::<Vec<_>>().into(),
    };
    Ok([
        ("name", get("Name")?.into()),
        ("version", get("Version")?.into()),
        ("arch", get("Architecture")?.into()),
        ("provides", provides),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into_iter()
    .collect())
}

/// `Key : value`: words, at least one blank, a colon and a blank.
fn detail(line: &str) -> Option<(&str, &str)> {
    let (words, rest) = line.split_once(':')?;
    let is_key = words.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == ' ');
    let key = words.trim_end_matches(' ');
    (is_key && !key.is_empty() && key.len() < words.len()).then_some(())?;
    Some((key, rest.strip_prefix(' ')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANZA: &str = "\
Name            : bash
Version         : 5.2.026-2
Description     : The GNU: shell
Architecture    : x86_64
Provides        : sh=5.2  bash-x
                  posix=1
";

    #[test]
    fn a_value_may_go_on_in_the_next_line() {
        let shown = protocol::arguments::python::str(&Data::Map(package(STANZA).unwrap()));
        let want = "{'name': 'bash', 'version': '5.2.026-2', 'arch': 'x86_64', 'provides': ['sh', 'bash-x', 'posix']}";
        assert_eq!(shown, want);
    }

    #[test]
    fn what_is_missing_is_named() {
        let why = |stanza: &str| match package(stanza) {
            Err(Trouble::Told(why)) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why("Name : x\n"), "'Provides'");
        assert_eq!(why("x\n"), "None");
    }

    #[test]
    fn a_key_ends_in_a_blank_before_its_colon() {
        assert_eq!(detail("Install Date    : Mon 10:00"), Some(("Install Date", "Mon 10:00")));
        assert_eq!(detail("Name: x"), None);
        assert_eq!(detail("http://x : y"), None);
        assert_eq!(detail("Name :"), None);
    }
}
