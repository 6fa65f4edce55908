//! How many service certificates are issued in a second of CPU: key, request, its check, bytes, lint, signature and its check.
//!
//!     cargo run --release -p provision-pki --example issuing_rate -- 1000

use std::{error::Error, fs, time::Instant};

use pki::{
    authority::Authority,
    clock::{Clock, SystemClock},
    constraints::Constraints,
    dns::Wildcards,
    issue::Terms,
    key::{KeyKind, PrivateKey},
    names::SubjectNames,
    profile::{Intermediate, Published, Role, Root, Service},
    random::SystemRandom,
    request::SigningRequest,
    serial::Serial,
    store::{Kind, Store, SystemFiles},
    subject::Subject,
    url::HttpUrl,
    validity::Validity,
};

fn main() -> Result<(), Box<dyn Error>> {
    let count: usize = std::env::args().nth(1).map_or(Ok(1000), |text| text.parse())?;
    let now = SystemClock.now()?;
    let terms = |days| {
        pki::Result::Ok(Terms {
            serial: Serial::generate(&mut SystemRandom)?,
            validity: Validity::starting(now, days)?,
        })
    };
    let published = Published {
        crl: HttpUrl::parse("http://pki.example.org/a.crl")?,
        certificate: HttpUrl::parse("http://pki.example.org/a.cer")?,
    };
    let root_key = PrivateKey::generate(KeyKind::P384, &mut SystemRandom)?;
    let root = Root { subject: Subject::new("DE", "Example", "Example Root CA") }
        .draft(root_key.public_key(), &terms(Root::DAYS)?)?
        .sign(&root_key)?;
    let root = Authority::new(root)?;
    let key = PrivateKey::generate(KeyKind::P384, &mut SystemRandom)?;
    let intermediate = Intermediate {
        subject: Subject::new("DE", "Example", "Example Services CA 1"),
        constraints: Constraints { dns: vec!["example.org".to_owned()], ip: Vec::new() },
        published: published.clone(),
    }
    .draft(&root, key.public_key(), &terms(Intermediate::DAYS)?)?
    .sign(&root_key)?;
    let intermediate = Authority::new(intermediate)?;

    let requests = timed("keys and requests made", count, |at| {
        let names = SubjectNames::parse([format!("host{at}.example.org").as_str()], Wildcards::Refused)?;
        let key = PrivateKey::generate(KeyKind::P256, &mut SystemRandom)?;
        let subject = Subject { common_name: names.common_name(), ..Subject::default() };
        Ok((SigningRequest::build(&subject, Some(&names), &key)?.der().to_vec(), names))
    })?;
    let draft = |at: usize| {
        let (der, names) = requests.get(at).cloned().unwrap_or_else(|| unreachable!("as many as were made"));
        let request = SigningRequest::from_der(&der)?;
        let profile = Service {
            names,
            organization: None,
            role: Role::Both,
            keys: Service::KEYS.to_vec(),
            published: published.clone(),
        };
        profile.draft_for(&intermediate, &request, &terms(Service::DAYS)?)
    };
    timed("certificates issued", count, |at| draft(at)?.sign(&key))?;
    let folder = std::env::temp_dir().join(format!("issuing-rate-{}", std::process::id()));
    let mut store = Store::create(SystemFiles::new(&folder)?, SystemClock, Kind::Production)?;
    timed("certificates issued and stored", count, |at| store.issue(draft(at)?, &key))?;
    timed("times all certificates issued and stored in one go", 1, |_| {
        let drafts = (0..count).map(|at| Ok((None, draft(at)?))).collect::<pki::Result<Vec<_>>>()?;
        store.issue_all(drafts, &key)
    })?;
    drop(store);
    timed("stores opened with all of them", 1, |_| {
        Store::open(SystemFiles::new(&folder).map_err(|e| pki::Error::io("store", e, ""))?, SystemClock).map(drop)
    })?;
    fs::remove_dir_all(folder)?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn timed<T>(what: &str, count: usize, mut each: impl FnMut(usize) -> pki::Result<T>) -> Result<Vec<T>, Box<dyn Error>> {
    let (cpu, wall) = (cpu_seconds()?, Instant::now());
    let made = (0..count).map(&mut each).collect::<pki::Result<Vec<_>>>()?;
    let cpu = cpu_seconds()? - cpu;
    println!(
        "{count} {what}: {cpu:.2} s of CPU, {:.2} s in all, {:.0} a CPU second",
        wall.elapsed().as_secs_f64(),
        count as f64 / cpu
    );
    Ok(made)
}

/// User and system time of this process, from /proc (hundredths of a second).
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<_> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / 100.0)
}
