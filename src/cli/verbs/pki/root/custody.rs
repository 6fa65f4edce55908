//! `provision pki root custody`: shares of an identity, whether the key opens, the key sealed for others.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use pki::{
    Error, Finding,
    ceremony::{Console, Machine, custody, custody::Custody},
    random::{Random, SystemRandom},
    seal::{Recipient, SealedKey},
    signature,
    signer::Signer,
    store::{Files, SystemFiles},
};
use serde_json::json;

use crate::{
    cli::{
        Result,
        terminal::Terminal,
        verbs::pki::{
            Verb,
            ceremony::{
                desk::Desk,
                people::People,
                run::{self, Key},
            },
            files,
            form::{Done, Form, Format},
            place::RehearsalClock,
        },
    },
    issuer::unlock,
};

/// What a test signs begins with this, so that it is never anything else.
const CONTEXT: &[u8] = b"provision custody test 1\n";

/// Split an identity into shares, try whether the root's key opens, seal it for others
///
/// Example: provision pki root custody split --threshold 3 --shares 5
///
/// Example: provision pki root custody test --root root.pem --key root.key.age
///
/// Example: provision pki root custody rekey plan.yaml --key root.key.age
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Split(Split),
    Test(Test),
    /// Seal the root's key anew, for others: `ceremony run` of a plan of type rekey-custody
    ///
    /// Example: provision pki root custody rekey plan.yaml --key root.key.age
    Rekey(run::Arguments),
}

impl Arguments {
    pub(super) fn verb(self) -> Box<dyn Verb> {
        match self.action {
            Action::Split(verb) => Box::new(verb),
            Action::Test(verb) => Box::new(verb),
            Action::Rekey(mut verb) => {
                verb.only = Some("rekey-custody");
                Box::new(verb)
            }
        }
    }
}

/// Draw an age identity and split it by SLIP-39: any threshold of the shares give it back
///
/// Nobody has the identity itself. The recipient that is printed can be named in a plan (`--custody recipients`), beside
/// others.
///
/// Example: provision pki root custody split --threshold 3 --shares 5
#[derive(Debug, Args)]
struct Split {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    aside: Aside,
    /// How many are needed
    #[arg(long = "threshold", value_name = "NUMBER", default_value_t = 3)]
    threshold: u8,
    /// How many there are
    #[arg(long = "shares", value_name = "NUMBER", default_value_t = 5)]
    shares: u8,
    /// Seal each share to its custodian's age recipient; repeated, one for each. Else they are shown one by one
    #[arg(long = "custodian", value_name = "age1...", requires = "out")]
    custodians: Vec<String>,
    /// The folder for sealed shares
    #[arg(long = "out", value_name = "DIRECTORY")]
    out: Option<PathBuf>,
}

/// Rules that are set aside.
#[derive(Debug, Clone, Copy, Default, Args)]
#[group(skip)]
struct Aside {
    /// Go on though a network interface is up
    #[arg(long = "allow-network")]
    network: bool,
    /// Go on though memory cannot be locked
    #[arg(long = "allow-unlocked-memory")]
    memory: bool,
}

impl Verb for Split {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, _: &mut Terminal) -> Result<Done> {
        alone(self.aside.network, self.aside.memory)?;
        let custodians = self.custodians.iter().map(|one| Recipient::parse(one)).collect::<pki::Result<Vec<_>>>()?;
        let wanted = Custody::Shares { threshold: self.threshold, count: self.shares, custodians };
        let arranged = custody::arrange(&wanted, &mut People::here(), &mut SystemRandom)?;
        let recipient = arranged.recipient().map(|one| one.to_string()).unwrap_or_default();
        let mut written = Vec::new();
        if let Some(out) = &self.out {
            let failed = |name: &str, error| Error::io(out.join(name).display(), error, "name a new folder with --out");
            let folder = SystemFiles::new(out).map_err(|error| failed("", error))?;
            for (number, share) in &arranged.shares {
                let name = pki::ceremony::files::share(*number);
                let path = Path::new(&name);
                folder.create(path, share).and_then(|()| folder.sync(path)).map_err(|error| failed(&name, error))?;
                written.push(name);
            }
        }
        let text = format!("{}\nrecipient: {recipient}", arranged.handed.join("\n"));
        Ok(Done::well(text, json!({"recipient": recipient, "handed": arranged.handed, "files": written})))
    }
}

/// Open the root's key and sign something that is nothing: whether its custody works, without changing anything
///
/// Example: provision pki root custody test --root root.pem --key root.key.age
#[derive(Debug, Args)]
struct Test {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    key: Key,
    /// The root's certificate
    #[arg(long = "root", value_name = "FILE")]
    root: String,
}

impl Verb for Test {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, _: &mut Terminal) -> Result<Done> {
        alone(self.key.network, self.key.memory)?;
        let root = files::certificate(&self.root)?;
        let file = self
            .key
            .file
            .as_ref()
            .ok_or_else(|| Error::input("--key", "it is missing", "name the file of the root's sealed key"))?;
        let sealed = SealedKey::new(files::read(&file.display().to_string())?, root.public_key()?);
        let identities =
            self.key.identities.iter().map(|file| unlock::identity(file)).collect::<pki::Result<Vec<_>>>()?;
        let openings = custody::ask(&mut People::here(), &sealed, identities)?;
        let mut message = CONTEXT.to_vec();
        let mut drawn = [0; 32];
        SystemRandom.fill(&mut drawn)?;
        message.extend(drawn);
        for opening in &openings {
            let signed = sealed.signer(opening.unlock()).sign(&message)?;
            signature::verify(&signed.algorithm, sealed.public_key(), &message, &signed.bytes)?;
        }
        let text = format!("{}: it opens, and is the key of {}", file.display(), root.label());
        Ok(Done::well(text, json!({"opens": true, "root": root.fingerprint(), "ways": openings.len()})))
    }
}

/// The rules of a ceremony's machine, for what is done with secrets outside of one.
fn alone(network: bool, memory: bool) -> pki::Result<()> {
    let desk = Desk(RehearsalClock::default().clock()?);
    desk.close_memory()?;
    let refused = |problem: String, cure: &str| {
        Err(Error::refused(Finding::new("this machine", "ceremony", problem, "PKI policy: the root is offline", cure)))
    };
    if let Err(why) = desk.lock_memory() {
        if !memory {
            let cure =
                "raise the limit (ulimit -l unlimited, as root), or set the rule aside with --allow-unlocked-memory";
            return refused(format!("memory cannot be locked: {why}"), cure);
        }
        People::here().say(&format!("Set aside: memory is locked; {why}"))?;
    }
    let up = desk.interfaces_up()?;
    if !up.is_empty() {
        if !network {
            let cure = "take it down (ip link set NAME down), or set the rule aside with --allow-network";
            return refused(format!("a network interface is up: {}", up.join(", ")), cure);
        }
        People::here().say(&format!("Set aside: no network interface is up; up: {}", up.join(", ")))?;
    }
    Ok(())
}
