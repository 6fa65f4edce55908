//! What FreeBSD's pkg(8) tells.

use protocol::arguments::python;

use super::manager::Trouble;
use crate::prelude::*;

/// The keys of a package, and the letters that `pkg query` has them as.
const FIELDS: [(&str, &str); 9] = [
    ("name", "%n"),
    ("version", "%v"),
    ("origin", "%R"),
    ("installed", "%t"),
    ("automatic", "%a"),
    ("arch", "%q"),
    ("category", "%o"),
    ("prefix", "%p"),
    ("vital", "%V"),
];

pub(super) fn installed(program: &str, ctx: &Context) -> Result<Vec<Map>, Trouble> {
    let format = FIELDS.map(|(_, letter)| letter).join("\t");
    let output = ctx.command([program, "query", &format]).run()?;
    if !output.success() || !output.stderr.is_empty() {
        return Err(Trouble::of(&output));
    }
    output.stdout_text().lines().map(package).collect()
}

fn package(line: &str) -> Result<Map, Trouble> {
    let mut package = Map::new();
    let (mut epoch, mut revision) = (None, None);
    for ((key, _), field) in FIELDS.iter().zip(line.split('\t')) {
        let value = match *key {
            // FreeBSD:14:amd64
            "arch" => field.split(':').nth(2).unwrap_or(field).into(),
            "automatic" | "vital" => Data::Bool(number(field)? != 0),
            // devel/git
            "category" => field.split('/').next().unwrap_or_default().into(),
            // 1.2_3,1
            "version" => {
                let (rest, port_epoch) = field.split_once(',').unwrap_or((field, ""));
                epoch = Some(if rest == field { Data::Int(0) } else { port_epoch.into() });
                let (version, port_revision) = rest.split_once('_').unwrap_or((rest, "0"));
                revision = Some(Data::from(port_revision));
                version.into()
            }
            _ => field.into(),
        };
        package.insert((*key).to_owned(), value);
    }
    package.extend(epoch.map(|epoch| ("port_epoch".to_owned(), epoch)));
    package.extend(revision.map(|revision| ("revision".to_owned(), revision)));
    Ok(package)
}

fn number(field: &str) -> Result<i64, Trouble> {
    let odd = |_| Trouble::Told(format!("invalid literal for int() with base 10: {}", python::repr_str(field)));
    field.trim().parse().map_err(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_taken_apart() {
        let line = "git\t2.40.1_1,2\tFreeBSD\t1700000000\t0\tFreeBSD:14:amd64\tdevel/git\t/usr/local\t1";
        let want = "{'name': 'git', 'version': '2.40.1', 'origin': 'FreeBSD', 'installed': '1700000000', 'automatic': False, \
                    'arch': 'amd64', 'category': 'devel', 'prefix': '/usr/local', 'vital': True, 'port_epoch': '2', \
                    'revision': '1'}";
        assert_eq!(python::str(&Data::Map(package(line).unwrap())), want);
    }

    #[test]
    fn what_a_version_does_not_have_is_nought() {
        let want = "{'name': 'a', 'version': '1', 'port_epoch': 0, 'revision': '0'}";
        assert_eq!(python::str(&Data::Map(package("a\t1").unwrap())), want);
        let Err(Trouble::Told(why)) = package("a\t1\tx\ty\tno") else { panic!("it was read") };
        assert_eq!(why, "invalid literal for int() with base 10: 'no'");
    }
}
