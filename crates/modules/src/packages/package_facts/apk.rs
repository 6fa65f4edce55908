//! What apk(8) tells: `musl-1.2.4-r2`.

use super::manager::Trouble;
use crate::prelude::*;

pub(super) fn installed(program: &str, ctx: &Context) -> Result<Vec<Map>, Trouble> {
    let output = ctx.command([program, "info", "-v"]).run()?;
    if !output.success() {
        return Err(Trouble::of(&output));
    }
    Ok(output.stdout_text().lines().map(package).collect())
}

fn package(line: &str) -> Map {
    let mut parts = line.rsplitn(3, '-');
    let (release, version, name) = match (parts.next(), parts.next(), parts.next()) {
        (Some(release), Some(version), Some(name)) => (release, version, name),
        _ => ("", "", line),
    };
    [("name", name), ("version", version), ("release", release)]
        .map(|(key, value)| (key.to_owned(), value.into()))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_have_hyphens_and_a_line_without_a_version_is_a_name() {
        let shown = |line: &str| protocol::arguments::python::str(&Data::Map(package(line)));
        assert_eq!(shown("ca-certs-2023-r1"), "{'name': 'ca-certs', 'version': '2023', 'release': 'r1'}");
        assert_eq!(shown("odd-1"), "{'name': 'odd-1', 'version': '', 'release': ''}");
    }
}
