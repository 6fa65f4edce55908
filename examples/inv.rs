//! Local.
use provision::{
    config::{Config, Environment},
    inventory::{Inventory, list::Listing},
    vault::VaultSecrets,
};
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (mut sources, mut mode, mut pattern, mut export, mut vars, mut limit) =
        (vec![], "list".to_string(), "all".to_string(), false, false, None);
    let mut it = args.into_iter();
    let mut secrets = VaultSecrets::default();
    while let Some(a) = it.next() {
        match a.as_str() {
            "-i" => sources.push(it.next().unwrap()),
            "--list" => mode = "list".into(),
            "--graph" => mode = "graph".into(),
            "--hosts" => {
                mode = "hosts".into();
                pattern = it.next().unwrap();
            }
            "--host" => {
                mode = "host".into();
                pattern = it.next().unwrap();
            }
            "--export" => export = true,
            "--vars" => vars = true,
            "--limit" => limit = it.next(),
            "--vault-password-file" => secrets.push(
                "default",
                provision::vault::source::read(&it.next().unwrap(), None, &VaultSecrets::default()).unwrap(),
            ),
            other => pattern = other.into(),
        }
    }
    let mut warn = |d: provision::diagnostic::Diagnostic| eprintln!("{:?}", d);
    let config = match Config::load(Environment::current(), &mut warn) {
        Ok(c) => c,
        Err(e) => {
            for d in e.0 {
                eprintln!("ERR {d:?}");
            }
            std::process::exit(5)
        }
    };
    let mut inv = match Inventory::load(&sources, &config, &secrets, &mut warn) {
        Ok(i) => i,
        Err(e) => {
            eprintln!("ERR {:?}", e.0);
            std::process::exit(1)
        }
    };
    if let Err(e) = inv.set_limit(limit.as_deref()) {
        eprintln!("ERR {:?}", e.0);
        std::process::exit(1)
    }
    let l = Listing { export, ..Default::default() };
    let out = match mode.as_str() {
        "list" => l.json(&inv, &mut warn),
        "graph" => l.graph(&inv, &pattern, vars),
        "host" => l.host(&inv, &pattern, &mut warn),
        _ => inv
            .hosts_matching(&[pattern], &mut warn)
            .map(|h| h.iter().map(|x| x.to_string()).collect::<Vec<_>>().join("\n")),
    };
    match out {
        Ok(t) => println!("{t}"),
        Err(e) => {
            eprintln!("ERR {:?}", e.0);
            std::process::exit(1)
        }
    }
    for w in inv.take_warnings() {
        eprintln!("{w:?}");
    }
}
