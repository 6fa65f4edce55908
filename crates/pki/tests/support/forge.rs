//! Certificates that no profile would make: a good one is taken apart, changed and signed again.

use der::{
    Decode, Encode, Sequence,
    asn1::{AnyRef, BitString},
};
use pki::{certificate::Certificate, key::PrivateKey, signer::Signer};
use spki::{AlgorithmIdentifierOwned, ObjectIdentifier, SubjectPublicKeyInfoOwned};
use x509_cert::{Version, ext::Extension, name::Name, serial_number::SerialNumber, time::Time};

/// `TBSCertificate`, open to change.
#[derive(Debug, Clone, Sequence)]
pub struct Body {
    #[asn1(context_specific = "0", default = "Default::default")]
    pub version: Version,
    pub serial: SerialNumber,
    pub signature: AlgorithmIdentifierOwned,
    pub issuer: Name,
    pub validity: Period,
    pub subject: Name,
    pub key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub extensions: Option<Vec<Extension>>,
}

#[derive(Debug, Clone, Sequence)]
pub struct Period {
    pub not_before: Time,
    pub not_after: Time,
}

#[derive(Sequence)]
struct Frame<'a> {
    tbs: AnyRef<'a>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

impl Body {
    pub fn of(certificate: &Certificate) -> Self {
        Self::from_der(certificate.to_be_signed()).unwrap()
    }

    pub fn extension(&mut self, oid: ObjectIdentifier) -> &mut Extension {
        self.extensions.as_mut().unwrap().iter_mut().find(|extension| extension.extn_id == oid).unwrap()
    }

    pub fn without(&mut self, oid: ObjectIdentifier) {
        self.extensions.as_mut().unwrap().retain(|extension| extension.extn_id != oid);
    }

    pub fn set<T: Encode>(&mut self, oid: ObjectIdentifier, value: &T) {
        self.extension(oid).extn_value = der::asn1::OctetString::new(value.to_der().unwrap()).unwrap();
    }

    pub fn sign(&self, key: &PrivateKey) -> Certificate {
        let tbs = self.to_der().unwrap();
        let signature = Signer::sign(key, &tbs).unwrap();
        let frame = Frame {
            tbs: AnyRef::from_der(&tbs).unwrap(),
            algorithm: signature.algorithm,
            signature: BitString::from_bytes(&signature.bytes).unwrap(),
        };
        Certificate::from_der(&frame.to_der().unwrap()).unwrap()
    }
}
