//! Modules about packages.
