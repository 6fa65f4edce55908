//! `openssl_csr_pipe`: a signing request as a result, without a file.

use super::request::{RequestOptions, Wanted};
use crate::prelude::*;

/// Generates signing requests without touching the disk.
///
/// A request that is handed in stays as long as it has the subject, the extensions and the key that are asked for.
#[derive(Debug, Arguments)]
#[arguments(
    required_together("authority_cert_issuer", "authority_cert_serial_number"),
    mutually_exclusive("privatekey_path", "privatekey_content"),
    mutually_exclusive("subject", "subject_ordered"),
    required_one_of("privatekey_path", "privatekey_content")
)]
pub struct OpensslCsrPipeArgs {
    #[arg(flatten)]
    request: RequestOptions,
    /// The request that there is.
    content: Option<String>,
}

/// The module.
pub struct OpensslCsrPipe;

impl Module for OpensslCsrPipe {
    type Args = OpensslCsrPipeArgs;
    const NAME: &'static str = "openssl_csr_pipe";
    const EXAMPLES: &'static str = "\
- name: Generate a signing request
  community.crypto.openssl_csr_pipe:
    privatekey_path: /etc/ssl/private/example.pem
    common_name: www.example.org
  register: result

- name: Print it
  ansible.builtin.debug:
    var: result.csr
";

    fn run(args: OpensslCsrPipeArgs, _ctx: &mut Context) -> Result<Outcome, Failure> {
        let mut wanted = Wanted::of(&args.request)?;
        let existing = args.content.as_deref().map(str::as_bytes);
        let changed = wanted.differs_from(existing)?;
        let current = match changed {
            true => Some(wanted.make()?.to_pem()?),
            false => args.content.clone(),
        };
        let after = current.as_deref().map(str::as_bytes);
        Ok(wanted.result(changed, existing, after).with("csr", current.filter(|text| !text.is_empty())))
    }
}
