//! The one scope in which the root's key is open: it signs what was agreed to, then the transcript, and is gone.

use super::{
    super::{
        aloud,
        custody::{self, Custody, Opening},
        draft::{self, Draft},
        files, manifest,
        transcript::{CONTEXT, Event},
    },
    Outcome, authority, conclude, read,
    room::Room,
    write,
};
use crate::{
    Error, Result,
    authority::Authority,
    key::{KeyKind, PrivateKey},
    random::Random,
    seal::{Identity, SealedKey, Unlock},
    serial::hex,
    signed::sha256,
    signer::Signer,
    store::Files,
};

/// How often a passphrase is asked for.
const TRIES: usize = 3;

pub(super) struct Scope<'a, 'b, F, R> {
    pub(super) room: &'a mut Room<'b, F>,
    pub(super) files: &'a F,
    pub(super) random: &'a mut R,
    pub(super) work_factor: u8,
    pub(super) throw_away: &'a PrivateKey,
    /// Announcements that were made: what may have been signed.
    pub(super) signed: &'a mut u64,
}

/// What the meeting has: none of root, key and draft for a new root.
pub(super) struct Brought {
    pub(super) root: Option<Authority>,
    pub(super) sealed: Option<SealedKey>,
    pub(super) identities: Vec<Identity>,
    pub(super) draft: Option<Draft>,
}

impl<F: Files, R: Random> Scope<'_, '_, F, R> {
    pub(super) fn hold(
        mut self,
        brought: Brought,
        plan: &[u8],
        copies: &[&str],
        inputs: &dyn Fn(&str) -> Result<Vec<u8>>,
    ) -> Result<Outcome> {
        let Brought { root, sealed, identities, draft } = brought;
        let custody = self.room.plan.custody().cloned();
        let arranged = match &custody {
            Some(custody) => Some(self.arrange(custody)?),
            None => None,
        };
        // Asked for before anything is written.
        let openings = match (&sealed, self.room.rehearsal) {
            (Some(_), true) => identities.into_iter().map(Opening::Identity).collect(),
            (Some(sealed), false) => custody::ask(self.room.console, sealed, identities)?,
            (None, _) => identities.into_iter().map(Opening::Identity).collect(),
        };
        self.room.agree("\nEverything is checked. Shall it be signed?", "SIGN", "signing", "agreed")?;

        let mut written = vec![files::PLAN.to_owned()];
        write(self.files, files::PLAN, plan)?;
        for name in copies {
            write(self.files, name, &inputs(name)?)?;
            written.push((*name).to_owned());
        }
        if let (Some(root), true) = (&root, self.room.rehearsal) {
            write(self.files, files::REHEARSAL_ROOT, root.certificate().to_pem()?.as_bytes())?;
            written.push(files::REHEARSAL_ROOT.to_owned());
        }

        match (arranged, custody) {
            (None, _) => {
                let sealed = sealed.ok_or_else(|| Error::input("the root's key", "it is missing", "bring it"))?;
                self.open_and_sign(
                    &sealed,
                    openings,
                    |this, key, written| {
                        let draft = draft.as_ref();
                        draft.map_or(Ok(()), |draft| this.sign(draft, authority(root.as_ref())?, key, written))
                    },
                    written,
                )
            }
            (Some(arranged), custody) => {
                let text = custody.as_ref().map(Custody::text).unwrap_or_default();
                let new = match sealed {
                    None => {
                        let key = PrivateKey::generate(KeyKind::P384, self.random)?;
                        let public = key.public_key().clone();
                        let draft = draft::of_root(self.room.plan, &public, self.room.rehearsal)?;
                        draft.trial(self.throw_away)?;
                        (SealedKey::seal(key, &arranged.lock(self.work_factor))?, Some(draft))
                    }
                    Some(old) => {
                        let lock = arranged.lock(self.work_factor);
                        let new = with_any(&old, &openings, |key| SealedKey::seal(key, &lock))?;
                        (new, None)
                    }
                };
                let (sealed, draft) = new;
                let kept: Vec<Identity> = openings
                    .into_iter()
                    .filter_map(|opening| match opening {
                        Opening::Identity(identity) => Some(identity),
                        Opening::Passphrase(_) => None,
                    })
                    .collect();
                // What was written is what is opened: a key that nobody can open again never signs.
                *self.signed += 1;
                write(self.files, files::KEY, sealed.file())?;
                written.push(files::KEY.to_owned());
                for (number, share) in &arranged.shares {
                    write(self.files, &files::share(*number), share)?;
                    written.push(files::share(*number));
                }
                let file = read(self.files, files::KEY)?;
                self.room.note(Event::Sealed {
                    file: files::KEY.to_owned(),
                    sha256: hex(&sha256(&file)),
                    key: sealed.public_key().fingerprint()?,
                    custody: text,
                })?;
                let sealed = SealedKey::new(file, sealed.public_key().clone());
                let unlocks = arranged.unlocks(&kept);
                self.signing(
                    &sealed,
                    &unlocks,
                    |this, key, written| {
                        let Some(draft) = &draft else { return Ok(()) };
                        // A root signs itself: what it signs is checked without an issuer.
                        this.sign_root(draft, key, written)
                    },
                    written,
                )
            }
        }
    }

    fn arrange(&mut self, custody: &Custody) -> Result<custody::Arranged> {
        if let Custody::Recipients(_) = custody {
            self.room
                .console
                .say("The key will be sealed to the plan's recipients; one of them opens it again now.")?;
        }
        let arranged = custody::arrange(custody, self.room.console, self.random)?;
        for what in &arranged.handed {
            self.room.note(Event::Handed { what: what.clone() })?;
        }
        Ok(arranged)
    }

    /// Opens the key, with a passphrase asked for again where it was mistyped.
    fn open_and_sign(
        mut self,
        sealed: &SealedKey,
        mut openings: Vec<Opening>,
        sign: impl Fn(&mut Self, &PrivateKey, &mut Vec<String>) -> Result<()>,
        written: Vec<String>,
    ) -> Result<Outcome> {
        for _ in 1..TRIES {
            if !matches!(openings.first(), Some(Opening::Passphrase(_))) {
                break;
            }
            let before = *self.signed;
            let unlocks: Vec<_> = openings.iter().map(Opening::unlock).collect();
            match self.attempt(sealed, &unlocks, &sign, written.clone()) {
                Err(problem @ Error::Input { .. }) if *self.signed == before => {
                    self.room.console.say(&problem.to_string())?;
                    self.room.note(Event::Mistyped { what: "the passphrase of the root's key".to_owned() })?;
                }
                Ok(written) => return self.finish(written),
                Err(other) => return Err(other),
            }
            openings = custody::ask(self.room.console, sealed, Vec::new())?;
        }
        let unlocks: Vec<_> = openings.iter().map(Opening::unlock).collect();
        let written = self.attempt(sealed, &unlocks, &sign, written)?;
        self.finish(written)
    }

    fn signing(
        mut self,
        sealed: &SealedKey,
        unlocks: &[Unlock<'_>],
        sign: impl Fn(&mut Self, &PrivateKey, &mut Vec<String>) -> Result<()>,
        written: Vec<String>,
    ) -> Result<Outcome> {
        let written = self.attempt(sealed, unlocks, &sign, written)?;
        self.finish(written)
    }

    /// The scope itself.
    fn attempt(
        &mut self,
        sealed: &SealedKey,
        unlocks: &[Unlock<'_>],
        sign: &impl Fn(&mut Self, &PrivateKey, &mut Vec<String>) -> Result<()>,
        mut written: Vec<String>,
    ) -> Result<Vec<String>> {
        with_any_unlock(sealed, unlocks, |key| {
            sign(self, &key, &mut written)?;
            let signed = *self.signed;
            self.room.note(Event::Closed { signed })?;
            let transcript = read(self.files, files::TRANSCRIPT)?;
            let signature = Signer::sign(key, &[CONTEXT, &transcript].concat())?;
            write(self.files, files::SIGNATURE, &signature.bytes)?;
            written.extend([files::TRANSCRIPT.to_owned(), files::SIGNATURE.to_owned()]);
            Ok(written)
        })
    }

    fn finish(self, written: Vec<String>) -> Result<Outcome> {
        let mut listed = Vec::new();
        for name in &written {
            listed.push((name.clone(), read(self.files, name)?));
        }
        write(self.files, files::MANIFEST, manifest::write(&listed).as_bytes())?;
        conclude(self.room, self.files, self.random, written)
    }

    fn sign_root(&mut self, draft: &Draft, key: &PrivateKey, written: &mut Vec<String>) -> Result<()> {
        let pem = self.signed_pem(draft, key, files::ROOT, written)?;
        let root = Authority::new(crate::certificate::Certificate::from_pem(&pem)?)?;
        let list = draft::first_list(self.room.plan, &root)?;
        list.trial(self.throw_away)?;
        self.signed_pem(&list, key, files::LIST, written).map(drop)
    }

    fn sign(&mut self, draft: &Draft, root: &Authority, key: &PrivateKey, written: &mut Vec<String>) -> Result<()> {
        let name = self.room.plan.task.outputs().first().copied().unwrap_or_default();
        let pem = self.signed_pem(draft, key, name, written)?;
        // Read again, and checked as anybody would who has the root.
        match draft {
            Draft::Certificate(_) => crate::certificate::Certificate::from_pem(&pem)?.verify_signature(root.key()),
            Draft::List(_) => crate::crl::RevocationList::from_pem(&pem)?.verify_signature(root.key()),
        }
    }

    /// Announces, signs, compares the bytes, writes and reads again; the file's text.
    fn signed_pem(&mut self, draft: &Draft, key: &PrivateKey, name: &str, written: &mut Vec<String>) -> Result<String> {
        *self.signed += 1;
        self.room.note(Event::Intent { what: draft.label(), to_be_signed: hex(&draft.sha256()) })?;
        let (pem, bytes, fingerprint, certificate) = match draft.clone() {
            Draft::Certificate(draft) => {
                let made = draft.sign(key)?;
                (made.to_pem()?, made.to_be_signed().to_vec(), made.fingerprint(), Some(made.sha256()))
            }
            Draft::List(draft) => {
                let made = draft.sign(key)?;
                (made.to_pem()?, made.to_be_signed().to_vec(), made.fingerprint(), None)
            }
        };
        if bytes != draft.bytes() {
            return Err(Error::crypto(draft.label(), "other bytes were signed than were agreed to", "report this"));
        }
        write(self.files, name, pem.as_bytes())?;
        written.push(name.to_owned());
        self.room.note(Event::Signed { file: name.to_owned(), sha256: hex(&sha256(pem.as_bytes())), fingerprint })?;
        if let Some(hash) = certificate {
            let shown = aloud(&hash).text();
            self.room.console.say(&format!(
                "{name} is signed. Write its words down: `provision pki fingerprint` says the same ones wherever it arrives.\n{shown}\n"
            ))?;
        }
        Ok(pem)
    }
}

/// Opens a key with the first that fits.
fn with_any<T>(sealed: &SealedKey, openings: &[Opening], use_key: impl FnOnce(PrivateKey) -> Result<T>) -> Result<T> {
    let unlocks: Vec<_> = openings.iter().map(Opening::unlock).collect();
    with_any_unlock(sealed, &unlocks, use_key)
}

fn with_any_unlock<T>(
    sealed: &SealedKey,
    unlocks: &[Unlock<'_>],
    use_key: impl FnOnce(PrivateKey) -> Result<T>,
) -> Result<T> {
    let mut use_key = Some(use_key);
    let mut last = Error::input("sealed key", "nothing was brought that opens it", "bring an identity with --identity");
    for unlock in unlocks {
        let opened = sealed.with(unlock, |key| match use_key.take() {
            Some(use_key) => use_key(key),
            None => Err(Error::input("sealed key", "it was opened already", "report this")),
        });
        match opened {
            Err(problem) if use_key.is_some() => last = problem,
            other => return other,
        }
    }
    Err(last)
}
