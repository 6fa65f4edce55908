//! The options of `x509_crl`.

use super::super::options::State;
use crate::{prelude::*, support::crypto::describe::idn::NameEncoding};

/// What becomes of entries that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub(super) enum Mode {
    /// Those that are not asked for go.
    Generate,
    /// They stay.
    Update,
}

/// How the list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub(super) enum Format {
    /// PEM.
    Pem,
    /// DER.
    Der,
}

/// How serial numbers are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub(super) enum SerialNumbers {
    /// In decimal.
    Integer,
    /// Pairs of hexadecimal digits, colons between.
    #[choice("hex-octets")]
    HexOctets,
}

/// Generates revocation lists.
///
/// The list is made anew where the one that is there has other times, another issuer, hash or other entries.
#[derive(Debug, Arguments)]
#[arguments(
    required_if_any("state", "present", ["privatekey_path", "privatekey_content"]),
    required_if_any("state", "present", ["issuer", "issuer_ordered"]),
    required_if("state", "present", ["next_update", "revoked_certificates"]),
    mutually_exclusive("privatekey_path", "privatekey_content"),
    mutually_exclusive("issuer", "issuer_ordered")
)]
pub struct X509CrlArgs {
    /// Whether the file shall be there.
    #[arg(default = "present")]
    pub(super) state: State,
    /// What becomes of entries that are there.
    #[arg(default = "generate")]
    pub(super) crl_mode: Mode,
    /// Make a new list in any case.
    #[arg(default = false)]
    pub(super) force: bool,
    /// Keep the file that was there beside it, under a name with the time.
    #[arg(default = false)]
    pub(super) backup: bool,
    /// The file.
    #[arg(required)]
    pub(super) path: PathArg,
    /// How the list is written.
    #[arg(default = "pem")]
    pub(super) format: Format,
    /// The file of the issuer's private key.
    pub(super) privatekey_path: Option<PathArg>,
    /// The issuer's private key itself, in place of `privatekey_path`.
    #[arg(no_log)]
    pub(super) privatekey_content: Option<String>,
    /// The private key's passphrase.
    #[arg(no_log)]
    pub(super) privatekey_passphrase: Option<String>,
    /// The issuer's name: attributes by their names or numbers, each a text or a list of texts.
    pub(super) issuer: Option<Map>,
    /// The same as a list of maps of one entry each, for a name whose order counts.
    pub(super) issuer_ordered: Option<Vec<Map>>,
    /// From when the list is: `+1d2h`, counted from now, or `YYYYMMDDHHMMSSZ`.
    #[arg(default = "+0s")]
    pub(super) last_update: String,
    /// When the next list comes, in the same forms.
    pub(super) next_update: Option<String>,
    /// The hash to sign over: `sha256`, `sha384`, `sha512`, `sha1`, `md5`.
    #[arg(default = "sha256")]
    pub(super) digest: String,
    /// A list whose times alone are others stays.
    #[arg(default = false)]
    pub(super) ignore_timestamps: bool,
    /// Return the list itself.
    #[arg(default = false)]
    pub(super) return_content: bool,
    /// What the list revokes.
    pub(super) revoked_certificates: Option<Vec<RevokedOptions>>,
    /// How international domain names are shown.
    #[arg(default = "ignore")]
    pub(super) name_encoding: NameEncoding,
    /// How serial numbers are given.
    #[arg(default = "integer")]
    pub(super) serial_numbers: SerialNumbers,
    #[arg(flatten)]
    pub(super) attributes: FileAttributes,
}

/// A certificate that is revoked.
#[derive(Debug, Arguments)]
#[arguments(
    required_one_of("path", "content", "serial_number"),
    mutually_exclusive("path", "content", "serial_number")
)]
pub(super) struct RevokedOptions {
    /// The certificate's file.
    pub(super) path: Option<PathArg>,
    /// The certificate itself, in place of `path`.
    pub(super) content: Option<String>,
    /// The certificate's number.
    pub(super) serial_number: Data,
    /// Since when it is revoked: `+1d2h`, counted from now, or `YYYYMMDDHHMMSSZ`.
    #[arg(default = "+0s")]
    pub(super) revocation_date: String,
    /// Who issued it, where that is not the list's issuer; names like those of `openssl_csr`'s `subject_alt_name`.
    pub(super) issuer: Option<Vec<String>>,
    /// Whoever does not know of other issuers shall refuse the list.
    #[arg(default = false)]
    pub(super) issuer_critical: bool,
    /// Why it is revoked.
    #[arg(choices(
        "unspecified",
        "key_compromise",
        "ca_compromise",
        "affiliation_changed",
        "superseded",
        "cessation_of_operation",
        "certificate_hold",
        "privilege_withdrawn",
        "aa_compromise",
        "remove_from_crl"
    ))]
    pub(super) reason: Option<String>,
    /// Whoever does not know reasons shall refuse the list.
    #[arg(default = false)]
    pub(super) reason_critical: bool,
    /// Since when it may have been abused, in the forms of `revocation_date`.
    pub(super) invalidity_date: Option<String>,
    /// Whoever does not know of that shall refuse the list.
    #[arg(default = false)]
    pub(super) invalidity_date_critical: bool,
}
