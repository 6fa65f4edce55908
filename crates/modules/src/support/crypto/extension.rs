//! Extensions of requests and certificates, made from options and found again (RFC 5280 section 4.2).

use const_oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Encode, asn1::OctetString};
use flagset::FlagSet;
use protocol::arguments::python;
use x509_cert::ext::{
    Extension,
    pkix::{BasicConstraints, KeyUsages},
};

use super::describe::Wrong;

/// TLS features (RFC 7633 section 6).
pub const TLS_FEATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.24");

/// The feature by which a certificate promises to be served with an answer of OCSP (RFC 6066 section 8).
pub const STATUS_REQUEST: u16 = 5;

/// An extension with that value.
///
/// # Errors
///
/// None in practice.
pub fn make<T: Encode + AssociatedOid>(value: &T, critical: bool) -> Result<Extension, Wrong> {
    with_number(T::OID, value, critical)
}

/// As [`make`], of a kind that has no type here.
///
/// # Errors
///
/// None in practice.
pub fn with_number<T: Encode>(oid: ObjectIdentifier, value: &T, critical: bool) -> Result<Extension, Wrong> {
    let failed = |error: der::Error| Wrong::raised(error.to_string());
    let extn_value = value.to_der().and_then(OctetString::new).map_err(failed)?;
    Ok(Extension { extn_id: oid, critical, extn_value })
}

/// The extension of that type: whether it is critical, and its value. `None` where there is none, or none that can be read.
#[must_use]
pub fn find<T: AssociatedOid + for<'a> Decode<'a>>(extensions: &[Extension]) -> Option<(bool, T)> {
    find_number(extensions, T::OID)
}

/// As [`find`], of a kind that has no type here.
#[must_use]
pub fn find_number<T: for<'a> Decode<'a>>(extensions: &[Extension], oid: ObjectIdentifier) -> Option<(bool, T)> {
    let extension = extensions.iter().find(|extension| extension.extn_id == oid)?;
    Some((extension.critical, T::from_der(extension.extn_value.as_bytes()).ok()?))
}

/// Whether there is one of that kind.
#[must_use]
pub fn has(extensions: &[Extension], oid: ObjectIdentifier) -> bool {
    extensions.iter().any(|extension| extension.extn_id == oid)
}

/// Key usages by either of their names.
///
/// # Errors
///
/// A name that is not known.
pub fn key_usages(names: &[String]) -> Result<FlagSet<KeyUsages>, Wrong> {
    let mut set = FlagSet::default();
    for name in names {
        set |= match name.as_str() {
            "Digital Signature" | "digitalSignature" => KeyUsages::DigitalSignature,
            "Non Repudiation" | "nonRepudiation" => KeyUsages::NonRepudiation,
            "Key Encipherment" | "keyEncipherment" => KeyUsages::KeyEncipherment,
            "Data Encipherment" | "dataEncipherment" => KeyUsages::DataEncipherment,
            "Key Agreement" | "keyAgreement" => KeyUsages::KeyAgreement,
            "Certificate Sign" | "keyCertSign" => KeyUsages::KeyCertSign,
            "CRL Sign" | "cRLSign" => KeyUsages::CRLSign,
            "Encipher Only" | "encipherOnly" => KeyUsages::EncipherOnly,
            "Decipher Only" | "decipherOnly" => KeyUsages::DecipherOnly,
            _ => return Err(Wrong::said(format!("Unknown key usage \"{name}\""))),
        };
    }
    Ok(set)
}

/// `CA:TRUE` and `pathlen:0`.
///
/// # Errors
///
/// The collection's words for what is none of these.
pub fn basic_constraints(texts: &[String]) -> Result<BasicConstraints, Wrong> {
    let mut constraints = BasicConstraints { ca: false, path_len_constraint: None };
    for text in texts {
        match text.split_once(':') {
            Some(("CA", "TRUE")) => constraints.ca = true,
            Some(("CA", "FALSE")) => constraints.ca = false,
            Some(("CA", other)) => {
                return Err(Wrong::said(format!("Unknown basic constraint value \"{other}\" for CA")));
            }
            Some(("pathlen", length)) => {
                let number: i64 = length.trim().parse().map_err(|_| {
                    let shown = python::repr_str(length);
                    Wrong::said(format!(
                        "Cannot parse path length constraint \"{length}\" (invalid literal for int() with base 10: {shown})"
                    ))
                })?;
                let number = u8::try_from(number).map_err(|_| {
                    Wrong::said(format!("a path length of {number} cannot be written here; take one up to 255"))
                })?;
                constraints.path_len_constraint = Some(number);
            }
            _ => return Err(Wrong::said(format!("Unknown basic constraint \"{text}\""))),
        }
    }
    Ok(constraints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usages_have_two_names_each() {
        let set = |names: &[&str]| key_usages(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(set(&["CRL Sign", "keyCertSign"]).unwrap(), KeyUsages::CRLSign | KeyUsages::KeyCertSign);
        assert_eq!(set(&["crlSign"]).unwrap_err().to_string(), "Unknown key usage \"crlSign\"");
    }

    #[test]
    fn constraints_read_and_what_is_none_says_so() {
        let read = |texts: &[&str]| basic_constraints(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let constraints = read(&["CA:TRUE", "pathlen:3"]).unwrap();
        assert_eq!((constraints.ca, constraints.path_len_constraint), (true, Some(3)));
        let says = |text: &str| read(&[text]).unwrap_err().to_string();
        assert_eq!(says("CA:yes"), "Unknown basic constraint value \"yes\" for CA");
        assert_eq!(says("ca"), "Unknown basic constraint \"ca\"");
        let want = "Cannot parse path length constraint \"x\" (invalid literal for int() with base 10: 'x')";
        assert_eq!(says("pathlen:x"), want);
    }
}
