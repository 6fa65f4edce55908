//! The words of a rule, in the order in which Ansible gives them to iptables(8).

use super::IptablesArgs;
use crate::prelude::*;

/// The options that describe packets and what becomes of them, as iptables(8) takes them.
///
/// # Errors
///
/// An option is an empty text, of which Ansible asks the first letter; of `tcp_flags` one half is missing.
pub(super) fn words(args: &IptablesArgs) -> Result<Vec<String>, Failure> {
    let has_match = |name: &str| args.r#match.iter().any(|one| one == name);
    let jump = args.jump.as_deref();
    let jumps_to = |target: &str| jump.is_some_and(|jump| jump.to_lowercase() == target);
    let mut rule = Rule::default();

    rule.value("-p", &args.protocol)?;
    rule.value("-s", &args.source)?;
    rule.value("-d", &args.destination)?;
    for name in &args.r#match {
        rule.text("-m", name)?;
    }
    if let Some(flags) = &args.tcp_flags {
        let (Some(looked_at), Some(set)) = (&flags.flags, &flags.flags_set) else {
            return Err(Failure::raised("can only join an iterable", None));
        };
        rule.add(&["--tcp-flags", &looked_at.join(","), &set.join(",")]);
    }
    rule.value("-j", &args.jump)?;
    if jumps_to("tee") {
        rule.value("--gateway", &args.gateway)?;
    }
    rule.value("--log-prefix", &args.log_prefix)?;
    rule.value("--log-level", &args.log_level)?;
    rule.value("--to-destination", &args.to_destination)?;
    if !args.destination_ports.is_empty() {
        rule.add(&["-m", "multiport", "--dports", &args.destination_ports.join(",")]);
    }
    rule.value("--to-source", &args.to_source)?;
    rule.value("-g", &args.goto)?;
    rule.value("-i", &args.in_interface)?;
    rule.value("-o", &args.out_interface)?;
    rule.value("-f", &args.fragment)?;
    rule.value("-c", &args.set_counters)?;
    rule.value("--source-port", &args.source_port)?;
    rule.value("--destination-port", &args.destination_port)?;
    rule.value("--to-ports", &args.to_ports)?;
    for (flag, mark) in [("--set-dscp", &args.set_dscp_mark), ("--set-dscp-class", &args.set_dscp_mark_class)] {
        rule.value(flag, mark)?;
        if mark.is_some() && !jumps_to("dscp") {
            rule.add(&["-j", "DSCP"]);
        }
    }
    rule.switch("--syn", Some(&args.syn));
    if !args.ctstate.is_empty() {
        let states = args.ctstate.join(",");
        match (has_match("conntrack"), has_match("state")) {
            (true, _) => rule.add(&["--ctstate", &states]),
            (false, true) => rule.add(&["--state", &states]),
            (false, false) => rule.add(&["-m", "conntrack", "--ctstate", &states]),
        }
    }
    if !has_match("iprange") && (args.src_range.is_some() || args.dst_range.is_some()) {
        rule.add(&["-m", "iprange"]);
    }
    rule.value("--src-range", &args.src_range)?;
    rule.value("--dst-range", &args.dst_range)?;
    if has_match("set") || args.match_set.is_some() {
        if !has_match("set") {
            rule.add(&["-m", "set"]);
        }
        rule.value("--match-set", &args.match_set)?;
        rule.0.extend(args.match_set_flags.clone());
    }
    if args.limit.is_some() || args.limit_burst.is_some() {
        rule.add(&["-m", "limit"]);
    }
    rule.value("--limit", &args.limit)?;
    rule.value("--limit-burst", &args.limit_burst)?;
    for (flag, owner) in [("--uid-owner", &args.uid_owner), ("--gid-owner", &args.gid_owner)] {
        if owner.is_some() {
            rule.add(&["-m", "owner"]);
        }
        // Ansible takes an owner for a switch, too: one who is called `match` has the flag twice.
        rule.switch(flag, owner.as_deref());
        rule.value(flag, owner)?;
    }
    if jump.is_none() && args.reject_with.is_some() {
        rule.add(&["-j", "REJECT"]);
    }
    rule.value("--reject-with", &args.reject_with)?;
    rule.value(args.ip_version.icmp_type_flag(), &args.icmp_type)?;
    if args.comment.is_some() {
        rule.add(&["-m", "comment"]);
    }
    rule.value("--comment", &args.comment)?;
    Ok(rule.0)
}

/// A rule in the making.
#[derive(Default)]
struct Rule(Vec<String>);

impl Rule {
    fn add(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(|word| (*word).to_owned()));
    }

    /// An option with its value; a `!` before the value stands before the option.
    fn text(&mut self, flag: &str, value: &str) -> Result<(), Failure> {
        match value.strip_prefix('!') {
            Some(inverted) => self.add(&["!", flag, inverted]),
            None if value.is_empty() => return Err(Failure::raised("string index out of range", None)),
            None => self.add(&[flag, value]),
        }
        Ok(())
    }

    fn value(&mut self, flag: &str, value: &Option<String>) -> Result<(), Failure> {
        value.as_deref().map_or(Ok(()), |value| self.text(flag, value))
    }

    /// An option without a value.
    fn switch(&mut self, flag: &str, state: Option<&str>) {
        match state {
            Some("match") => self.add(&[flag]),
            Some("negate") => self.add(&["!", flag]),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::arguments::Arguments as _;
    use serde_json::json;

    use super::*;

    fn rule(arguments: serde_json::Value) -> Result<String, String> {
        let specification = crate::module::specification::<super::super::Iptables>();
        let Data::Map(arguments) = Data::from_json(arguments) else { panic!("no mapping") };
        let mut arguments = protocol::arguments::validate(&specification, arguments).unwrap().arguments;
        let args = IptablesArgs::from_map(&mut arguments).unwrap();
        words(&args).map(|words| words.join(" ")).map_err(|failure| failure.msg())
    }

    #[test]
    fn words_are_in_the_order_that_ansible_gives_them() {
        let all = json!({
            "chain": "INPUT", "comment": "why", "icmp_type": "8", "reject_with": "icmp-port-unreachable",
            "uid_owner": "root", "gid_owner": "!adm", "limit": "5/s", "limit_burst": "9", "match_set": "s",
            "match_set_flags": "src,dst", "src_range": "1.1.1.1-1.1.1.2", "ctstate": ["NEW", "RELATED"], "syn": "negate",
            "to_ports": "1", "destination_port": "2", "source_port": "3", "set_counters": "4", "fragment": "5",
            "out_interface": "eth1", "in_interface": "!eth0", "goto": "G", "to_source": "6.6.6.6",
            "destination_ports": ["80", "443:445"], "to_destination": "7.7.7.7", "tcp_flags": {"flags": ["ALL"],
            "flags_set": ["ACK", "RST"]}, "match": ["tcp", "x"], "destination": "9.0.0.0/8", "source": "!10.0.0.1",
            "protocol": "tcp"
        });
        let want = "-p tcp ! -s 10.0.0.1 -d 9.0.0.0/8 -m tcp -m x --tcp-flags ALL ACK,RST --to-destination 7.7.7.7 \
                    -m multiport --dports 80,443:445 --to-source 6.6.6.6 -g G ! -i eth0 -o eth1 -f 5 -c 4 --source-port 3 \
                    --destination-port 2 --to-ports 1 ! --syn -m conntrack --ctstate NEW,RELATED -m iprange --src-range \
                    1.1.1.1-1.1.1.2 -m set --match-set s src,dst -m limit --limit 5/s --limit-burst 9 -m owner --uid-owner \
                    root -m owner ! --gid-owner adm -j REJECT --reject-with icmp-port-unreachable --icmp-type 8 -m comment \
                    --comment why";
        assert_eq!(rule(all).unwrap(), want);
    }

    #[test]
    fn a_match_that_is_named_is_not_named_again() {
        let named = |name: &str| rule(json!({"chain": "C", "match": [name], "ctstate": ["NEW"], "dst_range": "a-b"}));
        assert_eq!(named("conntrack").unwrap(), "-m conntrack --ctstate NEW -m iprange --dst-range a-b");
        assert_eq!(named("state").unwrap(), "-m state --state NEW -m iprange --dst-range a-b");
        assert_eq!(named("iprange").unwrap(), "-m iprange -m conntrack --ctstate NEW --dst-range a-b");
        assert_eq!(rule(json!({"chain": "C", "match": ["set"], "match_set": "s"})).unwrap(), "-m set --match-set s");
    }

    #[test]
    fn a_mark_jumps_once_more_where_the_target_is_another() {
        let mark = |jump: &str| rule(json!({"chain": "C", "jump": jump, "set_dscp_mark": "8"}));
        assert_eq!(mark("dscp").unwrap(), "-j dscp --set-dscp 8");
        assert_eq!(mark("ACCEPT").unwrap(), "-j ACCEPT --set-dscp 8 -j DSCP");
    }

    #[test]
    fn both_protocols_have_both_options_in_one_word() {
        let icmp = |version: &str| rule(json!({"chain": "C", "ip_version": version, "icmp_type": "1"}));
        assert_eq!(icmp("ipv6").unwrap(), "--icmpv6-type 1");
        assert_eq!(icmp("both").unwrap(), "--icmp-type --icmpv6-type 1");
    }

    #[test]
    fn what_ansible_falls_over_fails_in_its_words() {
        assert!(rule(json!({"chain": "C", "protocol": ""})).unwrap_err().ends_with("string index out of range"));
        let half = rule(json!({"chain": "C", "tcp_flags": {"flags": ["ALL"]}}));
        assert!(half.unwrap_err().ends_with("can only join an iterable"));
    }
}
