//! `openssl_pkcs12`: a key with its chain in one file, written or taken apart.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pki::{
    p12::{self, Container, Encryption},
    random::SystemRandom,
};
use zeroize::Zeroizing;

use crate::{
    module::os_error,
    prelude::*,
    support::{
        attributes::FileAttributes,
        crypto::{
            describe::{Wrong, certificate, pem as sections},
            file,
            key::{self, PrivateKey},
            pem::KeyForm,
        },
        paths,
    },
};

/// What to do with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Action {
    /// Write it.
    Export,
    /// Take it apart, into a PEM file.
    Parse,
}

/// Whether the file shall be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum State {
    /// It shall not.
    Absent,
    /// It shall.
    Present,
}

/// How it is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum EncryptionLevel {
    /// AES-256 and SHA-256.
    Auto,
    /// Triple DES and SHA-1.
    Compatibility2022,
}

/// Generates PKCS#12 archives.
///
/// A private key, its certificate and others in one file under a passphrase; or the parts of such a file as PEM.
#[derive(Debug, Arguments)]
#[arguments(
    required_if("action", "parse", ["src"]),
    mutually_exclusive("privatekey_path", "privatekey_content"),
    mutually_exclusive("certificate_path", "certificate_content"),
    mutually_exclusive("other_certificates", "other_certificates_content")
)]
pub struct OpensslPkcs12Args {
    /// Whether an archive is written or taken apart.
    #[arg(default = "export")]
    action: Action,
    /// Files with further certificates, the chain.
    #[arg(aliases("ca_certificates"))]
    other_certificates: Option<Vec<PathArg>>,
    /// Whether all certificates of such a file count, and not the first alone.
    #[arg(default = false)]
    other_certificates_parse_all: bool,
    /// The further certificates themselves.
    other_certificates_content: Option<Vec<String>>,
    /// The file with the certificate.
    certificate_path: Option<PathArg>,
    /// The certificate itself.
    certificate_content: Option<String>,
    /// Whether the archive is written even if it is right already.
    #[arg(default = false)]
    force: bool,
    /// What the key and its certificate are called.
    #[arg(aliases("name"))]
    friendly_name: Option<String>,
    /// How the archive is encrypted.
    #[arg(default = "auto")]
    encryption_level: EncryptionLevel,
    /// Rounds for the key of `compatibility2022`; 50000 if it is left out.
    iter_size: Option<i64>,
    /// It is taken and means nothing.
    #[expect(dead_code, reason = "it is taken and means nothing")]
    maciter_size: Option<i64>,
    /// The archive's passphrase.
    #[arg(no_log)]
    passphrase: Option<String>,
    /// The file that is kept.
    #[arg(required)]
    path: PathArg,
    /// The passphrase of the private key's file.
    #[arg(no_log)]
    privatekey_passphrase: Option<String>,
    /// The file with the private key.
    privatekey_path: Option<PathArg>,
    /// The private key itself.
    #[arg(no_log)]
    privatekey_content: Option<String>,
    /// Whether the file shall be there.
    #[arg(default = "present")]
    state: State,
    /// The archive that is taken apart.
    src: Option<PathArg>,
    /// Whether the file that was there is kept beside it.
    #[arg(default = false)]
    backup: bool,
    /// Whether the file's bytes are returned, in base64.
    #[arg(default = false)]
    return_content: bool,
    /// Both choices do the same.
    #[arg(default = "auto", choices("auto", "cryptography"))]
    #[expect(dead_code, reason = "it is taken and means nothing")]
    select_crypto_backend: String,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct OpensslPkcs12;

impl Module for OpensslPkcs12 {
    type Args = OpensslPkcs12Args;
    const NAME: &'static str = "openssl_pkcs12";
    const EXAMPLES: &'static str = "\
- name: Put a key and its chain into one file
  community.crypto.openssl_pkcs12:
    path: /etc/ssl/web.p12
    friendly_name: web
    privatekey_path: /etc/ssl/private/web.pem
    certificate_path: /etc/ssl/certs/web.pem
    other_certificates: /etc/ssl/certs/ca.pem
    passphrase: \"{{ vaulted_passphrase }}\"
";

    fn run(mut args: OpensslPkcs12Args, ctx: &mut Context) -> Result<Outcome, Failure> {
        if args.attributes.mode.is_null() {
            args.attributes.mode = Data::from("0400");
        }
        let parts = Parts::given(&args)?;
        let folder = match paths::dirname(&args.path) {
            "" => ".",
            folder => folder,
        };
        if !Path::new(folder).is_dir() {
            let msg = format!("The directory '{folder}' does not exist or the path is not a directory");
            return Err(Failure::new(msg).with("name", folder));
        }
        if args.state == State::Absent {
            return absent(&args, ctx);
        }
        let current = is_current(&args, &parts)?;
        if ctx.check_mode {
            // A right file with wrong attributes is not in its state either.
            let changed = args.force || !current || args.attributes.apply(ctx, &args.path, None)?;
            return Ok(args.result(changed, None));
        }
        let differs = args.force || !current;
        let written = file::keep(ctx, &args.path, &args.attributes, args.backup, differs, || match args.action {
            Action::Export if args.friendly_name.as_deref().is_none_or(str::is_empty) => {
                Err(Failure::new("Friendly_name is required"))
            }
            Action::Export => parts.container(&args),
            Action::Parse => Ok(parse(&args, args.src.as_deref().unwrap_or_default())?.pem()?.into_bytes()),
        })?;
        let outcome = args.result(written.changed, written.backup);
        Ok(with_mode(outcome, &args.path))
    }
}

fn absent(args: &OpensslPkcs12Args, ctx: &Context) -> Result<Outcome, Failure> {
    let there = Path::new(&*args.path).exists();
    if ctx.check_mode || !there {
        return Ok(args.result(there, None));
    }
    let backup = if args.backup { file::make_backup(ctx, &args.path)? } else { None };
    file::remove(ctx, &args.path)?;
    Ok(args.result(true, backup))
}

fn with_mode(outcome: Outcome, path: &str) -> Outcome {
    match fs::metadata(path) {
        Ok(metadata) => outcome.with("mode", format!("{:04o}", metadata.permissions().mode() & 0o7777)),
        Err(_) => outcome,
    }
}

impl OpensslPkcs12Args {
    fn result(&self, changed: bool, backup: Option<String>) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.set("filename", &*self.path);
        if let Some(path) = self.privatekey_path.as_deref().filter(|path| !path.is_empty()) {
            outcome.set("privatekey_path", path);
        }
        if let Some(backup) = backup {
            outcome.set("backup_file", backup);
        }
        if self.return_content {
            let content = fs::read(&*self.path).ok().filter(|bytes| !bytes.is_empty());
            outcome.set("pkcs12", content.map(|bytes| Data::Str(STANDARD.encode(bytes))).unwrap_or_default());
        }
        outcome.changed = Some(changed);
        outcome
    }
}

/// What an archive is made of, or was.
#[derive(Default)]
struct Parts {
    /// The key, undecoded, as the options name it.
    key_file: Option<Zeroizing<Vec<u8>>>,
    certificate_file: Option<Vec<u8>>,
    others: Vec<Vec<u8>>,
}

impl Parts {
    /// Reads what the options name. What cannot be read ends the module before it is ready to say so itself.
    fn given(args: &OpensslPkcs12Args) -> Result<Self, Failure> {
        let raised = |wrong: Wrong| Failure::raised(wrong.text(), None);
        let read = |path: &str| fs::read(path).map_err(|error| Failure::raised(&os_error(&error, Some(path)), None));
        let certificate_file = match (&args.certificate_path, &args.certificate_content) {
            (Some(path), _) => Some(read(path)?),
            (None, content) => content.clone().map(String::into_bytes),
        };
        let key_file = match (&args.privatekey_path, &args.privatekey_content) {
            (Some(path), _) => Some(Zeroizing::new(read(path)?)),
            (None, content) => content.as_ref().map(|content| Zeroizing::new(content.as_bytes().to_vec())),
        };
        let files: Vec<Vec<u8>> = match (&args.other_certificates, &args.other_certificates_content) {
            (Some(paths), _) if !paths.is_empty() => paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?,
            (_, contents) => contents.iter().flatten().map(|content| content.as_bytes().to_vec()).collect(),
        };
        let mut others = Vec::new();
        for file in files {
            let one = |bytes: &[u8]| certificate::from_pem(bytes).and_then(|read| certificate::to_der(&read));
            if args.other_certificates_parse_all {
                let text = String::from_utf8(file)
                    .map_err(|_| Failure::raised("a file of certificates is not in UTF-8.", None))?;
                for section in sections::split(&text) {
                    others.push(one(section.as_bytes()).map_err(raised)?);
                }
            } else {
                others.push(one(&file).map_err(raised)?);
            }
        }
        Ok(Self { key_file, certificate_file, others })
    }

    fn key(&self, args: &OpensslPkcs12Args) -> Result<Option<PrivateKey>, Wrong> {
        let Some(bytes) = self.key_file.as_ref().filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
        let text = String::from_utf8_lossy(bytes);
        key::load_for_issuing(None, Some(&text), args.privatekey_passphrase.as_deref()).map(Some)
    }

    fn certificate(&self) -> Result<Option<Vec<u8>>, Wrong> {
        let Some(bytes) = self.certificate_file.as_ref().filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
        certificate::from_pem(bytes).and_then(|read| certificate::to_der(&read)).map(Some)
    }

    /// The archive's bytes.
    fn container(&self, args: &OpensslPkcs12Args) -> Result<Vec<u8>, Failure> {
        let key = self.key(args)?;
        let own = self.certificate()?;
        if let (Some(key), Some(own)) = (&key, &own)
            && !belongs(key, own)?
        {
            return Err(Failure::raised("Certificate public key and provided private key do not match", None));
        }
        let key = key.map(|key| pkcs8(&key)).transpose()?;
        if key.is_none() && own.is_none() && self.others.is_empty() {
            return Err(Failure::raised("You must supply at least one of key, cert, or cas", None));
        }
        let container = Container {
            key: key.as_deref().map(Vec::as_slice),
            certificate: own.as_deref(),
            others: self.others.iter().map(Vec::as_slice).collect(),
            name: args.friendly_name.as_deref(),
            trusted: false,
        };
        let encryption = match args.encryption_level {
            EncryptionLevel::Auto => Encryption::Modern,
            EncryptionLevel::Compatibility2022 => {
                let rounds = args.iter_size.filter(|rounds| *rounds != 0).unwrap_or(50_000);
                let iterations = u32::try_from(rounds)
                    .ok()
                    .filter(|rounds| *rounds > 0)
                    .ok_or_else(|| Failure::raised("kdf_rounds must be a positive integer", None))?;
                Encryption::Old { iterations }
            }
        };
        let passphrase = args.passphrase.as_deref().unwrap_or_default();
        p12::write(&container, passphrase, encryption, &mut SystemRandom)
            .map_err(|error| Failure::new(error.to_string()))
    }
}

/// What an archive holds, in the forms in which it is compared and written.
#[derive(Default, PartialEq)]
struct Taken {
    /// The key in its traditional form.
    key: Option<Zeroizing<Vec<u8>>>,
    certificate: Option<Vec<u8>>,
    others: Vec<Vec<u8>>,
    name: Option<String>,
}

impl Taken {
    fn pem(&self) -> Result<String, Wrong> {
        let mut text = self.key.as_ref().map(|key| String::from_utf8_lossy(key).into_owned()).unwrap_or_default();
        for der in self.certificate.iter().chain(&self.others) {
            text.push_str(&sections::write("CERTIFICATE", der)?);
        }
        Ok(text)
    }
}

/// Takes an archive apart. Of several certificates the key's own is the first that has its public half; without a key all are
/// others.
fn parse(args: &OpensslPkcs12Args, path: &str) -> Result<Taken, Wrong> {
    let bytes = fs::read(path).map_err(|error| Wrong::Said(os_error(&error, Some(path))))?;
    let contents = p12::read(&bytes, args.passphrase.as_deref().unwrap_or_default()).map_err(|fault| {
        Wrong::Said(match fault {
            p12::Fault::Structure => "Could not deserialize PKCS12 data".to_owned(),
            p12::Fault::Passphrase => "Invalid password or PKCS12 data".to_owned(),
            other => other.to_string(),
        })
    })?;
    let mut taken = Taken::default();
    let key = match &contents.key {
        Some(der) => Some(from_pkcs8(der)?),
        None => None,
    };
    for bag in contents.certificates {
        let own = match &key {
            Some(key) if taken.certificate.is_none() => belongs(key, &bag.der)?,
            _ => false,
        };
        if own {
            taken.certificate = Some(bag.der);
            taken.name = bag.name;
        } else {
            taken.others.push(bag.der);
        }
    }
    taken.key = key.as_ref().map(traditional).transpose()?;
    Ok(taken)
}

/// Whether the file is what it shall be, its attributes aside.
fn is_current(args: &OpensslPkcs12Args, parts: &Parts) -> Result<bool, Failure> {
    if !Path::new(&*args.path).exists() {
        return Ok(false);
    }
    let current = match args.action {
        Action::Export => {
            // What is wrong with the parts is said even where nothing had to be written.
            parts.container(args)?;
            let Ok(taken) = parse(args, &args.path) else { return Ok(false) };
            let key = parts.key(args)?.as_ref().map(traditional).transpose()?;
            let mut others = [taken.others.clone(), parts.others.clone()];
            for list in &mut others {
                list.sort_unstable();
                list.dedup();
            }
            let [there, wanted] = others;
            let name = args.friendly_name.as_deref().filter(|name| !name.is_empty());
            taken.key == key
                && taken.certificate == parts.certificate()?
                && there == wanted
                && (key.is_none() || taken.name.as_deref().filter(|name| !name.is_empty()) == name)
        }
        Action::Parse => {
            let source = args.src.as_deref().unwrap_or_default();
            if !Path::new(source).exists() {
                return Ok(false);
            }
            let Ok(taken) = parse(args, source) else { return Ok(false) };
            fs::read(&*args.path).is_ok_and(|there| taken.pem().is_ok_and(|wanted| wanted.as_bytes() == there))
        }
    };
    let needs_key = args.privatekey_passphrase.as_deref().is_some_and(|passphrase| !passphrase.is_empty());
    Ok(current && (!needs_key || parts.key(args).is_ok()))
}

/// Whether the certificate has that key's public half.
fn belongs(key: &PrivateKey, der: &[u8]) -> Result<bool, Wrong> {
    let read = certificate::from_der(der)?;
    let info = read.tbs_certificate().subject_public_key_info();
    let certified = der::Encode::to_der(info).map_err(|error| Wrong::Raised(error.to_string()))?;
    Ok(key.public_key().is_some_and(|public| public.der() == certified))
}

fn traditional(key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, Wrong> {
    key::write(key, KeyForm::Pkcs1, None).map_err(|_| Wrong::Said("format is invalid with this key".to_owned()))
}

/// The key as PKCS #8 in DER.
fn pkcs8(key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, Wrong> {
    let failed = || Wrong::Raised("the private key cannot be written.".to_owned());
    let pem = key::write(key, KeyForm::Pkcs8, None).map_err(|_| failed())?;
    sections::find(&pem, &["PRIVATE KEY"], "no key").map(Zeroizing::new)
}

fn from_pkcs8(der: &[u8]) -> Result<PrivateKey, Wrong> {
    let pem = Zeroizing::new(sections::write("PRIVATE KEY", der)?);
    Ok(key::load(pem.as_bytes(), None)?)
}
