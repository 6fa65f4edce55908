//! What a revocation list shall say, from the options; and whether one says it.

use std::fs;

use protocol::{
    Data,
    arguments::{Kind, coerce},
};
use rsa::BoxedUint;
use x509_cert::{certificate::Raw, serial_number::SerialNumber};

use super::options::{Mode, RevokedOptions, SerialNumbers, X509CrlArgs};
use crate::{
    module::os_error,
    support::crypto::{
        certificate::Certificate,
        crl::{Entry, RevocationList, reason},
        describe::{Wrong, distinguished, times::Moment},
        digest::Digest,
        general_name,
        key::{self, PrivateKey},
        name::{self, Pair},
    },
};

/// A list in the making.
pub(super) struct Wanted<'a> {
    args: &'a X509CrlArgs,
    pub(super) issuer: Vec<Pair>,
    pub(super) last_update: Moment,
    pub(super) next_update: Moment,
    pub(super) entries: Vec<Entry>,
    digest: Option<Digest>,
    key: PrivateKey,
}

impl<'a> Wanted<'a> {
    /// Reads the options.
    ///
    /// # Errors
    ///
    /// The collection's words for what cannot be read.
    pub(super) fn of(args: &'a X509CrlArgs) -> Result<Self, Wrong> {
        let issuer = match (&args.issuer_ordered, &args.issuer) {
            (Some(list), _) if !list.is_empty() => name::ordered_pairs(list, "issuer_ordered"),
            (_, Some(map)) => name::pairs(map, "issuer"),
            (_, None) => Ok(Vec::new()),
        };
        let issuer = issuer.map_err(|wrong| wrong.within(str::to_owned))?;
        let now = Moment::now();
        let last_update = Moment::parse(&args.last_update, "last_update", now)?;
        // Python's None, as a text.
        let next_update = Moment::parse(args.next_update.as_deref().unwrap_or("None"), "next_update", now)?;
        let digest = Digest::named(&args.digest)
            .ok_or_else(|| Wrong::said(format!("The digest \"{}\" is not supported", args.digest)))?;
        let revoked =
            args.revoked_certificates.as_ref().ok_or_else(|| Wrong::raised("'NoneType' object is not iterable"))?;
        let entries: Result<Vec<_>, _> =
            revoked.iter().enumerate().map(|(index, one)| entry(one, index, args.serial_numbers, now)).collect();
        let entries = entries?;
        let key = key::load_for_issuing(
            args.privatekey_path.as_deref(),
            args.privatekey_content.as_deref(),
            args.privatekey_passphrase.as_deref(),
        )?;
        let digest = key.needs_digest().then_some(digest);
        Ok(Self { args, issuer, last_update, next_update, entries, digest, key })
    }

    /// Whether a list says all of that.
    ///
    /// # Errors
    ///
    /// The issuer's name has an attribute that is not known.
    pub(super) fn is_met_by(&self, list: &RevocationList) -> Result<bool, Wrong> {
        let ignore = self.args.ignore_timestamps;
        let times = (self.last_update, Some(self.next_update));
        if !ignore && list.updates() != times || !list.has_digest(self.digest) {
            return Ok(false);
        }
        let issuer: Result<Vec<_>, Wrong> =
            self.issuer.iter().map(|(name, value)| Ok((name::number_of(name)?, value.clone()))).collect();
        let issuer = issuer?;
        let Ok(current) = distinguished::attributes(list.issuer()) else { return Ok(false) };
        let is_ordered = self.args.issuer_ordered.as_ref().is_some_and(|list| !list.is_empty());
        let is_same_issuer = if is_ordered {
            issuer == current
        } else {
            issuer.iter().all(|one| current.contains(one)) && current.iter().all(|one| issuer.contains(one))
        };
        if !is_same_issuer {
            return Ok(false);
        }
        let mut current = list.entries();
        if self.args.crl_mode == Mode::Generate {
            let is_same = |(one, other): (&Entry, &Entry)| one.is_same(other, ignore);
            return Ok(current.len() == self.entries.len() && current.iter().zip(&self.entries).all(is_same));
        }
        // One that is asked for twice has to be there twice.
        Ok(self.entries.iter().all(|wanted| {
            let place = current.iter().position(|one| one.is_same(wanted, ignore));
            place.map(|place| current.remove(place)).is_some()
        }))
    }

    /// Makes the list.
    ///
    /// # Errors
    ///
    /// The issuer's name or the times are none; the key does not sign.
    pub(super) fn make(&self, existing: Option<&RevocationList>) -> Result<RevocationList, Wrong> {
        let issuer = name::subject(&self.issuer)?;
        let kept = existing.filter(|_| self.args.crl_mode == Mode::Update).map(RevocationList::entries);
        let ignore = self.args.ignore_timestamps;
        let mut entries = kept.unwrap_or_default();
        entries.retain(|one| !self.entries.iter().any(|wanted| one.is_same(wanted, ignore)));
        entries.extend(self.entries.iter().cloned());
        RevocationList::make(issuer, self.last_update, self.next_update, &entries, &self.key, self.digest)
    }
}

fn entry(options: &RevokedOptions, index: usize, numbers: SerialNumbers, now: Moment) -> Result<Entry, Wrong> {
    let place = |option: &str| format!("revoked_certificates[{index}].{option}");
    let serial = match (&options.content, options.path.as_deref()) {
        (Some(content), _) => {
            let certificate = Certificate::from_pem(content.as_bytes());
            certificate.and_then(|certificate| certificate.serial()).map_err(|wrong| {
                wrong.within(|text| format!("Cannot parse certificate from {}: {text}", place("content")))
            })?
        }
        (None, Some(path)) => fs::read(path)
            .map_err(|error| Wrong::said(os_error(&error, Some(path))))
            .and_then(|bytes| Certificate::from_pem(&bytes))
            .and_then(|certificate| certificate.serial())
            .map_err(|wrong| {
                wrong.within(|text| format!("Cannot read certificate \"{path}\" from {}: {text}", place("path")))
            })?,
        (None, None) => given(&options.serial_number, index, numbers)?,
    };
    let issuer = match options.issuer.as_ref().filter(|names| !names.is_empty()) {
        Some(names) => Some((options.issuer_critical, general_name::list(names, "issuer")?)),
        None => None,
    };
    let date = Moment::parse(&options.revocation_date, &place("revocation_date"), now)?;
    let reason = options.reason.as_deref().and_then(reason).map(|reason| (options.reason_critical, reason));
    let invalidity = match options.invalidity_date.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some((options.invalidity_date_critical, Moment::parse(text, &place("invalidity_date"), now)?)),
        None => None,
    };
    Ok(Entry { serial: serial_number(&serial)?, date, issuer, reason, invalidity })
}

/// A number that was given as such.
fn given(value: &Data, index: usize, numbers: SerialNumbers) -> Result<Data, Wrong> {
    let place = format!("Error while parsing revoked_certificates[{}].serial_number as an", index + 1);
    match numbers {
        SerialNumbers::Integer => {
            coerce(Kind::Int, value.clone()).map_err(|reason| Wrong::said(format!("{place} integer: {reason}")))
        }
        SerialNumbers::HexOctets => {
            let text = protocol::arguments::python::str(value);
            let mut bytes = Vec::new();
            for (at, part) in text.split(':').enumerate() {
                bytes.push(octet(part).map_err(|reason| {
                    let shown = protocol::arguments::python::repr_str(part);
                    let number = at + 1;
                    Wrong::said(format!(
                        "{place} colon-separated hex octet string: The {number}{} part {shown} is not a hexadecimal \
                         number in range [0, 255]: {reason}",
                        ordinal(number)
                    ))
                })?);
            }
            Ok(crate::support::crypto::describe::numbers::unsigned(&bytes))
        }
    }
}

fn octet(part: &str) -> Result<u8, String> {
    let number = i64::from_str_radix(part.trim().trim_start_matches("0x"), 16).map_err(|_| {
        format!("invalid literal for int() with base 16: {}", protocol::arguments::python::repr_str(part))
    })?;
    u8::try_from(number).map_err(|_| "the value is not in range [0, 255]".to_owned())
}

fn ordinal(number: usize) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

fn serial_number(number: &Data) -> Result<SerialNumber<Raw>, Wrong> {
    let digits = match number {
        Data::Int(number) => number.to_string(),
        Data::BigInt(digits) => digits.clone(),
        other => protocol::arguments::python::str(other),
    };
    if digits == "0" || digits.starts_with('-') {
        return Err(Wrong::raised("The serial number should be positive."));
    }
    let refused = || Wrong::raised("The serial number should not be more than 159 bits.");
    let bytes = BoxedUint::from_str_radix_vartime(&digits, 10).map_err(|_| refused())?.to_be_bytes();
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(0);
    SerialNumber::new(bytes.get(start..).unwrap_or_default()).map_err(|_| refused())
}
