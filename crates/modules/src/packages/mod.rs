//! Modules about packages.

pub mod apt;
pub mod apt_repository;
pub mod deb822_repository;
pub mod debconf;
pub mod dpkg_selections;
pub mod package_facts;
