//! The options of `x509_certificate`.

use super::super::options::{Library, State};
use crate::prelude::*;

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub(super) enum Provider {
    /// An authority that is asked over ACME; it is refused.
    Acme,
    /// Our own authority.
    Ownca,
    /// The certificate's own key.
    Selfsigned,
}

/// Where the identifier of the subject's key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub(super) enum SubjectKey {
    /// From the request; made where it has none.
    CreateIfNotProvided,
    /// Made.
    AlwaysCreate,
    /// From the request.
    NeverCreate,
}

/// Generates certificates.
///
/// A certificate is signed by its own key (`selfsigned`) or by an authority's (`ownca`), and made anew where the one that
/// is there is of another key, request or authority. The provider acme is refused.
#[derive(Debug, Arguments)]
#[arguments(
    mutually_exclusive("csr_path", "csr_content"),
    mutually_exclusive("privatekey_path", "privatekey_content"),
    mutually_exclusive("ownca_path", "ownca_content"),
    mutually_exclusive("ownca_privatekey_path", "ownca_privatekey_content"),
    required_if("state", "present", ["provider"])
)]
pub struct X509CertificateArgs {
    /// Who signs the certificate.
    pub(super) provider: Option<Provider>,
    /// Make a new certificate in any case.
    #[arg(default = false)]
    pub(super) force: bool,
    /// The signing request's file.
    pub(super) csr_path: Option<PathArg>,
    /// The signing request itself, in place of `csr_path`.
    pub(super) csr_content: Option<String>,
    /// A certificate whose times alone are others stays.
    #[arg(default = true)]
    pub(super) ignore_timestamps: bool,
    #[expect(dead_code, reason = "there is one library, whatever is chosen")]
    /// The library to use; here there is one alone.
    #[arg(default = "auto")]
    select_crypto_backend: Library,
    /// The file of the certificate's private key.
    pub(super) privatekey_path: Option<PathArg>,
    /// The private key itself, in place of `privatekey_path`.
    #[arg(no_log)]
    pub(super) privatekey_content: Option<String>,
    /// The private key's passphrase.
    #[arg(no_log)]
    pub(super) privatekey_passphrase: Option<String>,
    #[expect(dead_code, reason = "the provider acme is refused")]
    /// The account key for the provider acme.
    acme_accountkey_path: Option<PathArg>,
    #[expect(dead_code, reason = "the provider acme is refused")]
    /// The folder of challenges for the provider acme.
    acme_challenge_path: Option<PathArg>,
    #[expect(dead_code, reason = "the provider acme is refused")]
    /// Add the issuer's certificate, for the provider acme.
    #[arg(default = false)]
    acme_chain: bool,
    #[expect(dead_code, reason = "the provider acme is refused")]
    /// Where the authority is, for the provider acme.
    #[arg(default = "https://acme-v02.api.letsencrypt.org/directory")]
    acme_directory: String,
    /// The authority's certificate file.
    pub(super) ownca_path: Option<PathArg>,
    /// The authority's certificate itself, in place of `ownca_path`.
    pub(super) ownca_content: Option<String>,
    /// The file of the authority's private key.
    pub(super) ownca_privatekey_path: Option<PathArg>,
    /// The authority's private key itself, in place of `ownca_privatekey_path`.
    #[arg(no_log)]
    pub(super) ownca_privatekey_content: Option<String>,
    /// The passphrase of the authority's private key.
    #[arg(no_log)]
    pub(super) ownca_privatekey_passphrase: Option<String>,
    /// The hash that the authority signs over: `sha256`, `sha384`, `sha512`, `sha1`, `md5`.
    #[arg(default = "sha256")]
    pub(super) ownca_digest: String,
    #[expect(dead_code, reason = "there is one version of certificates")]
    /// The version of a certificate by the authority; there is one alone.
    #[arg(default = 3, choices("3"))]
    ownca_version: i64,
    /// From when a certificate by the authority is valid: `+1d2h`, counted from now, or `YYYYMMDDHHMMSSZ`.
    #[arg(default = "+0s")]
    pub(super) ownca_not_before: String,
    /// Until when, in the same forms.
    #[arg(default = "+3650d")]
    pub(super) ownca_not_after: String,
    /// Where the identifier of the subject's key comes from, in a certificate by the authority.
    #[arg(default = "create_if_not_provided")]
    pub(super) ownca_create_subject_key_identifier: SubjectKey,
    /// Identify the authority's key in the certificate.
    #[arg(default = true)]
    pub(super) ownca_create_authority_key_identifier: bool,
    #[expect(dead_code, reason = "there is one version of certificates")]
    /// The version of a certificate that is signed by its own key; there is one alone.
    #[arg(default = 3, choices("3"))]
    selfsigned_version: i64,
    /// The hash that the certificate's own key signs over.
    #[arg(default = "sha256")]
    pub(super) selfsigned_digest: String,
    /// From when such a certificate is valid: `+1d2h`, counted from now, or `YYYYMMDDHHMMSSZ`.
    #[arg(default = "+0s", aliases("selfsigned_notBefore"))]
    pub(super) selfsigned_not_before: String,
    /// Until when, in the same forms.
    #[arg(default = "+3650d", aliases("selfsigned_notAfter"))]
    pub(super) selfsigned_not_after: String,
    /// Where the identifier of the subject's key comes from, in such a certificate.
    #[arg(default = "create_if_not_provided")]
    pub(super) selfsigned_create_subject_key_identifier: SubjectKey,
    /// Whether the file shall be there.
    #[arg(default = "present")]
    pub(super) state: State,
    /// The file.
    #[arg(required)]
    pub(super) path: PathArg,
    /// Keep the file that was there beside it, under a name with the time.
    #[arg(default = false)]
    pub(super) backup: bool,
    /// Return the certificate itself.
    #[arg(default = false)]
    pub(super) return_content: bool,
    #[arg(flatten)]
    pub(super) attributes: FileAttributes,
}

impl X509CertificateArgs {
    /// What is returned in any case.
    pub(super) fn result(&self, changed: bool) -> Outcome {
        Outcome::changed(changed)
            .with("filename", &*self.path)
            .with("privatekey", self.privatekey_path.as_deref())
            .with("csr", self.csr_path.as_deref())
    }
}
