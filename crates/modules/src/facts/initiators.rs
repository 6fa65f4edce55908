//! What a host is called on the networks of storage: iSCSI, NVMe, fibre channel.

use super::{gathering::Gathering, read};

/// `iscsi`: the initiator's name.
pub(super) fn iscsi(gathering: &mut Gathering<'_>) {
    let text = read::content("/etc/iscsi/initiatorname.iscsi").unwrap_or_default();
    gathering.set("iscsi_iqn", initiator_name(&text));
}

fn initiator_name(text: &str) -> &str {
    text.lines().find_map(|line| line.strip_prefix("InitiatorName=")).unwrap_or_default()
}

/// `nvme`: the host's qualified name.
pub(super) fn nvme(gathering: &mut Gathering<'_>) {
    let text = read::content("/etc/nvme/hostnqn").unwrap_or_default();
    gathering.set("hostnqn", text.lines().find(|line| line.starts_with("nqn.")).unwrap_or_default());
}

/// `fibre_channel_wwn`: the names of the adapters' ports, without `0x`.
pub(super) fn fibre_channel(gathering: &mut Gathering<'_>) {
    let names: Vec<String> = read::names("/sys/class/fc_host")
        .iter()
        .filter_map(|host| read::content(&format!("/sys/class/fc_host/{host}/port_name")))
        .flat_map(|text| text.lines().map(|line| line.trim_end().chars().skip(2).collect()).collect::<Vec<String>>())
        .collect();
    gathering.set("fibre_channel_wwn", names);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initiators_name_stands_below_comments() {
        assert_eq!(
            initiator_name("## DO NOT EDIT\nInitiatorName=iqn.1993-08.org.debian:01:4\n"),
            "iqn.1993-08.org.debian:01:4"
        );
        assert_eq!(initiator_name("# InitiatorName=x\n"), "");
    }
}
