//! What Gentoo's qlist(1) and qatom(1) tell: `sys-apps portage 3.0.30 r1`.

use super::manager::Trouble;
use crate::prelude::*;

/// What the words of a line are called.
const WORDS: [&str; 7] = ["category", "name", "version", "ebuild_revision", "slots", "prefixes", "sufixes"];

pub(super) fn installed(program: &str, ctx: &Context) -> Result<Vec<Map>, Trouble> {
    let line = format!("{program} -Iv | xargs -n 1024 qatom");
    let output = ctx.command(["/bin/sh", "-c", &line]).run()?;
    if !output.success() {
        return Err(Trouble::of(&output));
    }
    Ok(output.stdout_text().lines().map(package).collect())
}

fn package(line: &str) -> Map {
    WORDS.iter().zip(line.split_whitespace()).map(|(key, word)| ((*key).to_owned(), word.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_names_as_far_as_there_are_some() {
        let shown = protocol::arguments::python::str(&Data::Map(package("sys-apps portage  3.0.30 r1")));
        let want = "{'category': 'sys-apps', 'name': 'portage', 'version': '3.0.30', 'ebuild_revision': 'r1'}";
        assert_eq!(shown, want);
    }
}
