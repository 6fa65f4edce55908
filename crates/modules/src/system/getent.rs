//! `getent`: entries of the host's databases, as facts.

use crate::prelude::*;

/// Databases whose fields are parted by colons.
const COLON: [&str; 4] = ["passwd", "shadow", "group", "gshadow"];

/// Ask the host's databases of users, groups, hosts and the like.
///
/// What getent(1) finds becomes the fact `getent_DATABASE`: a dictionary of lists of fields.
#[derive(Debug, Arguments)]
pub struct GetentArgs {
    /// The database: `passwd`, `group`, `hosts`, `services` ...
    #[arg(required)]
    database: String,
    /// What to look for; without it everything is asked for, which not every database can answer.
    key: Option<String>,
    /// Ask this service of nsswitch.conf(5) alone.
    service: Option<String>,
    /// What parts the fields; a colon or blanks, as the database has it.
    split: Option<String>,
    /// A key that is not there is a failure.
    #[arg(default = true)]
    fail_key: bool,
}

/// The module.
pub struct Getent;

impl Module for Getent {
    type Args = GetentArgs;
    const NAME: &'static str = "getent";
    const EXAMPLES: &'static str = "\
- name: Know a user
  ansible.builtin.getent:
    database: passwd
    key: root

- name: Look for a group that may not be there
  ansible.builtin.getent:
    database: group
    key: docker
    fail_key: false
";

    fn run(args: GetentArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let database = args.database.as_str();
        let mut argv = vec![ctx.require_bin("getent")?, args.database.clone()];
        argv.extend(args.key.clone());
        if let Some(service) = &args.service {
            argv.extend(["-s".to_owned(), service.clone()]);
        }
        let output = ctx.command(&argv).run()?;
        let split = args.split.as_deref().or_else(|| COLON.contains(&database).then_some(":"));
        let missing = "One or more supplied key could not be found in the database.";
        let (found, msg) = match output.rc {
            0 => (entries(&output.stdout_text(), split)?, None),
            2 if !args.fail_key => {
                (Map::from([(args.key.clone().unwrap_or_else(|| "null".to_owned()), Data::Null)]), Some(missing))
            }
            1 => return Err(Failure::new("Missing arguments, or database unknown.")),
            2 => return Err(Failure::new(missing)),
            3 => return Err(Failure::new("Enumeration not supported on this database.")),
            _ => return Err(Failure::new("Unexpected failure!")),
        };
        Ok(Outcome {
            facts: Some(Map::from([(format!("getent_{database}"), Data::Map(found))])),
            msg: msg.map(str::to_owned),
            ..Outcome::default()
        })
    }
}

/// The fields of each line by its first one; where that is there several times, a list of them.
fn entries(text: &str, split: Option<&str>) -> Result<Map, Failure> {
    let mut found = Map::new();
    let mut several: Vec<&str> = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = match split {
            None => line.split_whitespace().collect(),
            Some("") => return Err(Failure::raised("empty separator", None)),
            Some(separator) => line.split(separator).collect(),
        };
        let Some((key, fields)) = fields.split_first() else {
            return Err(Failure::raised("list index out of range", None));
        };
        let fields = Data::from(fields.to_vec());
        match found.get_mut(*key) {
            None => {
                found.insert((*key).to_owned(), fields);
            }
            Some(there) => {
                if !several.contains(key) {
                    several.push(key);
                    *there = Data::List(vec![std::mem::take(there)]);
                }
                if let Data::List(all) = there {
                    all.push(fields);
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    #[test]
    fn a_user_is_a_fact() {
        let outcome = run("getent", json!({"database": "passwd", "key": "root"}));
        let facts = outcome.facts.unwrap();
        let root = protocol::arguments::python::str(&facts["getent_passwd"]);
        assert!(root.starts_with("{'root': ['x', '0', '0', "), "{root}");
    }

    #[test]
    fn what_is_not_there_is_a_failure_or_null() {
        let arguments = |fail: bool| json!({"database": "group", "key": "no-such-group", "fail_key": fail});
        assert!(run("getent", arguments(true)).failed);
        let facts = run("getent", arguments(false)).facts.unwrap();
        assert_eq!(protocol::arguments::python::str(&facts["getent_group"]), "{'no-such-group': None}");
    }

    #[test]
    fn a_key_that_is_there_twice_has_a_list_of_lists() {
        let found = entries("a x\nb y  z\na w\na v\n", None).unwrap();
        let want = "{'a': [['x'], ['w'], ['v']], 'b': ['y', 'z']}";
        assert_eq!(protocol::arguments::python::str(&Data::Map(found)), want);
    }
}
