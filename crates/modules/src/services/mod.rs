//! Modules about services.
