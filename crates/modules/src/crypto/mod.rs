//! Modules of the collection community.crypto: keys, requests, certificates.

pub mod get_certificate;
pub mod openssl_csr;
pub mod openssl_csr_info;
pub mod openssl_csr_pipe;
pub mod openssl_pkcs12;
pub mod openssl_privatekey;
pub mod openssl_publickey;
mod options;
mod request;
pub mod x509_certificate;
pub mod x509_certificate_info;
pub mod x509_crl;
