//! Extensions, described: each at most once, the known ones decoded.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use const_oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Encode};
use flagset::FlagSet;
use protocol::{Data, Map};
use x509_cert::ext::{
    Extension,
    pkix::{
        AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
        NameConstraints, SubjectAltName, SubjectKeyIdentifier, name::GeneralName,
    },
};

use super::{Wrong, colons, general_name, idn::NameEncoding, numbers, oid};

/// TLS features (RFC 7633 section 6).
const TLS_FEATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.24");
/// The feature by which a certificate promises to be served with an answer of OCSP (RFC 6066 section 8).
const STATUS_REQUEST: u16 = 5;

/// The extensions of a certificate or a request.
#[derive(Debug, Clone, Copy)]
pub struct Extensions<'a>(&'a [Extension]);

impl<'a> Extensions<'a> {
    /// These.
    ///
    /// # Errors
    ///
    /// One that is there twice.
    pub fn new(extensions: &'a [Extension]) -> Result<Self, Wrong> {
        for (at, extension) in extensions.iter().enumerate() {
            if extensions.iter().take(at).any(|other| other.extn_id == extension.extn_id) {
                return Err(Wrong::Raised(format!("Duplicate {} extension found", extension.extn_id)));
            }
        }
        Ok(Self(extensions))
    }

    /// Each by its number: whether it is critical, and its bytes in base64.
    #[must_use]
    pub fn by_number(&self) -> Map {
        let describe = |extension: &Extension| {
            let mut one = Map::new();
            one.insert("critical".to_owned(), Data::Bool(extension.critical));
            one.insert("value".to_owned(), Data::Str(STANDARD.encode(extension.extn_value.as_bytes())));
            (extension.extn_id.to_string(), Data::Map(one))
        };
        self.0.iter().map(describe).collect()
    }

    /// What both certificates and requests tell before their key: usages, constraints, OCSP, alternative names.
    ///
    /// # Errors
    ///
    /// An extension that cannot be read, a name that cannot be shown.
    pub fn describe_usage(&self, into: &mut Map, encoding: NameEncoding) -> Result<(), Wrong> {
        let usage = match self.find::<KeyUsage>()? {
            Some((critical, usage)) => Some((critical, texts(key_usages(usage.0)?))),
            None => None,
        };
        put(into, "key_usage", usage);
        let usage = self.find::<ExtendedKeyUsage>()?;
        let names = |usage: ExtendedKeyUsage| texts(usage.0.into_iter().map(oid::long).collect());
        put(into, "extended_key_usage", usage.map(|(critical, usage)| (critical, names(usage))));
        let constraints = self.find::<BasicConstraints>()?;
        put(into, "basic_constraints", constraints.map(|(critical, found)| (critical, texts(basic(&found)))));
        let features = self.decode::<Vec<u16>>(TLS_FEATURE)?;
        let promises = |features: Vec<u16>| Data::Bool(features.contains(&STATUS_REQUEST));
        put(into, "ocsp_must_staple", features.map(|(critical, features)| (critical, promises(features))));
        let names = match self.find::<SubjectAltName>()? {
            Some((critical, names)) => Some((critical, general_name::list(&names.0, encoding)?)),
            None => None,
        };
        put(into, "subject_alt_name", names);
        Ok(())
    }

    /// Name constraints, which are told of requests alone.
    ///
    /// # Errors
    ///
    /// As [`Self::describe_usage`].
    pub fn describe_name_constraints(&self, into: &mut Map, encoding: NameEncoding) -> Result<(), Wrong> {
        let found = self.find::<NameConstraints>()?;
        let critical = found.as_ref().is_some_and(|(critical, _)| *critical);
        let (permitted, excluded) = match &found {
            Some((_, found)) => {
                let names = |subtrees: &Option<Vec<_>>| {
                    let subtrees = subtrees.iter().flatten();
                    general_name::list(
                        subtrees.map(|one: &x509_cert::ext::pkix::constraints::name::GeneralSubtree| &one.base),
                        encoding,
                    )
                };
                (names(&found.permitted_subtrees)?, names(&found.excluded_subtrees)?)
            }
            None => (Data::Null, Data::Null),
        };
        into.insert("name_constraints_permitted".to_owned(), permitted);
        into.insert("name_constraints_excluded".to_owned(), excluded);
        into.insert("name_constraints_critical".to_owned(), Data::Bool(critical));
        Ok(())
    }

    /// The identifiers of the key and of its issuer's.
    ///
    /// # Errors
    ///
    /// As [`Self::describe_usage`].
    pub fn describe_keys(&self, into: &mut Map, encoding: NameEncoding) -> Result<(), Wrong> {
        let own = self.find::<SubjectKeyIdentifier>()?.map(|(_, id)| Data::Str(colons(id.0.as_bytes())));
        into.insert("subject_key_identifier".to_owned(), own.unwrap_or_default());
        let (mut id, mut issuer, mut serial) = (Data::Null, Data::Null, Data::Null);
        if let Some((_, authority)) = self.find::<AuthorityKeyIdentifier>()? {
            id = authority.key_identifier.map(|id| Data::Str(colons(id.as_bytes()))).unwrap_or_default();
            if let Some(names) = &authority.authority_cert_issuer {
                issuer = general_name::list(names, encoding)?;
            }
            if let Some(number) = &authority.authority_cert_serial_number {
                serial = serial_number(number)?;
            }
        }
        into.insert("authority_key_identifier".to_owned(), id);
        into.insert("authority_cert_issuer".to_owned(), issuer);
        into.insert("authority_cert_serial_number".to_owned(), serial);
        Ok(())
    }

    /// The first URI that is told for that method of access (RFC 5280 section 4.2.2.1).
    ///
    /// # Errors
    ///
    /// An extension that cannot be read.
    pub fn access_uri(&self, method: ObjectIdentifier) -> Result<Data, Wrong> {
        let Some((_, access)) = self.find::<AuthorityInfoAccessSyntax>()? else { return Ok(Data::Null) };
        let mut places = access.0.iter().filter(|one| one.access_method == method);
        Ok(places
            .find_map(|one| match &one.access_location {
                GeneralName::UniformResourceIdentifier(uri) => Some(Data::from(uri.as_str())),
                _ => None,
            })
            .unwrap_or_default())
    }

    fn find<T>(&self) -> Result<Option<(bool, T)>, Wrong>
    where
        T: AssociatedOid + for<'b> Decode<'b, Error = der::Error>,
    {
        self.decode::<T>(T::OID)
    }

    fn decode<T>(&self, id: ObjectIdentifier) -> Result<Option<(bool, T)>, Wrong>
    where
        T: for<'b> Decode<'b, Error = der::Error>,
    {
        let Some(extension) = self.0.iter().find(|extension| extension.extn_id == id) else { return Ok(None) };
        match T::from_der(extension.extn_value.as_bytes()) {
            Ok(value) => Ok(Some((extension.critical, value))),
            Err(error) => Err(Wrong::Raised(format!("the extension {} cannot be read: {error}", oid::long(id)))),
        }
    }
}

/// A serial number, of any sign.
///
/// # Errors
///
/// None in practice: it was read.
pub fn serial_number<P: x509_cert::certificate::Profile>(
    number: &x509_cert::serial_number::SerialNumber<P>,
) -> Result<Data, Wrong> {
    let der = number.to_der().map_err(|error| Wrong::Raised(error.to_string()))?;
    let value = der::asn1::AnyRef::from_der(&der).map_err(|error| Wrong::Raised(error.to_string()))?;
    Ok(numbers::signed(value.value()))
}

fn put(into: &mut Map, name: &str, found: Option<(bool, Data)>) {
    let (critical, value) = found.unwrap_or_default();
    into.insert(name.to_owned(), value);
    into.insert(format!("{name}_critical"), Data::Bool(critical));
}

/// Texts in order of their letters.
fn texts(mut texts: Vec<String>) -> Data {
    texts.sort_unstable();
    Data::List(texts.into_iter().map(Data::Str).collect())
}

fn key_usages(set: FlagSet<KeyUsages>) -> Result<Vec<String>, Wrong> {
    // They mean nothing without it (RFC 5280 section 4.2.1.3).
    if !set.contains(KeyUsages::KeyAgreement) && !(set & (KeyUsages::EncipherOnly | KeyUsages::DecipherOnly)).is_empty()
    {
        let problem = "encipher_only and decipher_only can only be true when key_agreement is true";
        return Err(Wrong::Raised(problem.to_owned()));
    }
    let names = [
        (KeyUsages::DigitalSignature, "Digital Signature"),
        (KeyUsages::NonRepudiation, "Non Repudiation"),
        (KeyUsages::KeyEncipherment, "Key Encipherment"),
        (KeyUsages::DataEncipherment, "Data Encipherment"),
        (KeyUsages::KeyAgreement, "Key Agreement"),
        (KeyUsages::KeyCertSign, "Certificate Sign"),
        (KeyUsages::CRLSign, "CRL Sign"),
        (KeyUsages::EncipherOnly, "Encipher Only"),
        (KeyUsages::DecipherOnly, "Decipher Only"),
    ];
    Ok(names.into_iter().filter(|(usage, _)| set.contains(*usage)).map(|(_, name)| name.to_owned()).collect())
}

fn basic(constraints: &BasicConstraints) -> Vec<String> {
    let authority = if constraints.ca { "CA:TRUE" } else { "CA:FALSE" };
    let length = constraints.path_len_constraint.map(|length| format!("pathlen:{length}"));
    std::iter::once(authority.to_owned()).chain(length).collect()
}
