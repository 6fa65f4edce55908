//! Keys, requests, certificates and revocation lists that ansible-core's community.crypto made are taken as they are by
//! provision, and the other way round.

mod support;

use std::path::Path;

const PLAY: &str = include_str!("data/crypto-exchange.yml");

/// Runs the play with the commands of `bin`; the line of its recap.
fn run(bin: &Path, folder: &Path) -> String {
    let output = support::clean_command("ansible-playbook", bin, folder)
        .args(["-i", "inventory", "play.yml"])
        .current_dir(folder)
        .output()
        .expect("ansible-playbook can be started");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let recap = shown.lines().find(|line| line.starts_with("localhost") && line.contains("ok="));
    let recap = recap.unwrap_or_else(|| panic!("no recap: {shown}\n{}", String::from_utf8_lossy(&output.stderr)));
    assert!(output.status.success(), "{shown}");
    let changed: Vec<&str> = shown.lines().filter(|line| line.starts_with("changed:")).collect();
    format!("{}{changed:?}", recap.split_whitespace().skip(2).take(4).collect::<Vec<_>>().join(" "))
}

fn exchange(name: &str, first: &Path, second: &Path) {
    let folder = support::scratch(&format!("crypto-exchange/{name}"));
    std::fs::write(folder.join("play.yml"), PLAY).expect("a play");
    let inventory = "localhost ansible_connection=local ansible_python_interpreter=\"{{ ansible_playbook_python }}\"\n";
    std::fs::write(folder.join("inventory"), inventory).expect("an inventory");
    let made = run(first, &folder);
    assert!(made.contains("failed=0") && !made.contains("changed=0"), "{made}");
    let taken = run(second, &folder);
    assert!(taken.contains("changed=0") && taken.contains("failed=0"), "{taken}");
}

mod judges {
    use super::*;

    #[test]
    fn what_the_reference_made_provision_takes_as_it_is() {
        let ours = support::provision_bin(&support::scratch("crypto-exchange/bin-theirs"));
        exchange("theirs", &support::oracle_bin(), &ours);
    }

    #[test]
    fn what_provision_made_the_reference_takes_as_it_is() {
        let ours = support::provision_bin(&support::scratch("crypto-exchange/bin-ours"));
        exchange("ours", &ours, &support::oracle_bin());
    }
}
