//! The static program that does the work on a host.

fn main() {}
