//! From a plan to the bytes that will be signed: the same on every machine.

use super::{
    plan::{Plan, Task},
    rehearsal,
};
use crate::{
    Error, Finding, Result,
    authority::Authority,
    certificate::Certificate,
    crl::{Issuing, ListTerms, ListToBeSigned, RevocationList},
    issue::{Terms, ToBeSigned},
    key::{PrivateKey, PublicKey},
    profile::{Cross, Intermediate, Root},
    request::SigningRequest,
    serial::hex,
    signed::sha256,
    store::ROOT,
    subject,
    validity::BACKDATED,
};

/// What is signed next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// A certificate.
    Certificate(Box<ToBeSigned>),
    /// A list.
    List(Box<ListToBeSigned>),
}

impl Draft {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Certificate(draft) => draft.bytes(),
            Self::List(draft) => draft.bytes(),
        }
    }

    /// Their SHA-256.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        sha256(self.bytes())
    }

    /// What to call it in a message.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Certificate(draft) => draft.label(),
            Self::List(draft) => draft.label(),
        }
    }

    /// Signs it with a key that is nobody's and lints what comes out.
    ///
    /// # Errors
    ///
    /// Anything that the lint finds.
    pub fn trial(&self, throw_away: &PrivateKey) -> Result<()> {
        match self {
            Self::Certificate(draft) => draft.trial(throw_away),
            Self::List(draft) => draft.trial(throw_away),
        }
    }
}

/// The files that a plan fixes, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the plan")]
pub struct Inputs {
    pub root: Option<Authority>,
    pub request: Option<SigningRequest>,
    pub other: Option<Certificate>,
    pub last: Option<RevocationList>,
}

impl Inputs {
    /// Reads them; `bytes` gives a file by its name.
    ///
    /// # Errors
    ///
    /// A file whose hash is not that of the plan; one that cannot be read or has faults.
    pub fn read(plan: &Plan, bytes: impl Fn(&str) -> Result<Vec<u8>>) -> Result<Self> {
        let mut inputs = Self::default();
        for input in plan.inputs() {
            let read = bytes(input.file)?;
            let found = hex(&sha256(&read));
            if found != input.sha256 {
                return Err(Error::refused(Finding::new(
                    input.file,
                    "sha256",
                    format!("{} has {found}, and the plan fixes {}", input.what, input.sha256),
                    "PKI policy: a plan is run with the files that were approved",
                    "bring the file that the plan was made with",
                )));
            }
            let pem = || {
                std::str::from_utf8(&read)
                    .map_err(|_| Error::input(input.file, "it is no PEM file", "bring a PEM file"))
            };
            match input.file {
                super::files::REQUEST => inputs.request = Some(SigningRequest::from_pem(pem()?)?),
                super::files::OTHER_ROOT => inputs.other = Some(Certificate::from_pem(pem()?)?),
                super::files::LAST_LIST => inputs.last = Some(RevocationList::from_pem(pem()?)?),
                _ => inputs.root = Some(root(pem()?)?),
            }
        }
        Ok(inputs)
    }
}

/// A root's certificate, whole and by its own key.
fn root(pem: &str) -> Result<Authority> {
    let root = Authority::new(Certificate::from_pem(pem)?)?;
    if !root.certificate().is_self_issued() {
        return Err(Error::refused(Finding::new(
            root.certificate().label(),
            "issuer",
            "it is not its own issuer",
            "PKI policy: ceremonies are the root's",
            "bring the root's certificate",
        )));
    }
    root.certificate().verify_signature(root.key())?;
    Ok(root)
}

/// What a root, the plan's or a rehearsal's, signs by that plan; none where its key is only sealed anew.
///
/// # Errors
///
/// What a profile refuses: another kind of key, another subject, an end after the root's, a number that does not come next.
pub fn of(plan: &Plan, inputs: &Inputs, root: &Authority, rehearsal: bool) -> Result<Option<Draft>> {
    let missing = |what: &str| Error::input(what, "it is missing", "bring it beside the plan");
    let published = || plan.settings.published(ROOT);
    let terms = |numbers: &super::plan::Numbers| Terms { serial: numbers.serial.clone(), validity: numbers.validity };
    let certificate = |draft| Ok(Some(Draft::Certificate(Box::new(draft))));
    match &plan.task {
        Task::Root { .. } | Task::Rekey { .. } => Ok(None),
        Task::Intermediate { common_name, numbers, .. } => {
            let request = inputs.request.as_ref().ok_or_else(|| missing("request"))?;
            let subject = plan.settings.subject(common_name);
            if subject::bytes(request.subject())? != subject::bytes(&subject.name()?)? {
                return Err(Error::refused(Finding::new(
                    request.label(),
                    "subject",
                    format!("it asks for {}, and the plan says {}", request.subject(), subject.name()?),
                    "PKI policy: an intermediate is what was planned",
                    "plan it for this request",
                )));
            }
            let profile = Intermediate { subject, constraints: plan.settings.constraints()?, published: published()? };
            certificate(profile.draft(root, request.public_key(), &terms(numbers))?)
        }
        Task::CrossSign { numbers, .. } => {
            let other = inputs.other.as_ref().ok_or_else(|| missing("the new root's certificate"))?;
            certificate(Cross { published: published()? }.draft(root, other, &terms(numbers))?)
        }
        Task::List { number, this_update, revoked, .. } => {
            let terms = ListTerms { number: *number, this_update: *this_update };
            // The last list is the true root's: a throw-away one has none.
            let last = inputs.last.as_ref().filter(|_| !rehearsal);
            let draft = ListToBeSigned::build(root, Issuing::Root, &terms, revoked, last)?;
            Ok(Some(Draft::List(Box::new(draft))))
        }
    }
}

/// A new root's certificate, once its key is there.
///
/// # Errors
///
/// As the profile's; a plan of another kind.
pub fn of_root(plan: &Plan, key: &PublicKey, rehearsal: bool) -> Result<Draft> {
    let Task::Root { common_name, numbers, .. } = &plan.task else {
        return Err(Error::input("plan", "it makes no root", "report this"));
    };
    let name = if rehearsal { rehearsal::name(common_name) } else { common_name.clone() };
    let terms = Terms { serial: numbers.serial.clone(), validity: numbers.validity };
    Ok(Draft::Certificate(Box::new(Root { subject: plan.settings.subject(&name) }.draft(key, &terms)?)))
}

/// A new root's first list, which revokes nothing.
///
/// # Errors
///
/// None in practice.
pub fn first_list(plan: &Plan, root: &Authority) -> Result<Draft> {
    let terms = ListTerms { number: 1, this_update: plan.at.before(BACKDATED)? };
    Ok(Draft::List(Box::new(ListToBeSigned::build(root, Issuing::Root, &terms, &[], None)?)))
}

/// Writes into a plan what its root will sign.
///
/// # Errors
///
/// As [`of`].
pub fn fix(plan: &mut Plan, inputs: &Inputs) -> Result<()> {
    let Some(root) = &inputs.root else { return Ok(()) };
    let Some(draft) = of(plan, inputs, root, false)? else { return Ok(()) };
    let bytes = hex(&draft.sha256());
    match &mut plan.task {
        Task::Intermediate { to_be_signed, .. }
        | Task::CrossSign { to_be_signed, .. }
        | Task::List { to_be_signed, .. } => {
            *to_be_signed = bytes;
        }
        Task::Root { .. } | Task::Rekey { .. } => {}
    }
    Ok(())
}
