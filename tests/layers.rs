//! The walls inside `src/`: a room may use rooms below it, never above.
//!
//! The table is the one of ARCHITECTURE.md. Cargo holds the walls between crates.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Rooms from the ground up; those of one floor do not use each other.
const FLOORS: &[&[&str]] = &[
    &["accounts", "diagnostic", "python_json", "python_repr", "helper_binary"],
    &["event", "config", "yaml"],
    &["vault", "collection", "callback", "issuer"],
    &["inventory"],
    &["playbook"],
    &["vars", "strategy"],
    &["template"],
    &["lookup"],
    &["action"],
    &["executor"],
    &["cli"],
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the source folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a text names with `crate::`, alone or in a list.
fn rooms_used(text: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let word = |text: &str| {
        text.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect::<String>()
    };
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if !rest.starts_with('{') {
            used.insert(word(rest));
            continue;
        }
        let mut depth = 0;
        let mut start = true;
        for (offset, letter) in rest.char_indices() {
            match letter {
                '{' => {
                    depth += 1;
                    start = depth == 1;
                }
                '}' => depth -= 1,
                ',' if depth == 1 => start = true,
                letter if start && depth == 1 && letter.is_ascii_lowercase() => {
                    used.insert(word(&rest[offset..]));
                    start = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    used
}

#[test]
fn no_room_uses_one_above_it_or_beside_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut climbs = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&root).expect("below src");
        let room = inside.components().next().expect("a name").as_os_str().to_string_lossy().replace(".rs", "");
        let Some(own) = floor(&room) else {
            assert!(matches!(room.as_str(), "lib" | "main"), "src/{room} is on no floor: give it one in this table");
            continue;
        };
        let text = fs::read_to_string(&file).expect("a readable source");
        // Tests may reach for what they need.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        for used in rooms_used(&text) {
            if used != room && floor(&used).is_some_and(|other| other >= own) {
                climbs.push(format!("{} uses {used}", inside.display()));
            }
        }
    }
    assert!(climbs.is_empty(), "rooms that climb:\n{}", climbs.join("\n"));
}

#[test]
fn the_table_sees_single_names_and_lists() {
    let text = "use crate::{\n    diagnostic::{ErrorChain, Link},\n    event::Event,\n};\nuse crate::vars;\nlet x = crate::yaml::error();";
    let used: Vec<_> = rooms_used(text).into_iter().collect();
    assert_eq!(used, ["diagnostic", "event", "vars", "yaml"]);
}
