//! HTTP as Python's `urllib` and Ansible's modules speak it.
//!
//! What users see of a request is urllib's: which redirects are followed and what goes along with them, when a password
//! is sent, which proxy is taken, what an error is called. So this is a small client of our own around two libraries that
//! do what is hard: `httparse` reads the fields of answers, `rustls` encrypts. The clients that there are (ureq, hyper,
//! minreq) lose what is shown: the server's own words for a status, fields that come twice, the system's error.
//!
//! It asks nothing of the C library: who calls says how names are resolved.

mod auth;
mod body;
mod certificate;
mod client;
mod cookies;
mod error;
mod exchange;
mod file;
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod netrc;
pub mod peer;
mod proxy;
mod redirect;
mod stream;
mod tls;
pub mod url;

pub use body::Body;
pub use client::{Options, Payload, Resolve, Response, Surroundings, open};
pub use error::{BodyError, Error, Reason};
pub use headers::Headers;
pub use redirect::Follow;
pub use stream::Cancelled;
