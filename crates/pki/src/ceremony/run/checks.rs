//! What must hold before the key is opened.

use super::{
    super::{aloud, draft::Draft, plan::Task, transcript::Event},
    Overrides,
    room::{Room, refused},
};
use crate::{Error, Finding, Result, describe, signed::sha256, store::Files};

/// The machine keeps a secret, has no network, and runs the program of the plan.
pub(super) fn machine<F: Files>(room: &mut Room<'_, F>, overrides: Overrides) -> Result<()> {
    room.machine.close_memory()?;
    room.note(Event::Checked { what: "core dumps off, memory closed to other processes".to_owned() })?;
    match room.machine.lock_memory() {
        Ok(()) => room.note(Event::Checked { what: "memory locked".to_owned() })?,
        Err(why) => overridden(
            room,
            overrides.memory,
            "memory is locked",
            &why,
            "raise the limit (ulimit -l unlimited, as root), or set the rule aside with --allow-unlocked-memory",
        )?,
    }
    let up = room.machine.interfaces_up()?;
    if up.is_empty() {
        room.note(Event::Checked { what: "no network interface is up".to_owned() })?;
    } else {
        overridden(
            room,
            overrides.network,
            "no network interface is up",
            &format!("up: {}", up.join(", ")),
            "take the interface down (ip link set NAME down), or set the rule aside with --allow-network",
        )?;
    }
    let (version, hash) = (room.machine.tool_version(), room.machine.tool_sha256()?);
    let tool = &room.plan.tool;
    if (&version, &hash) != (&tool.version, &tool.sha256) {
        return Err(Error::refused(Finding::new(
            "program",
            "tool",
            format!("it is {version} ({hash}), and the plan names {} ({})", tool.version, tool.sha256),
            "PKI policy: a ceremony is run by the program that was approved",
            "bring that program, or plan it anew",
        )));
    }
    room.note(Event::Checked { what: "the program is the plan's".to_owned() })
}

fn overridden<F: Files>(room: &mut Room<'_, F>, allowed: bool, rule: &str, found: &str, cure: &str) -> Result<()> {
    if !allowed {
        return Err(Error::refused(Finding::new(
            "this machine",
            "ceremony",
            format!("the rule is that {rule}; {found}"),
            "PKI policy: the root is offline",
            cure,
        )));
    }
    room.console.say(&format!("Set aside: {rule}; {found}"))?;
    room.note(Event::Overridden { rule: rule.to_owned(), found: found.to_owned() })
}

/// The clock is right, and near the plan's time.
pub(super) fn time<F: Files>(room: &mut Room<'_, F>) -> Result<()> {
    let now = room.machine.now()?;
    room.console.say(&format!("\nThis machine says that it is {now} (UTC). The plan is for {}.", room.plan.at))?;
    match room.plan.in_time(now) {
        Err(problem) if room.rehearsal => {
            let found = problem.findings().first().map(|finding| finding.problem.clone()).unwrap_or_default();
            overridden(room, true, "a ceremony is run within 24 hours of its plan", &found, "")?;
        }
        other => other?,
    }
    room.agree("Compare with a watch. Is the time right?", "yes", "time", &now.to_string())
}

/// Everybody who has a part in it is there.
pub(super) fn people<F: Files>(room: &mut Room<'_, F>) -> Result<()> {
    let plan = room.plan;
    let roles = plan.roles.iter().map(|role| (role.role.as_str(), role.name.as_str()));
    for (role, name) in roles.chain(plan.witnesses.iter().map(|witness| ("witness", witness.name.as_str()))) {
        let answer = room.console.ask(&format!("Is {name} ({role}) in the room? [yes/no]: "))?;
        if answer.trim() != "yes" {
            return Err(refused(&format!("{role} {name}"), "they are not here", "wait for them, or plan it anew"));
        }
        room.note(Event::Present { role: role.to_owned(), name: name.to_owned() })?;
    }
    Ok(())
}

/// The plan is the one that was approved: its words are typed from the paper before they are shown.
pub(super) fn plan<F: Files>(room: &mut Room<'_, F>, bytes: &[u8]) -> Result<()> {
    let spoken = aloud(&sha256(bytes));
    room.console.say(&format!(
        "\nThe plan: {} ({}). Its words are on the paper that was approved, and are not shown here.",
        room.plan.title,
        room.plan.task.name()
    ))?;
    room.typed_back("plan", &spoken, "the plan was edited after it was approved, or is another one: plan it anew")?;
    room.console.say(&format!("It is the plan that was approved:\n{}", spoken.text()))
}

/// Each file of the plan, read aloud.
pub(super) fn inputs<F: Files>(room: &mut Room<'_, F>) -> Result<()> {
    for input in room.plan.inputs() {
        let mut hash = [0; 32];
        for (byte, digits) in hash.iter_mut().zip(input.sha256.as_bytes().chunks(2)) {
            let text = std::str::from_utf8(digits).unwrap_or_default();
            *byte = u8::from_str_radix(text, 16).unwrap_or_default();
        }
        let spoken = aloud(&hash);
        room.console.say(&format!("\n{} ({}):\n{}", capital(input.what), input.file, spoken.text()))?;
        room.typed_back(input.what, &spoken, "another file lies beside the plan: bring the one that was approved")?;
    }
    Ok(())
}

/// What will be signed is what was planned, to the byte, and the room has seen it.
pub(super) fn planned<F: Files>(room: &mut Room<'_, F>, draft: Option<&Draft>) -> Result<()> {
    let plan = room.plan;
    match (draft, plan.to_be_signed()) {
        (Some(draft), Some(planned)) => {
            let spoken = aloud(&draft.sha256());
            if spoken.digits() != planned {
                return Err(Error::refused(Finding::new(
                    draft.label(),
                    "to_be_signed",
                    format!("it is {}, and the plan fixes {planned}", spoken.digits()),
                    "PKI policy: a plan fixes what is signed, to the byte",
                    "the plan was edited after it was made, or another program made it: plan it anew",
                )));
            }
            room.console.say(&format!("\nWhat will be signed:\n{}", summary(draft)?))?;
            room.console.say(&format!("Its bytes:\n{}", spoken.text()))?;
            room.typed_back("what will be signed", &spoken, "it is not what was approved: plan it anew")
        }
        _ => {
            let Task::Root { common_name, numbers, custody } = &plan.task else {
                let custody = plan.custody().map(super::super::custody::Custody::text).unwrap_or_default();
                return room
                    .console
                    .say(&format!("\nThe root's key will be sealed anew; it will be opened by {custody}."));
            };
            room.console.say(&format!(
                "\nA new root will be made:\n  subject      {}\n  serial       {}\n  not before   {}\n  not after    {}\n  \
                 custody      {}",
                plan.settings.subject(common_name).name()?,
                numbers.serial,
                numbers.validity.not_before(),
                numbers.validity.not_after(),
                custody.text()
            ))
        }
    }
}

fn summary(draft: &Draft) -> Result<String> {
    Ok(match draft {
        Draft::Certificate(draft) => {
            let shown = describe::to_be_signed(draft)?;
            let lines = [
                ("subject", shown.subject),
                ("issuer", shown.issuer),
                ("serial", shown.serial),
                ("not before", shown.not_before),
                ("not after", shown.not_after),
                ("key", shown.key),
                ("permitted", shown.permitted.join(", ")),
                ("excluded", shown.excluded.join(", ")),
            ];
            let shown = lines.iter().filter(|(_, value)| !value.is_empty());
            shown.map(|(name, value)| format!("  {name:<12} {value}")).collect::<Vec<_>>().join("\n")
        }
        Draft::List(draft) => {
            let revoked = draft.revoked()?;
            let mut lines = vec![
                format!("  {:<12} {}", "issuer", draft.tbs().issuer),
                format!("  {:<12} {}", "number", draft.number()),
                format!("  {:<12} {}", "this update", draft.this_update()),
                format!("  {:<12} {}", "next update", draft.next_update()),
                format!("  {:<12} {}", "revoked", revoked.len()),
            ];
            lines.extend(
                revoked
                    .iter()
                    .map(|entry| format!("    {} since {}: {}", entry.serial, entry.revoked, entry.reason.name())),
            );
            lines.join("\n")
        }
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
