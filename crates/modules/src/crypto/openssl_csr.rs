//! `openssl_csr`: a signing request in a file.

use super::{
    options::State,
    request::{RequestOptions, Wanted},
};
use crate::{prelude::*, support::crypto::file};

/// Generates signing requests.
///
/// The request is made anew where the one that is there has another subject, asks for something else or is by another
/// key.
#[derive(Debug, Arguments)]
#[arguments(
    required_together("authority_cert_issuer", "authority_cert_serial_number"),
    mutually_exclusive("privatekey_path", "privatekey_content"),
    mutually_exclusive("subject", "subject_ordered"),
    required_if_any("state", "present", ["privatekey_path", "privatekey_content"])
)]
pub struct OpensslCsrArgs {
    #[arg(flatten)]
    request: RequestOptions,
    /// Whether the file shall be there.
    #[arg(default = "present", choices("absent", "present"))]
    state: State,
    /// Make a new request in any case.
    #[arg(default = false)]
    force: bool,
    /// The file.
    #[arg(required)]
    path: PathArg,
    /// Keep the file that was there beside it, under a name with the time.
    #[arg(default = false)]
    backup: bool,
    /// Return the request itself.
    #[arg(default = false)]
    return_content: bool,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct OpensslCsr;

impl Module for OpensslCsr {
    type Args = OpensslCsrArgs;
    const NAME: &'static str = "openssl_csr";
    const EXAMPLES: &'static str = "\
- name: Generate a signing request
  community.crypto.openssl_csr:
    path: /etc/ssl/csr/www.example.org.csr
    privatekey_path: /etc/ssl/private/example.pem
    common_name: www.example.org
    subject_alt_name:
      - DNS:www.example.org
      - DNS:example.org
";

    fn run(args: OpensslCsrArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        file::check_folder(&args.path, false)?;
        let mut wanted = Wanted::of(&args.request)?;
        let existing = file::load(&args.path)?;
        let mut current = existing.clone();
        let (changed, backup) = if args.state == State::Absent {
            let backup = if args.backup && !ctx.check_mode { file::make_backup(ctx, &args.path)? } else { None };
            current = None;
            (file::remove(ctx, &args.path)?, backup)
        } else {
            let differs = args.force || wanted.differs_from(existing.as_deref())?;
            if differs && !ctx.check_mode {
                current = Some(wanted.make()?.to_pem()?.into_bytes());
            }
            let written = file::keep(ctx, &args.path, &args.attributes, args.backup, differs, || {
                Ok(current.clone().unwrap_or_default())
            })?;
            (written.changed, written.backup)
        };
        let before = existing.as_deref().filter(|_| args.state == State::Present);
        let mut outcome = wanted.result(changed, before, current.as_deref()).with("filename", &*args.path);
        if args.return_content {
            let text = current.filter(|bytes| !bytes.is_empty());
            outcome.set("csr", text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        }
        if let Some(backup) = backup {
            outcome.set("backup_file", backup);
        }
        Ok(outcome)
    }
}
