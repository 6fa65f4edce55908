//! What OpenBSD's pkg_info(1) tells: `curl-7.79.0   transfer files ...`.

use super::manager::Trouble;
use crate::prelude::*;

pub(super) fn installed(program: &str, ctx: &Context) -> Result<Vec<Map>, Trouble> {
    let output = ctx.command([program, "-a"]).run()?;
    if !output.success() || !output.stderr.is_empty() {
        return Err(Trouble::of(&output));
    }
    output.stdout_text().lines().map(package).collect()
}

fn package(line: &str) -> Result<Map, Trouble> {
    let word = line.split_whitespace().next().ok_or_else(|| Trouble::Told("list index out of range".to_owned()))?;
    let (name, version) = word.rsplit_once('-').unwrap_or((line, ""));
    Ok(Map::from([("name".to_owned(), name.into()), ("version".to_owned(), version.into())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_name_and_version() {
        let shown = |line: &str| protocol::arguments::python::str(&Data::Map(package(line).unwrap()));
        assert_eq!(shown("intel-firmware-20210608v0 microcode"), "{'name': 'intel-firmware', 'version': '20210608v0'}");
        assert_eq!(shown("odd one"), "{'name': 'odd one', 'version': ''}");
        assert!(package(" ").is_err());
    }
}
