//! Modules about what a host is: `setup`.
