//! `iptables`: rules, chains and policies of the host's packet filter.

mod program;
mod rule;

use self::program::{Program, Wait};
use crate::prelude::*;

/// The tables of the packet filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Table {
    /// What may pass.
    Filter,
    /// Addresses that change.
    Nat,
    /// Packets that change.
    Mangle,
    /// What is not tracked.
    Raw,
    /// Marks of mandatory access control.
    Security,
}

/// Whether something is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Presence {
    /// It is not to be there.
    Absent,
    /// It is to be there.
    Present,
}

/// Where a new rule goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Action {
    /// To the end of the chain.
    Append,
    /// To its beginning, or to `rule_num`.
    Insert,
}

/// Of which protocol the rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum IpVersion {
    /// iptables(8).
    Ipv4,
    /// ip6tables(8).
    Ipv6,
    /// One after the other.
    Both,
}

impl IpVersion {
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Ipv4 => &["iptables"],
            Self::Ipv6 => &["ip6tables"],
            Self::Both => &["iptables", "ip6tables"],
        }
    }

    /// The option that `icmp_type` goes to; for both protocols Ansible has one word of two, which no program takes.
    fn icmp_type_flag(self) -> &'static str {
        match self {
            Self::Ipv4 => "--icmp-type",
            Self::Ipv6 => "--icmpv6-type",
            Self::Both => "--icmp-type --icmpv6-type",
        }
    }
}

/// Flags of TCP's header.
#[derive(Debug, Arguments)]
pub struct TcpFlags {
    /// The flags to look at.
    flags: Option<Vec<String>>,
    /// Those of them that are to be set.
    flags_set: Option<Vec<String>>,
}

/// Change rules of iptables.
///
/// A rule is there or is not there: iptables(8) itself is asked with `-C`. Rules are those in the kernel; nothing is written that
/// would bring them back after a boot. Without an option that describes packets, the chain itself is meant.
#[derive(Debug, Arguments)]
#[arguments(
    mutually_exclusive("set_dscp_mark", "set_dscp_mark_class"),
    mutually_exclusive("flush", "policy"),
    required_by("set_dscp_mark", ["jump"]),
    required_by("set_dscp_mark_class", ["jump"]),
    required_if("jump", "TEE", ["gateway"]),
    required_if("jump", "tee", ["gateway"]),
    required_if("flush", "False", ["chain"])
)]
pub struct IptablesArgs {
    /// The table.
    #[arg(default = "filter")]
    table: Table,
    /// Whether the rule, or the chain, is to be there.
    #[arg(default = "present")]
    state: Presence,
    /// Where a new rule goes.
    #[arg(default = "append")]
    action: Action,
    /// Of which protocol it is.
    #[arg(default = "ipv4")]
    ip_version: IpVersion,
    /// The chain: `INPUT`, or one of your own.
    chain: Option<String>,
    /// The number that an inserted rule gets.
    rule_num: Option<String>,
    /// The protocol (`-p`): `tcp`, `udp`, `icmp` ..., a number, or `all`; with a `!` before it, all others.
    protocol: Option<String>,
    /// How many seconds to wait for another iptables(8) to be done.
    wait: Option<String>,
    /// Where the packet comes from (`-s`): an address, a network, a name; with a `!` before it, from elsewhere.
    source: Option<String>,
    /// The source that SNAT writes.
    to_source: Option<String>,
    /// Where the packet goes to (`-d`), as `source`.
    destination: Option<String>,
    /// The destination that DNAT writes.
    to_destination: Option<String>,
    /// Extensions that look at the packet (`-m`), in their order.
    #[arg(default = [])]
    r#match: Vec<String>,
    /// Flags of TCP.
    tcp_flags: Option<TcpFlags>,
    /// What becomes of the packet (`-j`): a target or a chain.
    jump: Option<String>,
    /// Where TEE sends a copy.
    gateway: Option<String>,
    /// What LOG writes before each line.
    log_prefix: Option<String>,
    /// The priority of syslog that LOG writes with.
    #[arg(choices(
        "0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"
    ))]
    log_level: Option<String>,
    /// A chain to go on in without a way back (`-g`).
    goto: Option<String>,
    /// The interface that the packet came by (`-i`); one that ends in `+` is the beginning of a name.
    in_interface: Option<String>,
    /// The interface that the packet leaves by (`-o`), as `in_interface`.
    out_interface: Option<String>,
    /// Second and further fragments (`-f`); with a `!`, all but them.
    fragment: Option<String>,
    /// The packets and bytes that the rule begins to count with (`-c`).
    set_counters: Option<String>,
    /// The source's port, its service's name, or a range `first:last`.
    source_port: Option<String>,
    /// The destination's port, as `source_port`.
    destination_port: Option<String>,
    /// Ports and ranges of the destination, for the extension multiport.
    #[arg(default = [])]
    destination_ports: Vec<String>,
    /// The ports that REDIRECT and MASQUERADE write.
    to_ports: Option<String>,
    /// The value that DSCP writes, decimal or hexadecimal.
    set_dscp_mark: Option<String>,
    /// The class of DiffServ whose value DSCP writes.
    set_dscp_mark_class: Option<String>,
    /// A comment that the rule carries.
    comment: Option<String>,
    /// States of the connection: `NEW`, `ESTABLISHED`, `RELATED` ...
    #[arg(default = [])]
    ctstate: Vec<String>,
    /// A range of addresses that the packet comes from.
    src_range: Option<String>,
    /// A range of addresses that the packet goes to.
    dst_range: Option<String>,
    /// A set of ipset(8); with a `!` before it, what is not in it.
    match_set: Option<String>,
    /// What of the packet the set is asked for.
    #[arg(choices("src", "dst", "src,dst", "dst,src", "src,src", "dst,dst"))]
    match_set_flags: Option<String>,
    /// How often the rule matches at most: `5/second`, `10/m`.
    limit: Option<String>,
    /// How often it matches before `limit` counts.
    limit_burst: Option<String>,
    /// Who sends the packet: a user or an id; with a `!` before it, everybody else.
    uid_owner: Option<String>,
    /// Which group sends the packet, as `uid_owner`.
    gid_owner: Option<String>,
    /// What REJECT answers; without `jump` it is the jump as well.
    reject_with: Option<String>,
    /// The type of ICMP: a number, `type/code` or a name.
    icmp_type: Option<String>,
    /// Packets that open a connection of TCP, or all but them.
    #[arg(default = "ignore", choices("ignore", "match", "negate"))]
    syn: String,
    /// Remove all rules of the chain, or of the table where no chain is named.
    #[arg(default = false)]
    flush: bool,
    /// What becomes of packets that no rule of the chain took.
    #[arg(choices("ACCEPT", "DROP", "QUEUE", "RETURN"))]
    policy: Option<String>,
    /// Make the chain where it is to be there, and remove it where it is not.
    #[arg(default = false)]
    chain_management: bool,
    /// List chains without looking up names of addresses.
    #[arg(default = false)]
    numeric: bool,
}

/// The module.
pub struct Iptables;

impl Module for Iptables {
    type Args = IptablesArgs;
    const NAME: &'static str = "iptables";
    const EXAMPLES: &'static str = "\
- name: Let HTTPS in
  ansible.builtin.iptables:
    chain: INPUT
    protocol: tcp
    destination_port: 443
    ctstate: [NEW, ESTABLISHED]
    jump: ACCEPT
    comment: HTTPS

- name: Let nothing else in
  ansible.builtin.iptables:
    chain: INPUT
    policy: DROP
";

    fn run(mut args: IptablesArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // What the result shows is as it was asked for; a jump and a wait that are worked out below are not in it.
        let outcome = Outcome::default()
            .with("ip_version", args.ip_version.name())
            .with("table", args.table.name())
            .with("chain", args.chain.clone())
            .with("flush", args.flush)
            .with("rule", rule::words(&args)?.join(" "))
            .with("state", args.state.name())
            .with("chain_management", args.chain_management)
            .with("wait", args.wait.clone());
        let describes_packets = outcome.values.get("rule").and_then(Data::as_str) != Some("");
        let names = args.ip_version.programs();
        let programs = names.iter().map(|name| Program::find(name, ctx)).collect::<Result<Vec<_>, _>>()?;
        let mut changed = false;
        for program in &programs {
            log_by_default(&mut args, ctx)?;
            let wait = match program.wait(ctx)? {
                Wait::Seconds => args.wait.clone(),
                Wait::Endless => Some(String::new()),
                Wait::Unknown => None,
            };
            if wait != args.wait {
                ctx.show_argument("wait", wait.clone());
                args.wait = wait;
            }
            changed |= if args.flush {
                flush(program, &args, ctx)?
            } else if let Some(policy) = &args.policy {
                set_policy(program, policy, &args, ctx)?
            } else if describes_packets {
                settle_rule(program, &args, ctx)?
            } else {
                settle_chain(program, &args, ctx)?
            };
        }
        Ok(Outcome { changed: Some(changed), ..outcome })
    }
}

/// Options of LOG make it the target where none is named.
fn log_by_default(args: &mut IptablesArgs, ctx: &mut Context) -> Result<(), Failure> {
    let filled = |option: &Option<String>| option.as_deref().is_some_and(|text| !text.is_empty());
    if !filled(&args.log_prefix) && !filled(&args.log_level) {
        return Ok(());
    }
    match args.jump.as_deref() {
        None => {
            args.jump = Some("LOG".to_owned());
            ctx.show_argument("jump", "LOG");
            Ok(())
        }
        Some("LOG") => Ok(()),
        Some(_) => Err(Failure::new("Logging options can only be used with the LOG jump target.")),
    }
}

/// Removes all rules; they are not asked for first.
fn flush(program: &Program, args: &IptablesArgs, ctx: &Context) -> Result<bool, Failure> {
    if !ctx.check_mode {
        program.act("-F", args, &[], ctx)?;
    }
    Ok(true)
}

fn set_policy(program: &Program, policy: &str, args: &IptablesArgs, ctx: &Context) -> Result<bool, Failure> {
    let listed = program.act("-L", args, &list_words(args), ctx)?;
    let listed = listed.stdout_text();
    let current = policy_of(&listed).ok_or_else(|| Failure::new("Can't detect current policy"))?;
    if current == policy {
        return Ok(false);
    }
    if !ctx.check_mode {
        program.act("-P", args, &[policy.to_owned()], ctx)?;
    }
    Ok(true)
}

/// The policy in the first line of a list: `Chain INPUT (policy ACCEPT)`.
fn policy_of(listed: &str) -> Option<&str> {
    listed.lines().next()?.split("(policy ").skip(1).find_map(|rest| {
        let (name, _) = rest.split_once(')')?;
        (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(name)
    })
}

/// Has the chain itself, or not. Whether it is there is a change also where it may not be made or removed.
fn settle_chain(program: &Program, args: &IptablesArgs, ctx: &Context) -> Result<bool, Failure> {
    let is_there = program.succeeds("-L", args, &list_words(args), ctx)?;
    let wanted = args.state == Presence::Present;
    if is_there == wanted {
        return Ok(false);
    }
    if args.chain_management && !ctx.check_mode {
        program.act(if wanted { "-N" } else { "-X" }, args, &[], ctx)?;
    }
    Ok(true)
}

fn settle_rule(program: &Program, args: &IptablesArgs, ctx: &Context) -> Result<bool, Failure> {
    let words = rule::words(args)?;
    let is_there = program.succeeds("-C", args, &words, ctx)?;
    let wanted = args.state == Presence::Present;
    if is_there == wanted {
        return Ok(false);
    }
    if !ctx.check_mode {
        let action = match (wanted, args.action) {
            (true, Action::Append) => "-A",
            (true, Action::Insert) => "-I",
            (false, _) => "-D",
        };
        program.act(action, args, &words, ctx)?;
    }
    Ok(true)
}

fn list_words(args: &IptablesArgs) -> Vec<String> {
    if args.numeric { vec!["--numeric".to_owned()] } else { Vec::new() }
}

#[cfg(test)]
mod tests;
