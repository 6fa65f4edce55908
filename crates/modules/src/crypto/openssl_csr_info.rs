//! `openssl_csr_info`: what a signing request says.

use std::fs;

use crate::{
    module::os_error,
    prelude::*,
    support::crypto::describe::{idn::NameEncoding, request},
};

/// Provides information of certificate signing requests.
///
/// Subject, names, usages and key of one request. A request whose signature does not hold is a failure.
#[derive(Debug, Arguments)]
#[arguments(required_one_of("path", "content"), mutually_exclusive("path", "content"))]
pub struct OpensslCsrInfoArgs {
    /// The file with the request, PEM.
    path: Option<PathArg>,
    /// The request itself, PEM.
    content: Option<String>,
    /// How international domain names are shown: as they stand, as ASCII, or as Unicode.
    #[arg(default = "ignore")]
    name_encoding: NameEncoding,
    /// Both choices do the same.
    #[arg(default = "auto", choices("auto", "cryptography"))]
    #[expect(dead_code, reason = "it is taken and means nothing")]
    select_crypto_backend: String,
}

/// The module.
pub struct OpensslCsrInfo;

impl Module for OpensslCsrInfo {
    type Args = OpensslCsrInfoArgs;
    const NAME: &'static str = "openssl_csr_info";
    const EXAMPLES: &'static str = "\
- name: Look what a request asks for
  community.crypto.openssl_csr_info:
    path: /etc/ssl/web.csr
  register: request
";

    fn run(args: OpensslCsrInfoArgs, _ctx: &mut Context) -> Result<Outcome, Failure> {
        let bytes = match (args.content, args.path) {
            (Some(content), _) => content.into_bytes(),
            (None, Some(path)) => fs::read(&*path).map_err(|error| {
                let error = os_error(&error, Some(&path));
                Failure::new(format!("Error while reading CSR file from disk: {error}"))
            })?,
            (None, None) => return Err(Failure::new("One of content and path must be provided")),
        };
        let values = request::describe(&request::from_pem(&bytes)?, args.name_encoding)?;
        let outcome = Outcome { values, ..Outcome::default() };
        if outcome.values.get("signature_valid") == Some(&Data::Bool(false)) {
            return Err(Failure::from_outcome(outcome, "CSR signature is invalid!"));
        }
        Ok(outcome)
    }
}
