//! Plans as pages.
