//! Three tiers to test with, made anew for each test with a clock that stands.

pub(crate) mod forge;
pub(crate) mod meeting;
pub(crate) mod memory;

use pki::{
    authority::Authority,
    certificate::Certificate,
    clock::Moment,
    constraints::{Constraints, IpRange},
    crl::{Entry, Issuing, ListTerms, ListToBeSigned, RevocationList},
    dns::Wildcards,
    issue::{Terms, ToBeSigned},
    key::{KeyKind, PrivateKey},
    names::SubjectNames,
    profile::{Intermediate, Published, Role, Root, Service},
    random::SystemRandom,
    serial::Serial,
    subject::Subject,
    url::HttpUrl,
    validity::Validity,
};

/// A root, an intermediate and their keys.
pub(crate) struct Tiers {
    pub(crate) now: Moment,
    pub(crate) root_key: PrivateKey,
    pub(crate) root: Authority,
    pub(crate) intermediate_key: PrivateKey,
    pub(crate) intermediate: Authority,
}

pub(crate) fn url(text: &str) -> HttpUrl {
    HttpUrl::parse(text).unwrap()
}

pub(crate) fn names(names: &[&str]) -> SubjectNames {
    SubjectNames::parse(names.iter().copied(), Wildcards::Leftmost).unwrap()
}

pub(crate) fn key(kind: KeyKind) -> PrivateKey {
    PrivateKey::generate(kind, &mut SystemRandom).unwrap()
}

pub(crate) fn terms(now: Moment, days: u32) -> Terms {
    Terms { serial: Serial::generate(&mut SystemRandom).unwrap(), validity: Validity::starting(now, days).unwrap() }
}

pub(crate) fn root_published() -> Published {
    Published { crl: url("http://pki.example.org/root.crl"), certificate: url("http://pki.example.org/root.cer") }
}

pub(crate) fn intermediate_published() -> Published {
    Published {
        crl: url("http://pki.example.org/services-1.crl"),
        certificate: url("http://pki.example.org/services-1.cer"),
    }
}

pub(crate) fn constraints() -> Constraints {
    Constraints {
        dns: vec!["example.org".to_owned(), "svc.example.net".to_owned()],
        ip: vec![IpRange::parse("10.0.0.0/8").unwrap(), IpRange::parse("2001:db8::/32").unwrap()],
    }
}

pub(crate) fn service(role: Role, wanted: &[&str]) -> Service {
    Service {
        names: names(wanted),
        organization: Some("Example".to_owned()),
        role,
        keys: [Service::KEYS.as_slice(), &Service::KEYS_ON_DEMAND].concat(),
        published: intermediate_published(),
    }
}

pub(crate) fn intermediate_profile() -> Intermediate {
    Intermediate {
        subject: Subject::new("DE", "Example", "Example Services CA 1"),
        constraints: constraints(),
        published: root_published(),
    }
}

impl Tiers {
    pub(crate) fn new() -> Self {
        Self::at(Moment::parse("2026-11-25T19:00:00Z").unwrap())
    }

    pub(crate) fn at(now: Moment) -> Self {
        let root_key = key(KeyKind::P384);
        let root = Root { subject: Subject::new("DE", "Example", "Example Root CA") }
            .draft(root_key.public_key(), &terms(now, Root::DAYS))
            .unwrap()
            .sign(&root_key)
            .unwrap();
        let root = Authority::new(root).unwrap();
        let intermediate_key = key(KeyKind::P384);
        let intermediate = intermediate_profile()
            .draft(&root, intermediate_key.public_key(), &terms(now, Intermediate::DAYS))
            .unwrap()
            .sign(&root_key)
            .unwrap();
        Self { now, root_key, root, intermediate_key, intermediate: Authority::new(intermediate).unwrap() }
    }

    pub(crate) fn draft(&self, kind: KeyKind, role: Role, wanted: &[&str]) -> ToBeSigned {
        let key = key(kind);
        service(role, wanted).draft(&self.intermediate, key.public_key(), &terms(self.now, Service::DAYS)).unwrap()
    }

    pub(crate) fn issue(&self, kind: KeyKind, role: Role, wanted: &[&str]) -> Certificate {
        self.draft(kind, role, wanted).sign(&self.intermediate_key).unwrap()
    }

    pub(crate) fn root_list(&self, entries: &[Entry]) -> RevocationList {
        self.list(Issuing::Root, entries)
    }

    pub(crate) fn intermediate_list(&self, entries: &[Entry]) -> RevocationList {
        self.list(Issuing::Intermediate, entries)
    }

    fn list(&self, issuing: Issuing, entries: &[Entry]) -> RevocationList {
        let (issuer, key) = match issuing {
            Issuing::Root => (&self.root, &self.root_key),
            Issuing::Intermediate => (&self.intermediate, &self.intermediate_key),
        };
        let terms = ListTerms::next(self.now, None).unwrap();
        ListToBeSigned::build(issuer, issuing, &terms, entries, None).unwrap().sign(key).unwrap()
    }
}
