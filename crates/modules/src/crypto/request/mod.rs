//! What the modules that make signing requests share: their options, the request, and whether one is what they ask for.

mod build;
mod check;
mod options;

pub(super) use options::RequestOptions;

use crate::{
    prelude::*,
    support::crypto::{
        describe::Wrong,
        describe::{self, idn::NameEncoding},
        key::{self, PrivateKey},
        name::{self, Pair},
        request::Request,
    },
};

/// A request in the making: its options, read.
pub(super) struct Wanted<'a> {
    options: &'a RequestOptions,
    subject: Vec<Pair>,
    alternative_names: Option<Vec<String>>,
    subject_key: Option<Vec<u8>>,
    authority_key: Option<Vec<u8>>,
    distribution_points: Option<x509_cert::ext::pkix::CrlDistributionPoints>,
    key: Option<PrivateKey>,
}

impl<'a> Wanted<'a> {
    /// Reads what can be read without the key.
    ///
    /// # Errors
    ///
    /// The collection's words for options that contradict each other or cannot be read.
    pub(super) fn of(options: &'a RequestOptions) -> Result<Self, Wrong> {
        if options.create_subject_key_identifier && options.subject_key_identifier.is_some() {
            return Err(Wrong::said(
                "subject_key_identifier cannot be specified if create_subject_key_identifier is true",
            ));
        }
        let mut subject: Vec<Pair> = options
            .single_names()
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.filter(|value| !value.is_empty())?.to_owned())))
            .collect();
        if let Some(map) = options.subject.as_ref().filter(|map| !map.is_empty()) {
            subject.extend(name::pairs(map, "subject")?);
        }
        if let Some(list) = options.subject_ordered.as_ref().filter(|list| !list.is_empty()) {
            if !subject.is_empty() {
                return Err(Wrong::said("subject_ordered cannot be combined with any other subject field"));
            }
            subject = name::ordered_pairs(list, "subject_ordered")?;
        }
        let mut alternative_names = options.subject_alt_name.clone();
        if alternative_names.as_ref().is_none_or(Vec::is_empty) && options.use_common_name_for_san {
            let common = subject.iter().find(|(name, _)| name == "commonName" || name == "CN");
            if let Some((_, value)) = common {
                alternative_names = Some(vec![format!("DNS:{value}")]);
            }
        }
        let identifier = |text: Option<&String>, option: &str| text.map(|text| unhex(text, option)).transpose();
        Ok(Self {
            subject_key: identifier(options.subject_key_identifier.as_ref(), "subject_key_identifier")?,
            authority_key: identifier(options.authority_key_identifier.as_ref(), "authority_key_identifier")?,
            distribution_points: build::distribution_points(options)?,
            options,
            subject,
            alternative_names,
            key: None,
        })
    }

    fn is_ordered(&self) -> bool {
        self.options.subject_ordered.as_ref().is_some_and(|list| !list.is_empty())
    }

    /// The key, read once.
    fn key(&mut self) -> Result<&PrivateKey, Wrong> {
        let options = self.options;
        let key = match self.key.take() {
            Some(key) => key,
            None => key::load_for_issuing(
                options.privatekey_path.as_deref(),
                options.privatekey_content.as_deref(),
                options.privatekey_passphrase.as_deref(),
            )?,
        };
        Ok(self.key.insert(key))
    }

    /// Whether a file's request is to be made anew.
    ///
    /// # Errors
    ///
    /// The key cannot be read, or an option is none.
    pub(super) fn differs_from(&mut self, existing: Option<&[u8]>) -> Result<bool, Wrong> {
        let Some(request) = existing.and_then(|bytes| Request::from_pem(bytes).ok()) else { return Ok(true) };
        self.key()?;
        Ok(!self.is_met_by(&request)?)
    }

    /// What both modules return. `existing` is the file before, `request` the file after.
    pub(super) fn result(&self, changed: bool, before: Option<&[u8]>, after: Option<&[u8]>) -> Outcome {
        let options = self.options;
        let subject = self.subject.iter().map(|(name, value)| vec![name.as_str(), value.as_str()]);
        let mut outcome = Outcome::changed(changed)
            .with("privatekey", options.privatekey_path.as_deref())
            .with("subject", subject.collect::<Vec<_>>())
            .with("subjectAltName", self.alternative_names.clone())
            .with("keyUsage", options.key_usage.clone())
            .with("extendedKeyUsage", options.extended_key_usage.clone())
            .with("basicConstraints", options.basic_constraints.clone())
            .with("ocspMustStaple", options.ocsp_must_staple)
            .with("name_constraints_permitted", options.name_constraints_permitted.clone().unwrap_or_default())
            .with("name_constraints_excluded", options.name_constraints_excluded.clone().unwrap_or_default());
        outcome.diff.push(Diff::State {
            before_header: None,
            after_header: None,
            before: before.map(describe_request).unwrap_or_default(),
            after: after.map(describe_request).unwrap_or_default(),
        });
        outcome
    }
}

/// What a diff says of a request.
fn describe_request(bytes: &[u8]) -> Map {
    let described = describe::request::from_pem(bytes)
        .and_then(|request| describe::request::describe(&request, NameEncoding::Ignore));
    super::options::for_diff(described.ok(), "can_parse_csr")
}

/// Python's `unhexlify`, colons left out.
fn unhex(text: &str, option: &str) -> Result<Vec<u8>, Wrong> {
    let digits = text.replace(':', "");
    let wrong = |reason: &str| Wrong::said(format!("Cannot parse {option}: {reason}"));
    if !digits.len().is_multiple_of(2) {
        return Err(wrong("Odd-length string"));
    }
    let values: Option<Vec<u8>> =
        digits.chars().map(|digit| digit.to_digit(16).and_then(|digit| digit.try_into().ok())).collect();
    let values = values.ok_or_else(|| wrong("Non-hexadecimal digit found"))?;
    Ok(values.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect())
}
