//! Modules about users and groups.
