//! The reader of ssh_config against what `ssh -G` answers (OpenSSH 9.2): `cases/NAME.conf` is the file, `NAME.args` the
//! arguments, `NAME.want` the lines of the answer that matter here.

use std::{fmt::Write as _, path::Path};

use super::*;

fn environment() -> Environment {
    Environment { home: "/root".into(), user: "root".into(), uid: 0, agent: None, machine: "here".into() }
}

fn settings(config: &Path, arguments: &str) -> SshSettings {
    let mut words: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
    let address = words.pop().unwrap();
    SshSettings { options: words, config_file: Some(config.to_owned()), keepalive: None, ..SshSettings::new(address) }
}

/// What was resolved, as `ssh -G` prints it.
fn print(effective: &Effective) -> String {
    let yes = |value: bool| if value { "yes" } else { "no" };
    let mut lines = vec![
        format!(
            "addressfamily {}",
            match effective.address_family {
                AddressFamily::Any => "any",
                AddressFamily::Four => "inet",
                AddressFamily::Six => "inet6",
            }
        ),
        format!("compression {}", yes(effective.compression)),
        format!("hashknownhosts {}", yes(effective.host_keys.hash_names)),
        format!("hostname {}", effective.host),
        format!("identitiesonly {}", yes(effective.login.identities_only)),
    ];
    if let Some(alias) = &effective.host_keys.alias {
        lines.push(format!("hostkeyalias {alias}"));
    }
    for identity in &effective.login.identities {
        lines.push(format!("identityfile {}", identity.display().to_string().replace("/root/", "~/")));
    }
    lines.push(format!("port {}", effective.port));
    if let Route::Jump(hops) = &effective.route {
        let mut text = String::new();
        for hop in hops {
            let user = hop.user.as_ref().map_or_else(String::new, |user| format!("{user}@"));
            let port = hop.port.map_or_else(String::new, |port| format!(":{port}"));
            write!(text, "{}{user}{}{port}", if text.is_empty() { "" } else { "," }, hop.host).unwrap();
        }
        lines.push(format!("proxyjump {text}"));
    }
    lines.push(format!("serveralivecountmax {}", effective.keepalive_max));
    lines.push(format!("serveraliveinterval {}", effective.keepalive.map_or(0, |time| time.as_secs())));
    lines.push(format!(
        "stricthostkeychecking {}",
        match effective.host_keys.checking {
            HostKeyChecking::Strict => "ask",
            HostKeyChecking::AcceptNew => "accept-new",
            HostKeyChecking::Off => "false",
        }
    ));
    lines.push(format!("user {}", effective.user));
    let files: Vec<_> = effective.host_keys.user_files.iter().map(|file| file.display().to_string()).collect();
    lines.push(format!("userknownhostsfile {}", if files.is_empty() { "none".to_owned() } else { files.join(" ") }));
    lines.sort_by_key(|line| line.split(' ').next().map(str::to_owned));
    lines.join("\n")
}

#[test]
fn every_case_is_read_as_openssh_reads_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ssh/config/cases");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "conf") {
            continue;
        }
        let read = |extension: &str| std::fs::read_to_string(path.with_extension(extension)).unwrap();
        let effective = resolve(&settings(&path, &read("args")), &environment()).unwrap();
        assert_eq!(print(&effective), read("want").trim_end(), "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 10);
}

fn resolved(text: &str, address: &str) -> Result<Effective, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, text).unwrap();
    resolve(&settings(&path, address), &environment()).map_err(|error| error.replace(path.to_str().unwrap(), "CONFIG"))
}

#[test]
fn words_that_change_where_we_connect_and_are_not_done_are_named_with_their_place() {
    for (text, wanted) in [
        ("Host *\n  BindInterface eth1\n", "CONFIG:2: BindInterface: \"eth1\" changes where or how ssh connects"),
        ("NoSuchWord 1\n", "CONFIG:1: NoSuchWord is no option of ssh that is known here"),
        ("Host other\n  NoSuchWord 1\n", "CONFIG:2: NoSuchWord is no option of ssh that is known here"),
        ("Match exec \"true\"\n  Port 1\n", "CONFIG:1: \"Match exec\" is not done here yet"),
        ("Port none\n", "CONFIG:1: \"none\" is no port"),
        ("User\n", "CONFIG:1: User: a value is missing"),
        ("ProxyCommand nc %z\n", "\"nc %z\": %z is not known here"),
    ] {
        let error = resolved(text, "web1").unwrap_err();
        assert!(error.starts_with(wanted), "{error}");
    }
}

#[test]
fn a_match_exec_that_does_not_count_is_passed_over() {
    assert_eq!(resolved("Match host other exec \"true\"\n  Port 1\n", "web1").unwrap().port, 22);
}

#[test]
fn tokens_and_quotes_of_a_proxy_command_reach_the_shell() {
    let effective = resolved("Host *\n User bob\n ProxyCommand ssh -l \"%r\" gate nc %h %p\n", "web1").unwrap();
    assert_eq!(effective.route, Route::Command("ssh -l \"bob\" gate nc web1 22".to_owned()));
}

#[test]
fn files_are_included_in_the_order_of_their_names_and_only_where_the_block_counts() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("b.conf", "Port 2\nUser second\n");
    write("a.conf", "Port 1\n");
    write("never.txt", "Port 9\n");
    let pattern = folder.path().join("*.conf");
    let text = format!(
        "Host other\n  Include {}\nHost web*\n  Include {}\n  HostName inner\n",
        folder.path().join("never.txt").display(),
        pattern.display()
    );
    let effective = resolved(&text, "web1").unwrap();
    assert_eq!((effective.port, effective.user.as_str(), effective.host.as_str()), (1, "second", "inner"));
}

#[test]
fn ansibles_settings_go_before_options_and_files() {
    let mut settings = settings(Path::new("none"), "-o Port=1 -o User=option -o IdentityFile=/b web1");
    settings.port = Some(2200);
    settings.user = Some("ansible".to_owned());
    settings.private_key_files = vec!["~/a".into()];
    let effective = resolve(&settings, &environment()).unwrap();
    assert_eq!((effective.port, effective.user.as_str()), (2200, "ansible"));
    assert_eq!(effective.login.identities, [PathBuf::from("/root/a"), PathBuf::from("/b")]);
}

#[test]
fn hosts_to_jump_through_may_have_users_ports_and_ipv6_addresses() {
    let hop = |host: &str, user: Option<&str>, port| Hop { host: host.into(), user: user.map(str::to_owned), port };
    assert_eq!(parse_hop("bob@gate:2200"), Some(hop("gate", Some("bob"), Some(2200))));
    assert_eq!(parse_hop("ssh://gate"), Some(hop("gate", None, None)));
    assert_eq!(parse_hop("[::1]:22"), Some(hop("::1", None, Some(22))));
    assert_eq!(parse_hop("fe80::1"), Some(hop("fe80::1", None, None)));
    assert_eq!(parse_hop("gate:port"), None);
}
