//! What is refused at issuing, and what verification finds in chains that were forged past it.

use crate::support::{Tiers, forge::Body, intermediate_profile, key, names, service, terms};
use const_oid::db::rfc5280::*;
use der::asn1::{Ia5String, OctetString};
use pki::{
    Error,
    authority::Authority,
    certificate::Certificate,
    clock::{DAY, Moment},
    crl::{Entry, Issuing, ListTerms, ListToBeSigned, Reason, RevocationList},
    issue::Terms,
    key::{KeyKind, PrivateKey},
    names::SubjectNames,
    profile::{Intermediate, Role, Root, Service},
    request::SigningRequest,
    subject::Subject,
    validity::Validity,
    verify::{self, Host, Path, Purpose, Trust},
};
use x509_cert::{
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
            name::GeneralName,
        },
    },
    time::Time,
};

/// Verifies strictly, with fresh lists of both levels.
fn strict(tiers: &Tiers, leaf: &Certificate, host: &str) -> Result<Path, Error> {
    let lists = [tiers.root_list(&[]), tiers.intermediate_list(&[])];
    with(tiers, leaf, &[tiers.intermediate.certificate().clone()], Some(&lists), tiers.now, host)
}

fn with(
    tiers: &Tiers,
    leaf: &Certificate,
    intermediates: &[Certificate],
    lists: Option<&[RevocationList]>,
    at: Moment,
    host: &str,
) -> Result<Path, Error> {
    let trust = Trust { anchors: &[tiers.root.certificate().clone()], intermediates, lists, at };
    verify::strict(leaf, &trust, Purpose::Server, Some(&Host::parse(host).unwrap()))
}

/// The fields of the findings, each once.
fn fields(result: Result<Path, Error>) -> Vec<&'static str> {
    let mut fields: Vec<_> = result.unwrap_err().findings().iter().map(|finding| finding.field).collect();
    fields.dedup();
    fields
}

fn web(tiers: &Tiers) -> Certificate {
    tiers.issue(KeyKind::P256, Role::Server, &["web.example.org", "10.1.2.3", "2001:db8::7"])
}

#[test]
fn a_chain_of_three_tiers_holds_for_each_of_its_names() {
    let tiers = Tiers::new();
    let leaf = web(&tiers);
    for host in ["web.example.org", "WEB.Example.Org", "10.1.2.3", "2001:db8::7"] {
        let path = strict(&tiers, &leaf, host).unwrap();
        assert_eq!(path.certificates().len(), 3);
        assert_eq!(&path.certificates()[2], &leaf);
    }
    for host in ["www.example.org", "example.org", "10.1.2.4", "2001:db8::8"] {
        assert_eq!(fields(strict(&tiers, &leaf, host)), ["subjectAltName"], "{host}");
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let tiers = Tiers::new();
    let leaf_key = key(KeyKind::P256);
    let terms = terms(tiers.now, 90);
    let make = || {
        let draft = service(Role::Both, &["web.example.org"])
            .draft(&tiers.intermediate, leaf_key.public_key(), &terms)
            .unwrap();
        assert_eq!(draft.lint(), []);
        let bytes = draft.bytes().to_vec();
        let made = draft.sign(&tiers.intermediate_key).unwrap();
        assert_eq!(made.to_be_signed(), bytes, "what was looked at is what was signed");
        made
    };
    assert_eq!(make().der(), make().der());
}

#[test]
fn one_key_twice_gives_two_serials() {
    let tiers = Tiers::new();
    let key = key(KeyKind::P256);
    let serials = [0, 1].map(|_| {
        let draft = service(Role::Both, &["web.example.org"]).draft(
            &tiers.intermediate,
            key.public_key(),
            &terms(tiers.now, 90),
        );
        draft.unwrap().sign(&tiers.intermediate_key).unwrap().serial().unwrap()
    });
    assert_ne!(serials[0], serials[1]);
}

/// The field of the one refusal.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    error.findings()[0].field
}

#[test]
fn names_outside_of_the_constraints_are_refused_at_issuing() {
    let tiers = Tiers::new();
    let key = key(KeyKind::P256);
    for name in ["example.com", "web.example.com", "*.example.com", "notexample.org", "11.0.0.1", "2001:db9::1"] {
        let draft = service(Role::Both, &[name]).draft(&tiers.intermediate, key.public_key(), &terms(tiers.now, 90));
        assert_eq!(refused(draft), "subjectAltName", "{name}");
    }
    for (uri, inside) in [
        ("spiffe://evil.example/app", false),
        ("spiffe://notexample.org/app", false),
        ("spiffe://example.org/app", true),
    ] {
        let names = ["web.example.org", uri];
        let draft = service(Role::Both, &names).draft(&tiers.intermediate, key.public_key(), &terms(tiers.now, 90));
        assert_eq!(draft.is_ok(), inside, "{uri}");
    }
    let u_label = SubjectNames::parse(["bücher.example.org"], pki::dns::Wildcards::Refused);
    assert_eq!(refused(u_label), "subjectAltName.dNSName");
    let wildcard = SubjectNames::parse(["*.example.org"], pki::dns::Wildcards::Refused);
    assert_eq!(refused(wildcard), "subjectAltName.dNSName");
}

#[test]
fn what_would_outlive_its_issuer_or_its_profile_is_refused_at_issuing() {
    let tiers = Tiers::new();
    let key = key(KeyKind::P256);
    let late = tiers.intermediate.certificate().validity().not_after().before(10 * DAY).unwrap();
    let draft =
        service(Role::Both, &["web.example.org"]).draft(&tiers.intermediate, key.public_key(), &terms(late, 90));
    assert_eq!(refused(draft), "validity.notAfter");
    let draft =
        service(Role::Both, &["web.example.org"]).draft(&tiers.intermediate, key.public_key(), &terms(tiers.now, 91));
    assert_eq!(refused(draft), "validity");
    let late = tiers.root.certificate().validity().not_after().before(DAY).unwrap();
    let draft = intermediate_profile().draft(&tiers.root, tiers.intermediate.key(), &terms(late, Intermediate::DAYS));
    assert_eq!(refused(draft), "validity.notAfter");
}

#[test]
fn an_intermediate_below_an_intermediate_is_refused_at_issuing() {
    let tiers = Tiers::new();
    let draft =
        intermediate_profile().draft(&tiers.intermediate, key(KeyKind::P384).public_key(), &terms(tiers.now, 90));
    assert_eq!(refused(draft), "basicConstraints.pathLenConstraint");
    let leaf = web(&tiers);
    assert_eq!(refused(Authority::new(leaf)), "basicConstraints");
}

#[test]
fn a_key_of_another_kind_or_another_issuer_is_refused() {
    let tiers = Tiers::new();
    let mut only_default = service(Role::Both, &["web.example.org"]);
    only_default.keys = Service::KEYS.to_vec();
    let draft = only_default.draft(&tiers.intermediate, key(KeyKind::P384).public_key(), &terms(tiers.now, 90));
    assert_eq!(refused(draft), "subjectPublicKeyInfo");
    let root = Root { subject: Subject::new("DE", "Example", "Root") };
    assert_eq!(refused(root.draft(key(KeyKind::P256).public_key(), &terms(tiers.now, 90))), "subjectPublicKeyInfo");
    let draft = tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]);
    assert_eq!(refused(draft.clone().sign(&tiers.root_key)), "signatureAlgorithm");
    let used_up: PrivateKey = key(KeyKind::P384);
    assert_eq!(refused(draft.sign(used_up)), "signatureAlgorithm");
}

#[test]
fn a_request_gives_its_key_and_nothing_that_the_profile_does_not_have() {
    let tiers = Tiers::new();
    let (service_key, profile) = (key(KeyKind::P256), service(Role::Server, &["web.example.org", "www.example.org"]));
    let subject = Subject { common_name: Some("whatever".to_owned()), ..Subject::default() };
    let request = SigningRequest::build(&subject, Some(&names(&["www.example.org"])), &service_key).unwrap();
    let again = SigningRequest::from_pem(&request.to_pem().unwrap()).unwrap();
    assert_eq!(again, request);
    let made = profile
        .draft_for(&tiers.intermediate, &again, &terms(tiers.now, 90))
        .unwrap()
        .sign(&tiers.intermediate_key)
        .unwrap();
    assert_eq!(made.public_key().unwrap(), *service_key.public_key());
    assert_eq!(made.names().unwrap().unwrap(), profile.names);
    strict(&tiers, &made, "web.example.org").unwrap();
    let more = SigningRequest::build(&subject, Some(&names(&["db.example.org"])), &service_key).unwrap();
    assert_eq!(refused(profile.draft_for(&tiers.intermediate, &more, &terms(tiers.now, 90))), "subjectAltName");
}

#[test]
fn a_request_with_another_key_or_a_damaged_signature_is_refused() {
    let request = SigningRequest::build(&Subject::new("DE", "Example", "web"), None, key(KeyKind::P256)).unwrap();
    let other = SigningRequest::build(&Subject::new("DE", "Example", "web"), None, key(KeyKind::P256)).unwrap();
    let point = |request: &SigningRequest| request.public_key().info().subject_public_key.raw_bytes().to_vec();
    let mut swapped = request.der().to_vec();
    let at = swapped.windows(65).position(|window| window == point(&request)).unwrap();
    swapped[at..at + 65].copy_from_slice(&point(&other));
    assert_eq!(refused(SigningRequest::from_der(&swapped)), "signature");
    let mut damaged = request.der().to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(refused(SigningRequest::from_der(&damaged)), "signature");
}

/// A change to a leaf, and the fields in which it must be found.
type Forgery = (&'static str, fn(&mut Body), &'static [&'static str]);

#[test]
fn each_fault_of_a_forged_leaf_is_found_in_its_field() {
    let tiers = Tiers::new();
    let good = web(&tiers);
    let forgeries: [Forgery; 19] = [
        ("no alternative names", |body| body.without(ID_CE_SUBJECT_ALT_NAME), &["subjectAltName"]),
        (
            "critical names beside a subject",
            |body| body.extension(ID_CE_SUBJECT_ALT_NAME).critical = true,
            &["subjectAltName"],
        ),
        ("U-label", |body| dns(body, "b\u{fc}cher.example.org"), &["extensions", "subjectAltName"]),
        (
            "malformed A-label",
            |body| dns(body, "xn--99999999.example.org"),
            &["subjectAltName.dNSName", "subjectAltName"],
        ),
        (
            "common name not among the names",
            |body| dns(body, "db.example.org"),
            &["subject.commonName", "subjectAltName"],
        ),
        ("no key identifier", |body| body.without(ID_CE_SUBJECT_KEY_IDENTIFIER), &["subjectKeyIdentifier"]),
        (
            "critical key identifier",
            |body| body.extension(ID_CE_SUBJECT_KEY_IDENTIFIER).critical = true,
            &["extensions"],
        ),
        (
            "no authority key identifier",
            |body| body.without(ID_CE_AUTHORITY_KEY_IDENTIFIER),
            &["authorityKeyIdentifier"],
        ),
        ("another authority's key identifier", another_authority, &["authorityKeyIdentifier"]),
        (
            "critical authority key",
            |body| body.extension(ID_CE_AUTHORITY_KEY_IDENTIFIER).critical = true,
            &["extensions"],
        ),
        ("keyCertSign", |body| usage(body, KeyUsages::DigitalSignature | KeyUsages::KeyCertSign), &["keyUsage"]),
        ("usage not critical", |body| body.extension(ID_CE_KEY_USAGE).critical = false, &["keyUsage"]),
        ("no basicConstraints", |body| body.without(ID_CE_BASIC_CONSTRAINTS), &["basicConstraints"]),
        (
            "basicConstraints not critical",
            |body| body.extension(ID_CE_BASIC_CONSTRAINTS).critical = false,
            &["basicConstraints"],
        ),
        (
            "for clients only",
            |body| body.set(ID_CE_EXT_KEY_USAGE, &ExtendedKeyUsage(vec![ID_KP_CLIENT_AUTH])),
            &["extKeyUsage"],
        ),
        ("for code signing too", code_signing, &["extKeyUsage"]),
        ("no usages", |body| body.without(ID_CE_EXT_KEY_USAGE), &["extKeyUsage"]),
        ("unknown critical extension", unknown_critical, &["extensions"]),
        ("no distribution point", |body| body.without(ID_CE_CRL_DISTRIBUTION_POINTS), &["cRLDistributionPoints"]),
    ];
    for (what, change, found) in forgeries {
        let mut body = Body::of(&good);
        change(&mut body);
        let forged = body.sign(&tiers.intermediate_key);
        let named = fields(strict(&tiers, &forged, "web.example.org"));
        assert!(
            named == found || found.len() > 1 && named.iter().any(|field| found.contains(field)),
            "{what}: {named:?}"
        );
    }
}

fn dns(body: &mut Body, name: &str) {
    // An IA5String cannot hold the U-label: its bytes are put there behind the encoder's back.
    let ascii: String = name.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    body.set(ID_CE_SUBJECT_ALT_NAME, &SubjectAltName(vec![GeneralName::DnsName(Ia5String::new(&ascii).unwrap())]));
    let value = &mut body.extension(ID_CE_SUBJECT_ALT_NAME).extn_value;
    let bytes: Vec<u8> = value.as_bytes().iter().map(|byte| if *byte == b'?' { 0xfc } else { *byte }).collect();
    *value = OctetString::new(bytes).unwrap();
}

fn usage(body: &mut Body, usages: flagset::FlagSet<KeyUsages>) {
    body.set(ID_CE_KEY_USAGE, &KeyUsage(usages));
}

fn code_signing(body: &mut Body) {
    body.set(ID_CE_EXT_KEY_USAGE, &ExtendedKeyUsage(vec![ID_KP_SERVER_AUTH, ID_KP_CODE_SIGNING]));
}

fn another_authority(body: &mut Body) {
    let key_identifier = Some(OctetString::new([7; 20]).unwrap());
    let other =
        AuthorityKeyIdentifier { key_identifier, authority_cert_issuer: None, authority_cert_serial_number: None };
    body.set(ID_CE_AUTHORITY_KEY_IDENTIFIER, &other);
}

fn unknown_critical(body: &mut Body) {
    let unknown = Extension {
        extn_id: "1.3.6.1.4.1.55555.1".parse().unwrap(),
        critical: true,
        extn_value: OctetString::new([5, 0]).unwrap(),
    };
    body.extensions.as_mut().unwrap().push(unknown);
}

#[test]
fn a_forged_leaf_outside_of_the_constraints_fails() {
    let tiers = Tiers::new();
    let good = web(&tiers);
    for host in ["web.example.com", "11.0.0.1", "2001:db9::1"] {
        let mut body = Body::of(&good);
        body.subject = x509_cert::name::Name::default();
        body.set(ID_CE_SUBJECT_ALT_NAME, &names(&[host]).to_extension().unwrap());
        body.extension(ID_CE_SUBJECT_ALT_NAME).critical = true;
        let forged = body.sign(&tiers.intermediate_key);
        assert_eq!(fields(strict(&tiers, &forged, host)), ["nameConstraints"], "{host}");
    }
    let mut body = Body::of(&good);
    body.set(ID_CE_SUBJECT_ALT_NAME, &names(&["web.example.org", "*.example.com"]).to_extension().unwrap());
    assert_eq!(fields(strict(&tiers, &body.sign(&tiers.intermediate_key), "web.example.org")), ["nameConstraints"]);
}

#[test]
fn a_forged_leaf_that_outlives_its_issuer_fails() {
    let tiers = Tiers::new();
    let mut body = Body::of(&web(&tiers));
    body.validity.not_after = Time::INFINITY;
    assert_eq!(fields(strict(&tiers, &body.sign(&tiers.intermediate_key), "web.example.org")), ["validity.notAfter"]);
}

#[test]
fn a_forged_intermediate_below_an_intermediate_fails() {
    let tiers = Tiers::new();
    let second = key(KeyKind::P384);
    let mut body = Body::of(tiers.intermediate.certificate());
    body.issuer = tiers.intermediate.certificate().subject().clone();
    body.subject = Subject::new("DE", "Example", "Example Services CA 9").name().unwrap();
    body.key = second.public_key().info().clone();
    body.set(ID_CE_SUBJECT_KEY_IDENTIFIER, &OctetString::new(second.public_key().identifier()).unwrap());
    body.set(
        ID_CE_AUTHORITY_KEY_IDENTIFIER,
        &AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(tiers.intermediate.identifier()).unwrap()),
            authority_cert_issuer: None,
            authority_cert_serial_number: None,
        },
    );
    let below = body.sign(&tiers.intermediate_key);
    let authority = Authority::new(below.clone()).unwrap();
    let leaf_key = key(KeyKind::P256);
    let leaf = service(Role::Server, &["web.example.org"])
        .draft(&authority, leaf_key.public_key(), &terms(tiers.now, 90))
        .unwrap()
        .sign(&second)
        .unwrap();
    let result =
        with(&tiers, &leaf, &[tiers.intermediate.certificate().clone(), below], None, tiers.now, "web.example.org");
    assert_eq!(fields(result), ["basicConstraints.pathLenConstraint"]);
}

#[test]
fn a_leaf_that_calls_itself_an_authority_fails() {
    let tiers = Tiers::new();
    let mut body = Body::of(&web(&tiers));
    body.set(ID_CE_BASIC_CONSTRAINTS, &BasicConstraints { ca: true, path_len_constraint: None });
    let named = fields(strict(&tiers, &body.sign(&tiers.intermediate_key), "web.example.org"));
    assert!(!named.is_empty());
}

#[test]
fn a_signature_of_another_key_and_flipped_bits_fail() {
    let tiers = Tiers::new();
    let good = web(&tiers);
    let forged = Body::of(&good).sign(&key(KeyKind::P384));
    assert_eq!(fields(strict(&tiers, &forged, "web.example.org")), ["signatureValue"]);
    for bit in 0..8 {
        let mut der = good.der().to_vec();
        *der.last_mut().unwrap() ^= 1 << bit;
        if let Ok(damaged) = Certificate::from_der(&der) {
            assert_eq!(fields(strict(&tiers, &damaged, "web.example.org")), ["signatureValue"]);
        }
    }
}

#[test]
fn times_outside_of_any_validity_in_the_chain_fail_even_the_roots() {
    let tiers = Tiers::new();
    let leaf = web(&tiers);
    let intermediates = [tiers.intermediate.certificate().clone()];
    let at = |at: Moment| fields(with(&tiers, &leaf, &intermediates, None, at, "web.example.org"));
    assert_eq!(at(tiers.now.before(2 * DAY).unwrap())[0], "validity.notBefore");
    assert_eq!(at(tiers.now.after(100 * DAY).unwrap()), ["validity.notAfter"]);
    // A root that expired before what it signed: path validation by itself takes no offence.
    let mut body = Body::of(tiers.root.certificate());
    body.validity.not_after =
        Validity::starting(tiers.now.before(DAY).unwrap(), 1).map(|v| time(v.not_after())).unwrap();
    body.validity.not_before = time(tiers.now.before(9 * DAY).unwrap());
    let expired = body.sign(&tiers.root_key);
    let trust = Trust { anchors: &[expired], intermediates: &intermediates, lists: None, at: tiers.now };
    let found = fields(verify::strict(&leaf, &trust, Purpose::Server, None));
    assert!(found.contains(&"validity") || found.contains(&"validity.notAfter"), "{found:?}");
}

fn time(moment: Moment) -> Time {
    Time::UtcTime(der::asn1::UtcTime::from_unix_duration(std::time::Duration::from_secs(moment.unix())).unwrap())
}

#[test]
fn lists_of_both_levels_are_needed_and_must_be_fresh() {
    let tiers = Tiers::new();
    let leaf = web(&tiers);
    let intermediates = [tiers.intermediate.certificate().clone()];
    let (root, intermediate) = (tiers.root_list(&[]), tiers.intermediate_list(&[]));
    let verify = |lists: &[RevocationList], at| with(&tiers, &leaf, &intermediates, Some(lists), at, "web.example.org");
    verify(&[root.clone(), intermediate.clone()], tiers.now).unwrap();
    for lists in [vec![], vec![root.clone()], vec![intermediate.clone()]] {
        let problem = verify(&lists, tiers.now).unwrap_err().to_string();
        assert!(problem.contains("none is there"), "{problem}");
    }
    let stale = verify(&[root, intermediate], tiers.now.after(8 * DAY).unwrap()).unwrap_err().to_string();
    assert!(stale.contains("it expired 2026-12-02T18:00:00Z"), "{stale}");
}

#[test]
fn what_is_revoked_on_either_level_fails() {
    let tiers = Tiers::new();
    let leaf = web(&tiers);
    let intermediates = [tiers.intermediate.certificate().clone()];
    let entry = |serial, reason| [Entry { serial, revoked: tiers.now, reason }];
    let lists = [tiers.root_list(&[]), tiers.intermediate_list(&entry(leaf.serial().unwrap(), Reason::KeyCompromise))];
    let problem =
        with(&tiers, &leaf, &intermediates, Some(&lists), tiers.now, "web.example.org").unwrap_err().to_string();
    assert!(
        problem.contains("\"web.example.org\": revocation: it was revoked 2026-11-25T19:00:00Z (keyCompromise)"),
        "{problem}"
    );
    let serial = tiers.intermediate.certificate().serial().unwrap();
    let lists = [tiers.root_list(&entry(serial, Reason::Unspecified)), tiers.intermediate_list(&[])];
    let problem =
        with(&tiers, &leaf, &intermediates, Some(&lists), tiers.now, "web.example.org").unwrap_err().to_string();
    assert!(problem.contains("\"Example Services CA 1\": revocation: it was revoked"), "{problem}");
}

#[test]
fn lists_count_up_and_keep_what_they_revoked() {
    let tiers = Tiers::new();
    let serial = web(&tiers).serial().unwrap();
    let entries = [Entry { serial, revoked: tiers.now, reason: Reason::Superseded }];
    let first = tiers.intermediate_list(&entries);
    assert_eq!((first.number().unwrap(), first.entries().unwrap().as_slice()), (1, entries.as_slice()));
    let build = |terms: &ListTerms, entries: &[Entry], previous: &RevocationList| {
        ListToBeSigned::build(&tiers.intermediate, Issuing::Intermediate, terms, entries, Some(previous))
    };
    let next = ListTerms::next(tiers.now.after(DAY).unwrap(), Some(&first)).unwrap();
    assert_eq!(next.number, 2);
    build(&next, &entries, &first).unwrap().sign(&tiers.intermediate_key).unwrap();
    assert_eq!(refused(build(&ListTerms { number: 1, ..next.clone() }, &entries, &first)), "cRLNumber");
    assert_eq!(refused(build(&next, &[], &first)), "revokedCertificates");
    let earlier = ListTerms { this_update: tiers.now.before(DAY).unwrap(), ..next.clone() };
    assert_eq!(refused(build(&earlier, &entries, &first)), "thisUpdate");
    assert_eq!(refused(build(&next, &entries, &tiers.root_list(&[]))), "authorityKeyIdentifier");
    assert_eq!(refused(build(&next, &[entries[0].clone(), entries[0].clone()], &first)), "revokedCertificates");
    // Ninety days on, what was revoked has expired by itself.
    let later = ListTerms::next(tiers.now.after(92 * DAY).unwrap(), Some(&first)).unwrap();
    let empty = build(&later, &[], &first).unwrap().sign(&tiers.intermediate_key).unwrap();
    assert_eq!(empty.tbs().revoked_certificates, None, "an empty list is left out");
}

#[test]
fn damaged_files_are_refused_and_never_a_panic() {
    let tiers = Tiers::new();
    let leaf = web(&tiers);
    let entry = Entry { serial: leaf.serial().unwrap(), revoked: tiers.now, reason: Reason::KeyCompromise };
    let list = tiers.intermediate_list(&[entry]);
    let request = SigningRequest::build(
        &Subject::new("DE", "Example", "web"),
        Some(&names(&["web.example.org"])),
        key(KeyKind::P256),
    )
    .unwrap();
    for der in [leaf.der(), list.der(), request.der()] {
        for length in 0..der.len() {
            let cut = &der[..length];
            assert!(
                Certificate::from_der(cut).is_err()
                    && RevocationList::from_der(cut).is_err()
                    && SigningRequest::from_der(cut).is_err()
            );
        }
        for at in 0..der.len() {
            for flipped in [0x01, 0x80, 0xff] {
                let mut damaged = der.to_vec();
                damaged[at] ^= flipped;
                look_at(&tiers, &damaged);
            }
        }
        let mut longer = der.to_vec();
        longer.push(0);
        assert!(
            Certificate::from_der(&longer).is_err()
                && RevocationList::from_der(&longer).is_err()
                && SigningRequest::from_der(&longer).is_err()
        );
    }
}

/// Everything that reads foreign bytes.
fn look_at(tiers: &Tiers, der: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(der) {
        let _ = (
            certificate.names(),
            certificate.serial(),
            certificate.public_key(),
            certificate.label(),
            certificate.to_pem(),
        );
        let _ = pki::lint::certificate(certificate.tbs());
        let _ = pki::lint::pair(tiers.intermediate.certificate(), certificate.tbs());
        let _ = Authority::new(certificate);
    }
    if let Ok(list) = RevocationList::from_der(der) {
        let _ = (list.entries(), list.number(), list.authority_key(), list.label());
        let _ = pki::lint::list(&list, Some(tiers.intermediate.certificate()));
    }
    if let Ok(request) = SigningRequest::from_der(der) {
        let _ = (request.names(pki::dns::Wildcards::Refused), request.refuse_authority());
    }
}

#[test]
fn a_plan_that_fixes_dates_beyond_2049_is_written_as_generalized_time() {
    let tiers = Tiers::at(Moment::parse("2049-12-01T00:00:00Z").unwrap());
    let fixed = Terms { serial: pki::serial::Serial::parse("0123456789abcdef").unwrap(), ..terms(tiers.now, 90) };
    let draft = service(Role::Both, &["web.example.org"])
        .draft(&tiers.intermediate, key(KeyKind::P256).public_key(), &fixed)
        .unwrap();
    assert!(matches!(draft.tbs().validity().not_before, Time::UtcTime(_)));
    assert!(matches!(draft.tbs().validity().not_after, Time::GeneralTime(_)));
    let leaf = draft.sign(&tiers.intermediate_key).unwrap();
    strict(&tiers, &leaf, "web.example.org").unwrap();
    assert_eq!(leaf.serial().unwrap().to_string(), "0123456789abcdef");
}
