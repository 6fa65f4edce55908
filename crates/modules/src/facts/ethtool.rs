//! What ethtool(8), where a host has it, tells of a network device.

use super::gathering::Gathering;
use crate::prelude::*;

/// `features`, `timestamping`, `hw_timestamp_filters`, `phc_index`.
pub(super) fn facts(gathering: &Gathering<'_>, program: &str, device: &str) -> Map {
    let mut facts = Map::new();
    if let Some(answer) = gathering.output_of(program, &["-k", device]) {
        facts.insert("features".to_owned(), features(&answer).into());
    }
    if let Some(answer) = gathering.output_of(program, &["-T", device]) {
        facts.extend(timestamping(&answer));
    }
    facts
}

fn features(answer: &str) -> Map {
    answer
        .trim()
        .lines()
        .filter(|line| !line.ends_with(':'))
        .filter_map(|line| line.split_once(": "))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.trim().replace('-', "_"), value.trim().into()))
        .collect()
}

fn timestamping(answer: &str) -> Map {
    let all = |prefix: &str| -> Vec<String> {
        answer
            .match_indices(prefix)
            .filter_map(|(at, _)| answer.get(at + prefix.len()..))
            .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
            .filter(|name| !name.is_empty())
            .map(|name| name.to_lowercase())
            .collect()
    };
    let mut facts = Map::new();
    facts.insert("timestamping".to_owned(), all("SOF_TIMESTAMPING_").into());
    facts.insert("hw_timestamp_filters".to_owned(), all("HWTSTAMP_FILTER_").into());
    let clock = answer.split_once("PTP Hardware Clock: ").and_then(|(_, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<i64>().ok()
    });
    if let Some(clock) = clock {
        facts.insert("phc_index".to_owned(), clock.into());
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_named_as_variables() {
        let features = features("Features for eth0:\nrx-checksumming: on\n\ttx-checksum-ipv4: off [fixed]\n");
        assert_eq!(features["rx_checksumming"], Data::from("on"));
        assert_eq!(features["tx_checksum_ipv4"], Data::from("off [fixed]"));
        assert_eq!(features.len(), 2);
    }

    #[test]
    fn clocks_and_filters_are_told() {
        let facts = timestamping(
            "Capabilities:\n\tsoftware-transmit     (SOF_TIMESTAMPING_TX_SOFTWARE)\nPTP Hardware Clock: 3\n\
             Hardware Receive Filter Modes:\n\tnone                  (HWTSTAMP_FILTER_NONE)\n",
        );
        assert_eq!(facts["timestamping"], Data::from(vec!["tx_software"]));
        assert_eq!(facts["hw_timestamp_filters"], Data::from(vec!["none"]));
        assert_eq!(facts["phc_index"], Data::Int(3));
    }
}
