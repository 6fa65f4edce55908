//! Who provides a package: `apt-cache showpkg`.

use crate::prelude::*;

/// The packages that provide another, with the versions that do.
pub(super) fn list(ctx: &Context, release: Option<&str>, package: &str) -> Result<Vec<(String, String)>, Failure> {
    Ok(parse(&super::run(ctx, release, &["showpkg", "--", package])?, package))
}

fn parse(output: &str, package: &str) -> Vec<(String, String)> {
    let mut ours = false;
    let mut list = false;
    let mut found = Vec::new();
    for line in output.lines() {
        if let Some(name) = line.strip_prefix("Package: ") {
            (ours, list) = (name == package, false);
        } else if line == "Reverse Provides: " {
            list = true;
        } else if ours && list {
            let mut words = line.split(' ');
            if let (Some(owner), Some(version)) = (words.next(), words.next()) {
                found.push((owner.to_owned(), version.to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_listed_with_their_versions() {
        let output = "Package: awk\nVersions: \n\nReverse Depends: \n  base-files,awk\nDependencies: \nProvides: \nReverse \
                      Provides: \nmawk 1.3-1 (= )\ngawk 5.2 (= 5.2)\nPackage: awk:i386\nReverse Provides: \nmawk:i386 \
                      1.3-1 (= )\n";
        let owned = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(parse(output, "awk"), [owned("mawk", "1.3-1"), owned("gawk", "5.2")]);
        assert_eq!(parse("", "awk"), []);
    }
}
