//! Paths: candidates by name and key identifier, each validated by certval (RFC 5280 section 6.1).

use certval::{
    CertificationPath, CertificationPathResults, CertificationPathSettings, Error as LibraryError, PDVCertificate,
    PDVTrustAnchorChoice, PathValidationStatus, PkiEnvironment, TimeOfInterest, compare_names,
};
use der::asn1::BitString;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::{Path, Trust};
use crate::{Error, Finding, Result, certificate::Certificate, clock::Moment, key::PublicKey, signature};

/// Longest path that is looked for, leaf and anchor counted.
const LONGEST: usize = 10;
/// Most paths that are tried, so that a bag of cross-certificates cannot keep us busy.
const MOST: usize = 64;

/// Paths from a leaf to an anchor, chained by names; those whose key identifiers agree come first.
pub(super) fn candidates(leaf: &Certificate, trust: &Trust<'_>) -> Vec<Path> {
    let mut found = Vec::new();
    let mut open = vec![vec![leaf.clone()]];
    // Depth first; each step puts its best continuation on top.
    while let Some(partial) = open.pop() {
        let Some(last) = partial.last() else { continue };
        let wanted = last.known().ok().and_then(|known| known.authority_key_bytes().map(<[u8]>::to_vec));
        let issued_by = |issuer: &Certificate| compare_names(issuer.subject(), last.issuer());
        let agrees = |issuer: &Certificate| {
            let own = issuer.known().ok().and_then(|known| known.subject_key_bytes().map(<[u8]>::to_vec));
            wanted.is_none() || own.is_none() || wanted == own
        };
        let anchors: Vec<_> = trust.anchors.iter().filter(|anchor| issued_by(anchor)).collect();
        for anchor in
            anchors.iter().filter(|anchor| agrees(anchor)).chain(anchors.iter().filter(|anchor| !agrees(anchor)))
        {
            let mut path: Vec<_> = partial.clone();
            path.push((*anchor).clone());
            path.reverse();
            found.push(Path(path));
            if found.len() == MOST {
                return found;
            }
        }
        if partial.len() + 1 < LONGEST && open.len() < MOST {
            let next: Vec<_> =
                trust.intermediates.iter().filter(|issuer| issued_by(issuer) && !partial.contains(issuer)).collect();
            let ordered =
                next.iter().filter(|issuer| !agrees(issuer)).chain(next.iter().filter(|issuer| agrees(issuer)));
            for issuer in ordered {
                let mut longer = partial.clone();
                longer.push((*issuer).clone());
                open.push(longer);
            }
        }
    }
    found
}

/// Validates one path at that time; nothing is read but what is handed in.
pub(super) fn validate(path: &Path, at: Moment) -> Result<()> {
    let [anchor, middle @ .., leaf] = path.certificates() else {
        return Err(Error::input("path", "it has no issuer", "present the chain"));
    };
    let read = |certificate: &Certificate| {
        PDVCertificate::try_from(certificate.der())
            .map_err(|problem| Error::input(certificate.label(), problem, "have it issued anew"))
    };
    let trusted = PDVTrustAnchorChoice::try_from(anchor.der())
        .map_err(|problem| Error::input(anchor.label(), problem, "give the root's certificate"))?;
    let chain = CertificationPath::new(trusted, middle.iter().map(read).collect::<Result<_>>()?, read(leaf)?);
    let mut environment = PkiEnvironment::default();
    environment.add_validate_path_callback(certval::validate_path_rfc5280);
    environment.add_calculate_hash_callback(certval::calculate_hash_rust_crypto);
    environment.add_verify_signature_message_callback(verify_signature);
    let mut settings = CertificationPathSettings::default();
    settings.set_require_ta_store(false);
    let time = TimeOfInterest::from_unix_secs(at.unix())
        .map_err(|problem| Error::input("time", format!("{problem:?}"), "set the clock"))?;
    settings.set_time_of_interest(time);
    let mut results = CertificationPathResults::new();
    let answer = environment.validate_path(&environment, &settings, &chain, &mut results);
    // Both the answer and the recorded state must say so: a check that was skipped must not read as one that passed.
    match (answer, results.get_validation_status()) {
        (Ok(()), Some(PathValidationStatus::Valid)) => Ok(()),
        (Ok(()), status) => Err(failed(path, &results, &format!("no verdict ({status:?})"), None)),
        (Err(LibraryError::PathValidation(status)), _) => {
            Err(failed(path, &results, &format!("{status:?}"), Some(status)))
        }
        (Err(problem), _) => Err(failed(path, &results, &format!("{problem:?}"), None)),
    }
}

fn verify_signature(
    _: &PkiEnvironment,
    message: &[u8],
    bits: &BitString,
    algorithm: &AlgorithmIdentifierOwned,
    key: &SubjectPublicKeyInfoOwned,
) -> certval::Result<()> {
    const FAILED: LibraryError = LibraryError::PathValidation(PathValidationStatus::SignatureVerificationFailure);
    let key = PublicKey::from_info(key).map_err(|_| FAILED)?;
    let bytes = bits.as_bytes().ok_or(FAILED)?;
    signature::verify(algorithm, &key, message, bytes).map_err(|_| FAILED)
}

/// The library's reason, with the certificate that it counted to, the field and the rule.
fn failed(
    path: &Path,
    results: &CertificationPathResults,
    reason: &str,
    status: Option<PathValidationStatus>,
) -> Error {
    use PathValidationStatus as Status;
    let at = results.get_failure_index().and_then(|index| path.certificates().get(usize::try_from(index).ok()?));
    let object = at.or(path.certificates().last()).map_or_else(|| "path".to_owned(), Certificate::label);
    let (field, rule, cure) = match status {
        Some(Status::NameChainingFailure) => {
            ("issuer", "RFC 5280 section 6.1.3 (a)(4)", "present the certificate that issued it")
        }
        Some(Status::SignatureVerificationFailure) => {
            ("signatureValue", "RFC 5280 section 6.1.3 (a)(1)", "present the issuer whose key signed it")
        }
        Some(Status::InvalidNotBeforeDate) => {
            ("validity.notBefore", "RFC 5280 section 6.1.3 (a)(2)", "wait, or set the clock")
        }
        Some(Status::InvalidNotAfterDate) => ("validity.notAfter", "RFC 5280 section 6.1.3 (a)(2)", "renew it"),
        Some(Status::MissingBasicConstraints | Status::InvalidBasicConstraints) => {
            ("basicConstraints", "RFC 5280 section 6.1.4 (k)", "have it issued by an authority")
        }
        Some(Status::InvalidPathLength) => {
            ("basicConstraints.pathLenConstraint", "RFC 5280 section 6.1.4 (l) and (m)", "have it issued higher up")
        }
        Some(Status::InvalidKeyUsage) => ("keyUsage", "RFC 5280 section 6.1.4 (n)", "have it issued by an authority"),
        Some(Status::NameConstraintsViolation) => (
            "nameConstraints",
            "RFC 5280 sections 4.2.1.10 and 6.1.3 (b), (c)",
            "take a name within the issuer's constraints",
        ),
        Some(Status::UnprocessedCriticalExtension) => {
            ("extensions", "RFC 5280 section 4.2", "have it issued without that extension")
        }
        Some(Status::NullPolicySet) => {
            ("certificatePolicies", "RFC 5280 section 6.1.5 (g)", "have it issued under that policy")
        }
        _ => ("certificate", "RFC 5280 section 6.1", "inspect it"),
    };
    Error::Failed(vec![Finding::new(object, field, format!("path validation says {reason}"), rule, cure)])
}
