//! `hostname`: the host's name, now and after the next boot.

use std::{fs, path::Path};

use crate::{
    facts,
    module::os_error,
    prelude::*,
    support::{command::Output, init, paths},
};

/// How the name is read and set; where none is named, what fits the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Strategy {
    /// `/etc/hostname` and hostname(1).
    Alpine,
    /// systemd's hostnamectl(1).
    Debian,
    /// `/etc/rc.conf.d/hostname` and hostname(1).
    Freebsd,
    /// None at all.
    Generic,
    /// Not on Linux.
    Macos,
    /// Not on Linux.
    Macosx,
    /// Not on Linux.
    Darwin,
    /// `/etc/myname` and hostname(1).
    Openbsd,
    /// `/etc/conf.d/hostname`.
    Openrc,
    /// `/etc/sysconfig/network`.
    Redhat,
    /// `/etc/HOSTNAME`.
    Sles,
    /// Not on Linux.
    Solaris,
    /// systemd's hostnamectl(1).
    Systemd,
}

/// Set the host's name.
///
/// The name that the host has now and the one that it gets when it boots are set by hostnamectl(1) where systemd runs, else
/// as the distribution does it. `/etc/hosts` is left as it is.
#[derive(Debug, Arguments)]
pub struct HostnameArgs {
    /// The name, with or without its domain.
    #[arg(required)]
    name: String,
    /// How to set it, where that is not to be found out.
    r#use: Option<Strategy>,
}

/// The module.
pub struct Hostname;

impl Module for Hostname {
    type Args = HostnameArgs;
    const NAME: &'static str = "hostname";
    const EXAMPLES: &'static str = "\
- name: Set a hostname
  ansible.builtin.hostname:
    name: web01

- name: Set it by systemd
  ansible.builtin.hostname:
    name: web01
    use: systemd
";

    fn run(args: HostnameArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // Observe.
        let way = Way::of(args.r#use, ctx)?;
        let name = args.name.as_str();
        let current = way.current(ctx)?;
        let permanent = way.permanent(ctx)?;

        // Apply: the lasting name first where systemd has both, for NetworkManager minds another order.
        let mut changed = false;
        let order = if matches!(way, Way::Systemd(_)) { [true, false] } else { [false, true] };
        for lasting in order {
            let there = if lasting { way.permanent(ctx)? } else { way.current(ctx)? };
            if there == name {
                continue;
            }
            changed = true;
            if !ctx.check_mode {
                if lasting { way.set_permanent(name, ctx)? } else { way.set_current(name, ctx)? }
            }
        }
        let fqdn = facts::full_host_name(ctx);
        let short = name.split('.').next().unwrap_or_default();
        let domain = fqdn.split_once('.').map_or("", |(_, domain)| domain).to_owned();
        let mut outcome = Outcome::changed(changed).with("name", name);
        outcome.facts = Some(Map::from([
            ("ansible_hostname".to_owned(), short.into()),
            ("ansible_nodename".to_owned(), name.into()),
            ("ansible_fqdn".to_owned(), fqdn.into()),
            ("ansible_domain".to_owned(), domain.into()),
        ]));
        if changed {
            let before = if name == current { permanent } else { current };
            outcome.diff.push(Diff::Text {
                before_header: None,
                after_header: None,
                before: format!("hostname = {before}\n"),
                after: format!("hostname = {name}\n"),
            });
        }
        Ok(outcome)
    }
}

/// How the name is read and set on this host.
enum Way {
    /// By this hostnamectl.
    Systemd(String),
    /// By a file that holds nothing else; and by this hostname, as that is told.
    File { path: &'static str, program: Option<(String, Told)> },
    /// By a line `hostname="..."` of a file, and by this hostname.
    Line { path: &'static str, program: Option<String> },
    /// By a line `HOSTNAME=...` of `/etc/sysconfig/network`.
    Network,
}

/// What hostname(1) is told.
enum Told {
    /// The name.
    Name,
    /// The file that has it.
    File,
}

const NETWORK: &str = "/etc/sysconfig/network";

impl Way {
    fn of(given: Option<Strategy>, ctx: &Context) -> Result<Self, Failure> {
        match given {
            Some(given) => Self::named(given, ctx),
            None if init::systemd_manages(ctx) => Self::named(Strategy::Systemd, ctx),
            None => Self::of_distribution(&facts::distribution_id(), ctx),
        }
    }

    fn named(strategy: Strategy, ctx: &Context) -> Result<Self, Failure> {
        let hostname = || ctx.require_bin("hostname");
        Ok(match strategy {
            Strategy::Debian | Strategy::Systemd => Self::Systemd(ctx.require_bin("hostnamectl")?),
            Strategy::Alpine => Self::File { path: "/etc/hostname", program: Some((hostname()?, Told::File)) },
            Strategy::Openbsd => Self::File { path: "/etc/myname", program: Some((hostname()?, Told::Name)) },
            Strategy::Sles => Self::File { path: "/etc/HOSTNAME", program: None },
            Strategy::Openrc => Self::Line { path: "/etc/conf.d/hostname", program: None },
            Strategy::Freebsd => Self::Line { path: "/etc/rc.conf.d/hostname", program: Some(hostname()?) },
            Strategy::Redhat => Self::Network,
            // What Ansible's strategy raises has no words.
            Strategy::Generic => return Err(Failure::raised("", None)),
            Strategy::Macos | Strategy::Macosx | Strategy::Darwin | Strategy::Solaris => {
                let name = strategy.name();
                return Err(Failure::new(format!(
                    "use: {name} is for hosts that do not run Linux; leave the option out, or give \"systemd\""
                )));
            }
        })
    }

    /// Without systemd, by the distribution as Ansible writes its id.
    fn of_distribution(id: &str, ctx: &Context) -> Result<Self, Failure> {
        match id {
            "Debian" | "Kylin" | "Cumulus-linux" | "Kali" | "Parrot" | "Ubuntu" | "Linuxmint" | "Linaro" | "Devuan"
            | "Raspbian" | "Uos" | "Deepin" | "Void" | "Pop" | "Neon" => {
                Ok(Self::File { path: "/etc/hostname", program: None })
            }
            "Redhat" | "Centos" | "Anolis" | "Cloudlinuxserver" | "Cloudlinux" | "Alinux" | "Scientific" | "Oracle"
            | "Virtuozzo" | "Amazon" | "Altlinux" | "Eurolinux" => Ok(Self::Network),
            "Gentoo" => Self::named(Strategy::Openrc, ctx),
            "Alpine" => Self::named(Strategy::Alpine, ctx),
            _ => Err(Failure::new(format!("hostname module cannot be used on platform Linux ({id})"))),
        }
    }

    fn current(&self, ctx: &Context) -> Result<String, Failure> {
        match self {
            Self::Systemd(program) => said(ctx, &[program, "--transient", "status"]),
            Self::File { program: Some((program, Told::Name)), .. } | Self::Line { program: Some(program), .. } => {
                said(ctx, &[program])
            }
            _ => self.permanent(ctx),
        }
    }

    fn set_current(&self, name: &str, ctx: &Context) -> Result<(), Failure> {
        let argv = match self {
            Self::Systemd(program) => {
                refuse_long(name)?;
                vec![program.as_str(), "--transient", "set-hostname", name]
            }
            Self::File { program: Some((program, Told::Name)), .. } | Self::Line { program: Some(program), .. } => {
                vec![program.as_str(), name]
            }
            Self::File { path, program: Some((program, Told::File)) } => vec![program.as_str(), "-F", path],
            _ => return Ok(()),
        };
        said(ctx, &argv).map(drop)
    }

    fn permanent(&self, ctx: &Context) -> Result<String, Failure> {
        let unreadable = |error: std::io::Error, path| {
            Failure::new(format!("failed to read hostname: {}", os_error(&error, Some(path))))
        };
        match self {
            Self::Systemd(program) => said(ctx, &[program, "--static", "status"]),
            Self::File { path, .. } => match fs::read(path) {
                Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).trim().to_owned()),
                Err(_) => Ok(String::new()),
            },
            Self::Line { path, .. } => {
                if !Path::new(path).is_file() {
                    return Ok(String::new());
                }
                let text = fs::read_to_string(path).map_err(|error| unreadable(error, *path))?;
                let line = text.lines().map(str::trim).find(|line| line.starts_with("hostname="));
                // The quotation mark is skipped unseen, as Ansible skips it.
                let name = line.and_then(|line| line.get(10..)).unwrap_or_default();
                Ok(name.trim_matches('"').to_owned())
            }
            Self::Network => {
                let text = fs::read_to_string(NETWORK).unwrap_or_default();
                let line = text.lines().map(str::trim).find(|line| line.starts_with("HOSTNAME"));
                let found = line.and_then(|line| line.split_once('='));
                found
                    .map(|(_, name)| name.trim().to_owned())
                    .ok_or_else(|| Failure::new(format!("Unable to locate HOSTNAME entry in {NETWORK}")))
            }
        }
    }

    fn set_permanent(&self, name: &str, ctx: &Context) -> Result<(), Failure> {
        let (path, text) = match self {
            Self::Systemd(program) => {
                refuse_long(name)?;
                return said(ctx, &[program, "--pretty", "--static", "set-hostname", name]).map(drop);
            }
            Self::File { path, .. } => (*path, format!("{name}\n")),
            Self::Line { path, program } => {
                let line = format!("hostname=\"{name}\"");
                let before = fs::read_to_string(path).ok();
                let mut lines: Vec<String> = match &before {
                    Some(text) => text.lines().map(|line| line.trim().to_owned()).collect(),
                    None if program.is_some() => vec![line.clone()],
                    // OpenRC's file is only ever changed.
                    None => Vec::new(),
                };
                if let Some(there) = lines.iter_mut().find(|line| line.starts_with("hostname=")) {
                    *there = line;
                }
                (*path, lines.join("\n") + "\n")
            }
            Self::Network => {
                let before = fs::read_to_string(NETWORK).unwrap_or_default();
                let line = format!("HOSTNAME={name}\n");
                let is_name = |line: &&str| line.trim().starts_with("HOSTNAME");
                let mut text: String = before
                    .split_inclusive('\n')
                    .map(|there| if is_name(&there) { line.as_str() } else { there })
                    .collect();
                if !before.lines().any(|line| is_name(&line)) {
                    text.push_str(&line);
                }
                (NETWORK, text)
            }
        };
        let failed = |why: &str| Failure::new(format!("failed to update hostname: {why}"));
        if let Err(error) = fs::metadata(paths::dirname(path)) {
            return Err(failed(&os_error(&error, Some(path))));
        }
        // A container's own file is mounted there and cannot be replaced.
        let in_place = FileAttributes { unsafe_writes: true, ..FileAttributes::default() };
        crate::support::atomic::write(ctx, path, text.as_bytes(), &in_place)
            .map(drop)
            .map_err(|failure| failed(&failure.msg()))
    }
}

fn refuse_long(name: &str) -> Result<(), Failure> {
    if name.chars().count() > 64 {
        return Err(Failure::new("name cannot be longer than 64 characters on systemd servers, try a shorter name"));
    }
    Ok(())
}

/// What a command says.
fn said(ctx: &Context, argv: &[&str]) -> Result<String, Failure> {
    let output: Output = ctx.command(argv).run()?;
    let (out, err) = (output.stdout_text(), output.stderr_text());
    if !output.success() {
        return Err(Failure::new(format!("Command failed rc={}, out={out}, err={err}", output.rc)));
    }
    Ok(out.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn a_name_that_is_too_long_is_refused_and_one_of_64_letters_is_not() {
        assert!(refuse_long(&"é".repeat(64)).is_ok());
        assert!(refuse_long(&"e".repeat(65)).is_err());
    }

    #[test]
    fn what_is_not_for_linux_says_so() {
        let outcome = check("hostname", serde_json::json!({"name": "x", "use": "darwin"}));
        assert!(outcome.msg.unwrap().starts_with("use: darwin is for hosts that do not run Linux"));
    }

    #[test]
    fn the_file_of_the_distribution_says_what_would_change() {
        let outcome = check("hostname", serde_json::json!({"name": "web.example.org", "use": "sles"}));
        assert_eq!(outcome.changed, Some(true));
        let facts = outcome.facts.unwrap();
        assert_eq!(facts["ansible_hostname"], Data::from("web"));
        assert_eq!(facts["ansible_nodename"], Data::from("web.example.org"));
    }
}
