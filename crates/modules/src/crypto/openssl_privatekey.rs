//! `openssl_privatekey`: a private key in a file.
//!
//! The key that is there is kept as long as it is what was asked for; `regenerate` says what becomes of one that is not.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::options::{Library, State, one_fingerprint};
use crate::{
    prelude::*,
    support::crypto::{
        describe::digests::fingerprints,
        file,
        key::{self, Curve, LoadError, PrivateKey, Wanted, WriteError},
        pem::{self, KeyForm},
    },
};

/// What kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
enum KeyType {
    /// DSA; it is refused.
    #[choice("DSA")]
    Dsa,
    /// A key on `curve`.
    #[choice("ECC")]
    Ecc,
    /// Ed25519.
    #[choice("Ed25519")]
    Ed25519,
    /// Ed448; it is refused.
    #[choice("Ed448")]
    Ed448,
    /// RSA of `size` bits.
    #[choice("RSA")]
    Rsa,
    /// X25519.
    #[choice("X25519")]
    X25519,
    /// X448; it is refused.
    #[choice("X448")]
    X448,
}

/// How the key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
enum Format {
    /// The kind's own form, PEM.
    Pkcs1,
    /// PKCS #8, PEM.
    Pkcs8,
    /// Bare bytes.
    Raw,
    /// PKCS #1, or PKCS #8 for kinds that have none.
    Auto,
    /// As `auto` for a new key; one that is there may be in any.
    AutoIgnore,
}

/// What to do with a key in another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
enum FormatMismatch {
    /// Make a new one.
    Regenerate,
    /// Write it anew.
    Convert,
}

/// When a key is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Choice)]
enum Regenerate {
    /// Never, once there is one that can be read.
    Never,
    /// Never; fail where it is another one.
    Fail,
    /// Where it is another one, not where it cannot be read.
    PartialIdempotence,
    /// Where it is another one or cannot be read.
    FullIdempotence,
    /// Always.
    Always,
}

/// Generates private keys.
///
/// RSA, ECC (secp256r1, secp384r1, secp521r1, secp256k1), Ed25519 and X25519 keys can be made; DSA, Ed448, X448 and
/// other curves are refused. A key that is there and is what was asked for stays. The file is only for its owner unless
/// `mode` says otherwise.
#[derive(Debug, Arguments)]
#[arguments(required_if("type", "ECC", ["curve"]))]
pub struct OpensslPrivatekeyArgs {
    /// Size of an RSA key, in bits.
    #[arg(default = 4096)]
    size: i64,
    /// What kind of key.
    #[arg(default = "RSA")]
    r#type: KeyType,
    /// The curve of an ECC key.
    #[arg(choices(
        "secp224r1",
        "secp256k1",
        "secp256r1",
        "secp384r1",
        "secp521r1",
        "secp192r1",
        "brainpoolP256r1",
        "brainpoolP384r1",
        "brainpoolP512r1",
        "sect163k1",
        "sect163r2",
        "sect233k1",
        "sect233r1",
        "sect283k1",
        "sect283r1",
        "sect409k1",
        "sect409r1",
        "sect571k1",
        "sect571r1"
    ))]
    curve: Option<String>,
    /// The passphrase that the key is encrypted with.
    #[arg(no_log)]
    passphrase: Option<String>,
    /// The cipher to encrypt with: `auto`.
    #[arg(default = "auto")]
    cipher: String,
    /// How the key is written.
    #[arg(default = "auto_ignore")]
    format: Format,
    /// What to do with a key that is written in another form.
    #[arg(default = "regenerate")]
    format_mismatch: FormatMismatch,
    #[expect(dead_code, reason = "there is one library, whatever is chosen")]
    /// The library to use; here there is one alone.
    #[arg(default = "auto")]
    select_crypto_backend: Library,
    /// When a key that is there is replaced.
    #[arg(default = "full_idempotence")]
    regenerate: Regenerate,
    /// Whether the file shall be there.
    #[arg(default = "present")]
    state: State,
    /// Make a new key in any case.
    #[arg(default = false)]
    force: bool,
    /// The file.
    #[arg(required)]
    path: PathArg,
    /// Keep the file that was there beside it, under a name with the time.
    #[arg(default = false)]
    backup: bool,
    /// Return the key itself.
    #[arg(default = false)]
    return_content: bool,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct OpensslPrivatekey;

impl Module for OpensslPrivatekey {
    type Args = OpensslPrivatekeyArgs;
    const NAME: &'static str = "openssl_privatekey";
    const EXAMPLES: &'static str = "\
- name: Generate a private key with the default values (4096 bits, RSA)
  community.crypto.openssl_privatekey:
    path: /etc/ssl/private/example.pem

- name: Generate a private key on a curve, with a passphrase
  community.crypto.openssl_privatekey:
    path: /etc/ssl/private/example.pem
    type: ECC
    curve: secp384r1
    passphrase: '{{ passphrase }}'
";

    fn run(mut args: OpensslPrivatekeyArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        file::check_folder(&args.path, false)?;
        if args.force {
            args.regenerate = Regenerate::Always;
        }
        if args.attributes.mode.is_null() {
            args.attributes.mode = Data::from("0600");
            ctx.show_argument("mode", "0600");
        }
        let existing = file::load(&args.path)?.map(Zeroizing::new);
        let before = args.describe(existing.as_deref().map(Vec::as_slice));
        if args.state == State::Absent {
            let backup = if args.backup && !ctx.check_mode { file::make_backup(ctx, &args.path)? } else { None };
            let changed = file::remove(ctx, &args.path)?;
            let diff = Diff::State { before_header: None, after_header: None, before: Map::new(), after: Map::new() };
            return Ok(args.result(changed, None, None, backup, diff));
        }
        let plan = args.plan(existing.as_deref().map(Vec::as_slice))?;
        let mut key = None;
        let mut bytes = existing;
        if !ctx.check_mode {
            match plan {
                Plan::Keep => {}
                Plan::Convert => {
                    key = args.load(bytes.as_deref().map_or(&[], Vec::as_slice)).ok();
                    bytes = key.as_ref().map(|key| args.write(key)).transpose()?;
                }
                Plan::Generate => {
                    let made =
                        key::generate(args.wanted(ctx)?).map_err(|error| Failure::raised(&error.to_string(), None))?;
                    bytes = Some(args.write(&made)?);
                    key = Some(made);
                }
            }
        }
        let written = file::keep(ctx, &args.path, &args.attributes, args.backup, plan != Plan::Keep, || {
            Ok(bytes.as_deref().cloned().unwrap_or_default())
        })?;
        let key = key.or_else(|| args.load(bytes.as_deref().map_or(&[], Vec::as_slice)).ok());
        let after = args.describe(bytes.as_deref().map(Vec::as_slice));
        let diff = Diff::State { before_header: None, after_header: None, before, after };
        Ok(args.result(written.changed, key.as_ref(), bytes, written.backup, diff))
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Keep,
    Convert,
    Generate,
}

impl OpensslPrivatekeyArgs {
    fn plan(&self, existing: Option<&[u8]>) -> Result<Plan, Failure> {
        let Some(bytes) = existing.filter(|_| self.regenerate != Regenerate::Always) else {
            return Ok(Plan::Generate);
        };
        let loaded = self.load(bytes);
        if let Err(error) = &loaded
            && key::may_be_good(bytes, error)
        {
            return Err(Failure::new(format!(
                "Unable to read the key that is there: its form or kind is not known here. It is left alone. Convert it with \
                 `openssl pkcs8 -topk8`, or make a new one with `force=true`. {error}"
            )));
        }
        let Some(key) = loaded.ok().filter(|_| self.passphrase_fits(bytes)) else {
            if self.regenerate == Regenerate::FullIdempotence {
                return Ok(Plan::Generate);
            }
            return Err(Failure::new(
                "Unable to read the key. The key is protected with a another passphrase / no passphrase or broken. Will \
                 not proceed. To force regeneration, call the module with `generate` set to `full_idempotence` or \
                 `always`, or with `force=true`.",
            ));
        };
        if self.regenerate != Regenerate::Never && !self.is_of_that_kind(&key) {
            if self.regenerate != Regenerate::Fail {
                return Ok(Plan::Generate);
            }
            return Err(Failure::new(
                "Key has wrong type and/or size. Will not proceed. To force regeneration, call the module with \
                 `generate` set to `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`.",
            ));
        }
        let is_in_form = self.format == Format::AutoIgnore || pem::key_form(bytes) == self.form();
        if is_in_form {
            return Ok(Plan::Keep);
        }
        if self.format_mismatch == FormatMismatch::Convert {
            return Ok(Plan::Convert);
        }
        match self.regenerate {
            Regenerate::Never => Ok(Plan::Keep),
            Regenerate::Fail => Err(Failure::new(
                "Key has wrong format. Will not proceed. To force regeneration, call the module with `generate` set to \
                 `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`. To convert the key, set \
                 `format_mismatch` to `convert`.",
            )),
            _ => Ok(Plan::Generate),
        }
    }

    fn load(&self, bytes: &[u8]) -> Result<PrivateKey, LoadError> {
        match pem::key_form(bytes) {
            KeyForm::Raw => key::load_raw(bytes, self.r#type.name())
                .ok_or_else(|| LoadError::Invalid("Cannot load raw key".to_owned())),
            _ => key::load(bytes, self.passphrase.as_deref()),
        }
    }

    /// A bare key has none.
    fn passphrase_fits(&self, bytes: &[u8]) -> bool {
        self.passphrase.is_none() || pem::key_form(bytes) != KeyForm::Raw
    }

    fn is_of_that_kind(&self, key: &PrivateKey) -> bool {
        match key {
            PrivateKey::Rsa(_) => {
                let bits = key.public_key().and_then(|key| key.describe().ok()?.data.get("size").cloned());
                self.r#type == KeyType::Rsa && bits == Some(Data::Int(self.size))
            }
            PrivateKey::Ec(curve, _) => self.r#type == KeyType::Ecc && self.curve.as_deref() == Some(curve.name()),
            PrivateKey::Ed25519(_) => self.r#type == KeyType::Ed25519,
            PrivateKey::X25519(_) => self.r#type == KeyType::X25519,
        }
    }

    /// The form that a new key gets.
    fn form(&self) -> KeyForm {
        match self.format {
            Format::Pkcs1 => KeyForm::Pkcs1,
            Format::Pkcs8 => KeyForm::Pkcs8,
            Format::Raw => KeyForm::Raw,
            Format::Auto | Format::AutoIgnore => match self.r#type {
                KeyType::Ed25519 | KeyType::Ed448 | KeyType::X25519 | KeyType::X448 => KeyForm::Pkcs8,
                KeyType::Dsa | KeyType::Ecc | KeyType::Rsa => KeyForm::Pkcs1,
            },
        }
    }

    fn wanted(&self, ctx: &mut Context) -> Result<Wanted, Failure> {
        match self.r#type {
            KeyType::Rsa => Ok(Wanted::Rsa(usize::try_from(self.size).unwrap_or(0))),
            KeyType::Ed25519 => Ok(Wanted::Ed25519),
            KeyType::X25519 => Ok(Wanted::X25519),
            KeyType::Ecc => {
                let name = self.curve.as_deref().unwrap_or_default();
                if name == "secp192r1" || name.starts_with("sect") || name.starts_with("brainpool") {
                    ctx.warn(format!("Elliptic curves of type {name} should not be used for new keys!"));
                }
                Curve::named(name).map(Wanted::Ec).ok_or_else(|| {
                    Failure::new(format!(
                        "Keys on the curve {name} cannot be made here; take secp256r1, secp384r1, secp521r1 or secp256k1"
                    ))
                })
            }
            KeyType::Dsa | KeyType::Ed448 | KeyType::X448 => Err(Failure::new(format!(
                "{} keys cannot be made here; take RSA, ECC, Ed25519 or X25519",
                self.r#type.name()
            ))),
        }
    }

    fn write(&self, key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let passphrase = self.passphrase.as_deref().filter(|text| !text.is_empty() && !self.cipher.is_empty());
        if passphrase.is_some() && self.cipher != "auto" {
            return Err(Failure::new("Cryptography backend can only use \"auto\" for cipher option."));
        }
        let format = self.format.name();
        key::write(key, self.form(), passphrase).map_err(|error| {
            Failure::new(match error {
                WriteError::Form => {
                    format!("Cryptography backend cannot serialize the private key in the required format \"{format}\"")
                }
                WriteError::Failed => {
                    format!("Error while serializing the private key in the required format \"{format}\"")
                }
            })
        })
    }

    /// What a diff says of a key.
    fn describe(&self, bytes: Option<&[u8]>) -> Map {
        let mut info = Map::new();
        let Some(bytes) = bytes else { return info };
        info.insert("can_parse_key".to_owned(), false.into());
        info.insert("key_is_consistent".to_owned(), Data::Null);
        let public = key::load(bytes, self.passphrase.as_deref()).ok().and_then(|key| key.public_key());
        let Some(key) = public.and_then(|key| key.describe().ok()) else { return info };
        info.insert("can_parse_key".to_owned(), true.into());
        info.insert("public_key".to_owned(), key.pem.into());
        info.insert("public_key_fingerprints".to_owned(), one_fingerprint(key.fingerprints).into());
        info.insert("type".to_owned(), key.kind.into());
        info.insert("public_data".to_owned(), key.data.into());
        info
    }

    fn result(
        &self,
        changed: bool,
        key: Option<&PrivateKey>,
        bytes: Option<Zeroizing<Vec<u8>>>,
        backup: Option<String>,
        diff: Diff,
    ) -> Outcome {
        let fingerprints = key.and_then(PrivateKey::public_key).map(|key| fingerprints(key.der()));
        let mut outcome = Outcome::changed(changed)
            .with("type", self.r#type.name())
            .with("size", self.size)
            .with("fingerprint", fingerprints)
            .with("filename", &*self.path);
        if self.r#type == KeyType::Ecc {
            outcome.set("curve", self.curve.clone());
        }
        if self.return_content {
            let text = bytes.filter(|bytes| !bytes.is_empty()).map(|bytes| match pem::key_form(&bytes) {
                KeyForm::Raw => STANDARD.encode(&*bytes),
                _ => String::from_utf8_lossy(&bytes).into_owned(),
            });
            outcome.set("privatekey", text);
        }
        if let Some(backup) = backup {
            outcome.set("backup_file", backup);
        }
        outcome.diff.push(diff);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::run;

    /// Keys that OpenSSL reads and this module does not: encrypted with PBE-SHA1-3DES (`abc`), and of a curve that is
    /// described instead of named, in both forms.
    const FOREIGN: [&str; 3] = [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGxMBwGCiqGSIb3DQEMAQMwDgQIuBJbUZjZE+kCAggABIGQBlrQbwqLxNypQfgn\nI/CGTw6k788B4ij2wo377oAld8gFRFoRSTHcSx+kw+lguI9jUQgiqCkrL6+Kj1vC\n8xG69jScApfjs6/wDcx5upCdSBsCyVQVC6ykFr7z9sEMF0ofkHVuXHthXkFadbjm\nbVSHeDoN8d9NdCEk68gqBgwrUd5XksVJ0YYo1GDrGGHzyYbw\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\nMIIBaAIBAQQgggM04DZWzTbyfHGFgXTC5wd//NAzq4cYMcaJmSsSoLKggfowgfcC\nAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////\nMFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr\nvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE\naxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W\nK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8\nYyVRAgEBoUQDQgAEM9GCYdGqWi1hF+NLIjx4fSdOBzdKdHH/kXAj8/HecDIudZM5\nRI9pVo4dVSyLfyibdwsxcsAC85UTJwm1F7XxLw==\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMIIBeQIBADCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAAB\nAAAAAAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA\n///////////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMV\nAMSdNgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg\n9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8A\nAAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBBG0wawIBAQQgggM04DZWzTby\nfHGFgXTC5wd//NAzq4cYMcaJmSsSoLKhRANCAAQz0YJh0apaLWEX40siPHh9J04H\nN0p0cf+RcCPz8d5wMi51kzlEj2lWjh1VLIt/KJt3CzFywALzlRMnCbUXtfEv\n-----END PRIVATE KEY-----\n",
    ];

    #[test]
    fn a_good_key_in_a_form_that_is_not_known_here_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        for key in FOREIGN {
            for regenerate in ["never", "fail", "partial_idempotence", "full_idempotence"] {
                std::fs::write(&path, key).unwrap();
                let passphrase = key.contains("ENCRYPTED").then_some("abc");
                let mut arguments =
                    json!({"path": path, "type": "ECC", "curve": "secp256r1", "regenerate": regenerate});
                if let Some(passphrase) = passphrase {
                    arguments["passphrase"] = passphrase.into();
                }
                let outcome = run("openssl_privatekey", arguments);
                let msg = outcome.msg.clone().unwrap_or_default();
                assert!(outcome.failed && msg.contains("It is left alone"), "{regenerate}: {key}: {msg}");
                assert_eq!(std::fs::read_to_string(&path).unwrap(), key);
            }
        }
        let outcome =
            run("openssl_privatekey", json!({"path": path, "type": "ECC", "curve": "secp256r1", "force": true}));
        assert!(!outcome.failed, "{:?}", outcome.msg);
        assert_ne!(std::fs::read_to_string(&path).unwrap(), FOREIGN[2]);
    }

    #[test]
    fn a_mode_that_is_none_is_said_before_a_key_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        run("openssl_privatekey", json!({"path": path, "type": "ECC", "curve": "secp256r1"}));
        let before = std::fs::read(&path).unwrap();
        let arguments = json!({"path": path, "type": "ECC", "curve": "secp256r1", "force": true, "mode": "abc"});
        assert!(run("openssl_privatekey", arguments).failed);
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
