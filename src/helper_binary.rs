//! The helper that this program carries, as `build.rs` made it; a debug build makes it when it first needs one.

use std::borrow::Cow;

use connection::HelperBinary;

/// The helper, gzipped; of no length in a debug build.
static BYTES_GZ: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/helper.gz"));

/// The helper's sha256 in hexadecimal, and its length in bytes, before gzip.
const SUM_AND_SIZE: (&str, u64) = include!(concat!(env!("OUT_DIR"), "/helper.rs"));

/// The helper.
///
/// # Errors
///
/// In a debug build alone: why none could be built.
pub fn helper_binary() -> Result<HelperBinary, String> {
    let (sha256_hex, size) = SUM_AND_SIZE;
    if size > 0 {
        return Ok(HelperBinary { bytes_gz: Cow::Borrowed(BYTES_GZ), sha256_hex: Cow::Borrowed(sha256_hex), size });
    }
    debug_build::helper_binary()
}

#[cfg(not(debug_assertions))]
mod debug_build {
    pub(super) fn helper_binary() -> Result<super::HelperBinary, String> {
        Err("this program was built without its helper; build it with `cargo build --release`".to_owned())
    }
}

#[cfg(debug_assertions)]
mod debug_build {
    //! Cargo is asked for the helper of this source tree; it says at once where nothing changed.

    use std::{
        borrow::Cow,
        env, fs,
        io::Write,
        path::{Path, PathBuf},
        process::Command,
    };

    use connection::HelperBinary;
    use flate2::{Compression, write::GzEncoder};
    use sha2::{Digest, Sha256};

    pub(super) fn helper_binary() -> Result<HelperBinary, String> {
        let path = match env::var_os("PROVISION_HELPER") {
            Some(path) => PathBuf::from(path),
            None => build()?,
        };
        let program = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        let packed = packed.write_all(&program).and_then(|()| packed.finish()).map_err(|error| error.to_string())?;
        let sum: String = Sha256::digest(&program).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(HelperBinary { bytes_gz: Cow::Owned(packed), sha256_hex: Cow::Owned(sum), size: program.len() as u64 })
    }

    fn build() -> Result<PathBuf, String> {
        let tree = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tree.join("target").join("helper");
        let mut cargo = Command::new("cargo");
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if (text.starts_with("CARGO") && text != "CARGO_HOME") || text.starts_with("RUSTC") {
                cargo.env_remove(&name);
            }
        }
        let output = cargo
            .args(["build", "--locked", "--quiet", "--package", "provision-helper", "--bin", "provision-helper"])
            .args(["--profile", "helper-dev", "--target", TARGET])
            .arg("--manifest-path")
            .arg(tree.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&folder)
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .output()
            .map_err(|error| format!("cargo cannot be run to build the helper: {error}"))?;
        if !output.status.success() {
            return Err(format!("the helper could not be built:\n{}", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(folder.join(TARGET).join("helper-dev").join("provision-helper"))
    }

    const TARGET: &str =
        if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };
}
