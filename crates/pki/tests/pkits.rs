//! NIST's PKITS, 405 certificates and 173 CRLs: what path validation must accept and must refuse.

mod judges {
    use std::{
        collections::BTreeMap,
        fs,
        path::{Path, PathBuf},
        process::Command,
    };

    use pki::{
        certificate::Certificate,
        clock::Moment,
        crl::RevocationList,
        verify::{self, Trust},
    };

    /// The sections of the document, by what the end entity of a test is called.
    const SECTIONS: [(&str, &[&str]); 16] = [
        ("4.1", &["CertificatePath", "CASignature", "EESignature", "DSA"]),
        ("4.2", &["notBeforeDate", "notAfterDate"]),
        ("4.3", &["NameChaining", "NameUIDs", "RFC3280", "UTF8String"]),
        ("4.5", &["BasicSelfIssued"]),
        ("4.15", &["deltaCRL"]),
        ("4.14 indirect", &["IDPwithindirectCRL", "cRLIssuer"]),
        ("4.14", &["distributionPoint", "NoissuingDistributionPoint", "onlyContains", "onlySomeReasons"]),
        ("4.7", &["keyUsage"]),
        ("4.4", &["CRL", "Revoked", "SerialNumber"]),
        ("4.13", &["nameConstraints"]),
        ("4.10", &["olicyMapping", "MappingFrom", "MappingTo"]),
        ("4.12", &["inhibitAnyPolicy"]),
        ("4.9", &["requireExplicitPolicy"]),
        ("4.6", &["basicConstraints", "cAFalse", "pathLenConstraint"]),
        ("4.16", &["CriticalCertificateExtension"]),
        ("4.8", &["olic", "Qualifier"]),
    ];
    const IN_SCOPE: [&str; 9] = ["4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.13", "4.14"];
    /// Tests of section 4.8 that fail under every setting: the names of their end entities do not say so.
    const INVALID_POLICIES: [u8; 6] = [4, 5, 7, 8, 9, 12];

    /// Valid in-scope paths that are refused, with the reason that was given. Each is a limit that we chose or know.
    const REFUSED: [(&str, &str); 10] = [
        // A list signed by another key of the same name: here a new key comes with a new name (its generation).
        ("ValidBasicSelfIssuedCRLSigningKeyTest6", OTHER_KEY),
        ("ValidBasicSelfIssuedNewWithOldTest4", OTHER_KEY),
        ("ValidBasicSelfIssuedOldWithNewTest1", OTHER_KEY),
        ("ValidDNnameConstraintsTest19", OTHER_KEY),
        // DSA is not known here.
        ("ValidDSAParameterInheritanceTest5", "SignatureVerificationFailure"),
        ("ValidDSASignaturesTest4", "SignatureVerificationFailure"),
        ("ValidSelfIssuedpathLenConstraintTest15", OTHER_KEY),
        ("ValidSelfIssuedpathLenConstraintTest17", OTHER_KEY),
        ("ValidSeparateCertificateandCRLKeysTest19", "its issuer may not sign lists (keyUsage)"),
        // The year 1950: the crate der knows no time before 1970.
        ("Validpre2000UTCnotBeforeDateTest3", "malformed ASN.1 DER value for UTCTime"),
    ];
    const OTHER_KEY: &str = "another key of that name signed it";

    fn folder() -> PathBuf {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pki-judges");
        let made = Command::new(&script).output().unwrap();
        assert!(made.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&made.stderr));
        Path::new(String::from_utf8(made.stdout).unwrap().trim()).join("pkits")
    }

    fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
    }

    fn section(test: &str) -> &'static str {
        SECTIONS
            .iter()
            .find(|(_, parts)| parts.iter().any(|part| test.contains(part)))
            .unwrap_or_else(|| panic!("{test}"))
            .0
    }

    struct Verdict {
        test: String,
        section: &'static str,
        /// What the document says; none where it depends on settings.
        valid: Option<bool>,
        answer: Result<(), String>,
    }

    fn verdicts() -> Vec<Verdict> {
        let folder = folder();
        let certificates = files(&folder.join("certs"));
        let (leaves, authorities): (Vec<_>, Vec<_>) =
            certificates.iter().partition(|(name, _)| name.ends_with("EE.crt"));
        let anchors = [Certificate::from_der(&certificates["TrustAnchorRootCertificate.crt"]).unwrap()];
        let intermediates: Vec<_> = authorities
            .iter()
            .filter(|(name, _)| *name != "TrustAnchorRootCertificate.crt")
            .filter_map(|(_, der)| Certificate::from_der(der).ok())
            .collect();
        let lists: Vec<_> =
            files(&folder.join("crls")).values().filter_map(|der| RevocationList::from_der(der).ok()).collect();
        assert!(leaves.len() > 200 && intermediates.len() > 150 && lists.len() > 150);
        let at = Moment::parse("2026-06-01T00:00:00Z").unwrap();
        let trust = Trust { anchors: &anchors, intermediates: &intermediates, lists: Some(&lists), at };
        leaves
            .into_iter()
            .map(|(name, der)| {
                let test = name.trim_end_matches("EE.crt").to_owned();
                let answer = Certificate::from_der(der).and_then(|leaf| verify::rfc5280(&leaf, &trust));
                let number = INVALID_POLICIES.map(|number| format!("DifferentPoliciesTest{number}"));
                let valid = match () {
                    () if test.starts_with("Invalid") || number.contains(&test) => Some(false),
                    () if test.starts_with("Valid") => Some(true),
                    () => None,
                };
                Verdict {
                    section: section(&test),
                    test,
                    valid,
                    answer: answer.map(|_| ()).map_err(|problem| problem.to_string()),
                }
            })
            .collect()
    }

    #[test]
    fn no_invalid_path_is_accepted_and_the_valid_ones_that_are_refused_are_known() {
        let verdicts = verdicts();
        let accepted: Vec<_> =
            verdicts.iter().filter(|v| v.valid == Some(false) && v.answer.is_ok()).map(|v| &v.test).collect();
        let in_scope = |v: &&Verdict| IN_SCOPE.contains(&v.section);
        let refused: Vec<_> = verdicts
            .iter()
            .filter(in_scope)
            .filter(|v| v.valid == Some(true))
            .filter_map(|v| v.answer.as_ref().err().map(|why| (v.test.as_str(), why.as_str())))
            .collect();
        for section in SECTIONS.map(|(section, _)| section) {
            let of = |valid, ok| {
                verdicts.iter().filter(|v| v.section == section && v.valid == valid && v.answer.is_ok() == ok).count()
            };
            println!(
                "{section}: valid {} accepted {} refused, invalid {} refused {} accepted, depends {} accepted {} refused",
                of(Some(true), true),
                of(Some(true), false),
                of(Some(false), false),
                of(Some(false), true),
                of(None, true),
                of(None, false),
            );
        }
        for (test, why) in &refused {
            println!("refused {test}: {why}");
        }
        assert!(accepted.is_empty(), "accepted: {accepted:?}");
        assert_eq!(refused.len(), REFUSED.len());
        for ((test, why), (known, reason)) in refused.iter().zip(REFUSED) {
            assert!(*test == known && why.contains(reason), "{test}: {why}");
        }
    }
}
