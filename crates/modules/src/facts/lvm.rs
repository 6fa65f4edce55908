//! `lvm`: volume groups, logical and physical volumes, as LVM's programs list them; they answer to root alone.

use super::{
    gathering::{Gathering, map},
    read,
};
use crate::prelude::*;

/// How the programs are asked: gigabytes without their unit, commas between columns.
const OPTIONS: &[&str] = &["--noheadings", "--nosuffix", "--units", "g", "--separator", ","];

/// `lvm`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let Some(program) = gathering.ctx.find_bin("vgs") else {
        gathering.set("lvm", "N/A");
        return;
    };
    if !rustix::process::getuid().is_root() {
        gathering.set("lvm", "N/A");
        return;
    }
    let lines = |answer: Option<String>| answer.unwrap_or_default();
    let groups = groups(&lines(gathering.output_of(&program, OPTIONS)));
    let volumes = volumes(&lines(gathering.output("lvs", OPTIONS)));
    let physical = physical(&lines(gathering.output("pvs", OPTIONS)), &mapped);
    let lvm = map([("lvs", volumes.into()), ("vgs", groups.into()), ("pvs", physical.into())]);
    gathering.set("lvm", lvm);
}

/// The lines of an answer: the name in the first column, and all columns.
fn rows(answer: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    answer.lines().filter_map(|line| {
        let columns: Vec<&str> = line.trim().split(',').collect();
        columns.first().copied().filter(|name| !name.is_empty()).map(|name| (name, columns))
    })
}

fn column(columns: &[&str], at: usize) -> Data {
    columns.get(at).copied().unwrap_or_default().into()
}

/// VG #PV #LV #SN Attr VSize VFree
fn groups(answer: &str) -> Map {
    let group = |(name, columns): (&str, Vec<&str>)| {
        let from_end = |back: usize| column(&columns, columns.len().saturating_sub(back));
        let facts = map([
            ("size_g", from_end(2)),
            ("free_g", from_end(1)),
            ("num_lvs", column(&columns, 2)),
            ("num_pvs", column(&columns, 1)),
        ]);
        (name.to_owned(), facts.into())
    };
    rows(answer).map(group).collect()
}

/// LV VG Attr LSize Pool Origin Data% Move Log Copy% Convert
fn volumes(answer: &str) -> Map {
    rows(answer)
        .map(|(name, columns)| {
            let facts = map([("size_g", column(&columns, 3)), ("vg", column(&columns, 1))]);
            (name.to_owned(), facts.into())
        })
        .collect()
}

/// PV VG Fmt Attr PSize PFree
fn physical(answer: &str, path: &dyn Fn(&str) -> String) -> Map {
    rows(answer)
        .map(|(name, columns)| {
            let facts =
                map([("size_g", column(&columns, 4)), ("free_g", column(&columns, 5)), ("vg", column(&columns, 1))]);
            (path(name), facts.into())
        })
        .collect()
}

/// The name below `/dev/mapper` of a device of the device mapper.
fn mapped(device: &str) -> String {
    let number = device.strip_prefix("/dev/dm-");
    let name = number.and_then(|number| read::content(&format!("/sys/block/dm-{number}/dm/name")));
    name.map_or_else(|| device.to_owned(), |name| format!("/dev/mapper/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_told_with_their_sizes() {
        let groups = groups("  data,1,2,0,wz--n-,9.99,1.50\n");
        assert_eq!(
            groups["data"],
            Data::Map(map([
                ("size_g", "9.99".into()),
                ("free_g", "1.50".into()),
                ("num_lvs", "2".into()),
                ("num_pvs", "1".into())
            ]))
        );
        let volumes = volumes("  root,data,-wi-ao----,4.00,,,,,,,,\n");
        assert_eq!(volumes["root"], Data::Map(map([("size_g", "4.00".into()), ("vg", "data".into())])));
        let physical = physical("  /dev/dm-0,data,lvm2,a--,9.99,1.50\n", &|_| "/dev/mapper/disk".to_owned());
        assert_eq!(
            physical["/dev/mapper/disk"],
            Data::Map(map([("size_g", "9.99".into()), ("free_g", "1.50".into()), ("vg", "data".into())]))
        );
    }
}
