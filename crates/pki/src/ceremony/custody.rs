//! Who can open the root's key, and with what.

use zeroize::Zeroizing;

use super::{Console, Hidden, passphrase};
use crate::{
    Error, Finding, Result,
    random::Random,
    seal::{Identity, Lock, Passphrase, Recipient, SealedKey, Unlock, seal_text},
    slip39::{self, Share},
};

/// How often something is asked for again.
const TRIES: usize = 3;

/// How a root's key is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Custody {
    /// With one passphrase, drawn or typed in the ceremony.
    Passphrase,
    /// To age recipients, any one of which opens it.
    Recipients(Vec<Recipient>),
    /// To an identity that nobody has: any `threshold` of `count` shares give it back.
    Shares {
        /// How many are needed.
        threshold: u8,
        /// How many there are.
        count: u8,
        /// The recipients to whom shares are sealed, in their order; none where they are written on paper.
        custodians: Vec<Recipient>,
    },
}

impl Custody {
    /// Its name in plans.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::Recipients(_) => "recipients",
            Self::Shares { .. } => "shares",
        }
    }

    /// For a person and for the transcript.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Passphrase => "one passphrase".to_owned(),
            Self::Recipients(recipients) => {
                format!("any of {}", recipients.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
            Self::Shares { threshold, count, custodians } => {
                let how = if custodians.is_empty() { "on paper" } else { "sealed to their custodians" };
                format!("any {threshold} of {count} shares, {how}")
            }
        }
    }

    /// Refuses what cannot be.
    ///
    /// # Errors
    ///
    /// No recipient; numbers of shares that cannot be; another number of custodians than of shares, or one of them twice.
    pub fn check(&self) -> Result<()> {
        let wrong = |problem: String, cure: &str| {
            Err(Error::refused(Finding::new("plan", "custody", problem, "PKI policy: custody of the root's key", cure)))
        };
        match self {
            Self::Passphrase => Ok(()),
            Self::Recipients(recipients) if recipients.is_empty() => {
                wrong("it names no recipient".to_owned(), "name who is to open the key")
            }
            Self::Recipients(_) => Ok(()),
            Self::Shares { threshold, count, custodians } => {
                if !(2..=slip39::MOST).contains(count) || !(2..=*count).contains(threshold) {
                    return wrong(format!("{threshold} of {count} shares cannot be"), "take 3 of 5, for example");
                }
                if !custodians.is_empty() && custodians.len() != usize::from(*count) {
                    let problem = format!("there are {count} shares and {} custodians", custodians.len());
                    return wrong(problem, "name one recipient for each share");
                }
                let twice = custodians
                    .iter()
                    .enumerate()
                    .any(|(at, one)| custodians.iter().skip(at + 1).any(|other| other == one));
                if twice {
                    return wrong("a custodian would have two shares".to_owned(), "name one recipient for each share");
                }
                Ok(())
            }
        }
    }
}

/// A new custody, ready to seal a key with and to open it again.
#[derive(Debug)]
pub struct Arranged {
    lock: Held,
    /// What opens it again, where that is known here.
    identity: Option<Identity>,
    /// Sealed shares, by number.
    pub shares: Vec<(u8, Vec<u8>)>,
    /// What was handed to whom, for the transcript.
    pub handed: Vec<String>,
}

#[derive(Debug)]
enum Held {
    Passphrase(Passphrase),
    Recipients(Vec<Recipient>),
}

impl Arranged {
    /// What the key is sealed with.
    #[must_use]
    pub fn lock(&self, work_factor: u8) -> Lock<'_> {
        match &self.lock {
            Held::Passphrase(passphrase) => Lock::Passphrase(passphrase, work_factor),
            Held::Recipients(recipients) => Lock::Recipients(recipients),
        }
    }

    /// What it is opened with; those identities where only their holders can.
    #[must_use]
    pub fn unlocks<'a>(&'a self, identities: &'a [Identity]) -> Vec<Unlock<'a>> {
        match (&self.lock, &self.identity) {
            (Held::Passphrase(passphrase), _) => vec![Unlock::Passphrase(passphrase)],
            (_, Some(identity)) => vec![Unlock::Identity(identity)],
            _ => identities.iter().map(Unlock::Identity).collect(),
        }
    }

    /// The recipient of what the shares give back.
    #[must_use]
    pub fn recipient(&self) -> Option<Recipient> {
        self.identity.as_ref().map(Identity::recipient)
    }
}

/// Makes what a custody asks for, and hands it to those who are to have it: passphrases and shares are shown to one person at
/// a time, and typed back.
///
/// # Errors
///
/// Nobody answers, or not what was shown; the source of chance fails.
pub fn arrange(custody: &Custody, console: &mut dyn Console, random: &mut impl Random) -> Result<Arranged> {
    custody.check()?;
    let arranged = |lock, handed| Arranged { lock, identity: None, shares: Vec::new(), handed };
    match custody {
        Custody::Passphrase => {
            let passphrase = new_passphrase(console, random)?;
            Ok(arranged(Held::Passphrase(passphrase), vec!["the passphrase, to its keeper".to_owned()]))
        }
        Custody::Recipients(recipients) => Ok(arranged(Held::Recipients(recipients.clone()), Vec::new())),
        Custody::Shares { threshold, count, custodians } => {
            let mut secret = Zeroizing::new([0; 32]);
            random.fill(&mut *secret)?;
            let identity = Identity::from_secret(&*secret)?;
            let shares = slip39::split(&*secret, *threshold, *count, random)?;
            if slip39::recover(&shares)?.as_slice() != secret.as_slice() {
                return Err(Error::crypto("shares", "they do not give the secret back", "report this"));
            }
            let (mut sealed, mut handed) = (Vec::new(), Vec::new());
            for (at, share) in shares.iter().enumerate() {
                let number = share.number();
                match custodians.get(at) {
                    Some(custodian) => {
                        sealed.push((number, seal_text(&share.to_words(), custodian)?));
                        handed.push(format!("share {number} of {count}, sealed to {custodian}"));
                    }
                    None => {
                        hand_over(share, *count, console, random)?;
                        handed.push(format!("share {number} of {count}, on paper, words typed back"));
                    }
                }
            }
            let lock = Held::Recipients(vec![identity.recipient()]);
            Ok(Arranged { lock, identity: Some(identity), shares: sealed, handed })
        }
    }
}

fn new_passphrase(console: &mut dyn Console, random: &mut impl Random) -> Result<Passphrase> {
    for _ in 0..TRIES {
        let typed = console.secret("New passphrase of the root's key (leave it empty to have one drawn): ")?;
        let new = if typed.reveal().is_empty() { passphrase::draw(random)? } else { typed };
        if let Err(weak) = passphrase::check(&new) {
            console.say(&weak.to_string())?;
            continue;
        }
        console.reveal("The new passphrase: write it down, for its keeper alone", &new)?;
        for _ in 0..TRIES {
            if console.secret("The same again, from the paper: ")?.reveal() == new.reveal() {
                return Ok(Passphrase::new(new.reveal().to_owned()));
            }
            console.say("That is something else.")?;
        }
        break;
    }
    Err(refused("passphrase", "none was settled on"))
}

/// Shows a share to its custodian, and asks for three of its words back.
fn hand_over(share: &Share, count: u8, console: &mut dyn Console, random: &mut impl Random) -> Result<()> {
    let words = Hidden::new(share.to_words());
    let number = share.number();
    let title = format!("Share {number} of {count}: for its custodian alone. Write all words down, in their order");
    for _ in 0..TRIES {
        console.reveal(&title, &words)?;
        let all: Vec<&str> = words.reveal().split(' ').collect();
        let mut bytes = [0; 3];
        random.fill(&mut bytes)?;
        let places = bytes.map(|byte| usize::from(byte) % all.len());
        let question = format!(
            "Words {}, {} and {} of share {number}, from the paper: ",
            places[0] + 1,
            places[1] + 1,
            places[2] + 1
        );
        let typed = console.secret(&question)?;
        let wanted = places.iter().filter_map(|at| all.get(*at)).copied();
        if typed.reveal().to_ascii_lowercase().split_ascii_whitespace().eq(wanted) {
            return Ok(());
        }
        console.say("That is something else: compare the paper with the screen.")?;
    }
    Err(refused(&format!("share {number}"), "its words were not typed back"))
}

/// Something that opens a sealed key.
#[derive(Debug)]
pub enum Opening {
    /// Its passphrase.
    Passphrase(Passphrase),
    /// An identity, its holder's or out of shares.
    Identity(Identity),
}

impl Opening {
    /// What a sealed key takes.
    #[must_use]
    pub fn unlock(&self) -> Unlock<'_> {
        match self {
            Self::Passphrase(passphrase) => Unlock::Passphrase(passphrase),
            Self::Identity(identity) => Unlock::Identity(identity),
        }
    }
}

/// Asks for what opens a key: its passphrase, or shares where no identity was brought.
///
/// # Errors
///
/// The file is no sealed key; nobody answers; too few shares, or wrong ones.
pub fn ask(console: &mut dyn Console, sealed: &SealedKey, identities: Vec<Identity>) -> Result<Vec<Opening>> {
    if sealed.takes_passphrase()? {
        let typed = console.secret("Passphrase of the root's key: ")?;
        return Ok(vec![Opening::Passphrase(Passphrase::new(typed.reveal().to_owned()))]);
    }
    if !identities.is_empty() {
        return Ok(identities.into_iter().map(Opening::Identity).collect());
    }
    shares(console).map(|identity| vec![Opening::Identity(identity)])
}

/// Asks custodians for their shares until there are enough.
///
/// # Errors
///
/// Nobody answers; a share that is mistyped three times; shares that do not belong together.
pub fn shares(console: &mut dyn Console) -> Result<Identity> {
    let mut given: Vec<Share> = Vec::new();
    let mut failures = 0;
    loop {
        let needed = given.first().map(|share| usize::from(share.threshold()));
        if needed == Some(given.len()) {
            break;
        }
        let of = needed.map_or_else(String::new, |needed| format!(" of {needed}"));
        let typed = console.secret(&format!("Share: all of its words ({}{of}): ", given.len() + 1))?;
        let read = Share::parse(typed.reveal().as_bytes()).and_then(|share| {
            // So that one that does not belong is seen at once, and not when all of them were typed.
            match given.iter().find(|other| other.number() == share.number()) {
                Some(_) => {
                    Err(Error::input("share", format!("share {} was typed already", share.number()), "take another"))
                }
                None => Ok(share),
            }
        });
        match read {
            Ok(share) => {
                console.say(&format!("Share {} is taken.", share.number()))?;
                given.push(share);
                failures = 0;
            }
            Err(problem) => {
                failures += 1;
                console.say(&problem.to_string())?;
                if failures == TRIES {
                    // Not the problem itself: it has a word of the share in it.
                    return Err(Error::input(
                        "share",
                        "it was mistyped three times",
                        "compare it with its paper, then begin again",
                    ));
                }
            }
        }
    }
    Identity::from_secret(&slip39::recover(&given)?)
}

fn refused(object: &str, problem: &str) -> Error {
    Error::refused(Finding::new(
        object,
        "custody",
        problem,
        "PKI policy: who keeps a secret has shown that they have it",
        "begin again",
    ))
}
