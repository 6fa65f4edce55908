//! `known_hosts`: a host's key is in a file of known hosts, or is not there.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha1::{Digest as _, Sha1};

use crate::{
    module::os_error,
    prelude::*,
    support::{
        atomic::{self, Staged},
        paths,
    },
};

/// Whether it is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Presence {
    /// It is not to be there.
    Absent,
    /// It is to be there.
    Present,
}

/// Have the keys of SSH hosts in a file of known hosts, or not.
///
/// A host may have a key of each type. ssh-keygen(1) finds the host in the file, also where names are hashed.
#[derive(Debug, Arguments)]
pub struct KnownHostsArgs {
    /// The host, as `ssh` is told it; `[HOST]:PORT` where the port is not 22.
    #[arg(required, aliases("host"))]
    name: String,
    /// The line for the file: host, type and key. Without it all keys of the host are removed.
    key: Option<String>,
    /// The file.
    #[arg(default = "~/.ssh/known_hosts")]
    path: PathArg,
    /// Have the name hashed in the file.
    #[arg(default = false)]
    hash_host: bool,
    /// Whether it is to be there.
    #[arg(default = "present")]
    state: Presence,
}

/// The module.
pub struct KnownHosts;

impl Module for KnownHosts {
    type Args = KnownHostsArgs;
    const NAME: &'static str = "known_hosts";
    const EXAMPLES: &'static str = "\
- name: Know a host
  ansible.builtin.known_hosts:
    path: /etc/ssh/ssh_known_hosts
    name: foo.example.org
    key: foo.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI...
";

    fn run(args: KnownHostsArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // Observe.
        let host = args.name.to_lowercase();
        let path = &*args.path;
        let program = ctx.require_bin("ssh-keygen")?;
        let key = args.line(&host)?;
        if let Some(key) = &key {
            check_key(&program, &host, key, ctx)?;
        }
        let found = find(&program, &host, key.as_deref(), path, ctx)?;

        // Plan.
        let is_present = args.state == Presence::Present;
        let before = read(path)?;
        let mut lines: Vec<&str> = before.as_deref().unwrap_or_default().split_inclusive('\n').collect();
        if (found.replace || !is_present)
            && let Some(at) = found.line.and_then(|line| line.checked_sub(1)).filter(|at| *at < lines.len())
        {
            lines.remove(at);
        }
        let mut after = lines.concat();
        if let Some(key) = key.as_deref().filter(|_| is_present && (found.replace || found.line.is_none())) {
            after.push_str(key);
        }
        let header = |there: bool| Some(if there { path } else { "/dev/null" }.to_owned());
        let diff = Diff::Text {
            before_header: header(before.is_some()),
            after_header: header(true),
            before: before.clone().unwrap_or_default(),
            after: after.clone(),
        };
        let mut outcome = Outcome::changed(false);
        outcome.diff.push(diff);
        let is_foreign = !is_present && found.line.is_none() && key.is_some();
        if ctx.check_mode && !is_foreign {
            outcome.changed = Some(found.replace || is_present != found.any);
            return Ok(outcome);
        }

        // Apply.
        if !is_foreign {
            outcome.changed = Some(args.apply(&program, &host, key.is_some(), &found, &after, ctx)?);
        }
        Ok(outcome
            .with("name", args.name.as_str())
            .with("key", args.key.clone())
            .with("path", path)
            .with("hash_host", args.hash_host)
            .with("state", args.state.name()))
    }
}

impl KnownHostsArgs {
    /// The line for the file, with its end.
    fn line(&self, host: &str) -> Result<Option<String>, Failure> {
        let Some(key) = self.key.as_deref().filter(|key| !key.is_empty()) else {
            if self.state == Presence::Present {
                return Err(Failure::new("No key specified when adding a host"));
            }
            return Ok(None);
        };
        let mut key = if self.hash_host { hashed(host, key)? } else { key.to_owned() };
        if !key.ends_with('\n') {
            key.push('\n');
        }
        Ok(Some(key))
    }

    /// True where something was changed.
    fn apply(
        &self,
        program: &str,
        host: &str,
        has_key: bool,
        found: &Found,
        after: &str,
        ctx: &Context,
    ) -> Result<bool, Failure> {
        let is_present = self.state == Presence::Present;
        let mut changed = false;
        let mut text = None;
        if found.any && !has_key && !is_present {
            let argv = [program, "-R", host, "-f", &self.path];
            let output = ctx.command(argv).run()?;
            if !output.success() {
                return Err(output.refusal(&argv));
            }
            // What ssh-keygen left is what is written again, as it is.
            text = read(&self.path)?;
            changed = true;
        }
        if found.replace || found.any != is_present {
            let text = text.as_deref().unwrap_or(after);
            let path = &*self.path;
            let folder = Path::new(paths::dirname(path));
            if let Err(error) = fs::metadata(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }) {
                let shown = protocol::arguments::python::repr_str(path);
                let cause = os_error(&error, Some(&folder.to_string_lossy()));
                return Err(Failure::raised(&format!("Failed to write to file {shown}."), Some(&cause)));
            }
            atomic::write(ctx, path, text.as_bytes(), &FileAttributes::default())?;
            changed = true;
        }
        Ok(changed)
    }
}

/// The file's text; none where it is not there.
fn read(path: &str) -> Result<Option<String>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let shown = protocol::arguments::python::repr_str(path);
            let cause = os_error(&error, Some(path));
            Err(Failure::raised(&format!("Failed to read {shown}."), Some(&cause)))
        }
    }
}

/// Refuses a key that is not the host's, as ssh-keygen sees it.
fn check_key(program: &str, host: &str, key: &str, ctx: &Context) -> Result<(), Failure> {
    let mut before_comma = host.split(',');
    let first = before_comma.next().unwrap_or_default();
    if before_comma.next().is_some() && !first.trim().is_empty() {
        return Err(Failure::new(
            "Comma separated list of names is not supported. Please pass a single name to lookup in the known_hosts file.",
        ));
    }
    let folder = paths::temporary_folder(ctx.environment());
    let failed = |error: io::Error| {
        let cause = os_error(&error, Some(&folder));
        Failure::raised("Failed to write to temporary file.", Some(&cause))
    };
    let mut staged = Staged::within(ctx, Path::new(&folder)).map_err(failed)?;
    staged.write_all(key.as_bytes()).and_then(|()| staged.flush()).map_err(failed)?;
    let output = ctx.command([program, "-F", host, "-f", &staged.path().to_string_lossy()]).run()?;
    if output.stdout.is_empty() {
        return Err(Failure::new("Host parameter does not match hashed host field in supplied key"));
    }
    Ok(())
}

/// How the host stands in the file.
struct Found {
    /// It is there, with whatever key.
    any: bool,
    /// It is there, and not with this key.
    replace: bool,
    /// The number of the line with a key of that type, counted from 1.
    line: Option<usize>,
}

fn find(program: &str, host: &str, key: Option<&str>, path: &str, ctx: &Context) -> Result<Found, Failure> {
    let nothing = Found { any: false, replace: false, line: None };
    if !Path::new(path).exists() {
        return Ok(nothing);
    }
    let output = ctx.command([program, "-F", host, "-f", path]).run()?;
    let (stdout, stderr) = (output.stdout_text(), output.stderr_text());
    if stdout.is_empty() && stderr.is_empty() && matches!(output.rc, 0 | 1) {
        return Ok(nothing);
    }
    if output.rc != 0 {
        let rc = output.rc;
        return Err(Failure::new(format!("ssh-keygen failed (rc={rc}, stdout='{stdout}',stderr='{stderr}')")));
    }
    let Some(key) = key else { return Ok(Found { any: true, ..nothing }) };
    let mut wanted = Key::parse(key)?;
    let mut line = None;
    for said in stdout.split('\n').filter(|said| !said.is_empty()) {
        if said.starts_with('#') {
            let number = said.split_once("found: line ").map(|(_, rest)| rest);
            let digits =
                number.map(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default());
            line = digits.and_then(|digits| digits.parse().ok());
            continue;
        }
        let there = Key::parse(said)?;
        let is_marked =
            there.marker.is_some_and(|marker| marker.starts_with("@cert-authority") || marker.starts_with("@revoke"));
        if !is_marked && wanted.host.starts_with("|1|") && there.host.starts_with("|1|") {
            wanted.host = there.host;
        }
        if wanted == there {
            return Ok(Found { any: true, replace: false, line });
        }
        if !is_marked && wanted.kind == there.kind {
            return Ok(Found { any: true, replace: true, line });
        }
    }
    Ok(Found { any: true, replace: true, line: None })
}

/// A line of a file of known hosts.
#[derive(Debug, PartialEq, Eq)]
struct Key<'a> {
    marker: Option<&'a str>,
    host: &'a str,
    kind: &'a str,
    key: &'a str,
}

impl<'a> Key<'a> {
    fn parse(line: &'a str) -> Result<Self, Failure> {
        let mut words = line.split_whitespace().peekable();
        let marker = words.next_if(|word| word.starts_with('@'));
        match (words.next(), words.next(), words.next()) {
            (Some(host), Some(kind), Some(key)) => Ok(Self { marker, host, kind, key }),
            // What Python says of a word that is not there.
            _ => Err(Failure::raised("list index out of range", None)),
        }
    }
}

/// The line with the host's name hashed.
fn hashed(host: &str, key: &str) -> Result<String, Failure> {
    let mut salt = [0; 20];
    getrandom::fill(&mut salt).map_err(|error| Failure::raised(&error.to_string(), None))?;
    let mut words: Vec<String> = key.split_whitespace().map(str::to_owned).collect();
    let at = usize::from(words.first().is_some_and(|word| word.starts_with('@')));
    let Some(name) = words.get_mut(at) else { return Err(Failure::raised("list index out of range", None)) };
    let hash = hmac_sha1(&salt, host.as_bytes());
    *name = format!("|1|{}|{}", BASE64_STANDARD.encode(salt), BASE64_STANDARD.encode(hash));
    Ok(words.join(" "))
}

/// Source: RFC 2104, for keys that are no longer than a block.
fn hmac_sha1(key: &[u8; 20], text: &[u8]) -> [u8; 20] {
    const BLOCK: usize = 64;
    let padded = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha1::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha1::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{check, run};

    const ED: &str = "host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS";
    const OTHER: &str = "host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    #[test]
    fn a_keyed_hash_is_that_of_the_standard() {
        // RFC 2202, test case 1.
        let mac = hmac_sha1(&[0x0b; 20], b"Hi There");
        assert_eq!(crate::support::checksum::hex(&mac), "b617318655057264e28bc0b6fb378c8ef146be00");
    }

    #[test]
    fn a_key_is_added_replaced_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known");
        let call = |key: Option<&str>, state: &str| json!({"name": "Host", "key": key, "path": path, "state": state});
        assert_eq!(check("known_hosts", call(Some(ED), "present")).changed, Some(true));
        let outcome = run("known_hosts", call(Some(ED), "present"));
        assert_eq!(outcome.changed, Some(true), "{outcome:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{ED}\n"));
        assert_eq!(run("known_hosts", call(Some(ED), "present")).changed, Some(false));
        assert_eq!(run("known_hosts", call(Some(OTHER), "present")).changed, Some(true));
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{OTHER}\n"));
        assert_eq!(run("known_hosts", call(None, "absent")).changed, Some(true));
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn a_hashed_name_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = json!({"name": "host", "key": ED, "path": folder.path().join("known"), "hash_host": true});
        assert_eq!(run("known_hosts", arguments.clone()).changed, Some(true));
        assert!(fs::read_to_string(folder.path().join("known")).unwrap().starts_with("|1|"));
        assert_eq!(run("known_hosts", arguments).changed, Some(false));
    }

    #[test]
    fn what_is_no_key_of_the_host_is_refused() {
        let said = |name: &str| run("known_hosts", json!({"name": name, "key": ED, "path": "/none"})).msg.unwrap();
        assert_eq!(said("other"), "Host parameter does not match hashed host field in supplied key");
        assert!(said("host,other").starts_with("Comma separated list of names is not supported."));
    }
}
