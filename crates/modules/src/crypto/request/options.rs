//! The options of the modules that make signing requests.

use super::super::options::Library;
use crate::prelude::*;

/// What a request shall say, and with which key.
#[derive(Debug, Arguments)]
pub(in super::super) struct RequestOptions {
    /// The hash to sign over: `sha256`, `sha384`, `sha512`, `sha1`, `md5`; a key that chooses its own takes none.
    #[arg(default = "sha256")]
    pub(super) digest: String,
    /// The private key's file.
    pub(in super::super) privatekey_path: Option<PathArg>,
    /// The private key itself, in place of `privatekey_path`.
    #[arg(no_log)]
    pub(super) privatekey_content: Option<String>,
    /// The private key's passphrase.
    #[arg(no_log)]
    pub(super) privatekey_passphrase: Option<String>,
    #[expect(dead_code, reason = "there is one version of requests")]
    /// The version of the request; there is one alone.
    #[arg(default = 1, choices("1"))]
    version: i64,
    /// Attributes of the subject by their names or numbers, each a text or a list of texts.
    pub(super) subject: Option<Map>,
    /// The same as a list of maps of one entry each, for a subject whose order counts.
    pub(super) subject_ordered: Option<Vec<Map>>,
    /// The subject's country, two letters.
    #[arg(aliases("C", "countryName"))]
    country_name: Option<String>,
    /// The subject's state or province.
    #[arg(aliases("ST", "stateOrProvinceName"))]
    state_or_province_name: Option<String>,
    /// The subject's town.
    #[arg(aliases("L", "localityName"))]
    locality_name: Option<String>,
    /// The subject's organization.
    #[arg(aliases("O", "organizationName"))]
    organization_name: Option<String>,
    /// The subject's part of its organization.
    #[arg(aliases("OU", "organizationalUnitName"))]
    organizational_unit_name: Option<String>,
    /// The subject's own name.
    #[arg(aliases("CN", "commonName"))]
    common_name: Option<String>,
    /// The subject's mail address.
    #[arg(aliases("E", "emailAddress"))]
    email_address: Option<String>,
    /// Other names of the subject: `DNS:`, `IP:`, `email:`, `URI:`, `RID:`, `dirName:`, `otherName:`.
    #[arg(aliases("subjectAltName"))]
    pub(super) subject_alt_name: Option<Vec<String>>,
    /// Whoever does not know other names shall refuse the certificate.
    #[arg(default = false, aliases("subjectAltName_critical"))]
    pub(super) subject_alt_name_critical: bool,
    /// Without other names, take the common name for one.
    #[arg(default = true, aliases("useCommonNameForSAN"))]
    pub(super) use_common_name_for_san: bool,
    /// What the key may be used for.
    #[arg(aliases("keyUsage"))]
    pub(super) key_usage: Option<Vec<String>>,
    /// Whoever does not know usages shall refuse the certificate.
    #[arg(default = false, aliases("keyUsage_critical"))]
    pub(super) key_usage_critical: bool,
    /// What the certificate may be used for, by names or numbers.
    #[arg(aliases("extKeyUsage", "extendedKeyUsage"))]
    pub(super) extended_key_usage: Option<Vec<String>>,
    /// Whoever does not know extended usages shall refuse the certificate.
    #[arg(default = false, aliases("extKeyUsage_critical", "extendedKeyUsage_critical"))]
    pub(super) extended_key_usage_critical: bool,
    /// Whether the certificate is an authority's: `CA:TRUE`, `pathlen:0`.
    #[arg(aliases("basicConstraints"))]
    pub(super) basic_constraints: Option<Vec<String>>,
    /// Whoever does not know these constraints shall refuse the certificate.
    #[arg(default = false, aliases("basicConstraints_critical"))]
    pub(super) basic_constraints_critical: bool,
    /// The certificate is served with an answer of OCSP alone.
    #[arg(default = false, aliases("ocspMustStaple"))]
    pub(super) ocsp_must_staple: bool,
    /// Whoever does not know of that shall refuse the certificate.
    #[arg(default = false, aliases("ocspMustStaple_critical"))]
    pub(super) ocsp_must_staple_critical: bool,
    /// Names that an authority may certify.
    pub(super) name_constraints_permitted: Option<Vec<String>>,
    /// Names that an authority may not certify.
    pub(super) name_constraints_excluded: Option<Vec<String>>,
    /// Whoever does not know constraints of names shall refuse the certificate.
    #[arg(default = false)]
    pub(super) name_constraints_critical: bool,
    /// Identify the key by its SHA-1.
    #[arg(default = false)]
    pub(super) create_subject_key_identifier: bool,
    /// What identifies the key, in hexadecimal, colons between.
    pub(super) subject_key_identifier: Option<String>,
    /// What identifies the issuer's key, in hexadecimal, colons between.
    pub(super) authority_key_identifier: Option<String>,
    /// Names of the issuer of the issuer's certificate.
    pub(super) authority_cert_issuer: Option<Vec<String>>,
    /// The number of the issuer's certificate.
    #[arg(kind = "int")]
    pub(super) authority_cert_serial_number: Data,
    /// Where revocation lists are.
    pub(super) crl_distribution_points: Option<Vec<DistributionPointOptions>>,
    #[expect(dead_code, reason = "there is one library, whatever is chosen")]
    /// The library to use; here there is one alone.
    #[arg(default = "auto")]
    select_crypto_backend: Library,
}

/// A place of revocation lists.
#[derive(Debug, Arguments)]
#[arguments(
    mutually_exclusive("full_name", "relative_name"),
    required_one_of("full_name", "relative_name", "crl_issuer")
)]
pub(super) struct DistributionPointOptions {
    /// Where it is, as names like those of `subject_alt_name`.
    pub(super) full_name: Option<Vec<String>>,
    /// Where it is, as attributes that go behind the issuer's name.
    pub(super) relative_name: Option<Vec<String>>,
    /// Who issues the list.
    pub(super) crl_issuer: Option<Vec<String>>,
    /// Which reasons of revocation the list has.
    #[arg(choices(
        "key_compromise",
        "ca_compromise",
        "affiliation_changed",
        "superseded",
        "cessation_of_operation",
        "certificate_hold",
        "privilege_withdrawn",
        "aa_compromise"
    ))]
    pub(super) reasons: Option<Vec<String>>,
}

impl RequestOptions {
    /// The options that name one attribute each, in the collection's order.
    pub(super) fn single_names(&self) -> [(&'static str, Option<&str>); 7] {
        [
            ("C", self.country_name.as_deref()),
            ("ST", self.state_or_province_name.as_deref()),
            ("L", self.locality_name.as_deref()),
            ("O", self.organization_name.as_deref()),
            ("OU", self.organizational_unit_name.as_deref()),
            ("CN", self.common_name.as_deref()),
            ("emailAddress", self.email_address.as_deref()),
        ]
    }
}
