//! Certificates, requests and keys, as the modules of community.crypto make and describe them.

pub mod describe;
