//! Modules about the network.

pub mod get_url;
pub mod uri;
pub mod wait_for;

#[cfg(test)]
mod testing;
