//! The helpers that this program carries, as `build.rs` made them; a debug build makes them when it first needs them.

use std::{borrow::Cow, cell::OnceCell};

use connection::HelperBinary;
use modules::Bundle;

/// A helper as `build.rs` left it: gzipped, in an xz file, and its sha256 and its length in bytes before that. All of
/// them are empty in a debug build.
macro_rules! carried {
    ($name:literal) => {{
        static GZ: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/helper-", $name, ".gz"));
        static XZ: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/helper-", $name, ".xz"));
        const SUM_AND_SIZE: (&str, u64) = include!(concat!(env!("OUT_DIR"), "/helper-", $name, ".rs"));
        HelperBinary {
            name: $name,
            bytes_gz: Cow::Borrowed(GZ),
            bytes_xz: Cow::Borrowed(XZ),
            sha256_hex: Cow::Borrowed(SUM_AND_SIZE.0),
            size: SUM_AND_SIZE.1,
        }
    }};
}

/// The helper of a bundle that this program carries, of size 0 where it carries none.
fn carried(bundle: Bundle) -> HelperBinary {
    match bundle {
        Bundle::Base => carried!("base"),
        Bundle::Web => carried!("web"),
        Bundle::Crypto => carried!("crypto"),
    }
}

/// The helpers, one a bundle of modules.
#[derive(Debug)]
pub struct Helpers {
    base: OnceCell<HelperBinary>,
    web: OnceCell<HelperBinary>,
    crypto: OnceCell<HelperBinary>,
    source: source::Source,
}

impl Helpers {
    /// Finds where they are.
    ///
    /// # Errors
    ///
    /// Where this program carries none; in a debug build: why none could be built.
    pub fn find() -> Result<Self, String> {
        Ok(Self {
            base: OnceCell::new(),
            web: OnceCell::new(),
            crypto: OnceCell::new(),
            source: source::Source::find()?,
        })
    }

    /// The helper with the modules of a bundle.
    ///
    /// # Errors
    ///
    /// In a debug build alone: its file cannot be read.
    pub fn of(&self, bundle: Bundle) -> Result<&HelperBinary, String> {
        let known = match bundle {
            Bundle::Base => &self.base,
            Bundle::Web => &self.web,
            Bundle::Crypto => &self.crypto,
        };
        if let Some(known) = known.get() {
            return Ok(known);
        }
        let read = self.source.read(bundle)?;
        Ok(known.get_or_init(|| read))
    }
}

#[cfg(not(debug_assertions))]
mod source {
    //! They are part of this program.

    use super::{Bundle, HelperBinary, carried};

    #[derive(Debug)]
    pub(super) struct Source;

    impl Source {
        pub(super) fn find() -> Result<Self, String> {
            if Bundle::ALL.into_iter().any(|bundle| carried(bundle).size == 0) {
                return Err(
                    "this program was built without its helpers; build it with `cargo build --release`".to_owned()
                );
            }
            Ok(Self)
        }

        pub(super) fn read(&self, bundle: Bundle) -> Result<HelperBinary, String> {
            Ok(carried(bundle))
        }
    }
}

#[cfg(debug_assertions)]
mod source {
    //! Cargo is asked for the helpers of this source tree; it says at once where nothing changed. `PROVISION_HELPER` names
    //! a folder that holds them already.

    use std::{
        env, fs,
        io::Write,
        path::{Path, PathBuf},
        process::Command,
    };

    use flate2::{Compression, write::GzEncoder};
    use sha2::{Digest, Sha256};

    use super::{Bundle, HelperBinary, carried};

    /// The folder that holds them; none where the program carries them.
    #[derive(Debug)]
    pub(super) struct Source(Option<PathBuf>);

    impl Source {
        pub(super) fn find() -> Result<Self, String> {
            if Bundle::ALL.into_iter().all(|bundle| carried(bundle).size > 0) {
                return Ok(Self(None));
            }
            Ok(Self(Some(match env::var_os("PROVISION_HELPER").filter(|folder| !folder.is_empty()) {
                Some(folder) => PathBuf::from(folder),
                None => build()?,
            })))
        }

        pub(super) fn read(&self, bundle: Bundle) -> Result<HelperBinary, String> {
            let Some(folder) = &self.0 else { return Ok(carried(bundle)) };
            let path = folder.join(format!("provision-helper-{}", bundle.name()));
            let program = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            let packed =
                packed.write_all(&program).and_then(|()| packed.finish()).map_err(|error| error.to_string())?;
            let sum: String = Sha256::digest(&program).iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(HelperBinary {
                name: bundle.name(),
                bytes_gz: packed.into(),
                bytes_xz: Vec::new().into(),
                sha256_hex: sum.into(),
                size: program.len() as u64,
            })
        }
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
            .args(["build", "--locked", "--quiet", "--package", "provision-helper", "--bins"])
            .args(["--profile", "helper-dev", "--target", TARGET])
            .arg("--manifest-path")
            .arg(tree.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&folder)
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .output()
            .map_err(|error| format!("cargo cannot be run to build the helpers: {error}"))?;
        if !output.status.success() {
            return Err(format!("the helpers could not be built:\n{}", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(folder.join(TARGET).join("helper-dev"))
    }

    const TARGET: &str =
        if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };
}
