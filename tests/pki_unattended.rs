//! The units of packaging/systemd at work: nobody at a terminal, and the secrets handed over by systemd alone.

mod support;

use std::{path::Path, process::Command};

use support::fleet::{Fleet, Host};

/// Puts a file of this machine onto the host.
fn put(host: &Host, from: &Path, to: &str) {
    let copied =
        Command::new("docker").args(["cp", "-q", &from.display().to_string(), &format!("{}:{to}", host.id)]).status();
    assert!(copied.expect("docker can be started").success(), "{to}");
    host.read(&format!("chown -R root:root {to}"));
}

/// What a unit's start and its journal say.
fn start(host: &Host, unit: &str) -> (bool, String) {
    let started = host.sh(&format!("systemctl start {unit}")).status.success();
    let journal = host.sh(&format!("journalctl -q --no-pager -o cat -u {unit}"));
    (started, String::from_utf8_lossy(&journal.stdout).into_owned())
}

mod hosts {
    use super::*;

    #[test]
    fn the_units_renew_and_make_lists_with_credentials_of_systemd() {
        let fleet = Fleet::start(&support::fleet::group_of_this_checkout("pki-unattended"), &["control".to_owned()]);
        let host = fleet.host("control");
        put(host, Path::new(env!("CARGO_BIN_EXE_provision")), "/usr/bin/provision");
        // A container's systemd cannot mount what it hands credentials over in: they are put where it would say they are.
        let mut drop_in = "[Service]\nLoadCredential=\nEnvironment=CREDENTIALS_DIRECTORY=/run/handed\n".to_owned();
        if let Some(helper) = support::helper() {
            host.read("mkdir -p /usr/lib/provision");
            for bundle in ["base", "web", "crypto"] {
                let name = format!("provision-helper-{bundle}");
                put(host, &helper.join(&name), &format!("/usr/lib/provision/{name}"));
            }
            drop_in += "Environment=PROVISION_HELPER=/usr/lib/provision\n";
        }
        for unit in ["renew", "lists"] {
            let folder = format!("/etc/systemd/system/provision-pki-{unit}.service.d");
            host.read(&format!("mkdir {folder}; printf '{}' >{folder}/test.conf", drop_in.replace('\n', "\\n")));
        }
        for unit in ["renew.service", "renew.timer", "lists.service", "lists.timer"] {
            let unit = format!("provision-pki-{unit}");
            put(host, &support::top().join("packaging/systemd").join(&unit), &format!("/etc/systemd/system/{unit}"));
        }
        host.read(
            "set -e
             useradd --system --home-dir /var/lib/provision --shell /usr/sbin/nologin provision
             install -d -m 0700 /etc/provision/credentials
             recipient=$(provision pki identity /etc/provision/credentials/pki-identity | grep -o 'age1[0-9a-z]*')
             echo 'no key: the connection is local' >/etc/provision/credentials/ssh-key
             chmod 0400 /etc/provision/credentials/ssh-key
             install -d -o provision -g provision -m 0700 /var/lib/provision /var/lib/provision/metrics /run/handed
             install -o provision -m 0400 /etc/provision/credentials/pki-identity /run/handed/pki-identity
             su -s /bin/sh provision -c \"cd /var/lib/provision && provision pki init pki --rehearsal --chain --organization Example \
               --url http://pki.example.org/ --dns example.org --recipient $recipient\"
             printf '%s\\n' 'all:' '  hosts:' '    web1.example.org:' '      ansible_connection: local' '      pki_certificates:' \
               '      - {service: web, directory: /var/lib/provision/web}' >/etc/provision/inventory
             systemctl daemon-reload
             systemctl enable -q --now provision-pki-renew.timer provision-pki-lists.timer",
        );
        let verified = host.sh("systemd-analyze verify /etc/systemd/system/provision-pki-*.service /etc/systemd/system/provision-pki-*.timer 2>&1");
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
        let (started, said) = start(host, "provision-pki-renew.service");
        assert!(started && said.contains("web@web1.example.org: renewed: there is none yet"), "{said}");
        host.read("openssl version >/dev/null 2>&1; test -s /var/lib/provision/web/current/pair.pem");
        let metrics = host.read("cat /var/lib/provision/metrics/pki.prom");
        assert!(
            metrics.contains("provision_pki_not_after_seconds{tier=\"service\",name=\"web@web1.example.org\""),
            "{metrics}"
        );
        let (started, said) = start(host, "provision-pki-renew.service");
        assert!(started && said.contains("web@web1.example.org: not due"), "{said}");
        let (started, said) = start(host, "provision-pki-lists.service");
        assert!(started, "{said}");
        assert_eq!(host.read("grep -c 'BEGIN X509 CRL' /var/lib/provision/lists.crl").trim(), "2");
        assert!(host.read("systemctl list-timers --all --no-legend").contains("provision-pki-renew.timer"));

        // Other users have no way to the identity.
        assert!(!host.sh("su -s /bin/sh provision -c 'cat /etc/provision/credentials/pki-identity'").status.success());
        // Without one the unit fails, with a cure in the journal, and alerts see it.
        host.read("rm /run/handed/pki-identity /var/lib/provision/web/current");
        let (started, said) = start(host, "provision-pki-renew.service");
        assert!(!started && said.contains("pki-identity: No such file"), "{said}");
        assert_eq!(host.sh("systemctl is-failed provision-pki-renew.service").status.code(), Some(0));
    }
}
