//! What rpm(8) tells.

use super::manager::Trouble;
use crate::prelude::*;

/// The keys of a package, and the tags that rpm has them as.
const TAGS: [(&str, &str); 5] =
    [("name", "NAME"), ("version", "VERSION"), ("release", "RELEASE"), ("epoch", "EPOCH"), ("arch", "ARCH")];

pub(super) fn installed(program: &str, ctx: &Context) -> Result<Vec<Map>, Trouble> {
    let format: Vec<String> = TAGS.iter().map(|(_, tag)| format!("%{{{tag}}}")).collect();
    let output = ctx.command([program, "-qa", "--queryformat", &(format.join("\\t") + "\\n")]).run()?;
    if !output.success() {
        return Err(Trouble::of(&output));
    }
    Ok(output.stdout_text().lines().map(package).collect())
}

fn package(line: &str) -> Map {
    // What is not there is Python's None, as a text.
    let value = |field: &str| if field == "(none)" { "None".into() } else { field.into() };
    TAGS.iter().zip(line.split('\t')).map(|((key, _), field)| ((*key).to_owned(), value(field))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_none_as_a_text() {
        let shown = protocol::arguments::python::str(&Data::Map(package("bash\t5.2\t1.fc41\t(none)\tx86_64")));
        let want = "{'name': 'bash', 'version': '5.2', 'release': '1.fc41', 'epoch': 'None', 'arch': 'x86_64'}";
        assert_eq!(shown, want);
    }
}
