//! The PKI from outside: chains, the store, and the judges of others.

mod authorities;
mod ceremony;
mod chains;
mod judges;
mod power;
mod release;
mod store;
mod support;
