//! Builds the helpers, the static programs that work on the hosts, and hands them to the program that carries them.
//!
//! Why it is done here, and with which settings: docs/decisions/helper-in-the-program.md.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use bundle::Bundle;
use sha2::{Digest, Sha256};

#[expect(unreachable_pub, reason = "it is a public type of the crate that it belongs to")]
#[path = "crates/modules/src/bundle.rs"]
mod bundle;
#[path = "build/packing.rs"]
mod packing;
#[path = "build/unwinding.rs"]
mod unwinding;

/// Names a folder with prebuilt helpers to carry instead.
const PREBUILT: &str = "PROVISION_HELPER";

/// What the helpers are made of.
const SOURCES: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "crates/helper",
    "crates/http",
    "crates/macros",
    "crates/modules",
    "crates/pki",
    "crates/protocol",
    "crates/pyregex",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=crates/modules/src/bundle.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    if env::var("PROFILE")? != "release" {
        // A debug build makes its helpers when it first needs them (src/helper_binary.rs): checks and tests stay quick.
        return Bundle::ALL.into_iter().try_for_each(|bundle| carry(&out, bundle, &[], ""));
    }
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-env-changed={PREBUILT}");

    let prebuilt = env::var_os(PREBUILT).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = match &prebuilt {
        Some(folder) => folder.clone(),
        None => build()?,
    };
    let architecture = env::var("CARGO_CFG_TARGET_ARCH")?;
    for bundle in Bundle::ALL {
        let path = folder.join(format!("provision-helper-{}", bundle.name()));
        let mut program = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if prebuilt.is_some() {
            println!("cargo::rerun-if-changed={}", path.display());
        } else {
            unwinding::clear(&mut program).map_err(|reason| format!("{}: {reason}", path.display()))?;
        }
        carry(&out, bundle, &program, &architecture)?;
    }
    Ok(())
}

/// Writes what src/helper_binary.rs reads of a helper.
fn carry(out: &Path, bundle: Bundle, program: &[u8], architecture: &str) -> Result<(), Box<dyn Error>> {
    let (gz, xz) = if program.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        (packing::gzip(program)?, packing::xz(program, architecture)?)
    };
    let file = |kind: &str| out.join(format!("helper-{}.{kind}", bundle.name()));
    fs::write(file("gz"), gz)?;
    fs::write(file("xz"), xz)?;
    let hash: String = Sha256::digest(program).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(file("rs"), format!("(\"{hash}\", {})", program.len()))?;
    Ok(())
}

/// Runs cargo on the helpers, away from the settings and the target folder of the cargo that runs this; the folder that
/// holds them.
///
/// One cargo for all of them: what they share is compiled once, and they are linked beside each other.
fn build() -> Result<PathBuf, Box<dyn Error>> {
    let target = env::var("TARGET")?;
    if !target.ends_with("-linux-gnu") {
        return Err(format!(
            "the helpers are built for Linux with glibc, not for {target}: build them on such a machine and name their \
             folder in {PREBUILT}"
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
        .args(["build", "--locked", "--quiet", "--package", "provision-helper", "--bins"])
        .args(["--profile", "helper", "--target", &target])
        .arg("--manifest-path")
        .arg(Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&folder)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .status()?;
    if !status.success() {
        return Err(format!("the helpers could not be built ({status}); cargo's own words stand above").into());
    }
    Ok(folder.join(&target).join("helper"))
}
