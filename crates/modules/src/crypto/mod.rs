//! Certificates, requests and keys.

pub mod openssl_csr_info;
pub mod x509_certificate_info;
