//! The state of a store at a time: roots, intermediates, services, lists, and what is due.

use serde::Serialize;

use crate::{
    Result,
    clock::{DAY, Moment},
    profile,
    renewal::{self, Above, Current, Wanted},
    serial::Serial,
    store::{Index, Issued, Kind, State, Tier},
};

/// All of it. Moments are RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// What the store is for.
    pub kind: Option<Kind>,
    /// The time for which this is said.
    pub at: String,
    /// Trusted roots.
    pub roots: Vec<Certificate>,
    /// Intermediates with a certificate.
    pub intermediates: Vec<Certificate>,
    /// Intermediates whose request waits for the root's ceremony.
    pub pending: Vec<Pending>,
    /// The newest certificate of each holder.
    pub services: Vec<Certificate>,
    /// The lists of roots and intermediates.
    pub lists: Vec<List>,
    /// Serial numbers under which something may have been signed that is not kept: to be revoked.
    pub orphans: Vec<String>,
    /// How much is due: certificates, lists and orphans.
    pub due: usize,
}

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// The intermediate's name, the holder, or the root's subject.
    pub name: String,
    /// The service, of a service's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The host, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its serial number.
    pub serial: String,
    /// Its issuer's name.
    pub issuer: String,
    /// The names that it speaks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its first moment.
    pub not_before: String,
    /// Its last moment.
    pub not_after: String,
    /// When it is to be renewed, or replaced by the next generation.
    pub renew_due: String,
    /// `valid`, `retired`, `revoked` or `expired`.
    pub state: &'static str,
    /// Why it is due now; empty where it is not.
    pub due: Vec<String>,
    /// Tries to renew it that failed since the last success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_renewals: Option<u32>,
    /// When it may be tried again after a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<String>,
    /// When a renewal last went through to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_renewal: Option<String>,
    /// The same moments in seconds since 1970: not_before, not_after, renew_due, last renewal.
    #[serde(skip)]
    pub unix: Unix,
}

/// Moments in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the certificate's moments")]
pub struct Unix {
    pub not_before: u64,
    pub not_after: u64,
    pub renew_due: u64,
    pub last_renewal: Option<u64>,
}

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// The intermediate's name.
    pub name: String,
    /// When its key was made.
    pub since: String,
    /// The SHA-256 of the request.
    pub request: String,
}

/// An authority's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    /// The authority: `root`, or the intermediate's name.
    pub name: String,
    /// Its name as an issuer.
    pub issuer: String,
    /// Its number; none where there is no list.
    pub number: Option<u64>,
    /// When it was made.
    pub this_update: Option<String>,
    /// When it expires.
    pub next_update: Option<String>,
    /// When the next one is to be made.
    pub renew_due: Option<String>,
    /// Why a new one is due now; empty where none is.
    pub due: Vec<String>,
    /// nextUpdate in seconds since 1970.
    #[serde(skip)]
    pub unix: Option<u64>,
}

/// The state at that time.
///
/// # Errors
///
/// None in practice: the log was read.
pub fn of(index: &Index, at: Moment) -> Result<Overview> {
    let roots = index
        .roots()
        .iter()
        .filter_map(|serial| index.get(serial).map(|issued| (serial, issued)))
        .map(|(serial, issued)| {
            // An intermediate that is signed later than this would outlive it.
            let renew = issued.validity.not_after().before(u64::from(profile::Intermediate::DAYS) * DAY)?;
            line(issued.label.clone(), serial, issued, renew, "a new root is due since", at)
        })
        .collect::<Result<Vec<_>>>()?;
    let mut intermediates = Vec::new();
    for one in index.intermediates() {
        let Some((serial, issued)) = one.serial.as_ref().and_then(|serial| Some((serial, index.get(serial)?))) else {
            continue;
        };
        // In the last fifth of its life, so that two years of five have both.
        let renew = issued.validity.not_before().after(issued.validity.seconds() / 5 * 4)?;
        let mut line = line(one.name.clone(), serial, issued, renew, "its successor is due since", at)?;
        let succeeded = index.intermediates().iter().rev().take_while(|other| other.name != one.name).count() > 0;
        if one.retired {
            line.state = if line.state == "valid" { "retired" } else { line.state };
        }
        if succeeded || one.retired {
            line.due.clear();
        }
        intermediates.push(line);
    }
    let pending = index.intermediates().iter().filter(|one| one.serial.is_none() && !one.retired);
    let pending = pending
        .map(|one| Pending { name: one.name.clone(), since: one.made.to_string(), request: one.request.clone() })
        .collect();
    let above = Chains::of(index);
    let services = index
        .holders()
        .filter_map(|(holder, serial)| index.get(serial).map(|issued| (holder, serial, issued)))
        .map(|(holder, serial, issued)| {
            let fingerprint = issued.sha256.as_deref().unwrap_or_default();
            let renew = renewal::due_at(&issued.validity, fingerprint)?;
            let mut line = line(holder.to_string(), serial, issued, renew, "", at)?;
            let current = Current {
                fingerprint,
                validity: issued.validity,
                names: &issued.names,
                role: issued.role.as_deref(),
                key: issued.key.as_deref(),
                revoked: matches!(issued.state, State::Revoked { .. }),
            };
            let reasons = renewal::reasons(&current, &Wanted::default(), above.of_issuer(&issued.issuer), at)?;
            line.due = reasons.iter().map(ToString::to_string).collect();
            line.service = Some(holder.service().to_owned());
            line.host = holder.host().map(str::to_owned);
            if let Some(attempts) = index.attempts(holder) {
                line.failed_renewals = Some(attempts.failed);
                line.next_try = Some(attempts.next()?.to_string());
            }
            if let Some(last) = index.renewed(holder) {
                line.last_renewal = Some(last.to_string());
                line.unix.last_renewal = Some(last.unix());
            }
            Ok(line)
        })
        .collect::<Result<Vec<_>>>()?;
    let lists = lists(index, at)?;
    let orphans: Vec<_> = index.orphans().map(ToString::to_string).collect();
    let due = [&roots, &intermediates, &services].into_iter().flatten().filter(|line| !line.due.is_empty()).count()
        + lists.iter().filter(|list| !list.due.is_empty()).count()
        + orphans.len();
    Ok(Overview {
        kind: index.kind(),
        at: at.to_string(),
        roots,
        intermediates,
        pending,
        services,
        lists,
        orphans,
        due,
    })
}

fn line(name: String, serial: &Serial, issued: &Issued, renew: Moment, why: &str, at: Moment) -> Result<Certificate> {
    let (begin, end) = (issued.validity.not_before(), issued.validity.not_after());
    let state = match issued.state {
        State::Revoked { .. } => "revoked",
        _ if end < at => "expired",
        _ => "valid",
    };
    let mut due = Vec::new();
    if renew <= at && state == "valid" {
        due.push(format!("{why} {renew}"));
    }
    Ok(Certificate {
        name,
        service: None,
        host: None,
        serial: serial.to_string(),
        issuer: issued.issuer.clone(),
        names: issued.names.clone(),
        role: issued.role.clone(),
        not_before: begin.to_string(),
        not_after: end.to_string(),
        renew_due: renew.to_string(),
        state,
        due,
        failed_renewals: None,
        next_try: None,
        last_renewal: None,
        unix: Unix { not_before: begin.unix(), not_after: end.unix(), renew_due: renew.unix(), last_renewal: None },
    })
}

/// What stands above the certificates of each issuer; looked up once, not for each of thousands.
struct Chains(std::collections::BTreeMap<String, Vec<Above>>);

impl Chains {
    fn of(index: &Index) -> Self {
        let authorities: Vec<_> = index.iter().filter(|(_, issued)| issued.tier != Tier::Service).collect();
        let above = |issued: &Issued| Above {
            label: issued.label.clone(),
            validity: issued.validity,
            revoked: matches!(issued.state, State::Revoked { .. }),
        };
        let chain = |issued: &Issued| {
            let roots = authorities.iter().filter(|(_, root)| root.tier == Tier::Root && root.label == issued.issuer);
            // Two roots of one name: the one that holds longer.
            let root = roots.max_by_key(|(_, root)| root.validity.not_after()).map(|(_, root)| above(root));
            std::iter::once(above(issued)).chain(root).collect()
        };
        let intermediates = authorities.iter().filter(|(_, issued)| issued.tier == Tier::Intermediate);
        Self(intermediates.map(|(_, issued)| (issued.label.clone(), chain(issued))).collect())
    }

    fn of_issuer(&self, issuer: &str) -> &[Above] {
        self.0.get(issuer).map_or(&[], Vec::as_slice)
    }
}

fn lists(index: &Index, at: Moment) -> Result<Vec<List>> {
    let named = |serial: &Serial| index.get(serial).filter(|issued| issued.validity.not_after() >= at);
    let roots = index.roots().iter().filter_map(|serial| Some(("root".to_owned(), named(serial)?, 3, 4)));
    // Once a day: a seventh of its week.
    let intermediates =
        index.intermediates().iter().filter_map(|one| Some((one.name.clone(), named(one.serial.as_ref()?)?, 1, 7)));
    roots
        .chain(intermediates)
        .map(|(name, issued, part, of)| {
            let issuer = issued.label.clone();
            let Some(list) = index.list(&issuer) else {
                let due = vec!["there is none: who checks lists refuses every client".to_owned()];
                return Ok(List {
                    name,
                    issuer,
                    number: None,
                    this_update: None,
                    next_update: None,
                    renew_due: None,
                    due,
                    unix: None,
                });
            };
            let life = list.next_update.unix().saturating_sub(list.this_update.unix());
            let renew = list.this_update.after(life / of * part)?;
            let mut due = Vec::new();
            if list.next_update < at {
                due.push(format!("it expired {}: who checks lists refuses every client", list.next_update));
            } else if renew <= at {
                due.push(format!("the next one is due since {renew}"));
            }
            if index.is_list_behind(&issuer) {
                due.push("something was revoked after it was made".to_owned());
            }
            Ok(List {
                name,
                issuer,
                number: Some(list.number),
                this_update: Some(list.this_update.to_string()),
                next_update: Some(list.next_update.to_string()),
                renew_due: Some(renew.to_string()),
                due,
                unix: Some(list.next_update.unix()),
            })
        })
        .collect()
}
