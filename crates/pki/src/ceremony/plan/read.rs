//! From YAML to a plan: every key is known, or refused with its place.

use std::{cell::RefCell, collections::BTreeSet};

use yaml::{DuplicateKeys, Node, Options, Source};

use super::{Numbers, Plan, Role, Task, Tool, Witness};
use crate::{
    Error, Result,
    ceremony::{custody::Custody, sshsig::WitnessKey},
    clock::Moment,
    crl::{Entry, Reason},
    seal::Recipient,
    serial::Serial,
    store::{Kind, Settings},
    validity::Validity,
};

/// The longest plan that is read: a list of a thousand revoked intermediates has 100 kB.
const LONGEST: usize = 1 << 20;
const CURE: &str = "write plans with `provision pki ceremony plan`";

pub(super) fn plan(bytes: &[u8]) -> Result<Plan> {
    if bytes.len() > LONGEST {
        return Err(Error::input("plan", "it is too long", CURE));
    }
    let unreadable = |problem: yaml::Error| Error::input("plan", problem, CURE);
    let source = Source::from_bytes("plan", bytes).map_err(unreadable)?;
    let options = Options {
        duplicate_keys: DuplicateKeys::Error,
        json_first: false,
        ansible_tags: false,
        max_depth: 8,
        max_nodes: 100_000,
    };
    let root = yaml::load_one(&source, &options).map_err(unreadable)?.root();
    let section = Section::of("plan", &root)?;
    let plan = Plan {
        kind: section.read("kind", |text| match text {
            "production" => Ok(Kind::Production),
            "rehearsal" => Ok(Kind::Rehearsal),
            _ => Err("it is neither production nor rehearsal".to_owned()),
        })?,
        title: section.text("title")?,
        at: section.moment("at")?,
        previous: section.hash("previous")?,
        tool: {
            let tool = section.section("tool")?;
            let read = Tool { version: tool.text("version")?, sha256: tool.hash("sha256")? };
            tool.end()?;
            read
        },
        roles: section.list("roles", |one| {
            let one = Section::of("roles", one)?;
            let role = Role { role: one.text("role")?, name: one.text("name")? };
            one.end()?;
            Ok(role)
        })?,
        witnesses: section.list("witnesses", |one| {
            let one = Section::of("witnesses", one)?;
            let witness = Witness {
                name: one.text("name")?,
                key: one.read("key", |text| WitnessKey::parse(text).map_err(|problem| problem.to_string()))?,
            };
            one.end()?;
            Ok(witness)
        })?,
        settings: {
            let profile = section.section("profile")?;
            let settings = Settings {
                organization: profile.text("organization")?,
                country: profile.optional("country")?,
                url: profile.text("url")?,
                dns: profile.list("dns", text_of)?,
                ip: profile.list("ip", text_of)?,
            };
            profile.hash("sha256")?;
            profile.end()?;
            settings
        },
        task: task(&section)?,
    };
    let profile = section.section("profile")?;
    let (stated, found) = (profile.hash("sha256")?, plan.profile_sha256());
    if stated != found {
        return Err(plan.refused(
            "profile.sha256",
            format!("it is {stated}, and that of the profile is {found}: the plan was edited"),
            "PKI policy: a plan is run as it was approved",
            "plan it anew, and have that approved",
        ));
    }
    section.end()?;
    Ok(plan)
}

fn task(plan: &Section<'_>) -> Result<Task> {
    let root = || plan.hash("root");
    let to_be_signed = || plan.hash("to_be_signed");
    let kind = plan.text("ceremony")?;
    Ok(match kind.as_str() {
        "root" => {
            let (numbers, common_name) = certificate(plan, true)?;
            Task::Root { common_name, numbers, custody: custody(&plan.section("custody")?)? }
        }
        "intermediate" => {
            let (numbers, common_name) = certificate(plan, true)?;
            Task::Intermediate {
                root: root()?,
                request: plan.hash("request")?,
                common_name,
                numbers,
                to_be_signed: to_be_signed()?,
            }
        }
        "cross-sign" => Task::CrossSign {
            root: root()?,
            other: plan.hash("new_root")?,
            numbers: certificate(plan, false)?.0,
            to_be_signed: to_be_signed()?,
        },
        "crl" => {
            let list = plan.section("list")?;
            let task = Task::List {
                root: root()?,
                last: plan
                    .optional("last_list")?
                    .map(|text| check_hash(&text))
                    .transpose()
                    .map_err(|problem| plan.wrong("last_list", problem))?,
                number: list.number("number")?,
                this_update: list.moment("this_update")?,
                revoked: list.list("revoked", entry)?,
                to_be_signed: to_be_signed()?,
            };
            list.end()?;
            task
        }
        "rekey-custody" => Task::Rekey { root: root()?, custody: custody(&plan.section("custody")?)? },
        _ => {
            return Err(plan.wrong(
                "ceremony",
                format!("{kind:?} is none of root, intermediate, cross-sign, crl and rekey-custody"),
            ));
        }
    })
}

fn certificate(plan: &Section<'_>, named: bool) -> Result<(Numbers, String)> {
    let section = plan.section("certificate")?;
    let common_name = if named { section.text("common_name")? } else { String::new() };
    let serial = section.read("serial", |text| Serial::parse(text).map_err(|problem| problem.to_string()))?;
    let (begin, end) = (section.moment("not_before")?, section.moment("not_after")?);
    section.end()?;
    let validity = Validity::between(begin, end)?;
    Ok((Numbers { serial, validity }, common_name))
}

fn entry(node: &Node) -> Result<Entry> {
    let section = Section::of("list.revoked", node)?;
    let entry = Entry {
        serial: section.read("serial", |text| Serial::parse(text).map_err(|problem| problem.to_string()))?,
        revoked: section.moment("since")?,
        reason: section.read("reason", |text| Reason::parse(text).map_err(|problem| problem.to_string()))?,
    };
    section.end()?;
    Ok(entry)
}

fn custody(section: &Section<'_>) -> Result<Custody> {
    let recipients = |key| section.list(key, |node| Recipient::parse(&text_of(node)?));
    let custody = match section.text("mode")?.as_str() {
        "passphrase" => Custody::Passphrase,
        "recipients" => Custody::Recipients(recipients("recipients")?),
        "shares" => Custody::Shares {
            threshold: section.small("threshold")?,
            count: section.small("shares")?,
            custodians: recipients("custodians")?,
        },
        other => {
            return Err(section.wrong("mode", format!("{other:?} is none of passphrase, recipients and shares")));
        }
    };
    section.end()?;
    Ok(custody)
}

/// A mapping of which every key must be asked for.
struct Section<'a> {
    name: &'static str,
    node: &'a Node,
    taken: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Section<'a> {
    fn of(name: &'static str, node: &'a Node) -> Result<Self> {
        if node.as_mapping().is_none() {
            return Err(at(node, name, "it is no mapping"));
        }
        Ok(Self { name, node, taken: RefCell::default() })
    }

    fn find(&self, key: &'static str) -> Option<&'a Node> {
        self.taken.borrow_mut().insert(key);
        let entries = self.node.as_mapping().map(|mapping| mapping.entries.as_slice()).unwrap_or_default();
        entries.iter().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
    }

    fn need(&self, key: &'static str) -> Result<&'a Node> {
        self.find(key).ok_or_else(|| at(self.node, self.name, &format!("{key:?} is missing")))
    }

    fn wrong(&self, key: &'static str, problem: impl AsRef<str>) -> Error {
        at(self.find(key).unwrap_or(self.node), &format!("{}: {key}", self.name), problem.as_ref())
    }

    fn text(&self, key: &'static str) -> Result<String> {
        self.read(key, |text| Ok(text.to_owned()))
    }

    fn optional(&self, key: &'static str) -> Result<Option<String>> {
        self.find(key).map(text_of).transpose()
    }

    fn read<T>(&self, key: &'static str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T> {
        let text = text_of(self.need(key)?)?;
        read(&text).map_err(|problem| self.wrong(key, problem))
    }

    fn hash(&self, key: &'static str) -> Result<String> {
        self.read(key, check_hash)
    }

    fn moment(&self, key: &'static str) -> Result<Moment> {
        self.read(key, |text| Moment::parse(text).map_err(|problem| problem.to_string()))
    }

    fn number(&self, key: &'static str) -> Result<u64> {
        self.read(key, |text| text.parse().map_err(|_| format!("{text:?} is no number")))
    }

    fn small(&self, key: &'static str) -> Result<u8> {
        self.read(key, |text| text.parse().map_err(|_| format!("{text:?} is no small number")))
    }

    fn section(&self, key: &'static str) -> Result<Section<'a>> {
        Section::of(key, self.need(key)?)
    }

    fn list<T>(&self, key: &'static str, read: impl Fn(&Node) -> Result<T>) -> Result<Vec<T>> {
        let Some(node) = self.find(key) else { return Ok(Vec::new()) };
        node.as_sequence().ok_or_else(|| self.wrong(key, "it is no list"))?.iter().map(read).collect()
    }

    /// Refuses a key that nobody asked for.
    fn end(&self) -> Result<()> {
        let entries = self.node.as_mapping().map(|mapping| mapping.entries.as_slice()).unwrap_or_default();
        match entries.iter().find(|(key, _)| !key.as_str().is_some_and(|key| self.taken.borrow().contains(key))) {
            None => Ok(()),
            Some((key, _)) => {
                let shown = key.as_scalar().map_or("a key", |scalar| &scalar.text);
                Err(at(key, self.name, &format!("{shown:?} is not known here")))
            }
        }
    }
}

fn text_of(node: &Node) -> Result<String> {
    match node.as_scalar() {
        Some(scalar) if !scalar.text.is_empty() && !scalar.text.chars().any(char::is_control) => {
            Ok(scalar.text.to_string())
        }
        _ => Err(at(node, "plan", "it is no text, or has control characters")),
    }
}

fn check_hash(text: &str) -> Result<String, String> {
    if text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(text.to_owned());
    }
    Err("it is no SHA-256: 64 hexadecimal digits in lower case".to_owned())
}

fn at(node: &Node, section: &str, problem: &str) -> Error {
    let place = node.span.start;
    Error::input(format!("plan line {} column {}: {section}", place.line, place.column), problem, CURE)
}
