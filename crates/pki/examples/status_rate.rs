//! How long the state of a store with many certificates takes: the log read and checked, the overview made.
//!
//!     cargo run --release -p provision-pki --example status_rate -- FOLDER [COUNT]
//!
//! The folder is made by the first call, with that many certificates, and taken as it is by the next ones; `provision pki
//! status --store FOLDER` reads it too.

use std::{error::Error, time::Instant};

use pki::{
    authority::Authority,
    clock::{Clock, SystemClock},
    dns::Wildcards,
    issue::Terms,
    key::{KeyKind, PrivateKey},
    names::SubjectNames,
    overview,
    profile::{Intermediate, Role, Root, Service},
    random::SystemRandom,
    request::SigningRequest,
    serial::Serial,
    store::{Holder, Kind, Settings, Store, SystemFiles, View},
    validity::Validity,
};

#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    let count: usize = std::env::args().nth(2).map_or(Ok(10_000), |text| text.parse())?;
    if !std::path::Path::new(&folder).join("log.jsonl").exists() {
        make(&folder, count)?;
    }
    for _ in 0..5 {
        let start = Instant::now();
        let view = View::open(SystemFiles::at_folder(&folder))?;
        let read = start.elapsed();
        let overview = overview::of(view.index(), SystemClock.now()?)?;
        println!(
            "{} certificates: log of {} lines read in {:.3} s, overview in {:.3} s more",
            overview.services.len(),
            view.lines(),
            read.as_secs_f64(),
            (start.elapsed() - read).as_secs_f64()
        );
    }
    Ok(())
}

fn make(folder: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let settings = Settings {
        organization: "Example".to_owned(),
        country: Some("DE".to_owned()),
        url: "http://pki.example.org/".to_owned(),
        dns: vec!["example.org".to_owned()],
        ip: Vec::new(),
    };
    let mut store = Store::create(SystemFiles::new(folder)?, SystemClock, Kind::Rehearsal)?;
    store.configure(settings.clone())?;
    let now = store.now()?;
    let terms = |days| {
        Ok::<_, pki::Error>(Terms {
            serial: Serial::generate(&mut SystemRandom)?,
            validity: Validity::starting(now, days)?,
        })
    };
    let root_key = PrivateKey::generate(KeyKind::P384, &mut SystemRandom)?;
    let root = Root { subject: settings.subject("Example Root CA") }
        .draft(root_key.public_key(), &terms(Root::DAYS)?)?
        .sign(&root_key)?;
    store.trust_root(&root)?;
    let key = PrivateKey::generate(KeyKind::P384, &mut SystemRandom)?;
    let subject = settings.subject("Example Services CA 1");
    let request = SigningRequest::build(&subject, None, &key)?;
    store.keep_key("services-1", b"no key is needed here", &request)?;
    let intermediate =
        Intermediate { subject, constraints: settings.constraints()?, published: settings.published("root")? }
            .draft(&Authority::new(root)?, key.public_key(), &terms(Intermediate::DAYS)?)?
            .sign(&root_key)?;
    store.install("services-1", &intermediate)?;
    let intermediate = Authority::new(intermediate)?;
    let service_key = PrivateKey::generate(KeyKind::P256, &mut SystemRandom)?;
    for at in 0..count {
        let host = format!("host{at}.example.org");
        let profile = Service {
            names: SubjectNames::parse([host.as_str()], Wildcards::Refused)?,
            organization: Some("Example".to_owned()),
            role: Role::Both,
            keys: Service::KEYS.to_vec(),
            published: settings.published("services-1")?,
        };
        let draft = profile.draft(&intermediate, service_key.public_key(), &terms(Service::DAYS)?)?;
        store.issue_to(Some(&Holder::new("web", Some(&host))?), draft, &key)?;
    }
    Ok(())
}
