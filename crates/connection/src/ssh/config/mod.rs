//! Where and how to connect: Ansible's settings, options in the words of the ssh command, and ssh_config files, brought
//! to one.

mod expand;
mod line;
mod options;
mod read;
mod words;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use protocol::Secret;

use self::{
    expand::Tokens,
    read::{Reader, Settings},
};
use crate::{
    environment::{self, Environment},
    ssh::pattern,
    target::{HostKeyChecking, SshSettings},
};

/// Where and how to connect, with nothing left open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Effective {
    /// The name as the user gave it.
    pub(crate) original: String,
    /// The name or address to connect to.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) address_family: AddressFamily,
    pub(crate) bind_address: Option<String>,
    pub(crate) route: Route,
    pub(crate) host_keys: HostKeys,
    pub(crate) login: Login,
    pub(crate) algorithms: Algorithms,
    pub(crate) compression: bool,
    pub(crate) keepalive: Option<Duration>,
    pub(crate) keepalive_max: usize,
    /// Variables for the host's processes (`SendEnv`, `SetEnv`).
    pub(crate) environment: Vec<(String, String)>,
}

/// `AddressFamily`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AddressFamily {
    Any,
    Four,
    Six,
}

/// How the bytes get there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    Direct,
    /// `ProxyJump`: through these hosts, the first one first.
    Jump(Vec<Hop>),
    /// `ProxyCommand`, tokens replaced.
    Command(String),
}

/// A host to go through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Hop {
    pub(crate) host: String,
    pub(crate) user: Option<String>,
    pub(crate) port: Option<u16>,
}

/// How the host proves itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct HostKeys {
    pub(crate) checking: HostKeyChecking,
    /// The name under which the key is kept instead of the host's.
    pub(crate) alias: Option<String>,
    /// The user's own files; a new key goes into the first.
    pub(crate) user_files: Vec<PathBuf>,
    pub(crate) global_files: Vec<PathBuf>,
    pub(crate) hash_names: bool,
}

/// How the user proves himself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Login {
    pub(crate) password: Option<Secret>,
    pub(crate) passphrase: Option<Secret>,
    /// Private keys, in order.
    pub(crate) identities: Vec<PathBuf>,
    /// The identities were named, so one that is missing is worth a word.
    pub(crate) named: bool,
    pub(crate) certificates: Vec<PathBuf>,
    pub(crate) identities_only: bool,
    pub(crate) agent: Option<PathBuf>,
    /// Methods in the order in which they are tried.
    pub(crate) methods: Vec<Method>,
}

/// The ways of logging in that are done here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Method {
    PublicKey,
    KeyboardInteractive,
    Password,
}

/// Lists of algorithms as they were written, `+`, `-` and `^` in front included.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Algorithms {
    pub(crate) ciphers: Option<String>,
    pub(crate) macs: Option<String>,
    pub(crate) kex: Option<String>,
    pub(crate) host_keys: Option<String>,
}

/// The default identities, in OpenSSH's order.
const IDENTITIES: &[&str] = &["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss", "id_dsa"];

/// Brings everything to one. The result is an error text for the operator where something is not understood.
pub(crate) fn resolve(settings: &SshSettings, environment: &Environment) -> Result<Effective, String> {
    let read = gather(settings, environment)?;
    settle(&read, settings, environment)
}

/// The values of the settings that were read.
fn settle(read: &Settings, settings: &SshSettings, environment: &Environment) -> Result<Effective, String> {
    let original = settings.address.as_str();
    let host = match read.first("hostname") {
        Some(name) => expand::tokens(name, &Tokens { host: original, original, ..Tokens::default() })?,
        None => original.to_owned(),
    }
    .to_lowercase();
    let port = match (settings.port, read.value("port")) {
        (Some(port), _) => port,
        (None, Some(value)) => {
            let text = value.words.first().map_or("", String::as_str);
            text.parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(|| format!("{}: \"{text}\" is no port", value.place))?
        }
        (None, None) => 22,
    };
    let user = match settings.user.as_deref().or(read.first("user")) {
        Some(user) => user.to_owned(),
        None => environment.user.clone(),
    };
    let alias = read.first("hostkeyalias").map(str::to_owned);
    let jump = read.first("proxyjump").unwrap_or_default().to_owned();
    let tokens = Tokens {
        host: &host,
        original,
        port,
        remote_user: &user,
        key_alias: alias.as_deref().unwrap_or(original),
        jump: &jump,
        environment: Some(environment),
    };
    let path = |text: &str| -> Result<PathBuf, String> {
        Ok(expand::home(&expand::tokens(&expand::variables(text)?, &tokens)?, environment))
    };
    Ok(Effective {
        route: route(read, &tokens)?,
        host_keys: host_keys(settings, read, environment, alias.clone(), &path)?,
        login: login(settings, read, environment, &path)?,
        algorithms: Algorithms {
            ciphers: read.first("ciphers").map(str::to_owned),
            macs: read.first("macs").map(str::to_owned),
            kex: read.first("kexalgorithms").map(str::to_owned),
            host_keys: read.first("hostkeyalgorithms").map(str::to_owned),
        },
        address_family: match read.first("addressfamily").map(str::to_ascii_lowercase).as_deref() {
            None | Some("any") => AddressFamily::Any,
            Some("inet") => AddressFamily::Four,
            Some("inet6") => AddressFamily::Six,
            Some(other) => return Err(format!("AddressFamily: \"{other}\" is not any, inet or inet6")),
        },
        bind_address: read.first("bindaddress").map(str::to_owned),
        compression: flag(read, "compression", false)?,
        keepalive: match number(read, "serveraliveinterval")? {
            Some(0) | None => settings.keepalive,
            Some(seconds) => Some(Duration::from_secs(seconds)),
        },
        keepalive_max: number(read, "serveralivecountmax")?.and_then(|count| usize::try_from(count).ok()).unwrap_or(3),
        environment: variables(read),
        original: original.to_owned(),
        host,
        port,
        user,
    })
}

/// The configuration file that the settings or options name instead of the usual ones.
pub(crate) fn file_of(settings: &SshSettings) -> Option<PathBuf> {
    options::parse(&settings.options).ok()?.config_file.or_else(|| settings.config_file.clone())
}

/// Options first, then the user's file, then the system's; for each keyword the first value counts.
fn gather(settings: &SshSettings, environment: &Environment) -> Result<Settings, String> {
    let options = options::parse(&settings.options)?;
    let mut reader = Reader {
        original: &settings.address,
        environment,
        settings: Settings::default(),
        last: false,
        wants_last: false,
    };
    if let Some(user) = &settings.user {
        // For `Match user`.
        reader.set("User", user, "ansible_user")?;
    }
    for (keyword, rest) in &options.settings {
        reader.set(keyword, rest, &format!("-o {keyword}={rest}"))?;
    }
    let file = options.config_file.as_ref().or(settings.config_file.as_ref());
    loop {
        match file {
            Some(file) if file.as_os_str() == "none" => {}
            Some(file) => reader.file(&expand::home(&file.to_string_lossy(), environment), false, true)?,
            None => {
                reader.file(&environment.home.join(".ssh/config"), false, false)?;
                reader.file(&PathBuf::from("/etc/ssh/ssh_config"), true, false)?;
            }
        }
        if !reader.wants_last || reader.last {
            return Ok(reader.settings);
        }
        reader.last = true;
    }
}

/// What the text of a configuration file says of a host. `Include` reads nothing.
pub(super) fn of_text(text: &str, settings: &SshSettings, environment: &Environment) -> Result<Effective, String> {
    let is_include = |line: &&str| line::split(line).is_some_and(|line| line.keyword.eq_ignore_ascii_case("include"));
    let text: Vec<&str> = text.lines().filter(|line| !is_include(line)).collect();
    let mut reader = Reader {
        original: &settings.address,
        environment,
        settings: Settings::default(),
        last: false,
        wants_last: false,
    };
    for last in [false, true] {
        reader.last = last;
        reader.text(&text.join("\n"), Path::new("config"), false, 0)?;
    }
    settle(&reader.settings, settings, environment)
}

fn route(read: &Settings, tokens: &Tokens<'_>) -> Result<Route, String> {
    if let Some(value) = read.value("proxyjump") {
        let text = value.words.first().map_or("", String::as_str);
        if text.eq_ignore_ascii_case("none") {
            return Ok(Route::Direct);
        }
        let hops = text
            .split(',')
            .map(|hop| parse_hop(hop).ok_or_else(|| format!("{}: \"{hop}\" is no host to jump through", value.place)));
        return hops.collect::<Result<_, _>>().map(Route::Jump);
    }
    match read.first("proxycommand") {
        Some(command) if command.eq_ignore_ascii_case("none") => Ok(Route::Direct),
        Some(command) => expand::tokens(command, tokens).map(Route::Command),
        None => Ok(Route::Direct),
    }
}

/// `[user@]host[:port]`, `ssh://[user@]host[:port]`, an IPv6 address in brackets.
fn parse_hop(text: &str) -> Option<Hop> {
    let text = text.strip_prefix("ssh://").unwrap_or(text).trim_end_matches('/');
    let (user, place) = match text.rsplit_once('@') {
        Some((user, place)) => (Some(user.to_owned()).filter(|user| !user.is_empty()), place),
        None => (None, text),
    };
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':').or_else(|| port.is_empty().then_some(""))?)
        }
        None if place.matches(':').count() > 1 => (place, ""),
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let port = if port.is_empty() { None } else { Some(port.parse().ok()?) };
    (!host.is_empty()).then(|| Hop { host: host.to_owned(), user, port })
}

fn host_keys(
    settings: &SshSettings,
    read: &Settings,
    environment: &Environment,
    alias: Option<String>,
    path: &dyn Fn(&str) -> Result<PathBuf, String>,
) -> Result<HostKeys, String> {
    let checking = match (settings.host_key_checking, read.first("stricthostkeychecking")) {
        (Some(checking), _) => checking,
        (None, None) => HostKeyChecking::Strict,
        (None, Some(word)) => match word.to_ascii_lowercase().as_str() {
            // Nobody can be asked, so `ask` is strict.
            "yes" | "true" | "ask" => HostKeyChecking::Strict,
            "accept-new" => HostKeyChecking::AcceptNew,
            "no" | "off" | "false" => HostKeyChecking::Off,
            _ => return Err(format!("StrictHostKeyChecking: \"{word}\" is not yes, no, ask or accept-new")),
        },
    };
    let files = |keyword: &str, defaults: &[PathBuf]| -> Result<Vec<PathBuf>, String> {
        match read.value(keyword) {
            None => Ok(defaults.to_vec()),
            Some(value) => {
                value.words.iter().filter(|word| !word.eq_ignore_ascii_case("none")).map(|word| path(word)).collect()
            }
        }
    };
    let here = environment.home.join(".ssh");
    Ok(HostKeys {
        checking,
        alias,
        user_files: if settings.known_hosts_files.is_empty() {
            files("userknownhostsfile", &[here.join("known_hosts"), here.join("known_hosts2")])?
        } else {
            settings.known_hosts_files.clone()
        },
        global_files: files(
            "globalknownhostsfile",
            &["/etc/ssh/ssh_known_hosts".into(), "/etc/ssh/ssh_known_hosts2".into()],
        )?,
        hash_names: flag(read, "hashknownhosts", false)?,
    })
}

fn login(
    settings: &SshSettings,
    read: &Settings,
    environment: &Environment,
    path: &dyn Fn(&str) -> Result<PathBuf, String>,
) -> Result<Login, String> {
    let mut identities: Vec<PathBuf> =
        settings.private_key_files.iter().map(|file| expand::home(&file.to_string_lossy(), environment)).collect();
    let mut none = false;
    for word in read.all("identityfile") {
        if word.eq_ignore_ascii_case("none") {
            none = true;
        } else {
            identities.push(path(word)?);
        }
    }
    let named = !identities.is_empty();
    if !named && !none {
        identities = IDENTITIES.iter().map(|name| environment.home.join(".ssh").join(name)).collect();
    }
    let agent = match read.first("identityagent") {
        None | Some("SSH_AUTH_SOCK") => environment.agent.clone(),
        Some(word) if word.eq_ignore_ascii_case("none") => None,
        Some(word) => match word.strip_prefix('$') {
            Some(name) if !name.starts_with('{') => environment::variable(name).map(PathBuf::from),
            _ => Some(path(word)?),
        },
    };
    Ok(Login {
        password: settings.password.clone(),
        passphrase: settings.passphrase.clone(),
        identities,
        named,
        certificates: read.all("certificatefile").filter(|word| *word != "none").map(path).collect::<Result<_, _>>()?,
        identities_only: flag(read, "identitiesonly", false)?,
        agent,
        methods: methods(settings, read)?,
    })
}

fn methods(settings: &SshSettings, read: &Settings) -> Result<Vec<Method>, String> {
    let order = read.first("preferredauthentications").unwrap_or("publickey,keyboard-interactive,password");
    let mut methods = Vec::new();
    for word in order.split(',') {
        let (method, allowed) = match word {
            "publickey" => (Method::PublicKey, flag(read, "pubkeyauthentication", true)?),
            // Without a password there is nothing to answer with.
            "keyboard-interactive" => (
                Method::KeyboardInteractive,
                settings.password.is_some() && flag(read, "kbdinteractiveauthentication", true)?,
            ),
            "password" => {
                (Method::Password, settings.password.is_some() && flag(read, "passwordauthentication", true)?)
            }
            _ => continue,
        };
        if allowed && !methods.contains(&method) {
            methods.push(method);
        }
    }
    Ok(methods)
}

fn variables(read: &Settings) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for word in read.all("setenv") {
        if let Some((name, value)) = word.split_once('=')
            && !found.iter().any(|(known, _)| known == name)
        {
            found.push((name.to_owned(), value.to_owned()));
        }
    }
    let (removed, sent): (Vec<&str>, Vec<&str>) = read.all("sendenv").partition(|word| word.starts_with('-'));
    for (name, value) in environment::variables() {
        let named = sent.iter().any(|word| pattern::matches(word, &name));
        let taken = removed.iter().any(|word| pattern::matches(word.trim_start_matches('-'), &name));
        if named && !taken && !found.iter().any(|(known, _)| *known == name) {
            found.push((name, value));
        }
    }
    found
}

fn flag(read: &Settings, keyword: &str, default: bool) -> Result<bool, String> {
    let Some(value) = read.value(keyword) else { return Ok(default) };
    let word = value.words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    match word.as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        // What else the keyword may say means more than no (`PubkeyAuthentication host-bound`).
        "host-bound" | "unbound" => Ok(true),
        _ => Err(format!("{}: {keyword}: \"{word}\" is not yes or no", value.place)),
    }
}

/// A number, or a time in ssh_config's way (`1m30s`) in seconds.
fn number(read: &Settings, keyword: &str) -> Result<Option<u64>, String> {
    let Some(value) = read.value(keyword) else { return Ok(None) };
    let word = value.words.first().map_or("", String::as_str);
    let wrong = || format!("{}: {keyword}: \"{word}\" is no number", value.place);
    let (mut total, mut digits) = (0_u64, String::new());
    for c in word.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            'w' => 604_800,
            _ => return Err(wrong()),
        };
        let count: u64 = digits.parse().map_err(|_| wrong())?;
        total = total.saturating_add(count.saturating_mul(unit));
        digits.clear();
    }
    if !digits.is_empty() {
        total = total.saturating_add(digits.parse().map_err(|_| wrong())?);
    } else if word.is_empty() {
        return Err(wrong());
    }
    Ok(Some(total))
}

#[cfg(test)]
mod tests;
