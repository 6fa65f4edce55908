//! Lookups, one file each.
