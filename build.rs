//! Builds the helper, the static program that works on the hosts, and hands it to the program that carries it.
//!
//! Why it is done here, and with which settings: docs/decisions/helper-in-the-program.md.

use std::{
    env,
    error::Error,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

/// Names a prebuilt helper to carry instead.
const PREBUILT: &str = "PROVISION_HELPER";

/// What the helper is made of.
const SOURCES: [&str; 8] = [
    "Cargo.lock",
    "Cargo.toml",
    "crates/helper",
    "crates/http",
    "crates/macros",
    "crates/modules",
    "crates/protocol",
    "crates/pyregex",
];

fn main() -> Result<(), Box<dyn Error>> {
    let release = env::var("PROFILE")? == "release";
    if release {
        for source in SOURCES {
            println!("cargo::rerun-if-changed={source}");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={PREBUILT}");

    let program = match env::var(PREBUILT) {
        Ok(path) if !path.is_empty() => {
            println!("cargo::rerun-if-changed={path}");
            fs::read(&path).map_err(|error| format!("{PREBUILT} names {path}, which cannot be read: {error}"))?
        }
        _ if release => build()?,
        // A debug build makes its helper when it first needs one (src/helper_binary.rs): checks and tests stay quick.
        _ => Vec::new(),
    };

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&program)?;
    fs::write(out.join("helper.gz"), packed.finish()?)?;
    let hash: String = Sha256::digest(&program).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(out.join("helper.rs"), format!("(\"{hash}\", {})", program.len()))?;
    Ok(())
}

/// Runs cargo on the helper, away from the settings and the target folder of the cargo that runs this.
fn build() -> Result<Vec<u8>, Box<dyn Error>> {
    let target = env::var("TARGET")?;
    if !target.ends_with("-linux-gnu") {
        return Err(format!(
            "the helper is built for Linux with glibc, not for {target}: build it on such a machine and name the file \
             in {PREBUILT}"
        )
        .into());
    }
    let folder = PathBuf::from(env::var("OUT_DIR")?).join("helper-target");
    let mut cargo = Command::new(env::var("CARGO")?);
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        let of_cargo = name_text.starts_with("CARGO") && name_text != "CARGO_HOME";
        let of_rustc = name_text.starts_with("RUSTC") || name_text.starts_with("RUSTFLAGS");
        if of_cargo
            || of_rustc
            || matches!(&*name_text, "OUT_DIR" | "TARGET" | "HOST" | "PROFILE" | "DEBUG" | "OPT_LEVEL")
        {
            cargo.env_remove(&name);
        }
    }
    let status = cargo
        .args(["build", "--locked", "--quiet", "--package", "provision-helper", "--bin", "provision-helper"])
        .args(["--profile", "helper", "--target", &target])
        .arg("--manifest-path")
        .arg(Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&folder)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .status()?;
    if !status.success() {
        return Err(format!("the helper could not be built ({status}); cargo's own words stand above").into());
    }
    Ok(fs::read(folder.join(&target).join("helper").join("provision-helper"))?)
}
